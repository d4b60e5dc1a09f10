"""Addresses of links as people type them, told again without the password that may stand in them."""

import re
from ipaddress import ip_address

HIDDEN = "***"
LOOPBACK = "localhost"
_LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost.localdomain", "ip6-localhost", "127.0.0.1", "::1"})
"""Names of this machine as it is reached from itself; the rest of 127.0.0.0/8 may be other servers."""
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


def same_host(host: str) -> str:
    """Return one spelling for all names of a host that are certain to mean the same, without asking anybody."""
    name = host.strip().lower().removesuffix(".")
    try:
        found = ip_address(name)
    except ValueError:
        return LOOPBACK if name in _LOOPBACK_NAMES else name
    found = getattr(found, "ipv4_mapped", None) or found
    return LOOPBACK if str(found) in _LOOPBACK_NAMES else str(found)


def _hide(secret: re.Pattern[str], text: str) -> str:
    return secret.sub(lambda found: f"{found['scheme'] or ''}{HIDDEN}@", text)
