"""The port that gateways call: lets in those that are known and know their secret, lists the others."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from math import inf

from ..errors import ListenError
from ..foreign import system_says
from ..uplink.doorman import Doorman
from ..uplink.events import Event, EventKind
from ..uplink.limits import Limits
from ..uplink.strangers import Strangers
from .cipher import Cipher
from .gateway import Gateway
from .limits import DEFAULT_LIMITS
from .messages import Report
from .names import GatewayName
from .passing import Passed
from .session import Session
from .twins import TOLD_EVERY, Twins

_LOGGER = logging.getLogger(__name__)


class XmlServer:
    """Takes the calls of all gateways, known and unknown."""

    def __init__(
        self,
        *,
        zone: tzinfo,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        limits: Limits = DEFAULT_LIMITS,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> None:
        """Take the zone in which gateways are told the time, the limits, and who is told what happens."""
        self.zone = zone
        self.now = now
        self.limits = limits
        self.gateways: dict[GatewayName, Gateway] = {}
        """Those that are known."""
        self.strangers = Strangers[GatewayName](limits.listed)
        self.doorman = Doorman[Session](limits, lambda: asyncio.get_running_loop().time())
        self._on_event = on_event
        self._server: asyncio.Server | None = None
        self._twins = Twins(self._second)
        self._refused: dict[GatewayName, float] = {}
        """When it was told last that somebody could not prove to be a gateway."""

    # -- for whoever runs it ------------------------------------------------------------------------------------------

    async def start(self, host: str, port: int) -> int:
        """Listen at one address; return the port. Raises ListenError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Session(self), host, port)
        except OSError as error:
            raise ListenError(host=host, port=port, detail=system_says(error)) from error
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more, and end all connections."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        self._twins.stop()
        for session in self.doorman:
            session.close()
        await server.wait_closed()

    def expect(self, name: GatewayName, secret: str) -> Gateway:
        """Take a gateway for known from now on. Raises ValueError for what is no name or no secret."""
        if not name.is_one:
            raise ValueError("not the name of a gateway")
        cipher = Cipher(secret)
        if name not in self.gateways:
            self.gateways[name] = Gateway(name, cipher)
            self.strangers.forget(name.serial)
        return self.gateways[name]

    def forget(self, name: GatewayName) -> None:
        """Know a gateway no more."""
        gateway = self.gateways.pop(name, None)
        if gateway is None:
            return
        self._twins.forget(name)
        self._refused.pop(name, None)
        gateway.lose_session()

    # -- as the host of sessions --------------------------------------------------------------------------------------

    def time(self) -> datetime:
        """Return what time gateways are told."""
        return self.now().astimezone(self.zone)

    def admits(self, session: Session) -> bool:
        """Take a new connection, unless it has no business here."""
        if self._server is None or not self.doorman.admits(session, session.address):
            return False
        if (surplus := self.doorman.has_to_go()) is not None:
            surplus.close()
        return True

    def gateway(self, session: Session, name: GatewayName) -> Gateway | None:
        """Return the gateway of a name; one that nobody knows is listed, if it can be one."""
        gateway = self.gateways.get(name)
        if gateway is None and name.is_one:
            _, is_new = self.strangers.note(name, session.address, self.now())
            if is_new:
                self._tell(EventKind.STRANGER, name, session.address)
        return gateway

    def passed_login(self, session: Session, gateway: Gateway) -> None:
        """Take somebody who knows the secret: as the one who speaks for the gateway, if there is none."""
        if self.gateways.get(gateway.name) is not gateway:
            session.close()
            return
        self.doorman.knows(session, is_known=True)
        if self._twins.come(gateway.name, session):
            session.is_known = True
            gateway.take_session(session)
            self._tell(EventKind.LOGIN, gateway.name, session.address)

    def failed_login(self, session: Session, gateway: Gateway) -> None:
        """Tell that somebody does not know the secret, but not each time he tries."""
        now = asyncio.get_running_loop().time()
        if now - self._refused.get(gateway.name, -inf) >= TOLD_EVERY:
            self._refused[gateway.name] = now
            self._tell(EventKind.REFUSED, gateway.name, session.address)

    def reported(self, session: Session, report: Report) -> None:
        """Take a report of whoever speaks for a gateway."""
        if session.is_known and session.gateway is not None:
            session.gateway.take_report(report)

    def passed(self, session: Session, passed: Passed) -> bool:
        """Take an answer, if the connection speaks for a gateway; return whether it was waited for."""
        return session.is_known and session.gateway is not None and session.gateway.take_passed(passed)

    def left(self, session: Session) -> None:
        """Note that a connection is over."""
        self.doorman.leaves(session)
        gateway = session.gateway
        if gateway is not None and self._twins.go(gateway.name, session) and session.is_known:
            session.is_known = False
            gateway.lose_session()
            if self.gateways.get(gateway.name) is gateway:
                self._tell(EventKind.LOST, gateway.name, session.address)

    def _second(self, name: GatewayName, address: str) -> None:
        _LOGGER.warning("Gateway %s logged in twice: somebody else knows its secret, or two have one name", name.shown)
        self._tell(EventKind.SECOND_LOGIN, name, address)

    def _tell(self, kind: EventKind, name: GatewayName, address: str) -> None:
        self._on_event(Event(kind=kind, serial=name.serial, address=address))
