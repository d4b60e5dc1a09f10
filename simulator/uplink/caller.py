"""A unit that dials in: logs in, asks for the time, uploads its blocks, and answers what is passed through."""

import asyncio
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from simulator.devices.base import READ_HOLDING, WRITE_MULTIPLE
from simulator.faults.frames import checksum
from simulator.points import Match, Twin
from simulator.registers import RefusedError
from simulator.unit import Unit
from simulator.uplink.quirks import Quirks
from simulator.uplink.wire import BEAT, DATA, PASS, SET_VALUES, TIME, framed, login, section, taken_apart

BLOCKS: Mapping[str, Sequence[tuple[int, int]]] = {
    "arcm300": ((0x1000, 42), (0x1204, 26), (0x1300, 2), (0x121E, 19), (0x1995, 10)),
    "ddsy1352": ((0x0200, 48),),
    "dtsy1352": ((0x0200, 48),),
}
"""What is known to be uploaded, by model."""
_SHORTEST_RTU = 8


class Caller:
    """One device with its SIM card."""

    def __init__(
        self, unit: Unit, serial: str, *, quirks: Quirks | None = None, minutes: int = 30, iccid: str = ""
    ) -> None:
        """Take the instrument, what it calls itself, and its upload period in minutes."""
        self.unit = unit
        self.serial = serial
        self.quirks = quirks or Quirks()
        self.minutes = minutes
        self.iccid = iccid or "89860000000000000000"
        self.told: datetime | None = None
        """The time it was told last, on the server's clock."""
        self.weekday: int | None = None
        self.taken: list[int] = []
        """The commands that were acknowledged."""
        self.asked: list[bytes] = []
        """What was passed through to it, whole."""
        self._was_asked = asyncio.Event()
        self.logins = 0
        self.uploads = 0
        self.is_on = asyncio.Event()
        """Set while its login is acknowledged."""
        self.local_address: tuple[str, int] | None = None
        """The address and port it calls from; None as it comes."""
        self._is_awake = False
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._answers: set[asyncio.Task[None]] = set()

    @property
    def acts(self) -> Mapping[str, Callable[[], None]]:
        """What can happen to it, by name."""
        return {"hang_up": self.hang_up, "upload": self.upload}

    @property
    def heard(self) -> Sequence[object]:
        """What was passed through to it."""
        return [request.hex() for request in self.asked]

    def start(self, host: str, port: int) -> None:
        """Dial, and dial again whenever the connection is lost, from the address it has then."""
        self._task = asyncio.create_task(self._dial_for_ever(host, port), name=f"simulated caller {self.serial}")

    async def stop(self) -> None:
        """Switch it off."""
        tasks = [*self._answers, *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task = None

    def hang_up(self) -> None:
        """Lose the connection."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def was_asked(self, is_it: Callable[[bytes], bool]) -> None:
        """Wait until something of a kind was passed through to it."""
        while not any(is_it(request) for request in self.asked):
            self._was_asked.clear()
            await self._was_asked.wait()

    def upload(self) -> None:
        """Upload now."""
        sealed = not self.quirks.without_inner_checksum
        body = self._name()
        for number, (first, count) in enumerate(BLOCKS[self.unit.model], start=1):
            name = f"{self.unit.unit_id}-{number}"
            try:
                words = self.unit.read(READ_HOLDING, first, count)
            except RefusedError:
                body += b"[[" + name.encode() + b"((un))]]"
            else:
                body += section(name, self.unit.unit_id, words, sealed=sealed)
        self.uploads += 1
        self.send(framed(DATA, body))

    def send(self, data: bytes) -> None:
        """Send bytes the way this device does."""
        if self._writer is None:
            return
        data = self.quirks.noise + data
        step = self.quirks.segment or len(data)
        for first in range(0, len(data), step):
            self._writer.write(data[first : first + step])

    # -- the connection -----------------------------------------------------------------------------------------------

    async def _dial_for_ever(self, host: str, port: int) -> None:
        while True:
            with suppress(OSError):
                reader, self._writer = await asyncio.open_connection(host, port, local_addr=self.local_address)
                await self._talk(reader)
            self.is_on.clear()
            self._writer = None
            await asyncio.sleep(self.quirks.redial_s)

    async def _talk(self, reader: asyncio.StreamReader) -> None:
        self._is_awake = True
        self.logins += 1
        self.send(login(self.serial, self.iccid, self.minutes))
        self.send(framed(SET_VALUES, b"\0\1\0\2"))
        self.send(framed(TIME, self.serial.encode().ljust(20, b"\0") if self.quirks.names_itself else b""))
        self.upload()
        works = [asyncio.create_task(self._listen(reader)), asyncio.create_task(self._report())]
        if self.quirks.drop_after_s:
            works.append(asyncio.create_task(asyncio.sleep(self.quirks.drop_after_s)))
        try:
            await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)
            self.hang_up()

    async def _report(self) -> None:
        """Upload every period, with heartbeats between."""
        clock = asyncio.get_running_loop().time
        due = clock() + 60 * self.minutes
        while True:
            await asyncio.sleep(min(self.quirks.heartbeat_s, max(0.0, due - clock())))
            self._is_awake = clock() >= due or not self.quirks.sleeps
            if clock() >= due:
                due += 60 * self.minutes
                self.upload()
            else:
                self.send(framed(BEAT))

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        buffer = bytearray()
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                buffer += data
                for command, body in taken_apart(buffer):
                    self._take(command, body)

    def _take(self, command: int, body: bytes) -> None:
        if command == PASS:
            self.asked.append(body)
            self._was_asked.set()
            task = asyncio.create_task(self._answer(body))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)
        elif command == TIME:
            year, month, day, self.weekday, hour, minute, second = body
            self.told = datetime(2000 + year, month, day, hour, minute, second)  # noqa: DTZ001 - no zone is told
        else:
            self.taken.append(command)
            self.is_on.set()

    async def _answer(self, request: bytes) -> None:
        if self.quirks.sleeps and not self._is_awake:
            return
        await asyncio.sleep(self.quirks.latency_s)
        if (answer := answer_of(self.unit, request)) is None:
            return
        if answer[1] == WRITE_MULTIPLE and self.quirks.echoes_serial:
            self.send(framed(PASS, self.serial.encode().ljust(20, b"\0")))
        else:
            self.send(framed(PASS, self._name() + answer))

    def _name(self) -> bytes:
        return self.serial.encode().ljust(20, b"\0") if self.quirks.names_itself else b""


def uploaded(unit: Unit) -> set[tuple[str, str]]:
    """Return circuit and code of what a unit's uploads tell."""
    found = set()
    for point in unit.device.points:
        match point:
            case Twin():
                places = [point.first.address, *(other.address for other in point.others)]
            case Match():
                places = [point.field.address]
            case _:
                places = [point.address]
        if any(first <= address < first + count for address in places for first, count in BLOCKS[unit.model]):
            found.add((point.circuit, point.code))
    return found


def answer_of(unit: Unit, request: bytes) -> bytes | None:
    """Return the RTU answer of a unit to an RTU request; None where it stays silent."""
    if len(request) < _SHORTEST_RTU or checksum(request[:-2]) != request[-2:] or request[0] != unit.unit_id:
        return None
    function, address, count = struct.unpack_from(">BHH", request, 1)
    values = list(struct.unpack(f">{count}H", request[7:-2])) if function == WRITE_MULTIPLE else []
    unit.note(function, address, count)
    if unit.ignores(function, count):
        if values:
            unit.note_write(function, address, values, accepted=False)
        return None
    try:
        if values:
            unit.write(function, address, values)
            answer = request[:6]
        else:
            words = unit.read(function, address, count)
            answer = request[:2] + bytes([2 * len(words)]) + struct.pack(f">{len(words)}H", *words)
    except RefusedError as refusal:
        answer = bytes([request[0], function | 0x80, refusal.code])
    return answer + checksum(answer)
