"""Real sockets: both framings, several units on one port, exceptions, silence, lateness, clean ends."""

import asyncio
import socket
import struct
from contextlib import suppress
from functools import partial

import pytest
from pymodbus import FramerType

from simulator import Cabinet, LineSettings
from tests.simulator.clients import FRAMINGS, Connect, port_of


@pytest.fixture(params=FRAMINGS)
def framer(request: pytest.FixtureRequest) -> FramerType:
    framing: FramerType = request.param
    return framing


async def test_every_unit_answers_on_one_port(cabinet: Cabinet, connect: Connect, framer: FramerType) -> None:
    async with cabinet:
        client = await connect(port_of(cabinet, framer), framer)
        for unit_id, address, count in (
            *((1, 0x0014, 9), (2, 0x0800, 6), (3, 0x0000, 0x3F), (4, 0x000C, 2), (5, 0x0000, 18)),
            *((6, 0x000B, 7), (7, 0x0000, 1), (8, 0x004A, 12), (9, 0x0008, 4), (10, 0x0002, 12)),
            *((11, 0x1000, 42), (12, 0x3001, 6)),
        ):
            answer = await client.read_holding_registers(address, count=count, device_id=unit_id)
            unit = cabinet.units[unit_id]
            assert answer.dev_id == unit_id
            assert answer.registers == [unit.registers[address + n] for n in range(count)]
            request = unit.requests[-1]
            assert (request.function, request.address, request.count) == (3, address, count)
            assert unit.writes == []


@pytest.mark.parametrize(
    ("unit", "address", "count", "code"),
    [
        (1, 0x0005, 1, 2),  # no such register
        (1, 0x0013, 4, None),
        (1, 0x0009, 6, 2),  # one register of the span is unknown
        (1, 0x0064, 16, None),  # time words behind the demands: unnamed, but in a printed block
        (1, 0x0014, 125, None),
        (4, 0x000C, 4, 2),
        (5, 0x0057, 2, 2),  # the relay is written only
        (11, 0x102A, 1, 2),
        (12, 0x3001, 6, None),
        (3, 0x3001, 6, 2),  # the siblings have no event record
    ],
)
async def test_reads_are_refused_as_a_device_does(
    cabinet: Cabinet, connect: Connect, unit: int, address: int, count: int, code: int | None
) -> None:
    async with cabinet:
        client = await connect(cabinet.tcp_port, FramerType.SOCKET)
        answer = await client.read_holding_registers(address, count=count, device_id=unit)
        assert answer.isError() is (code is not None)
        assert answer.exception_code == (code or 0)


@pytest.mark.parametrize(
    ("unit", "allowed"),
    [(1, False), (2, False), (3, False), (5, False), (7, True), (8, False), (9, True)],
)
async def test_function_04_works_where_it_is_documented(
    cabinet: Cabinet, connect: Connect, unit: int, allowed: bool
) -> None:
    async with cabinet:
        client = await connect(cabinet.tcp_port, FramerType.SOCKET)
        answer = await client.read_input_registers(0, count=1, device_id=unit)
        assert answer.exception_code == (0 if allowed else 1)


async def test_writes_go_by_function_10_only(cabinet: Cabinet, connect: Connect, framer: FramerType) -> None:
    async with cabinet:
        client = await connect(port_of(cabinet, framer), framer)
        single = await client.write_register(0x0008, 200, device_id=7)
        coil = await client.write_coil(0x0008, value=True, device_id=7)
        mask = await client.mask_write_register(address=0x0008, and_mask=0, or_mask=1, device_id=7)
        both = await client.readwrite_registers(
            read_address=0, read_count=1, write_address=8, values=[200], device_id=7
        )
        assert [answer.exception_code for answer in (single, coil, mask, both)] == [1, 1, 1, 1]
        assert cabinet.units[7].truth()["1"]["DOC_Rated residual current"] == 300
        good = await client.write_registers(0x0008, [200, 100], device_id=7)
        assert (good.address, good.count, good.isError()) == (8, 2, False)
        bad = await client.write_registers(0x0008, [9], device_id=7)
        assert bad.exception_code == 3
        read_only = await client.write_registers(0x0000, [9], device_id=7)
        assert read_only.exception_code == 2
        no_writes = await client.write_registers(0x008D, [9], device_id=2)
        assert no_writes.exception_code == 1
        assert cabinet.units[7].truth()["1"]["DOC_Rated residual current"] == 200
        writes = [(one.function, one.address, one.accepted) for one in cabinet.units[7].writes]
        assert writes == [
            *((6, 8, False), (5, 8, False), (22, 8, False), (23, 8, False)),
            *((16, 8, True), (16, 8, False), (16, 0, False)),
        ]


