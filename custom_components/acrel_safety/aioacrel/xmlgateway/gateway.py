"""A gateway that is known: whichever connection it has, and Modbus through it, one request at a time on each port."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from modbus_connection import ModbusConnectionError, ModbusExceptionError
from modbus_connection.exceptions import ModbusTimeoutError

from ..modbus.shared import AwayError
from ..uplink.rtu import Answer, ReadAnswer, Refusal, Request, WriteAnswer, fitting, rtu_of
from .cipher import Cipher
from .frames import Frame, FrameKind
from .messages import Report
from .names import GatewayName, MeterId
from .passing import Passed
from .session import Session

type Waiting = tuple[MeterId, Request, asyncio.Future[Answer]]


class Gateway:
    """One gateway by its name."""

    def __init__(self, name: GatewayName, cipher: Cipher) -> None:
        """Take its name, and what its secret is good for."""
        self.name = name
        self.cipher = cipher
        self.session: Session | None = None
        """The one connection that speaks for it."""
        self.late = 0
        """Answers that came when nobody waited for them."""
        self._lines: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: dict[int, Waiting] = {}
        """Who waits for an answer, by serial port."""
        self._on_report: list[Callable[[Report], None]] = []
        self._on_change: list[Callable[[], None]] = []

    @property
    def is_here(self) -> bool:
        """Whether it has a connection."""
        return self.session is not None and not self.session.is_closing

    def join(self, reported: Callable[[Report], None], changed: Callable[[], None]) -> Callable[[], None]:
        """Tell reports, and that the connection was made or lost; returns what ends that."""
        self._on_report.append(reported)
        self._on_change.append(changed)

        def leave() -> None:
            with suppress(ValueError):
                self._on_report.remove(reported)
                self._on_change.remove(changed)

        return leave

    # -- as the server tells it ---------------------------------------------------------------------------------------

    def take_session(self, session: Session) -> None:
        """Be spoken for by a connection from now on."""
        if self.session is not session:
            self.session = session
            self._changed()

    def lose_session(self) -> None:
        """Have no connection any more: whoever waits for an answer waits in vain."""
        self.session = None
        for _, _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ModbusConnectionError("the gateway has hung up"))
        self._changed()

    def take_report(self, report: Report) -> None:
        """Tell what the gateway reported."""
        for listener in list(self._on_report):
            listener(report)

    def take_passed(self, passed: Passed) -> bool:
        """Give an answer to whoever waits for just this one, if anybody does; any other is late and is dropped."""
        meter, request, waiting = self._waiting.get(passed.meter.port, (None, None, None))
        if meter == passed.meter and request is not None and waiting is not None:
            found = fitting(request, rtu_of(passed.rtu))
            if found is not None and not waiting.done():
                waiting.set_result(found)
                return True
        self.late += 1
        return False

    def _changed(self) -> None:
        for listener in list(self._on_change):
            listener()

    # -- Modbus -------------------------------------------------------------------------------------------------------

    async def turn(self, port: int) -> None:
        """Wait until nobody else asks on a serial port. Raises AwayError if the gateway has no connection."""
        async with self._lines[port]:
            if not self.is_here:
                raise AwayError

    async def ask(self, meter: MeterId, request: Request, seconds: float) -> ReadAnswer | WriteAnswer:
        """Send a request to a meter, once, and return its answer.

        Raises AwayError if nothing was sent, ModbusConnectionError if the connection was lost, ModbusTimeoutError, or
        the ModbusExceptionError that the meter answered.
        """
        async with self._lines[meter.port]:
            session = self.session
            data = self.cipher.sealed(Passed(meter, request.encoded()).encoded())
            waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._waiting[meter.port] = meter, request, waiting
            try:
                if session is None or not session.send(Frame(FrameKind.PASS_DOWN, data)):
                    raise AwayError
                async with asyncio.timeout(seconds):
                    answer = await waiting
            except TimeoutError as error:
                raise ModbusTimeoutError(f"no answer within {seconds:g} s") from error
            finally:
                del self._waiting[meter.port]
            if isinstance(answer, Refusal):
                raise ModbusExceptionError.from_code(answer.code)
            return answer


class MeterLine:
    """The way to one meter through its gateway, as what passes Modbus through."""

    def __init__(self, gateway: Gateway, meter: MeterId) -> None:
        """Take the gateway, and which meter."""
        self.gateway = gateway
        self.meter = meter

    @property
    def is_here(self) -> bool:
        """Whether the gateway has a connection."""
        return self.gateway.is_here

    def join(self, uploaded: Callable[[object], None], changed: Callable[[], None]) -> Callable[[], None]:
        """Tell what comes unasked, and that the connection was made or lost; returns what ends that."""
        return self.gateway.join(uploaded, changed)

    async def turn(self) -> None:
        """Wait until nobody else asks on this serial port."""
        await self.gateway.turn(self.meter.port)

    async def ask(self, request: Request, seconds: float) -> ReadAnswer | WriteAnswer:
        """Send a request, once, and return its answer."""
        return await self.gateway.ask(self.meter, request, seconds)
