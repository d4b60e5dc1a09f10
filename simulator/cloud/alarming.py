"""The log of alarms as calls show and change it, and what puts alarms of devices into it."""

import random
from collections.abc import Iterable
from typing import TYPE_CHECKING

from simulator.cloud.calls import INVALID, Call, Handler, RefusedError
from simulator.cloud.clock import Clock
from simulator.cloud.events import GENERAL, HIGH, LOW, MAJOR, OVER_LIMIT, RECOVERED, SIGNAL, URGENT, Event

if TYPE_CHECKING:
    from simulator.cloud.meters import Meter
    from simulator.cloud.server import Cloud

_LEVEL_OF = {"temp": URGENT, "iLeakage": MAJOR, "switch": MAJOR}
_TRUE = {"true": True, "false": False}


def watch(cloud: Cloud, meter: Meter) -> None:
    """Put into the log what has come or gone since the last look."""
    now = {f"{group}.{name}": text for group, names in meter.alarms().items() for name, text in names.items()}
    for key in sorted(now.keys() - meter.told.keys()):
        group = key.partition(".")[0]
        kind = LOW if group == "undervoltage" else HIGH
        _put(cloud, meter, now[key], key, type=kind)
    for key in sorted(meter.told.keys() - now.keys()):
        _put(cloud, meter, meter.told[key], key, type=RECOVERED)
    meter.told = now


def _put(cloud: Cloud, meter: Meter, text: str, key: str, *, type: str) -> None:  # noqa: A002 - a field's name
    group, _, param = key.partition(".")
    level = GENERAL if type == RECOVERED else _LEVEL_OF.get(group, GENERAL)
    measured = {"iLeakage": "Lg", "temp": f"Temp{param[-1]}"}.get(group)
    if measured is None and group != "switch":
        measured = f"{param[0].upper()}{param[1:]}"
    value = None if measured is None else meter.values().get(measured)
    cloud.log.put(
        Event(
            id="",
            site=meter.site,
            meter=meter.code,
            meter_name=meter.name,
            time=cloud.clock.now(),
            type=type,
            description=f"{meter.name}{text}" + ("恢复" if type == RECOVERED else ""),
            group=SIGNAL if group == "switch" else OVER_LIMIT,
            level=level,
            param=param,
            value=value,
        )
    )


async def _levels(call: Call) -> object:
    levels = call.cloud.log.levels.items()
    return {
        "tDtMessInfoType": [
            {"fMessinfotypeid": number, "fMessinfotypeexplain": name, "flag": True} for number, name in levels
        ]
    }


async def _unconfirmed(call: Call) -> object:
    log = call.cloud.log
    counts = dict.fromkeys(log.levels, 0)
    for event in _seen(call, log.events):
        counts[event.level] = counts.get(event.level, 0) + (not event.confirmed)
    return {"unConfirmedEventsNum": [{"fMessinfotypeid": level, "count": count} for level, count in counts.items()]}


def _seen(call: Call, events: Iterable[Event]) -> list[Event]:
    sites = {site.id for site in call.sites()}
    return [event for event in events if event.site in sites]


async def _events(call: Call) -> object:
    behaviour, log = call.behaviour, call.cloud.log
    found = _wanted(call, _seen(call, log.events))
    if behaviour.logs_newest_first:
        found.reverse()
    if behaviour.duplicates:
        found = [event for event in found for _ in range(2)]
    if behaviour.disorder:
        random.Random(len(found)).shuffle(found)
    level = call.text("fMessinfotypeID", "")
    kind = {"fMessinfotypeid": int(level) if level.isdecimal() else 0, "fMessinfotypeexplain": log.levels.get(level)}
    return {
        "tDtMessInfoType": kind,
        "alarmEventLogList": call.paged(_row(call, event) for event in found),
    }


def _wanted(call: Call, events: list[Event]) -> list[Event]:
    text = call.text
    level, site = text("fMessinfotypeID", ""), text("fSubid", "")
    confirmed, key = _TRUE.get(text("fConfirmstatus", "").lower()), text("searchKey", "")
    if site:
        call.site_of(site)
    return [
        event
        for event in events
        if level in ("", event.level)
        and site in ("", event.site)
        and confirmed in (None, event.confirmed)
        and _is_within(call.clock_of(event.site), event, text("fStarttime", ""), text("fEndtime", ""))
        and (not key or key in f"{call.cloud.log.levels.get(event.level)} {event.description} {event.meter_name}")
    ]


