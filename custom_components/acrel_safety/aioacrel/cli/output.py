"""Where a command's results go: tables as wide as they look, JSON for programs, notes beside."""

import io
import json
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

type Json = str | float | bool | Sequence[Json] | Mapping[str, Json] | None

_WIDE = ("W", "F")
_GAP = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The two outputs of a command: results on `out`, everything else on `err`."""

    out: TextIO
    err: TextIO
    as_json: bool

    @classmethod
    def of_process(cls, *, as_json: bool) -> Console:
        """Take the outputs of the process; what their encoding cannot show is escaped."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        # Python has no output object where the shell closed the output.
        return cls(out=sys.stdout or io.StringIO(), err=sys.stderr or io.StringIO(), as_json=as_json)

    @property
    def is_live(self) -> bool:
        """Whether a person looks at the results as they come."""
        return self.out.isatty()

    def lines(self, lines: Sequence[str]) -> None:
        """Print results for people."""
        self.out.write("".join(f"{line}\n" for line in lines))
        self.out.flush()

    def json(self, document: Json) -> None:
        """Print a result for programs: one line, so that several of them make a stream."""
        self.lines([json.dumps(document, ensure_ascii=False, allow_nan=False)])

    def note(self, text: str) -> None:
        """Say something beside the results."""
        self.err.write(f"{text}\n")
        self.err.flush()


def let_go(*streams: TextIO | None) -> None:
    """Let go of outputs that take nothing any more, so that the interpreter's last flush cannot fail."""
    for stream in streams:
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def number_of(count: int, what: str) -> str:
    """Return how many there are of something: `1 row`, `2 rows`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    columns = 0
    for character in text:
        if unicodedata.combining(character):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in _WIDE else 1
    return columns


def cut(text: str, columns: int) -> str:
    """Return as much of a text as fits into so many columns, marked when something is missing."""
    if width(text) <= columns:
        return text
    kept, used = "", 0
    for character in text:
        used += width(character)
        if used > columns - 1:
            break
        kept += character
    return f"{kept}…"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: str = "") -> list[str]:
    """Return the lines of a table; columns in which no row has anything are left out.

    `right` lists (by comma) the headings of the columns that are set to the right.
    """
    to_the_right = {heading.strip() for heading in right.split(",")}
    columns = [
        (heading, [row[index] for row in rows])
        for index, heading in enumerate(headings)
        if any(row[index] for row in rows)
    ]
    widths = [max(map(width, (heading, *cells))) for heading, cells in columns]
    lines = []
    for number in range(-1, len(rows)):
        parts = []
        for (heading, cells), wanted in zip(columns, widths, strict=True):
            cell = heading if number < 0 else cells[number]
            space = " " * (wanted - width(cell))
            parts.append(space + cell if heading in to_the_right else cell + space)
        lines.append(_GAP.join(parts).rstrip())
    return lines


class Progress:
    """A bar on a terminal's last line; nothing when the stream is no terminal."""

    def __init__(self, stream: TextIO, total: int) -> None:
        """Start at nothing done."""
        self._stream = stream
        self._total = total
        self._shows = stream.isatty()

    def show(self, done: int, text: str) -> None:
        """Draw how much is done and what is under way."""
        if self._shows:
            filled = _BAR * done // max(self._total, 1)
            bar = "#" * filled + "-" * (_BAR - filled)
            self._stream.write(f"\r\x1b[K[{bar}] {done}/{self._total} {text}")
            self._stream.flush()

    def clear(self) -> None:
        """Leave no trace."""
        if self._shows:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


_BAR = 30
