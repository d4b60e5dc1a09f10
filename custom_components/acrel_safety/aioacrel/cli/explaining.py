"""What a frame says: as a document for programs, and in sentences for people. Numbers of people are masked in both."""

from collections.abc import Iterator, Sequence

from ..checksum import SIZE, checksum
from ..errors import EXCEPTION_MEANINGS, AcrelError
from ..masking import masked
from ..texts import Phrase, phrase
from ..uplink.frames import BEGIN, END, SHORTEST, Command, Frame
from ..uplink.messages import (
    DataUpload,
    Heartbeat,
    Login,
    Message,
    PassThrough,
    SelectBlocks,
    SetValues,
    Taken,
    TimeAnswer,
    TimeRequest,
    message_of,
    sender_of,
)
from ..uplink.rtu import ReadAnswer, ReadRequest, Refusal, Rtu, WriteAnswer, WriteRequest, rtu_of
from ..uplink.sections import Seal, Section
from ..uplink.stream import FrameStream
from ..xmlgateway import frames as xml
from ..xmlgateway.cipher import Cipher
from .explaining_gateway import message_of as message_of_gateway
from .output import Json
from .xmlframes import explained_frame

type Document = dict[str, Json]
type Explained = tuple[Document, Sequence[Phrase]]

_SHORTEST_RTU = 4


class NoFrameError(AcrelError):
    """Bytes that are no frame of any kind that is known."""

    key = "no_frame"


def explained(data: bytes, cipher: Cipher | None = None) -> tuple[Sequence[Explained], int]:
    """Return what each frame in some bytes says, and how many bytes belong to none. Raises NoFrameError."""
    if data.startswith(xml.BEGIN):
        gateway_stream = xml.FrameStream()
        found = [_of_gateway(frame, cipher) for frame in gateway_stream.feed(data)]
        if found:
            return found, gateway_stream.discarded + gateway_stream.pending
    if data.startswith(BEGIN[:1]) and not data.startswith(BEGIN) and (message := message_of_gateway(data)) is not None:
        return [message], 0
    if BEGIN in data:
        stream = FrameStream()
        frames = list(stream.feed(data))
        if frames:
            return [_of_frame(frame) for frame in frames], stream.discarded + stream.pending
    elif len(data) >= _SHORTEST_RTU and checksum(data[:-SIZE]) == data[-SIZE:]:
        return [_of_modbus(data)], 0
    raise NoFrameError(count=len(data), detail=_why_not(data))


def _of_gateway(frame: xml.Frame, cipher: Cipher | None) -> Explained:
    (document, lines), rtu = explained_frame(frame, cipher)
    if rtu is None:
        return document, lines
    part, said = _of_modbus(rtu)
    return document | part, [*lines, *said]


def _why_not(data: bytes) -> Phrase:
    if data.startswith(xml.BEGIN):
        return phrase("frame_cut")
    if data.startswith(BEGIN):
        if len(data) < SHORTEST or not data.endswith(END):
            return phrase("frame_without_end")
        data = data[len(BEGIN) : -len(END)]
    elif len(data) < _SHORTEST_RTU:
        return phrase("frame_too_short")
    return phrase("wrong_checksum", found=_hex(data[-SIZE:]), right=_hex(checksum(data[:-SIZE])))


def _of_frame(frame: Frame) -> Explained:
    sender = sender_of(frame)
    message = message_of(frame, sender)
    document: Document = {
        "protocol": "4g",
        "command": f"{frame.command:02X}",
        "sender": sender.value,
        "length": len(frame.encoded()),
        "crc_ok": True,
    }
    lines: list[Phrase] = []
    for part, said in _said(message):
        document |= part
        lines += said
    if serial := getattr(message, "serial", ""):
        document["serial"] = masked(serial)
        lines.append(phrase("frame_serial", serial=masked(serial)))
    return document, lines


def _said(message: Message) -> Iterator[Explained]:
    """Yield what a message says, part by part."""
    match message:
        case Login():
            yield _login(message)
        case Taken():
            yield {"kind": "acknowledge"}, [phrase("frame_taken", command=f"{message.command:02X}")]
        case Heartbeat():
            yield {"kind": "heartbeat"}, [phrase("frame_heartbeat")]
        case TimeRequest():
            yield {"kind": "time_request"}, [phrase("frame_time_request")]
        case TimeAnswer():
            time, weekday = message.moment.time, message.moment.weekday
            shown = None if time is None else time.isoformat()
            yield {"kind": "time", "time": shown, "weekday_byte": weekday}, [_time(shown, weekday)]
        case DataUpload():
            yield _upload(message)
        case SetValues():
            count = len(message.body)
            yield {"kind": "set_values", "bytes_unread": count}, [phrase("frame_set_values", count=count)]
        case PassThrough():
            yield {"kind": "modbus"}, [phrase("frame_modbus")]
            yield _of_modbus(message.rtu) if message.rtu else ({}, [phrase("frame_written_perhaps")])
        case SelectBlocks():
            yield _selection(message)
        case _:
            count, command = len(message.body), f"{message.command:02X}"
            yield (
                {"kind": _name(message.command), "bytes_unread": count},
                [phrase("frame_unknown", command=command, count=count)],
            )


