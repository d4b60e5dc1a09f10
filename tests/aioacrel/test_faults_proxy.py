"""The fault proxy does what it says, seen by a client that believes everything."""

import asyncio
import signal
import struct
import subprocess
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.errors import LinkError
from custom_components.acrel_safety.aioacrel.modbus import Link
from simulator.faults import (
    DEAD_METERS,
    Episodes,
    Fault,
    FaultProxy,
    Framing,
    Script,
    Times,
    TruthServer,
    faults_of,
)
from simulator.faults.__main__ import chosen_faults, main
from simulator.faults.frames import Frame, FrameSplitter, checksum
from simulator.faults.virtual import run
from tests.aioacrel.fault_rigs import address_at

TIMES = Times(late=(1.0, 1.0), repeat=(0.1, 0.1), drip=(0.1, 0.1), seat=(3.0, 3.0), mute=(2.0, 2.0))
ROOT = Path(__file__).parents[2]


class Ear(asyncio.Protocol):
    """Keeps every piece of bytes with its time."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []
        self.end: Exception | str | None = None

    def data_received(self, data: bytes) -> None:
        self.heard.append((asyncio.get_running_loop().time(), data))

    def connection_lost(self, exc: Exception | None) -> None:
        self.end = exc or "closed"

    @property
    def bytes(self) -> bytes:
        return b"".join(piece for _, piece in self.heard)


def read_request(framing: Framing, address: int = 0, number: int = 1, count: int = 2) -> bytes:
    return Frame(1, b"\x03" + address.to_bytes(2) + count.to_bytes(2), framing, number).wire


def heard(
    framing: Framing, *faults: Fault, requests: int = 1, connections: int = 1, count: int = 2, times: Times = TIMES
) -> list[Ear]:
    """Ask one request after the other, 2 s apart, on one connection after the other; return what was heard."""

    async def ask() -> list[Ear]:
        ears = []
        async with (
            TruthServer(framing, frozenset({1}), service=0.01) as truth,
            FaultProxy("127.0.0.1", truth.port, framing, Script(faults, seed=5, times=times)) as proxy,
        ):
            for _ in range(connections):
                transport, ear = await asyncio.get_running_loop().create_connection(Ear, "127.0.0.1", proxy.port)
                for number in range(1, 1 + requests):
                    transport.write(read_request(framing, number=number, count=count))
                    await asyncio.sleep(2)
                transport.close()
                await asyncio.sleep(0.1)
                ears.append(ear)
        return ears

    return run(ask())


def frames(framing: Framing, data: bytes) -> list[Frame]:
    return FrameSplitter(framing, answers=True).feed(data)


@pytest.mark.parametrize("framing", list(Framing))
def test_without_a_fault_the_answer_passes(framing: Framing) -> None:
    (ear,) = heard(framing, Fault.NONE)
    (answer,) = frames(framing, ear.bytes)
    assert (answer.unit, answer.function, len(answer.pdu)) == (1, 3, 6)


@pytest.mark.parametrize("framing", list(Framing))
def test_the_times_of_an_answer_can_be_changed(framing: Framing) -> None:
    (on_time,), (late,) = heard(framing), heard(framing, Fault.LATE)
    assert late.heard[0][0] - on_time.heard[0][0] == pytest.approx(1.0)
    (twice,) = heard(framing, Fault.DUPLICATE)
    assert len(frames(framing, twice.bytes)) in (1, 2)
    (split,), (drip,) = heard(framing, Fault.SPLIT), heard(framing, Fault.DRIP)
    assert {len(piece) for _, piece in split.heard} == {1}
    assert drip.heard[-1][0] - drip.heard[0][0] > 0.5
    assert not any(ear.heard for fault in (Fault.DROP, Fault.LOST_REQUEST) for ear in heard(framing, fault))


@pytest.mark.parametrize("framing", list(Framing))
def test_answers_can_be_joined_and_exchanged(framing: Framing) -> None:
    (merged,) = heard(framing, Fault.MERGE, requests=2)
    assert len(merged.heard) == 1
    assert len(frames(framing, merged.bytes)) == 2
    (exchanged,) = heard(framing, Fault.REORDER, requests=2)
    first, second = (frame.pdu[2:4] for frame in frames(framing, exchanged.bytes))
    assert first > second, "the second answer came first"


@pytest.mark.parametrize("fault", [Fault.FLIP_UNIT, Fault.FLIP_FUNCTION, Fault.WRONG_UNIT, Fault.WRONG_FUNCTION])
def test_changed_headers_have_a_right_checksum(fault: Fault) -> None:
    (ear,), (plain,) = heard(Framing.RTU, fault), heard(Framing.RTU)
    assert ear.bytes[:2] != plain.bytes[:2]
    assert checksum(ear.bytes[:-2]) == ear.bytes[-2:]


def test_noise_breaks_the_checksum_and_garbage_stands_before_and_after() -> None:
    (noisy,), (plain,) = heard(Framing.RTU, Fault.NOISE), heard(Framing.RTU)
    assert checksum(noisy.bytes[:-2]) != noisy.bytes[-2:]
    (before,), (after,) = heard(Framing.RTU, Fault.GARBAGE_BEFORE), heard(Framing.RTU, Fault.GARBAGE_AFTER)
    assert before.bytes.endswith(plain.bytes)
    assert after.bytes.startswith(plain.bytes)
    (cut,) = heard(Framing.RTU, Fault.CUT)
    assert plain.bytes.startswith(cut.bytes)
    assert len(cut.bytes) < len(plain.bytes)


@pytest.mark.parametrize("framing", list(Framing))
def test_lengths_and_exceptions_can_be_wrong(framing: Framing) -> None:
    (wrong,), (refused,), (busy,) = (
        heard(framing, fault) for fault in (Fault.WRONG_LENGTH, Fault.EXCEPTION, Fault.BUSY)
    )
    assert frames(framing, wrong.bytes)[0].pdu[1] != 4
    assert frames(framing, refused.bytes)[0].function == 0x83
    assert frames(framing, busy.bytes)[0].pdu[1] in (5, 6)


@pytest.mark.parametrize("framing", list(Framing))
def test_a_long_answer_can_be_refused_lost_or_cut_and_a_short_one_passes(framing: Framing) -> None:
    (long,) = heard(framing, *[Fault.TOO_LONG] * 12, requests=12, count=10)
    kinds = Counter("refused" if frame.function == 0x83 else frame.pdu[1] for frame in frames(framing, long.bytes))
    assert kinds.keys() == {"refused", 16}
    assert kinds.total() < 12, "some got no answer"
    (short,) = heard(framing, *[Fault.TOO_LONG] * 12, requests=12)
    assert len(frames(framing, short.bytes)) == 12


@pytest.mark.parametrize("framing", list(Framing))
def test_a_gateway_can_try_for_seconds_while_all_others_wait(framing: Framing) -> None:
    times = Times(retries=(3.0, 3.0))
    (ear,), (well,) = heard(framing, Fault.RETRIES, requests=2, times=times), heard(framing)
    answers = frames(framing, ear.bytes)
    assert [frame.pdu[1] for frame in answers if frame.function == 0x83] in ([], [0x0B])
    assert answers[-1].function == 3
    assert ear.heard[-1][0] - well.heard[0][0] == pytest.approx(3.0)


@pytest.mark.parametrize("framing", list(Framing))
def test_a_web_server_can_answer_and_hang_up(framing: Framing) -> None:
    (ear,) = heard(framing, Fault.WEB_PAGE)
    assert ear.bytes.startswith(b"HTTP/1.1 400")
    assert ear.end == "closed"


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.parametrize("fault", DEAD_METERS)
def test_a_dead_meter_is_answered_for_in_sound_frames(framing: Framing, fault: Fault) -> None:
    (ear,) = heard(framing, fault, requests=2)
    first, second = frames(framing, ear.bytes)
    assert (first.unit, first.function, len(first.pdu)) == (1, 3, 6)
    assert second.pdu[2:4] != first.pdu[2:4], "the meter lives again"
    words = struct.unpack(">HH", first.pdu[2:])
    match fault:
        case Fault.DEAD_FLOATS:
            (number,) = struct.unpack(">f", first.pdu[2:])
            assert not 1e-9 <= abs(number) <= 1e9
        case _:
            assert set(words) == {{Fault.DEAD_ONES: 0xFFFF, Fault.DEAD_ZEROS: 0}.get(fault, 0x1234)}
    assert fault not in faults_of(framing), "no client of a link can tell"
    assert chosen_faults(fault.value, framing) == (fault,)


def test_a_meter_is_dead_for_a_time_and_alive_for_a_time_and_some_of_its_registers_may_be_spared() -> None:
    async def ask() -> tuple[list[list[int]], int]:
        plan = Episodes(3, Fault.DEAD_ONES, alive=(10, 20), dead=(10, 20), registers={1})
        answers = []
        async with (
            TruthServer(Framing.MBAP, frozenset({1})) as truth,
            FaultProxy("127.0.0.1", truth.port, Framing.MBAP, plan) as proxy,
        ):
            transport, ear = await asyncio.get_running_loop().create_connection(Ear, "127.0.0.1", proxy.port)
            for _ in range(100):
                ear.heard.clear()
                transport.write(read_request(Framing.MBAP))
                await asyncio.sleep(1)
                (answer,) = frames(Framing.MBAP, ear.bytes)
                answers.append([*struct.unpack(">HH", answer.pdu[2:])])
            transport.close()
        return answers, plan.count

    answers, episodes = run(ask())
    assert all(word != 0xFFFF for word, _ in answers)
    turns = [dead for dead, _ in groupby(word == 0xFFFF for _, word in answers)]
    assert turns == [number % 2 == 1 for number in range(len(turns))]
    assert turns.count(True) == episodes >= 2


@pytest.mark.parametrize("framing", list(Framing))
def test_connections_can_break(framing: Framing) -> None:
    (reset,) = heard(framing, Fault.RESET)
    assert isinstance(reset.end, ConnectionResetError)
    (half_open,) = heard(framing, Fault.HALF_OPEN, requests=3)
    assert half_open.bytes == b""
    _, mute, well = heard(framing, Fault.MUTE, connections=3)
    assert mute.bytes == b""
    assert well.bytes
    _, refused, admitted = heard(framing, Fault.SEAT_TAKEN, connections=3)
    assert refused.bytes == b""
    assert admitted.bytes
    _, old = heard(framing, Fault.OLD_CONNECTION, connections=2)
    assert len(frames(framing, old.bytes)) == 2, "its own answer and the one of the connection before"


def test_the_command_runs_before_a_real_server_and_ends_on_a_signal() -> None:
    asyncio.run(_run_the_command())


async def _run_the_command() -> None:
    async with TruthServer(Framing.RTU, frozenset({1}), service=0.0) as truth:
        command = [sys.executable, "-m", "simulator.faults", "--listen", "127.0.0.1:0", "--rate", "0.5"]
        process = await asyncio.create_subprocess_exec(
            *command,
            *("--target", f"127.0.0.1:{truth.port}", "--faults", "split,garbage-before,duplicate"),
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdout is not None
        port = int((await process.stdout.readline()).split()[2].rpartition(b":")[2])
        address = address_at(port, Framing.RTU)
        believed = 0
        async with Link.open(address) as link:
            unit = address.guarded(link.unit(1), 1, timeout=0.2)
            for _ in range(8):
                after = truth.number
                try:
                    words = await unit.read(3, 0, 10, within=(0, 40))
                except LinkError:
                    continue
                assert truth.is_true(1, 3, 0, words, after)
                believed += 1
        assert believed
        process.send_signal(signal.SIGINT)
        said, _ = await process.communicate()
        assert process.returncode == 0
        assert b"requests" in said


def test_the_command_refuses_what_makes_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["--target", "nowhere"],
        ["--target", "h:1", "--faults", "smile"],
        ["--target", "h:1", "--late", "x"],
        ["--target", "h:1", "--listen", "127.0.0.1:99999"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    assert "smile" in capsys.readouterr().err
    with pytest.raises(ValueError, match="noise"):
        chosen_faults("noise", Framing.MBAP)
