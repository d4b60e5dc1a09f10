"""`scripts/demo --check`, run as a user runs it, on every supported version of Home Assistant."""

import asyncio

import pytest

from tests.e2e.conftest import Start

_CHECK_SECONDS = 240.0


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
    compared = [line.split() for line in lines if line.startswith(("ok      tcp ", "ok      rtu_tcp "))]
    assert len(compared) >= 12
    assert {link for _, link, *_ in compared} == {"tcp", "rtu_tcp"}
    assert len({model for _, _, model, *_ in compared}) >= 5
