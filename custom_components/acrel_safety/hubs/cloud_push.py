"""What the IoT EMS platform sends by itself: from an entry's data to the library's hub, each subentry a device."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..aioacrel.alarms.reported import Report
from ..aioacrel.cloud.pushhub import AlarmNumbers, PushedBefore, PushHub
from ..aioacrel.cloud.pushsource import PushSource
from ..aioacrel.cloud.pushuntaken import UntakenAlarms
from ..aioacrel.cloud.records import PushedAlarm
from ..aioacrel.cloud.reports import report_of_pushed
from ..aioacrel.points import Model
from ..aioacrel.reporting.reporter import PERIODS
from ..aioacrel.source import Source
from ..aioacrel.texts import library_language
from ..const import CONF_CLOCK, CONF_FOUND, CONF_REPORTS_EVERY, CONF_SERIAL, DOMAIN, LOGGER
from ..unreported import aside_in
from .cloud_push_doors import door_of
from .facts import Facts
from .gateway_data import as_found, found_in
from .history_kept import KeptHistory, Owner
from .zones import zone_of

GATHER_SECONDS = 5.0
"""So long what else a device is told of is gathered before its entities are made: they come with a reload."""
SAVE_SECONDS = 30.0
"""Which alarms came is written down later than what became of them: ended between, one is told twice, none never."""
MOST_ALARMS = 100
"""Of the latest alarms, those that can be looked up."""
_VERSION = 1

type AlarmListener = Callable[[str, PushedAlarm], bool | None]


class PushEntryHub:
    """One secret address; each subentry is a device that the platform tells of."""

    kind = "IoT EMS push"

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take a config entry whose data are such an address."""
        data = entry.data
        self.alarms: deque[tuple[str, PushedAlarm]] = deque(maxlen=MOST_ALARMS)
        """The latest that were told: the device's subentry, and what was said."""
        self._hass = hass
        self._entry = entry
        self._store = push_store(hass, entry)
        self._history = KeptHistory(hass, entry)
        self._subentries: dict[str, str] = {}
        self._alarm_listeners: list[AlarmListener] = []
        self._gathering: CALLBACK_TYPE | None = None
        self._is_loaded = False
        self._hub = PushHub(
            zone=zone_of(hass, data[CONF_CLOCK]),
            period=data.get(CONF_REPORTS_EVERY),
            on_alarm=self._takes_alarm,
            on_before=self._takes_before,
        )
        self._hub.expected = frozenset(str(one.data.get(CONF_SERIAL)) for one in entry.subentries.values())
        self._door = door_of(hass, entry)

    def source(self, subentry: ConfigSubentry, model: Model) -> PushSource:
        """Return a device; nothing can be asked of it."""
        serial = subentry.data[CONF_SERIAL]
        source = self._hub.source(serial, model)
        source.meter.codebook.expect(found_in(subentry.data))
        source.put_aside(aside_in(subentry.data))
        self._subentries[serial] = subentry.subentry_id
        return source

    def remove(self, source: Source) -> None:
        """Know a device no more."""
        if isinstance(source, PushSource):
            self._hub.drop(source)
            self._subentries.pop(source.serial, None)

    async def async_start(self) -> None:
        """Take what is sent from now on; which alarms came already has to be known before."""
        try:
            stored: object = await self._store.async_load()
        except Exception:  # noqa: BLE001 - an alarm that is told twice is better than none
            LOGGER.warning("Which alarms were sent to %s before cannot be read", self._entry.title)
            stored = None
        known = stored if isinstance(stored, Mapping) else {}
        self._hub.numbers = AlarmNumbers.restored(known.get("alarms"))
        self._hub.untaken = UntakenAlarms.restored(known.get("untaken"))
        await self._history.async_load()
        self._is_loaded = True
        self._hub.start()
        self._hub.tell()
        self._door.open(self._takes)

    async def async_stop(self) -> None:
        """Take nothing any more, but for what was answered already: nobody sends it again."""
        await self._door.async_close(self._takes)
        if self._gathering is not None:
            self._gathering()
            self._gathering = None
        self._hub.stop()
        if self._is_loaded:
            self._is_loaded = False
            await self._store.async_save(self._kept())
            await self._history.async_stop()

    def on_alarm(self, listener: AlarmListener) -> Callable[[], None]:
        """Tell each alarm once, with the subentry of its device; returns what ends that.

        One that no listener takes, which it says by returning True, is told again.
        """
        self._alarm_listeners.append(listener)
        return lambda: self._alarm_listeners.remove(listener)

    def on_reports(
        self, source: Source, take: Callable[[Sequence[Report]], None], oldest: Callable[[], datetime | None]
    ) -> Callable[[], None]:
        """Tell the alarms that come of a device; what came before is known where it is kept."""
        del oldest

        @callback
        def took(subentry_id: str, alarm: PushedAlarm) -> bool:
            if not isinstance(source, PushSource) or self._subentries.get(source.serial) != subentry_id:
                return False
            take([report_of_pushed(alarm, library_language(self._hass.config.language), dt_util.utcnow())])
            return True

        leave = self.on_alarm(took)
        # A further way may be taken later than it speaks; what the device knows already is no news to it.
        for subentry_id, alarm in list(self.alarms):
            took(subentry_id, alarm)
        self._hub.tell()
        return leave

    async def async_confirm(self, source: Source, numbers: Sequence[str]) -> None:
        """Do nothing: what is sent cannot be answered."""

    def strangers(self) -> dict[str, tuple[str, ...]]:
        """Return the devices that the platform tells of and that are none here, with codes that came."""
        return {one.serial: tuple(one.codes) for one in self._hub}

    def facts(self, source: Source) -> Facts | None:
        """Return whether the device is told of, and when it was last."""
        if not isinstance(source, PushSource):
            return None
        return Facts(
            is_connected=source.reporter.is_here,
            has_card=False,
            has_sim=False,
            calls=False,
            by="push_online",
            last_report=source.meter.heard,
            holds=PERIODS * source.reporter.period,
        )

    def on_facts(self, source: Source, listener: Callable[[], None]) -> Callable[[], None]:
        """Tell that any of that changed; returns what ends that."""
        if not isinstance(source, PushSource):
            return lambda: None
        leave = (source.reporter.listen(listener), source.meter.join(lambda *_: listener(), listener))

        @callback
        def end() -> None:
            for one in leave:
                one()

        return end

    def on_impostor(self, source: Source, listener: Callable[[str], None]) -> Callable[[], None]:
        """Tell nothing: who sends is never proved."""
        return lambda: None

    def figures(self) -> Mapping[str, float | None]:
        """Return nothing: devices share no line."""
        return {}

    async def async_details(self, source: Source) -> Mapping[str, Any]:
        """Return what is known of a device, and of the address; nothing secret."""
        figures = self._hub.figures
        return {
            **source.details(),
            "requests": figures.requests,
            "requests_refused": self._door.refused,
            "requests_from_outside": self._door.outside.count,
            "requests_while_not_loaded": self._door.kept,
            "requests_unread": figures.unread,
            "parts_left_out": figures.left_out,
            "records_of_later": figures.of_later,
            "alarms": figures.alarms,
            "alarms_repeated": figures.repeated_alarms,
            "alarms_nobody_took": len(self._hub.untaken),
            "strangers": len(self.strangers()),
        }

    # -- what comes ----------------------------------------------------------------------------------------------------

    def _takes(self, body: bytes) -> Iterator[None]:
        before = self._points()
        yield from self._hub.taking(body)
        if self._gathering is None and self._points() > before:
            gather = HassJob(self._keep_found, cancel_on_shutdown=True)
            self._gathering = async_call_later(self._hass, GATHER_SECONDS, gather)

    def _points(self) -> int:
        return sum(len(source.points) for source in self._hub.sources)

    @callback
    def _takes_alarm(self, alarm: PushedAlarm) -> bool:
        subentry_id = self._subentries.get(alarm.serial, "")
        answers = [listener(subentry_id, alarm) for listener in list(self._alarm_listeners)]
        if is_taken := any(answers):
            self.alarms.append((subentry_id, alarm))
        self._store.async_delay_save(self._kept, SAVE_SECONDS)
        return is_taken

    @callback
    def _takes_before(self, value: PushedBefore) -> None:
        source = next((one for one in self._hub.sources if one.serial == value.serial), None)
        subentry = self._entry.subentries.get(self._subentries.get(value.serial, ""))
        if source is None or subentry is None:
            return
        owner = Owner(
            subentry_id=subentry.subentry_id, title=subentry.title, points=source.points, period=source.reporter.period
        )
        self._history.take(value, owner)

    @callback
    def _keep_found(self, _: object) -> None:
        """Store what else was told of each device: from then on, also after a restart, it is among its points."""
        self._gathering = None
        for source in self._hub.sources:
            subentry = self._entry.subentries.get(self._subentries.get(source.serial, ""))
            found = as_found(source.meter.codebook.found)
            if subentry is not None and subentry.data.get(CONF_FOUND, []) != found:
                data = {**subentry.data, CONF_FOUND: found}
                self._hass.config_entries.async_update_subentry(self._entry, subentry, data=data)

    def _kept(self) -> dict[str, object]:
        return {"alarms": self._hub.numbers.kept(), "untaken": self._hub.untaken.kept()}


def push_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, object]]:
    """Return where it is kept which alarms came."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.push")


def strangers_of(entry: ConfigEntry) -> dict[str, tuple[str, ...]]:
    """Return the devices that an entry's platform tells of and that are none here."""
    hub = entry.runtime_data.hub if entry.state is ConfigEntryState.LOADED else None
    return hub.strangers() if isinstance(hub, PushEntryHub) else {}


def shown_as(source: Source, model: Model) -> Model:
    """Return a model with all that is known by now of the device it is."""
    return source.shown_as if isinstance(source, PushSource) else model
