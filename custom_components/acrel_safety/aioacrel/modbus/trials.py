"""What of the learnt is tried again, and what was never tried: one request at a time, when the line has nothing to do.

Points that were declined are asked for alone; registers across a border of the map are read to learn whether they can
be read through (nobody sees them); a longer read is sent than was answered so far. Only what would save line time is
tried, and nothing that is private.
"""

from bisect import insort
from dataclasses import dataclass, replace
from math import inf

from ..readings import PointKey
from ..registers import MOST_REGISTERS, Read
from ..registers.borders import Border
from .learnt import DAY, Learnt
from .planning import UnitPlan

SPACING = 1.0
"""Seconds between two trials of a unit, at least."""
SHORT_SECONDS = 60.0
"""After so long a longer read is tried, where reads are shorter than the model allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One request: for points, across a border, or of a length."""

    read: Read
    due: float
    keys: tuple[PointKey, ...] = ()
    border: Border | None = None


class Trials:
    """Chooses what one unit is asked next at idle time, and learns from it."""

    def __init__(self, plan: UnitPlan, learnt: Learnt) -> None:
        """Take what the unit is read by."""
        self._plan = plan
        self._learnt = learnt
        self._found: list[Trial] = []
        self._state: tuple[int, int] = -1, -1
        self._not_before = -inf

    def due(self) -> float:
        """Return when something is to be tried; infinity when there is nothing."""
        state = self._learnt.version, self._plan.version
        if state != self._state:
            self._found = sorted(self._all(), key=_due)
            # Looking at the plan may have made it anew.
            self._state = self._learnt.version, self._plan.version
        return max(self._found[0].due, self._not_before) if self._found else inf

    def due_points(self) -> float:
        """Return when a point that was declined is to be asked for again; infinity when there is none."""
        if self.due() == inf or not self._learnt.declined:
            return inf
        return max(min((trial.due for trial in self._found if trial.keys), default=inf), self._not_before)

    def waits_since(self, now: float) -> float:
        """Return since when a point that was declined waits to be asked for again; infinity if none may be now."""
        if now < self._not_before or self.due_points() == inf:
            return inf
        return min(trial.due for trial in self._found if trial.keys)

    def next_point(self, now: float) -> Trial | None:
        """Return the point that waits for longest to be asked for again."""
        if self.due_points() > now:
            return None
        return next(trial for trial in self._found if trial.keys)

    def next(self, now: float) -> Trial | None:
        """Return what is to be tried now."""
        return self._found[0] if self.due() <= now else None

    def put_off(self, now: float, seconds: float) -> None:
        """Try nothing for so many seconds."""
        self._not_before = now + seconds

    def note(self, trial: Trial, now: float, *, is_answered: bool, code: int | None = None) -> None:
        """Learn from what came of a trial; `code` is the exception code of a refusal."""
        self.put_off(now, SPACING)
        count = trial.read.count
        if trial.keys:
            if is_answered:
                self._learnt.regain(trial.keys)
            else:
                self._learnt.decline(trial.keys, code, now)
                # Nothing is planned otherwise by this, so nothing else is to be looked for.
                due = min(self._learnt.declined[key].due for key in trial.keys)
                self._found.remove(trial)
                insort(self._found, replace(trial, due=due), key=_due)
        elif trial.border is not None:
            if is_answered:
                self._learnt.cross(trial.border)
            else:
                self._learnt.close([trial.border], now + DAY)
        elif is_answered:
            self._learnt.lengths.due = now
            self._learnt.note_answered(count)
        else:
            is_documented = count <= self._plan.registers.max_registers
            self._learnt.note_too_long(count, now + (SHORT_SECONDS if is_documented else DAY))

    def _all(self) -> list[Trial]:
        trials = self._points() + self._borders()
        # A read across a border that was never tried would not say what is wrong, the length or the border.
        if not any(trial.border is not None and trial.border not in self._learnt.closed for trial in trials):
            trials += self._lengths()
        return trials

    def _points(self) -> list[Trial]:
        places = self._plan.registers.places
        wanted = self._plan.registers.with_companions(self._plan.wanted)
        by_read: dict[Read, list[PointKey]] = {}
        for key in self._learnt.declined:
            if key in wanted:
                place = places[key]
                by_read.setdefault(Read(place.function, place.address, place.count), []).append(key)
        return [
            Trial(read=read, keys=tuple(keys), due=min(self._learnt.declined[key].due for key in keys))
            for read, keys in by_read.items()
        ]

    def _borders(self) -> list[Trial]:
        """Return the borders that a faster plan would cross."""
        learnt, most = self._learnt, self._plan.most
        found = {
            border: Trial(
                read=Read(read.function, border.left, border.length), border=border, due=learnt.closed.get(border, -inf)
            )
            for read in self._plan.hoped_for(MOST_REGISTERS, self._plan.borders)
            for border in self._plan.borders
            if border not in learnt.crossed and border.length <= most and border.is_in(read)
        }
        return list(found.values())

    def _lengths(self) -> list[Trial]:
        """Return a read that is longer than what was answered so far, if a faster plan has such reads."""
        lengths = self._learnt.lengths
        reads = self._plan.hoped_for(MOST_REGISTERS, self._learnt.crossed)
        longest = max(reads, key=lambda read: read.count, default=None)
        if longest is None or longest.count <= self._plan.most:
            return []
        count = longest.count
        if lengths.too_many is not None:
            count = min(count, max((lengths.answered + lengths.too_many) // 2, lengths.answered + 1))
        return [Trial(read=Read(longest.function, longest.address, count), due=lengths.due)]


def _due(trial: Trial) -> float:
    return trial.due
