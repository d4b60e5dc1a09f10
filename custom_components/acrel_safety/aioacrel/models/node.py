"""Checked access to the tables of a model file: each wrong thing becomes one problem with its line."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import overload

from ..problems import Problem
from ..texts import Phrase, Said, phrase
from .limits import MOST_IN_LIST, MOST_POINTS, MOST_PROBLEMS, EnoughError
from .locate import Lines, Path

_ENDS = 2
_QUOTED = phrase("quoted_text")
_MOST_DIGITS = 20
"""Before and after the decimal point: as many as the largest 64-bit number has."""


class Findings:
    """Collects the problems of one file."""

    def __init__(self, text: str) -> None:
        """Keep the text, to find lines in it."""
        self._lines = Lines(text)
        self.problems: list[Problem] = []
        self._places: set[tuple[str, Path]] = set()

    def report(self, key: str, path: Path, *, found: object = "", allowed: Said = "") -> None:
        """Note a problem at a place of the file; a repeated point has it once, not in each repetition.

        Raises EnoughError after so many that nobody reads on.
        """
        place = key, tuple(path)
        if place in self._places:
            return
        if len(self.problems) >= MOST_PROBLEMS:
            self.problems.append(Problem(key="more_problems", line=self._lines.of(path), found=str(MOST_PROBLEMS)))
            raise EnoughError
        self._places.add(place)
        column = str(path[-1]) if path else ""
        self.problems.append(
            Problem(
                key=key,
                line=self._lines.of(path),
                column=column,
                found=found if isinstance(found, (str, Phrase)) else shown(found),
                allowed=allowed,
            )
        )


class Node:
    """One table of the file. Keys that were never asked for are reported by `close`."""

    def __init__(self, findings: Findings, path: Path, table: object) -> None:
        """Wrap what stands at `path`; anything but a table is a problem and reads as an empty one."""
        self.findings = findings
        self.path = tuple(path)
        self._known: set[str] = set()
        self._table: Mapping[str, object] = table if isinstance(table, Mapping) else {}
        if not isinstance(table, Mapping):
            self.report("wrong_type", found=shown(table), allowed=phrase("table"))

    def report(self, problem: str, key: str | None = None, *, found: object = "", allowed: Said = "") -> None:
        """Note a problem with one key (or the whole table)."""
        self.findings.report(problem, self.path if key is None else (*self.path, key), found=found, allowed=allowed)

    def __contains__(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self._table

    def _take(self, key: str) -> object:
        self._known.add(key)
        return self._table.get(key)

    def text(self, key: str, default: str | None = None, *, allowed: Said = _QUOTED) -> str:
        """Return a text; without a default it must be there."""
        value = self._take(key)
        if isinstance(value, str) and (value or default is not None):
            return value
        if value is not None:
            self.report("wrong_type", key, found=shown(value), allowed=allowed)
        elif default is None:
            self.report("missing", key, allowed=allowed)
        return default or ""

    def word[WordT: StrEnum](self, key: str, words: type[WordT], default: WordT, *, required: bool = False) -> WordT:
        """Return one word of an enumeration."""
        value = self._take(key)
        allowed = ", ".join(words)
        if value is None:
            if required:
                self.report("missing", key, allowed=allowed)
            return default
        try:
            return words(value)  # type: ignore[arg-type]  # any object may be asked; what is no member raises ValueError
        except ValueError:
            self.report("unknown_word", key, found=shown(value), allowed=allowed)
            return default

    def optional_word[WordT: StrEnum](self, key: str, words: type[WordT]) -> WordT | None:
        """Return one word of an enumeration, or None when it is not given."""
        self._known.add(key)
        return self.word(key, words, next(iter(words))) if key in self else None

    @overload
    def integer(self, key: str, low: int, high: int, default: int) -> int: ...
    @overload
    def integer(self, key: str, low: int, high: int, default: None) -> int | None: ...
    def integer(self, key: str, low: int, high: int, default: int | None) -> int | None:
        """Return a whole number within limits, else the default."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.report(
                "wrong_type",
                key,
                found=shown(value),
                allowed=phrase("whole_number", low=low, high=high),
            )
            return default
        if not low <= value <= high:
            self.report("out_of_range", key, found=value, allowed=phrase("interval", low=low, high=high))
            return default
        return value

    @overload
    def number(self, key: str, default: Decimal) -> Decimal: ...
    @overload
    def number(self, key: str, default: None = None) -> Decimal | None: ...
    def number(self, key: str, default: Decimal | None = None) -> Decimal | None:
        """Return a number exactly as it is written, else the default."""
        value = self._take(key)
        if value is None:
            return default
        if (number := _decimal(value)) is None:
            self.report("wrong_type", key, found=shown(value), allowed=phrase("number"))
            return default
        return number

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self._take(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.report("wrong_type", key, found=shown(value), allowed=phrase("true_or_false"))
        return default

    def pair(self, key: str) -> tuple[Decimal, Decimal] | None:
        """Return `[low, high]`."""
        value = self._take(key)
        if value is None:
            return None
        if isinstance(value, list) and len(value) == _ENDS:
            low, high = _decimal(value[0]), _decimal(value[1])
            if low is not None and high is not None and low <= high:
                return low, high
        self.report("wrong_type", key, found=shown(value), allowed=phrase("lowest_highest"))
        return None

    def integers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        """Return a list of whole numbers within limits."""
        value = self._take(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(
            isinstance(item, int) and not isinstance(item, bool) and low <= item <= high for item in value
        ):
            return tuple(value)
        self.report(
            "wrong_type",
            key,
            found=shown(value),
            allowed=phrase("whole_numbers", low=low, high=high),
        )
        return ()

    def spans(self, key: str, high: int, *, keeps_order: bool = False) -> tuple[tuple[int, int], ...]:
        """Return a list of `[first, last]` pairs of whole numbers from 0 to `high`, sorted unless it `keeps_order`."""
        value = self._take(key)
        if value is None:
            return ()
        if isinstance(value, list) and len(value) > MOST_IN_LIST:
            self.report("too_many", key, found=len(value), allowed=str(MOST_IN_LIST))
            return ()
        if isinstance(value, list) and all(_is_span(item, high) for item in value):
            spans = [(item[0], item[1]) for item in value]
            return tuple(spans if keeps_order else sorted(spans))
        self.report(
            "wrong_type",
            key,
            found=shown(value),
            allowed=phrase("spans", high=high),
        )
        return ()

    def texts(self, key: str, most: int = MOST_POINTS) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._take(key)
        if value is None:
            return ()
        if isinstance(value, list) and len(value) > most:
            self.report("too_many", key, found=len(value), allowed=str(most))
            return ()
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.report("wrong_type", key, found=shown(value), allowed=phrase("texts"))
        return ()

    def names(self, key: str, *, required: bool = False) -> Mapping[str, str]:
        """Return texts by language: `{ en = "…", zh = "…" }`."""
        value = self._take(key)
        if value is None:
            if required:
                self.report("missing", key, allowed='{ en = "…", zh = "…" }')
            return {}
        if isinstance(value, Mapping) and value and all(isinstance(text, str) for text in value.values()):
            if "en" in value:
                return {str(language): text for language, text in value.items()}
            self.report("missing", key, allowed='en = "…"')
            return {}
        self.report("wrong_type", key, found=shown(value), allowed='{ en = "…", zh = "…" }')
        return {}

    def child(self, key: str) -> Node | None:
        """Return an inner table, or None when it is not given."""
        value = self._take(key)
        return None if value is None else Node(self.findings, (*self.path, key), value)

    def optional_child(self, key: str) -> Node:
        """Return an inner table; an empty one when it is not given."""
        return self.child(key) or Node(self.findings, (*self.path, key), {})

    def required_child(self, key: str, *, allowed: Said) -> Node:
        """Return an inner table that must be there."""
        if key not in self:
            self.report("missing", key, allowed=allowed)
        return self.optional_child(key)

    def children(self, key: str, most: int = MOST_IN_LIST) -> list[Node]:
        """Return an array of tables; empty when it is not given."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.report("wrong_type", key, found=shown(value), allowed=phrase("tables", key=key))
            return []
        if len(value) > most:
            self.report("too_many", key, found=len(value), allowed=str(most))
            return []
        return [Node(self.findings, (*self.path, key, index), item) for index, item in enumerate(value)]

    def one_or_more(self, key: str) -> list[Node]:
        """Return a single inner table or a list of them; empty when it is not given."""
        if isinstance(self._table.get(key), list):
            return self.children(key)
        child = self.child(key)
        return [] if child is None else [child]

    def entries(self) -> Iterable[tuple[str, object]]:
        """Return all keys with their raw values, and take them all as known."""
        self._known.update(self._table)
        return self._table.items()

    def close(self) -> None:
        """Report the keys nobody asked for: most often a slip of the pen."""
        for key in self._table:
            if key not in self._known:
                self.report("unknown_word", key, found=key, allowed=", ".join(sorted(self._known)))


def _decimal(value: object) -> Decimal | None:
    """Return a number a device can reach; what would take ages to compute with is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value) if abs(value) < 10**_MOST_DIGITS else None
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    is_modest = isinstance(exponent, int) and exponent >= -_MOST_DIGITS
    return value if is_modest and value.adjusted() < _MOST_DIGITS else None


def _is_span(item: object, high: int) -> bool:
    match item:
        case [int() as first, int() as last] if not isinstance(first, bool):
            return 0 <= first <= last <= high
    return False


def shown(value: object) -> Said:
    """Return how a value of the file looks in a message."""
    try:
        return f'"{value}"' if isinstance(value, str) else str(value)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return phrase("very_large")
