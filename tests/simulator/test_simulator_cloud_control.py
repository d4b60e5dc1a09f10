"""Commands to a simulated cloud: what has to come before one, what the device does, what the log tells."""

import asyncio
from datetime import UTC, datetime

import pytest

from simulator import Cabinet
from simulator.cloud import ARCM300T, ARCM310, Cloud, Meter
from tests.simulator.cloud_rigs import SECOND, USER, App, Json, called

NOW = datetime(2026, 11, 22, 1, 2, 0, tzinfo=UTC)
SERIAL = "20260000003101"


def at_nine() -> datetime:
    return NOW


def kitchen(cloud: Cloud, cabinet: Cabinet) -> Meter:
    """Return a breaker of the cabinet's."""
    return cloud.put_unit(cloud.site(), cabinet.add_outside(SERIAL, "arcm310"), "Kitchen", serial=SERIAL)


async def log_of(app: App, meter: Meter) -> list[Json]:
    name = "/getARCM310ControlLogList" if meter.kind == ARCM310 else "/getARCMControlLogList"
    found = await app.post(name, pageNo="1", pageSize="20", fSubid=meter.site)
    rows: list[Json] = found["pageInfo"]["list"]
    return rows


async def test_a_command_needs_the_second_password_each_time_moves_the_device_and_is_logged() -> None:
    cabinet, cloud = Cabinet.of({}, frozen=True), Cloud(now=at_nine)
    meter = kitchen(cloud, cabinet)
    async with called(cloud) as app:
        assert (await app.get("/getControlValidType"))["validType"] != "sms"
        assert (await app.command(meter, "DO", "0"))["code"] == 414
        assert cabinet.unit(SERIAL).closed
        assert (await app.prove("wrong"))["code"] == 415
        assert (await app.prove())["code"] == 200
        answer = await app.command(meter, "DO", "0")
        assert (answer["code"], answer["data"]) == (200, {"a": "命令发送成功"})
        assert not cabinet.unit(SERIAL).closed
        (row,) = await log_of(app, meter)
        assert (row["fControltype"], row["fUsername"], row["fResult"]) == ("DO", USER, "成功")
        assert (row["fMeterserialnumber"], row["fSendtime"]) == (SERIAL, "2026-11-22 09:02:00")
        assert (await app.command(meter, "DO", "1"))["code"] == 414
        assert len([heard for heard in cloud.heard if heard.is_command]) == 3


async def test_an_account_without_a_second_password_is_told_so() -> None:
    cloud = Cloud()
    async with called(cloud) as app:
        cloud.accounts[USER].second = None
        assert (await app.prove(SECOND))["code"] == 416


async def test_a_code_comes_to_the_phone_and_is_good_once() -> None:
    cloud = Cloud()
    meter = cloud.site().add(ARCM310)
    async with called(cloud) as app:
        account = cloud.accounts[USER]
        account.sms = True
        assert await app.get("/getControlValidType") == {"validType": "sms", "userPhone": "138****0000"}
        message = await app.get("/sendSMSValid")
        assert not await app.get("/checkSMSValid", code="wrong", msgId=message)
        code = account.code
        assert await app.get("/checkSMSValid", code=code, msgId=message)
        assert not await app.get("/checkSMSValid", code=code, msgId=message)
        assert (await app.command(meter, "DO", "0"))["code"] == 200
        assert not meter.figures.closed


async def test_a_device_acts_later_and_nothing_is_known_until_then() -> None:
    cabinet, cloud = Cabinet.of({}, frozen=True), Cloud()
    meter = kitchen(cloud, cabinet)
    cloud.behaviour.command_s = 3600.0
    async with called(cloud) as app:
        await app.prove()
        await app.command(meter, "DO", "0")
        (row,) = await log_of(app, meter)
        assert (row["fAcktime"], row["fResult"]) == ("", "")
        assert cabinet.unit(SERIAL).closed
        await cloud.commands.hurry()
        assert not cabinet.unit(SERIAL).closed
        (row,) = await log_of(app, meter)
        assert row["fResult"] == "成功"


async def test_of_a_device_that_is_lost_nothing_ever_comes_back() -> None:
    cabinet, cloud = Cabinet.of({}, frozen=True), Cloud()
    meter = kitchen(cloud, cabinet)
    async with called(cloud) as app:
        meter.lose()
        await app.prove()
        assert (await app.command(meter, "DO", "0"))["code"] == 200
        await asyncio.sleep(0)
        (row,) = await log_of(app, meter)
        assert row["fAcktime"] == ""
        assert cabinet.unit(SERIAL).closed


async def test_a_switch_that_sticks_is_acknowledged_and_does_not_move() -> None:
    cabinet, cloud = Cabinet.of({}, frozen=True), Cloud()
    meter = kitchen(cloud, cabinet)
    cabinet.set_scenario("relay", SERIAL)
    async with called(cloud) as app:
        await app.prove()
        await app.command(meter, "DO", "0")
        (row,) = await log_of(app, meter)
        assert row["fResult"] == "成功"
        assert meter.closed


