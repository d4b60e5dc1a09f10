"""What `acrel operate` remembers from one call to the next, and that it never holds up what opens a circuit."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.cli.commandlog import BEGUN, ENDED, CommandLog
from simulator import Cabinet
from tests.aioacrel.cli_rigs import Acrel, Outcome, link, process
from tests.aioacrel.control_rigs import cabinet_of, time_passing
from tests.aioacrel.test_cli_process import Writes

MODEL = """\
[model]
id = "slow-app"
name = "Slow app"
title = { en = "A breaker that takes no second command for half a minute" }
evidence = "manual"
source = "my manual"

[[circuits]]
numbers = "1"

[circuits.points]
RlySta = { at = 0x0224, any_of = 0xE000 }
"""
COMMAND = """
[[commands]]
code = "{code}"
circuit = "1"
lockout = 30
at = 0x0057
registers = [1, {register}]
read_back = {{ code = "RlySta", value = {value} }}
source = "my manual"
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file in a folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "acrel" / "commands.jsonl"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    commands = (("RLYOFF", 1, 0), ("RLYON", 0, 1))
    texts = [COMMAND.format(code=code, register=register, value=value) for code, register, value in commands]
    (folder / "slow-app.toml").write_text("".join((MODEL, *texts)), "utf-8")
    return folder


@pytest.fixture
async def cabinet() -> AsyncIterator[Cabinet]:
    async with cabinet_of("ddsy1352") as cabinet:
        yield cabinet


def lines(state: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in state.read_text("utf-8").splitlines()]


def age(state: Path, seconds: float) -> None:
    """Have all that was put down be older."""
    entries = lines(state)
    for entry in entries:
        time = datetime.fromisoformat(str(entry["time"])) - timedelta(seconds=seconds)
        entry["time"] = time.isoformat()
    state.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), "utf-8")


def block(state: Path) -> None:
    """Have nothing be put down any more."""
    state.unlink()
    state.mkdir()


@pytest.mark.virtual_time
async def test_the_next_call_knows_that_the_device_takes_nothing_yet_but_an_opening_always_goes(
    capsys: pytest.CaptureFixture[str], state: Path, models: Path, cabinet: Cabinet
) -> None:
    acrel = Acrel(capsys)

    async def operate(code: str, *more: str) -> Outcome:
        order = ("--unit", "1", "--model", "slow-app", "--models", str(models), code, "--confirm", *more)
        async with time_passing(cabinet.advance):
            return await acrel.on(cabinet, "operate", *order)

    assert (await operate("RLYOFF")).code == 0
    refused = await operate("RLYON", "--json")
    assert (refused.code, refused.json["reason"], refused.json["writes"]) == (1, "locked_out", 0)
    age(state, 31)
    assert (await operate("RLYON")).code == 0
    opened = await operate("RLYOFF", "--language", "zh")
    assert opened.code == 0
    assert "因为是分闸，仍然发送了" in opened.err
    assert len(cabinet.units[1].writes) == 3
    told = [(entry["what"], entry["code"], entry.get("outcome")) for entry in lines(state)]
    assert told == [
        ("ended", "RLYOFF", "confirmed"),
        ("ended", "RLYON", "refused"),
        ("begun", "RLYON", None),
        ("ended", "RLYON", "confirmed"),
        ("ended", "RLYOFF", "confirmed"),
    ]
    # Where nothing can be put down it is done all the same, and said.
    block(state)
    unremembered = await operate("RLYON")
    assert (unremembered.code, len(cabinet.units[1].writes)) == (0, 4)
    assert "This could not be put down" in unremembered.err


@pytest.mark.parametrize("is_sent", [True, False])
async def test_sigterm_says_what_is_known_and_puts_it_down(state: Path, is_sent: bool) -> None:
    async with Cabinet.of({1: "ddsy1352"}, frozen=True) as cabinet:
        cabinet.units[1].writes = writes = Writes()
        asked = asyncio.Event()

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(100):
                asked.set()
            writer.close()

        async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
            silent = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            order = ("--unit", "1", "--model", "ddsy1352", "FORRLYOFF", "--confirm", "--timeout", "60")
            async with process("operate", link(cabinet) if is_sent else silent, *order) as operating:
                async with asyncio.timeout(60):
                    await (writes.seen if is_sent else asked).wait()
                    operating.send_signal(signal.SIGTERM)
                    out, said = await operating.communicate()
            assert operating.returncode == 143
            assert len(writes) == is_sent
    assert b"SIGTERM" in out
    assert (b"ook before anything else is done" in said) is is_sent
    (entry,) = lines(state)
    known = ("unknown", "not_watched", 1) if is_sent else ("refused", "withdrawn", 0)
    assert (entry["what"], entry["outcome"], entry["reason"], entry["writes"]) == ("ended", *known)


def test_what_cannot_be_understood_says_nothing(state: Path) -> None:
    log = CommandLog.of_user()
    assert (log.path, log.seconds_since("a")) == (state, None)
    assert log.put_down(BEGUN, "a", {}) == ""
    assert 0 <= (log.seconds_since("a") or 0) < 60
    assert log.put_down(ENDED, "a", {"writes": 0}) == ""
    assert (log.seconds_since("a"), log.seconds_since("b")) == (None, None)
    ahead = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    with state.open("a", encoding="utf-8") as file:
        file.write(f'{{"time": "{ahead}", "device": "b", "what": "begun"}}\n')
        for line in ("", "{", "7", '{"time": 3, "device": "b"}', '{"time": "2026-01-01", "device": "b"}'):
            file.write(f"{line}\n")
    assert log.seconds_since("b") is None
    state.write_text("x" * 2_000_000, "utf-8")
    assert log.put_down(BEGUN, "c", {}) == ""
    assert CommandLog(None).put_down(BEGUN, "c", {}) == "$HOME"
