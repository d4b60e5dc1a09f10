"""The gateway: proves its secret, beats, reports, passes Modbus through, sends later what it could not send."""

import asyncio
import time
import zlib
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.unit import Unit
from simulator.uplink.caller import answer_of
from simulator.xmlgateway import wire

_OWN = "DOC_"
_MOST_STORED = 2000
_DECIMALS = 4
_FAULT = "1"
"""Error of a function whose meter does not answer: that it is not empty is known, what it says is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlQuirks:
    """How one gateway is; by default a good one."""

    segment: int = 0
    """Bytes of each piece in which it sends; 0: whole frames."""
    packs: bool = False
    """Whether its reports are deflated."""
    encoding: str = "utf-8"
    clock_s: float = 0.0
    """By how much its clock is wrong when it starts."""
    keeps_clock: bool = False
    """Whether it goes on with its own clock after it was told the time."""
    zone_h: float = 8.0
    """Offset of its local time, which comes without a zone."""
    latency_s: float = 0.0
    """Before it answers what is passed through."""
    beats_s: float = 60.0
    redial_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    moment: float
    meters: str


class XmlGateway:
    """One gateway, with units on its first serial port."""

    def __init__(
        self,
        building: str,
        gateway: str,
        secret: str,
        units: Mapping[int, Unit],
        *,
        quirks: XmlQuirks | None = None,
        seconds: float = 300.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take how it is called, its secret of 16 characters, and units by their Modbus address."""
        self.building = building
        self.serial = gateway
        self.secret = secret
        self.units = units
        self.quirks = quirks or XmlQuirks()
        self.seconds = seconds
        self.clock = clock
        self.logins = self.refusals = self.reports = self.acknowledged = 0
        self.asked: list[bytes] = []
        """What was passed through to it, whole."""
        self.is_up = asyncio.Event()
        """Set while its login is accepted."""
        self.has_beaten = asyncio.Event()
        """Set by each answer to a heartbeat."""
        self._wrong_s = self.quirks.clock_s
        self._stored: deque[_Record] = deque(maxlen=_MOST_STORED)
        self._network = asyncio.Event()
        self._network.set()
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def moment(self) -> float:
        """Its clock, in unix seconds."""
        return self.clock() + self._wrong_s

    @property
    def acts(self) -> Mapping[str, Callable[[], None]]:
        """What can happen to it, by name."""
        return {
            "reboot": self.hang_up,
            "lose_network": self.lose_network,
            "find_network": self.find_network,
            "report": self.report,
        }

    @property
    def heard(self) -> Sequence[object]:
        """What it was asked."""
        return [request.hex() for request in self.asked]

    def start(self, host: str, port: int) -> None:
        """Dial, and dial again whenever the connection is lost."""
        self._spawn(self._dial_for_ever(host, port))
        self._spawn(self._report_for_ever())

    async def stop(self) -> None:
        """Switch it off."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def hang_up(self) -> None:
        """Lose the connection."""
        self.is_up.clear()
        if self._writer is not None:
            self._writer.transport.abort()

    def lose_network(self) -> None:
        """Have an outage: it goes on measuring, and stores."""
        self._network.clear()
        self.hang_up()

    def find_network(self) -> None:
        """End the outage."""
        self._network.set()

    def report(self) -> None:
        """Measure now, and send it or store it."""
        record = _Record(moment=self.moment, meters=self._measured())
        if not self.is_up.is_set():
            self._stored.append(record)
            return
        time_text = wire.element("time", self._local(record.moment))
        self._send_report("report", f'<data operation="report">{time_text}{record.meters}</data>')
        self.reports += 1

    # -- the connection ------------------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _dial_for_ever(self, host: str, port: int) -> None:
        while True:
            await self._network.wait()
            with suppress(OSError):
                reader, self._writer = await asyncio.open_connection(host, port)
                await self._talk(reader)
            self.hang_up()
            self._writer = None
            await asyncio.sleep(self.quirks.redial_s)

    async def _talk(self, reader: asyncio.StreamReader) -> None:
        self.logins += 1
        self._send_document(wire.LOGIN, "id_validate", '<id_validate operation="request"></id_validate>')
        buffer = bytearray()
        beats: asyncio.Task[None] | None = None
        try:
            while data := await reader.read(4096):
                buffer += data
                for kind, body in wire.taken_apart(buffer):
                    self._take(kind, body)
                if beats is None and self.is_up.is_set():
                    beats = asyncio.create_task(self._beat())
        finally:
            if beats is not None:
                beats.cancel()
                await asyncio.gather(beats, return_exceptions=True)

    def _take(self, kind: int, body: bytes) -> None:
        match kind, wire.operation(body):
            case wire.LOGIN, "sequence":
                proof = wire.proof(self.secret, wire.said(body, "sequence") or "")
                inside = wire.element("md5", proof)
                self._send_document(wire.LOGIN, "id_validate", f'<id_validate operation="md5">{inside}</id_validate>')
            case wire.LOGIN, "result" if wire.said(body, "result") == "pass":
                self.is_up.set()
                self.report()
                self._resume()
            case wire.LOGIN, "result":
                self.refusals += 1
                self.hang_up()
            case wire.BEAT, "time":
                self._set_clock(wire.said(body, "time") or "")
                self.has_beaten.set()
            case wire.DOWN, _:
                with suppress(ValueError):
                    self._pass_through(wire.unlocked(body, self.secret))
            case ((wire.REPORT | wire.PACKED_REPORT), _):
                with suppress(ValueError, zlib.error):
                    plain = wire.unlocked(body, self.secret)
                    plain = zlib.decompress(plain) if kind == wire.PACKED_REPORT else plain
                    self.acknowledged += wire.operation(plain) == "continuous_ack"

    async def _beat(self) -> None:
        while True:
            self._send_document(wire.BEAT, "heart_beat", '<heart_beat operation="notify"></heart_beat>')
            await asyncio.sleep(self.quirks.beats_s)

    async def _report_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            self.report()

    # -- what it says --------------------------------------------------------------------------------------------------

    def told(self) -> Mapping[str, Sequence[str]]:
        """Return the codes that it reports of each unit, by the number of that."""
        return {
            number: [code for code, _, _ in _functions(unit)]
            for number, unit in ((f"01{address:03}", unit) for address, unit in self.units.items())
        }

    def _measured(self) -> str:
        return "".join(wire.meter(f"01{address:03}", _functions(unit)) for address, unit in self.units.items())

    def _resume(self) -> None:
        """Send what was stored, each with its own time."""
        total = len(self._stored)
        for current in range(1, total + 1):
            record = self._stored.popleft()
            numbers = (
                wire.element("sequence", current) + wire.element("total", total) + wire.element("current", current)
            )
            time_text = wire.element("time", self._local(record.moment))
            self._send_report("continuous", f'<data operation="continuous">{numbers}{time_text}{record.meters}</data>')
            self.reports += 1

    def _pass_through(self, text: bytes) -> None:
        number, _, digits = text.partition(b"|")
        request = bytes.fromhex(digits.decode())
        self.asked.append(request)
        unit = self.units.get(int(number[2:]))
        if number[:2] == b"01" and unit is not None:
            self._spawn(self._answer(number, unit, request))

    async def _answer(self, number: bytes, unit: Unit, request: bytes) -> None:
        await asyncio.sleep(self.quirks.latency_s)
        if (answer := answer_of(unit, request)) is not None:
            self._send(wire.framed(wire.UP, wire.locked(number + b"|" + answer.hex().encode(), self.secret)))

    def _send_report(self, kind: str, body: str) -> None:
        plain = self._document(kind, body)
        packed = zlib.compress(plain) if self.quirks.packs else plain
        self._send(
            wire.framed(wire.PACKED_REPORT if self.quirks.packs else wire.REPORT, wire.locked(packed, self.secret))
        )

    def _send_document(self, frame: int, kind: str, body: str) -> None:
        self._send(wire.framed(frame, self._document(kind, body)))

    def _document(self, kind: str, body: str) -> bytes:
        return wire.document(self.building, self.serial, kind, body, encoding=self.quirks.encoding)

    def _send(self, data: bytes) -> None:
        if self._writer is None or self._writer.is_closing():
            return
        step = self.quirks.segment or len(data)
        for first in range(0, len(data), step):
            self._writer.write(data[first : first + step])

    def _local(self, moment: float) -> str:
        return datetime.fromtimestamp(moment + 3600 * self.quirks.zone_h, UTC).strftime("%Y%m%d%H%M%S")

    def _set_clock(self, text: str) -> None:
        if self.quirks.keeps_clock:
            return
        with suppress(ValueError):
            told = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
            self._wrong_s = told - 3600 * self.quirks.zone_h - self.clock()


def _functions(unit: Unit) -> list[tuple[str, str, str]]:
    """Return what is configured for a unit: its codes of the first circuit, and the total by another program's name."""
    values = {code: value for code, value in unit.truth()["1"].items() if not code.startswith(_OWN)}
    if (total := values.get("EP")) is not None:
        values["WPP"] = total
    if unit.silent:
        return [(code, _FAULT, "") for code in values]
    return [(code, "", _spelled(value)) for code, value in values.items()]


def _spelled(value: float) -> str:
    """Spell a value with as many digits as a gateway gives."""
    return str(int(value) if isinstance(value, bool) else round(value, _DECIMALS))
