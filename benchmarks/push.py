"""How soon what a platform sends is answered, through a real Home Assistant's web server.

    python -m benchmarks push

Home Assistant runs in a process of its own (`push_worker.py`), with a hundred devices. The peer is Home Assistant's own
webhook beside it, with a handler that reads the body and returns at once: it is sent the same bodies, one after the
other with ours, by the same sender over the same connection.
"""

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count, cycle
from statistics import median

import aiohttp

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.cloud.push import LARGEST
from custom_components.acrel_safety.hubs.cloud_push_data import PATH

DEVICES = 100
MODEL = "adw300"
OURS, PEER, IDLE = ("0123456789abcdef" * 4, "peer" * 8, "idle" * 8)
ADDRESSES = {OURS: PATH, PEER: "/api/webhook", IDLE: "/api/webhook"}
ROUNDS = 50
LARGE_ROUNDS = 12
"""What is large takes a while to be worked off."""
SENDERS = 20
WANTED_MS = 50.0
_CODES = (
    *("Ua", "Ub", "Uc", "Ia", "Ib", "Ic", "P", "Pa", "Pb", "Pc"),
    *("PF", "Fr", "Lg", "TempA", "TempB", "TempC", "TempN", "EPI", "Q", "S"),
)
_MORE_CODES = tuple(f"{what}Hr{number:02}" for what in ("Ua", "Ub", "Uc", "Ia") for number in range(2, 32))
_MEANWHILE, _STEP_SECONDS = 8, 0.02
"""So many are sent while another one is worked off, with a pause between two."""
_SETTLE_SECONDS = 0.05
_PATIENCE_SECONDS = 120.0
_numbers = count(1)


def serial(number: int) -> str:
    """Return the serial number of a device."""
    return f"MT{number:04}"


def one_record() -> bytes:
    """Return what one device says."""
    return _values([0], _CODES)


def many_devices() -> bytes:
    """Return what all devices say: other values than before."""
    return _values(range(DEVICES), _CODES)


