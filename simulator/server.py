"""Modbus TCP and RTU-over-TCP servers on pymodbus, both serving the units of one cabinet.

pymodbus listens, frames, checks CRCs and decodes and encodes PDUs. Its own request handler is not
used: it keeps only the last request of a connection, so that a late answer goes out under the
transaction number of a newer request. A simulator that answers late on purpose must not do that.
"""

import asyncio
import errno
import struct
from collections.abc import Callable, Mapping

from pymodbus.exceptions import ModbusException
from pymodbus.framer import FRAMER_NAME_TO_CLASS, FramerType
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersResponse,
    ReadInputRegistersResponse,
    ReadWriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
)
from pymodbus.server import ModbusTcpServer
from pymodbus.server.base import ModbusBaseServer
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.transport import CommParams, CommType, ModbusProtocol

from simulator.devices.base import READ_HOLDING, READ_INPUT, WRITE_MULTIPLE
from simulator.faults.virtual import MemoryServer
from simulator.pacing import (
    EXCEPTION_CHARS,
    READ_REQUEST_CHARS,
    WRITE_ANSWER_CHARS,
    Lane,
    LineSettings,
    read_answer_chars,
    write_request_chars,
)
from simulator.registers import RefusedError
from simulator.unit import Unit

_READ_FUNCTIONS = frozenset({READ_HOLDING, READ_INPUT})
_WRITE_FUNCTIONS = frozenset({5, 6, 15, 16, 22, 23})
_MBAP_HEADER = struct.Struct(">HHHBB")
_UNKNOWN_FUNCTION = 0x01
# Unit, function and checksum.
_SHORTEST_RTU = 4
# Far longer than any t35, so that TCP may cut a frame in two.
_FRAME_PAUSE_S = 0.2

type Deliver = Callable[[ModbusPDU], None]


class Bus:
    """The way from a request to a unit: the line, who is on it, and what a request costs."""

    def __init__(
        self, units: Mapping[int, Unit], line: LineSettings | None, absent_exception: int | None, absent_s: float = 0.0
    ) -> None:
        """Without a line every unit is on its own and answers at once.

        A gateway that tries for a unit that is not there for `absent_s` serves nobody else meanwhile.
        """
        self._units = units
        self._line = line
        self._absent_exception = absent_exception
        self._absent_s = absent_s
        self._lost = Lane()
        self.lane = Lane()

    def close(self) -> None:
        """Drop everything under way."""
        for lane in (self.lane, self._lost, *(unit.lane for unit in self._units.values())):
            lane.close()

    def submit(self, request: ModbusPDU, deliver: Deliver, *, gateway: bool) -> None:
        """Queue a request; `deliver` is called with the answer when its time has come, or never.

        `gateway` tells whether a gateway may answer in place of a unit that does not exist (Modbus
        TCP only).
        """
        unit = self._units.get(request.dev_id)
        lane = self.lane if self._line or self._absent_s else unit.lane if unit else self._lost

        def job() -> tuple[float, Callable[[], None]]:
            if unit is None:
                return self._absent(request, deliver if gateway else _nobody)
            answer = self._ask(unit, request)
            if answer is None:
                return self._unanswered_s(request), _nothing
            return self._exchange_s(request, answer) + unit.delay_s, lambda: deliver(answer)

        lane.submit(job)

    def _absent(self, request: ModbusPDU, deliver: Deliver) -> tuple[float, Callable[[], None]]:
        seconds = self._unanswered_s(request) + self._absent_s
        if self._absent_exception is None:
            return seconds, _nothing
        answer = _addressed(ExceptionResponse(request.function_code, self._absent_exception), request)
        return seconds, lambda: deliver(answer)

    def _ask(self, unit: Unit, request: ModbusPDU) -> ModbusPDU | None:
        address, count, values = _described(request)
        unit.note(request.function_code, address, count)
        if unit.ignores(request.function_code, count):
            if request.function_code in _WRITE_FUNCTIONS:
                unit.note_write(request.function_code, address, values, accepted=False)
            return None
        answer: ModbusPDU
        try:
            if request.function_code in _WRITE_FUNCTIONS:
                unit.write(request.function_code, address, values)
                answer = WriteMultipleRegistersResponse(address=address, count=count)
            else:
                words = unit.read(request.function_code, address, count)
                kind = (
                    ReadHoldingRegistersResponse
                    if request.function_code == READ_HOLDING
                    else ReadInputRegistersResponse
                )
                answer = kind(registers=words)
        except RefusedError as refusal:
            answer = ExceptionResponse(request.function_code, refusal.code)
        return _addressed(answer, request)

    def _exchange_s(self, request: ModbusPDU, answer: ModbusPDU) -> float:
        if self._line is None:
            return 0.0
        if answer.isError():
            chars = EXCEPTION_CHARS
        elif request.function_code in _READ_FUNCTIONS:
            chars = read_answer_chars(len(answer.registers))
        else:
            chars = WRITE_ANSWER_CHARS
        return self._line.exchange_s(_request_chars(request), chars)

    def _unanswered_s(self, request: ModbusPDU) -> float:
        return self._line.unanswered_s(_request_chars(request)) if self._line else 0.0


def _nothing() -> None:
    """Leave a request without an answer."""


def _nobody(answer: ModbusPDU) -> None:
    """Drop an answer that only a gateway would give."""
    del answer


