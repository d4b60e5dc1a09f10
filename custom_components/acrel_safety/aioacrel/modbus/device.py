"""One device on a Modbus link: what is wanted of it is read in few requests and becomes readings."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import prod

from ..errors import (
    LinkError,
    LinkUnreachableError,
    MissingTableError,
    NoAnswerError,
    RefusedError,
    WrongDeviceError,
)
from ..models.schema import Model, Point, ProbeCheck, Ratio
from ..plan import Read, Span, plan_reads
from ..readings import PointKey, Quality, Reading, Value
from ..totals import Total
from ..vocabulary import Kind, PollGroup
from .dump import RegisterDump
from .guard import GuardedUnit
from .settings import change_setting

_LOGGER = logging.getLogger(__name__)

MISSES_FORGIVEN = 1
"""Polls a group may miss in a row before its values are gone: one lost frame is no outage."""
MISSES_TO_BE_SILENT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """How one poll of a group went. `error` is set when the group got no answer as a whole."""

    device: AcrelDevice
    group: PollGroup
    updated: frozenset[PointKey] = frozenset()
    refused: frozenset[PointKey] = frozenset()
    error: LinkError | None = None
    requests: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A planned read and the points in its answer, each with its offset."""

    read: Read
    points: tuple[tuple[Point, int], ...]


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
        ratios: Mapping[Ratio, float] | None = None,
        guard_totals: bool = True,
        clock: Callable[[], datetime] = utcnow,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take a guarded unit and its model.

        `ratios` are the user's answers for `model.asks_ratios`; `guard_totals` holds back energy readings that run
        backwards or leap (`totals.py`), of use only where a device is polled again and again.
        """
        self.unit = unit
        self.model = model
        self.readings: dict[PointKey, Reading] = {}
        self._given_ratios = dict(ratios or {})
        self._guards_totals = guard_totals
        self._clock = clock
        self._steady = steady
        self._wanted: Counter[PointKey] = Counter()
        self._blocks: dict[PollGroup, tuple[_Block, ...]] = {}
        self._refused: set[PointKey] = set()
        self._holes: set[int] = set()
        self._misses: dict[PollGroup, int] = {}
        self._totals: dict[PointKey, Total] = {}
        self._is_lost = False

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

    def blocks(self, group: PollGroup) -> tuple[_Block, ...]:
        """Return the planned reads of a group with their points."""
        if (blocks := self._blocks.get(group)) is None:
            blocks = self._blocks[group] = self._plan(group)
        return blocks

    def _plan(self, group: PollGroup) -> tuple[_Block, ...]:
        points = [
            point
            for key, point in self.model.readable.items()
            if point.poll is group and key not in self._refused and (key in self._wanted or self._is_ratio_wanted(key))
        ]
        reads = plan_reads(
            [Span(point.function, point.address, point.count) for point in points if point.address is not None],
            self.unit.cost,
            max_registers=self.model.max_registers,
            ranges=self.model.ranges,
            holes=self._holes,
        )
        return tuple(_Block(read=read, points=tuple(_inside(read, points))) for read in reads)

    def _is_ratio_wanted(self, key: PointKey) -> bool:
        if key not in self.model.read_ratios.values():
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
        """Whether the group's values can be believed: its last poll was answered, or only one was missed."""
        return group in self._misses and self._misses[group] <= MISSES_FORGIVEN and not self._never_answered(group)

    def _never_answered(self, group: PollGroup) -> bool:
        return self._misses[group] > 0 and not any(
            self.readings.get(point.key) for block in self.blocks(group) for point, _ in block.points
        )

    @property
    def is_silent(self) -> bool:
        """Whether the unit missed so many polls that asking it in full is a waste of the line."""
        return any(misses >= MISSES_TO_BE_SILENT for misses in self._misses.values())

    def take(self, block: _Block, words: list[int]) -> set[PointKey]:
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

    def note_refused(self, block: _Block) -> None:
        """Learn from an illegal-address answer: where the gaps are, then, by halves, which point does not exist."""
        read = block.read
        wanted = {address for point, _ in block.points for address in _addresses(point)}
        gaps = set(range(read.address, read.end)) - wanted
        if gaps:
            self._holes |= gaps
        elif len(block.points) == 1:
            key = block.points[0][0].key
            self._refused.add(key)
            self.readings[key] = Reading(None, Quality.REFUSED, self._clock())
            _LOGGER.info("Unit %s (%s): %s does not exist there", self.unit_id, self.model.name, key)
        self._blocks.clear()

    def note_answered(self, group: PollGroup) -> None:
        """Note that a poll of the group was answered."""
        self._misses = dict.fromkeys(self._misses, 0) | {group: 0}
        if self._is_lost:
            self._is_lost = False
            _LOGGER.info("Unit %s (%s) answers again", self.unit_id, self.model.name)

    def note_missed(self, group: PollGroup, error: LinkError) -> None:
        """Note that a poll of the group got no answer; after more than one its values are gone."""
        self._misses[group] = self._misses.get(group, 0) + 1
        if self._misses[group] <= MISSES_FORGIVEN:
            return
        now = self._clock()
        for block in self.blocks(group):
            for point, _ in block.points:
                self.readings[point.key] = Reading(None, Quality.NO_ANSWER, now)
        if not self._is_lost:
            self._is_lost = True
            _LOGGER.warning("Unit %s (%s) was lost: %s", self.unit_id, self.model.name, error)

    # -- identity, settings, raw registers ----------------------------------------------------------------------------

    async def probe(self) -> None:
        """Check with a few short reads that the unit is there and answers as the model does.

        Raises WrongDeviceError, MissingTableError, or the LinkError of a unit that cannot be asked.
        """
        if self.model.needs_table:
            raise MissingTableError(model=self.model.name, needs=len(self.model.waiting))
        checks = self.model.probes or (_existence_check(self.model),)
        for check in checks:
            if (found := await self._fails(check)) is not None:
                raise WrongDeviceError(unit=self.unit_id, model=self.model.name, detail=found)

    async def _fails(self, check: ProbeCheck) -> str | None:
        """Return what is not as the check wants it, None when it is."""
        place = f"register {check.address:04X}h"
        try:
            words = await self._patient_read(check.function, check.address, check.count)
        except RefusedError as error:
            if error.is_gateway:
                raise NoAnswerError(unit=self.unit_id, seconds=f"{self.unit.timeout:g}") from error
            if not (error.is_illegal_address or error.code == 1):
                raise
            return None if check.refused else f"{place} does not exist"
        if check.refused:
            return f"{place} exists, which this model does not have"
        masked = words[0] & check.mask
        if check.is_unit_id and masked != self.unit_id & check.mask:
            return f"{place} should hold the unit id, it holds {masked}"
        if check.allowed is not None and not check.allowed[0] <= masked <= check.allowed[1]:
            return f"{place} holds {words[0]:04X}h"
        return None

    async def _patient_read(self, function: int, address: int, count: int) -> list[int]:
        """Read with the one retry that reads have; a link that is down is not asked twice."""
        try:
            return await self.unit.read(function, address, count)
        except LinkUnreachableError:
            raise
        except RefusedError as error:
            if not error.is_busy:
                raise
        except LinkError:
            pass
        return await self.unit.read(function, address, count)

    async def knock(self) -> None:
        """Ask a silent unit for one wanted register; raises LinkError as long as it does not answer."""
        block = next((blocks[0] for group in PollGroup if (blocks := self.blocks(group))), None)
        if block is None:
            return
        try:
            await self.unit.read(block.read.function, block.read.address, 1)
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
        spans = [Span(point.function, point.address, point.count) for point in points if point.address is not None]
        planned = plan_reads(
            spans,
            self.unit.cost,
            max_registers=self.model.max_registers,
            ranges=self.model.ranges,
            holes=self._holes,
        )
        for read in planned if reads is None else reads:
            try:
                dump.add(read, await self._patient_read(read.function, read.address, read.count))
            except RefusedError as error:
                dump.refused[read] = error.code
        return dump


