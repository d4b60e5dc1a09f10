"""One unit of a known model: what is wanted of it is read in few requests and becomes readings."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime

from .. import __version__
from ..errors import LinkError, RefusedError
from ..points import Model
from ..readings import PointKey, Quality, Reading
from ..registers import Ratio, Read, RegisterMap, Span, plan_reads
from ..registers.blocks import Block, blocks_of_points, spans_of, within_map
from ..registers.decode import Decoder
from ..registers.dump import RegisterDump
from ..registers.privacy import around, private_registers
from ..texts import Phrase
from ..vocabulary import Pace
from .guard import GuardedUnit
from .poll import GroupPoll, PollReport
from .presence import Presence
from .probe import Turn, patient_read, probe_model

_LOGGER = logging.getLogger(__name__)
ORIGIN = "modbus"
"""What readings of this way name as their origin."""


def utcnow() -> datetime:
    """Return the time that readings are stamped with."""
    return datetime.now(UTC)


class PolledUnit:
    """Reads what is wanted, in three polling groups, one per pace; nothing is read that nobody wants."""

    def __init__(
        self,
        unit: GuardedUnit,
        model: Model,
        *,
        name: str | None = None,
        ratios: Mapping[Ratio, float] | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        """Take a guarded unit and its model.

        `name` is what the log calls the device, by default "Unit N (MODEL)", which does not tell two links apart.
        `ratios` are the user's answers for the model's `asks_ratios`.
        """
        self.unit = unit
        self.model = model
        self.name = name or f"Unit {unit.unit_id} ({model.name})"
        self.readings: dict[PointKey, Reading] = {}
        self._ratios = ratios
        self._map = model.registers
        self._decoder = Decoder(model, ratios, origin=ORIGIN)
        self._clock = clock
        self._wanted: frozenset[PointKey] = frozenset()
        self._blocks: dict[Pace, tuple[Block, ...]] = {}
        self._within: dict[Read, tuple[int, int]] = {}
        self._refused: set[PointKey] = set()
        self._holes: set[int] = set()
        self._presence = Presence(self.name)

    @property
    def registers(self) -> RegisterMap:
        """The register map the unit is read by: the model's preferred one until a probe chose another."""
        return self._map

    @property
    def unit_id(self) -> int:
        """The unit id on the link."""
        return self.unit.unit_id

    # -- what is wanted ---------------------------------------------------------------------------------------------

    def want(self, keys: Collection[PointKey]) -> None:
        """Read just these points from now on; who wants what is counted above (`device.py`).

        What the register map at hand does not have is refused at once.
        """
        wanted = frozenset(keys)
        for key in self._wanted - wanted:
            self.readings.pop(key, None)
        fresh = wanted - self._wanted
        self._wanted = wanted
        self._blocks.clear()
        self._lose(self.lacking() & fresh, Quality.REFUSED)

    def want_all(self) -> None:
        """Read every point that has a register."""
        self.want(self.model.readable)

    def planned(self, group: Pace) -> list[Read]:
        """Return the requests one poll of a group takes."""
        return [block.read for block in self.blocks(group)]

    def groups(self) -> list[Pace]:
        """Return the groups in which something is wanted."""
        return [group for group in Pace if self.blocks(group)]

    def blocks(self, group: Pace) -> tuple[Block, ...]:
        """Return the planned reads of a group with what lies in them."""
        if (blocks := self._blocks.get(group)) is None:
            blocks = self._blocks[group] = self._plan(group)
        return blocks

    def blocks_for(self, keys: Collection[PointKey]) -> tuple[Block, ...]:
        """Return the reads that fetch some points, wanted or not, and those they cannot be understood without."""
        return self._planned(self._map.with_companions(keys))

    def within(self, read: Read) -> tuple[int, int]:
        """Return the first and last register a read may be stretched to (see `sequence.py`)."""
        if (within := self._within.get(read)) is None:
            within = self._within[read] = within_map(self._map, read, holes=self._holes, refused=self._refused)
        return within

    def pause_before(self, block: Block) -> float:
        """Return the seconds for which a block cannot be asked for yet; the line is free for others until then."""
        read = block.read
        return self.unit.pause_before(read.function, read.address, read.count, within=self.within(read))

    def _plan(self, group: Pace) -> tuple[Block, ...]:
        """Plan a group: what is wanted of it, and what that cannot be understood without.

        A ratio does not change from one moment to the next: it is read with its own group. All else that a value is
        qualified by is read with the value.
        """
        points, places = self.model.points, self._map.places
        needed = self._map.with_companions(self._wanted) - self._refused
        keys = {key for key in needed if points[key].pace is group}
        qualifiers = {other for key in keys for other in places[key].qualifiers.keys if other in needed}
        return self._planned(keys | qualifiers)

    def _planned(self, keys: Collection[PointKey]) -> tuple[Block, ...]:
        missing = {address for key in self._refused for address in self._map.places[key].addresses}
        first, then = blocks_of_points(self._map, keys, self._plan_reads, self._holes | missing)
        return (*sorted(first, key=self._place_in_poll), *sorted(then, key=self._place_in_poll))

    def _plan_reads(self, spans: Iterable[Span], private: Collection[int] = ()) -> list[Read]:
        return plan_reads(
            spans,
            self.unit.cost,
            max_registers=self._map.max_registers,
            ranges=self._map.ranges,
            holes=self._holes.union(private),
        )

    def _place_in_poll(self, block: Block) -> tuple[bool, bool]:
        """Return the sort key of a read: those with companions first, then those whose length cannot be chosen.

        The others find a length of their own later, when the first ones' lengths are taken (see `sequence.py`).
        """
        low, high = self.within(block.read)
        return not self.holds_companion(block), high - low + 1 > block.read.count

    def holds_companion(self, block: Block) -> bool:
        """Whether something is among the points of a read that others cannot be understood without."""
        return not self._map.companions.isdisjoint(block.keys)

    # -- reading ----------------------------------------------------------------------------------------------------

    async def poll(self, group: Pace) -> PollReport:
        """Read a group once; what went wrong stands in the report, nothing is raised but cancellation."""
        run = GroupPoll(self, group)
        while not run.is_done:
            await run.step()
        return run.finish()

    @property
    def is_silent(self) -> bool:
        """Whether the unit missed so many polls that asking it in full is a waste of the line."""
        return self._presence.is_silent

    @property
    def is_doubtful(self) -> bool:
        """Whether the latest poll was missed: then a request is not worth a second try."""
        return self._presence.is_doubtful

    def take(self, block: Block, words: list[int]) -> set[PointKey]:
        """Turn the answer to one planned read into readings; return the points it held."""
        readings = self._decoder.take(block, words, self._clock())
        self.readings.update(readings)
        return set(readings)

    def note_refused(self, block: Block) -> None:
        """Learn from an illegal-address answer: where the gaps are, then, by halves, which point does not exist."""
        read = block.read
        # What comes of it in parts must not be understood by what was read earlier.
        self._decoder.forget(block.keys)
        wanted = {address for _, place, _ in block.cells for address in place.addresses}
        gaps = set(range(read.address, read.end)) - wanted
        if gaps:
            self._holes |= gaps
        elif len(block.cells) == 1:
            self._refused.update(block.keys)
            self.drop(block)
            _LOGGER.info("%s: %s does not exist there", self.name, block.keys[0])
        self._blocks.clear()
        self._within.clear()

    def drop(self, block: Block) -> set[PointKey]:
        """Note that the device declined a read this time; return the points that have no value now."""
        return self._lose(block.keys, Quality.REFUSED)

    def note_answered(self, group: Pace) -> set[PointKey]:
        """Note that a poll of the group was answered; return the points of which it is known again what they lack."""
        self._presence.answered(group)
        points, readings = self.model.points, self.readings
        refused = [key for key in self._refused | self.lacking() if points[key].pace is group and key in readings]
        return self._lose([key for key in refused if readings[key].quality.is_lost], Quality.REFUSED)

    def note_missed(self, group: Pace, error: LinkError) -> set[PointKey]:
        """Note that a poll of the group got no answer; return the points whose values are gone by this."""
        if not self._presence.missed(group, error):
            return set()
        points = self.model.points
        return self._lose([key for key in self.readings if self.is_silent or points[key].pace is group])

    def note_silent(self, error: LinkError) -> set[PointKey]:
        """Note that the unit answers nothing of all that is wanted; return the points whose values are gone by this."""
        return {key for group in self.groups() for key in self.note_missed(group, error)}

    def forget_learnt(self) -> None:
        """Take nothing for refused, and no ratio for known any more: it may have been another device that said so."""
        self._decoder.forget(list(self.model.points))
        self._refused.clear()
        self._holes.clear()
        self._blocks.clear()
        self._within.clear()

    def use(self, registers: RegisterMap) -> None:
        """Read by another of the model's register maps from now on; what was read by the former is forgotten."""
        if registers is self._map:
            return
        self._map = registers
        self._decoder = Decoder(self.model, self._ratios, origin=ORIGIN, registers=registers)
        self.forget_learnt()
        self.readings.clear()
        self._lose(self.lacking(), Quality.REFUSED)

    def lacking(self) -> frozenset[PointKey]:
        """Return what is wanted and has no place in the register map at hand."""
        return self._wanted - self._map.places.keys()

    def _lose(self, keys: Collection[PointKey], quality: Quality = Quality.NO_ANSWER) -> set[PointKey]:
        self.readings.update(self._decoder.lost(keys, quality, self._clock()))
        return set(keys)

    # -- identity, raw registers ------------------------------------------------------------------------------------

    async def probe(
        self, *, doubts_allowed: bool = False, is_known: bool = False, turn: Turn = nullcontext
    ) -> Phrase | None:
        """Check with a few short reads that the unit is there and answers as the model does (see `probe.py`).

        From then on it is read by the register map that fits.
        """
        fit = await probe_model(self.unit, self.model, doubts_allowed=doubts_allowed, is_known=is_known, turn=turn)
        self.use(fit.registers)
        return fit.doubt

    async def knock(self, rest: float | None = None) -> None:
        """Ask a silent unit for one wanted register; raises LinkError as long as it does not answer.

        `rest` is how many seconds it was left alone before: the longer, the longer it is listened to.
        """
        block = next((blocks[0] for group in Pace if (blocks := self.blocks(group))), None)
        if block is None:
            return
        try:
            read, within = block.read, self.within(block.read)
            await self.unit.read(read.function, read.address, 1, within=within, rest=rest)
        except RefusedError as error:
            if error.is_gateway or error.is_busy:
                raise

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return what some points are now, asked for at once and without regard to polls.

        Raises LinkError when the unit cannot be asked; what it refuses has no value.
        """
        readings: dict[PointKey, Reading] = {}
        for block in self.blocks_for(keys):
            read = block.read
            try:
                words = await self.unit.read(read.function, read.address, read.count, within=self.within(read))
            except RefusedError as error:
                if error.is_gateway or error.is_busy:
                    raise
                readings.update(self._decoder.lost(block.keys, Quality.REFUSED, self._clock()))
            else:
                readings.update(self._decoder.take(block, words, self._clock()))
        return {key: reading for key, reading in readings.items() if key in keys}

    async def dump(self, reads: Iterable[Read] | None = None, *, turn: Turn = nullcontext) -> RegisterDump:
        """Return raw registers: those of the given reads, else all the model knows. Refused reads are noted.

        What the model says is private is not read. Raises LinkError when the unit cannot be asked.
        """
        dump = RegisterDump(
            model=self.model.id,
            unit_id=self.unit_id,
            taken=self._clock(),
            library=__version__,
            evidence=self.model.evidence,
            framing=self.unit.framing,
            baudrate=self.unit.cost.line.baudrate,
        )
        private = private_registers([self.model])
        left_out = self._refused | self.model.private
        places = [place for key, place in self._map.places.items() if key not in left_out]
        planned = self._plan_reads(spans_of(places), private) if reads is None else reads
        for read in around(planned, private):
            try:
                dump.add(read, await patient_read(self.unit, read.function, read.address, read.count, turn))
            except RefusedError as error:
                dump.refused[read] = error.code
        return dump
