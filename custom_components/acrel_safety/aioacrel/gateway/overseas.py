"""The overseas dialect: `/gw/acrelHW/`. Times are texts without a zone; what is secondary is multiplied here."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from ..reporting.fields import is_serial, number, text, values
from ..reporting.record import Raw, Record
from .fields import period
from .messages import Login, Message, Other, Parameters, Report, TimeRequest
from .payload import Document
from .topics import Topic

TIME = "%Y%m%d%H%M%S"
_TIME_SIZE = 14
_FIELDS = frozenset({"type", "gwSN", "meterSN", "meterName", "meterStatus", "time", "ch", "res"})
_ENERGIES: Mapping[str, str] = {"wh": "EPI", "wl": "EPE", "varh": "EQL", "varl": "EQC"}
"""By their names: no document says what they are."""
_CURRENTS = frozenset({"ia", "ib", "ic"})
_POWERS = frozenset(f"{kind}{phase}" for kind in "pqs" for phase in ("", "a", "b", "c"))
_VOLTAGES = frozenset({"ua", "ub", "uc", "uab", "ubc", "uca"})
_KILO = 1000
_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """How what a meter of this dialect says becomes what it measures: by its kind, and nothing in a message tells."""

    multiplies_by_ct: bool = True
    """Whether currents, powers and energies are secondary values."""
    multiplies_by_pt: bool | None = None
    """The same of voltages, powers and energies; not said, nothing is told of them where the ratio is not 1."""
    power_unit: Literal["kW", "W"] | None = None
    """Not said: kW where a current ratio comes with it, W otherwise, as the one public decoder takes it."""


def message_of(topic: Topic, document: Document, zone: tzinfo, scaling: Callable[[str], Scaling]) -> Message:
    """Return what a message says."""
    kind = text(document.get("type")).casefold() or topic.command.casefold()
    stamp = _moment(document.get("time"), zone)
    match kind:
        case "login":
            return Login(stamp=stamp, version=" ".join(text(document.get(name)) for name in ("ver", "code")).strip())
        case "time":
            return TimeRequest(stamp=stamp)
        case "para":
            return Parameters(period=period(document.get("upInterval"), 60), name=text(document.get("meterName")))
        case "data" | "hstdata":
            return _report(topic, document, stamp, scaling, is_history=kind == "hstdata")
    return Other(name=kind)


def _report(
    topic: Topic,
    document: Document,
    stamp: float | None,
    scaling: Callable[[str], Scaling],
    *,
    is_history: bool,
) -> Message:
    serial = text(document.get("meterSN")) or topic.serial
    channel = number(document.get("ch"))
    if not is_serial(serial) or (is_history and stamp is None):
        # The layout of what is uploaded later is not known: without a time of its own nothing is made of it.
        return Other(name="data")
    found = values({key: raw for key, raw in document.items() if key not in _FIELDS})
    record = Record(
        serial=serial,
        channel=f"{channel:g}" if channel is not None and channel > 0 and channel == int(channel) else "",
        stamp=stamp,
        values=_scaled(found, scaling(serial)),
        is_missing=text(document.get("meterStatus")).casefold() == "missing",
        is_history=is_history,
    )
    return Report(records=[record])


def _scaled(found: Mapping[str, Raw], scaling: Scaling) -> dict[str, Raw]:
    """Return primary values by the codes of the vocabulary; what cannot be scaled is left out."""
    folded = {code.casefold(): number(raw) for code, raw in found.items()}
    ct = folded.get("ct") or None
    pt = folded.get("pt") or 1.0
    current = ct if scaling.multiplies_by_ct and ct is not None else 1.0
    voltage = pt if scaling.multiplies_by_pt else 1.0
    is_open = pt != 1 and scaling.multiplies_by_pt is None
    power = _power(scaling, ct)
    scaled: dict[str, Raw] = {}
    for code, raw in found.items():
        name = code.casefold()
        value = folded[name]
        factor = 1.0
        if name in _CURRENTS:
            factor = current
        elif name in _VOLTAGES:
            factor = voltage
        elif name in _POWERS:
            factor = current * voltage * power
        elif name in _ENERGIES:
            factor = current * voltage
        if is_open and name in _VOLTAGES | _POWERS | _ENERGIES.keys():
            continue
        scaled[_ENERGIES.get(name, code)] = (
            raw if value is None else round(value * factor, _DIGITS) if factor != 1 else value
        )
    return scaled


def _power(scaling: Scaling, ct: float | None) -> float:
    unit = scaling.power_unit or ("kW" if ct is not None else "W")
    return 1.0 if unit == "kW" else 1 / _KILO


def _moment(raw: object, zone: tzinfo) -> float | None:
    written = text(raw)
    if len(written) != _TIME_SIZE or not written.isdecimal():
        return None
    try:
        return datetime.strptime(written, TIME).replace(tzinfo=zone).timestamp()
    except ValueError, OverflowError:
        return None


# -- what the server says ----------------------------------------------------------------------------------------------


def taken(kind: str, moment: datetime | None = None) -> str:
    """Return the server's short answer; to a question for the time, with it."""
    document: dict[str, object] = {"type": kind, "res": 1}
    if moment is not None:
        document["time"] = moment.strftime(TIME)
    return json.dumps(document, separators=(",", ":"))
