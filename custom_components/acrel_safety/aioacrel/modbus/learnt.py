"""What was learnt of a device by asking it. Nothing of it is believed for ever.

A device teaches what no manual says: which points it does not have, how many registers it gives in one answer, which
registers that are printed nowhere can be read through. Each of these may be a passing fault, so each is tried again
(`trials.py`): a point soon and then less and less often, a gap and a length that lie beyond what is documented once a
day. What is learnt of points decides what is shown, so it is forgotten with any doubt about the device; what is learnt
of gaps and lengths only decides in how many requests the same values come, mends itself and may be kept over a restart.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TypeIs

from ..readings import PointKey
from ..registers import MOST_REGISTERS
from ..registers.borders import Border

DAY = 86_400.0
BACK_OFF = (0.0, 60.0, 300.0, 1800.0, 7200.0, DAY)
"""Seconds after which a point is asked for again that was declined once, twice, …"""
GIVEN_BACK_OFF = (0.0, 2.0, 5.0, 15.0, *BACK_OFF[1:])
"""The same for a point that the device gave before: it exists, and what was said of it is probably a passing fault."""
_CONTRADICTIONS = 3


@dataclass(slots=True)
class Declined:
    """What was declined: how often in a row, with which exception code (None: it was not answered), and until when."""

    code: int | None
    due: float
    times: int = 1

    def again(self, code: int | None, now: float, back_off: Sequence[float]) -> None:
        """Note that it was declined once more."""
        self.code, self.due = code, now + back_off[min(self.times, len(back_off) - 1)]
        self.times += 1


@dataclass(slots=True)
class Lengths:
    """How many registers come in one answer."""

    answered: int = 0
    """The most that ever came."""
    too_many: int | None = None
    """The fewest that were declined for their number."""
    due: float = 0.0
    """When more are tried."""
    contradicted: int = 0
    """How often in a row no more came than once did."""

    def most(self, allowed: int) -> int:
        """Return the longest read there may be; `allowed` is the model's."""
        if self.too_many is None:
            return max(allowed, self.answered)
        return max(1, self.answered)

    def note_answered(self, count: int) -> bool:
        """Note an answer; return whether none was as long before."""
        if count >= self.answered:
            self.contradicted = 0
        if count <= self.answered:
            return False
        self.answered = count
        if self.too_many is not None and count >= self.too_many:
            self.too_many = None
        return True

    def note_declined(self, count: int, due: float) -> bool:
        """Note that a read was declined whose parts were answered; return whether its length can be the reason.

        It cannot where as many came before, unless they come no more at all.
        """
        if count <= self.answered:
            self.contradicted += 1
            if self.contradicted < _CONTRADICTIONS:
                return False
            self.contradicted, self.answered = 0, count // 2
        self.too_many, self.due = min(count, self.too_many or count), due
        return True


