"""A device's readings as the commands show them: by circuit and code in JSON, as rows for people.

The only place of the command line that looks at readings and points to show them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from ..control.position import POSITIONS
from ..points import Model, Point
from ..readings import PointKey, Quality, Reading, Value
from ..texts import Said, phrase, said
from ..vocabulary import Kind, Quantity, vocabulary
from .exits import Exit
from .language import Counted, Word, both
from .output import Column, Json, table
from .ranks import in_rank, is_alarm

COLUMNS = (
    Column("CIRCUIT", is_right=True),
    Column("CODE"),
    Column("NAME", gives_way=True),
    Column("VALUE", is_right=True),
    Column("UNIT"),
    Column("NOTE"),
)
WHY_NOT: Mapping[Quality, Said] = {
    Quality.GOOD: "",
    Quality.HELD: phrase("value_held"),
    Quality.STALE: phrase("value_stale"),
    Quality.NO_ANSWER: phrase("check_unanswered"),
    Quality.REFUSED: phrase("value_refused"),
    Quality.IMPLAUSIBLE: phrase("value_implausible"),
    Quality.NO_RATIO: phrase("value_without_ratio"),
    Quality.INCOMPLETE: phrase("value_incomplete"),
    Quality.INVALID: phrase("value_invalid"),
}
"""What stands in place of a value."""
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One quantity as it is shown. A value that is not there is neither on nor quiet."""

    key: PointKey
    name: str
    value: Value | None
    shown: str
    unit: str
    note: str
    kind: Kind
    is_alarm: bool

    @property
    def is_unread(self) -> bool:
        """Whether there is no value."""
        return self.value is None

    @property
    def is_on(self) -> bool:
        """Whether this is an alarm or fault that is on."""
        return self.is_alarm and self.value is True

    @property
    def is_quiet(self) -> bool:
        """Whether this is an alarm or fault that is off, for sure."""
        return self.is_alarm and self.value is False

    def cells(self) -> tuple[Text, ...]:
        """Return the cells of a table's row."""
        style = "bold red" if self.is_on else "yellow" if self.is_unread else ""
        texts = (self.key.circuit, self.key.code, self.name, self.shown, self.unit, self.note)
        return tuple(Text(text, style=style) for text in texts)


def rows_of(model: Model, keys: Collection[PointKey], readings: Mapping[PointKey, Reading], language: str) -> list[Row]:
    """Return the rows of some points, the most important first: alarms that are on, those nobody knows, the others."""
    rows = [_row(model.points[key], readings.get(key), language) for key in in_rank(model, keys)]
    alarms = [row for row in rows if row.is_alarm]
    order = sorted(alarms, key=lambda row: (not row.is_on, not row.is_unread))
    return order + [row for row in rows if not row.is_alarm]


def exit_of(rows: Iterable[Row]) -> Exit:
    """Return what some rows come to: unknown never counts as quiet."""
    rows = list(rows)
    if any(row.is_on for row in rows):
        return Exit.ALARM
    return Exit.INCOMPLETE if any(row.is_unread for row in rows) else Exit.DONE


def table_of(rows: Sequence[Row], *, language: str, groups_quiet: bool, one_line: bool = False) -> Table:
    """Return rows as a table; with `groups_quiet` the alarms that are off share one of its rows."""
    quiet = [row for row in rows if row.is_quiet] if groups_quiet else []
    cells = [row.cells() for row in rows if not (groups_quiet and row.is_quiet)]
    if quiet:
        summary = ("", "", quiet_text(quiet, language), Word("no").text(language), "", "")
        place = sum(row.is_alarm for row in rows) - len(quiet)
        cells.insert(place, tuple(Text(text, style="green") for text in summary))
    return table(COLUMNS, cells, language=language, one_line=one_line)


