"""Arbitrary bytes for answers, registers and texts: errors of ours or nothing, never a crash or a guess."""

import asyncio
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.errors import AddressFormError, LinkError
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress, PolledUnit
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator.faults import Framing, TruthServer
from simulator.faults.frames import Frame, checksum
from simulator.faults.virtual import run
from tests.aioacrel.fault_rigs import TIMEOUT, address_at

FUZZERS = {"fuzz_decoders.py": 20000, "fuzz_uplink.py": 1000, "fuzz_xmlgateway.py": 1000}


class Babbler(TruthServer):
    """Answers with whatever it was given, then with the truth."""

    says: list[bytes]

    def serve(self, request: Frame, transport: asyncio.Transport) -> None:
        if self.says:
            transport.write(self.says.pop(0))
        else:
            super().serve(request, transport)


def like_an_answer(body: bytes) -> bytes:
    """Return bytes that begin like the right answer and have a right checksum, but another content."""
    frame = b"\x01\x03" + body
    return frame + checksum(frame)


BABBLE = st.lists(st.binary(min_size=1, max_size=300) | st.binary(max_size=40).map(like_an_answer), max_size=4)


@pytest.mark.parametrize("framing", list(Framing))
def test_no_bytes_from_the_line_do_more_than_fail(framing: Framing) -> None:
    @given(says=BABBLE)
    @settings(max_examples=150, deadline=None, derandomize=True)
    def holds(says: list[bytes]) -> None:
        async def main() -> None:
            async with Babbler(framing, frozenset({1})) as server:
                server.says = list(says)
                address = address_at(server.port, framing)
                async with Link.open(address) as link:
                    unit = address.guarded(link.unit(1), 1, timeout=TIMEOUT)
                    believed = 0
                    for _ in range(12):
                        after = server.number
                        try:
                            words = await unit.read(3, 0, 10, within=(0, 40))
                        except LinkError:
                            continue
                        assert server.is_true(1, 3, 0, words, after)
                        believed += 1
                    assert believed > 0, "when the babble is over the line heals"

        run(main())

    holds()


@pytest.mark.parametrize("name", [model.id for model in ModelLibrary().usable() if not model.needs_table])
def test_no_register_content_makes_a_decoder_fail_or_say_what_is_no_number(name: str) -> None:
    model = ModelLibrary().get(name)

    @given(data=st.data())
    @settings(max_examples=25, deadline=None, derandomize=True)
    def holds(data: st.DataObject) -> None:
        async def main() -> None:
            address = LinkAddress.parse("rtu+tcp://127.0.0.1:1")
            async with Link.open(address) as link:
                device = PolledUnit(address.guarded(link.unit(1), 1), model)
                device.want_all()
                for group in Pace:
                    for block in device.blocks(group):
                        words = data.draw(
                            st.lists(st.integers(0, 0xFFFF), min_size=block.read.count, max_size=block.read.count)
                        )
                        device.take(block, words)
                for reading in device.readings.values():
                    assert not isinstance(reading.value, float) or math.isfinite(reading.value)

        run(main())

    holds()


@given(text=st.text() | st.from_regex(r"(tcp|rtu\+tcp|serial)://[^ ]*", fullmatch=True))
def test_no_text_is_half_a_link_address(text: str) -> None:
    try:
        address = LinkAddress.parse(text)
    except AddressFormError:
        return
    assert LinkAddress.parse(str(address)).params == address.params or address.line_given


@given(text=st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_no_text_is_half_a_dump(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        RegisterDump.from_json(text)


@pytest.mark.parametrize(("name", "runs"), FUZZERS.items())
def test_the_decoders_hold_against_a_coverage_guided_fuzzer(name: str, runs: int) -> None:
    """Atheris ends its process itself, so it has one of its own."""
    fuzzer = Path(__file__).with_name(name)
    done = subprocess.run(
        [sys.executable, str(fuzzer), f"-runs={runs}", "-seed=1", "-max_len=300"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=fuzzer.parents[2],
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"Done {runs} runs" in done.stderr
