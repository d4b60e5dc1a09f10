"""Sites, devices and what they measure, out of answers: odd fields are left out, odd rows dropped."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from ..readings import PointKey, Value
from ..vocabulary import vocabulary
from .fields import Json, at, first, identifier, inner, moment, nested, number, text, yes_or_no
from .records import CircuitOfMeter, Connection, Details, Meter, Site, Values

_MOST_ACTIVE = 64
_SERIAL = "fMeterserialnumber"
"""As the logs of commands call it; whether the details have it is not known."""


def sites(found: Sequence[Json]) -> list[Site]:
    """Return the sites of a list, each once."""
    read = [Site(id=identifier(row.get("fSubid")), name=text(row.get("fSubname"))) for row in found]
    return first((site.id, site) for site in read)


def meters(found: Sequence[Json], site: str, zone: tzinfo) -> list[Meter]:
    """Return the devices of a list, each once."""
    return agreed(_meter(row, site, zone) for row in found)


def agreed(read: Iterable[Meter]) -> list[Meter]:
    """Return devices, each once: of one that is listed twice, what nothing in the other place contradicts."""
    known: dict[str, Meter] = {}
    for meter in read:
        if meter.code:
            other = known.get(meter.code, meter)
            known[meter.code] = other if other == meter else _of_both(other, meter)
    return list(known.values())


def _of_both(one: Meter, other: Meter) -> Meter:
    times = [time for time in (one.received, other.received) if time is not None]
    return replace(
        one,
        kind=_same(one.kind or None, other.kind or None) or "",
        is_alarmed=_same(one.is_alarmed, other.is_alarmed),
        received=min(times, default=None),
        is_closed=_same(one.is_closed, other.is_closed),
        has_timer=_same(one.has_timer, other.has_timer),
    )


def _same[Said](one: Said | None, other: Said | None) -> Said | None:
    """Return what two places say, one of which may say nothing; None where they contradict each other."""
    if one is None or other is None:
        return other if one is None else one
    return one if one == other else None


def _meter(row: Json, site: str, zone: tzinfo) -> Meter:
    current = inner(row.get("meterCurrentValue")) or {}
    timer = number(current.get("timerStatus"))
    return Meter(
        code=identifier(row.get("meterCode")),
        name=text(row.get("meterName")),
        site=site,
        kind=identifier(row.get("meterType")),
        is_alarmed=yes_or_no(row.get("meterStatus")),
        received=moment(current.get("receiveTime"), zone),
        is_closed=yes_or_no(current.get("switchStatus")),
        has_timer=None if timer is None else timer != 0,
    )


def details(data: object, code: str, site: str, zone: tzinfo) -> Details | None:
    """Return what a device is said to be in; None where nothing of the kind stands there, or another device does.

    It is asked for by its code alone: another site may have a device of the same.
    """
    said = at(data, "meterInfo")
    if not isinstance(said, dict):
        return None
    found, place = identifier(said.get("meterCode")), identifier(said.get("stationId"))
    if (found and found != code) or (place and place != site):
        return None
    is_alarmed = yes_or_no(said.get("meterStatus"))
    return Details(
        code=code,
        serial=text(said.get(_SERIAL), 64) or None,
        updated=moment(said.get("updateTime"), zone),
        is_alarmed=is_alarmed,
        active=_active(said.get("meterDetail"), is_alarmed=is_alarmed),
    )


def _active(said: object, *, is_alarmed: bool | None) -> Mapping[str, str] | None:
    """Return the active alarms. They mean something while the device is in alarm; there a name that is there is one.

    A null is an alarm that is not there: a server that writes every name would otherwise raise all of them.
    """
    if is_alarmed is False:
        return {}
    found = inner(said)
    if is_alarmed is None or found is None:
        return None
    active: dict[str, str] = {}
    for group, alarms in found.items():
        if isinstance(alarms, list) and alarms:
            # No such list is known: which alarms it names nobody can say, nor which it does not.
            return None
        entries = alarms.items() if isinstance(alarms, dict) else [("", alarms)]
        for name, value in entries:
            dotted = identifier(f"{group}.{name}" if name else group)
            if dotted and value is not None:
                active[dotted] = text(value)
    return active if len(active) <= _MOST_ACTIVE else None


def values(found: Sequence[Json], names: Mapping[str, PointKey], code: str, time: str, zone: tzinfo) -> list[Values]:
    """Return what devices measured, each once and the newest: the fields `names` of rows with a code and a time.

    What a row does not have is not in it; what it has but cannot be is None, and so is what two rows of one time
    contradict each other about.
    """
    read = [
        Values(
            code=identifier(row.get(code)),
            measured=moment(row.get(time), zone),
            values={key: value_of(key, row[name]) for name, key in names.items() if name in row},
        )
        for row in found
    ]
    known: dict[str, Values] = {}
    for one in read:
        if one.code:
            known[one.code] = _newest(known.get(one.code, one), one)
    return list(known.values())


def _newest(one: Values, other: Values) -> Values:
    if one.measured == other.measured:
        wrong = {key for key in one.values.keys() & other.values.keys() if one.values[key] != other.values[key]}
        return replace(one, values={**one.values, **other.values, **dict.fromkeys(wrong)})
    if one.measured is None or (other.measured is not None and other.measured > one.measured):
        return other
    return one


def value_of(key: PointKey, raw: Any) -> Value | None:  # noqa: ANN401 - whatever JSON may be
    """Return a value as the vocabulary has it, None for one that cannot be."""
    value = number(raw)
    known = vocabulary().find(key.code)
    if value is None or (known is not None and value not in known.range):
        return None
    return value


def connections(gateways: Sequence[Json], names: Mapping[str, str], zone: tzinfo) -> list[Connection]:
    """Return which devices the server hears; `names` are the codes of those whose name no other of the site has.

    A name that comes twice here is nobody's.
    """
    found = list(nested(gateways, "meterUseInfos"))
    told = [text(row.get("fMetername")) for row in found]
    count = Counter(told)
    return [
        _connection(row, name, names.get(name, "") if count[name] == 1 else "", zone)
        for row, name in zip(found, told, strict=True)
    ]


def _connection(row: Json, name: str, code: str, zone: tzinfo) -> Connection:
    is_away = yes_or_no(row.get("fIsdisconnnect"))
    return Connection(
        code=identifier(row.get("fMetercode")) or code,
        name=name,
        is_online=None if is_away is None else not is_away,
        lost=moment(row.get("fDisconnecttime"), zone),
        heard=moment(row.get("fLastcollecttime"), zone),
    )


def circuits(found: Sequence[Json], site: str) -> list[CircuitOfMeter]:
    """Return which circuit of a site belongs to which device, each circuit once."""
    read = [
        CircuitOfMeter(circuit=identifier(row.get("fCircuitid")), meter=identifier(row.get("fMetercode")), site=site)
        for row in found
    ]
    return first((one.circuit, one) for one in read if one.meter)


def units(found: Sequence[Json]) -> Mapping[str, str]:
    """Return the units of a table, by the server's code of a quantity."""
    read = {text(row.get("fParamcode"), 32): text(row.get("fUnitcode"), 16) for row in found}
    return {code: unit for code, unit in read.items() if code and unit}


def unique_names(known: Sequence[Meter]) -> Mapping[str, str]:
    """Return the codes of devices by name, without those whose name another one has, too."""
    codes: dict[str, str] = {}
    for meter in known:
        codes[meter.name] = "" if meter.name in codes else meter.code
    return {name: code for name, code in codes.items() if name and code}
