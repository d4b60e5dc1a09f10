"""The live screen of `acrel watch`: what matters is always on it."""

import asyncio
import os
import pty
import re
import signal
import struct
import termios
from collections.abc import AsyncIterator
from contextlib import redirect_stdout
from fcntl import ioctl

import pytest
from rich.cells import cell_len

from custom_components.acrel_safety.aioacrel.cli import main
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.vocabulary import Kind
from simulator import Cabinet
from tests.aioacrel.cli_rigs import ACREL, Terminal, link

ADW300, ADL3000, ASJ10L = 1, 3, 7
OVER_THE_LAST = re.compile(r"\r?(?:\x1b\[1A)?\x1b\[2K(?:\x1b\[1A\x1b\[2K)*")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ALARMS = [key for key, point in ModelLibrary().get("adw300").readable.items() if point.quantity.kind is Kind.ALARM]


@pytest.fixture
async def cabinet() -> AsyncIterator[Cabinet]:
    async with Cabinet.standard(frozen=True) as cabinet:
        yield cabinet


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "14")


async def frames(cabinet: Cabinet, *arguments: str, code: int = 0) -> list[list[str]]:
    """Watch a unit on a terminal; return the lines of each frame."""
    terminal = Terminal()
    with redirect_stdout(terminal):
        asked = ["watch", link(cabinet), "--interval", "0", *arguments]
        assert await asyncio.to_thread(main, asked) == code
    drawn = [ESCAPE.sub("", frame).splitlines() for frame in OVER_THE_LAST.split(terminal.getvalue())]
    return [[line.rstrip() for line in frame] for frame in drawn if any(line.strip() for line in frame)]


async def test_a_table_that_fits_is_drawn_whole(cabinet: Cabinet) -> None:
    cabinet.units[ADW300].hold("Ua", 231.4)
    both = await frames(cabinet, "--unit", "1", "--model", "adw300", "--codes", "Ua,Ub", "--count", "2")
    for number, (title, heading, phase_a, phase_b, times, counted) in ((1, both[0]), (2, both[-1])):
        assert title.startswith("ADW300, unit 1, tcp://127.0.0.1:")
        assert heading.startswith("CIRCUIT  CODE")
        assert "231.4  V" in phase_a
        assert "Ub" in phase_b
        assert times.startswith(f"poll {number}: answer time ")
        assert counted.startswith("0 timeouts, 0 discarded frames, 0 overruns, duty ")


async def test_alarms_and_safety_come_first_and_what_does_not_fit_is_counted(cabinet: Cabinet) -> None:
    cabinet.units[ADW300].hold("UHigh", 1)
    shown = (await frames(cabinet, "--unit", "1", "--model", "adw300", "--count", "1", code=4))[-1]
    assert len(shown) <= 13
    assert all(cell_len(line) <= 60 for line in shown)
    _, _, alarm, quiet, leakage, temperature, *_ = shown
    assert alarm.split()[:2] == ["1", "UHigh"]
    assert alarm.endswith("ALARM")
    assert quiet.split() == [str(len(ALARMS) - 1), "alarms", "quiet", "no"]
    assert (leakage.split()[1], temperature.split()[1]) == ("Lg", "TempA")
    rows = [line for line in shown if line.startswith("      1  ")]
    points = len(ModelLibrary().get("adw300").readable)
    assert f"… {points - len(rows) - len(ALARMS) + 1} more, --all shows them" in shown


async def test_no_active_alarm_is_left_out_however_low_the_window(cabinet: Cabinet) -> None:
    # A word of nothing but ones is no answer of a meter: in each word one alarm is off.
    active = [key for key in ALARMS if key.code not in ("ULow", "PFLow")]
    for key in active:
        cabinet.units[ADW300].hold(key.code, 1)
    for drawn in await frames(cabinet, "--unit", "1", "--model", "adw300", "--count", "2", code=4):
        text = "\n".join(drawn)
        assert all(f"  {key.code}" in text for key in active)


async def test_alarms_nobody_knows_are_never_among_the_quiet(cabinet: Cabinet) -> None:
    cabinet.set_scenario("silent", ASJ10L)
    shown = (await frames(cabinet, "--unit", "7", "--model", "asj10l", "--count", "1", "--timeout", "0.1", code=1))[-1]
    assert not any("quiet" in line for line in shown)
    alarms = [line for line in shown if re.search("Lg1HIGH1|Lg1HIGH2|LgFauSta", line)]
    assert len(alarms) == 3
    assert all(line.endswith("no answer") for line in alarms)
    assert "Unit 7 did not answer within 0.1 s" in shown


async def test_unknown_alarms_that_do_not_fit_are_counted_by_themselves(cabinet: Cabinet) -> None:
    cabinet.set_scenario("silent", ADW300)
    asked = ("--unit", "1", "--model", "adw300", "--count", "1", "--timeout", "0.1")
    shown = (await frames(cabinet, *asked, code=1))[-1]
    rows = [line for line in shown if line.startswith("      1  ")]
    assert any(line.endswith(f"({len(ALARMS) - len(rows)} alarms not known)") for line in shown)


async def test_all_that_does_not_fit_is_printed_below_instead(cabinet: Cabinet) -> None:
    drawn = await frames(cabinet, "--unit", "1", "--model", "adw300", "--all", "--count", "1")
    text = "\n".join(line for frame in drawn for line in frame)
    assert all(f"  {key.code}" in text for key in ModelLibrary().get("adw300").readable)


async def test_the_ratios_in_use_are_told_with_their_source(cabinet: Cabinet) -> None:
    asked = ("--unit", "3", "--model", "adl3000", "--codes", "P", "--count", "1", "--ct", "20")
    shown = (await frames(cabinet, *asked))[-1]
    assert "Current transformer ratio: 20, as stated with --ct" in shown
    assert any(line.startswith("Voltage transformer ratio: 1, taken for granted") for line in shown)


class Screen:
    """A terminal of 80 columns and 12 lines with `acrel` in it."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 80, 0, 0))
        self._reader = asyncio.StreamReader()
        self.seen = ""

    async def show_until(self, text: str) -> str:
        """Take what is drawn until a text was seen."""
        while text not in self.seen:
            data = await asyncio.get_running_loop().run_in_executor(None, os.read, self._ours, 4096)
            self.seen += data.decode(errors="replace")
        return self.seen

    def close(self) -> None:
        os.close(self._ours)


async def test_on_a_terminal_the_table_is_drawn_over_and_over(cabinet: Cabinet) -> None:
    screen = Screen()
    arguments = ("watch", link(cabinet), "--unit", "8", "--model", "aim-r100", "--interval", "0.05")
    watching = await asyncio.create_subprocess_exec(
        ACREL, *arguments, stdout=screen.theirs, stderr=screen.theirs, env={**os.environ, "COLUMNS": "", "LINES": ""}
    )
    os.close(screen.theirs)
    try:
        seen = await screen.show_until("poll 3:")
        drawn = [ESCAPE.sub("", frame).split("\r\n") for frame in OVER_THE_LAST.split(seen)]
        whole = [lines for lines in drawn if any("duty " in line for line in lines)]
        assert len(whole) >= 2
        for lines in whole:
            assert len(lines) <= 12
            assert all(cell_len(line) <= 80 for line in lines)
            assert any(line.startswith("… ") for line in lines)
        watching.send_signal(signal.SIGINT)
        assert await watching.wait() == 130
    finally:
        if watching.returncode is None:
            watching.kill()
        screen.close()
    assert "Traceback" not in screen.seen
