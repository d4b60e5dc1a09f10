"""Find the line of a model file in which something stands: the TOML parser keeps no lines."""

import re
from collections.abc import Sequence

type Path = Sequence[str | int]
"""Keys and list indices from the top: `("circuits", 1, "points", "Lg")`."""

_WORD = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(rf"^\s*({_DOTTED})\s*=")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


class Lines:
    """Where each table and key of a file is written."""

    def __init__(self, text: str) -> None:
        """Go through the file once; of the same path the first line counts."""
        self._lines: dict[tuple[str | int, ...], int] = {}
        here: list[str | int] = []
        counts: dict[tuple[str | int, ...], int] = {}
        for number, line in enumerate(text.split("\n"), start=1):
            if header := _HEADER.match(line):
                here = _resolve(_parts(header[2]), counts, appends=header[1] == "[[")
                self._lines.setdefault(tuple(here), number)
            elif key := _KEY.match(line):
                self._lines.setdefault((*here, *_parts(key[1])), number)

    def of(self, path: Path) -> int | None:
        """Return the 1-based line of the deepest part of `path` that is written somewhere, or None.

        Keys inside an inline table stand on their table's line.
        """
        wanted = tuple(path)
        for length in range(len(wanted), 0, -1):
            if (line := self._lines.get(wanted[:length])) is not None:
                return line
        return None


def _parts(dotted: str) -> list[str]:
    return ["".join(groups) for groups in _PART.findall(dotted)]


def _resolve(parts: Sequence[str], counts: dict[tuple[str | int, ...], int], *, appends: bool) -> list[str | int]:
    """Add the index of the newest element behind every key that is an array of tables."""
    path: list[str | int] = []
    for position, part in enumerate(parts):
        path.append(part)
        key = tuple(path)
        if appends and position == len(parts) - 1:
            counts[key] = counts.get(key, -1) + 1
        if key in counts:
            path.append(counts[key])
    return path
