"""`acrel log show` says what happened in words, in both languages, an entry a line."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.alarms.happening import Happening, What
from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.aioacrel.journal import Entry, Journal, Kind
from tests.aioacrel.alarm_rigs import Plant
from tests.aioacrel.cli_rigs import Acrel


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


def shown(acrel: Acrel, path: Path, entries: list[tuple[Kind, Mapping[str, Any]]], language: str = "en") -> list[str]:
    """Return the lines about some entries, from where they were on."""

    async def put_down() -> None:
        async with await Journal.open(path, reserve=1) as journal:
            for kind, data in entries:
                await journal.append(Entry(kind, data))

    asyncio.run(put_down())
    answer = acrel("log", "show", path, "--language", language)
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()[1:]
    assert len(lines) == len(entries)
    return [" ".join(line.split()[3:]) for line in lines]


def put_down_by_alarms() -> list[tuple[Kind, Mapping[str, Any]]]:
    """Have an alarm live, and return what is put down of it."""
    plant, found = Plant(), list[tuple[Kind, Mapping[str, Any]]]()

    def note(happening: Happening, standing: Standing) -> None:
        kind = Kind.ACKNOWLEDGE if happening.what is What.ACKNOWLEDGED else Kind.ALARM
        more = {"what": str(happening.what), "comment": happening.comment, "by": happening.by}
        found.append((kind, {**standing.plain(), **more}))

    plant.alarms.listen(note)
    board = plant.add()
    board.quiet(LgHighVal02=300.0, LgHighTim=0.1)
    board.say(Lg=600.0)
    high = plant.one("Lg")
    plant.alarms.acknowledge(high.alarm_id, by="Wang Li", comment="on my way")
    board.say(Lg=20.0)
    plant.pass_(60)
    board.say(Lg=20.0)
    board.silent()
    plant.pass_(60)
    return [(kind, data) for kind, data in found if data["code"] in ("", "Lg")]


def test_the_life_of_an_alarm_reads_as_sentences(acrel: Acrel, tmp_path: Path) -> None:
    known = 'acknowledged: Residual current above the limit · by "Wang Li" · comment "on my way"'
    over = "Residual current above the limit: at worst 600 mA, now 20 mA, limit 300 mA"
    assert shown(acrel, tmp_path / "record.db", put_down_by_alarms()) == [
        "alarm Kitchen board / Circuit 1 Alarm: Residual current above the limit: 600 mA, limit 300 mA",
        f"acknowledge Kitchen board / Circuit 1 {known}",
        f"alarm Kitchen board / Circuit 1 over: {over}",
        f"alarm Kitchen board / Circuit 1 ended: {over}",
        "alarm Kitchen board Cannot be seen: Device cannot be seen",
    ]


def test_it_reads_in_chinese_too(acrel: Acrel, tmp_path: Path) -> None:
    lines = shown(acrel, tmp_path / "record.db", put_down_by_alarms(), "zh")
    assert lines[0].endswith("报警：剩余电流超过限值：600 mA，限值 300 mA")
    assert lines[1].endswith('已确认：剩余电流超过限值 · 操作者 "Wang Li" · 备注 "on my way"')
    assert lines[3].endswith("已结束：剩余电流超过限值：最严重时 600 mA，当前 20 mA，限值 300 mA")
    assert lines[4].endswith("无法监视：看不到设备")


REMOVED = {"code": "Lg", "name": "Residual current high", "level": "alarm", "value": 600, "limit": 300, "unit": "mA"}
LIMIT = {"board": "Hall", "circuit": "*", "family": "temperature", "limit": 80.0, "by": "Anna"}
ORDER = {"board": "Hall", "circuit": "1", "what": "ended", "code": "RlySta", "effect": "open", "position": True}
BY_A_PERSON = {"by": "Anna", "by_id": "7", "caller": "person"}
REFUSED = {"result": "refused", "reason": "tagged", "sentence": "Refused", "writes": 0}
HAZARD = {"alarm_id": "x", "occurrence": "y", "hazard": "Hall · Over-voltage · #3", "due": "2026-12-01", "by": "A"}
OTHERS: list[tuple[Kind, Mapping[str, Any], str]] = [
    (Kind.LIMIT, LIMIT, 'limit changed Hall Alarm: Temperature: 80 · by "Anna"'),
    (Kind.LIMIT, {**LIMIT, "circuit": "2", "limit": None}, 'limit changed Hall / 2 Alarm: Temperature: – · by "Anna"'),
    (
        Kind.TEST,
        {"board": "Hall", "what": "self_test", "passed": False, "comment": "did not trip", "by": "Anna"},
        'test Hall Self-test failed · by "Anna" · comment "did not trip"',
    ),
    (
        Kind.SETTING,
        {"board": "Hall", "what": "inspection", "months": 3},
        "setting changed Hall inspection every 3 months (0: never)",
    ),
    (Kind.NOTE, HAZARD, 'note "Hall · Over-voltage · #3" · due "2026-12-01" · by "A"'),
    (
        Kind.NOTE,
        {"board": "Hall", "what": "device_removed", "identity": "1f", "alarms": [REMOVED]},
        "removed from Home Assistant while alarms stood: Alarm: Residual current high: 600 mA, limit 300 mA",
    ),
    (
        Kind.COMMAND,
        {**ORDER, **BY_A_PERSON, **REFUSED},
        'nothing was sent: a lock-out tag hangs on it · code "RlySta" · effect "open" · position true · by "Anna"',
    ),
    (
        Kind.POSITION,
        {"level": "trip", "name": "Circuit is dead", "code": "Ua", "what": "moved", "comment": "live 230"},
        'position changed Phase A voltage: "live 230"',
    ),
    (
        Kind.COMMAND,
        {
            "board": "Hall",
            "what": "reclosing",
            "phase": "locked",
            "why": "other_cause",
            "tries": 1,
            "detail": "LgHigh@1/bit",
        },
        'acknowledges (there is another cause than the voltage, or another alarm) · detail "LgHigh@1/bit"',
    ),
    (
        Kind.COMMAND,
        {"board": "Hall", "what": "reclosing", "phase": "reclosed", "tries": 2, "result": "confirmed", "writes": 1},
        "automatic reclosing: closed again by try 2; Done: the position was read back",
    ),
    (
        Kind.COMMAND,
        {
            "what": "cut_off",
            "step": "confirmed",
            "code": "LgHigh",
            "name": "Residual current high",
            "by": "Anna",
            **REFUSED,
        },
        'confirmed by a person; Refused, nothing was sent: a lock-out tag hangs on it · by "Anna"',
    ),
    (
        Kind.COMMAND,
        {
            **BY_A_PERSON,
            "board": "Hall",
            "circuit": "0",
            "what": "ended",
            "code": "TIMER",
            "effect": "nothing",
            "timer": {"kind": "daily", "opens": "22:00:00", "zone": "China"},
            "result": "confirmed",
            "reason": "timer_shown",
            "writes": 1,
            "position": None,
        },
        (
            'command Hall its own timer, each day (opens: "22:00:00", closes: –, times of "China"); '
            'Done: the server shows the timer · by "Anna"'
        ),
    ),
    (
        Kind.COMMAND,
        {"board": "Hall", "what": "begun", "code": "TIMER", "timer": {"kind": "none", "x": 1}, "by": "Anna"},
        'cancelling its own timer: begun · by "Anna"',
    ),
    (Kind.COMMAND, {"code": "TIMER", "timer": "soon"}, 'code "TIMER" · timer "soon"'),
    (Kind.START, {}, "start"),
    (Kind.ALARM, {"level": ["alarm"], "code": 7, "what": {"a": 1}}, 'code 7 · level ["alarm"] · what {"a": 1}'),
]


@pytest.mark.parametrize(("kind", "data", "said"), OTHERS)
def test_other_entries_read_as_sentences(
    acrel: Acrel, tmp_path: Path, kind: Kind, data: Mapping[str, Any], said: str
) -> None:
    (line,) = shown(acrel, tmp_path / "record.db", [(kind, data)])
    assert line.endswith(said)
