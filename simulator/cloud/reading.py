"""Sites, devices, and what they measure now."""

import json
from collections.abc import Iterator

from simulator.cloud.calls import Call, Handler, RefusedError
from simulator.cloud.instruments import ARCM310
from simulator.cloud.meters import Meter, Site

_LEAKAGE = {"fIl": "Lg", "fTempa": "TempA", "fTempb": "TempB", "fTempc": "TempC", "fTempn": "TempN"}
_TEMPERATURES = {"a": "TempA", "b": "TempB", "c": "TempC", "n": "TempN"}
_UNITS = {"I": "A", "U": "V", "P": "kW", "Q": "kvar", "S": "kVA", "F": "Hz", "E": "kWh", "L": "mA", "T": "℃"}


async def _sites(call: Call) -> object:
    key = call.text("key", "")
    return call.paged({"fSubid": one.id, "fSubname": one.name} for one in call.sites() if key in one.name)


async def _site(call: Call) -> object:
    site = call.site()
    place = {"fLongitude": "121.25", "fLatitude": "31.37", "fAddress": "上海市嘉定区示例路1号"}
    return {"subInfo": {"fSubid": site.id, "fSubname": site.name, **place}}


async def _devices(call: Call) -> object:
    kinds = {kind for kind in call.text("meterType", "").split(",") if kind}
    place = call.text("fPositionId", "")
    return {
        "list": [
            _listed(call, meter)
            for meter in call.site("stationId").meters.values()
            if (not kinds or meter.kind in kinds) and place in ("", meter.place)
        ]
    }


def _listed(call: Call, meter: Meter) -> dict[str, object]:
    row: dict[str, object] = {
        "meterCode": meter.code,
        "meterName": meter.name,
        "meterType": meter.kind,
        "meterStatus": "1" if meter.alarms() else "0",
    }
    if meter.kind == ARCM310:
        value = {
            "status": row["meterStatus"],
            "receiveTime": call.clock_of(meter.site).text(meter.heard),
            "timerStatus": "0" if meter.timer is None else "1",
            "switchStatus": "1" if meter.closed else "0",
        }
        row["meterCurrentValue"] = _packed(call, value)
    return row


def _packed(call: Call, content: object) -> object:
    return json.dumps(content, ensure_ascii=False) if call.behaviour.json_strings else content


async def _device(call: Call) -> object:
    meter = call.meter(call.text("meterCode"))
    alarms: dict[str, object] = {**meter.alarms()}
    if call.behaviour.plain_leakage and "iLeakage" in alarms:
        alarms["electricLeakage"] = "漏电报警"
        del alarms["iLeakage"]
    return {
        "meterInfo": {
            "meterId": meter.code,
            "meterCode": meter.code,
            "meterName": meter.name,
            "stationId": meter.site,
            "buildId": "1",
            "gatewayId": meter.gateway,
            "updateTime": call.clock_of(meter.site).text(meter.heard),
            "meterStatus": "1" if alarms else "0",
            "meterDetail": _packed(call, alarms),
            **({"fMeterserialnumber": meter.serial} if call.behaviour.tells_serials else {}),
        }
    }


async def _leakage(call: Call) -> object:
    text = call.site().clock.text
    rows = []
    for meter in call.site().meters.values():
        values = meter.values()
        if "Lg" in values:
            row = {"fMetercode": meter.code, "fMeterName": meter.name}
            measured = {field: values[code] for field, code in _LEAKAGE.items() if code in values}
            rows.append({**row, **measured, "fUpdatetime": text(meter.heard)})
    return {"leakageCurrentValues": rows}


async def _temperatures(call: Call) -> object:
    text = call.site().clock.text
    rows = []
    for meter in call.site().meters.values():
        values = meter.values()
        measured = {field: values[code] for field, code in _TEMPERATURES.items() if code in values}
        if measured:
            rows.append({"f_MeterCode": meter.code, "f_MeterName": meter.name, **measured, "timeA": text(meter.heard)})
    return {"list": rows}


