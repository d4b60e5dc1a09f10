"""What a message of a gateway says; which dialect it is, its fields tell where no topic does."""

from collections.abc import Sequence

from ..gateway import numbers, overseas, platform
from ..gateway.errors import PayloadError
from ..gateway.messages import NO_NUMBER, Answer, Login, Message, Report
from ..gateway.options import CHINA
from ..gateway.overseas import Scaling
from ..gateway.payload import document_of
from ..gateway.topics import Channel, Dialect, Topic
from ..masking import masked
from ..reporting.record import Record
from ..texts import Phrase, phrase
from .output import Json

_NAMELESS = "0"


def message_of(data: bytes) -> tuple[dict[str, Json], Sequence[Phrase]] | None:
    """Return what a message says; None for bytes that are none."""
    try:
        document = document_of(data)
    except PayloadError:
        return None
    if "method" in document or "reported" in document:
        method = document.get("method")
        channel = {"update": Channel.DATA, "operate": Channel.COMMAND}.get(str(method), Channel.SYSTEM)
        topic = Topic(dialect=Dialect.PLATFORM, channel=channel, serial=str(document.get("sn") or _NAMELESS))
        message = platform.message_of(topic, document)
    elif "type" in document:
        topic = Topic(dialect=Dialect.OVERSEAS, serial=str(document.get("gwSN") or _NAMELESS))
        message = overseas.message_of(topic, document, CHINA, lambda _: Scaling())
    else:
        topic = Topic(dialect=Dialect.NUMBERS)
        message = numbers.message_of(document)
    return _explained(topic.dialect, message)


def _explained(dialect: Dialect, message: Message) -> tuple[dict[str, Json], Sequence[Phrase]]:
    kind = type(message).__name__.lower()
    document: dict[str, Json] = {"protocol": "mqtt", "dialect": dialect.value, "kind": kind}
    lines = [phrase("frame_gateway", dialect=dialect.value, kind=phrase(f"gateway_{kind}_message"))]
    records: Sequence[Record] = ()
    match message:
        case Login():
            document |= {"period": message.period, "name": message.name, "version": message.version}
            document |= {"compresses": message.algorithm, "encrypts": message.is_encrypted}
            lines.append(phrase("frame_gateway_login", name=message.name, period=message.period or "?"))
        case Answer():
            document["taken"] = message.is_taken
            records = message.records
        case Report():
            records = message.records
    given = getattr(message, "number", NO_NUMBER)
    if isinstance(given, str | int | float):
        document["msgid"] = given
    document["meters"] = [_meter(record) for record in records]
    lines += [
        phrase(
            "frame_gateway_meter",
            serial=masked(record.serial),
            values=phrase("gateway_not_heard")
            if record.is_missing
            else ", ".join(f"{code} {value}" for code, value in record.values.items()),
        )
        for record in records
    ]
    return document, lines


def _meter(record: Record) -> Json:
    return {
        "serial": masked(record.serial),
        "circuit": record.channel or record.prefix,
        "time": record.stamp,
        "is_missing": record.is_missing,
        "is_history": record.is_history,
        "values": {**record.values},
    }
