"""Those who call the server of `benchmarks uplink`, in processes of their own: devices, and whoever is hostile."""

import asyncio
import logging
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import TextIO

from simulator import Cabinet
from simulator.unit import Unit
from simulator.uplink.caller import answer_of
from simulator.uplink.wire import BEAT, DATA, PASS, framed, login, section, taken_apart

PERIOD = 60.0
SERIALS = [f"2026{number:010d}" for number in range(100_000)]
_FIRST, _COUNT = 0x0200, 48
_U, _I, _P = 1, 4, 10
"""Offsets in the live block of what an upload is known by."""
_UPLOADS, _NUMBERS = 100, 100
_HOST = "127.0.0.1"
_ICCID = "89860000000000000000"
_SEED = 2026
_NICENESS = 10
_LINGER_SECONDS = 30.0


def marked(words: Sequence[int], number: int, upload: int) -> list[int]:
    """Return a live block that says which device and which of its uploads it is."""
    found = list(words)
    found[_U] = 2000 + number % _NUMBERS
    found[_I] = 1000 + number // _NUMBERS
    found[_P] = 1000 + upload % _UPLOADS
    return found


def mark_of(values: Sequence[float]) -> tuple[int, int]:
    """Return device and upload of voltage, current and power."""
    voltage, current, power = values
    number = round(10 * voltage) - 2000 + _NUMBERS * (round(100 * current) - 1000)
    return number, round(1000 * power) - 1000


class _Device(asyncio.Protocol):
    """One device: logs in, uploads every minute, answers what is passed through."""

    def __init__(self, number: int, unit: Unit, words: Sequence[int], log: TextIO) -> None:
        self.is_over = asyncio.Event()
        self.upload = 0
        self._number = number
        self._unit = unit
        self._words = words
        self._log = log
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.write(login(SERIALS[self._number], _ICCID, 1))

    def send(self) -> None:
        self.upload += 1
        block = section("1-1", 1, marked(self._words, self._number, self.upload), sealed=True)
        self._log.write(f"{self._number} {self.upload} {time.monotonic()}\n")
        if self._transport is not None:
            self._transport.write(framed(DATA, block))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        for command, body in taken_apart(self._buffer):
            if command == PASS and self._transport is not None:
                _stand_for(self._unit, self._number, self.upload)
                if (answer := answer_of(self._unit, body)) is not None:
                    self._transport.write(framed(PASS, answer))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self.is_over.set()


def _stand_for(unit: Unit, number: int, upload: int) -> None:
    """Let the one simulated meter show what a device uploaded last."""
    words = marked([0] * _COUNT, number, upload)
    unit.hold("U", words[_U] / 10)
    unit.hold("I", words[_I] / 100)
    unit.hold("P", words[_P] / 1000)


async def _devices(port: int, count: int, path: Path) -> None:
    """Be so many devices as the next line of the input says, until it ends; `count` in the end."""
    unit = Cabinet.of({1: "ddsy1352"}, frozen=True).units[1]
    words = unit.read(3, _FIRST, _COUNT)
    loop = asyncio.get_running_loop()
    with path.open("w", encoding="ascii") as log:

        async def one(number: int) -> None:
            upload, due = 0, loop.time() + PERIOD * number / count
            while True:
                await asyncio.sleep(due - loop.time())
                with suppress(OSError):
                    _, device = await loop.create_connection(
                        lambda: _Device(number, unit, words, log),
                        _HOST,
                        port,
                        local_addr=(f"127.0.0.{2 + number % 8}", 0),
                    )
                    device.upload = upload
                    while not device.is_over.is_set():
                        device.send()
                        upload = device.upload
                        due += PERIOD
                        with suppress(TimeoutError):
                            async with asyncio.timeout_at(due):
                                await device.is_over.wait()
                due = loop.time() + 5

        tasks: list[asyncio.Task[None]] = []
        while wanted := await asyncio.to_thread(sys.stdin.readline):
            tasks += [asyncio.create_task(one(number)) for number in range(len(tasks), int(wanted))]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# -- hostile ----------------------------------------------------------------------------------------------------------

type _Guest = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_CHANCE = random.Random(_SEED)


async def _loris(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    for byte in login("20269999999999", _ICCID, 1)[:-1]:
        writer.write(bytes([byte]))
        await asyncio.sleep(1)


async def _flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    writer.write(login(f"F{_CHANCE.randrange(10**9)}", _ICCID, 1))
    while not writer.is_closing():
        writer.write(framed(BEAT) * 100)
        await writer.drain()
        await asyncio.sleep(0.05)


async def _noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    for _ in range(20):
        writer.write(_CHANCE.randbytes(8192))
        await writer.drain()
        await asyncio.sleep(0.1)


async def _huge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    writer.write(login(f"H{_CHANCE.randrange(10**9)}", _ICCID, 1))
    writer.write(framed(DATA, b"{{}}" * 16_384))
    await writer.drain()
    await asyncio.sleep(5)


def _replay(known: int) -> _Guest:
    async def replay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = _CHANCE.randrange(known)
        block = section("1-1", 1, marked([7] * _COUNT, number + 1, 99), sealed=True)
        writer.write(login(SERIALS[number], _ICCID, 1))
        for _ in range(10):
            writer.write(framed(DATA, block))
            await asyncio.sleep(1)
        await reader.read(100)

    return replay


async def _never_reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is one that reads, too
    writer.write(login(f"N{_CHANCE.randrange(10**9)}", _ICCID, 1))
    for _ in range(10):
        writer.write(framed(DATA) * 10)
        await asyncio.sleep(2)


async def _hostile(port: int, count: int, known: int, seconds: float) -> None:
    """Make so many connections within so many seconds, as many at a time as come of it."""
    kinds = cycle((_loris, _flood, _noise, _huge, _replay(known), _never_reads))
    loop = asyncio.get_running_loop()
    begun = loop.time()

    made = 0

    async def one(number: int, act: _Guest) -> None:
        nonlocal made
        with suppress(OSError):
            async with _guest(port, f"127.0.1.{1 + number % 16}") as (reader, writer):
                made += 1
                await act(reader, writer)

    tasks: set[asyncio.Task[None]] = set()
    for number in range(count):
        await asyncio.sleep(max(0.0, begun + seconds * number / count - loop.time()))
        task = asyncio.create_task(one(number, next(kinds)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.wait(tasks, timeout=_LINGER_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    sys.stdout.write(f"{made}\n")


@asynccontextmanager
async def _guest(port: int, address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(_HOST, port, local_addr=(address, 0))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


if __name__ == "__main__":
    # Of each byte that the server does not take any more asyncio warns.
    logging.disable()
    match sys.argv[1:]:
        case ["devices", port, count, path]:
            asyncio.run(_devices(int(port), int(count), Path(path)))
        case ["hostile", port, count, known, seconds]:
            # They share this machine's processors; on others they would not take them from the server.
            os.nice(_NICENESS)
            asyncio.run(_hostile(int(port), int(count), int(known), float(seconds)))
