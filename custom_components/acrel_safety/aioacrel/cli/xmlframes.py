"""What a frame of an XML gateway says. Numbers of people are masked, secrets and proofs are never shown."""

from collections.abc import Sequence

from ..texts import Phrase, phrase
from ..uplink.rtu import rtu_of
from ..xmlgateway.cipher import Cipher, inflated
from ..xmlgateway.frames import Frame, FrameKind
from ..xmlgateway.markup import MarkupError
from ..xmlgateway.messages import Heartbeat, Message, Report, Step, Validate, message_of
from ..xmlgateway.passing import passed_of
from .output import Json

type Document = dict[str, Json]
type Explained = tuple[Document, Sequence[Phrase]]

_PLAIN = (FrameKind.LOGIN, FrameKind.HEARTBEAT)
_PASSED = (FrameKind.PASS_DOWN, FrameKind.PASS_UP)
_STEPS = {Step.REQUEST: "xml_request", Step.SEQUENCE: "xml_sequence", Step.MD5: "xml_proof", Step.RESULT: "xml_result"}
_KINDS = {
    FrameKind.REPORT: "xml_report",
    FrameKind.PACKED_REPORT: "xml_packed_report",
    FrameKind.PASS_DOWN: "xml_pass_down",
    FrameKind.PASS_UP: "xml_pass_up",
}
_OF_METER = {FrameKind.PASS_DOWN: "xml_pass_down_meter", FrameKind.PASS_UP: "xml_pass_up_meter"}


def explained_frame(frame: Frame, cipher: Cipher | None) -> tuple[Explained, bytes | None]:
    """Return what a frame says, and the Modbus frame in it, if there is one and the secret is known."""
    document: Document = {"protocol": "xml", "kind": frame.kind.name.lower(), "length": len(frame.data)}
    plain: bytes | None = frame.data
    if frame.kind not in _PLAIN:
        if cipher is None:
            document["encrypted"] = True
            kind = phrase(_KINDS[frame.kind])
            return (document, [kind, phrase("xml_encrypted", count=len(frame.data))]), None
        plain = cipher.opened(frame.data)
        if plain is not None and frame.kind is FrameKind.PACKED_REPORT:
            plain = inflated(plain)
    if plain is None:
        document["is_readable"] = False
        return (document, [phrase("xml_not_opened")]), None
    if frame.kind in _PASSED:
        return _passed(document, frame.kind, plain)
    try:
        message = message_of(plain)
    except MarkupError:
        document["is_readable"] = False
        return (document, [phrase("xml_no_xml")]), None
    part, lines = _said(message)
    if any(message.name):
        part["gateway"] = message.name.shown
        lines = [*lines, phrase("xml_gateway", gateway=message.name.shown)]
    return (document | part, lines), None


def _passed(document: Document, kind: FrameKind, plain: bytes) -> tuple[Explained, bytes | None]:
    passed = passed_of(plain)
    if passed is None:
        document["is_readable"] = False
        return (document, [phrase("xml_not_opened")]), None
    document |= {"meter": str(passed.meter), "port": passed.meter.port, "address": passed.meter.address}
    said = phrase(_OF_METER[kind], port=passed.meter.port, address=passed.meter.address)
    return (document, [said]), passed.rtu if rtu_of(passed.rtu) is not None else None


def _said(message: Message) -> Explained:
    match message:
        case Validate() if message.step in Step:
            said = phrase(_STEPS[Step(message.step)], result=message.result)
            return {"step": message.step, **({"result": message.result} if message.result else {})}, [said]
        case Heartbeat(time=None):
            return {}, [phrase("xml_heartbeat")]
        case Heartbeat():
            return {"time": str(message.time)}, [phrase("xml_time", time=message.time)]
        case Report():
            return _report(message)
    return {"is_readable": False}, [phrase("xml_unread")]


def _report(report: Report) -> Explained:
    document: Document = {
        "time": None if report.time is None else report.time.isoformat(),
        "resent": report.is_resent,
        "meters": {
            str(one.meter): {function.id: None if function.error else function.text for function in one.functions}
            for one in report.meters
        },
    }
    key = "xml_resent" if report.is_resent else "xml_reported"
    lines = [phrase(key, time=report.time if report.time is not None else "?")]
    for one in report.meters:
        values = ", ".join(f"{function.id} {'–' if function.error else function.text}" for function in one.functions)
        lines.append(phrase("xml_meter", port=one.meter.port, address=one.meter.address, values=values))
    return document, lines
