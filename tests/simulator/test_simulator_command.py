"""`python -m simulator` and its control channel."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from simulator import Cabinet
from simulator.__main__ import build, main, parser, scenario
from simulator.control import ControlServer, ask

ROOT = Path(__file__).parents[2]


async def test_scenarios_and_truth_over_the_control_channel(cabinet: Cabinet) -> None:
    control = ControlServer(cabinet)
    port = await control.start()
    assert (await ask(port, {"do": "units"}))["units"] == {
        str(unit_id): unit.model for unit_id, unit in cabinet.units.items()
    }
    leak = {"do": "scenario", "name": "leak", "unit": 7, "options": {"ma": 555}}
    assert await ask(port, leak) == {"ok": True}
    assert (await ask(port, {"do": "truth", "unit": 7}))["truth"] == cabinet.units[7].truth()
    assert cabinet.units[7].truth()["1"]["Lg"] == 555
    await ask(port, {"do": "advance", "seconds": 10})
    assert cabinet.units[7].truth()["1"]["Lg1HIGH2"] is True
    await ask(port, {"do": "hold", "unit": 8, "circuit": "3", "code": "Lg", "value": 99})
    assert cabinet.units[8].truth()["3"]["Lg"] == 99
    await ask(port, {"do": "release", "unit": 8})
    assert cabinet.units[8].truth()["3"]["Lg"] != 99
    cabinet.units[7].write(16, 8, [200])
    writes = (await ask(port, {"do": "writes", "unit": 7}))["writes"]
    assert writes == [{"function": 16, "address": 8, "values": [200], "at": 10.0, "accepted": True}]
    assert (await ask(port, {"do": "requests", "unit": 7}))["requests"] == []
    assert (await ask(port, {"do": "reset", "unit": 7}))["ok"] is True
    await ask(port, {"do": "scenario", "name": "trip"})
    truth = (await ask(port, {"do": "truth"}))["truth"]
    assert isinstance(truth, dict)
    assert truth["1"]["1"]["Ia"] == 0
    await control.stop()
    await control.stop()
    with pytest.raises(ConnectionRefusedError):
        await ask(port, {"do": "units"})


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
        ('{"do": "scenario", "name": "leak", "unit": 7, "options": {"ma": [1]}}', "float"),
        ('{"do": "hold", "unit": 7, "code": "Ua", "value": 1}', "no point 'Ua'"),
    ],
)
def test_commands_that_make_no_sense_are_answered(cabinet: Cabinet, line: str, error: str) -> None:
    answer = ControlServer(cabinet).answer(line)
    assert answer["ok"] is False
    assert error in str(answer["error"])


async def test_an_open_client_does_not_keep_the_channel_alive(cabinet: Cabinet) -> None:
    control = ControlServer(cabinet)
    port = await control.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b'{"do": "units"}\n')
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
        (["--send", "{}"], "needs the --control-port"),
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


async def test_the_command_serves_says_where_and_ends_on_ctrl_c() -> None:
    arguments = ["--tcp-port", "0", "--rtu-port", "0", "--control-port", "0", "--scenario", "leak@7"]
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
    control = int(text.split("control channel  127.0.0.1:")[1].split()[0])
    answer = await ask(control, {"do": "truth", "unit": 7})
    assert answer["ok"] is True
    sender = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--control-port", str(control)),
        *("--send", '{"do": "scenario", "name": "silent", "unit": 9}'),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    sent, _ = await sender.communicate()
    assert (sender.returncode, json.loads(sent)) == (0, {"ok": True})
    process.send_signal(signal.SIGINT)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
