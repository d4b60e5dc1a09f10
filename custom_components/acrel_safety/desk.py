"""The one desk for all alarms of this Home Assistant: what the library judges is recorded, timed and told here."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Context, Event, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.clock import Clock
from .aioacrel.alarms.engine import Alarms
from .aioacrel.alarms.happening import Happening, What
from .aioacrel.alarms.notices import Notice
from .aioacrel.alarms.standing import Standing
from .aioacrel.alarms.watch import Watch
from .aioacrel.device import Device
from .aioacrel.errors import AcrelError
from .aioacrel.journal.entry import Entry, Json, Kind
from .aioacrel.journal.errors import JournalTroubleError
from .aioacrel.journal.journal import Journal
from .const import DOMAIN, LOGGER, RECORD_FILE
from .issues import tell_record_trouble

_DESK: HassKey[AlarmDesk] = HassKey(f"{DOMAIN}_desk")
_LEAST_WAIT = 0.05
"""Seconds; timers are not set for less."""
_KINDS: Mapping[What, Kind] = {
    What.ACKNOWLEDGED: Kind.ACKNOWLEDGE,
    What.SILENCED: Kind.SILENCE,
    What.RESET: Kind.RESET,
    What.SHELVED: Kind.SHELVE,
    What.UNSHELVED: Kind.UNSHELVE,
    What.MOVED: Kind.POSITION,
}
"""In the record; all else is a change of the alarm itself."""

type HappeningListener = Callable[[Happening, Standing], None]
type NoticeListener = Callable[[Notice], None]


class AlarmDesk:
    """Holds the alarms and their record for as long as any entry is loaded."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant; nothing is opened yet."""
        self._hass = hass
        self._clock = Clock(hass.loop.time, dt_util.utcnow)
        self.alarms = Alarms(self._clock)
        self.journal: Journal | None = None
        self._opening = asyncio.Lock()
        self._users = 0
        self._cancel: CALLBACK_TYPE | None = None
        self._armed_for: float | None = None
        self._leave: list[Callable[[], None]] = []
        self._listeners: list[HappeningListener] = []
        self._notice_listeners: list[NoticeListener] = []
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
        folder = self._hass.config.path(DOMAIN)
        path = await self._hass.async_add_executor_job(_made, folder)
        self.alarms = Alarms(self._clock)
        try:
            self.journal = await Journal.open(path, on_trouble=self._note_trouble)
            self.alarms.restore(await self.journal.standing())
        except AcrelError as error:
            # Alarms are judged and shown all the same; that nothing is recorded is said.
            self._note_trouble(error)
        self._leave = [self.alarms.listen(self._record), self.alarms.listen_to_notices(self._send)]
        self._put_down(Kind.START, {})

        async def close(_: Event) -> None:
            await self._async_close()

        self._leave.append(self._hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, close))

    async def _async_close(self) -> None:
        while self._leave:
            self._leave.pop(0)()
        self._disarm()
        if self.journal is not None:
            kept = self.alarms.kept()
            self._put_down(Kind.STOP, {}, dict(kept))
            await self.journal.close()
            self.journal = None

    # -- what is watched ----------------------------------------------------------------------------------------------

    @callback
    def watch(self, device: Device, board: Board) -> tuple[Watch, Callable[[], None]]:
        """Watch a device; returns what ends that."""
        watch, end = self.alarms.watch(device, board)
        unlisten = watch.listen(self._changed)
        self._changed()

        @callback
        def leave() -> None:
            unlisten()
            end()
            self._changed()

        return watch, leave

    @callback
    def listen_to_changes(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Be told when anything about any alarm changed; returns what ends that."""
        self._change_listeners.append(listener)
        return lambda: self._change_listeners.remove(listener)

    @callback
    def _changed(self) -> None:
        for listener in list(self._change_listeners):
            _call(listener)
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
        self._arm()

    # -- the record ---------------------------------------------------------------------------------------------------

    @callback
    def _record(self, happening: Happening, standing: Standing) -> None:
        data = {**standing.plain(), "what": str(happening.what), "comment": happening.comment, "by": happening.by}
        kept = self.alarms.kept_of(standing)
        self._put_down(
            _KINDS.get(happening.what, Kind.ALARM), data, {standing.alarm_id: None if kept is None else dict(kept)}
        )
        for listener in list(self._listeners):
            _call(listener, happening, standing)
        self._arm()

    @callback
    def _put_down(self, kind: Kind, data: dict[str, Json], standing: Mapping[str, Json] | None = None) -> None:
        if self.journal is None:
            return
        try:
            self.journal.append(Entry(kind, data, dt_util.utcnow()), standing or {})
        except AcrelError:
            LOGGER.exception("This could not be put down in the record: %s", data)

    @callback
    def _note_trouble(self, error: AcrelError | None) -> None:
        tell_record_trouble(self._hass, error)

    # -- who is told --------------------------------------------------------------------------------------------------

    @callback
    def listen(self, listener: HappeningListener) -> CALLBACK_TYPE:
        """Be told of every happening, whichever entries come and go; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def listen_to_notices(self, listener: NoticeListener) -> CALLBACK_TYPE:
        """Be told of what is to be sent to people; returns what ends that."""
        self._notice_listeners.append(listener)
        return lambda: self._notice_listeners.remove(listener)

    @callback
    def _send(self, notice: Notice) -> None:
        for listener in list(self._notice_listeners):
            _call(listener, notice)

    # -- persons ------------------------------------------------------------------------------------------------------

    async def async_name_of(self, context: Context) -> str | None:
        """Return who acts, None for an automation."""
        if context.user_id is None:
            return None
        user = await self._hass.auth.async_get_user(context.user_id)
        return user.name or user.id if user is not None else None


def _call[*ArgumentsT](listener: Callable[[*ArgumentsT], None], *arguments: *ArgumentsT) -> None:
    try:
        listener(*arguments)
    except Exception:
        LOGGER.exception("A listener to alarms failed")


def _made(folder: str) -> Path:
    """Return the path of the record, its folder made; blocks."""
    path = Path(folder)
    path.mkdir(exist_ok=True)
    return path / RECORD_FILE


@callback
def desk_of(hass: HomeAssistant) -> AlarmDesk:
    """Return the desk; made for who asks first."""
    if _DESK not in hass.data:
        hass.data[_DESK] = AlarmDesk(hass)
    return hass.data[_DESK]
