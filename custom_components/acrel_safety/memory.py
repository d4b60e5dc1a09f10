"""What outlives a restart: the last believed values of counters, which the first reading after it is judged by."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypedDict

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store

from .aioacrel.device import Device
from .aioacrel.readings import DEVICE_CIRCUIT, PointKey
from .const import DOMAIN, LOGGER, REMEMBER_SECONDS
from .coordinator import AcrelConfigEntry, AcrelCoordinator

_VERSION = 1
_LARGEST_TOTAL = 2**64
"""No register holds more."""


class RememberedTotal(TypedDict):
    """One counter as it is stored; a value in another unit than today's says nothing."""

    value: float
    unit: str | None


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
        for name, total in self._remembered.get(coordinator.subentry.subentry_id, {}).items():
            point = points.get(_key(name))
            if point is not None and point.quantity.unit == total["unit"]:
                coordinator.device.restore_total(point.key, total["value"])

    @callback
    def knows(self, coordinator: AcrelCoordinator, key: PointKey) -> bool:
        """Whether a counter's last value was remembered here."""
        return str(key) in self._remembered.get(coordinator.subentry.subentry_id, {})

    @callback
    def async_keep(self) -> CALLBACK_TYPE:
        """Write now and then, so that even a power cut costs little; returns what ends that."""

        async def write(_: datetime) -> None:
            await self.async_write()

        every = timedelta(seconds=REMEMBER_SECONDS)
        return async_track_time_interval(self._hass, write, every, cancel_on_shutdown=True)

    async def async_write(self) -> None:
        """Write what is believed now; of a device that could not be set up, what was remembered before."""
        present = {
            subentry_id: _totals(coordinator.device)
            for subentry_id, coordinator in self._entry.runtime_data.coordinators.items()
        }
        former = {subentry_id: self._remembered.get(subentry_id, {}) for subentry_id in self._entry.subentries}
        remembered = {subentry_id: {**former[subentry_id], **present.get(subentry_id, {})} for subentry_id in former}
        if remembered != self._remembered:
            await self._store.async_save(remembered)
            self._remembered = remembered

    async def async_forget(self) -> None:
        """Remove the file."""
        await self._store.async_remove()


def _totals(device: Device) -> dict[str, RememberedTotal]:
    points = device.points
    return {
        str(key): RememberedTotal(value=value, unit=points[key].quantity.unit)
        for key, value in device.totals.values().items()
        if key in points
    }


def _sound(stored: object) -> Remembered:
    """Return the part of a file that is as this module writes it: a person may have edited it."""
    devices = stored if isinstance(stored, Mapping) else {}
    return {
        str(subentry_id): {
            str(name): RememberedTotal(value=float(total["value"]), unit=total["unit"])
            for name, total in totals.items()
            if isinstance(total, Mapping) and _is_total(total.get("value")) and "unit" in total
        }
        for subentry_id, totals in devices.items()
        if isinstance(totals, Mapping)
    }


def _is_total(value: object) -> bool:
    """Whether a number can be what a counter shows."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LARGEST_TOTAL


def _key(name: str) -> PointKey:
    code, _, circuit = name.rpartition("@")
    return PointKey(circuit or DEVICE_CIRCUIT, code)