def _is_within(clock: Clock, event: Event, begin: str, end: str) -> bool:
    """Whether an event is of a time, by the clock of its site."""
    since, until = clock.read(begin), clock.read(end)
    return (since is None or event.time >= since) and (until is None or event.time <= until)


def _row(call: Call, event: Event) -> dict[str, object]:
    return {
        "fAlarmeventlogid": event.id,
        "fSubid": int(event.site) if event.site.isdecimal() else event.site,
        "fSubname": call.cloud.sites[event.site].name,
        "fDevicecode": event.meter,
        "fDevicename": event.meter_name,
        "fAlarmtime": call.clock_of(event.site).text(event.time),
        "fAlarmtype": event.type,
        "fAlarmdesc": event.description,
        "fMessInfoExplain": event.group,
        "fMessInfoTypeExplain": call.cloud.log.levels.get(event.level, ""),
        "fConfirmstatus": event.confirmed,
    }


async def _event(call: Call) -> object:
    for event in call.cloud.log.find([call.text("fAlarmeventlogid")]):
        at = "" if event.confirmed_at is None else call.clock_of(event.site).text(event.confirmed_at)
        more = {"fParamcode": event.param, "fParamname": event.param, "valueType": "", "fValue": event.value}
        more |= {"fLimitvalue": event.limit, "fConfirmusername": event.confirmed_by, "fConfirmtime": at}
        return {"alarmEventLogById": _row(call, event) | more}
    raise RefusedError(INVALID, "报警不存在")


def _confirm(call: Call, events: Iterable[Event], *, confirmed: bool = True) -> object:
    for event in events:
        event.confirmed = confirmed
        event.confirmed_by = call.account.user if confirmed else ""
        event.confirmed_at = call.cloud.clock.now() if confirmed else None
    return None


async def _confirm_some(call: Call) -> object:
    return _confirm(call, _seen(call, call.cloud.log.find(call.text("logidList").split(","))))


async def _unconfirm(call: Call) -> object:
    return _confirm(call, _seen(call, call.cloud.log.find([call.text("fAlarmeventlogid")])), confirmed=False)


async def _confirm_level(call: Call) -> object:
    level = call.text("fMessinfotypeid")
    return _confirm(call, [event for event in _seen(call, call.cloud.log.events) if event.level == level])


async def _confirm_site(call: Call) -> object:
    call.site()
    return _confirm(call, _wanted(call, call.cloud.log.events))


async def _over_limit(call: Call) -> object:
    site, text = call.site(), call.text
    read = site.clock.read
    since, until = read(text("startDate", "")), read(text("endDate", ""))
    rows = [
        {
            "fMetername": event.meter_name,
            "fParamname": event.param,
            "fValue": event.value,
            "fLimitvalue": event.limit,
            "fAlarmtype": event.type,
            "fStarttime": call.clock_of(event.site).text(event.time),
        }
        for event in call.cloud.log.events
        if event.site == site.id
        and event.group == OVER_LIMIT
        and text("fMetername", "") in event.meter_name
        and text("fAlarmtype", "") in ("", event.type)
        and (since is None or event.time >= since)
        and (until is None or event.time <= until)
    ]
    return call.paged(rows)


async def _platform(call: Call) -> object:
    device, gateways = call.text("fDevicecode", ""), call.text("fAlarmtype", "1") == "2"
    lost = [
        meter
        for site in call.sites()
        for meter in site.meters.values()
        if meter.lost_at is not None and device in ("", meter.code) and not gateways
    ]
    rows = [
        {
            "f_DeviceCode": meter.code,
            "f_DeviceName": meter.name,
            "f_AlarmDesc": "仪表离线",
            "f_StartTime": call.clock_of(meter.site).text(meter.heard),
        }
        for meter in lost
    ]
    return call.paged(rows)


CALLS: dict[str, tuple[str, Handler]] = {
    "/getMessInfoType": ("GET", _levels),
    "/getUnConfirmedEventsNum": ("GET", _unconfirmed),
    "/getAlarmEventLogList": ("POST", _events),
    "/getAlarmEventLogById": ("GET", _event),
    "/confirmAlarmEvents": ("GET", _confirm_some),
    "/setAlarmEventUnConfirmed": ("GET", _unconfirm),
    "/oneClickConfirmAlarmEvents": ("GET", _confirm_level),
    "/oneClickConfirmSubAlarms": ("GET", _confirm_site),
    "/eventLog/OverLimitEvent": ("GET", _over_limit),
    "/eventLog/PlatformRunLog": ("GET", _platform),
}
