"""`acrel log`: the record shown, verified and exported, with exit codes for scripts."""

import asyncio
import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.journal import Entry, Head, Journal, Kind, verify
from custom_components.acrel_safety.aioacrel.journal.chain import NOTHING, linked
from tests.aioacrel.cli_rigs import Acrel
from tests.aioacrel.journal_rigs import alarm, intruder

DAY = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "record.db"

    async def put_down() -> None:
        async with await Journal.open(path, reserve=1) as journal:
            for hour, state in enumerate(("unacknowledged", "returned unacknowledged", "normal")):
                await journal.append(
                    Entry(Kind.ALARM, {**alarm(312.5).data, "state": state, "limit": 300}, DAY.replace(hour=8 + hour))
                )
            await journal.append(Entry(Kind.ACKNOWLEDGE, {"by": "=cmd|' /C calc'!A0", "comment": "\x1b[2Jseen"}, DAY))

    asyncio.run(put_down())
    return path


def test_the_newest_entries_are_shown_in_their_order(acrel: Acrel, record: Path) -> None:
    shown = acrel("log", "show", record, "--newest", "3")
    assert shown.code == 0
    heading, *lines = shown.out.splitlines()
    assert heading.split() == ["ENTRY", "TIME", "KIND", "WHERE", "WHAT"]
    assert [line.split()[0] for line in lines] == ["2", "3", "4"]
    assert "Feeder 1 / 3" in lines[0]
    assert '"returned unacknowledged"' in lines[0]
    assert "value 312.5" in " ".join(lines[0].split())
    assert "\\u001b[2Jseen" in lines[2]
    assert "报警" in acrel("log", "show", record, "--language", "zh").out


def test_what_is_shown_can_be_chosen(acrel: Acrel, record: Path) -> None:
    def numbers(*options: str) -> list[int]:
        return [document["sequence"] for document in acrel("log", "show", record, "--json", *options).documents]

    assert numbers() == [1, 2, 3, 4]
    assert numbers("--kind", "acknowledge,reset") == [4]
    assert numbers("--since", "2026-11-26T09:00+00:00", "--until", "2026-11-26T10:30:00Z") == [2]
    assert numbers("--since", "2031-01-01") == []


def test_a_record_is_verified(acrel: Acrel, record: Path) -> None:
    found = acrel("log", "verify", record)
    assert (found.code, found.err) == (0, "")
    head = verify(record).head
    assert found.out.splitlines() == [
        f"{record}: 4 entries, the first is 1, the head is {head}",
        "nothing was changed",
    ]
    document = acrel("log", "verify", record, "--json", "--head", str(head)).json
    assert (document["whole"], document["head"], document["confirmed"]) == (True, str(head), [str(head)])


def test_a_changed_record_fails(acrel: Acrel, record: Path) -> None:
    with intruder(record) as other:
        other.execute("UPDATE journal SET text = replace(text, '312.5', '31.25') WHERE sequence = 2")
    found = acrel("log", "verify", record)
    assert found.code == 1
    assert "entries 2 to 2 do not follow" in found.out
    document = acrel("log", "verify", record, "--json", "--language", "zh").json
    assert [(each["fault"], each["first"]) for each in document["findings"]] == [("changed", 2)]
    assert "修改" in document["findings"][0]["text"]


def test_a_record_that_was_rolled_back_is_there_in_part(acrel: Acrel, record: Path) -> None:
    with intruder(record) as other:
        other.execute("DELETE FROM journal WHERE sequence > 2")
    found = acrel("log", "verify", record)
    assert found.code == 3
    assert "rolled back to entry 2 or cut off there; elsewhere entry 4 is known" in found.out
    assert acrel("log", "verify", record, "--json").json["rolled_back_to"] == 2
    record.with_suffix(".head").unlink()
    assert "cannot be seen" in acrel("log", "verify", record).out


def test_what_the_record_says_about_itself_is_told(acrel: Acrel, record: Path) -> None:
    record.write_bytes(b"no database at all")

    async def go_on() -> None:
        async with await Journal.open(record, reserve=1) as journal:
            await journal.append(alarm(1))

    asyncio.run(go_on())
    found = acrel("log", "verify", record, "--head", f"2:{'00' * 32}")
    assert found.code == 0
    assert "entries up to 4 were removed" in found.out
    assert "entry 5 says that the file had been missing or damaged" in found.out
    assert "is older than what is kept" in found.out


def test_csv_is_safe_for_spreadsheets_and_names_the_head(acrel: Acrel, record: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert acrel("log", "export", record, "-o", out).code == 0
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert [row["sequence"] for row in rows] == ["1", "2", "3", "4", "4"]
    assert (rows[0]["value"], rows[0]["limit"], rows[0]["time"]) == ("312.5", "300", "2026-11-26T08:30:00.000+00:00")
    assert rows[3]["by"] == "'=cmd|' /C calc'!A0"
    assert rows[3]["more"] == '{"comment": "\\u001b[2Jseen"}'
    assert (rows[-1]["kind"], f"{rows[-1]['sequence']}:{rows[-1]['hash']}") == ("head", str(verify(record).head))
    assert acrel("log", "export", record).out == out.read_text("utf-8")


def test_json_lines_can_be_verified_by_anybody(acrel: Acrel, record: Path) -> None:
    first, *lines = acrel("log", "export", record, "--json").out.splitlines()
    head = NOTHING
    for line in lines:
        document = json.loads(line)
        entry = line[line.index('"entry":') + 8 : -1]
        head = linked(head, entry.encode())
        assert (document["sequence"], document["hash"]) == (head.sequence, head.hash.hex())
        assert document["entry"]["kind"] in Kind
    assert Head.parse(json.loads(first)["head"]) == head


def test_spoilt_entries_are_shown_and_exported_as_they_are(acrel: Acrel, record: Path) -> None:
    with intruder(record) as other:
        other.execute("UPDATE journal SET text = '=spoilt' WHERE sequence = 2")
    shown = acrel("log", "show", record)
    assert (shown.code, "=spoilt" in shown.out, "acknowledge" in shown.out) == (3, True, True)
    assert json.loads(acrel("log", "export", record, "--json").out.splitlines()[2])["entry"] == "=spoilt"
    assert '"{""text"": ""=spoilt""}"' in acrel("log", "export", record).out


def test_what_is_no_record_is_said(acrel: Acrel, tmp_path: Path) -> None:
    assert acrel("log", "verify", tmp_path / "none.db", "--json").error == "journal_unreadable"
    with intruder(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE states (x)")
    assert acrel("log", "show", tmp_path / "other.db", "--json").error == "not_a_journal"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["log"], "ACTION"),
        (["log", "show", "x.db", "--newest", "0"], "allowed: 1 to 100000"),
        (["log", "show", "x.db", "--since", "yesterday"], "is no time; allowed: 2026-11-26"),
        (["log", "show", "x.db", "--kind", "=,"], "names no kinds; allowed: alarm"),
        (["log", "verify", "x.db", "--head", "12"], "is not the head of a record"),
    ],
)
def test_wrong_usage(acrel: Acrel, arguments: list[str], said: str) -> None:
    outcome = acrel(*arguments)
    assert outcome.code == 2
    assert said in " ".join(outcome.err.split())