def quiet_text(quiet: Sequence[Row], language: str) -> str:
    """Count alarms and faults that are off; there is at least one."""
    alarms = sum(row.kind is Kind.ALARM for row in quiet)
    faults = len(quiet) - alarms
    counted = [Counted(alarms, "alarm")] if alarms else []
    counted += [Counted(faults, "fault")] if faults else []
    return phrase("quiet_alarms", alarms=both(counted)).text(language)


def summary_of(rows: Iterable[Row], language: str) -> list[Text]:
    """Say at the end, where it is seen, which alarms are on or unknown, and how many values are missing."""
    rows = list(rows)
    on = [str(row.key) for row in rows if row.is_on]
    unknown = [str(row.key) for row in rows if row.is_alarm and row.is_unread]
    unread = sum(row.is_unread for row in rows)
    told = [(phrase("shown_on", alarms=Counted(len(on), "alarm"), names=", ".join(on)), "bold red")] if on else []
    if unknown:
        alarms = phrase("shown_unknown", alarms=Counted(len(unknown), "alarm"), names=named(unknown))
        told.append((alarms, "bold yellow"))
    if unread:
        told.append((phrase("values_unread", values=Counted(unread, "value")), "yellow"))
    return [Text(each.text(language), style=style) for each, style in told]


def why_unread(rows: Iterable[Row], language: str) -> list[str]:
    """Return a line per reason for which quantities have no value, with their names."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.is_unread:
            reasons.setdefault(row.note, []).append(str(row.key))
    told = [phrase("told_with_value", cause=reason, value=named(names)) for reason, names in reasons.items()]
    return [each.text(language) for each in told]


def named(names: Sequence[str]) -> Said:
    """Return the first of some names, and how many more there are."""
    first, more = ", ".join(names[:_MOST_NAMED]), len(names) - _MOST_NAMED
    return phrase("and_others", names=first, count=more) if more > 0 else first


def as_document(model: Model, keys: Sequence[PointKey], readings: Mapping[PointKey, Reading]) -> dict[str, Json]:
    """Return `{"model": …, "circuits": {"1": {"Ua": 220.5}}}`; what could not be had is null."""
    circuits: dict[str, dict[str, Json]] = {}
    order = {number: place for place, number in enumerate(model.circuits)}
    for key in sorted(keys, key=lambda key: order[key.circuit]):
        reading = readings.get(key)
        circuits.setdefault(key.circuit, {})[key.code] = reading.value if reading is not None else None
    return {"model": model.id, "circuits": circuits}


def _row(point: Point, reading: Reading | None, language: str) -> Row:
    value = reading.value if reading is not None else None
    alarm = is_alarm(point)
    note = WHY_NOT[reading.quality] if reading is not None else WHY_NOT[Quality.NO_ANSWER]
    if alarm and value is True:
        note = Word(point.quantity.kind.upper())
    return Row(
        key=point.key,
        name=point.quantity.name(language),
        value=value,
        shown=_shown(point, value, language),
        unit=(point.quantity.unit or "") if value is not None else "",
        note=said(note, language),
        kind=point.quantity.kind,
        is_alarm=alarm,
    )


def _shown(point: Point, value: Value | None, language: str) -> str:
    """Return a value as people read it."""
    match value:
        case None:
            return "–"
        case bool():
            return _answer(point.quantity, is_so=value).text(language)
        case str() if point.quantity.kind is Kind.SETTING:
            return value  # as it is typed after --value
        case str():
            return Word(value).text(language)
    return f"{value:.{point.precision}f}" if point.precision is not None else f"{value:g}"


def in_line(code: str, value: Value | None, language: str) -> str:
    """Return a value with its unit, as one of several in a line."""
    quantity = vocabulary().find(code)
    match value:
        case None:
            return "?"
        case bool():
            return _answer(quantity, is_so=value).text(language)
        case str():
            return value
    return f"{value:g}" if quantity is None or quantity.unit is None else f"{value:g} {quantity.unit}"


def _answer(quantity: Quantity | None, *, is_so: bool) -> Word:
    if quantity is not None and quantity.key in POSITIONS:
        return Word("closed" if is_so else "open")
    return Word("yes" if is_so else "no")
