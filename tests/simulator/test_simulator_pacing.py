"""Line time as computed, not as measured: the formula, and who has to wait for whom."""

import asyncio
import struct
from collections.abc import Callable
from functools import partial

import pytest
from pymodbus import FramerType

from simulator import Cabinet, LineSettings
from simulator.pacing import Lane
from tests.simulator.clients import Connect


@pytest.mark.parametrize(
    ("baudrate", "count", "expected_ms"),
    [
        (4800, 1, 50.4),
        (4800, 125, 619),
        (9600, 1, 25.2),
        (9600, 40, 115),
        (9600, 125, 309),
        (19200, 10, 22.9),
        (38400, 1, 7.8),
        (38400, 125, 78.8),
        (115200, 60, 16.2),
    ],
)
def test_the_table_of_the_line_times_comes_out(baudrate: int, count: int, expected_ms: float) -> None:
    """11 bits per character, no turnaround."""
    line = LineSettings(baudrate=baudrate, bits_per_char=11)
    assert line.read_s(count) * 1000 == pytest.approx(expected_ms, rel=0.006)


def test_the_turnaround_is_added_once() -> None:
    quick, slow = LineSettings(baudrate=9600), LineSettings(baudrate=9600, turnaround_ms=20)
    assert slow.read_s(7) - quick.read_s(7) == pytest.approx(0.020)


@pytest.mark.parametrize(
    "settings", [{"baudrate": 0}, {"bits_per_char": 0}, {"turnaround_ms": -1}, {"gateway_timeout_ms": -1}]
)
def test_no_such_line(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="not a serial line"):
        LineSettings(**settings)


async def test_the_line_charges_what_went_over_it(connect: Connect) -> None:
    line = LineSettings(baudrate=115200, bits_per_char=10, turnaround_ms=1)
    cabinet = Cabinet.standard(frozen=True, line=line)
    char_s, silence_s = 10 / 115200, 0.00175
    async with cabinet:
        tcp = await connect(cabinet.tcp_port, FramerType.SOCKET)
        rtu = await connect(cabinet.rtu_port, FramerType.RTU)
        await tcp.read_holding_registers(0x14, count=9, device_id=1)
        await rtu.read_holding_registers(0x08, count=4, device_id=9)
        await tcp.read_holding_registers(0x05, count=1, device_id=1)
        await rtu.write_registers(0x0008, [200, 100], device_id=7)
    chars = (8 + 5 + 2 * 9) + (8 + 5 + 2 * 4) + (8 + 5) + (9 + 2 * 2 + 8)
    expected = chars * char_s + 4 * (2 * silence_s + 0.001)
    assert cabinet.bus_lane.spent == pytest.approx(expected)
    assert cabinet.bus_lane.jobs == 4


async def test_one_line_serves_one_request_at_a_time() -> None:
    """Five requests at once on two connections: they end one after the other, in order."""
    line = LineSettings(baudrate=115200, turnaround_ms=2)
    cabinet = Cabinet.standard(frozen=True, line=line)
    async with cabinet:
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.tcp_port)
        frame = struct.pack(">HHHBBHH", 1, 0, 6, 7, 3, 0, 1)
        start = loop.time()
        for unit in (7, 9, 7, 8, 7):
            writer.write(frame[:6] + bytes([unit]) + frame[7:])
        order = [(await reader.readexactly(11))[6] for _ in range(5)]
        took = loop.time() - start
        writer.close()
        await writer.wait_closed()
    assert order == [7, 9, 7, 8, 7]
    assert cabinet.bus_lane.spent == pytest.approx(5 * line.read_s(1))
    # Never faster than the line; how much slower depends on the machine.
    assert took >= 5 * line.read_s(1) - 0.002


async def test_a_silent_unit_holds_the_line_for_the_gateways_timeout() -> None:
    line = LineSettings(baudrate=115200, gateway_timeout_ms=5)
    cabinet = Cabinet.of({7: "asj10l", 9: "aim-m10"}, frozen=True, line=line)
    cabinet.set_scenario("silent", 7)
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.tcp_port)
        for unit in (7, 8, 9):
            writer.write(struct.pack(">HHHBBHH", unit, 0, 6, unit, 3, 0, 1))
        assert (await reader.readexactly(11))[6] == 9
        writer.close()
        await writer.wait_closed()
    unanswered_s = 8 * line.char_s + line.silence_s + 0.005
    assert cabinet.bus_lane.spent == pytest.approx(2 * unanswered_s + line.read_s(1))


async def test_a_lane_without_time_ends_its_jobs_at_once() -> None:
    lane = Lane()
    done: list[int] = []

    def job(n: int) -> tuple[float, Callable[[], None]]:
        return 0.0, partial(done.append, n)

    for n in range(3):
        lane.submit(partial(job, n))
    assert done == [0, 1, 2]
    assert lane.idle


async def test_a_job_may_queue_another_one() -> None:
    lane = Lane()
    done = asyncio.Event()

    def second() -> tuple[float, Callable[[], None]]:
        return 0.001, done.set

    lane.submit(lambda: (0.001, lambda: lane.submit(second)))
    await done.wait()
    assert lane.jobs == 2
    assert lane.spent == pytest.approx(0.002)
