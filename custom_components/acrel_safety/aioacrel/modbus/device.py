"""One device on a Modbus link: what is wanted of it is read in few requests and becomes readings."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from math import prod

from ..errors import LinkError, RefusedError
from ..models.schema import Model, Point, Ratio
from ..plan import Read, plan_reads
from ..readings import PointKey, Quality, Reading, Value
from ..texts import Phrase
from ..totals import Total
from ..vocabulary import Kind, PollGroup
from .blocks import Block, addresses, blocks_of, spans_of, within_model
from .dump import RegisterDump
from .guard import GuardedUnit
from .poll import GroupPoll, PollReport
from .presence import Presence
from .probe import patient_read, probe_model
from .settings import change_setting

_LOGGER = logging.getLogger(__name__)


def utcnow() -> datetime:
    """Return the time that readings are stamped with."""
    return datetime.now(UTC)


class AcrelDevice:
    """A unit of a known model. Nothing is read that nobody wants, nothing is written but by `change`."""

    def __init__(
        self,
        unit: GuardedUnit,
        model: Model,
        *,
        name: str | None = None,
        ratios: Mapping[Ratio, float] | None = None,
        guard_totals: bool = True,
        clock: Callable[[], datetime] = utcnow,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take a guarded unit and its model.

        `name` is what the log calls the device, by default "Unit N (MODEL)", which does not tell two links apart.
        `ratios` are the user's answers for `model.asks_ratios`; `guard_totals` holds back energy readings that run
        backwards or leap (`totals.py`), of use only where a device is polled again and again.
        """
        self.unit = unit
        self.model = model
        self.name = name or f"Unit {unit.unit_id} ({model.name})"
        self.readings: dict[PointKey, Reading] = {}
        self._given_ratios = dict(ratios or {})
        self._guards_totals = guard_totals
        self._clock = clock
        self._steady = steady
        self._wanted: Counter[PointKey] = Counter()
        self._blocks: dict[PollGroup, tuple[Block, ...]] = {}
        self._within: dict[Read, tuple[int, int]] = {}
        self._refused: set[PointKey] = set()
        self._holes: set[int] = set()
        self._presence = Presence(self.name)
        self._totals: dict[PointKey, Total] = {}

    @property
    def unit_id(self) -> int:
        """The unit id on the link."""
        return self.unit.unit_id

    # -- what is wanted ---------------------------------------------------------------------------------------------

    def want(self, keys: Iterable[PointKey]) -> None:
        """Read these points from now on; as often as a point is wanted it has to be unwanted again."""
        self._wanted.update(keys)
        self._blocks.clear()

    def unwant(self, keys: Iterable[PointKey]) -> None:
        """Take back a wish."""
        for key in keys:
            self._wanted[key] -= 1
            if self._wanted[key] <= 0:
                del self._wanted[key]
                self.readings.pop(key, None)
        self._blocks.clear()

    def want_all(self) -> None:
        """Read every point that has an address."""
        self.want(self.model.readable)

    def planned(self, group: PollGroup) -> list[Read]:
        """Return the requests one poll of a group takes."""
        return [block.read for block in self.blocks(group)]

    def groups(self) -> list[PollGroup]:
        """Return the groups in which something is wanted."""
        return [group for group in PollGroup if self.blocks(group)]

    def blocks(self, group: PollGroup) -> tuple[Block, ...]:
        """Return the planned reads of a group with their points."""
        if (blocks := self._blocks.get(group)) is None:
            blocks = self._blocks[group] = self._plan(group)
        return blocks

    def within(self, read: Read) -> tuple[int, int]:
        """Return the first and last register a read may be stretched to (see `sequence.py`)."""
        if (within := self._within.get(read)) is None:
            within = self._within[read] = within_model(self.model, read, holes=self._holes, refused=self._refused)
        return within

    def pause_before(self, block: Block) -> float:
        """Return the seconds for which a block cannot be asked for yet; the line is free for others until then."""
        read = block.read
        return self.unit.pause_before(read.function, read.address, read.count, within=self.within(read))

    def _plan(self, group: PollGroup) -> tuple[Block, ...]:
        points = [
            point
            for key, point in self.model.readable.items()
            if point.poll is group and key not in self._refused and (key in self._wanted or self._is_ratio_wanted(key))
        ]
        # Ratios first, within a read and among reads: what is multiplied with them follows.
        points.sort(key=lambda point: not self._is_ratio(point.key))
        return tuple(sorted(blocks_of(self._plan_reads(points), points), key=self._place_in_poll))

    def _plan_reads(self, points: Iterable[Point]) -> list[Read]:
        return plan_reads(
            spans_of(points),
            self.unit.cost,
            max_registers=self.model.max_registers,
            ranges=self.model.ranges,
            holes=self._holes,
        )

    def _place_in_poll(self, block: Block) -> tuple[bool, bool]:
        """Return the sort key of a read: those with ratios first, then those whose length cannot be chosen.

        The others find a length of their own later, when the first ones' lengths are taken (see `sequence.py`).
        """
        low, high = self.within(block.read)
        return not self.holds_ratio(block), high - low + 1 > block.read.count

    def holds_ratio(self, block: Block) -> bool:
        """Whether a transformer ratio is among the points of a read."""
        return any(self._is_ratio(point.key) for point, _ in block.points)

    def _is_ratio(self, key: PointKey) -> bool:
        return key in self.model.read_ratios.values()

    def _is_ratio_wanted(self, key: PointKey) -> bool:
        if not self._is_ratio(key):
            return False
        ratio = next(ratio for ratio, source in self.model.read_ratios.items() if source == key)
        return any(ratio in self.model.points[wanted].ratios for wanted in self._wanted if wanted in self.model.points)

    # -- reading ----------------------------------------------------------------------------------------------------

    async def poll(self, group: PollGroup) -> PollReport:
        """Read a group once; what went wrong stands in the report, nothing is raised but cancellation."""
        run = GroupPoll(self, group)
        while not run.is_done:
            await run.step()
        return run.finish()

    def is_available(self, group: PollGroup) -> bool:
        """Whether the group's values can be believed: it was answered before, and missed one poll at most since."""
        return self._presence.is_available(group)

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
        now, steady = self._clock(), self._steady()
        for point, offset in block.points:
            raw = point.layout.decode(words[offset : offset + point.count])
            self.readings[point.key] = self._reading(point, raw, now, steady)
        return {point.key for point, _ in block.points}

    def _reading(self, point: Point, raw: float | None, now: datetime, steady: float) -> Reading:
        if raw is None:
            return Reading(None, Quality.IMPLAUSIBLE, now)
        factors = [self._ratio(ratio) for ratio in point.ratios]
        if any(factor is None for factor in factors):
            return Reading(None, Quality.NO_RATIO, now)
        value = point.value_of(raw, prod(factor for factor in factors if factor is not None))
        if value is None:
            return Reading(None, Quality.IMPLAUSIBLE, now)
        if point.quantity.kind is Kind.ENERGY and self._guards_totals and not isinstance(value, bool | str):
            believed = self._totals.setdefault(point.key, Total()).believe(value, steady)
            return Reading(believed, Quality.GOOD if believed == value else Quality.HELD, now)
        return Reading(value, Quality.GOOD, now)

    def _ratio(self, ratio: Ratio) -> float | None:
        """Return a transformer ratio: the user's, else the one read from the device; None while unknown or 0."""
        if ratio in self._given_ratios:
            return self._given_ratios[ratio]
        key = self.model.read_ratios.get(ratio)
        reading = self.readings.get(key) if key is not None else None
        if reading is None or isinstance(reading.value, bool | str):
            return None
        return reading.value or None

    def seed_total(self, key: PointKey, value: float) -> None:
        """Tell the last believed value of a counter after a restart, unless the device was read already."""
        total = self._totals.setdefault(key, Total())
        if total.value is None:
            total.value, total.time = value, self._steady()

    def totals(self) -> Mapping[PointKey, float]:
        """Return the believed values of the counters: what is to outlive a restart."""
        return {key: total.value for key, total in self._totals.items() if total.value is not None}

    def recall_total(self, key: PointKey, value: float) -> None:
        """Judge the latest reading of a counter again, by a value remembered elsewhere that came too late for it."""
        total = self._totals[key] = Total()
        total.value, total.time = value, self._steady()
        reading = self.readings.get(key)
        if reading is not None and isinstance(reading.value, int | float):
            believed = total.believe(reading.value, self._steady())
            quality = Quality.GOOD if believed == reading.value else Quality.HELD
            self.readings[key] = Reading(believed, quality, reading.time)

    def note_refused(self, block: Block) -> None:
        """Learn from an illegal-address answer: where the gaps are, then, by halves, which point does not exist."""
        read = block.read
        wanted = {address for point, _ in block.points for address in addresses(point)}
        gaps = set(range(read.address, read.end)) - wanted
        if gaps:
            self._holes |= gaps
        elif len(block.points) == 1:
            key = block.points[0][0].key
            self._refused.add(key)
            self.readings[key] = Reading(None, Quality.REFUSED, self._clock())
            _LOGGER.info("%s: %s does not exist there", self.name, key)
        self._blocks.clear()
        self._within.clear()

    def drop(self, block: Block) -> set[PointKey]:
        """Note that the device declined a read this time; return the points that have no value now."""
        now = self._clock()
        for point, _ in block.points:
            self.readings[point.key] = Reading(None, Quality.REFUSED, now)
        return {point.key for point, _ in block.points}

    def note_answered(self, group: PollGroup) -> None:
        """Note that a poll of the group was answered."""
        self._presence.answered(group)

    def note_missed(self, group: PollGroup, error: LinkError) -> None:
        """Note that a poll of the group got no answer; after more than one its values are gone."""
        if not self._presence.missed(group, error):
            return
        now = self._clock()
        for key in self.readings:
            if self.is_silent or self.model.points[key].poll is group:
                self.readings[key] = Reading(None, Quality.NO_ANSWER, now)

    # -- identity, settings, raw registers ----------------------------------------------------------------------------

    async def probe(self, *, doubts_allowed: bool = False, is_known: bool = False) -> Phrase | None:
        """Check with a few short reads that the unit is there and answers as the model does (see `probe.py`)."""
        return await probe_model(self.unit, self.model, doubts_allowed=doubts_allowed, is_known=is_known)

    async def knock(self, rest: float | None = None) -> None:
        """Ask a silent unit for one wanted register; raises LinkError as long as it does not answer.

        `rest` is how many seconds it was left alone before: the longer, the longer it is listened to.
        """
        block = next((blocks[0] for group in PollGroup if (blocks := self.blocks(group))), None)
        if block is None:
            return
        try:
            read, within = block.read, self.within(block.read)
            await self.unit.read(read.function, read.address, 1, within=within, rest=rest)
        except RefusedError as error:
            if error.is_gateway or error.is_busy:
                raise

    async def change(self, key: PointKey, value: Value) -> Reading:
        """Change a setting: checked, written once, done when the value was read back (see `settings.py`)."""
        reading = await change_setting(self.unit, self.model, key, value, clock=self._clock)
        self.readings[key] = reading
        return reading

    async def dump(self, reads: Iterable[Read] | None = None) -> RegisterDump:
        """Return raw registers: those of the given reads, else all the model knows. Refused reads are noted.

        Raises LinkError when the unit cannot be asked.
        """
        dump = RegisterDump(model=self.model.id, unit_id=self.unit_id, taken=self._clock())
        points = [point for point in self.model.readable.values() if point.key not in self._refused]
        for read in self._plan_reads(points) if reads is None else reads:
            try:
                dump.add(read, await patient_read(self.unit, read.function, read.address, read.count))
            except RefusedError as error:
                dump.refused[read] = error.code
        return dump
