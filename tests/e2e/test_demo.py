"""`scripts/demo` as a user runs it: `--check` on every supported version of Home Assistant, and how it ends."""

import asyncio
import signal

import pytest

from tests.e2e.conftest import Start

_CHECK_SECONDS = 240.0
_STEP_SECONDS = 180.0
_LINKS = {"tcp", "rtu_tcp", "uplink", "mqtt_gateway", "xml_gateway", "cloud"}
_IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT HUP; exec "$@"', "sh")


@pytest.mark.parametrize("version", [(), ("--newest",)], ids=["tested", "newest"])
async def test_check_finds_home_assistant_and_the_simulator_in_agreement(start: Start, version: tuple[str]) -> None:
    process = await start("--check", *version)
    async with asyncio.timeout(_CHECK_SECONDS):
        output, _ = await process.communicate()
    said = output.decode()

    assert process.returncode == 0, said
    lines = said.splitlines()
    assert "all ok" in lines
    assert not [line for line in lines if line.startswith("NOT OK")]
    compared = [words for line in lines if len(words := line.split()) > 2 and words[0] == "ok" and words[1] in _LINKS]
    assert len(compared) >= 12
    assert {link for _, link, *_ in compared} == _LINKS
    assert len({model for _, _, model, *_ in compared}) >= 5


async def test_in_the_background_only_sigterm_ends_it(start: Start) -> None:
    process = await start("--port", "0", through=_IN_THE_BACKGROUND)
    assert process.stdout is not None
    async with asyncio.timeout(_STEP_SECONDS):
        await process.stdout.readuntil(b"starting Home Assistant\n")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGHUP)
        await process.stdout.readuntil(b"instruments answer\n")
        process.send_signal(signal.SIGTERM)
        output, _ = await process.communicate()
    assert b"ending what was started" in output
    assert process.returncode == 0
