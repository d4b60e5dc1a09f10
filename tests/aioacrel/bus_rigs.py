"""A bus with devices on a cabinet, and what it reports."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType
from typing import Protocol

from custom_components.acrel_safety.aioacrel.errors import LinkError
from custom_components.acrel_safety.aioacrel.modbus import Bus, Link, PolledUnit, PollReport
from custom_components.acrel_safety.aioacrel.modbus.shared import SharedUnit
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from tests.aioacrel.rigs import RATIOS, SHORT_TIMEOUT, address_of, model

QUICK = {Pace.FAST: 0.05, Pace.NORMAL: 0.1, Pace.SLOW: 0.2}
PATIENCE = 20.0


class Lends(Protocol):
    """Whoever has units of a link."""

    def unit(self, unit_id: int) -> SharedUnit:
        """Return one of them."""


class Reports:
    """Collects poll reports; `until` waits for one that fits."""

    def __init__(self) -> None:
        self.patience = PATIENCE
        self.all: list[PollReport] = []
        self.timed: list[tuple[float, PollReport]] = []
        self._news = asyncio.Event()

    def __call__(self, report: PollReport) -> None:
        self.all.append(report)
        self.timed.append((asyncio.get_running_loop().time(), report))
        self._news.set()

    async def until(self, fits: Callable[[PollReport], bool]) -> PollReport:
        """Return the first report from now on that fits."""
        seen = len(self.all)
        async with asyncio.timeout(self.patience):
            while True:
                for report in self.all[seen:]:
                    if fits(report):
                        return report
                seen = len(self.all)
                self._news.clear()
                await self._news.wait()


class Rig(AsyncExitStack):
    """A bus with devices on a cabinet."""

    def __init__(self, cabinet: Cabinet, framing: str = "tcp") -> None:
        super().__init__()
        self.bus = Bus("test")
        self.reports = Reports()
        self.devices: list[PolledUnit] = []
        self._address = address_of(cabinet, framing)
        self._cabinet = cabinet

    async def enter_link(self) -> Link:
        """Return a link that is open until the end."""
        return await self.enter_async_context(Link.open(self._address))

    async def add(
        self,
        *unit_ids: int,
        timeout: float | None = SHORT_TIMEOUT,  # noqa: ASYNC109 - of each request
        of: str | None = None,
        intervals: Mapping[Pace, float] = QUICK,
        silence: Mapping[int, LinkError] = MappingProxyType({}),
        link: Lends | None = None,
    ) -> list[PolledUnit]:
        link = link or await self.enter_link()
        devices = self.devices = list[PolledUnit]()
        for unit_id in unit_ids:
            unit = self._address.guarded(link.unit(unit_id), unit_id, timeout=timeout, pulse=self.bus.pulse)
            device = PolledUnit(unit, model(of or self._cabinet.units[unit_id].model), ratios=RATIOS)
            device.want_all()
            self.bus.add(device, self.reports, intervals, silence=silence.get(unit_id))
            devices.append(device)
        self.push_async_callback(self.bus.stop)
        return devices
