"""The command line as its users have it: run in the process, or as a process of its own."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.cli import main
from simulator import Cabinet

ACREL = str(Path(sys.executable).with_name("acrel"))
NOBODY = "tcp://127.0.0.1:1"
"""A link that refuses connections: nobody may listen on port 1."""


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
        assert self.code == 1
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
        return await asyncio.to_thread(self, command, link(cabinet, framing), *arguments)


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
