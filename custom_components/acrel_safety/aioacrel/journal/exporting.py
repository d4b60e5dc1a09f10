"""A record as text for others: CSV for spreadsheets, JSON lines for programs that verify it themselves."""

import csv
import io
import itertools
import json
import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from .entry import Json
from .reading import ALL, Record, Wanted, head_of, pages

COLUMNS = ("site", "board", "circuit", "code", "level", "state", "value", "limit", "by", "cause")
"""What has a column of its own in CSV; all else of an entry's data is in one, as JSON."""
HEADER = ("sequence", "time", "kind", *COLUMNS, "more", "hash")
HEAD = "head"
"""The kind of the last row of a CSV file: up to which entry it goes, and that entry's hash."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "\N{MINUS SIGN}")

_PARTS = re.compile(r"(?<=[;\t\r\n])")
"""Behind what a spreadsheet with other settings begins a new cell or row."""


class Form(StrEnum):
    """The forms there are."""

    CSV = "csv"
    JSON_LINES = "jsonl"


def export(path: Path, form: Form, wanted: Wanted = ALL) -> Iterator[str]:
    """Yield a record as text, a page at a time, up to the entry that is the newest now.

    Raises JournalError.
    """
    head = head_of(path)
    if form is Form.JSON_LINES:
        yield f'{{"head":"{head}"}}\n'
    else:
        yield _csv_line(HEADER)
    for page in pages(path, wanted, upto=head.sequence):
        yield "".join(map(_json_line if form is Form.JSON_LINES else _csv_of, page))
    if form is Form.CSV:
        yield _csv_line((str(head.sequence), "", HEAD, *("" for _ in COLUMNS), "", head.hash.hex()))


def _json_line(record: Record) -> str:
    """Return an entry for programs: after `"entry":`, up to the last brace, stands what was hashed, to the letter."""
    entry = record.text if record.is_readable else json.dumps(record.text)
    return f'{{"sequence":{record.sequence},"hash":"{record.hash}","entry":{entry}}}\n'


def _csv_of(record: Record) -> str:
    data = record.data if record.is_readable else {"text": record.text}
    more = {name: value for name, value in data.items() if name not in COLUMNS}
    return _csv_line(
        (
            str(record.sequence),
            record.time.isoformat(timespec="milliseconds") if record.is_readable else "",
            safe(record.kind),
            *(_cell(data.get(name)) for name in COLUMNS),
            _cell(more) if more else "",
            record.hash,
        )
    )


def _cell(value: Json) -> str:
    match value:
        case None:
            return ""
        case str():
            return safe(value)
        case bool() | int() | float():
            return json.dumps(value)
        case _:
            return safe(json.dumps(value, ensure_ascii=False, sort_keys=True))


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, nor a part of it where it parts cells at other signs."""
    return "".join(map(_safe_part, _PARTS.split(text)))


def _safe_part(part: str) -> str:
    plain = unicodedata.normalize("NFKC", part).lstrip(" ")
    seen = "".join(itertools.dropwhile(_is_unseen, plain))
    return f"'{part}" if plain.startswith(_FORMULA_STARTS) or seen.startswith(_FORMULA_STARTS) else part


def _is_unseen(sign: str) -> bool:
    """Whether a spreadsheet may pass over a sign: spaces, controls, marks of width nought."""
    return unicodedata.category(sign)[0] in "ZC"


def _csv_line(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
