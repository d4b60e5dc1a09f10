"""`acrel log show`: the newest entries of a record, in their order."""

import json
import re
from collections.abc import Sequence

from ...journal import Record, Wanted, kind_name
from ...journal.exporting import COLUMNS
from ...journal.reading import LARGEST_PAGE, newest
from ..exits import Exit
from ..options import Options
from ..output import Column, Console, Json, table

_COLUMNS = (
    Column("ENTRY", is_right=True),
    Column("TIME"),
    Column("KIND"),
    Column("WHERE", gives_way=True),
    Column("WHAT", gives_way=True),
)
_FAKES = re.compile(r"[=\"]")
_WHERE = ("site", "board", "circuit")


def command(options: Options, console: Console) -> int:
    """Show the newest entries, the last one at the end."""
    shown = _newest(options)
    if console.as_json:
        for record in shown:
            console.json(_as_json(record))
    else:
        console.show(table(_COLUMNS, [_row(record, options.language) for record in shown]))
    return Exit.DONE if all(record.is_readable for record in shown) else Exit.INCOMPLETE


def wanted(options: Options) -> Wanted:
    """Return which entries the options ask for."""
    return Wanted(kinds=tuple(options.kinds or ()), since=options.since, until=options.until)


def _newest(options: Options) -> Sequence[Record]:
    found: list[Record] = []
    while len(found) < options.newest:
        count = min(options.newest - len(found), LARGEST_PAGE)
        page = newest(options.file, count, found[-1].sequence if found else None, wanted(options))
        found += page
        if len(page) < count:
            break
    return found[::-1]


def _as_json(record: Record) -> dict[str, Json]:
    return {
        "sequence": record.sequence,
        "time": record.time.isoformat() if record.is_readable else None,
        "kind": record.kind,
        "data": record.data,
        "hash": record.hash,
    }


def _row(record: Record, language: str) -> tuple[str, ...]:
    where = [str(record.data[name]) for name in _WHERE if record.data.get(name) is not None]
    names = [*(name for name in COLUMNS if name in record.data), *(name for name in record.data if name not in COLUMNS)]
    what = [
        f"{name}={_shown(record.data[name])}" for name in names if name not in _WHERE and record.data[name] is not None
    ]
    return (
        str(record.sequence),
        f"{record.time.astimezone():%Y-%m-%d %H:%M:%S}" if record.is_readable else "",
        kind_name(record.kind, language),
        " / ".join(where),
        " ".join(what) if record.is_readable else record.text,
    )


def _shown(value: object) -> str:
    """Return a value so that no text of a person's looks like another field."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) and _FAKES.search(text) else text
