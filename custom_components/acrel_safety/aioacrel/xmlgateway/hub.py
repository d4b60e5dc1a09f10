"""All meters behind the gateways that call one server: each serial port is a line of its own."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import LinkUnreachableError
from ..modbus.framing import Framing
from ..modbus.guard import GuardedUnit
from ..modbus.hub import ModbusHub
from ..modbus.source import ModbusSource
from ..modbus.unit import utcnow
from ..points import Model
from ..registers import LineSettings, Ratio
from ..uplink.unit import UplinkUnit
from ..vocabulary import Pace
from .clock import GatewayClock
from .gateway import Gateway, MeterLine
from .names import MeterId
from .server import XmlServer
from .source import MeterSource, Past
from .values import ORIGIN

_LOGGER = logging.getLogger(__name__)

START_SECONDS = 60.0
TURNAROUND = 0.3
"""Seconds an answer takes however short it is: the gateway reads the line itself, too."""
TIMEOUT = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How often is asked for what through the gateway, which has the line to read as well."""

    intervals: Mapping[Pace, float] = field(
        default_factory=lambda: {Pace.FAST: 10.0, Pace.NORMAL: 30.0, Pace.SLOW: 300.0}
    )
    is_on: bool = True
    """Whether anything is asked for at all. Commands read what they need in any case."""


class XmlHub:
    """Makes sources of the meters behind the gateways of a server."""

    def __init__(
        self,
        server: XmlServer,
        *,
        polling: Polling | None = None,
        on_past: Past = lambda source, records: None,
    ) -> None:
        """Take the server, which whoever runs it starts and stops, and who is told what was reported late."""
        self.server = server
        self._polling = polling or Polling()
        self._on_past = on_past
        self._ports: dict[tuple[Gateway, int], _Port] = {}
        self._clocks: dict[Gateway, GatewayClock] = {}
        self._sources: list[MeterSource] = []
        self._is_started = False

    @property
    def sources(self) -> list[MeterSource]:
        """All of them."""
        return list(self._sources)

    def source(
        self,
        gateway: Gateway,
        meter: MeterId,
        model: Model,
        *,
        name: str | None = None,
        ratios: Mapping[Ratio, float] | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> MeterSource:
        """Return a meter behind a gateway that is known as a source; it is polled if a register of it is known."""
        line = MeterLine(gateway, meter)
        polled = None
        if not model.needs_table:
            port = self._ports.get((gateway, meter.port))
            if port is None:
                port = self._ports[gateway, meter.port] = _Port(gateway, meter.port, self._polling)
                if self._is_started:
                    port.start()
            polled = port.add(line, model, name, ratios)
        gateway_clock = self._clocks.setdefault(gateway, GatewayClock(self.server.zone))
        source = MeterSource(line, model, polled, gateway_clock, now=clock, on_past=self._on_past)
        self._sources.append(source)
        return source

    async def remove(self, source: MeterSource) -> None:
        """Leave a meter alone."""
        if source not in self._sources:
            return
        self._sources.remove(source)
        source.end()
        gateway, meter = source.line.gateway, source.line.meter
        port = self._ports.get((gateway, meter.port))
        if port is not None and source.polled is not None and await port.remove(source.polled):
            del self._ports[gateway, meter.port]

    def start(self) -> None:
        """Poll from now on whatever is there."""
        self._is_started = True
        for port in self._ports.values():
            port.start()

    async def stop(self) -> None:
        """End after the requests that are under way."""
        self._is_started = False
        for source in self._sources:
            source.end()
        await asyncio.gather(*(port.stop() for port in self._ports.values()))


class _Port:
    """One serial port of one gateway, with all that is polled on it."""

    def __init__(self, gateway: Gateway, number: int, polling: Polling) -> None:
        self._gateway = gateway
        self._polling = polling
        self._link = f"XML {gateway.name.shown}, RS-485 {number}"
        self._hub = ModbusHub(self._link, origin=ORIGIN)
        self._units: dict[ModbusSource, tuple[UplinkUnit, GuardedUnit]] = {}
        self._leave = gateway.join(lambda report: None, self._changed)
        self._came = asyncio.Event()
        self._was_here = gateway.is_here
        self._is_polled = False
        self._tasks: set[asyncio.Task[None]] = set()

    def add(
        self, line: MeterLine, model: Model, name: str | None, ratios: Mapping[Ratio, float] | None
    ) -> ModbusSource:
        unit_id = line.meter.address
        unit = UplinkUnit(line, unit_id)
        guarded = GuardedUnit(
            unit,
            unit_id,
            framing=Framing.RTU,
            line=LineSettings(),
            link=self._link,
            turnaround=TURNAROUND,
            timeout=TIMEOUT,
            pulse=self._hub.bus.pulse,
        )
        shown = name or f"{model.name} {self._link}, {line.meter}"
        source = self._hub.source(guarded, model, name=shown, ratios=ratios, intervals=self._polling.intervals)
        self._units[source] = unit, guarded
        if self._is_polled:
            self._spawn(self._add_late(source))
        return source

    async def remove(self, source: ModbusSource) -> bool:
        """Leave a unit alone; return whether it was the last one."""
        unit, guarded = self._units.pop(source)
        self._hub.remove(source)
        await guarded.settle()
        guarded.close()
        unit.close()
        if not self._units:
            await self.stop()
        return not self._units

    def start(self) -> None:
        """Poll as soon as the gateway is here."""
        if self._polling.is_on and not self._tasks and not self._is_polled:
            if self._gateway.is_here:
                self._came.set()
            self._spawn(self._begin())

    async def stop(self) -> None:
        """End after the request that is under way."""
        self._leave()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._hub.stop()
        for unit, guarded in self._units.values():
            guarded.close()
            unit.close()

    async def _begin(self) -> None:
        """Begin to poll when the gateway has called in; then the bus goes on by itself."""
        while True:
            await self._came.wait()
            self._came.clear()
            known = set(self._units)
            try:
                await self._hub.start(START_SECONDS)
            except LinkUnreachableError as error:
                _LOGGER.debug("%s", error)
                continue
            self._is_polled = True
            for source in set(self._units) - known:
                self._spawn(self._add_late(source))
            return

    @staticmethod
    async def _add_late(source: ModbusSource) -> None:
        error = await source.identify()
        if not source.is_wrong:
            source.join_bus(error)

    def _changed(self) -> None:
        was_here, self._was_here = self._was_here, self._gateway.is_here
        if self._was_here and not was_here:
            self._came.set()
            for polled in self._units:
                if polled.is_on_bus and polled.unit.is_silent:
                    # The gateway is back: there is no need to wait until it would be asked again.
                    polled.leave_bus()
                    polled.join_bus()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=f"acrel {self._link}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
