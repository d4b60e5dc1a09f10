"""All devices that call one server: each with a line of its own, so that a slow one holds up no other."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import LinkUnreachableError
from ..masking import masked
from ..modbus.framing import Framing
from ..modbus.guard import GuardedUnit
from ..modbus.hub import ModbusHub
from ..modbus.unit import utcnow
from ..points import Model
from ..registers import LineSettings, Ratio
from ..vocabulary import Pace
from .server import UplinkServer
from .source import UplinkSource
from .station import Station
from .unit import UplinkUnit
from .uploads import ORIGIN, UploadDecoder, UploadForm

_LOGGER = logging.getLogger(__name__)

START_SECONDS = 120.0
TURNAROUND = 1.0
"""Seconds an answer takes however short it is: few long reads are cheaper than many short ones."""
TIMEOUT = 10.0
LOOK_AGAIN_SECONDS = 3600.0
CHECK_SECONDS = 6 * 3600.0
"""How often it is looked whether the device is still the right one: each look costs data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How often is asked for what, between the uploads; a SIM card's data is paid for."""

    intervals: Mapping[Pace, float] = field(
        default_factory=lambda: {Pace.FAST: 300.0, Pace.NORMAL: 900.0, Pace.SLOW: 3600.0}
    )
    is_on: bool = True
    """Whether anything is asked for at all. Commands read what they need in any case."""


class UplinkHub:
    """Makes sources of the devices that call a server."""

    def __init__(self, server: UplinkServer) -> None:
        """Take the server; who runs it starts and stops it."""
        self.server = server
        self._lines: dict[UplinkSource, _Line] = {}
        self._forms: dict[int, UploadForm] = {}
        """By the identity of the model, which each of them keeps."""
        self._is_started = False

    @property
    def sources(self) -> list[UplinkSource]:
        """All of them."""
        return list(self._lines)

    def source(
        self,
        serial: str,
        model: Model,
        *,
        unit_id: int | None = None,
        name: str | None = None,
        ratios: Mapping[Ratio, float] | None = None,
        polling: Polling | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> UplinkSource:
        """Return a unit of a device as a source; by default of the model's own unit id.

        From now on the device is known. Raises ValueError for what is no serial number.
        """
        unit = model.registers.unit_id if unit_id is None else unit_id
        if (form := self._forms.get(id(model))) is None:
            form = self._forms[id(model)] = UploadForm(model)
        decoder = UploadDecoder(form, unit, ratios, clock)
        line = _Line(self.server.expect(serial), unit, model, name, ratios, polling or Polling(), decoder)
        self._lines[line.source] = line
        if self._is_started:
            line.start()
        return line.source

    async def remove(self, source: UplinkSource) -> None:
        """Leave a unit alone; the device is known as long as another unit of it is."""
        line = self._lines.pop(source, None)
        if line is None:
            return
        await line.stop()
        if all(other.station is not source.station for other in self._lines):
            self.server.forget(source.station.serial)

    def start(self) -> None:
        """Poll from now on whatever calls in."""
        self._is_started = True
        for line in self._lines.values():
            line.start()

    async def stop(self) -> None:
        """End after the requests that are under way."""
        self._is_started = False
        await asyncio.gather(*(line.stop() for line in self._lines.values()))


class _Line:
    """One unit of one device, with what polls it."""

    def __init__(
        self,
        station: Station,
        unit_id: int,
        model: Model,
        name: str | None,
        ratios: Mapping[Ratio, float] | None,
        polling: Polling,
        decoder: UploadDecoder,
    ) -> None:
        self.station = station
        self._polling = polling
        self._shared = UplinkUnit(station, unit_id)
        link = f"4G {masked(station.serial)}"
        self._hub = ModbusHub(link, origin=ORIGIN, look_again_seconds=LOOK_AGAIN_SECONDS, check_seconds=CHECK_SECONDS)
        self._guarded = GuardedUnit(
            self._shared,
            unit_id,
            framing=Framing.RTU,
            line=LineSettings(),
            link=link,
            turnaround=TURNAROUND,
            timeout=TIMEOUT,
            pulse=self._hub.bus.pulse,
        )
        polled = self._hub.source(
            self._guarded,
            model,
            name=name or f"{model.name} {link}",
            ratios=ratios,
            intervals=polling.intervals,
            session=lambda: station.session,
        )
        self.source = UplinkSource(station, polled, decoder)
        self._leave = station.join(lambda upload: None, self._changed)
        self._came = asyncio.Event()
        self._was_here = station.is_here
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Poll as soon as the device is here."""
        if self._polling.is_on and self._task is None:
            if self.station.is_here:
                self._came.set()
            self._task = asyncio.create_task(self._begin(), name=f"acrel uplink {self._hub.name}")

    async def stop(self) -> None:
        """End after the request that is under way."""
        self._leave()
        self.source.end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._hub.stop()
        self._guarded.close()
        self._shared.close()

    async def _begin(self) -> None:
        """Begin to poll when the device has called in; then the bus goes on by itself."""
        while True:
            await self._came.wait()
            self._came.clear()
            try:
                await self._hub.start(START_SECONDS)
            except LinkUnreachableError as error:
                _LOGGER.debug("%s", error)
            else:
                return

    def _changed(self) -> None:
        was_here, self._was_here = self._was_here, self.station.is_here
        if self._was_here and not was_here:
            self._came.set()
            polled = self.source.polled
            if polled.is_on_bus and polled.unit.is_silent:
                # It is back: there is no need to wait until it would be asked again.
                polled.leave_bus()
                polled.join_bus()
