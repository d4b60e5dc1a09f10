"""Lines that fit a terminal, where a Chinese character is two columns wide and no space tells where a line may end."""

import shutil
import unicodedata
from collections.abc import Iterator

_WIDE = ("W", "F", "A")
"""Characters of two columns; of those that are ambiguous some terminals make two as well."""
_OPENING = "（“《【(["
_CLOSING = "，。；：、！？）”》】)],.;:!?…"
_BESIDE = 2
"""Columns that argparse leaves empty at the right."""
_HELP_FROM = 24
"""The column from which argparse shows what an option does, or before it."""
_LEAST = 20


def wrapped(text: str, *, after: int = 0) -> str:
    """Return a text in lines that fit the terminal, which begin `after` so many columns."""
    columns = shutil.get_terminal_size().columns - _BESIDE
    width = max(columns - after, _LEAST)
    return "\n".join(line for part in text.splitlines() for line in _lines(part, width))


def beside_options(text: str) -> str:
    """Return what an option does in lines that fit beside its name."""
    return wrapped(text, after=_HELP_FROM)


def columns_of(text: str) -> int:
    """Return how many columns of a terminal a text takes at most."""
    return sum(1 + _is_wide(character) for character in text)


def _lines(text: str, width: int) -> list[str]:
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and columns_of(lines[-1] + piece.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece
    return lines


def _pieces(text: str) -> Iterator[str]:
    """Yield what no line ends within: a word with the space after it, a Chinese character with its punctuation."""
    begin = 0
    for place in range(1, len(text)):
        if _may_end(text[place - 1], text[place]):
            yield text[begin:place]
            begin = place
    yield text[begin:]


def _may_end(before: str, after: str) -> bool:
    if after == " " or after in _CLOSING or before in _OPENING:
        return False
    return before == " " or _is_wide(before) or _is_wide(after)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in _WIDE
