"""A device that is known: whichever connection it has at present, and Modbus through it, one request at a time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from modbus_connection import ModbusConnectionError, ModbusExceptionError
from modbus_connection.exceptions import ModbusTimeoutError

from ..modbus.shared import AwayError
from ..texts import Phrase, phrase
from .messages import DataUpload, Login, PassThrough
from .rtu import Answer, ReadAnswer, ReadRequest, Refusal, Request, WriteAnswer, fitting, rtu_of
from .session import Session
from .volume import Volume

type Uploaded = Callable[[DataUpload], None]

DOUBT_SECONDS = 1800.0
"""So long who calls in its name is doubted after somebody else did: the usual period, in which the device is back."""


class Station:
    """One device by its serial number."""

    def __init__(self, serial: str, volume: Volume) -> None:
        """Take its serial number, and what counts its data."""
        self.serial = serial
        self.volume = volume
        self.session: Session | None = None
        """The one connection that speaks for it."""
        self.login: Login | None = None
        """What it said of itself last, also when it is away."""
        self.uploaded: tuple[int, ...] | None = None
        """How many registers each section of its latest upload had."""
        self.late = 0
        """Answers that came when nobody waited for them."""
        self.address = ""
        """The network address from which it called last."""
        self._doubt: tuple[float, Phrase] | None = None
        """Until when it is doubted that it is the device, and why."""
        self._line = asyncio.Lock()
        self._waiting: tuple[Request, asyncio.Future[Answer]] | None = None
        self._on_upload: list[Uploaded] = []
        self._on_change: list[Callable[[], None]] = []

    @property
    def is_here(self) -> bool:
        """Whether it has a connection."""
        return self.session is not None and not self.session.is_closing

    @property
    def doubt(self) -> Phrase | None:
        """Why who speaks for it may be somebody else; None if nothing speaks for that."""
        return None if self._doubt is None or _now() >= self._doubt[0] else self._doubt[1]

    def join(self, uploaded: Uploaded, changed: Callable[[], None]) -> Callable[[], None]:
        """Tell uploads, and that the connection was made or lost; returns what ends that."""
        self._on_upload.append(uploaded)
        self._on_change.append(changed)

        def leave() -> None:
            with suppress(ValueError):
                self._on_upload.remove(uploaded)
                self._on_change.remove(changed)

        return leave

    # -- as the server tells it ---------------------------------------------------------------------------------------

    def take_session(self, session: Session, login: Login) -> None:
        """Be spoken for by a connection from now on."""
        is_new = self.session is not session
        if self.address not in ("", session.address):
            self._begin_doubt(phrase("uplink_moved"))
        self.session, self.login, self.address = session, login, session.address
        if is_new:
            self._changed()

    def is_contested(self) -> None:
        """Note that somebody else calls in its name."""
        self._begin_doubt(phrase("uplink_contested"))

    def _begin_doubt(self, why: Phrase) -> None:
        self._doubt = _now() + DOUBT_SECONDS, why

    def lose_session(self) -> None:
        """Have no connection any more: whoever waits for an answer waits in vain."""
        self.session = None
        if self._waiting is not None and not self._waiting[1].done():
            self._waiting[1].set_exception(ModbusConnectionError("the device has hung up"))
        self._changed()

    def take_upload(self, upload: DataUpload) -> None:
        """Tell what the device uploaded."""
        self.uploaded = upload.sizes
        for listener in list(self._on_upload):
            listener(upload)

    def take_answer(self, answer: PassThrough) -> bool:
        """Give an answer to whoever waits for just this one, if anybody does; any other is late and is dropped."""
        if answer.serial in ("", self.serial) and self._waiting is not None:
            request, waiting = self._waiting
            found = _fitting(request, answer)
            if found is not None and not waiting.done():
                waiting.set_result(found)
                return True
        self.late += 1
        return False

    def _changed(self) -> None:
        for listener in list(self._on_change):
            listener()

    # -- Modbus -------------------------------------------------------------------------------------------------------

    async def turn(self) -> None:
        """Wait until nobody else asks. Raises AwayError if the device has no connection."""
        async with self._line:
            if not self.is_here:
                raise AwayError

    async def ask(self, request: Request, seconds: float) -> ReadAnswer | WriteAnswer:
        """Send a request, once, and return its answer.

        Raises AwayError if nothing was sent, ModbusConnectionError if the connection was lost, ModbusTimeoutError, or
        the ModbusExceptionError that the device answered.
        """
        async with self._line:
            session = self.session
            if session is None or session.is_closing:
                raise AwayError
            waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self._waiting = request, waiting
            owed, session.owes = session.owes, True
            try:
                session.send(PassThrough(request.encoded()))
                async with asyncio.timeout(seconds):
                    answer = await waiting
                session.owes = owed
            except TimeoutError as error:
                raise ModbusTimeoutError(f"no answer within {seconds:g} s") from error
            finally:
                self._waiting = None
            if isinstance(answer, Refusal):
                raise ModbusExceptionError.from_code(answer.code)
            return answer


def _now() -> float:
    return asyncio.get_running_loop().time()


def _fitting(request: Request, answer: PassThrough) -> Answer | None:
    """Return what an answer says if it fits a request."""
    if not answer.rtu:
        # Some answer a write with their serial number alone: what came of it has to be read back anyway.
        if isinstance(request, ReadRequest):
            return None
        return WriteAnswer(request.unit, request.address, len(request.words))
    return fitting(request, rtu_of(answer.rtu))