async def test_it_trips_says_why_and_closes_only_when_it_was_reset() -> None:
    cabinet, cloud = Cabinet.of({}, frozen=True), Cloud()
    meter = kitchen(cloud, cabinet)
    async with called(cloud) as app:
        cabinet.set_scenario("leak", SERIAL, ma=500)
        cabinet.advance(2)
        cloud.tick()
        assert meter.closed is False
        assert set(meter.alarms()) == {"iLeakage", "switch"}
        assert {event.group for event in cloud.log.events} == {"遥测越限", "遥信变位"}
        cabinet.set_scenario("normal", SERIAL)
        for type_, value, closed in (("DO", "1", False), ("reset", "1", False), ("DO", "1", True)):
            await app.prove()
            await app.command(meter, type_, value)
            assert meter.closed is closed
        assert meter.alarms() == {}
        assert [event.type for event in cloud.log.events].count("报警恢复") == 2


@pytest.mark.parametrize(("old", "value", "closed"), [(False, "0", False), (True, "0", True), (True, "1", False)])
async def test_what_do_means_to_an_arcm300t_differs_by_version(*, old: bool, value: str, closed: bool) -> None:
    cabinet, cloud = Cabinet.of({}, frozen=True), Cloud()
    unit = cabinet.add_outside("20260000003001", "arcm300t")
    meter = cloud.put_unit(cloud.site(), unit)
    cloud.behaviour.old_do = old
    async with called(cloud) as app:
        await app.prove()
        await app.command(meter, "DO", value)
        assert unit.closed is closed
        assert [command.method for command in unit.commands] == ([] if closed else ["RLYOFF"])


async def test_an_adw300_opens_by_its_first_output() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True, options={1: {"wiring": "contactor"}})
    cloud = Cloud()
    meter = cloud.put_unit(cloud.site(), cabinet.unit(1))
    async with called(cloud) as app:
        await app.prove()
        await app.command(meter, "DO", "0")
        assert not cabinet.unit(1).closed
        await app.prove()
        await app.command(meter, "DO", "1")
        assert cabinet.unit(1).closed


async def test_too_early_is_counted_and_dropped_where_the_server_is_like_that() -> None:
    cloud = Cloud(now=at_nine)
    meter = cloud.site().add(ARCM310)
    cloud.behaviour.needs_proof = False
    async with called(cloud) as app:
        await app.command(meter, "DO", "0")
        await app.command(meter, "DO", "1")
        assert [command.was_early for command in cloud.commands.sent] == [False, True]
        assert meter.closed
        cloud.behaviour.drops_early = True
        await app.command(meter, "DO", "0")
        assert meter.closed
        cloud.pass_time(30)
        await app.command(meter, "DO", "0")
        assert not meter.closed


@pytest.mark.parametrize(
    ("type_", "value", "code"),
    [("DO", "5", 393), ("reset", "0", 393), ("", "1", 387), ("DO", "3", 393), ("DO", "4", 393), ("blink", "1", 393)],
)
async def test_what_is_no_command_is_refused(type_: str, value: str, code: int) -> None:
    cloud = Cloud()
    meter = cloud.site().add(ARCM310)
    async with called(cloud) as app:
        await app.prove()
        assert (await app.command(meter, type_, value))["code"] == code
        assert cloud.commands.sent == []


async def test_do_values_of_timers_are_none_of_an_arcm300t() -> None:
    cloud = Cloud()
    meter = cloud.site().add(ARCM300T)
    async with called(cloud) as app:
        await app.prove()
        assert (await app.command(meter, "DO", "2"))["code"] == 393


async def test_a_timer_acts_once() -> None:
    cloud = Cloud(now=at_nine)
    meter = cloud.site().add(ARCM310)
    cloud.behaviour.needs_proof = False
    async with called(cloud) as app:
        times = {"openTime": "2026-11-22 09:10", "closeTime": "2026-11-22 09:20:30"}
        await app.command(meter, "DO", "3", **times)
        assert await has_timer(app, meter)
        for seconds, closed, timer in ((479, True, True), (1, False, True), (629, False, True), (1, True, False)):
            cloud.pass_time(seconds)
            assert meter.closed is closed
            assert await has_timer(app, meter) is timer


async def test_a_daily_timer_acts_each_day_until_it_is_cancelled() -> None:
    cloud = Cloud(now=at_nine)
    meter = cloud.site().add(ARCM310)
    cloud.behaviour.needs_proof, cloud.behaviour.token_s = False, 1e6
    async with called(cloud) as app:
        await app.command(meter, "DO", "4", openTime="22:00:00", closeTime="06:00:00")
        for hours, closed in ((13, False), (8, True), (16, False), (8, True)):
            cloud.pass_time(hours * 3600)
            assert meter.closed is closed
        await app.command(meter, "DO", "2")
        assert not await has_timer(app, meter)
        cloud.pass_time(16 * 3600)
        assert meter.closed
        assert (await app.command(meter, "DO", "4", openTime="22:00:00", closeTime="22:00:00"))["code"] == 393
        assert (await app.command(meter, "DO", "4", openTime="25:00:00"))["code"] == 393


async def has_timer(app: App, meter: Meter) -> bool:
    (row,) = (await app.get("/selectByStationId", stationId=meter.site, meterType="3"))["list"]
    return '"timerStatus": "1"' in row["meterCurrentValue"]
