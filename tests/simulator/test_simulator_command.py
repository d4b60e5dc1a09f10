"""`python -m simulator` and its control channel."""

import asyncio
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from simulator import Cabinet
from simulator.__main__ import build, main, parser, scenario
from simulator.channel import Channel, ChannelError
from simulator.control import ControlServer

ROOT = Path(__file__).parents[2]
END_SECONDS = 20.0


async def test_scenarios_and_truth_over_the_control_channel(cabinet: Cabinet) -> None:
    control = ControlServer(cabinet)
    channel = await control.start()
    ask = channel.ask
    assert (await ask({"do": "units"}))["units"] == {
        str(unit_id): unit.model for unit_id, unit in cabinet.units.items()
    }
    leak = {"do": "scenario", "name": "leak", "unit": 7, "options": {"ma": 555}}
    assert await ask(leak) == {"ok": True}
    assert (await ask({"do": "truth", "unit": 7}))["truth"] == cabinet.units[7].truth()
    assert cabinet.units[7].truth()["1"]["Lg"] == 555
    await ask({"do": "advance", "seconds": 10})
    assert cabinet.units[7].truth()["1"]["Lg1HIGH2"] is True
    await ask({"do": "hold", "unit": 8, "circuit": "3", "code": "Lg", "value": 99})
    assert cabinet.units[8].truth()["3"]["Lg"] == 99
    await ask({"do": "release", "unit": 8})
    assert cabinet.units[8].truth()["3"]["Lg"] != 99
    cabinet.units[7].write(16, 8, [200])
    writes = (await ask({"do": "writes", "unit": 7}))["writes"]
    assert writes == [{"function": 16, "address": 8, "values": [200], "at": 10.0, "accepted": True}]
    assert (await ask({"do": "requests", "unit": 7}))["requests"] == []
    assert (await ask({"do": "reset", "unit": 7}))["ok"] is True
    await ask({"do": "scenario", "name": "trip"})
    truth = (await ask({"do": "truth"}))["truth"]
    assert isinstance(truth, dict)
    assert truth["1"]["1"]["Ia"] == 0
    await control.stop()
    await control.stop()
    with pytest.raises(ChannelError):
        await ask({"do": "units"})


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("not json", "Expecting value"),
        ("[]", "a command is a JSON object"),
        ('{"do": "explode"}', "no command 'explode'"),
        ('{"do": "truth", "unit": 99}', "no unit 99"),
        ('{"do": "advance"}', "seconds must be a number"),
        ('{"do": "advance", "seconds": true}', "seconds must be a number"),
        ('{"do": "scenario", "name": "fire"}', "no scenario 'fire'"),
        ('{"do": "scenario", "name": "leak", "options": 3}', "options is a JSON object"),
        ('{"do": "scenario", "name": "leak", "unit": 7, "options": {"ma": [1]}}', "ma must be a number"),
        ('{"do": "hold", "unit": 7, "code": "Ua", "value": 1}', "no point 'Ua'"),
        ('{"do": "hold", "unit": 7, "code": "Lg", "value": 1e308}', "value must be a number from"),
        ('{"do": "hold", "unit": 7, "code": "Lg", "value": -1}', "the register of Lg cannot hold -1"),
        ('{"do": "hold", "unit": 7, "code": "Lg1HIGH2", "value": 2}', "the register of Lg1HIGH2 cannot hold 2"),
        ('{"do": "truth", "unit": true}', "no unit True"),
        ('{"do": "advance", "seconds": NaN}', "NaN is no number"),
        ('{"do": "advance", "seconds": 1e999}', "seconds must be a number from 0 to 86400"),
        ('{"do": "advance", "seconds": -1}', "seconds must be a number from 0 to 86400"),
        (f'{{"do": "advance", "seconds": 1{"0" * 400}}}', "seconds must be a number from 0 to 86400"),
        ('{"do": "scenario", "name": "slow", "unit": 7, "options": {"delay_s": 1e308}}', "delay_s must be a number"),
        ('{"do": "scenario", "name": "leak", "unit": 7, "options": {"ma": Infinity}}', "Infinity is no number"),
    ],
)
def test_commands_that_make_no_sense_are_answered(cabinet: Cabinet, line: str, error: str) -> None:
    answer = ControlServer(cabinet).answer(line)
    assert answer["ok"] is False
    assert error in str(answer["error"])