def largest() -> bytes:
    """Return as many values as a body may hold."""
    record = len(_values([0], (*_CODES, *_MORE_CODES)))
    return _values([number % DEVICES for number in range(min(512, LARGEST // record))], (*_CODES, *_MORE_CODES))


def alarm() -> bytes:
    """Return an alarm that never came before."""
    said = {"code": "PFLOW1", "level": "1", "alarmNo": f"A-{next(_numbers)}", "title": {"en_US": "Power factor low"}}
    return json.dumps({"gatewaySn": "GW0001", "meterSn": serial(0), "list": [said]}).encode()


def garbage() -> bytes:
    """Return as much as a body may hold that is nothing."""
    return b"<" * LARGEST


def _values(devices: Sequence[int], codes: Sequence[str]) -> bytes:
    stamp, step = int(time.time()), next(_numbers)
    records = [
        {
            "gatewaySn": "GW0001",
            "meterSn": serial(device),
            "timestamp": stamp,
            "state": "ONLINE",
            **{code: round(20 + (7 * (step + place)) % 60 / 10, 1) for place, code in enumerate(codes)},
        }
        for device in devices
    ]
    return json.dumps(records).encode()


@dataclass(slots=True)
class Times:
    """Milliseconds until answers, ours and the peer's."""

    ours: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)


class Platform:
    """Sends to a Home Assistant, as several senders: so many requests a second are all that one of them may."""

    def __init__(self, port: int) -> None:
        """Take where it listens."""
        self._host = f"http://127.0.0.1:{port}"
        self._sessions = [
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(f"127.0.1.{number + 1}", 0)))
            for number in range(SENDERS)
        ]
        self._turns = cycle(self._sessions)

    async def close(self) -> None:
        """End all connections."""
        for session in self._sessions:
            await session.close()

    async def timed(self, secret: str, body: bytes, session: aiohttp.ClientSession | None = None) -> float:
        """Send a body; return the milliseconds until its answer was read."""
        session = next(self._turns) if session is None else session
        since = time.perf_counter()
        async with session.post(f"{self._host}{ADDRESSES[secret]}/{secret}", data=body) as answer:
            await answer.read()
        took = 1000 * (time.perf_counter() - since)
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"it was answered with {answer.status}")
        return took

    async def worked_off(self) -> int:
        """Return how many requests were worked off."""
        async with next(self._turns).post(f"{self._host}{ADDRESSES[IDLE]}/{IDLE}") as answer:
            return int((await answer.json())["requests"])

    async def until_idle(self, requests: int) -> None:
        """Wait until so many were worked off."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while await self.worked_off() < requests:  # noqa: ASYNC110 - it is in another process
                await asyncio.sleep(_SETTLE_SECONDS)

    async def one_by_one(self, make: Callable[[], bytes], rounds: int) -> Times:
        """Send bodies, each when what came before was worked off."""
        times = Times()
        for number in range(rounds):
            body, known, session = make(), await self.worked_off(), next(self._turns)
            # Who is first comes right after a pause: each is, in turn.
            order = ((PEER, times.peer), (OURS, times.ours))
            for secret, taken in order if number % 2 else reversed(order):
                taken.append(await self.timed(secret, body, session))
            await self.until_idle(known + 1)
        return times

    async def at_once(self, make: Callable[[], bytes], rounds: int) -> Times:
        """Have all senders send at the same moment."""
        times = Times()
        for _ in range(rounds):
            bodies, known = [make() for _ in self._sessions], await self.worked_off()
            for secret, taken in ((PEER, times.peer), (OURS, times.ours)):
                sent = (self.timed(secret, *one) for one in zip(bodies, self._sessions, strict=True))
                taken.extend(await asyncio.gather(*sent))
            await self.until_idle(known + len(bodies))
        return times

    async def meanwhile(self, make: Callable[[], bytes], load: Callable[[], bytes], rounds: int) -> Times:
        """Send small bodies while a large one is worked off."""
        times = Times()
        for _ in range(rounds):
            known = await self.worked_off()
            await self.timed(OURS, load())
            for _ in range(_MEANWHILE):
                await asyncio.sleep(_STEP_SECONDS)
                session = next(self._turns)
                times.peer.append(await self.timed(PEER, make(), session))
                times.ours.append(await self.timed(OURS, make(), session))
            await self.until_idle(known + 1 + _MEANWHILE)
        return times


@asynccontextmanager
async def _home_assistant(*, records: bool) -> AsyncGenerator[Platform]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.push_worker", str(port), "records" if records else "none"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("nothing can be said to it")
    try:
        if not await process.stdout.readline():
            raise RuntimeError("it did not come up")
        platform = Platform(port)
        try:
            for make in (many_devices, largest):
                # What is seen for the first time is made known, and written down.
                known = await platform.worked_off()
                await platform.timed(OURS, make())
                await platform.until_idle(known + 1)
            yield platform
        finally:
            await platform.close()
    finally:
        process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            await process.wait()


async def measure(rounds: int = ROUNDS, large_rounds: int = LARGE_ROUNDS) -> Table:
    """Return how soon answers came."""
    table = Table(
        "push",
        "How soon a push is answered",
        f"A real Home Assistant with {DEVICES} devices ({MODEL}) and its web server, on loopback; milliseconds from "
        "sending a body to having read its answer. *Peer*: Home Assistant's own webhook with a handler that reads the "
        "body and returns at once, sent the same bodies in the same run. *Ratio*: of the medians. Wanted is below "
        f"{WANTED_MS:.0f} ms.",
        ["sent", "bytes", "answers"]
        + [f"{what} ms" for what in ("median", "p99", "worst", "peer median", "peer p99", "peer worst")]
        + ["ratio", "over 50 ms"],
    )
    busy = [os.getloadavg()[0]]
    for records in (False, True):
        async with _home_assistant(records=records) as platform:
            tail = ", with a recorder" if records else ""
            for name, make, times in (
                ("one device", one_record, rounds),
                (f"{DEVICES} devices with {len(_CODES)} values", many_devices, rounds),
                ("an alarm", alarm, rounds),
                ("the largest body", largest, large_rounds),
                ("the largest garbage", garbage, large_rounds),
            ):
                _add(table, name + tail, make, await platform.one_by_one(make, times))
            found = await platform.at_once(many_devices, max(1, large_rounds // 3))
            _add(table, f"{SENDERS} senders at once, {DEVICES} devices each{tail}", many_devices, found)
            found = await platform.meanwhile(one_record, largest, max(1, large_rounds // 3))
            _add(table, f"one device, while the largest is worked off{tail}", one_record, found)
        busy.append(os.getloadavg()[0])
    table.text += f" The machine: {os.cpu_count()} cores, load average {max(busy):.1f} at most, of all that ran on it."
    return table


def _add(table: Table, name: str, make: Callable[[], bytes], times: Times) -> None:
    cells: dict[str, str | float | None] = {"sent": name, "bytes": len(make()), "answers": len(times.ours)}
    for prefix, found in (("", times.ours), ("peer ", times.peer)):
        order = sorted(found)
        cells[f"{prefix}median ms"] = median(order)
        cells[f"{prefix}p99 ms"] = order[int(0.99 * (len(order) - 1))]
        cells[f"{prefix}worst ms"] = order[-1]
    cells["ratio"] = median(times.ours) / median(times.peer)
    cells["over 50 ms"] = sum(one > WANTED_MS for one in times.ours)
    table.rows.append(cells)
    print(cells, file=sys.stderr)


if __name__ == "__main__":
    made = asyncio.run(measure())
    made.save()
    print(made.markdown())