@pytest.mark.parametrize(
    ("request_hex", "answer_hex"),
    [
        # AIM-M10 at unit 1: 500 kΩ, 12.3 A, 35 °C, overload.
        ("01 03 00 08 00 04 C5 CB", "01 03 08 01 F4 00 7B 00 23 00 02 75 D5"),
        # Set the clock and its echo.
        ("01 10 00 04 00 03 06 09 0C 01 05 0C 00 A3 30", "01 10 00 04 00 03 C1 C9"),
        # Forced trip of a prepaid meter at unit 5.
        ("05 10 00 57 00 02 04 00 01 00 01 32 45", "05 10 00 57 00 02 F1 9C"),
    ],
)
async def test_literal_frames_get_literal_answers(request_hex: str, answer_hex: str) -> None:
    cabinet = Cabinet.of({1: "aim-m10", 5: "ddsy1352"}, frozen=True)
    for code, value in (("IsnRShow", 500), ("I", 12.3), ("Temp", 35), ("DOC_Overload", 1)):
        cabinet.units[1].hold(code, value)
    expected = bytes.fromhex(answer_hex)
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.rtu_port)
        writer.write(bytes.fromhex(request_hex))
        assert await reader.readexactly(len(expected)) == expected
        writer.close()
        await writer.wait_closed()


async def test_a_frame_with_a_wrong_checksum_is_not_heard() -> None:
    cabinet = Cabinet.of({1: "aim-m10"}, frozen=True)
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.rtu_port)
        writer.write(bytes.fromhex("01 03 00 08 00 04 C5 CC"))
        writer.write(bytes.fromhex("01 03 00 08 00 04 C5 CB"))
        answer = await reader.readexactly(13)
        assert answer[:3] == b"\x01\x03\x08"
        assert len(cabinet.units[1].requests) == 1
        writer.close()
        await writer.wait_closed()


async def test_requests_sent_together_are_heard_one_by_one_in_rtu_framing() -> None:
    cabinet = Cabinet.of({1: "aim-m10"}, frozen=True)
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.rtu_port)
        garbage = "FF 00 01 03"
        writer.write(bytes.fromhex(f"{garbage} 01 03 00 08 00 01 05 C8 01 03 00 08 00 04 C5 CB"))
        assert (await reader.readexactly(7))[:3] == b"\x01\x03\x02"
        assert (await reader.readexactly(13))[:3] == b"\x01\x03\x08"
        writer.close()
        await writer.wait_closed()


async def test_silence_ends_a_frame_that_was_never_finished(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.server._FRAME_PAUSE_S", 0.0)
    cabinet = Cabinet.of({1: "aim-m10"}, frozen=True)
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.rtu_port)
        # Says that 246 bytes follow; they never do. The answer shows that it was taken in.
        writer.write(bytes.fromhex("01 03 00 08 00 01 05 C8 01 10 00 04 00 7B F6 00"))
        await reader.readexactly(7)
        writer.write(bytes.fromhex("01 03 00 08 00 01 05 C8"))
        assert (await reader.readexactly(7))[:3] == b"\x01\x03\x02"
        assert cabinet.units[1].writes == []
        writer.close()
        await writer.wait_closed()


def mbap(transaction: int, unit: int, pdu: str) -> bytes:
    body = bytes.fromhex(pdu)
    return struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body


async def test_requests_sent_together_are_all_answered_in_order(cabinet: Cabinet) -> None:
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.tcp_port)
        writer.write(b"".join(mbap(n, 7, "03 00 00 00 01") for n in range(1, 6)))
        for n in range(1, 6):
            answer = await reader.readexactly(11)
            assert struct.unpack(">HHHBB", answer[:8]) == (n, 0, 5, 7, 3)
        writer.close()
        await writer.wait_closed()


async def test_functions_nobody_knows_are_refused(cabinet: Cabinet) -> None:
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.tcp_port)
        writer.write(mbap(9, 7, "41 00 00"))
        assert await reader.readexactly(9) == mbap(9, 7, "C1 01")
        # A truncated request and one of an unused but real function.
        writer.write(mbap(10, 7, "03 00"))
        assert await reader.readexactly(9) == mbap(10, 7, "83 01")
        writer.write(mbap(11, 7, "08 00 00 12 34"))
        assert await reader.readexactly(9) == mbap(11, 7, "88 01")
        writer.write(mbap(12, 7, "03 00 00 00 00"))
        assert await reader.readexactly(9) == mbap(12, 7, "83 03")
        writer.close()
        await writer.wait_closed()


async def test_a_late_answer_keeps_its_own_transaction_number(cabinet: Cabinet) -> None:
    """Unit 7 is late; unit 9 overtakes it on the same connection and nothing gets mixed up."""
    cabinet.set_scenario("slow", 7, delay_s=0.05)
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.tcp_port)
        writer.write(mbap(1, 7, "03 00 00 00 01") + mbap(2, 9, "03 00 08 00 02"))
        first, second = await reader.readexactly(13), await reader.readexactly(11)
        assert struct.unpack(">HHHBB", first[:8]) == (2, 0, 7, 9, 3)
        assert struct.unpack(">HHHBB", second[:8]) == (1, 0, 5, 7, 3)
        assert cabinet.units[7].lane.spent == pytest.approx(0.05)
        writer.close()
        await writer.wait_closed()