def _request_chars(request: ModbusPDU) -> int:
    return write_request_chars(request.count) if request.function_code == WRITE_MULTIPLE else READ_REQUEST_CHARS


def _described(request: ModbusPDU) -> tuple[int, int, list[int]]:
    """Return address, count and written values of a request."""
    if isinstance(request, ReadWriteMultipleRegistersRequest):
        return request.write_address, request.write_count, list(request.write_registers)
    values = list(request.registers) or [int(bit) for bit in request.bits]
    return request.address, request.count or len(values), values


def _addressed(answer: ModbusPDU, request: ModbusPDU) -> ModbusPDU:
    answer.dev_id = request.dev_id
    answer.transaction_id = request.transaction_id
    return answer


class _Connection(ModbusProtocol):
    """One client. Every request keeps its own unit and transaction number until it is answered."""

    def __init__(self, server: ModbusTcpServer, bus: Bus, framer: FramerType) -> None:
        source = server.comm_params.source_address or ("", 0)
        super().__init__(
            CommParams(comm_name="server", comm_type=CommType.TCP, host=source[0], port=source[1]),
            is_server=True,
        )
        self._bus = bus
        self._gateway = framer is FramerType.SOCKET
        self._decoder = DecodePDU(is_server=True)
        self._framer = FRAMER_NAME_TO_CLASS[framer](self._decoder)
        self._left = 0
        self._heard = 0.0

    def callback_new_connection(self) -> ModbusProtocol:
        """Never called: a connection accepts none."""
        raise RuntimeError("a connection accepts no connections")

    def callback_connected(self) -> None:
        """Need nothing to be done."""

    def callback_disconnected(self, exc: Exception | None) -> None:
        """Need nothing to be done: answers under way are dropped when they come."""

    def callback_data(self, data: bytes, addr: tuple[object, ...] | None = None) -> int:
        """Take every whole request out of the buffer; return the bytes used."""
        del addr
        used = self._stale(data)
        while used < len(data):
            frame = data[used:] if self._gateway else self._first_frame(data[used:])
            if not frame:
                break
            try:
                length, request = self._framer.handleFrame(frame, 0, 0)
            except ModbusException, struct.error:
                self._refuse_unknown(frame)
                used = len(data)
                break
            if not length and self._gateway:
                break
            # What is no frame, or has a wrong checksum, may still hide the start of one.
            used += length or 1
            if request is not None:
                self._bus.submit(request, self._answer, gateway=self._gateway)
        self._left = len(data) - used
        return used

    def _stale(self, data: bytes) -> int:
        """Count the bytes of a frame that began and was never finished; silence ends an RTU frame."""
        now = self.loop.time()
        silent, self._heard = now - self._heard > _FRAME_PAUSE_S, now
        return min(self._left, len(data)) if silent and not self._gateway else 0

    def _first_frame(self, data: bytes) -> bytes:
        """Cut the first RTU frame off; pymodbus would throw away what follows it.

        Empty: wait for the rest. One byte: no frame begins here.
        """
        if len(data) < _SHORTEST_RTU:
            return b""
        try:
            kind = self._decoder.lookupPduClass(data)
            size = kind.calculateRtuFrameSize(data) if kind else 1
        except ModbusException, struct.error, LookupError:
            return data[:1]
        return data[:size] if size and len(data) >= size else b""

    def _refuse_unknown(self, frame: bytes) -> None:
        """Answer a function code that pymodbus does not know; in RTU framing it is not heard."""
        if self._gateway and len(frame) >= _MBAP_HEADER.size:
            transaction, _, _, unit, function = _MBAP_HEADER.unpack_from(frame)
            self._answer(ExceptionResponse(function & 0x7F, _UNKNOWN_FUNCTION, unit, transaction))

    def _answer(self, answer: ModbusPDU) -> None:
        if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
            self.transport.write(self._framer.buildFrame(answer))


class BusServer(ModbusTcpServer):
    """A TCP port that leads to a bus, in one of the two framings."""

    def __init__(self, bus: Bus, framer: FramerType, host: str, port: int) -> None:
        """Prepare; `open` starts to listen."""
        # pymodbus wants a datastore; requests never reach it.
        unused = SimDevice(0, simdata=[SimData(0, values=0, datatype=DataType.REGISTERS)])
        super().__init__(unused, framer=framer, address=(host, port))
        self._bus = bus
        self._framer_type = framer
        self._listening: asyncio.Server | MemoryServer | None = None

    def callback_new_connection(self) -> ModbusProtocol:
        """Accept a client."""
        return _Connection(self, self._bus, self._framer_type)

    async def open(self) -> int:
        """Listen and return the real port. Raises OSError when the port cannot be had."""
        transport: object = self.transport if await self.listen() else None
        if not isinstance(transport, asyncio.Server | MemoryServer):
            raise OSError(errno.EADDRINUSE, f"cannot listen on {self.comm_params.source_address}")
        self._listening = transport
        port: int = transport.sockets[0].getsockname()[1]
        return port

    async def end(self) -> None:
        """Close the port and all connections, and wait until they are gone."""
        for connection in self.active_connections.values():
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        self.close()
        if self._listening is not None:
            await self._listening.wait_closed()
            self._listening = None
        if ModbusBaseServer.active_server is self:
            # pymodbus keeps the last server of the process alive for its signal handling.
            ModbusBaseServer.active_server = None
