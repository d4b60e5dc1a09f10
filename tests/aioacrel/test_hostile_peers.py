"""Peers that send what nobody asked for: no value, memory flat, the event loop free, the log short, and a sentence."""

import asyncio
import logging
import time
from itertools import cycle

import pytest
from modbus_connection import ModbusError

from custom_components.acrel_safety.aioacrel.errors import LinkError, LinkUnreachableError, WrongPeerError
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress
from custom_components.acrel_safety.aioacrel.modbus.plain import PlainLink
from simulator.faults.frames import checksum
from simulator.faults.virtual import VirtualLoop, run
from tests.aioacrel.hostile_peers import MOST_BLOCKED, MOST_MEMORY, PEERS, hostile, mbap, watched

MOST_LINES = 12
COMMAND_READS = 2
"""So often a command asks before it gives up; later reads wait out the quiet time that odd answers lengthen."""
MINUTE = 60.0
LONGEST_READ = 3 * MINUTE / 4
"""Seconds after which any read has ended: the longest quiet time, and an answer or two that are waited for."""
_ANSWER = bytes((1, 3, 20)) + bytes(20)
DRIPS = {
    "a sound answer in Modbus TCP": mbap(1, 10),
    "a sound answer in RTU": _ANSWER + checksum(_ANSWER),
    "half a longest frame": b"\x00\x01\x00\x00\x00\xfe\x01" + bytes(200),
    "the beginning of an RTU answer": bytes((1, 3)),
}


@pytest.mark.parametrize("scheme", ["tcp", "rtu+tcp"])
@pytest.mark.parametrize("peer", PEERS)
async def test_what_nobody_asked_for_costs_nothing_and_is_said(
    scheme: str, peer: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with hostile(PEERS[peer]) as port:
        address = LinkAddress.parse(f"{scheme}://127.0.0.1:{port}")
        async with Link.open(address) as link:
            unit = address.guarded(link.unit(1), 1, timeout=0.3, pulse=link.pulse)
            errors: list[LinkError] = []
            slowest = 0.0
            async with watched() as cost:
                for turn in range(4):
                    began = time.monotonic()
                    try:
                        words = await unit.read(3, 0, 10)
                    except LinkError as error:
                        errors.append(error)
                    else:
                        assert peer == "a flood with each answer", words
                    if turn < COMMAND_READS:
                        slowest = max(slowest, time.monotonic() - began)
            unit.close()
    assert cost.blocked <= MOST_BLOCKED
    assert cost.memory <= MOST_MEMORY
    assert slowest < 60  # it ends, however busy the machine is
    assert len(caplog.records) <= MOST_LINES
    if peer not in ("half a longest frame in drips", "a flood with each answer"):
        assert any(isinstance(error, WrongPeerError) for error in errors), [str(error) for error in errors]
    assert [text for text in map(str, errors) if "did not answer" in text and "drips" not in peer] == []


@pytest.mark.parametrize("peer", PEERS)
async def test_our_own_transport_bears_them_too(peer: str) -> None:
    with hostile(PEERS[peer]) as port:
        link = PlainLink("127.0.0.1", port, on_lost=lambda: None)
        unit = link.unit(1, 0.3)
        async with watched() as cost:
            for _ in range(4):
                with pytest.raises(ModbusError):
                    await unit.read_holding_registers(0, 10)
        link.close()
    assert cost.blocked <= MOST_BLOCKED
    assert cost.memory <= MOST_MEMORY


@pytest.mark.parametrize("scheme", ["tcp", "rtu+tcp"])
@pytest.mark.parametrize("drips", DRIPS)
def test_one_byte_a_minute_is_no_value_and_holds_nobody_up(scheme: str, drips: str) -> None:
    class Dripper(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport, self.left = transport, cycle(DRIPS[drips])
            self.drip()

        def drip(self) -> None:
            if not self.transport.is_closing():
                self.transport.write(bytes((next(self.left),)))
                asyncio.get_running_loop().call_later(MINUTE, self.drip)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        server = await loop.create_server(Dripper, "127.0.0.1", 0)
        address = LinkAddress.parse(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with Link.open(address) as link:
            unit = address.guarded(link.unit(1), 1, pulse=link.pulse)
            asked = 0
            while loop.time() < 120 * MINUTE:
                began = loop.time()
                with pytest.raises(LinkError):
                    await unit.read(3, 0, 10)
                assert loop.time() - began < LONGEST_READ
                asked += 1
                await asyncio.sleep(2)
            unit.close()
            assert asked > 100
            assert loop.connections_made < asked
            assert len(loop.open_transports) <= 2, "one connection, both ends"

    run(main())


async def test_a_thousand_connections_leave_nothing_behind() -> None:
    with hostile(PEERS["hangs up at once"]) as port:
        address = LinkAddress.parse(f"tcp://127.0.0.1:{port}")
        async with Link.open(address) as link, watched() as cost:
            for _ in range(1000):
                unit = address.guarded(link.unit(1), 1, timeout=0.3, pulse=link.pulse)
                with pytest.raises(LinkUnreachableError):
                    await unit.read(3, 0, 1)
                unit.close()
    assert cost.memory <= MOST_MEMORY
    assert len(asyncio.all_tasks()) < 5, "nothing goes on"


async def test_the_filter_on_the_log_below_goes_with_the_last_unit() -> None:
    loggers = [logging.getLogger(f"tmodbus.transport.{name}") for name in ("async_tcp", "async_rtu")]
    before = [list(logger.filters) for logger in loggers]
    address = LinkAddress.parse("tcp://127.0.0.1:502")
    async with Link.open(address) as link:
        units = [address.guarded(link.unit(unit), unit) for unit in (1, 2)]
        assert all(logger.filters for logger in loggers)
        for unit in units:
            unit.close()
            unit.close()
    assert [logger.filters for logger in loggers] == before
