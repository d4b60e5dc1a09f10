"""Where a command's results go: tables on a terminal, plain lines elsewhere, JSON for programs, notes beside."""

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

import rich.console
from rich.table import Table
from rich.text import Text

from .language import Word
from .printable import printable

type Json = str | float | bool | Sequence[Json] | Mapping[str, Json] | None
type Cell = str | Text

_ENDLESS = 1_000_000
"""Columns of an output that is no terminal: nothing is wrapped or cut."""
_GAP = (0, 2, 0, 0)


@dataclass(slots=True, kw_only=True)
class Console:
    """The two outputs of a command: results on `out`, everything else on `err`.

    A reader that goes away (`acrel read | head -1`) had enough; what the command ends with stays the same.
    """

    out: TextIO
    err: TextIO
    as_json: bool
    page: rich.console.Console
    """Draws on `out`."""
    side: rich.console.Console
    """Draws on `err`."""
    has_reader: bool = True
    """Whether anybody still takes results."""

    @classmethod
    def of_process(cls, *, as_json: bool) -> Console:
        """Take the outputs of the process."""
        # Python has no output object where the shell closed the output.
        out, err = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()
        return cls(out=out, err=err, as_json=as_json, page=_rich_on(out), side=_rich_on(err))

    @property
    def is_live(self) -> bool:
        """Whether a person looks at the results as they come, on a terminal that can be drawn over."""
        return not self.as_json and self.page.is_terminal and not self.page.is_dumb_terminal

    def show(self, *parts: rich.console.RenderableType) -> None:
        """Print results for people."""
        with self.page.capture() as drawn:
            self.page.print(*parts, sep="\n")
        text = drawn.get()
        if not self.page.is_terminal:
            text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
        self._write(text)

    def lines(self, lines: Iterable[str]) -> None:
        """Print results as they are, line by line."""
        self._write("".join(f"{printable(line)}\n" for line in lines))

    def text(self, text: str) -> None:
        """Print what is to be saved: not a character is changed."""
        self._write(f"{text}\n")

    def json(self, document: Json) -> None:
        """Print a result for programs: one line, so that several of them make a stream."""
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        if not text.isprintable():  # json itself takes DEL for harmless
            text = json.dumps(document, allow_nan=False).replace("\x7f", "\\u007f")
        self.text(text)

    def note(self, *lines: str) -> None:
        """Say something beside the results: a line each, whatever is quoted in it."""
        try:
            self.err.write("".join(f"{printable(line)}\n" for line in lines))
            self.err.flush()
        except BrokenPipeError:
            let_go(self.err)

    def _write(self, text: str) -> None:
        try:
            self.out.write(text)
            self.out.flush()
        except BrokenPipeError:
            let_go(self.out)
            self.has_reader = False


def escape_what_cannot_be_shown() -> None:
    """Have the outputs of the process escape what their encoding cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _rich_on(stream: TextIO) -> rich.console.Console:
    is_terminal = stream.isatty()
    return rich.console.Console(
        file=stream,
        force_terminal=is_terminal,  # whatever the environment says: a file gets no escapes
        width=None if is_terminal else _ENDLESS,
        markup=False,
        emoji=False,
        highlight=False,
    )


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


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, its heading in English; one that `gives_way` is the first to be narrowed on a terminal."""

    heading: str
    is_right: bool = False
    gives_way: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, language: str, one_line: bool = False) -> Table:
    """Return a table, its headings in a language; columns in which no row has anything are left out.

    With `one_line` what is too wide is cut, otherwise it goes on below.
    """
    drawn = Table(box=None, padding=_GAP, pad_edge=False, header_style="bold")
    shown = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    for index in shown:
        column = columns[index]
        drawn.add_column(
            Word(column.heading).text(language),
            justify="right" if column.is_right else "left",
            no_wrap=not column.gives_way,
            overflow="fold" if column.gives_way else "ellipsis",
        )
    for row in rows:
        drawn.add_row(*(_cell(row[index], one_line=one_line) for index in shown))
    return drawn


def _cell(cell: Cell, *, one_line: bool) -> Text:
    text = cell.copy() if isinstance(cell, Text) else Text(cell)
    if not text.plain.isprintable():
        text = Text(printable(text.plain), style=text.style)
    if one_line:
        text.no_wrap, text.overflow = True, "ellipsis"
    return text