@dataclass(slots=True)
class Learnt:
    """What one device has taught so far; times are the event loop's."""

    declined: dict[PointKey, Declined] = field(default_factory=dict)
    """Points that were asked for alone in vain."""
    given: set[PointKey] = field(default_factory=set)
    """Points that were answered: the device has them."""
    pardoned: set[PointKey] = field(default_factory=set)
    """Those of them that were declined once since: they are asked for with the others once more."""
    holes: dict[int, float] = field(default_factory=dict)
    """Registers that nobody wants and that are not read through, and until when."""
    crossed: set[Border] = field(default_factory=set)
    """Borders of the register map that are read through."""
    closed: dict[Border, float] = field(default_factory=dict)
    """Borders that cannot be read through, and when that is tried again."""
    lengths: Lengths = field(default_factory=Lengths)
    declines_all: bool = False
    """Whether all that was asked for lately was declined, but for no address."""
    has_answered: bool = False
    """Whether anything was read of it since it was doubted last: it is none that declines whatever it is asked."""
    version: int = 0
    """Changes whenever a plan has to be made anew."""

    # -- points -----------------------------------------------------------------------------------------------------

    def decline(self, keys: Collection[PointKey], code: int | None, now: float) -> None:
        """Note that points were asked for in vain, alone, by a device that answers."""
        pardoned = {key for key in keys if key in self.given and key not in self.pardoned and key not in self.declined}
        self.pardoned |= pardoned
        for key in keys:
            if key in pardoned:
                continue
            if (known := self.declined.get(key)) is not None:
                known.again(code, now, GIVEN_BACK_OFF if key in self.given else BACK_OFF)
            else:
                self.declined[key] = Declined(code, now + BACK_OFF[0])
                self.version += 1

    def note_given(self, keys: Collection[PointKey]) -> None:
        """Note points that were answered."""
        self.given.update(keys)
        self.pardoned.difference_update(keys)

    def regain(self, keys: Iterable[PointKey]) -> None:
        """Note that points can be read after all."""
        for key in keys:
            self.declined.pop(key, None)
        self.version += 1

    @property
    def refused(self) -> frozenset[PointKey]:
        """The points that were declined in words."""
        return frozenset(key for key, known in self.declined.items() if known.code is not None)

    # -- between the points -----------------------------------------------------------------------------------------

    def note_hole(self, registers: Iterable[int], now: float) -> None:
        """Read no more through registers that nobody wants."""
        self.holes.update(dict.fromkeys(registers, now + DAY))
        self.version += 1

    def fill_holes(self, now: float) -> None:
        """Try holes again whose time is over: the next poll does."""
        if over := [register for register, until in self.holes.items() if until <= now]:
            for register in over:
                del self.holes[register]
            self.version += 1

    def cross(self, border: Border) -> None:
        """Note that registers across a border were answered."""
        self.closed.pop(border, None)
        self.crossed.add(border)
        self.version += 1

    def close(self, borders: Iterable[Border], due: float) -> None:
        """Read no more across some borders; that is tried again when it is due."""
        for border in borders:
            self.crossed.discard(border)
            self.closed[border] = due
        self.version += 1

    def note_answered(self, count: int) -> None:
        """Note an answer of so many registers."""
        if self.lengths.note_answered(count):
            self.version += 1

    def note_too_long(self, count: int, due: float) -> bool:
        """Note that a read was declined whose parts were answered; return whether its length can be the reason."""
        is_so = self.lengths.note_declined(count, due)
        self.version += is_so
        return is_so

    # -- the end of it ----------------------------------------------------------------------------------------------

    def doubt(self) -> None:
        """Forget what decides about values: it may have been another device that taught it."""
        self.declined.clear()
        self.given.clear()
        self.pardoned.clear()
        self.holes.clear()
        self.declines_all = self.has_answered = False
        self.version += 1

    def forget(self) -> None:
        """Forget everything: it is another device."""
        self.doubt()
        self.crossed.clear()
        self.closed.clear()
        self.lengths = Lengths()

    # -- showing and keeping ----------------------------------------------------------------------------------------

    def shown(self, now: float) -> dict[str, object]:
        """Return what was learnt, and in how many seconds it is tried again."""
        return {
            "declined": {
                str(key): {"code": known.code, "times": known.times, "again_in": _seconds(known.due, now)}
                for key, known in self.declined.items()
            },
            "holes": len(self.holes),
            "read_through": sorted(map(_spelt, self.crossed)),
            "not_read_through": {_spelt(border): _seconds(due, now) for border, due in sorted(self.closed.items())},
            "longest_answer": self.lengths.answered,
            "too_long": self.lengths.too_many,
        }

    def kept(self, now: float) -> dict[str, object]:
        """Return what may be kept over a restart: nothing in it decides about a value."""
        lengths = self.lengths
        return {
            "crossed": sorted(map(list, self.crossed)),
            "closed": [[*border, max(0.0, due - now)] for border, due in sorted(self.closed.items())],
            "longest": lengths.answered,
            "too_long": lengths.too_many,
            "again_in": max(0.0, lengths.due - now),
        }

    def restore(self, kept: Mapping[str, object], borders: Collection[Border], now: float, age: float) -> None:
        """Take over what was kept `age` seconds ago; what is not as `kept` writes it, or not of this map, is left."""
        for crossed in _rows(kept.get("crossed"), 2):
            if (border := Border(*map(int, crossed))) in borders:
                self.crossed.add(border)
        for *ends, again_in in _rows(kept.get("closed"), 3):
            if (border := Border(*map(int, ends))) in borders and border not in self.crossed:
                self.closed[border] = now + min(DAY, again_in) - age
        longest, too_long, due_in = (kept.get(name) for name in ("longest", "too_long", "again_in"))
        if _is_length(longest):
            self.lengths.answered = longest
            if _is_length(too_long) and too_long > longest and _is_number(due_in):
                self.lengths.too_many, self.lengths.due = too_long, now + min(DAY, due_in) - age
        self.version += 1


def _rows(value: object, width: int) -> list[list[float]]:
    """Return the rows of numbers in something that was stored."""
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, list) and len(row) == width and all(map(_is_number, row))]


def _is_number(value: object) -> TypeIs[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf


def _is_length(value: object) -> TypeIs[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_REGISTERS


def _spelt(border: Border) -> str:
    return f"{border.left + 1:04X}-{border.right - 1:04X}"


def _seconds(due: float, now: float) -> int:
    return max(0, round(due - now))