async def _connections(call: Call) -> object:
    site = call.site()
    wanted, name = call.text("fIsdisconnnect", ""), call.text("fMeterName", "")
    if wanted == "0" and not call.behaviour.filters_connected:
        wanted = ""
    gateways: dict[str, list[dict[str, object]]] = {}
    for number, meter in enumerate(site.meters.values(), start=1):
        row = _connection(call, meter, number)
        if wanted in ("", row["fIsdisconnnect"]) and name in meter.name:
            gateways.setdefault(meter.gateway, []).append(row)
    rows = [{"fGatewayid": gateway, "meterUseInfos": meters} for gateway, meters in gateways.items()]
    return {"MeterUseInfoList": {"gateways": rows}}


def _connection(call: Call, meter: Meter, number: int) -> dict[str, object]:
    clock, lost = call.clock_of(meter.site), meter.lost_at
    row: dict[str, object] = {
        "fGatewayid": meter.gateway,
        "fGatewayname": f"Gateway {meter.gateway}",
        "fSerialport": "1",
        "fMeteraddr": str(number),
        "fMetername": meter.name,
        "fIsdisconnnect": "0" if lost is None else "1",
        "fLastcollecttime": clock.text(meter.heard),
    }
    if lost is not None:
        hours = (clock.now() - lost).total_seconds() / 3600
        row |= {"fDisconnecttime": clock.text(lost), "fLostContactTimeUpToNow": f"{hours:.1f}小时"}
    return row


async def _gateways(call: Call) -> object:
    site = call.site()
    clock = site.clock
    heard: dict[str, list[Meter]] = {}
    for meter in site.meters.values():
        heard.setdefault(meter.gateway, []).append(meter)
    rows = []
    for gateway, meters in heard.items():
        is_lost = all(meter.lost_at is not None for meter in meters)
        last = clock.text(max(meter.heard for meter in meters))
        if is_lost or call.text("fOnlydisconnect", "0") != "1":
            rows.append(
                {
                    "fSubname": site.name,
                    "fGatewayid": gateway,
                    "fGatewayname": f"Gateway {gateway}",
                    "fGatewaymodel": "AWT100",
                    "fIsdisconnnect": "1" if is_lost else "0",
                    "fLastupdatetime": last,
                    "fLastcollecttime": last,
                }
            )
    return {"gatewayStatusList": rows}


async def _circuits(call: Call) -> object:
    site = call.site("fSubId")
    return {"res": [{"fCircuitid": circuit, "fMetercode": meter.code} for circuit, meter in site.circuits.items()]}


async def _tree(call: Call) -> object:
    site = call.site()
    nodes = [{"id": circuit, "text": meter.name, "nodes": []} for circuit, meter in _named(site, call)]
    return {"list": [{"id": f"C{site.id}", "text": site.name, "nodes": nodes}]}


def _named(site: Site, call: Call) -> Iterator[tuple[str, Meter]]:
    search = call.text("search", "")
    return ((circuit, meter) for circuit, meter in site.circuits.items() if search in meter.name)


async def _now(call: Call) -> object:
    circuit = call.text("fCircuitid")
    for site in call.sites():
        if (meter := site.circuits.get(circuit)) is not None:
            numbers = {code: value for code, value in meter.values().items() if not code.startswith("DOC_")}
            return [{"fParamCode": code, "fValue": value} for code, value in numbers.items()]
    raise RefusedError(393, "回路不存在")


async def _units(call: Call) -> object:
    del call
    codes = ("Ia", "Ib", "Ic", "Ua", "Ub", "Uc", "P", "Q", "S", "Fr", "EPI", "Lg", "TempA", "TempB", "TempC", "TempN")
    return {"result": [{"fParamcode": code, "fUnitcode": _UNITS[code[0]]} for code in codes]}


CALLS: dict[str, tuple[str, Handler]] = {
    "/getSubstationListByUser": ("GET", _sites),
    "/getSubListByLetter": ("GET", _sites),
    "/getSubInfoByfSubid": ("GET", _site),
    "/selectByStationId": ("GET", _devices),
    "/selectOne": ("GET", _device),
    "/energySecurity/leakageMonitor": ("GET", _leakage),
    "/getTempABCResult": ("GET", _temperatures),
    "main/runningStatus/CommunicationStatus": ("GET", _connections),
    "main/runningStatus/GatewayCommunicateStatus": ("GET", _gateways),
    "sys/getCircuitInfo": ("GET", _circuits),
    "/getfCircuitidsList": ("GET", _tree),
    "main/getCurrentValue": ("GET", _now),
    "main/getParamList": ("POST", _units),
}
