"""Find the line of a model file in which something stands: the TOML parser keeps no lines."""

import re
from collections.abc import Sequence

type Path = Sequence[str | int]
"""Keys and list indices from the top: `("circuits", 1, "points", "Lg")`."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*="""
)
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


def _parts(dotted: str) -> list[str]:
    return ["".join(groups) for groups in _PART.findall(dotted)]


def line_of(text: str, path: Path) -> int | None:
    """Return the 1-based line where the deepest known part of `path` is written, or None.

    Keys inside an inline table stand on their table's line.
    """
    wanted = tuple(path)
    here: list[str | int] = []
    counts: dict[tuple[str | int, ...], int] = {}
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            here = _resolve(_parts(header[2]), counts, appends=header[1] == "[[")
            reached = tuple(here)
        elif key := _KEY.match(line):
            reached = (*here, *_parts(key[1]))
        else:
            continue
        if reached == wanted[: len(reached)] and (best is None or len(reached) > best[0]):
            best = len(reached), number
    return best[1] if best else None


def _resolve(
    parts: Sequence[str], counts: dict[tuple[str | int, ...], int], *, appends: bool
) -> list[str | int]:
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
