"""What outlives a restart: the last believed values of counters, which the first reading after it is judged by."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from math import isfinite
from typing import Any, NotRequired, TypedDict, TypeGuard

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .aioacrel.readings import DEVICE_CIRCUIT, PointKey
from .aioacrel.totals import Remembered as RememberedCounter
from .aioacrel.totals import RememberedDoubt
from .const import CONF_ALLOW_CHANGES, CONF_CONTROL, CONF_DETAIL, CONF_INTERVALS, DOMAIN, LOGGER, REMEMBER_SECONDS
from .coordinator import AcrelConfigEntry, AcrelCoordinator

_VERSION = 1
_LARGEST_TOTAL = 2**64
"""No register holds more."""
_UNKNOWN_AGE = 30 * 86400.0
"""Seconds; what a former version stored does not say when it was read."""
_LONGEST_AGE = 400 * 86400.0
"""Whatever the clock says: it may have been set."""
_SAYS_NOTHING = frozenset({CONF_ALLOW_CHANGES, CONF_CONTROL, CONF_DETAIL, CONF_INTERVALS})
"""Settings that change nothing about which meter is read, and how its numbers are understood."""

_FORMER = "former"
"""Stands for settings that are not those of now, whichever they were."""


class StoredDoubt(TypedDict):
    """What a counter says that is held, as it is stored; times are those of the clock."""

    value: float
    leap: float
    since: float
    time: float
    new: bool
    answered: bool
    counted: float


class RememberedTotal(TypedDict):
    """One counter as it is stored; a value in another unit than today's says nothing."""

    value: float
    unit: str | None
    offset: NotRequired[float]
    time: NotRequired[float]
    """Of the clock, when it was read."""
    settings: NotRequired[str]
    """Stands for the settings of the device at the time."""
    peak: NotRequired[float]
    """The largest power that was seen, and …"""
    leap: NotRequired[float]
    """… the largest leap that was right."""
    doubt: NotRequired[StoredDoubt]


type Remembered = dict[str, dict[str, RememberedTotal]]
"""By subentry and `code@circuit`."""


