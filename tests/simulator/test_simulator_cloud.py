"""The simulated cloud as the vendor's app sees it: login, tokens, sites, devices, values, alarms."""

import asyncio
import base64
import json
import ssl
from datetime import UTC, datetime

import aiohttp
import pytest

from simulator import Cabinet
from simulator.cloud import ADW300, ARCM300T, ARCM310, Cloud
from tests.simulator.cloud_rigs import PASSWORD, USER, App, Json, called

NOW = datetime(2026, 11, 22, 1, 2, 0, tzinfo=UTC)


def at_nine() -> datetime:
    return NOW


async def test_a_login_gives_a_token_and_the_version_and_the_token_opens_the_rest() -> None:
    cloud = Cloud(now=at_nine)
    async with called(cloud) as app:
        claims = json.loads(base64.urlsafe_b64decode(app.token.split(".")[1] + "=="))
        assert claims["username"] == USER
        assert claims["exp"] == NOW.timestamp() + 7200
        assert app.version == "v5"
        assert await app.get("/getSubstationListByUser", pageNo="1", pageSize="999") == {"list": []}
        app.token = f"Bearer {app.token}"
        answer = await app.whole("GET", "/getSubstationListByUser")
        assert (answer["code"], answer["msg"]) == (401, "Unauthorized")


@pytest.mark.parametrize(("user", "password", "code"), [("nobody", PASSWORD, 0), (USER, "wrong", 144)])
async def test_a_wrong_login_is_refused(user: str, password: str, code: int) -> None:
    async with called(Cloud()) as app:
        assert (await app.log_in(password, user))["code"] == code


async def test_a_disabled_account_and_an_expired_licence_are_told() -> None:
    cloud = Cloud()
    async with called(cloud) as app:
        cloud.accounts[USER].is_unhosted = True
        assert (await app.whole("GET", "/getMessInfoType"))["code"] == 392
        cloud.accounts[USER].is_disabled = True
        assert (await app.whole("GET", "/getMessInfoType"))["code"] == 335
        assert (await app.log_in())["code"] == 335
        cloud.licensed = False
        assert (await app.whole("GET", "/getMessInfoType"))["code"] == 600


async def test_a_token_that_ran_out_is_exchanged_once_and_the_old_one_counts_no_more() -> None:
    cloud = Cloud(now=at_nine)
    async with called(cloud) as app:
        old = app.token
        cloud.pass_time(7200)
        answer = await app.whole("GET", "/getMessInfoType")
        assert answer["code"] == 700
        app.token = answer["token"]
        assert app.token != old
        assert (await app.whole("GET", "/getMessInfoType"))["code"] == 200
        app.token = old
        assert (await app.whole("GET", "/getMessInfoType"))["msg"] == "Unauthorized"


async def test_without_renewal_a_token_that_ran_out_is_unauthorised() -> None:
    cloud = Cloud()
    cloud.behaviour.renews = False
    async with called(cloud) as app:
        cloud.expire()
        assert (await app.whole("GET", "/getMessInfoType"))["msg"] == "Unauthorized"


async def test_a_second_login_kicks_the_first_out_where_the_server_is_like_that() -> None:
    cloud = Cloud()
    async with called(cloud) as app:
        first = app.token
        await app.log_in()
        app.token, second = first, app.token
        assert (await app.whole("GET", "/getMessInfoType"))["code"] == 200
        cloud.behaviour.single_login = True
        app.token = second
        await app.log_in()
        app.token = second
        assert (await app.whole("GET", "/getMessInfoType"))["msg"] == "Unauthorized"


async def test_devices_are_listed_by_type_with_the_position_of_those_that_have_one() -> None:
    cloud = Cloud(now=at_nine)
    site = cloud.site("Demo site")
    box = site.add(ARCM300T, "1F distribution box", code="100101")
    kitchen = site.add(ARCM310, "Kitchen breaker", code="100102")
    kitchen.age_s = 0
    site.add(ADW300, "Meter")
    async with called(cloud) as app:
        assert await app.get("/getSubstationListByUser") == {"list": [{"fSubid": site.id, "fSubname": "Demo site"}]}
        found = (await app.get("/selectByStationId", stationId=site.id, meterType="1,2,3"))["list"]
        assert [row["meterType"] for row in found] == ["1", "3", "2"]
        kitchen.figures.closed = False
        (row,) = (await app.get("/selectByStationId", stationId=site.id, meterType="3"))["list"]
        assert json.loads(row["meterCurrentValue"]) == {
            "status": "0",
            "receiveTime": "2026-11-22 09:02:00",
            "timerStatus": "0",
            "switchStatus": "0",
        }
        cloud.behaviour.json_strings = False
        (row,) = (await app.get("/selectByStationId", stationId=site.id, meterType="3"))["list"]
        assert row["meterCurrentValue"]["switchStatus"] == "0"
        box.figures.active = {"iLeakage": {"iLeakage": "漏电报警"}}
        info = (await app.get("/selectOne", meterCode=box.code))["meterInfo"]
        assert info["meterStatus"] == "1"
        assert info["meterDetail"] == {"iLeakage": {"iLeakage": "漏电报警"}}
        cloud.behaviour.plain_leakage = True
        info = (await app.get("/selectOne", meterCode=box.code))["meterInfo"]
        assert info["meterDetail"] == {"electricLeakage": "漏电报警"}


