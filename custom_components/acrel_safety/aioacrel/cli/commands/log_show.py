"""`acrel log show`: the newest entries of a record, in their order."""

from collections.abc import Sequence

from ...journal import Record, Wanted, kind_name
from ...journal.reading import LARGEST_PAGE, newest
from ..exits import Exit
from ..logwords import place_of, words_of
from ..options import Options
from ..output import Column, Console, Json, table

_COLUMNS = (
    Column("ENTRY", is_right=True),
    Column("TIME"),
    Column("KIND"),
    Column("WHERE", gives_way=True),
    Column("WHAT", gives_way=True),
)


def command(options: Options, console: Console) -> int:
    """Show the newest entries, the last one at the end."""
    shown = _newest(options)
    if console.as_json:
        for record in shown:
            console.json(_as_json(record))
    else:
        language = options.language
        console.show(table(_COLUMNS, [_row(record, language) for record in shown], language=language))
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
    is_readable = record.is_readable
    return (
        str(record.sequence),
        f"{record.time.astimezone():%Y-%m-%d %H:%M:%S}" if is_readable else "",
        kind_name(record.kind, language),
        place_of(record) if is_readable else "",
        words_of(record, language) if is_readable else record.text,
    )
