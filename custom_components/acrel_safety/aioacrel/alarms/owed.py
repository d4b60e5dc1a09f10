"""What a person acknowledged here and somebody else's log is to be told: kept until it was, also over a restart.

After a restart nothing is told that the log does not list once more, not confirmed and of the same time: by then its
number may be another thing's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from .settled import Told, is_number, is_same, mark_in, may_be, spelled, time_in

MOST_OWED = 200
MOST_TRIES = 3
"""So often a log is told that cannot be reached."""
_MOST_LOOKS = 60
"""So often a log is looked at for one that it does not list any more."""


class ToldConfirmed(Told, Protocol):
    """A report as a log tells it."""

    @property
    def is_confirmed(self) -> bool | None:
        """Whether somebody acknowledged it there."""


@dataclass(slots=True)
class _One:
    way: str
    """Empty where a former version kept the report, which did not say of which log it is."""
    number: str
    time: datetime | None
    mark: datetime | None
    is_sure: bool = False
    """Whether it is known that the number means this report still."""
    tries: int = 0
    looks: int = 0


class Owed:
    """All of one alarm."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._all: list[_One] = []

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._all)

    def add(self, way: str, number: str, time: datetime | None, mark: datetime | None) -> None:
        """Take it that a person acknowledged a report just now."""
        self.drop(way, [number])
        self._all.append(_One(way, number, time, mark, is_sure=bool(way)))
        del self._all[:-MOST_OWED]

    def look(self, report: ToldConfirmed, way: str) -> None:
        """Look at a report that a log tells: whoever confirmed it there has done what is owed."""
        for one in list(self._all):
            if one.number != report.id or one.way not in ("", way):
                continue
            is_it = is_same(one.mark, report.mark) if one.way else may_be(report, one.time, one.mark)
            if is_it and not report.is_confirmed:
                one.way, one.is_sure = way, True
            elif is_it or one.way:
                # Or the number is another thing's by now.
                self._all.remove(one)

    def looked(self, way: str) -> None:
        """Take it that a log was looked at."""
        for one in list(self._all):
            if not one.is_sure and one.way in ("", way):
                one.looks += 1
                if one.looks > _MOST_LOOKS:
                    self._all.remove(one)

    def has(self, way: str) -> bool:
        """Whether a log is to be told anything."""
        return any(one.way in ("", way) for one in self._all)

    def numbers(self, way: str) -> Sequence[str]:
        """Return what a log is to be told now."""
        return [one.number for one in self._all if one.way == way and one.is_sure]

    def drop(self, way: str, numbers: Sequence[str]) -> None:
        """Take it that a log was told."""
        self._all = [one for one in self._all if one.way != way or one.number not in numbers]

    def put_off(self, way: str, numbers: Sequence[str]) -> Sequence[str]:
        """Take it that a log could not be reached: it is told when it lists them. Returns what is given up."""
        mine = [one for one in self._all if one.way == way and one.number in numbers]
        for one in mine:
            one.is_sure, one.tries = False, one.tries + 1
        given_up = [one.number for one in mine if one.tries >= MOST_TRIES]
        self.drop(way, given_up)
        return given_up

    def times(self, way: str | None) -> Iterator[datetime | None]:
        """Yield when those happened that are looked for in a log, or (None) in any."""
        return (one.time for one in self._all if way is None or one.way in ("", way))

    def kept(self) -> list[object]:
        """Return it as plain JSON."""
        return [[one.way, one.number, spelled(one.time), spelled(one.mark)] for one in self._all]

    @classmethod
    def restored(cls, kept: object) -> Owed:
        """Return it as it was kept; a person may have edited that."""
        found = cls()
        for one in kept[-MOST_OWED:] if isinstance(kept, list) else ():
            match one:
                case [str(way), str(number), time, mark] if is_number(number) and (is_number(way) or not way):
                    found._all.append(_One(way, number, time_in(time), mark_in(mark)))
        return found
