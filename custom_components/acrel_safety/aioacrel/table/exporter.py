"""A model to the gateway's 12-column table."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from ..models.entry import Entry
from ..points import Model
from ..readings import DEVICE_CIRCUIT, PointKey
from ..registers import UNQUALIFIED, RegisterType
from ..vocabulary import vocabulary
from .columns import check_row
from .csvfile import HEADER, CsvRow
from .factor import decimal_text, spell
from .names import clean, resolve
from .row import TYPE_CODES, TableRow, endian_of
from .units import canonical, fit

_DEVICE_GROUP = 1
"""The format has no circuit for the device as a whole."""


def export_table(model: Model) -> str:
    """Return a model as CSV text: the header, then a row per point that the format can hold.

    A table holds plain registers: transformer ratios, words for raw numbers, ranges and limits do not fit into it. What
    it holds comes back as it was when the text is imported; `left_out` names the rest.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    rows = sorted(_rows(model).values(), key=_place)
    for number, row in enumerate(rows, start=1):
        writer.writerow(_cells(row, number))
    return text.getvalue()


def left_out(model: Model) -> tuple[PointKey, ...]:
    """Return the points that the table of a model cannot hold.

    They have no address yet, a layout or scale the format has no word for, are one of several values of a field, or
    belong to the device as a whole under a code that group 1 has too.
    """
    exported = _rows(model)
    return tuple(key for key in model.points if key not in exported)


def _rows(model: Model) -> Mapping[PointKey, TableRow]:
    """Return the rows of a model; a circuit's own code goes before the device's."""
    rows: dict[PointKey, TableRow] = {}
    taken: set[tuple[int, str]] = set()
    for key in sorted(model.points, key=lambda key: key.circuit == DEVICE_CIRCUIT):
        row = _row(Entry.of(model, key))
        if row is not None and (row.group, row.code) not in taken:
            taken.add((row.group, row.code))
            rows[key] = row
    return rows


def _row(point: Entry) -> TableRow | None:
    """Return the row of a point as it will be read again; None if the format cannot hold it."""
    endian = endian_of(point.layout)
    if point.address is None or endian is None or not _is_plain(point):
        return None
    group = _DEVICE_GROUP if point.key.circuit == DEVICE_CIRCUIT else int(point.key.circuit)
    named = resolve(clean(point.key.code), group)
    usual = vocabulary().find(named.code) or replace(point.quantity, unit=None)
    fitted = fit(usual, canonical(point.quantity.unit or "") or "")
    spelled = spell(point.scale * fitted.factor, point.layout.type)
    if spelled is None:
        return None
    dcm, k = spelled
    row = TableRow(
        line=0,
        group=named.group,
        code=named.code,
        unit=fitted.unit or "",
        address=point.address,
        type=point.layout.type,
        endian=endian,
        dcm=dcm,
        k=Fraction(k),
        function=point.function,
    )
    return check_row(CsvRow(0, _cells(row, 0)))[0]


def _is_plain(point: Entry) -> bool:
    """Whether the raw number says the same: of several values one field can take, a row cannot single one out."""
    if point.any_of is not None or point.qualifiers != UNQUALIFIED:
        return False
    return point.equals is None or (point.equals == 1 and point.layout.type is RegisterType.BIT)


def _place(row: TableRow) -> tuple[int, int, int, int, int, str]:
    return row.group, row.function, row.address, TYPE_CODES[row.type], row.endian, row.code


def _cells(row: TableRow, number: int) -> tuple[str, ...]:
    k = "" if row.k is None else decimal_text(row.k)
    return (
        str(number),
        str(row.group),
        row.code,
        row.unit,
        str(row.address),
        str(TYPE_CODES[row.type]),
        str(row.endian),
        str(row.dcm),
        k or "",
        str(row.function),
        "",
        "0",
    )
