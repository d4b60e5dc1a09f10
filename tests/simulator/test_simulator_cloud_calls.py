"""Every call of the simulated cloud answers with the fields that the public facts print."""

from datetime import UTC, datetime

import pytest

from simulator.cloud import ARCM300T, ARCM310, Cloud
from simulator.cloud.server import CALLS
from tests.simulator.cloud_rigs import App, Json, called

NOW = datetime(2026, 11, 22, 1, 2, 0, tzinfo=UTC)
SITE, BOX = "10100001", "100101"
DAY = {"startDate": "2026-11-22 00:00:00", "endDate": "2026-11-22 23:59:59"}
LOG = {"pageNo": "1", "pageSize": "20", "fSubid": SITE}
EVENT = {
    *("fAlarmeventlogid", "fSubid", "fSubname", "fDevicecode", "fDevicename", "fAlarmtime", "fAlarmtype"),
    *("fAlarmdesc", "fMessInfoExplain", "fMessInfoTypeExplain", "fConfirmstatus"),
}
COMMAND = {
    *("fControltype", "fSendtime", "fUsername", "meterInfoname", "fMeterserialnumber", "fAcktime", "fResult"),
}
EXPECTED: dict[str, tuple[dict[str, str], str, set[str]]] = {
    "main/getUserInfo": ({}, "userInfo", set()),
    "/getSubstationListByUser": ({"pageNo": "1", "pageSize": "999"}, "list", {"fSubid", "fSubname"}),
    "/getSubListByLetter": ({"key": "Demo"}, "list", {"fSubid", "fSubname"}),
    "/getSubInfoByfSubid": ({"fSubid": SITE}, "subInfo", {"fSubname", "fLongitude", "fLatitude", "fAddress"}),
    "/selectByStationId": (
        {"stationId": SITE, "meterType": "1,2,3"},
        "list",
        {"meterCode", "meterName", "meterType", "meterStatus"},
    ),
    "/selectOne": (
        {"meterCode": BOX},
        "meterInfo",
        {
            *("meterId", "meterCode", "meterName", "stationId", "buildId", "gatewayId", "updateTime", "meterStatus"),
            "meterDetail",
        },
    ),
    "/energySecurity/leakageMonitor": (
        {"fSubid": SITE},
        "leakageCurrentValues",
        {"fMetercode", "fMeterName", "fIl", "fTempa", "fTempb", "fTempc", "fTempn", "fUpdatetime"},
    ),
    "/getTempABCResult": ({"fSubid": SITE}, "list", {"f_MeterCode", "f_MeterName", "a", "b", "c", "n", "timeA"}),
    "main/runningStatus/CommunicationStatus": (
        {"fSubid": SITE, "fIsdisconnnect": "0"},
        "MeterUseInfoList.gateways.meterUseInfos",
        {
            *("fGatewayid", "fGatewayname", "fSerialport", "fMeteraddr", "fMetername", "fIsdisconnnect"),
            "fLastcollecttime",
        },
    ),
    "main/runningStatus/GatewayCommunicateStatus": (
        {"fSubid": SITE},
        "gatewayStatusList",
        {"fSubname", "fGatewayid", "fGatewayname", "fGatewaymodel", "fIsdisconnnect", "fLastupdatetime"},
    ),
    "sys/getCircuitInfo": ({"fSubId": SITE}, "res", {"fCircuitid", "fMetercode"}),
    "/getfCircuitidsList": ({"fSubid": SITE}, "list", {"id", "text", "nodes"}),
    "main/getCurrentValue": ({"fCircuitid": f"C{BOX}"}, "", {"fParamCode", "fValue"}),
    "main/getParamList": ({}, "result", {"fParamcode", "fUnitcode"}),
    "/getMessInfoType": ({"english": "0"}, "tDtMessInfoType", {"fMessinfotypeid", "fMessinfotypeexplain", "flag"}),
    "/getUnConfirmedEventsNum": ({}, "unConfirmedEventsNum", {"fMessinfotypeid", "count"}),
    "/getAlarmEventLogList": (LOG, "alarmEventLogList.list", EVENT),
    "/getAlarmEventLogById": (
        {"fAlarmeventlogid": "900001"},
        "alarmEventLogById",
        EVENT | {"fParamcode", "fValue", "fLimitvalue", "fConfirmusername", "fConfirmtime"},
    ),
    "/eventLog/OverLimitEvent": (
        {**LOG, **DAY},
        "list",
        {"fMetername", "fParamname", "fValue", "fLimitvalue", "fAlarmtype", "fStarttime"},
    ),
    "/eventLog/PlatformRunLog": (
        {"fDevicecode": "100102", "fAlarmtype": "1", **DAY},
        "list",
        {"f_DeviceCode", "f_DeviceName", "f_AlarmDesc", "f_StartTime"},
    ),
    "/getControlValidType": ({}, "", {"validType", "userPhone"}),
    "/getARCMControlLogList": (LOG, "pageInfo.list", COMMAND),
    "/getARCM310ControlLogList": (LOG, "pageInfo.list", COMMAND),
    "/energySecurity/leakageCurrentAndTemp": (
        {"fSubid": SITE, "fMetercode": BOX, "time": "2026-11-20"},
        "leakageCurrentAndTempValues",
        {"origCurrentValues", "origEnvironmentValues"},
    ),
    "/powerMonitoring/ElectricData": (
        {"fSubid": SITE, "fCircuitid": f"C{BOX}", "time": "2026-11-20", "fPhase": "fIa-fIb", "EnergyKind": "I"},
        "CircuitValueByDate",
        {"fCollecttime", "fParamcode", "fParamvalue"},
    ),
    "/powerAnalysis/ConsumeEnergyReport": (
        {"fSubid": SITE, "fCircuitids": f"C{BOX}", "startTime": "2026-11-19", "endTime": "2026-11-20"},
        "list",
        {"fCircuitname", "fStartvalue", "fEndvalue", "fConsumevalue"},
    ),
}
ELSEWHERE = {
    *(
        "/logout",
        "sys/startOpenMqtt",
        "/confirmAlarmEvents",
        "/setAlarmEventUnConfirmed",
        "/oneClickConfirmAlarmEvents",
    ),
    *("/oneClickConfirmSubAlarms", "/sendSMSValid", "/checkSMSValid", "/verifySePassword"),
    *("/sendMeterControlDemandHTTP", "/send310ControlDemandHTTP"),
}
"""Calls that answer with a word, or nothing."""


