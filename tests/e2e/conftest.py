"""The demo as a user starts it, and what it leaves behind."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.channel import Channel

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / "scripts" / "demo"
START_SECONDS = 300.0
END_SECONDS = 120.0

type Start = Callable[..., Coroutine[None, None, Process]]


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is ready."""

    url: str
    control: Channel


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Lift the ban on sockets of Home Assistant's test package; loopback stays the only host."""


@pytest.fixture
async def start(tmp_path: Path) -> AsyncGenerator[Start]:
    """Start `scripts/demo`, whose temporary files go to a folder of their own; nothing may remain of it."""
    processes: list[Process] = []
    work = tmp_path / "work"
    work.mkdir()

    async def run(*arguments: str, through: Sequence[str] = ()) -> Process:
        environment = os.environ | {"TMPDIR": str(work), "PYTHONUNBUFFERED": "1"}
        process = await asyncio.create_subprocess_exec(
            *through, sys.executable, COMMAND, *arguments, stdout=PIPE, stderr=STDOUT, env=environment
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(END_SECONDS):
                await process.communicate()
    assert leftovers(work) == []


@pytest.fixture
async def demo(start: Start) -> Demo:
    """Return a demo that runs until the test ends."""
    return await ready(await start("--port", "0"))


@pytest.fixture
async def newest_demo(start: Start) -> Demo:
    """Return a demo with the newest Home Assistant."""
    return await ready(await start("--port", "0", "--newest"))


async def ready(process: Process) -> Demo:
    """Return a demo when it is up."""
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(START_SECONDS):
        async for line in process.stdout:
            said += line.decode()
            if "Ctrl-C ends all of it" in said:
                break
    ready = re.search(r"Ready: +(http://127\.0\.0\.1:\d+)", said)
    control = re.search(r"--control (\S+)", said)
    assert ready is not None, said
    assert control is not None, said
    return Demo(ready[1], Channel.of(Path(control[1])))


def leftovers(work: Path) -> list[str]:
    """Return files and processes of a demo that should be gone."""
    files = [str(path) for path in work.iterdir()]
    processes = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended since
            continue
        if str(work) in command:
            processes.append(command)
    return files + processes
