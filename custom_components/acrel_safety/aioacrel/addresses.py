"""Addresses of links as people type them, told again without the password that may stand in them."""

import re

HIDDEN = "***"
_USER_AND_PASSWORD = re.compile(r"(?P<scheme>://).*@|[^\s'\"]*:.*@", re.DOTALL)
"""A password may hold anything, so all is meant up to the last @."""
_IN_A_WORD = re.compile(r"(?P<scheme>://).*@|[^\s'\"]*:\S*@", re.DOTALL)
"""In sentences in which an @ may mean a circuit."""


def without_password(text: str) -> str:
    """Return an address, or a sentence with nothing but one, with what may be user and password hidden."""
    return _hide(_USER_AND_PASSWORD, text)


def without_passwords(sentence: str) -> str:
    """Return a sentence that may hold an address among other things, with what may be user and password hidden."""
    return _hide(_IN_A_WORD, sentence)


def _hide(secret: re.Pattern[str], text: str) -> str:
    return secret.sub(lambda found: f"{found['scheme'] or ''}{HIDDEN}@", text)
