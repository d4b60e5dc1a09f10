"""Cutting a circuit off by an alarm: off by default, with a person's confirmation unless the owner says otherwise.

Polling can never replace an RCD: what is here is only ever added to the device's own protection. What cannot be read
cuts nothing, ON is never implied, and what stood before a restart is not caught up with.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING

from ..alarms.happening import Happening, What
from ..points import Effect
from ..readings import PointKey
from .caller import Caller, cutting
from .choice import usual
from .evidence import value_of
from .inturn import in_turn
from .outcome import Outcome, Reason, Result, refused
from .position import positions_of
from .requests import Cut, Request, Step, Waiting

if TYPE_CHECKING:
    from ..alarms.alarm import Alarm
    from ..alarms.watch import Watch
    from .control import Control
    from .policy import Policy
    from .ties import Tie

_LOGGER = logging.getLogger(__name__)

type Through = Callable[[Callable[[], Awaitable[Outcome]]], Awaitable[Outcome]]
"""Carries an act out."""


class CutOff:
    """The cut-off of one device. Who makes it tells it of happenings; the rest it sees in what is read."""

    def __init__(
        self,
        control: Control,
        watch: Watch,
        policy: Callable[[], Policy],
        steady: Callable[[], float],
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the control of a device, the watch of its alarms, and who tells the owner's word at each moment."""
        self._control = control
        self._device = control.device
        self._watch = watch
        self._policy = policy
        self._steady = steady
        self._wall = wall
        self._listeners: list[Callable[[Step], None]] = []
        self._waiting: dict[tuple[str, Tie], Waiting] = {}
        """What is tied to an occurrence and has not lasted yet."""
        self._requests: dict[str, Request] = {}
        self._spent: dict[str, AbstractSet[Cut]] = {}
        """What was done already of an occurrence that stands: nothing is done of it twice."""
        self._tasks: set[asyncio.Task[None]] = set()
        """Cuts under way that nobody was asked about."""
        self._answered: set[str] = set()
        """Requests that a person has confirmed, and that are just being carried out."""
        self._is_ended = False
        self._leave: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin: an alarm that stands by now cuts nothing by itself any more."""
        self._leave += [self._device.listen(self._look), self._watch.listen(self._settle)]
        for alarm in self._watch.alarms.values():
            if alarm.occurrence:
                self._spent[alarm.occurrence] = frozenset(Cut)
                if any(self._ties_of(alarm)):
                    self._tell(Step(what=Cut.DROPPED, alarm=alarm, occurrence=alarm.occurrence))

    def end(self) -> None:
        """End: what was pending, and what nobody answered, is dropped."""
        while self._leave:
            self._leave.pop()()
        dropped = {
            (occurrence, waiting.alarm.cause.key): waiting.alarm for (occurrence, _), waiting in self._waiting.items()
        }
        dropped |= {(one.occurrence, one.alarm.cause.key): one.alarm for one in self._requests.values()}
        self._waiting.clear()
        self._requests.clear()
        self._is_ended = True
        for (occurrence, _), alarm in dropped.items():
            self._tell(Step(what=Cut.DROPPED, alarm=alarm, occurrence=occurrence))

    async def settle(self) -> None:
        """Wait until what is under way has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def listen(self, listener: Callable[[Step], None]) -> Callable[[], None]:
        """Be told of each step; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def requests(self) -> Mapping[str, Request]:
        """What waits for a person, by its id, the oldest first."""
        return self._requests

    # -- alarms -------------------------------------------------------------------------------------------------------

    def take(self, happening: Happening) -> None:
        """Take what happened to an alarm of this device."""
        alarm, occurrence = happening.alarm, happening.occurrence
        match happening.what:
            case What.RAISED | What.CAME_AGAIN:
                for tie in self._ties_of(alarm):
                    self._waiting.setdefault((occurrence, tie), Waiting(alarm=alarm, since=self._steady()))
            case What.RETURNED:
                self._forget(occurrence)
            case What.ENDED:
                self._forget(occurrence)
                self._lapse(lambda one: one.occurrence == occurrence)
                self._spent.pop(occurrence, None)

    def _ties_of(self, alarm: Alarm) -> Iterator[Tie]:
        policy = self._policy()
        if policy.is_enabled:
            point = self._device.model.points.get(PointKey(alarm.cause.key.circuit, alarm.cause.key.code))
            family = "" if point is None else point.quantity.family
            yield from (tie for tie in dict.fromkeys(policy.ties) if tie.holds_for(alarm.cause, family))

    def _forget(self, occurrence: str) -> None:
        for one in [key for key in self._waiting if key[0] == occurrence]:
            del self._waiting[one]

    def _look(self, touched: AbstractSet[PointKey]) -> None:
        """Look at new readings: only one that says so again proves that it lasts."""
        now = self._steady()
        for (occurrence, tie), waiting in list(self._waiting.items()):
            alarm = waiting.alarm
            if touched.isdisjoint(self._watch.rule(alarm.cause.key).inputs) or not _is_so(alarm):
                continue
            if now - waiting.since >= tie.delay:
                del self._waiting[occurrence, tie]
                self._act(alarm, occurrence, tie)
        self._settle()

    def _settle(self) -> None:
        """Ask no more about what is open."""
        self._lapse(lambda one: self._is_open(one.circuit))

    def _is_open(self, circuit: str) -> bool:
        """Whether all that tells the position says that the circuit is open."""
        told = [value_of(self._device.readings, key) for key in positions_of(self._device.model, circuit)]
        return bool(told) and all(one is False for one in told)

    # -- what is done -------------------------------------------------------------------------------------------------

    def _act(self, alarm: Alarm, occurrence: str, tie: Tie) -> None:
        """Ask, or cut, once in an occurrence."""
        circuit, done = alarm.cause.key.circuit, self._spent.get(occurrence, frozenset())
        what = Cut.ASKED if tie.asks else Cut.CUT
        if what in done or tie not in self._ties_of(alarm) or self._is_open(circuit):
            return
        self._spent[occurrence] = done | {what}
        key = usual(self._control.operations, self._policy(), circuit, Effect.OPEN)
        if key is None:
            self._tell(Step(what=what, alarm=alarm, occurrence=occurrence, outcome=refused(Reason.NOT_OFFERED)))
        elif tie.asks:
            self._ask(alarm, occurrence, key)
        else:
            task = asyncio.create_task(self._cut(alarm, occurrence, key, tie), name="acrel cut-off")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _ask(self, alarm: Alarm, occurrence: str, key: PointKey, why: Outcome | None = None) -> None:
        if any(one.occurrence == occurrence for one in self._requests.values()):
            return
        request = Request(
            id=token_hex(6), alarm=alarm, occurrence=occurrence, operation=key, time=self._wall(), why=why
        )
        self._requests[request.id] = request
        self._tell(Step(what=Cut.ASKED, alarm=alarm, occurrence=occurrence, request=request, outcome=why))

    async def _cut(self, alarm: Alarm, occurrence: str, key: PointKey, tie: Tie) -> None:
        """Cut without asking. What was refused a person is asked about; what was sent is never sent again."""

        def still() -> bool:
            is_tied = not self._is_ended and tie in self._ties_of(alarm)
            return is_tied and alarm.occurrence == occurrence and _is_so(alarm)

        by = cutting(still)
        outcome = await in_turn(self._control, key, by, lambda: self._control.operate(key, by, is_confirmed=True))
        what = Cut.CUT
        if outcome.reason is Reason.WITHDRAWN:
            # Nothing was sent: when it comes again in this occurrence, it is cut off all the same.
            what = Cut.WITHDRAWN
            self._spent[occurrence] = self._spent.get(occurrence, frozenset()) - {Cut.CUT}
        self._tell(Step(what=what, alarm=alarm, occurrence=occurrence, outcome=outcome))
        if outcome.result is Result.REFUSED and still():
            self._spent[occurrence] = self._spent.get(occurrence, frozenset()) | {Cut.ASKED}
            self._ask(alarm, occurrence, key, outcome)

    # -- what persons do ----------------------------------------------------------------------------------------------

    async def confirm(self, request_id: str, by: Caller, through: Through | None = None) -> Outcome | None:
        """Cut off what was asked for, with the rights of whoever confirms; None if that is not asked any more.

        `through` carries the act out when it is its turn, such as with what a server wants of whoever confirms.

        What is refused is still asked for; otherwise it is not sent again, whatever became of it.
        """
        request = self._requests.get(request_id)
        if request is None:
            return None
        if not by.is_person:
            return refused(Reason.NO_RIGHT)
        outcome = await in_turn(self._control, request.operation, by, lambda: self._carry_out(request, by, through))
        if outcome.reason is Reason.WITHDRAWN and request_id not in self._requests:
            # Whoever had his turn before did it, or it was over meanwhile.
            return None
        if outcome.result is not Result.REFUSED:
            self._requests.pop(request_id, None)
            self._spent[request.occurrence] = frozenset(Cut)
        self._tell(
            Step(
                what=Cut.CONFIRMED,
                alarm=request.alarm,
                occurrence=request.occurrence,
                request=request,
                outcome=outcome,
                by=by.name,
            )
        )
        return outcome

    async def _carry_out(self, request: Request, by: Caller, through: Through | None) -> Outcome:
        if self._requests.get(request.id) is not request:
            return refused(Reason.WITHDRAWN)
        self._answered.add(request.id)
        try:
            act = partial(self._control.operate, request.operation, by, is_confirmed=True)
            return await (act() if through is None else through(act))
        finally:
            self._answered.discard(request.id)

    def dismiss(self, request_id: str, by: Caller) -> bool | Reason:
        """Take back a request, and what would be cut later in the same occurrence; only persons may."""
        if not by.is_person:
            return Reason.NO_RIGHT
        request = self._requests.pop(request_id, None)
        if request is None:
            return False
        self._forget(request.occurrence)
        self._spent[request.occurrence] = frozenset(Cut)
        self._tell(
            Step(what=Cut.DISMISSED, alarm=request.alarm, occurrence=request.occurrence, request=request, by=by.name)
        )
        return True

    def _lapse(self, is_over: Callable[[Request], bool]) -> None:
        # What is just being carried out tells itself.
        for request in [one for one in self._requests.values() if is_over(one) and one.id not in self._answered]:
            del self._requests[request.id]
            self._tell(Step(what=Cut.LAPSED, alarm=request.alarm, occurrence=request.occurrence, request=request))

    # -- what is told -------------------------------------------------------------------------------------------------

    def _tell(self, step: Step) -> None:
        for listener in list(self._listeners):
            try:
                listener(step)
            except Exception:
                _LOGGER.exception("A listener of the cut-off of %s failed", self._device.identity)


def _is_so(alarm: Alarm) -> bool:
    """Whether it can be read that an alarm is on, and no person set it aside or took it out of service."""
    facts = alarm.facts
    return facts.condition is True and facts.is_seen and not (facts.is_shelved or facts.is_out_of_service)
