"""What persons write stays text: no formula in a spreadsheet, and no other field of the log."""

import asyncio
import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.journal import Entry, Journal, Kind
from custom_components.acrel_safety.aioacrel.journal.exporting import safe
from tests.aioacrel.cli_rigs import Acrel

DAY = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
COMMENT = 'ok" · by "Chief" · comment "normal'


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


def record_with(path: Path, data: dict[str, str]) -> str:
    async def put_down() -> None:
        async with await Journal.open(path, reserve=1) as journal:
            await journal.append(Entry(Kind.ACKNOWLEDGE, dict(data), DAY))

    asyncio.run(put_down())
    return str(path)


@pytest.mark.parametrize(
    "text",
    ["x;=cmd|' /C calc'!A0", "x\t=1+1", "x\n=1+1", "x; @sum", "\ufeff=1", "\u200b=1", "\0=1", "\u00a0=1", "x;\u200b-1"],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("field", ["by", "comment"])
def test_no_cell_is_a_formula_however_a_spreadsheet_parts_them(
    acrel: Acrel, tmp_path: Path, text: str, separator: str, field: str
) -> None:
    path = record_with(tmp_path / "record.db", {"by": "Wang Li", field: text})
    answer = acrel("log", "export", path, "--form", "csv")
    for row in csv.reader(answer.out.splitlines(), delimiter=separator):
        for cell in row:
            assert not re.match(r"[\s\0\ufeff\u200b\"]*[=+@|%-]", cell), cell


@given(st.text(st.sampled_from("=+-@;,\t\n\r \0\ufeff\u200b\"'ax1|%")))
def test_no_part_of_any_text_begins_a_formula(text: str) -> None:
    for part in re.split(r"[;\t\n\r]", safe(text)):
        assert not re.match(r"[\s\0\ufeff\u200b]*[=+@|%-]", part)


def test_a_comment_looks_like_no_other_field(acrel: Acrel, tmp_path: Path) -> None:
    path = record_with(tmp_path / "record.db", {"by": "Wang Li", "comment": COMMENT})
    (_, line) = acrel("log", "show", path).out.splitlines()
    assert line.endswith(f'by "Wang Li" · comment {json.dumps(COMMENT, ensure_ascii=False)}')
    assert 'by "Chief"' not in line