async def test_an_open_client_does_not_keep_the_channel_alive(cabinet: Cabinet) -> None:
    control = ControlServer(cabinet)
    channel = await control.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
    writer.write(json.dumps({"token": channel.token, "do": "units"}).encode() + b"\n")
    assert json.loads(await reader.readline())["ok"] is True
    await control.stop()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("leak", ("leak", None, {})),
        ("silent@7", ("silent", 7, {})),
        ("leak:ma=500,circuit=3@8", ("leak", 8, {"ma": 500.0, "circuit": 3.0})),
        ("sensor_break:short=true@8", ("sensor_break", 8, {"short": True})),
        ("wrong_model:model=adl400@1", ("wrong_model", 1, {"model": "adl400"})),
    ],
)
def test_scenarios_on_the_command_line(text: str, expected: tuple[str, int | None, dict[str, object]]) -> None:
    assert scenario(text) == expected


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--scenario", "fire"], "no scenario 'fire'"),
        (["--scenario", "leak@99"], "no unit 99"),
        (["--scenario", "leak:ma@7"], "is not OPTION=VALUE"),
        (["--unit", "1=abb"], "no model 'abb'"),
        (["--baudrate", "0"], "not a serial line"),
        (["--tcp-port", "99999"], "invalid port value: '99999'"),
        (["--speed", "-1"], "invalid speed value: '-1'"),
        (["--speed", "nan"], "invalid speed value: 'nan'"),
        (["--send", "{}"], "needs the --control file"),
        (["--send", "[]", "--control", "x"], "a command is a JSON object"),
        (["--dial", "127.0.0.1"], "invalid place value: '127.0.0.1'"),
        (["--dial", "127.0.0.1:7000", "--caller", "A1=adw300"], "of 'adw300' it is not known what it uploads"),
        (["--dial", "127.0.0.1:7000", "--caller", "A1=ddsy1352@odd"], "no quirks 'odd'"),
        (["--speed", "1e300"], "invalid speed value: '1e300'"),
    ],
)
def test_wrong_usage_says_what_is_wrong(arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert error in capsys.readouterr().err


def test_a_cabinet_can_be_put_together_on_the_command_line() -> None:
    line = ["--unit", "3=aim-r100", "--unit", "9=adw300", "--baudrate", "9600", "--bits-per-char", "11"]
    cabinet = build(parser().parse_args([*line, "--scenario", "trip@9", "--seed", "5", "--latched"]))
    assert {unit_id: unit.model for unit_id, unit in cabinet.units.items()} == {3: "aim-r100", 9: "adw300"}
    assert cabinet.units[9].scenario.name == "trip"
    assert cabinet.line is not None
    assert cabinet.line.read_s(1) == pytest.approx(0.0252 + 0.020, rel=0.01)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_serves_says_where_and_ends_on_a_signal(tmp_path: Path, ending: signal.Signals) -> None:
    control = tmp_path / "control"
    arguments = ["--tcp-port", "0", "--rtu-port", "0", "--control", str(control), "--scenario", "leak@7"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or "Ctrl-C" not in lines[-1]:
        lines.append((await process.stdout.readline()).decode())
        assert lines[-1], "the simulator ended early"
    text = "".join(lines)
    assert "   7  asj10l      leak" in text
    assert f"control channel  {control}" in text
    assert control.stat().st_mode & 0o777 == 0o600
    channel = Channel.of(control)
    answer = await channel.ask({"do": "truth", "unit": 7})
    assert answer["ok"] is True
    sender = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--control", str(control)),
        *("--send", '{"do": "scenario", "name": "silent", "unit": 9}'),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    sent, _ = await sender.communicate()
    assert (sender.returncode, json.loads(sent)) == (0, {"ok": True})
    for command in ({"do": "advance", "seconds": 1e308}, {"do": "advance", "seconds": 86_401}):
        assert (await channel.ask(command))["ok"] is False
    process.send_signal(ending)
    async with asyncio.timeout(END_SECONDS):
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    assert not control.exists()
    assert main(["--control", str(control), "--send", "{}"]) == 1


FETCH = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://page.invalid\r\nContent-Type: text/plain\r\n\r\n"
    b'{"do": "scenario", "name": "leak", "unit": 7, "options": {"ma": 4321}}\n'
)
"""What any web page can have sent to loopback."""


@pytest.mark.parametrize(
    "sent",
    [
        FETCH,
        FETCH.partition(b"\r\n\r\n")[2],
        b'{"token": "guessed", "do": "scenario", "name": "leak", "unit": 7}\n',
        b'{"token": true, "do": "scenario", "name": "leak", "unit": 7}\n',
        b'["token"]\n',
        b"[" * 60_000 + b"\n",
        b"\xff\n",
        b"x" * 100_000 + b"\n",
    ],
    ids=["page", "command", "guess", "no text", "list", "nested", "bytes", "endless"],
)
async def test_who_was_not_told_the_token_is_not_even_answered(cabinet: Cabinet, sent: bytes) -> None:
    control = ControlServer(cabinet)
    channel = await control.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", channel.port)
    writer.write(sent + json.dumps({"token": channel.token, "do": "scenario", "name": "leak"}).encode() + b"\n")
    async with asyncio.timeout(END_SECONDS):
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()
    assert {unit.scenario.name for unit in cabinet.units.values()} == {"normal"}
    await control.stop()


async def test_the_file_of_a_channel_is_its_owners_and_takes_no_others_place(tmp_path: Path) -> None:
    channel = Channel(port=1, token="t" * 9)
    (tmp_path / "there").write_text("mine")
    (tmp_path / "link").symlink_to("elsewhere")
    for name in ("there", "link"):
        with pytest.raises(FileExistsError):
            channel.keep(tmp_path / name)
    assert (tmp_path / "there").read_text() == "mine"
    channel.keep(tmp_path / "new")
    assert Channel.of(tmp_path / "new") == channel
    for name in ("none", "there"):
        with pytest.raises(ChannelError, match="tells of no simulator"):
            Channel.of(tmp_path / name)
    with pytest.raises(ChannelError, match="no simulator answers on port 1"):
        await channel.ask({"do": "units"})