async def test_sites_that_are_none_or_not_theirs_are_refused() -> None:
    cloud = Cloud()
    mine, other = cloud.site(), cloud.site()
    async with called(cloud) as app:
        cloud.accounts[USER].sites = [mine.id]
        assert len((await app.get("/getSubstationListByUser"))["list"]) == 1
        for site, code in ((mine.id, 200), (other.id, 348), ("1", 368)):
            assert (await app.whole("GET", "/selectByStationId", params={"stationId": site}))["code"] == code
        assert (await app.whole("GET", "/selectByStationId"))["code"] == 387
        cloud.accounts[USER].refused.add("selectByStationId")
        assert (await app.whole("GET", "/selectByStationId", params={"stationId": mine.id}))["code"] == 147


async def test_what_a_unit_of_the_cabinet_measures_is_what_the_cloud_shows() -> None:
    cabinet, cloud = Cabinet.standard(frozen=True), Cloud(now=at_nine)
    site = cloud.site()
    meter = cloud.put_unit(site, cabinet.unit(1), "Offices")
    box = cloud.put_unit(site, cabinet.add_outside("2026000100", "arcm300t"), "Attic")
    async with called(cloud) as app:
        first, second = (await app.get("/energySecurity/leakageMonitor", fSubid=site.id))["leakageCurrentValues"]
        truth = cabinet.truth()[1]["1"]
        assert (first["fMetercode"], first["fIl"], first["fTempa"]) == (meter.code, truth["Lg"], truth["TempA"])
        assert second["fUpdatetime"] == "2026-11-22 09:01:40"
        cabinet.set_scenario("leak", "2026000100", ma=500)
        cabinet.advance(2)
        info = (await app.get("/selectOne", meterCode=box.code))["meterInfo"]
        assert json.loads(info["meterDetail"]) == {"iLeakage": {"iLeakage": "漏电报警"}}


async def test_a_device_that_is_lost_keeps_what_it_said_and_since_when() -> None:
    cabinet, cloud = Cabinet.standard(frozen=True), Cloud(now=at_nine)
    site = cloud.site()
    meter = cloud.put_unit(site, cabinet.unit(1), "Offices")
    site.add(ARCM310, "Kitchen")
    async with called(cloud) as app:
        cabinet.set_scenario("silent", 1)
        cloud.tick()
        said = meter.values()
        cabinet.advance(600)
        cloud.pass_time(600)
        answer = await app.get("main/runningStatus/CommunicationStatus", fSubid=site.id)
        first, second = answer["MeterUseInfoList"]["gateways"][0]["meterUseInfos"]
        assert (first["fIsdisconnnect"], first["fDisconnecttime"]) == ("1", "2026-11-22 09:01:40")
        assert second["fIsdisconnnect"] == "0"
        (row, _) = (await app.get("/energySecurity/leakageMonitor", fSubid=site.id))["leakageCurrentValues"]
        assert (row["fIl"], row["fUpdatetime"]) == (said["Lg"], "2026-11-22 09:01:40")
        answer = await app.get("main/runningStatus/CommunicationStatus", fSubid=site.id, fIsdisconnnect="1")
        assert len(answer["MeterUseInfoList"]["gateways"][0]["meterUseInfos"]) == 1


async def test_alarms_come_into_the_log_go_and_are_confirmed() -> None:
    cloud = Cloud(now=at_nine)
    box = cloud.site().add(ARCM300T, "Attic")
    async with called(cloud) as app:
        box.figures.active = {"temp": {"tempA": "A相温度报警"}}
        cloud.tick()
        cloud.pass_time(60)
        box.figures.active = {}
        cloud.tick()
        levels = (await app.get("/getMessInfoType", english="0"))["tDtMessInfoType"]
        assert {row["fMessinfotypeid"]: row["fMessinfotypeexplain"] for row in levels}["4"] == "紧急"
        newest, first = await alarms(app)
        assert [newest["fAlarmtype"], first["fAlarmtype"]] == ["报警恢复", "高限报警"]
        assert (first["fAlarmtime"], first["fMessInfoTypeExplain"]) == ("2026-11-22 09:02:00", "紧急")
        assert (first["fDevicecode"], first["fConfirmstatus"]) == (box.code, False)
        assert cloud.effects == []
        await app.get("/confirmAlarmEvents", logidList=f"{first['fAlarmeventlogid']},1")
        assert [heard.name for heard in cloud.effects] == ["confirmAlarmEvents"]
        cloud.forget()
        (unconfirmed,) = await alarms(app, fConfirmstatus="false")
        assert (cloud.effects, dict(cloud.counts)) == ([], {"getAlarmEventLogList": 1})
        assert unconfirmed["fAlarmeventlogid"] == newest["fAlarmeventlogid"]
        await app.get("/setAlarmEventUnConfirmed", fAlarmeventlogid=first["fAlarmeventlogid"])
        assert len(await alarms(app, fConfirmstatus="false")) == 2


