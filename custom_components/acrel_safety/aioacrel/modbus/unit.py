"""One unit of a known model: what is wanted of it is read in few requests and becomes readings."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from math import inf

from ..errors import ILLEGAL_ADDRESS, LinkError, NoAnswerError, RefusedError
from ..points import Model
from ..readings import PointKey, Quality, Reading
from ..registers import Ratio, Read, RegisterMap
from ..registers.blocks import Block, spans_of
from ..registers.decode import Decoder
from ..registers.dump import RegisterDump
from ..registers.privacy import around
from ..texts import Phrase
from ..vocabulary import Pace
from .dumping import take_dump
from .guard import GuardedUnit
from .learnt import Learnt
from .lessons import note_recovered, suspect_gaps
from .parts import read_in_parts
from .planning import UnitPlan
from .poll import GroupPoll, PollReport
from .presence import MISSES_FORGIVEN, Presence
from .probe import Turn, patient_read, probe_model
from .trials import Trials
from .vital import Life, Vital

_LOGGER = logging.getLogger(__name__)
ORIGIN = "modbus"
"""What readings of a local link name as their origin."""


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
        origin: str = ORIGIN,
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
        self.origin = origin
        self._ratios = ratios
        self.learnt = Learnt()
        self.plan = UnitPlan(model, unit.cost, self.learnt)
        self.trials = Trials(self.plan, self.learnt)
        self._decoder = Decoder(model, ratios, origin=origin)
        self.vital = Vital(model.points, self.registers, unit.unit_id)
        self.is_blankly_read = False
        """Whether what was read on request last may be said for a dead meter, too."""
        self._clock = clock
        self._presence = Presence(self.name)
        self._misses: dict[PointKey, int] = {}
        """Polls in a row that brought nothing of a point."""

    @property
    def registers(self) -> RegisterMap:
        """The register map the unit is read by: the model's preferred one until a probe chose another."""
        return self.plan.registers

    @property
    def unit_id(self) -> int:
        """The unit id on the link."""
        return self.unit.unit_id

    # -- what is wanted ---------------------------------------------------------------------------------------------

    def want(self, keys: Collection[PointKey]) -> None:
        """Read just these points from now on; who wants what is counted above (`device.py`).

        What the register map at hand does not have is refused at once.
        """
        former, wanted = self.plan.wanted, frozenset(keys)
        for key in former - wanted:
            self.readings.pop(key, None)
            self._misses.pop(key, None)
        self.plan.want(wanted)
        self.lose(self.lacking() & (wanted - former), Quality.REFUSED)

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
        return self.plan.blocks(group)

    def blocks_for(self, keys: Collection[PointKey]) -> tuple[Block, ...]:
        """Return the reads that fetch some points, wanted or not, and those they cannot be understood without."""
        return self.plan.blocks_of(self.registers.with_companions(keys))

    def again(self, block: Block) -> tuple[Block, ...]:
        """Return the reads that fetch what a planned one was to fetch, after what was learnt since."""
        return self.plan.blocks_of(block.keys)

    def alone(self, block: Block) -> Block:
        """Return the read of a planned one's first point alone."""
        key, place, _ = block.cells[0]
        return Block(read=Read(place.function, place.address, place.count), cells=((key, place, 0),))

    def pause_before(self, block: Block) -> float:
        """Return the seconds for which a block cannot be asked for yet; the line is free for others until then."""
        read = block.read
        return self.unit.pause_before(read.function, read.address, read.count, within=self.plan.within(read))

    def holds_companion(self, block: Block) -> bool:
        """Whether something is among the points of a read that others cannot be understood without."""
        return self.plan.holds_companion(block)

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

    @property
    def heard(self) -> int:
        """How often anything at all was heard of the unit: short questions after a fault count, too."""
        return self.unit.figures.heard

    async def ask(self, block: Block) -> list[int]:
        """Send one planned read, or what has to go before; raises as `GuardedUnit.read` does, and PauseDueError."""
        read = block.read
        within = self.plan.within(read)
        return await self.unit.read(read.function, read.address, read.count, within=within, waits=False)

    async def _ask_patiently(self, block: Block) -> list[int]:
        """Send one planned read, also when a pause is due before it; raises as `GuardedUnit.read` does."""
        read = block.read
        return await self.unit.read(read.function, read.address, read.count, within=self.plan.within(read))

    def take(self, block: Block, words: list[int]) -> set[PointKey]:
        """Turn the answer to one planned read into readings; return the points it held."""
        self.learnt.declines_all, self.learnt.has_answered = False, True
        self.learnt.note_answered(block.read.count)
        if self.vital.take(block.read, words, block.keys, _now()) is Life.DEAD:
            # The meter said none of this: neither a value nor the quiet of an alarm.
            return self.lose(block.keys)
        readings = self._decoder.take(block, words, self._clock())
        self.learnt.note_given(readings.keys())
        self.readings.update(readings)
        return set(readings)

    # -- what became of it ------------------------------------------------------------------------------------------

    def note_declined(self, block: Block, code: int) -> None:
        """Note that a read was declined; what it reads on the way is suspected first, its points last."""
        # What comes of it in parts must not be understood by what was read earlier.
        self._decoder.forget(block.keys)
        if code == ILLEGAL_ADDRESS:
            suspect_gaps(self.learnt, self.registers, block, _now())

    def note_recovered(self, block: Block, code: int | None) -> None:
        """Note that all parts of a read were answered which itself was declined with a code, or got no answer."""
        if note_recovered(self.learnt, self.registers, block, _now()):
            count = block.read.count
            _LOGGER.info("%s gives no %d registers in one answer (%s)", self.name, count, code or "no answer")

    def decline(self, block: Block, code: int | None) -> set[PointKey]:
        """Note that points were asked for alone in vain; return those that have no value by this."""
        if not self.learnt.declined.keys() & set(block.keys):
            _LOGGER.info("%s: %s %s", self.name, block.keys[0], "is not answered" if code is None else "is refused")
        self.learnt.decline(block.keys, code, _now())
        return set() if code is None else self.drop(block)

    def drop(self, block: Block) -> set[PointKey]:
        """Note that the device declined a read this time; return the points that have no value now."""
        return self.lose(block.keys, Quality.REFUSED)

    def note_answered(self, group: Pace) -> set[PointKey]:
        """Note that a poll of the group was answered; return the points of which it is known again what they lack."""
        self._presence.answered(group)
        points, readings = self.model.points, self.readings
        refused = [key for key in self.learnt.refused | self.lacking() if points[key].pace is group and key in readings]
        return self.lose([key for key in refused if readings[key].quality.is_lost], Quality.REFUSED)

    def note_missing(
        self, missed: Collection[PointKey], read: Collection[PointKey], *, is_there: bool
    ) -> set[PointKey]:
        """Note what a poll brought and what not; return the points whose values are gone by this.

        Where the unit `is_there`, what it never gave has nothing to be forgiven.
        """
        self._end_poll()
        for key in read:
            self._misses.pop(key, None)
        for key in missed:
            self._misses[key] = self._misses.get(key, 0) + 1
        allowed = {key: MISSES_FORGIVEN if key in self.readings or not is_there else 0 for key in missed}
        return self.lose([key for key in missed if self._misses[key] > allowed[key]])

    def _end_poll(self) -> None:
        """Let nothing be understood by what may not have come of the meter."""
        self.vital.end_poll()
        if doubtful := self.vital.in_question:
            self.vital.keep({read for pace in Pace for read in self.planned(pace)})
            if not self.registers.companions.isdisjoint(doubtful):
                self._decoder.forget(doubtful)
                self.vital.ask_again()

    def note_missed(self, group: Pace, error: LinkError, but: Collection[PointKey] = frozenset()) -> set[PointKey]:
        """Note that a poll of the group got no answer; return the points whose values are gone by this.

        What it answered all the same, before the link was lost, stays.
        """
        if not self._presence.missed(group, error):
            return set()
        points = self.model.points
        lost = [key for key in self.readings if self.is_silent or points[key].pace is group]
        return self.lose([key for key in lost if key not in but])

    def note_silent(self, error: LinkError) -> set[PointKey]:
        """Note that the unit answers nothing of all that is wanted; return the points whose values are gone by this."""
        return {key for group in self.groups() for key in self.note_missed(group, error)}

    def doubt(self) -> None:
        """Take nothing for refused, and no ratio for known any more: it may have been another device that said so."""
        self._decoder.forget(list(self.model.points))
        self.learnt.doubt()

    def use(self, registers: RegisterMap) -> None:
        """Read by another of the model's register maps from now on; what was read by the former is forgotten."""
        if registers is self.registers:
            return
        self.learnt.forget()
        self.plan.use(registers)
        self._decoder = Decoder(self.model, self._ratios, origin=self.origin, registers=registers)
        self.vital = Vital(self.model.points, registers, self.unit_id)
        self.readings.clear()
        self.lose(self.lacking(), Quality.REFUSED)

    def lacking(self) -> frozenset[PointKey]:
        """Return what is wanted and has no place in the register map at hand."""
        return self.plan.wanted - self.registers.places.keys()

    def lose(self, keys: Collection[PointKey], quality: Quality = Quality.NO_ANSWER) -> set[PointKey]:
        """Take the values of points away; return the points."""
        self.readings.update(self._decoder.lost(keys, quality, self._clock()))
        return set(keys)

    # -- what is tried at idle time ---------------------------------------------------------------------------------

    def next_try(self) -> float:
        """Return when something is to be tried that was declined, or never asked; infinity when there is nothing."""
        if self.is_silent or self.is_doubtful:
            return inf
        self.learnt.fill_holes(_now())
        return self.trials.due()

    def overdue_try(self) -> float:
        """Return since when a point that was declined waits to be asked for again; infinity if none may be now."""
        return inf if self.is_silent or self.is_doubtful else self.trials.waits_since(_now())

    def restore(self, kept: Mapping[str, object], *, age: float) -> None:
        """Take over what was kept of what was learnt (`Learnt.kept`), so many seconds ago."""
        self.learnt.restore(kept, self.plan.borders, _now(), age)

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

    async def is_blank(self, *, turn: Turn = nullcontext) -> bool:
        """Look through all known registers for anything that only a living meter says; stops where it is found.

        Raises LinkError when the unit cannot be asked.
        """
        left_out = self.learnt.refused | self.model.private
        places = [place for key, place in self.registers.places.items() if key not in left_out]
        answers: dict[Read, list[int]] = {}
        silence: NoAnswerError | None = None
        for read in around(self.plan.printed(spans_of(places)), self.model.private_registers):
            try:
                answers[read] = await patient_read(self.unit, read.function, read.address, read.count, turn)
            except RefusedError:
                continue
            except NoAnswerError as error:
                # A gateway that answers from what it keeps may be silent on what it was not asked for lately.
                silence = error
                continue
            if len(set(answers[read])) > 1:
                return False
        if not answers and silence is not None:
            raise silence
        return bool(answers) and not self.vital.is_spoken(answers)

    def lose_all(self) -> set[PointKey]:
        """Note that no meter is behind the answers; return the points whose values are gone by this."""
        return self.lose(list(self.readings))

    async def knock(self, rest: float | None = None) -> None:
        """Ask a silent unit for one wanted register; raises LinkError as long as it does not answer.

        `rest` is how many seconds it was left alone before: the longer, the longer it is listened to.
        """
        block = next((blocks[0] for group in Pace if (blocks := self.blocks(group))), None)
        if block is None:
            return
        try:
            read, within = block.read, self.plan.within(block.read)
            await self.unit.read(read.function, read.address, 1, within=within, rest=rest)
        except RefusedError as error:
            if error.is_gateway or error.is_busy:
                raise

    def _around(self, keys: Collection[PointKey], registers: int) -> set[PointKey]:
        """Return points with those that lie at most so many registers beside one of them, and were never refused."""
        places = self.registers.places
        near = {
            (places[key].function, address)
            for key in keys
            if key in places
            for address in range(places[key].address - registers, places[key].addresses.stop + registers)
        }
        beside = {key for key, place in places.items() if (place.function, place.address) in near}
        return {*keys, *(beside - self.learnt.refused - self.model.private)}

    async def read(self, keys: Collection[PointKey], *, beside: int = 0) -> Mapping[PointKey, Reading]:
        """Return what some points are now, asked for at once and without regard to polls.

        What lies up to `beside` registers beside them is read with them, and thrown away.
        Raises LinkError when the unit cannot be asked; what it refuses has no value.
        """
        readings: dict[PointKey, Reading] = {}
        self.is_blankly_read = True
        blocks = self.blocks_for(self._around(keys, beside) if beside else keys)
        async for block, words in read_in_parts(self.unit, blocks, self._ask_patiently):
            if isinstance(words, RefusedError):
                readings.update(self._decoder.lost(block.keys, Quality.REFUSED, self._clock()))
                continue
            life = self.vital.life_of(block.read, words)
            self.is_blankly_read &= life is not Life.ALIVE
            if life is Life.DEAD:
                readings.update(self._decoder.lost(block.keys, Quality.NO_ANSWER, self._clock()))
            else:
                readings.update(self._decoder.take(block, words, self._clock()))
        return {key: reading for key, reading in readings.items() if key in keys}

    async def dump(self, reads: Iterable[Read] | None = None, *, turn: Turn = nullcontext) -> RegisterDump:
        """Return raw registers: those of the given reads, else all the model knows. Refused reads are noted.

        What the model says is private is not read. Raises LinkError when the unit cannot be asked.
        """
        if reads is None:
            left_out = self.learnt.refused | self.model.private
            places = [place for key, place in self.registers.places.items() if key not in left_out]
            reads = self.plan.printed(spans_of(places))
        return await take_dump(self.unit, self.model, reads, self._clock(), turn)


def _now() -> float:
    return asyncio.get_running_loop().time()
