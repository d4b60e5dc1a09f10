"""The number dictionary of the ADW300: values by number, times in milliseconds."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ..reporting.fields import MOST_CODES, is_serial, number, text
from ..reporting.record import Raw, Record
from .messages import MOST_RECORDS, Message, Report
from .payload import Document
from .platform import moment

SERIAL, DIGITAL_INPUTS = 0, 41
_RESIDUAL = 40
_INPUTS = 4
_MILLIAMPERE = 1000
_DIGITS = 6

_NAMES: Sequence[tuple[int, Sequence[str]]] = (
    (1, ("Ua", "Ub", "Uc", "Uab", "Ubc", "Uca", "Ia", "Ib", "Ic")),
    (10, ("Pa", "Pb", "Pc", "P", "Qa", "Qb", "Qc", "Q", "Sa", "Sb", "Sc", "S")),
    (22, ("PFa", "PFb", "PFc", "PF", "Fr", "rssi", "EPI", "EPE", "EQL", "EQC")),
    (34, ("PT", "CT", "TempA", "TempB", "TempC", "TempN")),
    (54, ("UaTHD", "UbTHD", "UcTHD", "IaTHD", "IbTHD", "IcTHD")),
    (63, ("Uub", "Iub", "EPIJ", "EPIF", "EPIP", "EPIG")),
)
CODES: Mapping[int, str] = {number: code for first, codes in _NAMES for number, code in enumerate(codes, first)}
"""By number, what the vocabulary has. Number 33 is that of the SIM card: it is dropped."""


def message_of(document: Document) -> Message:
    """Return what a message says: one record for each time in it."""
    found = document.get("data")
    entries = found if isinstance(found, list) else [document]
    return Report(records=list(islice(_records(entries), MOST_RECORDS)))


def _records(entries: list[object]) -> Iterator[Record]:
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        points = entry.get("point")
        serial, values = _values(points if isinstance(points, list) else [])
        if is_serial(serial):
            yield Record(serial=serial, stamp=moment(entry.get("tp")), values=values)


def _values(points: list[object]) -> tuple[str, dict[str, Raw]]:
    serial = ""
    values: dict[str, Raw] = {}
    for point in points[:MOST_CODES]:
        if not isinstance(point, dict):
            continue
        which = number(point.get("id", point.get("ID")))
        if which is None or which != int(which):
            continue
        if which == SERIAL:
            serial = text(point.get("val"))
            continue
        value = number(point.get("val"))
        if value is None:
            continue
        if which == DIGITAL_INPUTS:
            if value == int(value) and value >= 0:
                values |= {f"DI{bit + 1}": float(int(value) >> bit & 1) for bit in range(_INPUTS)}
        elif which == _RESIDUAL:
            values["Lg"] = round(value * _MILLIAMPERE, _DIGITS)
        elif (code := CODES.get(int(which))) is not None:
            values[code] = value
    return serial, values