def _name(command: int) -> str:
    return Command(command).name.lower() if command in Command else "unknown"


def _login(login: Login) -> Explained:
    firmware = list(login.firmware)
    document: Document = {
        "kind": "login",
        "iccid": masked(login.iccid),
        "rssi": login.rssi,
        "firmware": firmware,
        "upload_minutes": login.upload_minutes,
    }
    lines = [
        phrase("frame_login", minutes=login.upload_minutes),
        phrase("frame_card", iccid=masked(login.iccid), rssi=login.rssi, firmware=", ".join(firmware)),
    ]
    return document, [*lines, *_unread(len(login.rest))]


def _time(shown: str | None, weekday: int) -> Phrase:
    return phrase("frame_no_time") if shown is None else phrase("frame_time", time=shown, weekday=weekday)


def _upload(upload: DataUpload) -> Explained:
    document: Document = {
        "kind": "data",
        "sections": [_section(section) for section in upload.sections],
        "inner_crc_ok": all(section.seal is Seal.RIGHT for section in upload.sections),
        "bytes_unread": len(upload.rest),
    }
    lines = [phrase("frame_data", count=len(upload.sections))]
    for section in upload.sections:
        if section.seal is Seal.INVALID:
            lines.append(phrase("section_invalid", name=section.name))
            continue
        words = "…" if section.seal is Seal.WRONG else _words(section.words)
        lines.append(phrase("section", name=section.name, unit=section.unit, count=len(section.words), words=words))
        if section.seal is Seal.MISSING:
            lines.append(phrase("section_unsealed"))
        elif section.seal is Seal.WRONG:
            lines.append(phrase("section_broken"))
    return document, [*lines, *_unread(len(upload.rest))]


def _section(section: Section) -> Json:
    is_worth = section.seal in (Seal.RIGHT, Seal.MISSING)
    return {
        "id": section.name,
        "checksum": section.seal.value,
        "registers": len(section.words),
        "words": list(section.words) if is_worth else None,
    }


def _unread(count: int) -> list[Phrase]:
    return [phrase("frame_unread", count=count)] if count else []


def _selection(selection: SelectBlocks) -> Explained:
    blocks = [(f"{first:04X}h", count) for first, count in selection.blocks]
    singles = [f"{register:04X}h" for register in selection.singles]
    document: Document = {
        "kind": "select_blocks",
        "blocks": [{"address": first, "count": count} for first, count in blocks],
        "singles": singles,
    }
    named = ", ".join(f"{first}+{count}" for first, count in blocks)
    return document, [phrase("frame_selection", blocks=named), phrase("frame_singles", registers=", ".join(singles))]


def _of_modbus(data: bytes) -> Explained:
    found = rtu_of(data)
    document: Document = {"modbus": _modbus(data, found), "inner_crc_ok": True}
    if found is None:
        return document, [phrase("modbus_other", unit=data[0], function=f"{data[1]:02X}")]
    return document, [_modbus_said(found)]


def _modbus(data: bytes, found: Rtu | None) -> Document:
    document: Document = {"unit": data[0], "function": data[1]}
    match found:
        case ReadRequest() | WriteAnswer():
            document |= {"address": f"{found.address:04X}h", "count": found.count}
        case ReadAnswer():
            document |= {"count": len(found.words), "words": list(found.words)}
        case WriteRequest():
            document |= {"address": f"{found.address:04X}h", "words": list(found.words)}
        case Refusal():
            document |= {"function": found.function, "exception": found.code}
    kinds = {ReadRequest: "read", ReadAnswer: "values", WriteRequest: "write", WriteAnswer: "written"}
    return document | {"kind": "refused" if isinstance(found, Refusal) else kinds.get(type(found), "other")}


def _modbus_said(found: Rtu) -> Phrase:
    match found:
        case ReadRequest():
            return phrase("modbus_read", unit=found.unit, count=found.count, address=f"{found.address:04X}")
        case ReadAnswer():
            return phrase("modbus_values", unit=found.unit, count=len(found.words), words=_words(found.words))
        case WriteRequest():
            return phrase("modbus_write", unit=found.unit, address=f"{found.address:04X}", words=_words(found.words))
        case WriteAnswer():
            return phrase("modbus_written", unit=found.unit, count=found.count, address=f"{found.address:04X}")
    meaning = phrase(EXCEPTION_MEANINGS.get(found.code, "exception_undefined"))
    return phrase("modbus_refused", unit=found.unit, function=f"{found.function:02X}", meaning=meaning)


def _words(words: Sequence[int]) -> str:
    return " ".join(f"{word:04X}" for word in words)


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()
