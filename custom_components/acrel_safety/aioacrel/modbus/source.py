"""A unit on a bus as a source of readings. Nothing of it is believed before it proved to be what it is taken for."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager, nullcontext

from ..errors import (
    AcrelError,
    DeadMeterError,
    LinkError,
    LinkUnreachableError,
    NoAnswerError,
    NotSentError,
    WrongDeviceError,
)
from ..points import Point
from ..readings import PointKey, Quality, Reading
from ..registers.dump import RegisterDump
from ..source import NEAR, Order, Sink, Update
from ..texts import Phrase, phrase
from ..vocabulary import Pace
from .bus import DEFAULT_INTERVALS, Bus
from .identity import identify
from .orders import check_order, refused, write_order
from .poll import PollReport
from .unit import PolledUnit, utcnow

LIFELESS_SECONDS = 60.0
"""After so long without a sign of life one is looked for: nothing but zeros may be a dead meter's by now."""
NEIGHBOURS = 16
"""So many registers around what is asked for are read with it: a single word is the same whoever says it."""
_PACES = tuple(Pace)


class ModbusSource:
    """One unit: identified first, then polled; identified again whenever it was away.

    Until then only its *door bell* is read, one point whose value nobody sees: of a wrong device nothing is asked that
    it may not have.
    """

    rank = NEAR

    def __init__(
        self,
        unit: PolledUnit,
        bus: Bus,
        *,
        intervals: Mapping[Pace, float] | None = None,
        spawn: Callable[[Coroutine[None, None, None]], None],
        session: Callable[[], object] | None = None,
    ) -> None:
        """Take a unit that is not on the bus yet; `spawn` runs what may not hold up the bus.

        `session` returns what stays the same as long as no other device can have taken the place of this one: before
        an order it is identified once for each. Without it, it is identified before every order.
        """
        self.unit = unit
        self.points: Mapping[PointKey, Point] = unit.model.readable
        self.is_wrong = False
        """Whether another kind of device answers: it is not polled."""
        self.is_dead = False
        """Whether something answers in place of the meter: only the door bell is read."""
        self.bus = bus
        self._intervals = {**DEFAULT_INTERVALS, **(intervals or {})}
        self._spawn = spawn
        self._sinks: list[Sink] = []
        self._wanted: frozenset[PointKey] = frozenset()
        self._trouble: AcrelError | None = None
        self._is_right = False
        """Whether it answered as its model does, since the start and since it was silent last."""
        self._is_checking = False
        self._doubts = 0
        """How often it had to be doubted."""
        self._held: frozenset[PointKey] = frozenset()
        """Points that were read and not told yet."""
        self._reported: set[Pace] = set()
        self._was_read = asyncio.Event()
        self._leave_bus: Callable[[], None] | None = None
        self._is_over = False
        self._was_right = False
        self._session = session
        self._identifying = asyncio.Lock()
        self._identified_in: object = None
        """The session in which it proved last to be the right one."""
        self._remembered: tuple[Mapping[str, object], float] | None = None
        """What was kept of a former run, and when, until the device is known to be the right one."""
        self._door_bell = frozenset([min(self.points, key=self._clearness)])
        unit.want(self._door_bell)

    @property
    def orders(self) -> AbstractSet[PointKey]:
        """What can be set in any of the model's register maps, and operated in the one of this device."""
        model = self.unit.model
        return model.settable | model.operable_in(self.unit.registers)

    @property
    def lacking(self) -> AbstractSet[PointKey]:
        """What the register map of this device does not have."""
        return self.points.keys() - self.unit.registers.places.keys()

    # -- as every source ----------------------------------------------------------------------------------------------

    def join(self, sink: Sink) -> Callable[[], None]:
        """Tell all there is to say from now on; returns what ends that."""
        self._sinks.append(sink)

        def leave() -> None:
            self._sinks.remove(sink)

        return leave

    def want(self, keys: AbstractSet[PointKey]) -> None:
        """Have just these points read from now on, as soon as the device is known to be the right one."""
        shown = self.points.keys()
        former, self._wanted = self._wanted, frozenset(keys if keys <= shown else keys & shown)
        if self._is_right:
            self.unit.want(self._wanted)
            self._tell(self.unit.lacking() - former)

    def hurry(self) -> None:
        """Have all that is wanted polled without waiting for its time."""
        self.bus.wake(self.unit)

    def question(self) -> None:
        """Have the unit identified soon, and before any order."""
        self._identified_in = None
        if self._is_right and not self._is_over:
            self._check()

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return fresh readings, before any further poll; of a device that is not known to be the right one only then.

        Raises LinkError, WrongDeviceError.
        """
        if self._trouble is not None:
            raise self._trouble
        if (self._session is not None or not self._is_right) and (error := await self._identified()) is not None:
            raise error

        async def read() -> tuple[Mapping[PointKey, Reading], bool]:
            # Both before anybody else asks the unit: the answer that is blank has to be this one.
            return await self.unit.read(keys, beside=NEIGHBOURS), self.unit.is_blankly_read

        readings, is_blank = await self.bus.command(read, self.unit.unit)
        if is_blank:
            await self._look_for_life()
        return readings

    async def _look_for_life(self) -> None:
        """Raise DeadMeterError if nothing shows that what was read is not said for a dead meter."""
        if await self.unit.is_blank(turn=self._turn):
            raise DeadMeterError(unit=self.unit.unit_id)
        self.unit.vital.vouch(asyncio.get_running_loop().time())

    async def send(self, order: Order) -> None:
        """Write an order once, before any further poll; raises as `orders.write_order` does."""
        check_order(self.unit.model, self.unit.registers, order)  # refused at once, or not at all
        error = await self._identified()
        if self._is_over:
            # Whatever came of asking: it was being left, and nothing was sent.
            raise refused(order, phrase("device_removed"))
        if error is not None:
            # It may have been exchanged since, also without ever being missed.
            raise NotSentError(unit=self.unit.unit_id, reason=error) if isinstance(error, LinkError) else error
        unit = self.unit

        async def write() -> None:
            await write_order(unit.unit, unit.model, unit.registers, order, ask_last=lambda: self._ask_last(order))

        await self.bus.command(write, unit.unit)

    def _ask_last(self, order: Order) -> None:
        """Raise what `refused` makes of an order that may not go any more: it has waited for its turn."""
        if self._is_over:
            detail: Phrase | None = phrase("device_removed")
        else:
            is_sure = self._is_right and (self._session is None or self._is_known_in_session)
            detail = order.hindrance() or (None if is_sure else phrase("device_in_doubt"))
        if detail is not None:
            raise refused(order, detail)

    def figures(self) -> Mapping[str, float | None]:
        """Return the figures of the unit."""
        figures = self.unit.unit.figures
        seconds = figures.answer_time
        return {
            "answer_time": None if seconds is None else round(1000 * seconds, 1),
            "timeouts": figures.timeouts,
            "discarded_frames": figures.discarded,
        }

    def details(self) -> Mapping[str, object]:
        """Return what is read in which requests, and what became of them."""
        figures = self.unit.unit.figures
        return {
            "plan": {
                group: [
                    {"function": read.function, "address": f"{read.address:04X}", "count": read.count}
                    for read in self.unit.planned(group)
                ]
                for group in Pace
            },
            "is_identified": self._is_right,
            "is_wrong": self.is_wrong,
            "is_silent": self.unit.is_silent,
            "learnt": self.unit.learnt.shown(asyncio.get_running_loop().time()),
            "statistics": {
                "requests": figures.requests,
                "answers": figures.answers,
                "timeouts": figures.timeouts,
                "discarded": figures.discarded,
                "refusals": figures.refusals,
                "writes": figures.writes,
                "answer_time": figures.answer_time,
            },
        }

    @property
    def trouble(self) -> AcrelError | None:
        """What is wrong with the device as a whole."""
        return self._trouble

    # -- what was learnt ----------------------------------------------------------------------------------------------

    def remember(self, kept: Mapping[str, object], age: float) -> None:
        """Take over what `kept` returned so many seconds ago, as soon as the device is known to be the right one."""
        self._remembered = kept, asyncio.get_running_loop().time() - age

    def kept(self) -> Mapping[str, object] | None:
        """Return what of the learnt may be kept over a restart, as plain types; None if nothing can be said yet."""
        if self._remembered is not None or not self._was_right:
            return None
        return self.unit.learnt.kept(asyncio.get_running_loop().time())

    # -- identity -----------------------------------------------------------------------------------------------------

    @property
    def is_lifeless(self) -> bool:
        """Whether it has said for long nothing but what a dead meter says, too, as a board without power does."""
        since = asyncio.get_running_loop().time() - LIFELESS_SECONDS
        return self.is_answering and not self.unit.vital.has_lived_since(since)

    @property
    def is_answering(self) -> bool:
        """Whether what is read of the unit is believed now."""
        return self._is_right and not self.unit.is_silent

    async def identify(self) -> AcrelError | None:
        """Look whether the device is what it is taken for; return why that cannot be said."""
        async with self._identifying if self._session is not None else nullcontext():
            return await self._look()

    async def _identified(self) -> AcrelError | None:
        """The same; in a session in which it was found out, or just is, it is not asked again."""
        if self._session is None:
            return await self.identify()
        async with self._identifying:
            return None if self._is_known_in_session else await self._look()

    async def _look(self) -> AcrelError | None:
        self._is_checking = True
        session = None if self._session is None else self._session()
        try:
            former = self.unit.registers
            error = await identify(self.unit, self._turn, doubts=lambda: self._doubts, is_dead=self.is_dead)
        finally:
            self._is_checking = False
        match error:
            case None:
                if self.unit.registers is not former:
                    # It was exchanged for one with other registers: what the former said does not hold.
                    self._doubt()
                self._identified_in = session
                self._take_for_right()
            case DeadMeterError():
                self._take_for_dead(error)
            case WrongDeviceError():
                self._take_for_wrong(error)
        return error

    @property
    def _is_known_in_session(self) -> bool:
        """Whether it proved to be the right one in the session there is now, and was not in doubt since."""
        session = None if self._session is None else self._session()
        return self._is_right and session is not None and session is self._identified_in

    async def dump(self) -> RegisterDump:
        """Return all registers of the model, read between the polls. Raises LinkError."""
        return await self.unit.dump(turn=self._turn)

    def _turn(self) -> AbstractAsyncContextManager[None]:
        """Return what holds the line for one request."""
        return self.bus.turn(self.unit.unit)

    # -- on the bus ---------------------------------------------------------------------------------------------------

    @property
    def is_on_bus(self) -> bool:
        """Whether the device is polled, or asked whether it is there."""
        return self._leave_bus is not None

    def join_bus(self, error: AcrelError | None = None) -> None:
        """Have the device polled, if it is not already; `error` is what came of asking it just now."""
        if self._leave_bus is None and not self._is_over:
            silence = error if isinstance(error, NoAnswerError | LinkUnreachableError) else None
            self._leave_bus = self.bus.add(self.unit, self.take, self._intervals, silence=silence)

    def leave_bus(self) -> None:
        """Have the device polled no longer, if it was."""
        if self._leave_bus is not None:
            self._leave_bus()
            self._leave_bus = None

    def end(self) -> None:
        """Have the device asked nothing any more, whatever is under way."""
        self._is_over = True
        self.leave_bus()
        self._was_read.set()

    async def was_read(self) -> None:
        """Return when every group was polled once, or one in vain; at once if nothing will be."""
        if self._is_right and self.unit.groups():
            await self._was_read.wait()

    def take(self, report: PollReport) -> None:
        """Take the report of one poll."""
        if self._is_right:
            self._reported.add(report.group)
            if report.error is not None and self.unit.is_silent:
                self._doubt()
            else:
                self._judge(report)
            if report.error is not None or (self._reported.issuperset(self.unit.groups()) and not self._held):
                self._was_read.set()
        elif report.error is None and not self._is_checking and not (self.is_dead and self.unit.vital.is_mute):
            self._check()

    def _judge(self, report: PollReport) -> None:
        """Tell what a poll brought, unless it may not have come of the meter it should."""
        vital = self.unit.vital
        if vital.is_dead or vital.is_strange:
            self._doubt()
            self._check()
            return
        self._tell_known(report.keys)
        if vital.is_suspicious:
            # A circuit without power, or no meter at all: what was read is told as soon as that is known.
            self._check()

    def _tell_known(self, keys: AbstractSet[PointKey]) -> None:
        """Tell of points, and of those held back, what has come of the meter; what may not have is held back."""
        vital, readings = self.unit.vital, self.unit.readings
        keys |= self._held
        doubtful = vital.in_question
        self._held = frozenset(key for key in keys & doubtful if key in readings and readings[key].value is not None)
        self._tell(keys - self._held)
        if vital.asks_again():
            self.bus.wake(self.unit)
        elif vital.asks_for_life():
            self.bus.wake(self.unit, self.unit.groups()[:1])

    def _check(self) -> None:
        if not self._is_checking:
            self._is_checking = True
            self._spawn(self._identify())

    async def _identify(self) -> None:
        if await self.identify() is not None and not self.is_wrong:
            # The door bell may have been refused: it has to be rung again all the same.
            self.unit.doubt()

    def _take_for_right(self) -> None:
        self.is_wrong, self.is_dead, self._trouble = False, False, None
        if not self._is_right:
            self._is_right = self._was_right = True
            if self._remembered is not None:
                kept, since = self._remembered
                self._remembered = None
                self.unit.restore(kept, age=asyncio.get_running_loop().time() - since)
            self.unit.want(self._wanted)
            self.join_bus()
            self.bus.wake(self.unit)
        self._tell_known(self.unit.lacking())

    def _take_for_dead(self, error: DeadMeterError) -> None:
        self.is_wrong, self.is_dead, self._trouble = False, True, error
        self.unit.lose_all()
        self._doubt()
        self._was_read.set()
        self._say(Update(readings=self._lost(), trouble=error))

    def _take_for_wrong(self, error: WrongDeviceError) -> None:
        self.leave_bus()
        self.is_wrong, self.is_dead, self._trouble = True, False, error
        self._doubt()
        self.unit.learnt.forget()
        self._say(Update(readings=self._lost(), trouble=error))

    def _doubt(self) -> None:
        """Believe nothing more of the unit until it has answered and shown that it is the right one."""
        self._doubts += 1
        self._held = frozenset()
        self._identified_in = None
        self.unit.vital.forget()
        if self._is_right:
            self._is_right = False
            # What was learnt about registers may have been learnt of another device than the one that answers next.
            self.unit.doubt()
            self.unit.want(self._door_bell)
            self._say(Update(readings=self._lost(), trouble=self._trouble))

    def _clearness(self, key: PointKey) -> tuple[bool, bool, int]:
        """Return how well a point does as a door bell, best first.

        It lies there whatever the device is, nothing else has to be read for it, and it is read often.
        """
        maps = self.unit.model.maps
        places = {known.places.get(key) for known in maps}
        needs_more = any(known.companions_of(known.places[key]) for known in maps if key in known.places)
        return len(places) > 1, needs_more, _PACES.index(self.points[key].pace)

    def _lost(self) -> Mapping[PointKey, Reading]:
        now = utcnow()
        return {key: Reading(None, Quality.NO_ANSWER, now, self.unit.origin) for key in self._wanted}

    def _tell(self, keys: Collection[PointKey]) -> None:
        readings = {key: self.unit.readings[key] for key in keys if key in self._wanted and key in self.unit.readings}
        self._say(Update(readings=readings, trouble=self._trouble))

    def _say(self, update: Update) -> None:
        for sink in list(self._sinks):
            sink(update)