class GroupPoll:
    """One poll of a group, request by request, so that others can go between."""

    def __init__(self, device: AcrelDevice, group: PollGroup) -> None:
        """Begin with the planned reads."""
        self._device = device
        self._group = group
        self._todo = list(device.blocks(group))
        self._updated: set[PointKey] = set()
        self._failed: set[PointKey] = set()
        self._error: LinkError | None = None
        self._has_retried = False
        self._requests = 0
        self._started = time.monotonic()

    @property
    def is_done(self) -> bool:
        """Whether no request is left."""
        return not self._todo

    async def step(self) -> None:
        """Send the next request; a failed one is retried once in this poll, then the poll ends."""
        block = self._todo.pop(0)
        self._requests += 1
        try:
            words = await self._device.unit.read(block.read.function, block.read.address, block.read.count)
        except RefusedError as error:
            self._refused(block, error)
        except LinkUnreachableError as error:
            self._give_up(error)
        except LinkError as error:
            self._again(block, error)
        else:
            self._updated |= self._device.take(block, words)

    def _refused(self, block: _Block, error: RefusedError) -> None:
        if error.is_gateway or (error.is_busy and not self._has_retried):
            self._again(block, error)
        elif error.is_illegal_address:
            self._device.note_refused(block)
            self._todo[:0] = _smaller(block)
            self._failed |= set() if _smaller(block) else {block.points[0][0].key}
        else:
            now = self._device.readings
            for point, _ in block.points:
                now[point.key] = Reading(None, Quality.REFUSED, utcnow())
                self._failed.add(point.key)

    def _again(self, block: _Block, error: LinkError) -> None:
        if self._has_retried:
            self._give_up(error)
        else:
            self._has_retried = True
            self._todo.insert(0, block)

    def _give_up(self, error: LinkError) -> None:
        self._error = error
        self._todo.clear()

    def finish(self) -> PollReport:
        """Return the report and tell the device how the poll went."""
        if self._error is None:
            self._device.note_answered(self._group)
        else:
            self._device.note_missed(self._group, self._error)
        return PollReport(
            device=self._device,
            group=self._group,
            updated=frozenset(self._updated),
            refused=frozenset(self._failed),
            error=self._error,
            requests=self._requests,
            seconds=time.monotonic() - self._started,
        )


