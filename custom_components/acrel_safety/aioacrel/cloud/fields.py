"""The small parts of answers: numbers that may be texts, times without a zone, JSON inside JSON, lists without end.

Whatever cannot be is None or empty, never an error: one odd field of a server must not hide the others.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

type Json = dict[str, Any]

CHINA = timezone(timedelta(hours=8), "China")
"""Where the clouds' times are from, unless somebody says otherwise: no answer names a zone."""
MOST_ROWS = 20_000
"""Of one list; a day of one-minute values of three phases has 4,320."""
LONGEST_TEXT = 256
LONGEST_ID = 64
_LONGEST_JSON = 64 * 1024
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,2})?")
_MOST = 1e12
"""No number of any quantity is larger."""
_TIME = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?", re.ASCII)
_YEARS = range(2000, 2100)
_YES, _NO = ("1", "true"), ("0", "false")
_ID = re.compile(r"[A-Za-z0-9_.:-]+")


def number(raw: object) -> float | None:
    """Return a number, also of a text that is one; a yes or no, NaN and what no quantity can be are none."""
    if isinstance(raw, str):
        stripped = raw.strip()
        if not _NUMBER.fullmatch(stripped):
            return None
        raw = float(stripped)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    # Compared before anything is made a float of: an integer of a thousand digits is no float.
    return float(raw) if -_MOST <= raw <= _MOST and math.isfinite(raw) else None


def text(raw: object, longest: int = LONGEST_TEXT) -> str:
    """Return a text as it may be shown, cut where it is too long; of a number its digits, of anything else nothing."""
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**18:
        raw = str(raw)
    if not isinstance(raw, str):
        return ""
    cut = raw[: longest * 2].strip()
    return "".join(char for char in cut if char.isprintable())[:longest].strip()


def identifier(raw: object) -> str:
    """Return what a server knows something by; empty for nothing that can be sent back as it is."""
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 2**53:
        raw = int(raw)
    found = text(raw, LONGEST_ID + 1)
    return found if len(found) <= LONGEST_ID and _ID.fullmatch(found) else ""


def yes_or_no(raw: object) -> bool | None:
    """Return what 0 or 1, true or false, say, also as a text; None for anything else."""
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        word = raw.strip().lower()
        return True if word in _YES else False if word in _NO else None
    value = number(raw)
    return bool(value) if value in (0, 1) else None


def moment(raw: object, zone: tzinfo) -> datetime | None:
    """Return a time of `yyyy-MM-dd HH:mm[:ss[.0]]` in a zone, as UTC; None for one that cannot be.

    An hour that comes twice in autumn is taken for the first one: what is said looks older, never newer than it is.
    """
    if not isinstance(raw, str) or len(raw) > LONGEST_TEXT:
        return None
    found = _TIME.fullmatch(raw.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    if year not in _YEARS:
        return None
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except ValueError, OverflowError:
        return None


def comes_twice(time: datetime, zone: tzinfo) -> bool:
    """Whether the clocks of a zone show a moment's time twice: then nobody knows which of both is meant."""
    wall = time.astimezone(zone).replace(tzinfo=None)
    return wall.replace(tzinfo=zone, fold=0).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset()


def spelled(time: datetime, zone: tzinfo) -> str:
    """Return a time as the server spells it."""
    return time.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def inner(raw: object) -> Json | None:
    """Return an object that may come as the text of one; None for anything else."""
    if isinstance(raw, str):
        if len(raw) > _LONGEST_JSON:
            return None
        try:
            raw = json.loads(raw, parse_constant=lambda _: None)
        except ValueError, RecursionError:
            return None
    return raw if isinstance(raw, dict) else None


def at(tree: object, path: str) -> object:
    """Return what stands at a dotted place; empty is the tree itself."""
    for name in path.split(".") if path else ():
        if not isinstance(tree, dict):
            return None
        tree = tree.get(name)
    return tree


def rows(tree: object, places: Sequence[str]) -> list[Json] | None:
    """Return the objects of a list, at the first of some places that has one; one object counts as a list of it.

    None where no place has any list: that is another shape. One that says null has none; at "" only a list counts.
    """
    for place in places:
        found = at(tree, place)
        if found is None and place and _is_said(tree, place):
            return []
        if isinstance(found, dict) and place:
            found = [found]
        if isinstance(found, list):
            return [row for row in found[:MOST_ROWS] if isinstance(row, dict)]
    return None


def _is_said(tree: object, place: str) -> bool:
    above, _, name = place.rpartition(".")
    holder = at(tree, above)
    return isinstance(holder, dict) and name in holder


def nested(found: Sequence[Json], name: str) -> Iterator[Json]:
    """Yield the objects of the lists that some objects have under a name, no more than a list may have."""
    left = MOST_ROWS
    for row in found:
        for one in rows(row, (name,)) or ():
            if left <= 0:
                return
            left -= 1
            yield one


def first[Record](found: Iterable[tuple[str, Record]]) -> list[Record]:
    """Return records without those that have no id, and without those whose id came before."""
    seen: dict[str, Record] = {}
    for name, record in found:
        if name:
            seen.setdefault(name, record)
    return list(seen.values())
