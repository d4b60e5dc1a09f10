"""The live screen of `acrel watch`: one frame drawn over the last one, the most important first."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from ..texts import phrase
from .language import Counted
from .linkstate import LinkState
from .output import Console
from .printable import printable
from .rows import Row, table_of

_LEAST_ROWS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is shown after one poll."""

    language: str
    title: str
    rows: Sequence[Row]
    """All that was polled, the most important first."""
    groups_quiet: bool
    left_out: int
    """How many quantities of the model were not polled."""
    link: LinkState
    ratios: Sequence[str]
    trouble: str
    notes: Sequence[str]
    alarms: Sequence[str] = ()
    """Alarms that no bit of the device says."""

    def whole(self) -> list[RenderableType]:
        """Return everything, however long it is."""
        more = [phrase("more_with_all", count=self.left_out).text(self.language)] if self.left_out else []
        rows = table_of(self.rows, language=self.language, groups_quiet=self.groups_quiet)
        below = [*self.alarms, *more, *self.link.lines(self.language), *self.ratios, self.trouble]
        return [Text(printable(self.title)), rows, *(Text(printable(line)) for line in below if line)]

    def lines_of_rows(self) -> int:
        """Return how many lines all rows take."""
        quiet = sum(row.is_quiet for row in self.rows) if self.groups_quiet else 0
        return len(self.rows) - quiet + (quiet > 0)

    def lines_besides(self) -> int:
        """Return how many lines the rest takes: title, heading, state of the link and what there is to say."""
        return 2 + len(self.link.lines(self.language)) + len(self._said())

    def fitting(self, height: int) -> Group:
        """Return as much as fits into a window; what does not is counted, but no active alarm is left out."""
        space = max(_LEAST_ROWS, height - self.lines_besides())
        shown: Sequence[Row] = self.rows
        more = self.left_out
        if self.lines_of_rows() + (more > 0) > space:
            shown = self._first(space - 1)
            more += len(self.rows) - len(shown)
        parts: list[Text] = [_line(self._more(shown, more), "dim")] if more else []
        parts += [_line(line, "dim") for line in self.link.lines(self.language)]
        parts += self._said()
        table = table_of(shown, language=self.language, groups_quiet=self.groups_quiet, one_line=True)
        return Group(_line(self.title, "bold"), table, *parts)

    def _first(self, lines: int) -> list[Row]:
        """Return the rows that fit into so many lines; quiet alarms share one, those that are on are all there."""
        shown: list[Row] = []
        used = 0
        is_grouped = False
        for row in self.rows:
            is_free = self.groups_quiet and row.is_quiet and is_grouped
            if not (row.is_on or is_free) and used >= lines:
                continue
            shown.append(row)
            used += not is_free
            is_grouped = is_grouped or row.is_quiet
        return shown

    def _more(self, shown: Sequence[Row], more: int) -> str:
        """Count what is not shown; alarms of which nothing is known are counted by themselves."""
        hidden = set(self.rows) - set(shown)
        unknown = sum(row.is_alarm and row.is_unread for row in hidden)
        said = phrase("more_with_all", count=more) if self.left_out else phrase("more_in_window", count=more)
        if unknown:
            said = phrase("more_unknown", more=said, alarms=Counted(unknown, "alarm"))
        return said.text(self.language)

    def _said(self) -> list[Text]:
        lines = [_line(line, "bold red") for line in self.alarms]
        lines += [_line(line, "dim") for line in self.ratios]
        lines += [_line(self.trouble, "bold red")] if self.trouble else []
        return lines + [_line(note, "yellow") for note in self.notes]


class Screen:
    """A part of the terminal that frames are drawn on; the last one stays."""

    def __init__(self, console: Console) -> None:
        """Take the terminal."""
        self._page = console.page
        self._live = Live(console=console.page, auto_refresh=False, redirect_stderr=True)

    def __enter__(self) -> Self:
        """Begin to draw below what is there."""
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last frame, and the cursor below it."""
        self._live.__exit__(kind, error, trace)

    def holds(self, frame: Frame) -> bool:
        """Whether the window is high enough for all of a frame."""
        return frame.lines_of_rows() + frame.lines_besides() < self._page.height

    def draw(self, frame: Frame) -> None:
        """Draw over the last frame."""
        # One line is left for the cursor. A frame with more active alarms than lines is drawn whole, and scrolls.
        drawn = frame.fitting(self._page.height - 1)
        self._live.vertical_overflow = "visible"
        self._live.update(drawn, refresh=True)


def _line(text: str, style: str) -> Text:
    return Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")
