"""What is beside the lines: 4G devices, an XML gateway, gateways on a broker where there is one, and a cloud."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from demo.errors import DemoError
from demo.server import LOOPBACK, free_port
from demo.site import SITE, Instrument, Link
from simulator import Cabinet
from simulator.broker import Broker, BrokerError
from simulator.cloud import Feed
from simulator.cloud.standard import CloudSite
from simulator.gateway import Site
from simulator.gateway.site import AWT
from simulator.parts import Actors
from simulator.uplink import DEMO, Caller, Fleet, uploaded
from simulator.xmlgateway import XmlSite

_LOGIN_SECONDS = 90.0
LINES_ONLY = "ACREL_DEMO_LINES_ONLY"
"""If this is set in the environment, the demo has what lies on lines and nothing that calls in."""
_REPORT_SECONDS = 10.0
_FEED_SECONDS = 3.0


class Calling:
    """All of it, in the cabinet's time."""

    def __init__(self, cabinet: Cabinet, *, strangers: bool) -> None:
        """Build the 4G devices; `strangers` call as well."""
        self._cabinet = cabinet
        self._known = {shown.unit for shown in SITE}
        self._fleet = Fleet(
            cabinet, {serial: kind for serial, kind in DEMO.items() if strangers or serial in self._known}
        )
        self._gateways: Site | None = None
        self._xml: XmlSite | None = None
        self._broker: Broker | None = None
        self.cloud: CloudSite | None = None
        """The owner's account is there, if there is one."""
        self.ports: dict[Link, int] = {}
        """Where each of them calls."""

    async def prepare(self, stack: AsyncExitStack) -> str:
        """Build the gateways, and start a broker; returns why there is none. Their meters have no past."""
        if os.environ.get(LINES_ONLY):
            return "nor anything else that calls in"
        self._xml = XmlSite(self._cabinet, seconds=_REPORT_SECONDS)
        self.cloud = CloudSite(self._cabinet)
        await stack.enter_async_context(self.cloud.cloud)
        self.ports = {
            Link.UPLINK: free_port(),
            Link.XML: free_port(),
            Link.CLOUD: urlsplit(self.cloud.cloud.url).port or 0,
        }
        try:
            self._broker = await stack.enter_async_context(Broker(websockets=True))
        except BrokerError as error:
            return str(error)
        feed = Feed(self.cloud.cloud, seconds=_FEED_SECONDS)
        feed.start(LOOPBACK, self._broker.websocket_port, websockets=True)
        stack.push_async_callback(feed.stop)
        self._gateways = Site(self._cabinet, seconds=_REPORT_SECONDS)
        self.ports[Link.GATEWAY] = self._broker.port
        return ""

    @property
    def parts(self) -> list[Actors]:
        """All that the control channel can reach."""
        return [part for part in (self._fleet, self._gateways, self._xml, self.cloud) if part is not None]

    @property
    def callers(self) -> Mapping[str, Caller]:
        """The 4G devices that the demo adds, by serial number."""
        callers = self._fleet.callers if Link.UPLINK in self.ports else ()
        return {caller.serial: caller for caller in callers if caller.serial in self._known}

    @property
    def told(self) -> Mapping[int | str, set[tuple[str, str]]]:
        """Circuit and code of what is told unasked, by the unit that it is about."""
        told: dict[int | str, set[tuple[str, str]]] = {
            serial: uploaded(caller.unit) for serial, caller in self.callers.items()
        }
        for station in self._xml.stations if self._xml is not None else ():
            told |= {name: {("1", code) for code in codes} for name, codes in station.told().items()}
        return told

    @property
    def broker(self) -> tuple[str, int] | None:
        """Where the broker is, if there is one."""
        return None if self._broker is None else self._broker.place

    @property
    def feed(self) -> str | None:
        """Where the cloud's broker is, if there is one."""
        return None if self._broker is None else f"ws://{LOOPBACK}:{self._broker.websocket_port}/mqtt"

    async def start(self, stack: AsyncExitStack) -> None:
        """Have all of them call, and wait until those that are known are let in. Raises DemoError."""
        for part, link in ((self._fleet, Link.UPLINK), (self._xml, Link.XML), (self._gateways, Link.GATEWAY)):
            if part is not None and link in self.ports:
                stack.push_async_callback(part.stop)
                part.start(LOOPBACK, self.ports[link])
        try:
            async with asyncio.timeout(_LOGIN_SECONDS):
                for is_in in self._let_in().values():
                    await is_in.wait()
        except TimeoutError as error:
            left = ", ".join(name for name, is_in in self._let_in().items() if not is_in.is_set())
            raise DemoError(f"what calls is not let in: {left}") from error

    def _let_in(self) -> Mapping[str, asyncio.Event]:
        """Return what is set when each of those that are known is let in."""
        let_in = {f"4G {caller.serial}": caller.is_on for caller in self.callers.values()}
        if self._xml is not None:
            let_in |= {f"XML {station.serial}": station.is_up for station in self._xml.stations}
        if self._gateways is not None:
            known = (station for station in self._gateways.stations if station.serial == AWT)
            let_in |= {f"MQTT {station.serial}": station.is_up for station in known}
        return let_in

    def report(self) -> None:
        """Have all of them tell what they measure now."""
        for caller in self.callers.values():
            caller.upload()
        for part in (self._gateways, self._xml):
            for station in part.stations if part is not None else ():
                station.acts["report"]()


def shown(ports: Iterable[Link]) -> list[Instrument]:
    """Return the instruments that are on some links."""
    links = frozenset(ports)
    return [instrument for instrument in SITE if instrument.link in links]
