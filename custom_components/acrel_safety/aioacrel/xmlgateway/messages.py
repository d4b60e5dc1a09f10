"""What the XML of the frames says, and the XML that is answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from xml.sax.saxutils import escape

from .markup import Element, markup_of
from .names import GatewayName, MeterId

TIME_FORM = "%Y%m%d%H%M%S"
_TIME_SIZE = 14
CONTINUOUS = "continuous"


class Step(StrEnum):
    """The steps of a login."""

    REQUEST = "request"
    SEQUENCE = "sequence"
    MD5 = "md5"
    RESULT = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validate:
    """A step of a login."""

    name: GatewayName = field(repr=False)
    step: str
    sequence: str = ""
    md5: str = field(default="", repr=False)
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A gateway is still there, and wants to know the time."""

    name: GatewayName = field(repr=False)
    operation: str = ""
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """One value of a meter, as it stands in a report."""

    id: str
    text: str
    error: str = ""
    """Not empty: it is no value. What the codes mean is not known."""


@dataclass(frozen=True, slots=True)
class MeterReport:
    """What a report says of one meter."""

    meter: MeterId
    functions: Sequence[Function]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Values of meters at one time, on the gateway's clock."""

    name: GatewayName = field(repr=False)
    operation: str = ""
    is_resent: bool = False
    """Whether it was kept by the gateway while it could not send."""
    time: datetime | None = None
    meters: Sequence[MeterReport] = ()
    strange: int = 0
    """Meters whose number is none."""
    sequence: str = ""
    total: str = ""
    current: str = ""

    @property
    def is_acknowledged(self) -> bool:
        """Whether the gateway waits for an answer."""
        return self.operation == CONTINUOUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """XML that is nothing of these."""

    name: GatewayName = field(repr=False)
    type: str = ""


type Message = Validate | Heartbeat | Report | Unread


def message_of(data: bytes) -> Message:
    """Return what some XML says. Raises MarkupError."""
    root = markup_of(data)
    common = root.first("common") or Element("common", {})
    name = GatewayName(common.text_of("building_id"), common.text_of("gateway_id"))
    if (found := root.first("id_validate")) is not None:
        return Validate(
            name=name,
            step=found.attribute("operation").lower(),
            sequence=found.text_of("sequence"),
            md5=found.text_of("md5"),
            result=found.text_of("result"),
        )
    if (found := root.first("heart_beat")) is not None:
        return Heartbeat(name=name, operation=found.attribute("operation"), time=time_of(found.text_of("time")))
    if (found := root.first("data")) is not None:
        return _report(name, common.text_of("type"), found)
    return Unread(name=name, type=common.text_of("type"))


def _report(name: GatewayName, kind: str, data: Element) -> Report:
    operation = data.attributes.get("operation", "")
    meters = [(MeterId.of(meter.attribute("id")), _functions(meter)) for meter in data.all("meter")]
    return Report(
        name=name,
        operation=operation,
        is_resent=CONTINUOUS in (kind.lower(), operation.strip().lower()),
        time=time_of(data.text_of("time")),
        meters=[MeterReport(meter, functions) for meter, functions in meters if meter is not None],
        strange=sum(meter is None for meter, _ in meters),
        sequence=data.text_of("sequence"),
        total=data.text_of("total"),
        current=data.text_of("current"),
    )


def _functions(meter: Element) -> Sequence[Function]:
    return [
        Function(function.attribute("id"), function.text, function.attribute("error"))
        for function in meter.all("function")
        if function.attribute("id")
    ]


def time_of(text: str) -> datetime | None:
    """Read fourteen digits; None if there is no such time. The zone is not said."""
    if len(text) != _TIME_SIZE or not text.isdecimal() or not text.isascii():
        return None
    try:
        return datetime.strptime(text, TIME_FORM)  # noqa: DTZ007 - the zone is not said
    except ValueError:
        return None


# -- what is answered --------------------------------------------------------------------------------------------------


def sequence_answer(name: GatewayName, sequence: str) -> bytes:
    """Ask somebody to prove with these digits that he knows the secret."""
    return _login(name, Step.SEQUENCE, f"<sequence>{escape(sequence)}</sequence>")


def result_answer(name: GatewayName, *, has_passed: bool) -> bytes:
    """Tell somebody what came of it."""
    return _login(name, Step.RESULT, f"<result>{'pass' if has_passed else 'fail'}</result>")


def time_answer(name: GatewayName, time: datetime) -> bytes:
    """Tell a gateway the time on the clock of its zone: it sets its own by it."""
    told = f'<heart_beat operation="time"><time>{time.strftime(TIME_FORM)}</time></heart_beat>'
    return _document(name, "heart_beat", told)


def resent_answer(report: Report) -> bytes:
    """Tell a gateway that a report it kept has come; in the form of others of this family, by analogy."""
    parts = (("sequence", report.sequence), ("total", report.total), ("current", report.current))
    said = "".join(f"<{part}>{escape(text)}</{part}>" for part, text in parts if text)
    return _document(report.name, "continuous_ack", f'<data operation="continuous_ack">{said}</data>')


def _login(name: GatewayName, step: Step, said: str) -> bytes:
    return _document(name, "id_validate", f'<id_validate operation="{step}">{said}</id_validate>')


def _document(name: GatewayName, kind: str, said: str) -> bytes:
    common = (
        f"<building_id>{escape(name.building)}</building_id><gateway_id>{escape(name.gateway)}</gateway_id>"
        f"<type>{kind}</type>"
    )
    text = f'<?xml version="1.0" encoding="utf-8"?><root><common>{common}</common>{said}</root>'
    return text.encode("utf-8")
