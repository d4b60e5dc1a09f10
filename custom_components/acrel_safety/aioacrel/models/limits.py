"""How much a model file may ask for: a few lines of it can stand for millions of points."""

import re
from collections.abc import Iterable

LARGEST_FILE = 4_000_000
"""Characters, or bytes."""
MOST_POINTS = 100_000
"""Ten times the largest register table."""
MOST_PROBLEMS = 1000
MOST_IN_LIST = 500
"""Spans of registers, checks, fallbacks, commands: each is compared with many others."""
MOST_REFERENCES = 16
_MOST_PARTS = 16
_USUAL_TEXT = 200
"""Characters of code, names and references that a copy of a point takes along."""

_WORD = r"""(?:"[^"\n]*+"|'[^'\n]*+'|(?<![A-Za-z0-9_-])[A-Za-z0-9_-]++)"""
_TOO_DEEP = re.compile(rf"{_WORD}(?:[ \t]*+\.[ \t]*+{_WORD}){{{_MOST_PARTS},}}")


class EnoughError(Exception):
    """What was found, or is asked for, is more than anybody needs: the file is read no further."""


class Budget:
    """The copies of points and circuits that one file may still ask for, whether they turn out usable or not."""

    def __init__(self) -> None:
        """Begin with all of them."""
        self._left = MOST_POINTS

    def take(self, copies: int, texts: Iterable[str] = ()) -> bool:
        """Take some copies, each with its own texts; False when there are not so many left."""
        self._left -= copies * (1 + sum(map(len, texts)) // _USUAL_TEXT)
        return self._left >= 0


def too_deep(text: str) -> int | None:
    """Return where a key has so many parts (`a.a.a.…`) that older parsers take ages, None if nowhere."""
    found = _TOO_DEEP.search(text)
    return found.start() if found else None