def _addresses(point: Point) -> range:
    first = point.address or 0
    return range(first, first + point.count)


def _inside(read: Read, points: Iterable[Point]) -> Iterable[tuple[Point, int]]:
    for point in points:
        if point.address is None or point.function != read.function:
            continue
        if read.address <= point.address and point.address + point.count <= read.end:
            yield point, point.address - read.address


def _smaller(block: _Block) -> list[_Block]:
    """Split a refused read: at its gaps if it has any, else into halves; a single point is not split."""
    points = sorted(block.points, key=lambda item: item[1])
    cuts = [
        index
        for index in range(1, len(points))
        if points[index][1] > max(offset + point.count for point, offset in points[:index])
    ]
    if not cuts:
        if len(points) == 1:
            return []
        cuts = [len(points) // 2]
    parts = [points[start:end] for start, end in zip([0, *cuts], [*cuts, len(points)], strict=True)]
    return [_block_of(block.read.function, [point for point, _ in part]) for part in parts]


def _block_of(function: int, points: list[Point]) -> _Block:
    first = min(_addresses(point).start for point in points)
    end = max(_addresses(point).stop for point in points)
    read = Read(function, first, end - first)
    return _Block(read=read, points=tuple(_inside(read, points)))


def _existence_check(model: Model) -> ProbeCheck:
    """Return the check for a model without probes: its first register must exist."""
    first = min(model.readable.values(), key=lambda point: point.address or 0)
    return ProbeCheck(address=first.address or 0, count=first.count, function=first.function)
