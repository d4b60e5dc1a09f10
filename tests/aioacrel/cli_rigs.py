"""The command line as its users have it: run in the process, or as a process of its own."""

import asyncio
import io
import json
import struct
import sys
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.cli import main
from simulator import Cabinet
from simulator.faults.virtual import VirtualLoop

ACREL = str(Path(sys.executable).with_name("acrel"))
NOBODY = "tcp://127.0.0.1:1"
"""A link that refuses connections: nobody may listen on port 1."""


WRONG_USAGE = {"wrong_usage", "unknown_model", "unknown_quantity", "unusable_folder", "ratio_without_effect"}
"""The errors of what was typed."""


class Terminal(io.StringIO):
    """An output that says a person looks at it."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any document
        """The only document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The key of the error that stands in place of a result; its sentence is on stderr too."""
        error = self.json["error"]
        assert self.code == (2 if error["key"] in WRONG_USAGE else 1)
        assert error["text"] in self.err
        return str(error["key"])

    @property
    def documents(self) -> list[Any]:
        """One document per line of stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


class Acrel:
    """Runs commands in this process, beside the test's event loop."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Outcome:
        """Run a command that needs no device."""
        code = main([str(argument) for argument in arguments])
        return Outcome(code, *self._capsys.readouterr())

    async def on(self, cabinet: Cabinet, command: str, *arguments: str | Path, framing: str = "tcp") -> Outcome:
        """Run a command on a cabinet's link."""
        return await self.beside(command, link(cabinet, framing), *arguments)

    async def beside(self, *arguments: str | Path) -> Outcome:
        """Run a command beside what the test serves: in a thread, or in the same virtual time."""
        if not isinstance(asyncio.get_running_loop(), VirtualLoop):
            return await asyncio.to_thread(self, *arguments)
        orders = SimpleQueue[tuple[Coroutine[Any, Any, Any], Future[Any]] | None]()

        def hand_over(main: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever it returns
            """Have the test's loop run what the command would run on a loop of its own."""
            done = Future[Any]()
            orders.put((main, done))
            return done.result()

        # While the command does something else this loop stands still, and so does its time.
        with ThreadPoolExecutor(1) as thread, pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio, "run", hand_over)
            outcome = thread.submit(self, *arguments)
            outcome.add_done_callback(lambda _: orders.put(None))
            while (order := orders.get()) is not None:
                main, done = order
                try:
                    done.set_result(await main)
                except Exception as error:  # noqa: BLE001 - it belongs to the command
                    done.set_exception(error)
            return outcome.result()


def link(cabinet: Cabinet, framing: str = "tcp") -> str:
    """Return the link of a cabinet as a user types it."""
    port = cabinet.tcp_port if framing == "tcp" else cabinet.rtu_port
    return f"{framing}://127.0.0.1:{port}"


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start `acrel` the way a shell does; it is ended at the end."""
    started = await asyncio.create_subprocess_exec(
        ACREL, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


@asynccontextmanager
async def strange_unit(
    registers: int,
    silent_from: int = 0xFFFF,
    asked: asyncio.Event | None = None,
    *,
    first_register: int = 0,
    silent_to: int = 0xFFFF,
    is_short: bool = False,
) -> AsyncIterator[str]:
    """Serve some registers, each holding its address; yields the link.

    One that `is_short` has no exceptions: an answer about registers it does not have is too short.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(12):
            if len(request) < 12:
                continue  # no request
            first, count = struct.unpack(">HH", request[8:12])
            if asked is not None:
                asked.set()
            if silent_from <= first <= silent_to:
                continue
            answer = request[7:8] + bytes([2 * count, *struct.pack(f">{count}H", *range(first, first + count))])
            if first < first_register or first + count > registers:
                answer = b"\x03\x00" if is_short else b"\x83\x02"
            writer.write(request[:4] + struct.pack(">H", len(answer) + 1) + request[6:7] + answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


STRANGE_MODEL = """\
[model]
id = "strange"
name = "Strange"
title = { en = "Strange unit" }
evidence = "manual"
source = "of a strange unit"

[read]
ranges = [[0x0000, 0x001F], [0x0040, 0x004F]]

[[circuits]]
numbers = "1"

[circuits.points]
Lg = { at = 0x0010 }
U = { at = 0x0012, scale = 0.1 }

[circuits.settings]
LgHighVal02 = { at = 0x0040 }
"""
"""Of a `strange_unit`: its settings, which are read first, lie at 0040h."""
