"""What of an alarm outlives a restart, as plain types; a person may have edited it, so that nothing is taken unseen."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from ..readings import Value
from .alarm import Alarm
from .clock import Moment
from .rules import Remembering

type Kept = Mapping[str, Any]
_LONGEST = 200
_MOST_CHANGES = 1_000_000


def kept(alarm: Alarm, rule: Remembering, now: Moment) -> dict[str, Any] | None:
    """Return what is to be kept, None where there is nothing worth it."""
    facts = alarm.facts
    data: dict[str, Any] = {}
    if memory := rule.memory():
        data["memory"] = dict(memory)
    if alarm.occurrence and facts.stands:
        data |= {
            "occurrence": alarm.occurrence,
            "since": None if alarm.since is None else alarm.since.isoformat(),
            "condition": bool(facts.condition),
            "acknowledged": facts.is_acknowledged,
            "latched": facts.is_latched,
            "silenced": alarm.is_silenced,
            "changes": alarm.changes,
            "value": alarm.value,
            "first": alarm.first_value,
            "worst": alarm.worst_value,
            "limit": alarm.limit,
        }
        if (possible := alarm.shelving_possible(now)) is not None:
            data["shelving_left"] = round(possible, 1)
    if facts.is_shelved and alarm.shelved_until is not None:
        data["shelved"] = [alarm.shelved_until.isoformat(), round(alarm.shelving_left(now), 1)]
    if facts.is_out_of_service:
        data["out_of_service"] = True
    return data or None


def restore(alarm: Alarm, rule: Remembering, data: object, now: Moment) -> None:
    """Go on from what was kept; what cannot be understood is left out, and then nothing is taken for acknowledged."""
    if not isinstance(data, Mapping):
        return
    memory = data.get("memory")
    occurrence = data.get("occurrence")
    stood = isinstance(occurrence, str) and 0 < len(occurrence) <= _LONGEST
    condition = stood and data.get("condition") is not False
    rule.restore(is_on=condition, memory=memory if isinstance(memory, Mapping) else {})
    if stood:
        alarm.restore(
            occurrence=str(occurrence),
            since=_time(data.get("since")) or now.wall,
            condition=condition,
            is_acknowledged=data.get("acknowledged") is True,
            is_latched=data.get("latched") is True,
            is_silenced=data.get("silenced") is True,
            changes=_count(data.get("changes")),
            values=(_value(data.get("value")), _value(data.get("first")), _value(data.get("worst"))),
            limit=_number(data.get("limit")),
        )
    match data.get("shelved"):
        case [until, left] if (time := _time(until)) is not None and (seconds := _number(left)) is not None:
            alarm.restore_shelving(now, time, seconds)
    if stood and (possible := data.get("shelving_left")) is not None:
        # What cannot be told is used up.
        alarm.restore_shelving_possible(now, _number(possible) or 0.0)
    if data.get("out_of_service") is True:
        alarm.restore_out_of_service()


def _time(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo is not None else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)


def _value(value: object) -> Value | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else None
    return _number(value)


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_CHANGES else 1
