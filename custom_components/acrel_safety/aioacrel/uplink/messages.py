"""What the frames say: each kind of body as a type of its own, read and written to the byte.

A body of which nothing is known, or that does not fit, is an `Unknown`: nothing is made of it, and it is never sent.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ..checksum import is_whole
from .fields import ICCID_SIZE, SERIAL_SIZE, serial_bytes, serial_of
from .frames import Command, Frame
from .moment import MOMENT_SIZE, Moment
from .rtu import ReadRequest, WriteRequest, rtu_of
from .sections import OPEN, Section, sections_of

_LOGIN = struct.Struct(f"{SERIAL_SIZE}s{ICCID_SIZE}sB2s2s2sB")
_BLOCK = struct.Struct(">HB")
_SELECTION_HEAD = 2


class Sender(StrEnum):
    """Who sent a frame: some bodies mean another thing by it."""

    DEVICE = "device"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Login:
    """A device says who it is."""

    serial: str = field(repr=False)
    iccid: str = field(repr=False)
    """Number of the SIM card: personal data, and nothing a device is known by."""
    rssi: int
    """Signal strength; its unit is not stated anywhere."""
    firmware: tuple[str, str, str]
    upload_minutes: int
    rest: bytes = field(default=b"", repr=False)
    """What a newer device may say besides."""

    def frame(self) -> Frame:
        """Return the frame of it."""
        body = _LOGIN.pack(
            serial_bytes(self.serial),
            self.iccid.encode("latin-1"),
            self.rssi,
            *(bytes.fromhex(version) for version in self.firmware),
            self.upload_minutes,
        )
        return Frame(Command.LOGIN, body + self.rest)


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has taken a login, a data upload or set values."""

    command: Command

    def frame(self) -> Frame:
        """Return the frame of it."""
        return Frame(self.command)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A device is still there; nobody answers."""

    def frame(self) -> Frame:
        """Return the frame of it."""
        return Frame(Command.HEARTBEAT)


@dataclass(frozen=True, slots=True)
class TimeRequest:
    """A device asks for the time."""

    serial: str = field(default="", repr=False)
    """Empty in older devices."""

    def frame(self) -> Frame:
        """Return the frame of it."""
        return Frame(Command.TIME, serial_bytes(self.serial))


@dataclass(frozen=True, slots=True)
class TimeAnswer:
    """The server tells the time."""

    moment: Moment

    def frame(self) -> Frame:
        """Return the frame of it."""
        return Frame(Command.TIME, self.moment.encoded())


@dataclass(frozen=True, slots=True)
class DataUpload:
    """A device tells what it measures."""

    serial: str = field(repr=False)
    """Empty where the device does not say it here."""
    sections: Sequence[Section]
    rest: bytes = field(default=b"", repr=False)
    """What could not be read; nothing is made of it."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many registers each section has."""
        return tuple(len(section.words) for section in self.sections)

    def frame(self) -> Frame:
        """Return the frame of it."""
        sections = b"".join(section.encoded() for section in self.sections)
        return Frame(Command.DATA, serial_bytes(self.serial) + sections + self.rest)


@dataclass(frozen=True, slots=True)
class SetValues:
    """A device tells the set values of its alarms; what stands where is not known."""

    body: bytes = field(repr=False)

    def frame(self) -> Frame:
        """Return the frame of it."""
        return Frame(Command.SET_VALUES, self.body)


@dataclass(frozen=True, slots=True)
class PassThrough:
    """Modbus RTU with its own checksum. Its own vouches for it: that of the frame says nothing of what is inside."""

    rtu: bytes
    """Empty where a device answers a write with its serial number alone."""
    serial: str = field(default="", repr=False)

    def frame(self) -> Frame:
        """Return the frame of it."""
        return Frame(Command.PASS_THROUGH, serial_bytes(self.serial) + self.rtu)


