"""When self-tests and inspections of devices are due, and what came of the last ones."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .aioacrel.alarms.board import Board
from .const import DOMAIN, LOGGER
from .devices import board_of
from .furtherways import own_devices
from .lifetime import at_stop
from .outbox import call_listener

_VERSION = 1
_HOUR = 10
"""Of the day, when people are reminded."""
_AGAIN = timedelta(days=7)
_DAYS_A_MONTH = 30.44
DEFAULT_MONTHS = 6
MOST_MONTHS = 24


class Checkup(StrEnum):
    """What is tested."""

    SELF_TEST = "self_test"
    """The residual-current test of the device, by its button."""
    INSPECTION = "inspection"
    """A person looks at wiring, terminals and sensors."""


type DueListener = Callable[[Board, Checkup, datetime], None]
type ChangeListener = Callable[[datetime], None]
"""Is told what time it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """A test that somebody has to see to: it is overdue, or it failed."""

    kind: Checkup
    since: datetime
    has_failed: bool
    said: str
    """Who said that it failed, and what else that person said."""


class CheckupClock:
    """Keeps, in a file of its own, when each device was tested; a device that is new is due after a whole interval."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant; nothing is read yet."""
        self._hass = hass
        self._store = Store[dict[str, dict[str, Any]]](hass, _VERSION, f"{DOMAIN}.checkups")
        self._kept: dict[str, dict[str, Any]] = {}
        self._listeners: list[DueListener] = []
        self._change_listeners: list[ChangeListener] = []

    async def async_begin(self) -> None:
        """Read what was kept, and look once a day."""
        try:
            stored: object = await self._store.async_load()
        except Exception:  # noqa: BLE001 - whatever is wrong with that file, alarms go on
            LOGGER.warning("What was kept of self-tests and inspections cannot be read", exc_info=True)
            stored = None
        if isinstance(stored, Mapping):
            self._kept = {str(key): {**one} for key, one in stored.items() if isinstance(one, Mapping)}
        end = async_track_time_change(self._hass, self._look, hour=_HOUR, minute=0, second=0)

        @callback
        def stop(_: HomeAssistant) -> None:
            end()

        at_stop(self._hass, stop)

    @callback
    def listen(self, listener: DueListener) -> CALLBACK_TYPE:
        """Be told of each test that is due, once a week; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def listen_to_changes(self, listener: ChangeListener) -> CALLBACK_TYPE:
        """Be told when another test may be outstanding, or one no more; returns what ends that."""
        self._change_listeners.append(listener)
        return lambda: self._change_listeners.remove(listener)

    @callback
    def outstanding(self, identity: str, now: datetime) -> Iterator[Outstanding]:
        """Yield what somebody has to see to on a device."""
        for kind in Checkup:
            due, kept = self.due(identity, kind), self._of(identity, kind)
            if due is not None and due <= now:
                said = kept.get("said")
                yield Outstanding(
                    kind=kind, since=due, has_failed="failed" in kept, said=said if isinstance(said, str) else ""
                )

    @callback
    def due(self, identity: str, kind: Checkup) -> datetime | None:
        """Return when a test is due, None for never; what was not known before is known from now on."""
        kept = self._of(identity, kind)
        if "failed" in kept:
            # What failed is not tested: it is due until it passes, however seldom it is due otherwise.
            return _time(kept["failed"], dt_util.utcnow())
        months = kept.get("months", DEFAULT_MONTHS)
        if not isinstance(months, int) or not 0 < months <= MOST_MONTHS:
            return None
        return _time(kept.get("since"), dt_util.utcnow()) + timedelta(days=months * _DAYS_A_MONTH)

    @callback
    def note_done(self, identity: str, kind: Checkup) -> None:
        """Begin the time until the next one anew: it was passed."""
        kept = self._of(identity, kind)
        kept["since"] = dt_util.utcnow().isoformat()
        kept.pop("told", None)
        kept.pop("failed", None)
        kept.pop("said", None)
        self._changed()

    @callback
    def note_failed(self, identity: str, kind: Checkup, said: str = "") -> None:
        """Take it for due from now on, until one passes."""
        self._of(identity, kind).update(failed=dt_util.utcnow().isoformat(), said=said)
        self._changed()

    @callback
    def set_months(self, identity: str, kind: Checkup, months: int) -> None:
        """Set how often it is due; 0 is never."""
        self._of(identity, kind)["months"] = months
        self._changed()

    def _changed(self) -> None:
        self._save()
        self._tell_change(dt_util.utcnow())

    def _tell_change(self, now: datetime) -> None:
        for listener in list(self._change_listeners):
            call_listener(listener, now)

    def _of(self, identity: str, kind: Checkup) -> dict[str, Any]:
        key = f"{identity}/{kind}"
        if key not in self._kept:
            self._kept[key] = {"since": dt_util.utcnow().isoformat()}
            self._save()
        return self._kept[key]

    @callback
    def _look(self, now: datetime) -> None:
        self._forget_gone()
        self._tell_change(now)
        for board in self._boards():
            for kind in Checkup:
                due, kept = self.due(board.identity, kind), self._of(board.identity, kind)
                told = _time(kept.get("told"), now - _AGAIN)
                # By an hour less than a week, so that summer time takes no week more; told tomorrow is not told at all.
                is_told = timedelta(0) <= now - told < _AGAIN - timedelta(hours=1)
                # Told to nobody is not told.
                if due is None or due > now or is_told or not self._listeners:
                    continue
                kept["told"] = now.isoformat()
                self._save()
                for listener in list(self._listeners):
                    call_listener(listener, board, kind, due)

    def _forget_gone(self) -> None:
        """Forget devices that are set up no more, loaded or not."""
        known = {one for entry in self._hass.config_entries.async_entries(DOMAIN) for one in entry.subentries}
        kept = {key: one for key, one in self._kept.items() if key.partition("/")[0] in known}
        if len(kept) < len(self._kept):
            self._kept = kept
            self._save()

    def _boards(self) -> Iterator[Board]:
        for entry in self._hass.config_entries.async_loaded_entries(DOMAIN):
            for subentry in own_devices(entry):
                yield board_of(self._hass, entry, subentry)

    def _save(self) -> None:
        self._store.async_delay_save(lambda: self._kept, 1.0)


_CLOCK: HassKey[CheckupClock] = HassKey(f"{DOMAIN}.checkups")


@callback
def checkup_clock_of(hass: HomeAssistant) -> CheckupClock:
    """Return the clock; made for who asks first."""
    if (clock := hass.data.get(_CLOCK)) is None:
        clock = hass.data[_CLOCK] = CheckupClock(hass)
    return clock


def _time(text: object, otherwise: datetime) -> datetime:
    """Return a time as it was stored; a person may have edited the file."""
    found = dt_util.parse_datetime(text) if isinstance(text, str) else None
    return otherwise if found is None or found.tzinfo is None else found
