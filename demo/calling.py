"""What calls from the cabinet: 4G devices, and where it is asked for, gateways with a broker of their own."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from demo.errors import DemoError
from demo.server import LOOPBACK
from demo.site import SITE, Link
from simulator import Cabinet
from simulator.broker import Broker, BrokerError
from simulator.gateway import Site
from simulator.parts import Part
from simulator.uplink import DEMO, Caller, Fleet
from simulator.xmlgateway import XmlSite

_LOGIN_SECONDS = 30.0
_GATEWAY_SECONDS = 10.0


class Calling:
    """All of it, in the cabinet's time."""

    def __init__(self, cabinet: Cabinet, *, strangers: bool, xml_port: int | None) -> None:
        """Build it; `strangers` call as well, and with a port for XML there are gateways."""
        known = {shown.unit for shown in SITE if shown.link is Link.UPLINK}
        self._fleet = Fleet(cabinet, {serial: kind for serial, kind in DEMO.items() if strangers or serial in known})
        self._xml_port = xml_port
        self._site = None if xml_port is None else Site(cabinet, seconds=_GATEWAY_SECONDS)
        self._xml = None if xml_port is None else XmlSite(cabinet, seconds=_GATEWAY_SECONDS)
        self.broker: Broker | None = None

    @property
    def parts(self) -> Sequence[Part]:
        """All that the control channel can reach."""
        return [part for part in (self._fleet, self._site, self._xml) if part is not None]

    @property
    def callers(self) -> Mapping[str, Caller]:
        """The 4G devices that the demo adds, by serial number."""
        known = {shown.unit for shown in SITE}
        return {caller.serial: caller for caller in self._fleet.callers if caller.serial in known}

    async def start(self, stack: AsyncExitStack, port: int) -> None:
        """Have the devices call a port, and wait until those that are known are let in. Raises DemoError."""
        stack.push_async_callback(self._fleet.stop)
        self._fleet.start(LOOPBACK, port)
        try:
            async with asyncio.timeout(_LOGIN_SECONDS):
                for caller in self.callers.values():
                    await caller.is_on.wait()
        except TimeoutError as error:
            raise DemoError("the 4G devices are not let in") from error
        if self._site is None or self._xml is None or self._xml_port is None:
            return
        try:
            self.broker = await stack.enter_async_context(Broker())
        except BrokerError as error:
            raise DemoError(str(error)) from error
        for part, place in ((self._site, self.broker.place), (self._xml, (LOOPBACK, self._xml_port))):
            stack.push_async_callback(part.stop)
            part.start(*place)

    def upload(self) -> None:
        """Have the devices upload now."""
        for caller in self.callers.values():
            caller.upload()