@dataclass(frozen=True, slots=True)
class SelectBlocks:
    """The server chooses what is uploaded: blocks, and single registers whose change is told at once.

    Read off one frame that was seen; what the device answers, and how to read the former choice, is not known.
    """

    first: int
    blocks: Sequence[tuple[int, int]]
    """First register and number of registers."""
    singles: Sequence[int] = ()

    def frame(self) -> Frame:
        """Return the frame of it."""
        blocks = b"".join(_BLOCK.pack(*block) for block in self.blocks)
        singles = struct.pack(f">{len(self.singles)}H", *self.singles)
        return Frame(Command.SELECT_BLOCKS, bytes([self.first, len(self.blocks)]) + blocks + singles)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A frame of which nothing more is known than its command."""

    command: int
    body: bytes = field(repr=False)

    def frame(self) -> Frame:
        """Return the frame of it."""
        return Frame(self.command, self.body)


type Message = (
    Login | Taken | Heartbeat | TimeRequest | TimeAnswer | DataUpload | SetValues | PassThrough | SelectBlocks | Unknown
)


def message_of(frame: Frame, sender: Sender = Sender.DEVICE) -> Message:
    """Return what a frame says."""
    known = _of_device(frame) if sender is Sender.DEVICE else _of_server(frame)
    return Unknown(frame.command, frame.body) if known is None else known


def sender_of(frame: Frame) -> Sender:
    """Return who sends such a frame, as far as its body tells; what both may send is taken for the device's."""
    said = message_of(frame, Sender.SERVER)
    if isinstance(said, PassThrough):
        return Sender.SERVER if isinstance(rtu_of(said.rtu), ReadRequest | WriteRequest) else Sender.DEVICE
    return Sender.DEVICE if isinstance(said, Unknown) else Sender.SERVER


def _of_device(frame: Frame) -> Message | None:
    read = _DEVICE_BODIES.get(frame.command)
    return None if read is None else read(frame.body)


def _of_server(frame: Frame) -> Message | None:
    body = frame.body
    match frame.command:
        case Command.LOGIN | Command.DATA | Command.SET_VALUES if not body:
            return Taken(Command(frame.command))
        case Command.TIME if len(body) == MOMENT_SIZE:
            return TimeAnswer(Moment.of(body))
        case Command.PASS_THROUGH:
            return _passed_through(body)
        case Command.SELECT_BLOCKS:
            return _selection(body)
    return None


def _login(body: bytes) -> Login | None:
    if len(body) < _LOGIN.size:
        return None
    serial, iccid, rssi, first, second, third, minutes = _LOGIN.unpack_from(body)
    number = serial_of(serial)
    if number is None:
        return None
    return Login(
        serial=number,
        iccid=iccid.rstrip(b"\0").decode("latin-1"),
        rssi=rssi,
        firmware=(first.hex(), second.hex(), third.hex()),
        upload_minutes=minutes,
        rest=body[_LOGIN.size :],
    )


def _upload(body: bytes) -> DataUpload | None:
    serial: str | None = ""
    if not body.startswith(OPEN):
        serial, body = serial_of(body[:SERIAL_SIZE]), body[SERIAL_SIZE:]
    if serial is None:
        return None
    sections, rest = sections_of(body)
    return DataUpload(serial, tuple(sections), rest)


def _passed_through(body: bytes) -> PassThrough | None:
    # The plain form first: the checksum decides.
    if is_whole(body):
        return PassThrough(body)
    serial, rtu = serial_of(body[:SERIAL_SIZE]), body[SERIAL_SIZE:]
    return PassThrough(rtu, serial) if serial and (not rtu or is_whole(rtu)) else None


def _selection(body: bytes) -> SelectBlocks | None:
    if len(body) < _SELECTION_HEAD:
        return None
    end = _SELECTION_HEAD + body[1] * _BLOCK.size
    if len(body) < end or (len(body) - end) % 2:
        return None
    blocks = tuple(_BLOCK.iter_unpack(body[_SELECTION_HEAD:end]))
    singles = struct.unpack(f">{(len(body) - end) // 2}H", body[end:])
    return SelectBlocks(body[0], blocks, singles)


def _time_request(body: bytes) -> TimeRequest | None:
    serial = serial_of(body) if body else ""
    return None if serial is None else TimeRequest(serial)


_DEVICE_BODIES: Mapping[int, Callable[[bytes], Message | None]] = {
    Command.LOGIN: _login,
    Command.TIME: _time_request,
    Command.HEARTBEAT: lambda body: None if body else Heartbeat(),
    Command.DATA: _upload,
    Command.SET_VALUES: SetValues,
    Command.PASS_THROUGH: _passed_through,
}