def at_nine() -> datetime:
    return NOW


def cloud_with_all() -> Cloud:
    cloud = Cloud(now=at_nine)
    site = cloud.site("Demo site", SITE)
    site.add(ARCM300T, "Box", code=BOX).figures.active = {"iLeakage": {"iLeakage": "漏电报警"}}
    site.add(ARCM310, "Kitchen", code="100102").lose()
    cloud.tick()
    return cloud


def test_no_call_is_left_out() -> None:
    assert EXPECTED.keys() | ELSEWHERE == CALLS.keys()


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_call_answers_with_its_fields(name: str) -> None:
    cloud = cloud_with_all()
    cloud.behaviour.needs_proof = False
    parameters, where, fields = EXPECTED[name]
    async with called(cloud) as app:
        for meter in cloud.sites[SITE].meters.values():
            await app.command(meter, "reset", "1")
        ask = app.get if CALLS[name][0] == "GET" else app.post
        content = await ask(name, **parameters)
        for step in filter(None, where.split(".")):
            content = first_of(content)[step]
        assert fields <= first_of(content).keys()
        other = "POST" if CALLS[name][0] == "GET" else "GET"
        async with await app.raw(other, name) as response:
            assert response.status == 405


def first_of(content: Json) -> Json:
    return content[0] if isinstance(content, list) else content


async def test_a_class_and_a_site_are_confirmed_at_once() -> None:
    cloud = cloud_with_all()
    (event,) = cloud.log.events
    async with called(cloud) as app:
        await app.get("/oneClickConfirmAlarmEvents", fMessinfotypeid="2")
        assert not await confirmed(app, event.id)
        await app.get("/oneClickConfirmAlarmEvents", fMessinfotypeid=event.level)
        assert await confirmed(app, event.id)
        await app.get("/setAlarmEventUnConfirmed", fAlarmeventlogid=event.id)
        await app.get("/oneClickConfirmSubAlarms", fSubid=SITE)
        assert await confirmed(app, event.id)


async def confirmed(app: App, event: str) -> bool:
    found = (await app.get("/getAlarmEventLogById", fAlarmeventlogid=event))["alarmEventLogById"]
    return bool(found["fConfirmstatus"])


async def test_a_logout_ends_the_token() -> None:
    async with called(Cloud()) as app:
        assert await app.get("sys/startOpenMqtt") is False
        await app.post("/logout", deviceType="IOS")
        assert (await app.whole("GET", "/getMessInfoType"))["msg"] == "Unauthorized"
