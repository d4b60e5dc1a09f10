"""The platform dialect: `sys | data | indicate`. Seconds since 1970 as numbers; values as numbers or texts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..reporting.fields import is_serial, number, text, values
from ..reporting.record import Record
from .fields import message_number, period, scalar
from .messages import (
    MOST_RECORDS,
    NO_NUMBER,
    Answer,
    Login,
    Message,
    Other,
    Report,
    TimeRequest,
    Topology,
)
from .payload import Document
from .topics import Channel, Topic

_ABOUT_GATEWAY = frozenset({"source", "rssi"})
_FIRST, _LAST = 946_684_800, 4_102_444_800
"""2000 and 2100: a time outside is none."""
_MILLI = 1000
_PREFIX = 4


def message_of(topic: Topic, document: Document) -> Message:
    """Return what a message says."""
    method = text(document.get("method")).casefold()
    stamp = moment(document.get("timestamp"))
    match topic.channel:
        case Channel.SYSTEM:
            return _system(method, stamp, document)
        case Channel.DATA if method in ("update", ""):
            return Report(
                records=list(_records(topic, document, stamp)),
                sent=moment(document.get("sendtime")),
                signal=_signal(document),
            )
        case Channel.COMMAND if method == "operate":
            result = number(document.get("res"))
            return Answer(
                number=message_number(document),
                is_taken=None if result is None else result == 1,
                stamp=stamp,
                records=list(_records(topic, document, stamp)),
            )
    return Other(name=method)


def _system(method: str, stamp: float | None, document: Document) -> Message:
    given = message_number(document)
    match method:
        case "login":
            payload = document.get("payload")
            said: Mapping[str, Any] = payload if isinstance(payload, dict) else {}
            return Login(
                number=given,
                stamp=stamp,
                period=period(said.get("upInterval")),
                name=text(said.get("devname")),
                version=" ".join(filter(None, (text(said.get("softcode")), text(said.get("softversion"))))),
                algorithm=text(said.get("compressAlgo")).upper() or "LZO" if number(said.get("compress")) else "",
                is_encrypted=bool(number(said.get("encrypt"))),
            )
        case "time" | "time.ms":
            sent = scalar(document.get("devicesend"))
            return TimeRequest(number=given, stamp=moment(sent) or stamp, sent=sent)
        case "topology":
            return Topology(number=given, stamp=stamp)
    return Other(name=method)


def _signal(document: Document) -> float | None:
    reported = document.get("reported")
    return number(reported.get("rssi")) if isinstance(reported, dict) else None


def _records(topic: Topic, document: Document, stamp: float | None) -> Iterator[Record]:
    """Yield what is reported of each meter; one that reports by itself has no name in between."""
    reported = document.get("reported")
    if not isinstance(reported, dict):
        return
    is_history = text(reported.get("source") or document.get("source")).casefold() == "history"
    meters = {key: said for key, said in reported.items() if isinstance(said, dict)}
    own = values({key: raw for key, raw in reported.items() if key not in meters and key not in _ABOUT_GATEWAY})
    if not meters and "rssi" in reported:
        own |= values({"rssi": reported["rssi"]})
    if own:
        yield _record(topic.serial, "", own, stamp, is_history=is_history)
    for key, said in list(meters.items())[:MOST_RECORDS]:
        serial, prefix = serial_in(key)
        if is_serial(serial):
            yield _record(serial, prefix, values(said), stamp, is_history=is_history)


def _record(serial: str, prefix: str, found: dict[str, Any], stamp: float | None, *, is_history: bool) -> Record:
    state = str(found.pop("state", "")).casefold()
    return Record(
        serial=serial,
        prefix=prefix,
        stamp=stamp,
        values=found,
        is_missing=state in ("offline", "0", "0.0"),
        is_history=is_history,
    )


def serial_in(key: str) -> tuple[str, str]:
    """Return the serial number in `0_<serial>`, the longest part of it, and the number before it."""
    parts = key.split("_")
    serial = max(parts, key=len)
    first = parts[0] if len(parts) > 1 and parts[0] != serial else ""
    return serial, first if first.isdecimal() and first.isascii() and len(first) <= _PREFIX else ""


def moment(raw: object) -> float | None:
    """Return seconds since 1970, also of milliseconds; None for a time that cannot be."""
    seconds = number(raw)
    if seconds is None:
        return None
    if seconds > _LAST:
        seconds /= _MILLI
    return seconds if _FIRST <= seconds <= _LAST else None


# -- what the server says ----------------------------------------------------------------------------------------------


def encoded(serial: str, method: str, given: object, fields: Mapping[str, object]) -> str:
    """Return a message of the server's; the number of the device's message comes back as it was."""
    document: dict[str, object] = {"method": method, "sn": serial, **fields}
    if given is not NO_NUMBER:
        document["msgid"] = given
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
