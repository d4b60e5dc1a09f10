"""Entries of a server's logs, events and commands, out of answers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, tzinfo
from hashlib import sha256

from .fields import Json, at, first, identifier, moment, text, yes_or_no
from .records import AlarmEvent, AlarmLevel, Asked, LoggedCommand, Proof

_SHOWN = 4


def levels(found: Sequence[Json]) -> list[AlarmLevel]:
    """Return the classes of events, each once."""
    read = [
        AlarmLevel(id=identifier(row.get("fMessinfotypeid")), name=text(row.get("fMessinfotypeexplain")))
        for row in found
    ]
    return first((level.id, level) for level in read)


def alarms(found: Sequence[Json], recoveries: frozenset[str], zone_of: Callable[[str], tzinfo]) -> list[AlarmEvent]:
    """Return the events of a page; one that neither an id nor device and time tell from others is dropped."""
    read = [_alarm(row, recoveries, zone_of(identifier(row.get("fSubid")))) for row in found]
    return [event for event in read if event.id]


def _alarm(row: Json, recoveries: frozenset[str], zone: tzinfo) -> AlarmEvent:
    kind = text(row.get("fAlarmtype"))
    return AlarmEvent(
        id=identifier(row.get("fAlarmeventlogid")) or _made_up(row),
        site=identifier(row.get("fSubid")),
        meter=identifier(row.get("fDevicecode")),
        meter_name=text(row.get("fDevicename")),
        time=moment(row.get("fAlarmtime"), zone),
        spelled=None if (told := moment(row.get("fAlarmtime"), UTC)) is None else told.replace(tzinfo=None),
        type=kind,
        description=text(row.get("fAlarmdesc")),
        group=text(row.get("fMessInfoExplain")),
        level=text(row.get("fMessInfoTypeExplain")),
        level_id=identifier(row.get("fMessinfotypeid")),
        is_confirmed=yes_or_no(row.get("fConfirmstatus")),
        is_recovery=kind in recoveries,
    )


def _made_up(row: Json) -> str:
    """Return what an event is told apart by whose own id cannot be sent back; empty where nothing does that.

    No server takes it for an id of its own.
    """
    about = [row.get(name) for name in ("fAlarmeventlogid", "fDevicecode", "fAlarmtime", "fAlarmtype", "fAlarmdesc")]
    said = "/".join(text(one) for one in about)
    return f"?{sha256(said.encode()).hexdigest()[:32]}" if text(about[1]) and text(about[2]) else ""


def commands(found: Sequence[Json], zone: tzinfo) -> list[LoggedCommand]:
    """Return the commands of a page of a log."""
    return [
        LoggedCommand(
            meter=identifier(row.get("fMetercode")) or None,
            meter_name=text(row.get("meterInfoname")) or text(row.get("fDevicename")),
            serial=text(row.get("fMeterserialnumber"), 64) or None,
            type=text(row.get("fControltype")),
            sent=moment(row.get("fSendtime"), zone),
            user=text(row.get("fUsername")),
            acknowledged=moment(row.get("fAcktime"), zone),
            result=text(row.get("fResult"), 64),
        )
        for row in found
    ]


def asked(data: object) -> Asked | None:
    """Return what the server wants before a command; None where it does not say it."""
    said = at(data, "validType")
    if not isinstance(data, dict) or not isinstance(said, str) or not said.strip():
        return None
    phone = text(data.get("userPhone"), 32)
    proof = Proof.SMS if said.strip().lower() == "sms" else Proof.PASSWORD
    return Asked(proof=proof, phone=f"…{phone[-_SHOWN:]}" if len(phone) > 2 * _SHOWN else "")


def is_true(data: object) -> bool:
    """Whether a check was passed: nothing but a plain yes counts."""
    return yes_or_no(data) is True


def said_of_command(data: object) -> str:
    """Return the server's own words about a command."""
    return text(at(data, "a")) if isinstance(data, Mapping) else text(data)
