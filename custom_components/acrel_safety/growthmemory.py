"""The months by which slow growth is judged, in a file: written once a day, at the end, and when it matters."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.storage import Store

from .aioacrel.alarms.engine import Alarms
from .const import DOMAIN, LOGGER

_VERSION = 1
_EVERY = timedelta(days=1)
_SOON = 5.0
"""Seconds after something was found or answered: that is rare, and nobody wants to learn it twice."""


class GrowthMemory:
    """Keeps the days of all devices."""

    def __init__(self, hass: HomeAssistant, alarms: Alarms) -> None:
        """Take the alarms; nothing is read yet."""
        self._hass = hass
        self._alarms = alarms
        self._store = Store[dict[str, object]](hass, _VERSION, f"{DOMAIN}.growth", serialize_in_event_loop=False)
        self._is_read = False
        self._writing = asyncio.Lock()
        self._cancel: list[CALLBACK_TYPE] = []
        self._soon: CALLBACK_TYPE | None = None

    async def async_open(self) -> None:
        """Read what was kept, once, and write now and then from now on."""
        if not self._is_read:
            self._is_read = True
            try:
                stored: object = await self._store.async_load()
            except Exception:  # noqa: BLE001 - no alarm may depend on a file about months
                LOGGER.warning("What was learnt of slow growth cannot be read", exc_info=True)
                stored = None
            if isinstance(stored, Mapping):
                self._alarms.restore_growth(stored)
        self._cancel.append(
            async_track_time_interval(self._hass, self._async_write_now, _EVERY, cancel_on_shutdown=True)
        )

    async def async_close(self) -> None:
        """Write the last of all."""
        while self._cancel:
            self._cancel.pop()()
        self._forget_soon()
        await self.async_write()

    @callback
    def write_soon(self) -> None:
        """Write in a moment: something was found, acknowledged or answered."""
        if self._soon is None:
            job = HassJob(self._async_write_now, cancel_on_shutdown=True)
            self._soon = async_call_later(self._hass, _SOON, job)

    async def _async_write_now(self, _: datetime) -> None:
        self._forget_soon()
        await self.async_write()

    @callback
    def _forget_soon(self) -> None:
        if self._soon is not None:
            self._soon()
            self._soon = None

    async def async_write(self) -> None:
        """Write what is known of all devices, also of those that are not loaded now."""
        async with self._writing:
            days: dict[str, object] = {}
            for identity, kept in self._alarms.kept_growth():
                days[identity] = kept
                # A building has much to say: others get their turn after each device.
                await asyncio.sleep(0)
            with suppress(OSError):
                await self._store.async_save(days)
