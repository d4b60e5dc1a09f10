"""What the IoT EMS platform sends by itself, values and alarms, from the body of its request.

Shapes as integrators' documents print them, which cite the vendor's data standard: an array of meters, and an object
with a list of alarms. Nothing proves who sent it. Whatever a body holds, it becomes records or is left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from math import isfinite

from ..reporting.fields import is_serial, number, text, values
from .records import Pushed, PushedAlarm

LARGEST = 1 << 20
"""Bytes of a body."""
MOST_PARTS = 20_000
"""Objects and lists in a body: a megabyte of brackets would keep everybody else waiting."""
MOST_RECORDS = 512
MOST_ALARMS = 64
"""Meters in one body, and alarms of one message."""
LONGEST_NUMBER = 64
_LONGEST_TEXT = 500
CHINA = timezone(timedelta(hours=8))
_MILLISECONDS_FROM = 1e11
_EARLIEST, _LATEST = 946_684_800.0, 4_102_444_800.0
"""Seconds since 1970 that a time can be: this century."""
_ABOUT = frozenset(
    {"gatewaySn", "meterSn", "meterNo", "createTime", "timestamp", "source", "state", "msgid", "timezone", "UpInterval"}
)
"""What says of a record whose it is, and no value; in which unit an interval is, nobody says."""
LANGUAGES: Mapping[str, str] = {"zh_CN": "zh", "en_US": "en"}
"""What the platform calls them, and what the library does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one request, or one record of it, brought."""

    values: Sequence[Pushed] = ()
    alarms: Sequence[PushedAlarm] = ()
    left_out: int = 0
    """Parts that could not be understood, or for which there was no room."""
    is_unread: bool = False
    """Whether the whole of it was no such thing."""


def delivery_of(body: bytes, zone: tzinfo = CHINA) -> Delivery:
    """Return what a body holds; never raises. `zone` is that of times without one."""
    found = list(deliveries_of(body, zone))
    return Delivery(
        values=tuple(value for one in found for value in one.values),
        alarms=tuple(alarm for one in found for alarm in one.alarms),
        left_out=sum(one.left_out for one in found),
        is_unread=any(one.is_unread for one in found),
    )


def deliveries_of(body: bytes, zone: tzinfo = CHINA) -> Iterator[Delivery]:
    """Yield what each record of a body holds, so that others have a turn between two of them; never raises."""
    if len(body) > LARGEST or body.count(b"[") + body.count(b"{") > MOST_PARTS:
        yield Delivery(is_unread=True)
        return
    try:
        found: object = json.loads(body.decode("utf-8-sig"), parse_constant=lambda _: None, parse_float=_finite)
    except ValueError, RecursionError:
        yield Delivery(is_unread=True)
        return
    if not isinstance(found, list | dict):
        yield Delivery(is_unread=True)
        return
    items: Sequence[object] = found if isinstance(found, list) else [found]
    for item in items[:MOST_RECORDS]:
        yield _delivered(item, zone)
    if len(items) > MOST_RECORDS:
        yield Delivery(left_out=len(items) - MOST_RECORDS)


def _delivered(item: object, zone: tzinfo) -> Delivery:
    if not isinstance(item, dict) or not is_serial(serial := text(item.get("meterSn"))):
        return Delivery(left_out=1)
    time = time_of(item, zone)
    if isinstance(alarms := item.get("list"), list):
        known = list(_alarms(alarms[:MOST_ALARMS], item, serial, time))
        return Delivery(alarms=known, left_out=len(alarms) - len(known))
    value = Pushed(
        gateway=text(item.get("gatewaySn")),
        serial=serial,
        time=time,
        is_history=text(item.get("source")).upper() == "HISTORY",
        is_online={"ONLINE": True, "OFFLINE": False}.get(text(item.get("state")).upper()),
        values=values({code: raw for code, raw in item.items() if code not in _ABOUT}),
    )
    return Delivery(values=[value])


def _alarms(
    found: Sequence[object], item: Mapping[str, object], serial: str, time: datetime | None
) -> Iterator[PushedAlarm]:
    for one in found:
        if not isinstance(one, dict):
            continue
        alarm_number = text(one.get("alarmNo"))
        if not alarm_number or len(alarm_number) > LONGEST_NUMBER:
            # Without its number nobody can tell whether it came before.
            continue
        yield PushedAlarm(
            number=alarm_number,
            gateway=text(item.get("gatewaySn")),
            serial=serial,
            time=time,
            code=text(one.get("code")),
            level=text(one.get("level")),
            titles=_texts(one.get("title")),
            messages=_texts(one.get("message")),
        )


def _texts(found: object) -> Mapping[str, str]:
    """Return texts by language; of one that names none nobody knows which it is."""
    if not isinstance(found, dict):
        return {}
    known = {ours: found.get(theirs) for theirs, ours in LANGUAGES.items()}
    shown = {
        ours: "".join(letter if letter.isprintable() else " " for letter in said[:_LONGEST_TEXT]).strip()
        for ours, said in known.items()
        if isinstance(said, str)
    }
    return {ours: said for ours, said in shown.items() if said}


def time_of(item: Mapping[str, object], zone: tzinfo) -> datetime | None:
    """Return of when a record is: by its number of seconds (or milliseconds), else by its text without a zone."""
    stamp = number(item.get("timestamp"))
    if stamp is not None:
        seconds = stamp / 1000 if stamp >= _MILLISECONDS_FROM else stamp
        return datetime.fromtimestamp(seconds, UTC) if _EARLIEST <= seconds <= _LATEST else None
    try:
        moment = datetime.strptime(text(item.get("createTime")).removesuffix(".0"), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
        found = moment.replace(tzinfo=zone).astimezone(UTC)
    except ValueError, OverflowError:
        return None
    return found if _EARLIEST <= found.timestamp() <= _LATEST else None


def _finite(found: str) -> float | None:
    """Return a number; what is none hides nothing else of a body."""
    return value if isfinite(value := float(found)) else None
