"""The one desk for all alarms of this Home Assistant: what the library judges is recorded, timed and told here."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.clock import Clock
from .aioacrel.alarms.closedagain import Sign
from .aioacrel.alarms.engine import Alarms
from .aioacrel.alarms.growing import GROWTH
from .aioacrel.alarms.growths import Question
from .aioacrel.alarms.happening import Happening
from .aioacrel.alarms.levels import Safety, worst
from .aioacrel.alarms.ownerlimits import OwnerLimit
from .aioacrel.alarms.standing import Standing
from .aioacrel.alarms.watch import Watch
from .aioacrel.device import Device
from .aioacrel.journal.entry import Kind
from .aioacrel.readings import PointKey
from .const import DOMAIN
from .departed import Departed
from .furtherways import known_places
from .growthmemory import GrowthMemory
from .growthquestion import LEVEL_CHANGED, tell_questions
from .interrupted import part_begun
from .lifetime import at_final_write
from .logged import log_entry, log_happening
from .outbox import NoticeListener, Outbox, call_listener
from .record import KINDS, SafetyRecord
from .whole import is_all_there

_DESK: HassKey[AlarmDesk] = HassKey(f"{DOMAIN}.desk")
_LEAST_WAIT = 0.05
"""Seconds; timers are not set for less."""
_MOST_EARLY = 100

type HappeningListener = Callable[[Happening, Standing], None]
type FoundListener = Callable[[str], None]
"""Is told the identity of a device."""


class AlarmDesk:
    """Holds the alarms and their record for as long as any entry is loaded."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant; nothing is opened yet."""
        self._hass = hass
        self._clock = Clock(hass.loop.time, dt_util.utcnow, lambda wall: dt_util.as_local(wall).date())
        self.alarms = Alarms(self._clock)
        self.growth = GrowthMemory(hass, self.alarms)
        self.record = SafetyRecord(hass)
        self.begun: dict[str, object] = {}
        self._opening = asyncio.Lock()
        self._users = 0
        self._cancel: CALLBACK_TYPE | None = None
        self._armed_for: float | None = None
        self._is_restored = self._has_begun = False
        self._unlisten: CALLBACK_TYPE | None = None
        self._early: dict[str, deque[tuple[Happening, Standing]]] = {}
        """What happened to a device since it is watched, until there are entities to tell it."""
        self._leave: list[Callable[[], None]] = []
        self._listeners: list[HappeningListener] = []
        self._outbox = Outbox(hass, self.alarms)
        self._departed = Departed(hass, self.alarms, self.record, self._outbox.send)
        self._found_listeners: list[FoundListener] = []
        self._change_listeners: list[Callable[[], None]] = []

    async def async_enter(self) -> None:
        """Open the record, if nobody did, and go on from what stood; `async_leave` has to follow."""
        async with self._opening:
            self._users += 1
            if self._users == 1:
                await self._async_open()

    async def async_leave(self) -> None:
        """Close the record when nobody needs it any more."""
        async with self._opening:
            self._users -= 1
            if self._users == 0:
                await self._async_close()

    async def _async_open(self) -> None:
        stood = await self.record.async_open()
        if stood is not None and not self._is_restored:
            # Later all is known here, also what could not be written.
            self.begun, alarms = part_begun(stood)
            self.alarms.restore(alarms)
            self._is_restored = True
        await self.growth.async_open()
        self._leave = [self.alarms.listen(self._record), self.alarms.listen_to_notices(self._outbox.send)]
        self._unlisten = at_final_write(self._hass, self._async_end)
        self._leave.append(self._outbox.begin())
        if not self._has_begun:
            # Once a process: a reload of the last link is no start.
            self._has_begun = True
            self.record.put_down(Kind.START, {})

    async def _async_end(self, _: HomeAssistant) -> None:
        """Write the last of all when Home Assistant ends: entries are not unloaded then."""
        self._unlisten = None
        async with self._opening:
            self.record.put_down(Kind.STOP, {}, self.alarms.kept())
            await self._async_close()

    async def _async_close(self) -> None:
        while self._leave:
            self._leave.pop(0)()
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self._disarm()
        await self.growth.async_close()
        await self.record.async_close()

    # -- what is watched ----------------------------------------------------------------------------------------------

    @callback
    def watch(
        self,
        device: Device,
        board: Board,
        *,
        limits: Mapping[str, OwnerLimit],
        ratings: Mapping[str, float],
        points: AbstractSet[PointKey],
        ratios: Mapping[str, float],
        signs: Mapping[str, Sequence[Sign]],
    ) -> tuple[Watch, Callable[[], None]]:
        """Watch these points of a device, with what the owner set of it; returns what ends that."""
        self._early[board.identity] = deque(maxlen=_MOST_EARLY)
        self._departed.welcome(board)
        watch, end = self.alarms.watch(
            device, board, limits=limits, ratings=ratings, points=points, grows=True, ratios=ratios, signs=signs
        )

        @callback
        def look() -> None:
            if tell_questions(self._hass, board, [*watch.growths.questions()]):
                self.growth.write_soon()
            self.tell_changed()

        unlisten = watch.listen(look)
        for listener in list(self._found_listeners):
            call_listener(listener, board.identity)
        look()

        @callback
        def leave() -> None:
            unlisten()
            self._departed.remember(board)
            end()
            self._early.pop(board.identity, None)
            self.tell_changed()

        return watch, leave

    @callback
    def miss(self, place: Board) -> None:
        """Take it that a link cannot be reached; it is told when that lasts."""
        self.alarms.miss(place)
        self.tell_changed()

    @callback
    def safety(self) -> Safety:
        """Return the one word for all links; what is set up and not watched, for whatever reason, is not seen."""
        found = self.alarms.safety()
        return found if is_all_there(self._hass) else worst([found, Safety.NOT_SEEN])

    @callback
    def early(self, identity: str) -> Sequence[tuple[Happening, Standing]]:
        """Return what happened to a device since it is watched, for entities that are just being added."""
        return tuple(self._early.get(identity, ()))

    @callback
    def settle(self, loaded: Iterable[str]) -> None:
        """Take it that the entities of these devices listen now, and forget devices that are gone."""
        for identity in loaded:
            self._early.pop(identity, None)
        self.forget_removed()

    @callback
    def forget_removed(self) -> None:
        """Say what became of the alarms of devices and links that were removed, and forget them."""
        self._departed.tell(known_places(self._hass))

    @callback
    def listen_to_changes(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Be told when anything about any alarm changed; returns what ends that."""
        self._change_listeners.append(listener)
        return lambda: self._change_listeners.remove(listener)

    @callback
    def tell_changed(self) -> None:
        """Tell that something about an alarm changed, or a way to a device was lost or is back."""
        for listener in list(self._change_listeners):
            call_listener(listener)
        self._arm()

    # -- time ---------------------------------------------------------------------------------------------------------

    @callback
    def _arm(self) -> None:
        """Have the alarms looked at when something is due, whether anything is heard or not."""
        due = self.alarms.next_time()
        if due == self._armed_for:
            return
        self._disarm()
        if due is not None:
            self._armed_for = due
            wait = max(_LEAST_WAIT, due - self._clock.steady())
            self._cancel = async_call_later(self._hass, wait, HassJob(self._tick, cancel_on_shutdown=True))

    @callback
    def _disarm(self) -> None:
        if self._cancel is not None:
            self._cancel()
        self._cancel = self._armed_for = None

    @callback
    def _tick(self, _: datetime) -> None:
        self._cancel = self._armed_for = None
        self.alarms.tick()
        self.tell_changed()

    # -- the record ---------------------------------------------------------------------------------------------------

    @callback
    def _record(self, happening: Happening, standing: Standing) -> None:
        data = {**standing.plain(), "what": str(happening.what), "comment": happening.comment, "by": happening.by}
        kept = {standing.alarm_id: self.alarms.kept_of(standing)}
        self.record.put_down(KINDS.get(happening.what, Kind.ALARM), data, kept)
        if standing.alarm.cause.key.rule == GROWTH:
            self.growth.write_soon()
        if (early := self._early.get(standing.board.identity)) is not None:
            early.append((happening, standing))
        log_happening(self._hass, happening, standing)
        for listener in list(self._listeners):
            call_listener(listener, happening, standing)
        if standing.board.link:
            self._arm()
        else:
            # Nobody else tells what became of a link.
            self.tell_changed()

    @callback
    def note(self, kind: Kind, board: Board, data: Mapping[str, object], by: str, said: str, comment: str = "") -> None:
        """Put down what a person did to a device, and tell the logbook in words."""
        self.record.put_down(kind, {"site": board.site, "board": board.name, **data, "by": by})
        log_entry(self._hass, board, kind, said, by, comment)

    @callback
    def answer(self, board: Board, questions: Iterable[Question], *, is_new_appliance: bool) -> None:
        """Take what a person says of values that rose at once, and put it down."""
        for question in questions:
            if self.alarms.answer(board, question, is_new_appliance=is_new_appliance):
                data = {
                    "site": board.site,
                    "board": board.name,
                    "circuit": question.key.circuit,
                    "code": question.key.code,
                    "detail": question.text(),
                    "new_appliance": is_new_appliance,
                }
                self.record.put_down(Kind.NOTE, {"what": LEVEL_CHANGED, **data})
        self.growth.write_soon()

    # -- who is told --------------------------------------------------------------------------------------------------

    @callback
    def listen(self, listener: HappeningListener) -> CALLBACK_TYPE:
        """Be told of every happening, whichever entries come and go; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def listen_to_notices(self, listener: NoticeListener) -> CALLBACK_TYPE:
        """Be told of what is to be sent to people; what nobody took waits. Returns what ends that."""
        return self._outbox.listen(listener)

    @callback
    def listen_to_found(self, listener: FoundListener) -> CALLBACK_TYPE:
        """Be told which device is watched anew, when it is known what stood before; returns what ends that."""
        self._found_listeners.append(listener)
        return lambda: self._found_listeners.remove(listener)


@callback
def desk_of(hass: HomeAssistant) -> AlarmDesk:
    """Return the desk; made for who asks first."""
    if (desk := hass.data.get(_DESK)) is None:
        desk = hass.data[_DESK] = AlarmDesk(hass)
    return desk
