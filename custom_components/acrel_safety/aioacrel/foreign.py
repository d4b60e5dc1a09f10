"""Messages of Python's parsers and of the operating system as phrases, so that they can be said in Chinese."""

import re
from collections.abc import Mapping

from .phrases import Phrase, phrase
from .wordings import FOREIGN

_REASON = "reason"
"""The placeholder that holds another message."""
_NUMBERS = frozenset({"line", "column", "position", "last", "limit", "digits"})


def foreign(message: str) -> Phrase:
    """Return a message as a phrase whose English is the message itself; what is not known is quoted in Chinese."""
    for key, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(message):
            details = match.groupdict()
            return phrase(key, **{name: foreign(text) if name == _REASON else text for name, text in details.items()})
    return phrase("foreign", message=message)


def _pattern(wording: str) -> re.Pattern[str]:
    """Return what finds the details in a message of this wording."""
    literals_and_names = re.split(r"\{(\w+)\}", wording)
    parts = [
        (f"(?P<{part}>[0-9]+)" if part in _NUMBERS else f"(?P<{part}>.+)") if index % 2 else re.escape(part)
        for index, part in enumerate(literals_and_names)
    ]
    return re.compile("".join(parts), re.DOTALL)


_PATTERNS: Mapping[str, re.Pattern[str]] = {key: _pattern(wordings["en"]) for key, wordings in FOREIGN.items()}