async def alarms(app: App, **form: str) -> list[Json]:
    found = await app.post("/getAlarmEventLogList", pageNo="1", pageSize="20", **form)
    rows: list[Json] = found["alarmEventLogList"]["list"]
    return rows


async def test_the_log_is_filtered_paged_and_as_disorderly_as_it_is_told_to_be() -> None:
    cloud = Cloud(now=at_nine)
    box = cloud.site().add(ARCM300T)
    for _ in range(30):
        cloud.tell(box, description="x")
        cloud.pass_time(60)
    async with called(cloud) as app:
        assert len(await alarms(app)) == 20
        second = (await app.post("/getAlarmEventLogList", pageNo="2", pageSize="20"))["alarmEventLogList"]["list"]
        assert len(second) == 10
        assert len(await alarms(app, fStarttime="2026-11-22 09:20:00", fEndtime="2026-11-22 09:24:30")) == 5
        cloud.behaviour.duplicates = cloud.behaviour.disorder = True
        ids = [row["fAlarmeventlogid"] for row in await alarms(app)]
        assert len(set(ids)) < len(ids)
        assert ids != sorted(ids, reverse=True)
        cloud.behaviour.endless = True
        assert (
            len((await app.post("/getAlarmEventLogList", pageNo="999", pageSize="20"))["alarmEventLogList"]["list"])
            == 20
        )


async def test_numbers_and_codes_are_spelt_in_many_ways() -> None:
    cloud = Cloud()
    site = cloud.site()
    site.add(ARCM300T).figures.set["Lg"] = 43.5
    async with called(cloud) as app:
        ask = {"fSubid": site.id}
        cloud.behaviour.codes, cloud.behaviour.numbers = "text", "text"
        answer = await app.whole("GET", "/energySecurity/leakageMonitor", params=ask)
        assert answer["code"] == "200"
        assert answer["data"]["leakageCurrentValues"][0]["fIl"] == "43.5"
        cloud.behaviour.codes, cloud.behaviour.numbers = "mixed", "number"
        cloud.behaviour.extra = {"fNew": {"a": 1}}
        answers = [await app.whole("GET", "/getSubstationListByUser") for _ in range(2)]
        assert {type(answer["code"]) for answer in answers} == {int, str}
        assert answers[0]["data"]["list"][0]["fSubid"] == int(site.id)
        assert answers[0]["data"]["list"][0]["fNew"] == {"a": 1}


async def test_another_version_segment_is_another_path() -> None:
    cloud = Cloud()
    cloud.behaviour.version = "v4"
    async with called(cloud) as app:
        assert app.version == "v4"
        assert await app.get("/getSubstationListByUser") == {"list": []}
        app.version = "v5"
        async with await app.raw("GET", "/getSubstationListByUser") as response:
            assert (response.status, response.content_type) == (404, "text/html")


async def test_too_many_requests_are_told_how_long_to_wait() -> None:
    cloud = Cloud(now=at_nine)
    async with called(cloud) as app:
        cloud.behaviour.rate = 2, 30.0
        statuses = []
        for _ in range(3):
            async with await app.raw("GET", "/getMessInfoType") as response:
                statuses.append(response.status)
        assert (statuses, response.headers["Retry-After"]) == ([200, 200, 429], "30")
        cloud.behaviour.retry_as_date = True
        async with await app.raw("GET", "/getMessInfoType") as response:
            assert response.headers["Retry-After"] == "Sun, 22 Nov 2026 01:02:30 GMT"
            assert response.headers["Date"] == "Sun, 22 Nov 2026 01:02:00 GMT"
        cloud.pass_time(31)
        assert (await app.whole("GET", "/getMessInfoType"))["code"] == 200


async def test_a_self_made_certificate_is_refused_by_who_was_not_told_to_trust_it() -> None:
    cloud, troubles, loop = Cloud(https=True), list[object](), asyncio.get_running_loop()
    loop.set_debug(enabled=True)
    loop.set_exception_handler(lambda _, context: troubles.append(context))
    cloud.account(USER, PASSWORD)
    async with cloud, aiohttp.ClientSession() as session:
        assert cloud.url.startswith("https://127.0.0.1:")
        address = f"{cloud.url}/SubstationWEBV2/sys/getWebAPIVersion"
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(address)
        assert cloud.heard == []
        context = await asyncio.to_thread(ssl.create_default_context, cadata=cloud.certificate)
        async with session.get(address, ssl=context) as response:
            assert (await response.json())["data"] == {"fVersion": "v5"}
        assert cloud.heard[0].secure
    assert troubles == []
