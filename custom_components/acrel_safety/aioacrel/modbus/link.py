"""Where a Modbus link is: its address as text, as parameters, and (outside Home Assistant) opened."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, urlsplit

from modbus_connection import ModbusSerialParams, ModbusTcpParams, ModbusUnit
from modbus_connection.tmodbus import ModbusConnection

from ..addresses import HIDDEN, without_password
from ..errors import AddressFormError
from ..foreign import python_says
from ..registers import LineSettings
from ..texts import phrase
from .framing import Framing
from .guard import GuardedUnit
from .pulse import LinkPulse
from .shared import SharedUnit

DEFAULT_PORT = 502
_LAST_PORT = 65535
_SOCKET_BAUDRATE = 115200
"""Of an RTU stream over TCP: the line's own speed is the gateway's affair, and a shared link wants one value."""


class Transport(StrEnum):
    """How the bytes travel."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu+tcp"
    SERIAL = "serial"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAddress:
    """The address of one link. `line` is that of the serial line, behind a gateway too.

    `line_given` tells whether the user stated the line settings; if not, the model's defaults may be used.
    """

    transport: Transport
    host: str = ""
    port: int = DEFAULT_PORT
    device: str = ""
    line: LineSettings = field(default_factory=LineSettings)
    line_given: bool = False

    @classmethod
    def parse(cls, text: str) -> LinkAddress:
        """Read `tcp://host:port`, `rtu+tcp://host:port` or `serial:///dev/ttyUSB0?baudrate=9600&parity=N&stopbits=1`.

        Raises AddressFormError.
        """
        try:
            parts = urlsplit(text.strip(), allow_fragments=False)
            query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)) if parts.query else {}
        except ValueError as error:
            raise AddressFormError(found=text, detail=python_says(error)) from None
        if parts.scheme not in tuple(Transport):
            raise AddressFormError(
                found=text,
                detail=phrase("other_scheme", scheme=parts.scheme) if parts.scheme else phrase("no_scheme"),
            )
        transport = Transport(parts.scheme)
        line = _line(query, text)
        if transport is Transport.SERIAL:
            device = parts.netloc + parts.path
            if not device:
                raise AddressFormError(found=text, detail=phrase("no_serial_port"))
            return cls(transport=transport, device=device, line=line, line_given=bool(query))
        if not parts.hostname or parts.path.strip("/"):
            raise AddressFormError(
                found=text,
                detail=phrase("no_host") if not parts.hostname else phrase("more_than_host"),
            )
        return cls(
            transport=transport,
            host=parts.hostname,
            port=_port(parts, text),
            line=line,
            line_given=bool(query),
        )

    @property
    def framing(self) -> Framing:
        """How frames are told apart on this link."""
        return Framing.MBAP if self.transport is Transport.TCP else Framing.RTU

    @property
    def params(self) -> ModbusTcpParams | ModbusSerialParams:
        """The link as modbus-connection (and Home Assistant's shared link) wants it."""
        match self.transport:
            case Transport.TCP:
                return ModbusTcpParams(host=self.host, port=self.port)
            case Transport.RTU_OVER_TCP:
                return ModbusSerialParams(device=f"socket://{self._netloc}", baudrate=_SOCKET_BAUDRATE)
            case Transport.SERIAL:
                return ModbusSerialParams(
                    device=self.device,
                    baudrate=self.line.baudrate,
                    bytesize=self.line.bytesize,
                    parity=self.line.parity,
                    stopbits=self.line.stopbits,
                )

    @property
    def _netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def guarded(
        self,
        unit: SharedUnit,
        unit_id: int,
        *,
        turnaround: float = 0.02,
        timeout: float | None = None,
        pulse: LinkPulse | None = None,
    ) -> GuardedUnit:
        """Return a unit on this link, guarded (see `guard.py`)."""
        pulse = pulse or LinkPulse()
        if self.transport is not Transport.SERIAL:
            pulse.way.lead_to(str(self), self.host, self.port, self.framing)
        elif isinstance(line := self.params, ModbusSerialParams):
            pulse.way.lead_to_line(line)
        return GuardedUnit(
            unit,
            unit_id,
            framing=self.framing,
            line=self.line,
            link=str(self),
            turnaround=turnaround,
            timeout=timeout,
            pulse=pulse,
        )

    def __str__(self) -> str:
        """Return the short form people know the link by; what a serial port's URL may hold of a password is hidden."""
        if self.transport is not Transport.SERIAL:
            return f"{self.transport}://{self._netloc}"
        return f"{self.transport}://{without_password(self.device)}"


_LINE_KEYS = ("baudrate", "bytesize", "parity", "stopbits")


def _line(query: Mapping[str, str], text: str) -> LineSettings:
    if unknown := [key for key in query if key not in _LINE_KEYS]:
        # With a question mark in a password the rest of it looks like an option.
        option = HIDDEN if "@" in unknown[0] else unknown[0]
        raise AddressFormError(
            found=text, detail=phrase("unknown_option", option=option, allowed=", ".join(_LINE_KEYS))
        )
    try:
        return LineSettings.of(
            baudrate=int(query.get("baudrate", 9600)),
            bytesize=int(query.get("bytesize", 8)),
            parity=query.get("parity", "N").upper(),
            stopbits=int(query.get("stopbits", 1)),
        )
    except ValueError:
        raise AddressFormError(found=text, detail=phrase("line_settings")) from None


def _port(parts: SplitResult, text: str) -> int:
    with suppress(ValueError):
        if parts.port != 0:
            return parts.port or DEFAULT_PORT
    raise AddressFormError(found=text, detail=phrase("bad_port", high=_LAST_PORT))


class Link:
    """An open link outside Home Assistant; inside, the units come from Home Assistant's shared link."""

    def __init__(self, address: LinkAddress, connection: ModbusConnection) -> None:
        """Wrap a connection; use `Link.open`."""
        self.address = address
        self.pulse = LinkPulse()
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def open(cls, address: LinkAddress) -> AsyncIterator[Link]:
        """Hold the link and close it at the end.

        It is opened by the first request, which raises LinkUnreachableError when that fails: only then is known how
        long the units want to be waited for.
        """
        connection = ModbusConnection(address.params)
        link = cls(address, connection)
        try:
            yield link
        finally:
            link.pulse.way.close()
            await connection.close()

    @property
    def is_heard(self) -> bool:
        """Whether anything that fits was ever heard on it."""
        return self.pulse.was_felt_since(float("-inf"))

    def unit(self, unit_id: int) -> ModbusUnit:
        """Return one unit on the link."""
        return self._connection.for_unit(unit_id)
