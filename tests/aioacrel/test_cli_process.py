"""`acrel` as a process: pipes that break, outputs that are full or closed, Ctrl-C, encodings."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel import cli
from simulator import Cabinet
from tests.aioacrel.cli_rigs import ACREL, link, process

WATCH = ("--unit", "8", "--model", "aim-r100", "--interval", "0.01")


@pytest.fixture
async def cabinet() -> AsyncIterator[Cabinet]:
    async with Cabinet.of({8: "aim-r100"}, frozen=True) as cabinet:
        yield cabinet


def shell(command: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a line as a shell does, with `acrel` on its path."""
    path = f"{Path(ACREL).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/bash", "-c", command],
        env={**os.environ, **(environment or {}), "PATH": path},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_module_is_the_command() -> None:
    package = "aioacrel.cli"
    shown = subprocess.run([sys.executable, "-m", package, "--version"], capture_output=True, check=False)
    assert shown.returncode == 0
    assert shown.stdout.startswith(b"acrel ")


async def test_a_reader_that_leaves_ends_the_command_quietly(cabinet: Cabinet) -> None:
    command = f"set -o pipefail; acrel watch {link(cabinet)} {' '.join(WATCH)} --json | head -n 1"
    ended = await asyncio.to_thread(shell, command)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["model"] == "aim-r100"


@pytest.mark.parametrize("reader", ["head -n 1", "true"])
@pytest.mark.parametrize("command", [f"read LINK {' '.join(WATCH[:4])}", f"watch LINK {' '.join(WATCH)} --json"])
async def test_a_reader_that_leaves_takes_no_alarm_away(cabinet: Cabinet, command: str, reader: str) -> None:
    cabinet.units[8].hold("LgHigh", 1)
    ended = await asyncio.to_thread(
        shell, f"set -o pipefail; acrel {command.replace('LINK', link(cabinet))} 2>&1 | {reader}"
    )
    assert ended.returncode == 4


@pytest.mark.parametrize("command", ["acrel models", "acrel --help", "acrel plan --model adw300 --json"])
def test_nobody_reads_at_all(command: str) -> None:
    ended = shell(f"set -o pipefail; {command} | true")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_full_disk_is_said() -> None:
    ended = shell("acrel models > /dev/full")
    assert ended.returncode == 1
    assert ended.stderr == "the output cannot be written: No space left on device\n"


def test_outputs_the_shell_has_closed() -> None:
    assert shell("acrel models >&-").returncode == 0
    assert shell("acrel models --models /none 2>&-").returncode == 2
    assert shell("acrel models --models /none >&- 2>&-").returncode == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_an_encoding_cannot_show_is_escaped(encoding: str) -> None:
    ended = shell("acrel models --language zh", {"PYTHONIOENCODING": encoding})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ("剩余电流" if encoding == "utf-8" else "\\u5269\\u4f59") in ended.stdout


@pytest.mark.parametrize("framing", ["tcp", "rtu+tcp"])
async def test_ctrl_c_while_a_silent_unit_is_waited_for(framing: str) -> None:
    asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            asked.set()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        silent = f"{framing}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with process("read", silent, "--unit", "8", "--model", "aim-r100", "--timeout", "200") as reading:
            await asked.wait()
            reading.send_signal(signal.SIGINT)
            async with asyncio.timeout(60):
                out, said = await reading.communicate()
            assert (reading.returncode, out, said) == (130, b"", b"")


class Writes(list[Any]):
    """The writes a unit saw, and when there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = asyncio.Event()

    def append(self, write: object) -> None:
        super().append(write)
        self.seen.set()


@pytest.mark.parametrize("is_silent", [False, True], ids=["stuck", "silent"])
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
async def test_ctrl_c_after_a_command_has_left(as_json: bool, is_silent: bool) -> None:
    """The relay never moves, since no time passes there; or the unit says nothing any more."""
    async with Cabinet.of({1: "ddsy1352"}, frozen=True) as cabinet:
        cabinet.units[1].writes = writes = Writes()
        order = ("--unit", "1", "--model", "ddsy1352", "FORRLYOFF", "--confirm", *(["--json"] if as_json else []))
        async with process("operate", link(cabinet), *order) as operating:
            async with asyncio.timeout(60):
                await writes.seen.wait()
                if is_silent:
                    cabinet.set_scenario("silent")
                operating.send_signal(signal.SIGINT)
                out, said = await operating.communicate()
        assert operating.returncode == 130
        assert len(writes) == 1
    if as_json:
        document = {"outcome": "unknown", "reason": "not_watched", "writes": 1, "position": None}
        assert json.loads(out) == document
    else:
        assert b"look before anything else is done" in out
    assert b"ook before anything else is done" in said
    assert b"If it was carried out, or still is: The meter stays forced open" in said


async def test_ctrl_c_before_a_command_has_left() -> None:
    asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            asked.set()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        silent = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        order = ("--unit", "1", "--model", "ddsy1352", "FORRLYOFF", "--confirm", "--timeout", "200")
        async with process("operate", silent, *order) as operating, asyncio.timeout(60):
            await asked.wait()
            operating.send_signal(signal.SIGINT)
            out, said = await operating.communicate()
        assert (operating.returncode, said) == (130, b"")
        assert b"nothing was sent" in out


def test_ctrl_c_while_the_command_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interrupt comes from the import itself, as it does from a user who is quick."""

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("custom_components.acrel_safety.aioacrel.cli.run.run", interrupted)
    assert cli.main(["models"]) == 130


def names_in(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


FULL = "trap '' XFSZ; ulimit -f 0; "
"""A disk that takes no byte more."""


@pytest.mark.parametrize(
    "command",
    ["table import table.csv --id x", "table export adw300", "dump LINK --unit 8 --model aim-r100"],
    ids=lambda command: " ".join(command.split()[:2]),
)
@pytest.mark.parametrize("name", ["file", "link"])
async def test_a_full_disk_leaves_the_good_file(cabinet: Cabinet, tmp_path: Path, command: str, name: str) -> None:
    rows = [f"{number},1,DOC_{number},mA,{number},6,1,0,0,3,,0\n" for number in range(9)]
    header = "id,group,data_name,unit,reg_add,reg_type,endian,dcm,k,fun_num,calc,style\n"
    (tmp_path / "table.csv").write_text(header + "".join(rows))
    good = "a good file\n" * 10
    (tmp_path / "file").write_text(good)
    (tmp_path / "link").symlink_to("file")
    before = names_in(tmp_path)
    said = f"cd {tmp_path} && acrel {command.replace('LINK', link(cabinet))} -o {name}"

    failed = await asyncio.to_thread(shell, FULL + said)
    assert (failed.returncode, failed.stderr.splitlines()[-1]) == (1, f"{name}: File too large")
    assert (tmp_path / "file").read_text() == good

    assert (await asyncio.to_thread(shell, said)).returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() != good
    assert names_in(tmp_path) == before
