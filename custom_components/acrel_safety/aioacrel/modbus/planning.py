"""In which requests one unit is read: what is wanted of it, where the model says it lies, and what it taught so far."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from ..points import Model
from ..readings import PointKey
from ..registers import LineCost, Read, RegisterMap, Span, plan_reads
from ..registers.blocks import Block, blocks_of_points, known_registers, readable_around, spans_of
from ..registers.borders import Border, borders_of, joined
from ..vocabulary import Pace
from .learnt import Learnt


class UnitPlan:
    """The planned reads of a unit; made anew when more is wanted or something was learnt."""

    def __init__(self, model: Model, cost: LineCost, learnt: Learnt) -> None:
        """Begin with the model's preferred register map and nothing wanted."""
        self.registers: RegisterMap = model.registers
        self.wanted: frozenset[PointKey] = frozenset()
        self._model = model
        self._cost = cost
        self._learnt = learnt
        self._private = model.private_registers
        self._blocks: dict[Pace, tuple[Block, ...]] = {}
        self._within: dict[Read, tuple[int, int]] = {}
        self._known: dict[int, frozenset[int]] = {}
        self._known_version = learnt.version
        self.version = 0
        """Changes with what is wanted."""
        self.borders: tuple[Border, ...] = ()
        """Those that may be tried."""
        self.use(model.registers)

    def use(self, registers: RegisterMap) -> None:
        """Plan by another of the model's register maps."""
        self.registers = registers
        self.borders = borders_of(registers.ranges, self._private)
        self.version += 1
        self._forget()

    def want(self, keys: Collection[PointKey]) -> None:
        """Plan for just these points."""
        self.wanted = frozenset(keys)
        self.version += 1
        self._blocks.clear()

    @property
    def most(self) -> int:
        """The longest read."""
        return self._learnt.lengths.most(self.registers.max_registers)

    def blocks(self, group: Pace) -> tuple[Block, ...]:
        """Return the planned reads of a group with what lies in them."""
        self._keep_up()
        if (blocks := self._blocks.get(group)) is None:
            blocks = self._blocks[group] = self.blocks_of(self._keys(group))
        return blocks

    def blocks_of(self, keys: Collection[PointKey]) -> tuple[Block, ...]:
        """Return the reads that fetch some points, those with what others cannot be understood without first."""
        self._keep_up()
        first, then = blocks_of_points(self._taught, keys, self.reads, self._unreadable)
        return (*sorted(first, key=self._place_in_poll), *sorted(then, key=self._place_in_poll))

    def reads(self, spans: Iterable[Span]) -> list[Read]:
        """Return the reads that fetch some registers; what is private is not read on the way."""
        self._keep_up()
        taught = self._taught
        return self._planned(spans, taught.max_registers, taught.ranges)

    def printed(self, spans: Iterable[Span]) -> list[Read]:
        """Return the reads that fetch some registers and nothing that no manual prints."""
        self._keep_up()
        return self._planned(spans, self.most, self.registers.ranges)

    def hoped_for(self, most: int, crossed: Collection[Border]) -> list[Read]:
        """Return the reads of all that is wanted, if reads could be so long and cross these borders."""
        self._keep_up()
        ranges, places = joined(self.registers.ranges, crossed), self.registers.places
        return [
            read
            for group in Pace
            for read in self._planned(spans_of(places[key] for key in self._keys(group)), most, ranges)
        ]

    def within(self, read: Read) -> tuple[int, int]:
        """Return the first and last register a read may be stretched to (see `sequence.py`)."""
        self._keep_up()
        if (within := self._within.get(read)) is None:
            if (known := self._known.get(read.function)) is None:
                known = known_registers(self.registers, read.function, but=self._learnt.declined.keys())
                self._known[read.function] = known
            taught = self._taught
            within = readable_around(read, taught.ranges, known, self._unreadable, taught.max_registers)
            self._within[read] = within
        return within

    def holds_companion(self, block: Block) -> bool:
        """Whether something is among the points of a read that others cannot be understood without."""
        return not self.registers.companions.isdisjoint(block.keys)

    def _keys(self, group: Pace) -> frozenset[PointKey]:
        """Return what is wanted of a group, and what that cannot be understood without.

        A ratio does not change from one moment to the next: it is read with its own group. All else that a value is
        qualified by is read with the value.
        """
        points, places = self._model.points, self.registers.places
        needed = self.registers.with_companions(self.wanted) - self._learnt.declined.keys()
        keys = {key for key in needed if points[key].pace is group}
        return frozenset(keys | {other for key in keys for other in places[key].qualifiers.keys if other in needed})

    def _planned(self, spans: Iterable[Span], most: int, ranges: Sequence[tuple[int, int]]) -> list[Read]:
        return plan_reads(spans, self._cost, max_registers=most, ranges=ranges, holes=self._unreadable)

    @cached_property
    def _taught(self) -> RegisterMap:
        """The register map as the device has taught it."""
        ranges = joined(self.registers.ranges, self._learnt.crossed)
        return replace(self.registers, max_registers=self.most, ranges=ranges)

    @cached_property
    def _unreadable(self) -> frozenset[int]:
        """What nobody may read through: holes, what was declined, what is private."""
        places = self.registers.places
        declined = (places[key].addresses for key in self._learnt.declined if key in places)
        taught = frozenset(self._learnt.holes).union(*declined)
        # What is private may be thousands of registers, and the same for all devices of a model.
        return self._private | taught if taught else self._private

    def _place_in_poll(self, block: Block) -> tuple[bool, bool, int]:
        """Return the sort key of a read: those with companions first, then those whose length cannot be chosen.

        The others find a length of their own later, when the first ones' lengths are taken (see `sequence.py`). Long
        ones are the last: the more registers, the surer it shows that the meter lives (see `vital.py`).
        """
        low, high = self.within(block.read)
        return not self.holds_companion(block), high - low + 1 > block.read.count, block.read.count

    def _keep_up(self) -> None:
        if self._known_version != self._learnt.version:
            self._known_version = self._learnt.version
            self._forget()

    def _forget(self) -> None:
        self._blocks.clear()
        self._within.clear()
        self._known.clear()
        for name in ("_taught", "_unreadable"):
            self.__dict__.pop(name, None)