async def test_a_silent_unit_costs_its_neighbours_nothing(cabinet: Cabinet) -> None:
    cabinet.set_scenario("silent", 7)
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.tcp_port)
        writer.write(mbap(1, 7, "03 00 00 00 01") + mbap(2, 7, "10 00 08 00 01 02 00 64"))
        writer.write(mbap(3, 200, "03 00 00 00 01") + mbap(4, 9, "03 00 08 00 01"))
        answer = await reader.readexactly(11)
        assert struct.unpack(">HHHBB", answer[:8]) == (4, 0, 5, 9, 3)
        assert len(cabinet.units[7].requests) == 2
        assert [one.accepted for one in cabinet.units[7].writes] == [False]
        assert cabinet.units[7].truth()["1"]["DOC_Rated residual current"] == 300
        cabinet.set_scenario("normal", 7)
        writer.write(mbap(5, 7, "03 00 00 00 01"))
        assert (await reader.readexactly(11))[1] == 5
        writer.close()
        await writer.wait_closed()


async def test_a_gateway_may_answer_for_units_that_are_not_there() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True, absent_exception=0x0B)
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.tcp_port)
        writer.write(mbap(1, 2, "03 00 00 00 01"))
        assert await reader.readexactly(9) == mbap(1, 2, "83 0B")
        writer.close()
        await writer.wait_closed()
        # In RTU framing there is nobody but the units.
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.rtu_port)
        writer.write(bytes.fromhex("02 03 00 00 00 01 84 39"))
        writer.write(bytes.fromhex("01 03 00 00 00 01 84 0A"))
        assert (await reader.readexactly(7))[0] == 1
        writer.close()
        await writer.wait_closed()


async def test_a_chosen_exception_answers_reads_and_writes(
    cabinet: Cabinet, connect: Connect, framer: FramerType
) -> None:
    cabinet.set_scenario("exception", 7, code=6)
    async with cabinet:
        client = await connect(port_of(cabinet, framer), framer)
        read = await client.read_holding_registers(0, count=1, device_id=7)
        write = await client.write_registers(8, [100], device_id=7)
        assert (read.exception_code, write.exception_code) == (6, 6)
        assert [one.accepted for one in cabinet.units[7].writes] == [False]


async def test_a_scenario_can_be_switched_while_a_client_reads(cabinet: Cabinet, connect: Connect) -> None:
    async with cabinet:
        client = await connect(cabinet.rtu_port, FramerType.RTU)
        before = await client.read_holding_registers(0, count=1, device_id=7)
        cabinet.set_scenario("leak", 7, ma=777)
        after = await client.read_holding_registers(0, count=1, device_id=7)
        assert before.registers[0] < 300
        assert after.registers == [777]


async def test_only_the_asked_ports_are_opened() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    await cabinet.start(rtu_port=None)
    assert cabinet.tcp_port
    assert cabinet.rtu_port is None
    with pytest.raises(RuntimeError, match="running already"):
        await cabinet.start()
    await cabinet.stop()
    await cabinet.stop()
    assert cabinet.tcp_port is None


async def test_a_taken_port_is_an_error_and_leaves_nothing_open() -> None:
    cabinet = Cabinet.of({1: "adw300"})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="cannot listen"):
            await cabinet.start(rtu_port=taken.getsockname()[1])
    assert not cabinet.running


def _set(event: asyncio.Event, *_: object) -> None:
    event.set()


async def test_start_and_stop_leave_no_task_and_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Home Assistant's test package checks for lingering tasks and timers after every test, too."""
    before = asyncio.all_tasks()
    cabinet = Cabinet.standard(line=LineSettings(baudrate=1200))
    for _ in range(3):
        await cabinet.start()
        tcp_port, rtu_port = cabinet.tcp_port, cabinet.rtu_port
        cabinet.set_scenario("slow", 1, delay_s=60)
        arrived = asyncio.Event()
        monkeypatch.setattr(cabinet.units[1], "note", partial(_set, arrived))
        reader, writer = await asyncio.open_connection("127.0.0.1", tcp_port)
        writer.write(mbap(1, 1, "03 00 00 00 01"))
        await arrived.wait()
        await cabinet.stop()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        for port in (tcp_port, rtu_port):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
    assert asyncio.all_tasks() == before


async def test_a_running_cabinet_keeps_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.cabinet._TICK_S", 0.001)
    moved = asyncio.Event()
    cabinet = Cabinet.of({1: "adw300"}, speed=1000.0)
    advance = cabinet.advance

    def note(seconds: float) -> None:
        advance(seconds)
        moved.set()

    monkeypatch.setattr(cabinet, "advance", note)
    async with cabinet:
        await moved.wait()
    assert cabinet.environment.elapsed > 0
