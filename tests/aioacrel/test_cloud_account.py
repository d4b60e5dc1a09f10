"""What a cloud account lists and shows, call by call: the requests are those that are known, the answers understood."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from custom_components.acrel_safety.aioacrel.cloud.errors import CommandNotSentError, ProofWrongError, UnfitAnswerError
from custom_components.acrel_safety.aioacrel.cloud.fields import CHINA
from custom_components.acrel_safety.aioacrel.cloud.records import Counted, Proof, Site
from custom_components.acrel_safety.aioacrel.readings import PointKey

from .cloud_rigs import ALARM, ARCM300T, ARCM310, PASSWORD, SECOND, SITE, TOKEN, USER, Heard, Rig, ok

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with Rig.running() as running:
        yield running


async def test_a_login_asks_what_the_server_wants_and_takes_its_version_and_token(rig: Rig) -> None:
    account = rig.account()
    login = await account.login()
    assert (login.version, login.user_id, login.organisation) == ("v5", "1001", "77")
    before, at_login = rig.heard
    assert (before.method, before.path, before.query) == (
        "GET",
        "main/getAppIndexSets",
        {"ip": account.address.place},
    )
    assert (at_login.method, at_login.path) == ("POST", "user/login")
    assert at_login.form == {
        "fLoginname": USER,
        "fPassword": PASSWORD,
        "deviceType": "IOS",
        "uniqueProjectip": account.address.place,
    }
    assert not any("Authorization" in one.headers for one in rig.heard)
    await account.sites()
    assert rig.heard[-1].headers["Authorization"] == TOKEN
    assert rig.heard[-1].path == "v5/getSubstationListByUser"
    assert account.login_known == login


async def test_sites_and_devices_are_listed(rig: Rig) -> None:
    account = rig.account()
    assert await account.sites() == [Site(id=SITE, name="Demo site")]
    monitor, breaker = await account.meters(SITE)
    assert (monitor.code, monitor.kind, monitor.is_alarmed, monitor.is_closed) == (ARCM300T, "1", False, None)
    assert (breaker.code, breaker.kind, breaker.is_alarmed, breaker.is_closed) == (ARCM310, "3", True, True)
    assert breaker.has_timer is False
    assert breaker.received == datetime(2026, 11, 22, 1, 2, tzinfo=UTC)
    assert [one.query for one in rig.asked("v5/selectByStationId")] == [
        {"stationId": SITE, "meterType": "1,2"},
        {"stationId": SITE, "meterType": "3"},
    ]


async def test_values_have_the_time_the_server_states(rig: Rig) -> None:
    account = rig.account()
    (leak,) = await account.leakage(SITE)
    assert leak.code == ARCM300T
    assert leak.measured == datetime(2026, 11, 22, 1, tzinfo=UTC)
    assert leak.values[PointKey("1", "Lg")] == 43.5
    assert leak.values[PointKey("1", "TempB")] == 30.8
    (warm,) = await account.temperatures(SITE)
    assert warm.code == ARCM310
    assert warm.measured == datetime(2026, 11, 22, 1, 1, tzinfo=UTC)
    # What is there but cannot be is said to be unknown.
    assert warm.values == {
        PointKey("1", "TempA"): 30.0,
        PointKey("1", "TempB"): 31.5,
        PointKey("1", "TempC"): None,
        PointKey("1", "TempN"): None,
    }
    assert rig.heard[-1].query == {"fSubid": SITE}


async def test_details_name_the_alarms_that_are_active(rig: Rig) -> None:
    account = rig.account()
    details = await account.details(SITE, ARCM300T)
    assert details.active == {"temp.tempA": "A相温度报警", "iLeakage.iLeakage": "漏电报警"}
    points = {account.profile.alarms.get(name) for name in details.active}
    assert points == {PointKey("1", "T1High"), PointKey("1", "LgHigh")}


@pytest.mark.parametrize(
    ("status", "detail", "active"),
    [
        ("0", '{"temp": {"tempA": "left over"}}', {}),
        (
            "1",
            {"temp": {"tempA": "x", "tempB": None}, "iLeakage": "漏电报警"},
            {"temp.tempA": "x", "iLeakage": "漏电报警"},
        ),
        (1, '{"electricLeakage": "漏电"}', {"electricLeakage": "漏电"}),
        ("1", "{}", {}),
        ("1", "{broken", None),
        ("1", None, None),
        ("7", "{}", None),
        (None, "{}", None),
    ],
)
async def test_what_is_not_said_of_alarms_stays_unknown(
    rig: Rig, status: object, detail: object, active: object
) -> None:
    rig.answers["v5/selectOne"] = ok({"meterInfo": {"meterCode": "x", "meterStatus": status, "meterDetail": detail}})
    assert (await rig.account().details(SITE, "x")).active == active


async def test_another_device_in_the_answer_is_not_believed(rig: Rig) -> None:
    rig.answers["v5/selectOne"] = ok({"meterInfo": {"meterCode": "other", "meterStatus": "1"}})
    with pytest.raises(UnfitAnswerError):
        await rig.account().details(SITE, "x")


async def test_connections_are_found_by_name_where_that_is_one_devices(rig: Rig) -> None:
    account = rig.account()
    await account.meters(SITE)
    box, breaker, strange = await account.connections(SITE)
    assert (box.code, box.is_online) == (ARCM300T, True)
    assert (breaker.code, breaker.is_online) == (ARCM310, False)
    assert breaker.lost == datetime(2026, 11, 22, tzinfo=UTC)
    assert (strange.code, strange.is_online) == ("", None)
    rig.answers["v5/selectByStationId"] = lambda asked: ok(
        {"list": [{"meterCode": f"{asked.query['meterType']}9".replace(",", ""), "meterName": "Kitchen breaker"}]}
    )
    await account.meters(SITE)
    assert [one.code for one in await account.connections(SITE)] == ["", "", ""]


async def test_events_are_read_page_by_page_and_each_once(rig: Rig) -> None:
    def page(asked: Heard) -> object:
        first = (int(asked.form["pageNo"]) - 1) * 100
        count = {1: 100, 2: 100, 3: 7}[int(asked.form["pageNo"])]
        # The log moved on by one while it was read.
        rows = [{**ALARM, "fAlarmeventlogid": str(max(first - 1, 0) + n)} for n in range(count)]
        return ok({"alarmEventLogList": {"list": rows}})

    rig.answers["v5/getAlarmEventLogList"] = page
    account = rig.account()
    found = await account.alarms(since=NOON - timedelta(days=1), until=NOON, site=SITE, confirmed=False)
    assert len(found) == len({event.id for event in found})
    assert [one.form["pageNo"] for one in rig.asked("v5/getAlarmEventLogList")] == ["1", "2", "3"]
    assert rig.heard[-1].form == {
        "fSubid": SITE,
        "fStarttime": "2026-11-21 12:00:00",
        "fEndtime": "2026-11-22 12:00:00",
        "fConfirmstatus": "false",
        "pageNo": "3",
        "pageSize": "100",
    }


async def test_a_server_that_repeats_one_page_for_ever_is_not_listened_to_for_ever(rig: Rig) -> None:
    rows = [{**ALARM, "fAlarmeventlogid": str(n)} for n in range(100)]
    rig.answers["v5/getAlarmEventLogList"] = ok({"alarmEventLogList": {"list": rows}})
    found = await rig.account().alarms(since=NOON, until=NOON)
    assert len(found) == 100
    assert len(rig.asked("v5/getAlarmEventLogList")) == 2
    ids = iter(range(10**6))
    rig.answers["v5/getAlarmEventLogList"] = lambda _: ok(
        {"alarmEventLogList": {"list": [{**ALARM, "fAlarmeventlogid": str(next(ids))} for _ in range(100)]}}
    )
    assert len(await rig.account().alarms(since=NOON, until=NOON)) == 5000


async def test_an_event_says_what_it_is(rig: Rig) -> None:
    over = {**ALARM, "fAlarmeventlogid": 810002, "fAlarmtype": "报警恢复", "fConfirmstatus": "true"}
    rig.answers["v5/getAlarmEventLogList"] = ok({"alarmEventLogList": {"list": [ALARM, over, {"fSubid": 1}]}})
    account = rig.account()
    came, went = await account.alarms(since=NOON, until=NOON)
    assert (came.id, came.site, came.meter, came.level, came.group) == ("810001", SITE, ARCM300T, "重大", "遥测越限")
    assert (came.is_confirmed, came.is_recovery) == (False, False)
    assert came.time == datetime(2026, 11, 22, 0, 59, 10, tzinfo=UTC)
    assert (went.id, went.is_confirmed, went.is_recovery) == ("810002", True, True)
    # A server that does not know the question answers with all of them.
    assert await account.alarms(since=NOON, until=NOON, confirmed=True) == [went]


async def test_levels_are_read_from_the_server_as_a_list_or_an_object(rig: Rig) -> None:
    account = rig.account()
    assert [(one.id, one.name) for one in await account.levels()] == [("2", "重大")]
    rig.answers["v5/getMessInfoType"] = ok({"tDtMessInfoType": {"fMessinfotypeid": 3, "fMessinfotypeexplain": "紧急"}})
    assert [(one.id, one.name) for one in await account.levels()] == [("3", "紧急")]


async def test_acknowledging_names_each_event_once(rig: Rig) -> None:
    account = rig.account()
    await account.confirm_alarms(["810001", "810002", "810001"])
    assert rig.heard[-1].query == {"logidList": "810001,810002"}
    await account.confirm_alarms([str(number) for number in range(120)])
    assert [len(one.query["logidList"].split(",")) for one in rig.asked("v5/confirmAlarmEvents")[1:]] == [50, 50, 20]
    await account.unconfirm_alarm("810001")
    assert rig.heard[-1].query == {"fAlarmeventlogid": "810001"}
    asked = len(rig.heard)
    with pytest.raises(UnfitAnswerError):
        await account.confirm_alarms(["1,2"])
    assert len(rig.heard) == asked
    # What is no number of the server's keeps no other from being acknowledged.
    with pytest.raises(UnfitAnswerError):
        await account.confirm_alarms(["?", "810003"])
    assert rig.heard[-1].query == {"logidList": "810003"}


async def test_of_a_log_that_is_too_long_the_latest_events_are_read_whichever_end_it_begins_at(rig: Rig) -> None:
    log = [
        {**ALARM, "fAlarmeventlogid": str(n), "fAlarmtime": f"2026-11-22 {n // 1800:02}:{n // 30 % 60:02}:00"}
        for n in range(36_000)
    ]

    def page(asked: Heard) -> object:
        since, number = asked.form["fStarttime"], int(asked.form["pageNo"])
        found = [row for row in log if str(row["fAlarmtime"]) >= since]
        return ok({"alarmEventLogList": {"list": found[100 * (number - 1) : 100 * number]}})

    rig.answers["v5/getAlarmEventLogList"] = page
    end = datetime(2026, 11, 22, 20, 0, tzinfo=CHINA)
    latest = [end - timedelta(hours=1), end - timedelta(minutes=5)]
    found = await rig.account().alarms(since=end - timedelta(days=1), until=end, at_least=latest)
    assert {one.id for one in found} == {str(n) for n in (*range(5000), *range(34_200, 36_000))}
    assert len(rig.asked("v5/getAlarmEventLogList")) == 50 + 19


async def test_one_number_of_two_devices_is_two_events(rig: Rig) -> None:
    other = {**ALARM, "fDevicecode": ARCM310}
    later = {**ALARM, "fAlarmtime": "2026-11-22 10:00:00"}
    rig.answers["v5/getAlarmEventLogList"] = ok({"alarmEventLogList": {"list": [ALARM, other, ALARM, later]}})
    found = await rig.account().alarms(since=NOON, until=NOON)
    assert [one.meter for one in found] == [ARCM300T, ARCM310, ARCM300T]


async def test_the_server_says_what_it_wants_before_a_command(rig: Rig) -> None:
    account = rig.account()
    asked = await account.asked()
    assert (asked.proof, asked.phone) == (Proof.PASSWORD, "…5678")
    await account.prove_by_password(SECOND)
    assert rig.heard[-1].form == {"sePassword": hashlib.md5(SECOND.encode()).hexdigest()}  # noqa: S324 - the server's
    rig.answers["v5/getControlValidType"] = ok({"validType": "sms"})
    assert (await account.asked()).proof is Proof.SMS
    rig.answers["v5/getControlValidType"] = ok({})
    with pytest.raises(UnfitAnswerError):
        await account.asked()
    message = await account.send_sms()
    await account.check_sms(" 123456 ", message)
    assert rig.heard[-1].query == {"code": "123456", "msgId": "4711"}
    answers: list[object] = [False, None, "no", {}, 2]
    for answer in answers:
        rig.answers["v5/checkSMSValid"] = ok(answer)
        with pytest.raises(ProofWrongError):
            await account.check_sms("123456", message)


async def test_a_command_is_a_list_of_one(rig: Rig) -> None:
    account = rig.account()
    assert await account.command(ARCM310, SITE, "3", "DO", "0") == "命令发送成功"
    sent = rig.heard[-1]
    assert (sent.method, sent.path) == ("POST", "v5/send310ControlDemandHTTP")
    assert sent.json == [{"meterCode": ARCM310, "substationId": SITE, "type": "DO", "value": "0"}]
    await account.command(ARCM310, SITE, "3", "DO", "4", open_time="22:00:00", close_time="06:00:00")
    assert rig.heard[-1].json == [
        {
            "meterCode": ARCM310,
            "substationId": SITE,
            "type": "DO",
            "value": "4",
            "openTime": "22:00:00",
            "closeTime": "06:00:00",
        }
    ]
    await account.command(ARCM300T, SITE, "1", "reset", "1")
    assert rig.heard[-1].path == "v5/sendMeterControlDemandHTTP"
    asked = len(rig.heard)
    with pytest.raises(CommandNotSentError):
        await account.command(ARCM300T, SITE, "9", "reset", "1")
    assert len(rig.heard) == asked


async def test_the_log_of_commands_tells_what_came_of_one(rig: Rig) -> None:
    account = rig.account()
    (entry,) = await account.command_log(SITE, "arcm310", since=NOON, until=NOON)
    assert (entry.type, entry.meter_name, entry.serial, entry.result) == (
        "DO",
        "Kitchen breaker",
        "22112200000011",
        "成功",
    )
    assert entry.sent is not None
    assert entry.acknowledged is not None
    assert entry.acknowledged - entry.sent == timedelta(seconds=2)
    rig.answers["v5/getARCM310ControlLogList"] = ok({"list": [{"fControltype": "DO", "fAcktime": "", "fResult": None}]})
    (entry,) = await account.command_log(SITE, "arcm310", since=NOON, until=NOON)
    assert (entry.acknowledged, entry.result) == (None, "")


async def test_values_of_a_day(rig: Rig) -> None:
    account = rig.account()
    samples = await account.leakage_of_day(SITE, ARCM300T, date(2026, 11, 22))
    assert [(one.key.code, one.time.hour, one.time.minute, one.value) for one in samples] == [
        ("Lg", 16, 0, 40.0),
        ("TempA", 16, 0, 30.5),
        ("Lg", 16, 30, 41.0),
    ]
    assert rig.heard[-1].query == {"fSubid": SITE, "fMetercode": ARCM300T, "time": "2026-11-22"}
    samples = await account.electric_of_day(SITE, "c1", date(2026, 11, 22), "I")
    assert [(one.key.code, one.value) for one in samples] == [("Ia", 1.5), ("Ib", 2.0)]
    assert rig.heard[-1].query == {
        "fSubid": SITE,
        "fCircuitid": "c1",
        "time": "2026-11-22",
        "fPhase": "fIa-fIb-fIc",
        "EnergyKind": "I",
    }
    with pytest.raises(UnfitAnswerError):
        await account.electric_of_day(SITE, "c1", date(2026, 11, 22), "Z")
    assert [(one.circuit, one.meter) for one in await account.circuits(SITE)] == [("c1", ARCM300T)]
    energy = await account.energy_of_day(SITE, ["c1"], date(2026, 11, 22))
    assert energy == [Counted(circuit="c1", start=1000.5, end=1010.5, consumed=10.0)]
    assert rig.heard[-1].query == {
        "fSubid": SITE,
        "fCircuitids": "c1",
        "startTime": "2026-11-22 00:00:00",
        "endTime": "2026-11-22 23:59:59",
    }


async def test_whoever_logs_out_is_asked_for_a_new_login(rig: Rig) -> None:
    account = rig.account()
    await account.sites()
    await account.logout()
    assert rig.heard[-1].path == "v5/logout"
    await account.sites()
    assert len(rig.asked("user/login")) == 2
    assert account.figures["logins"] == 2
    assert account.figures["requests"] == len(rig.heard)
    assert "10100001" not in repr(account)


async def test_the_server_says_whether_it_has_a_feed_and_in_which_units(rig: Rig) -> None:
    account = rig.account()
    assert await account.has_feed() is True
    assert await account.units() == {"P": "kW"}
    assert (rig.heard[-1].method, rig.heard[-1].path) == ("POST", "main/getParamList")
    rig.answers["sys/startOpenMqtt"] = ok({"what": "ever"})
    assert await account.has_feed() is None