class TotalsMemory:
    """Keeps the counters of one link in a file of its own."""

    def __init__(self, hass: HomeAssistant, entry: AcrelConfigEntry) -> None:
        """Take the link; nothing is read yet."""
        self._hass = hass
        self._entry = entry
        self._store = Store[Remembered](hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.totals")
        self._remembered: Remembered = {}
        self._settings: dict[str, str] = {}
        """By subentry, since the link was loaded: a device's settings change before it is loaded anew."""

    async def async_load(self) -> None:
        """Read what was remembered; what cannot be understood is forgotten."""
        try:
            stored: object = await self._store.async_load()
        except Exception:  # noqa: BLE001 - no alarm of a link may depend on a file about its counters
            LOGGER.warning("What was remembered of the counters of %s cannot be read", self._entry.title, exc_info=True)
            stored = None
        self._remembered = _sound(stored)

    @callback
    def tell(self, coordinator: AcrelCoordinator) -> None:
        """Tell a device its counters' last values, before its first poll has nothing to compare."""
        points = coordinator.device.points
        settings = self._settings[coordinator.subentry.subentry_id] = _settings(coordinator)
        for name, total in self._remembered.get(coordinator.subentry.subentry_id, {}).items():
            point = points.get(_key(name))
            if point is not None and point.quantity.unit == total["unit"]:
                former = RememberedCounter(
                    count=total["value"],
                    offset=total.get("offset", 0.0),
                    age=_age(total.get("time")),
                    peak=total.get("peak"),
                    leap=total.get("leap", 0.0),
                    is_other=total.get("settings", settings) != settings,
                    doubt=_doubt(total),
                )
                coordinator.device.restore_total(point.key, former)

    @callback
    def settings(self, coordinator: AcrelCoordinator) -> str:
        """Return what stands for the settings by which a device is read: they may have been changed since."""
        return self._settings[coordinator.subentry.subentry_id]

    @callback
    def knows(self, coordinator: AcrelCoordinator, key: PointKey) -> bool:
        """Whether a counter's last value was remembered here."""
        return str(key) in self._remembered.get(coordinator.subentry.subentry_id, {})

    @callback
    def async_keep(self) -> CALLBACK_TYPE:
        """Write now and then, so that even a power cut costs little; returns what ends that."""

        async def write(_: datetime) -> None:
            if _counts(self._present()) != _counts(self._remembered):
                # That the same was read again is not worth a write.
                await self.async_write()

        every = timedelta(seconds=REMEMBER_SECONDS)
        return async_track_time_interval(self._hass, write, every, cancel_on_shutdown=True)

    async def async_write(self) -> None:
        """Write what is believed now; of a device that could not be set up, what was remembered before."""
        remembered = self._present()
        if remembered != self._remembered:
            await self._store.async_save(remembered)
            self._remembered = remembered

    def _present(self) -> Remembered:
        coordinators = self._entry.runtime_data.coordinators
        return {
            subentry_id: _totals(coordinators[subentry_id], self._settings[subentry_id])
            if subentry_id in coordinators
            else self._remembered.get(subentry_id, {})
            for subentry_id in self._entry.subentries
        }

    async def async_forget(self) -> None:
        """Remove the file."""
        await self._store.async_remove()


def former_counter(value: float) -> RememberedCounter:
    """Return a counter as a former version remembered it, which said nothing of when it was read."""
    return RememberedCounter(count=value, age=_UNKNOWN_AGE)


def _counts(remembered: Remembered) -> Mapping[str, Mapping[str, tuple[float, float, object]]]:
    return {
        subentry_id: {name: (total["value"], total.get("offset", 0.0), _said(total)) for name, total in totals.items()}
        for subentry_id, totals in remembered.items()
    }


def _said(total: RememberedTotal) -> tuple[float, bool] | None:
    """Return what is held of a counter, and whether its owner answered."""
    doubt = total.get("doubt")
    return None if doubt is None else (doubt["value"], doubt["answered"])


def _totals(coordinator: AcrelCoordinator, settings: str) -> dict[str, RememberedTotal]:
    points, now = coordinator.device.points, dt_util.utcnow().timestamp()
    return {
        str(key): _stored(total, points[key].quantity.unit, settings, now)
        for key, total in coordinator.device.remembered_totals().items()
        if key in points
    }


def _stored(total: RememberedCounter, unit: str | None, settings: str, now: float) -> RememberedTotal:
    stored = RememberedTotal(
        value=total.count,
        unit=unit,
        offset=total.offset,
        time=round(now - total.age, 3),
        settings=_FORMER if total.is_other else settings,
        leap=round(total.leap, 3),
    )
    if total.peak is not None:
        stored["peak"] = round(total.peak, 3)
    if (doubt := total.doubt) is not None:
        stored["doubt"] = StoredDoubt(
            value=doubt.count,
            leap=doubt.leap,
            since=round(now - doubt.age, 3),
            time=round(now - doubt.silence, 3),
            new=doubt.is_new,
            answered=doubt.is_answered,
            counted=doubt.counted,
        )
    return stored


def _doubt(total: RememberedTotal) -> RememberedDoubt | None:
    if (stored := total.get("doubt")) is None:
        return None
    return RememberedDoubt(
        count=stored["value"],
        leap=stored["leap"],
        age=_age(stored["since"]),
        silence=_age(stored["time"]),
        is_new=stored["new"],
        is_answered=stored["answered"],
        counted=stored["counted"],
    )


def _settings(coordinator: AcrelCoordinator) -> str:
    """Return what stands for the settings of a device: with others another meter may be read, or with another ratio."""
    data = {name: value for name, value in coordinator.subentry.data.items() if name not in _SAYS_NOTHING}
    return sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _age(time: float | None) -> float:
    """Return how many seconds ago a counter was read; the clock may have been set since."""
    if time is None:
        return _UNKNOWN_AGE
    return min(max(0.0, dt_util.utcnow().timestamp() - time), _LONGEST_AGE)


def _sound(stored: object) -> Remembered:
    """Return the part of a file that is as this module writes it: a person may have edited it."""
    devices = stored if isinstance(stored, Mapping) else {}
    return {
        str(subentry_id): {
            str(name): _sound_total(total)
            for name, total in totals.items()
            if isinstance(total, Mapping) and _is_total(total.get("value")) and "unit" in total
        }
        for subentry_id, totals in devices.items()
        if isinstance(totals, Mapping)
    }


def _sound_total(total: Mapping[str, Any]) -> RememberedTotal:
    sound = RememberedTotal(value=float(total["value"]), unit=total["unit"])
    offset, time, settings = total.get("offset"), total.get("time"), total.get("settings")
    if _is_number(offset) and abs(offset) <= _LARGEST_TOTAL:
        sound["offset"] = float(offset)
    if _is_number(time):
        sound["time"] = float(time)
    if isinstance(settings, str):
        sound["settings"] = settings
    peak, leap = total.get("peak"), total.get("leap")
    if _is_total(peak):
        sound["peak"] = float(peak)
    if _is_total(leap):
        sound["leap"] = float(leap)
    if (doubt := _sound_doubt(total.get("doubt"), sound["value"])) is not None:
        sound["doubt"] = doubt
    return sound


def _sound_doubt(doubt: object, believed: float) -> StoredDoubt | None:
    if not isinstance(doubt, Mapping) or not _is_total(doubt.get("value")):
        return None
    said, leap, since, time = float(doubt["value"]), doubt.get("leap"), doubt.get("since"), doubt.get("time")
    counted = doubt.get("counted")
    return StoredDoubt(
        value=said,
        leap=float(leap) if _is_number(leap) and abs(leap) <= _LARGEST_TOTAL else said - believed,
        # What was edited away takes nothing from what is held: it is held from now on.
        since=float(since) if _is_number(since) else dt_util.utcnow().timestamp(),
        time=float(time) if _is_number(time) else dt_util.utcnow().timestamp(),
        new=doubt.get("new") is True,
        answered=doubt.get("answered") is True,
        counted=float(counted) if _is_number(counted) and abs(counted) <= _LARGEST_TOTAL else 0.0,
    )


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_total(value: object) -> TypeGuard[float]:
    """Whether a number can be what a counter shows."""
    return _is_number(value) and 0 <= value <= _LARGEST_TOTAL


def _key(name: str) -> PointKey:
    code, _, circuit = name.rpartition("@")
    return PointKey(circuit or DEVICE_CIRCUIT, code)
