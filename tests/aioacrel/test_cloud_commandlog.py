"""What the server's log of commands says of orders that no position shows."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.cloud.zones import Zones
from custom_components.acrel_safety.aioacrel.control.caller import Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator.cloud import ARCM300T, ARCM310, Cloud, Meter
from simulator.cloud.control import DONE, Command

from .cloud_hub_rigs import SECOND, USER, Office, cloud_at_noon, office

pytestmark = pytest.mark.virtual_time

OFF, RESET, CHECK = PointKey("1", "RLYOFF"), PointKey("1", "RESET"), PointKey("1", "SELCHK")
ME = Caller(kind=CallerKind.PERSON, id="me", is_administrator=True)
LOG, COMMAND = "getARCMControlLogList", "sendMeterControlDemandHTTP"


class Told:
    """A monitor that is told something through an account."""

    def __init__(self, it: Office, meter: Meter, results: Mapping[str, bool] | None = None) -> None:
        it.hub.profile = replace(it.hub.profile, results=results or {})
        self.hub = it.hub
        self.source = it.watch(meter, proved=frozenset({OFF})).source
        device = Device("box", self.source.shown_as)
        device.attach(self.source)
        policy = Policy(is_enabled=True, rights=Rights.usual())
        self.control = Control(device, lambda: policy)

    async def __call__(self, key: PointKey) -> Outcome:
        self.hub.orders.offer(self.source, key, SECOND)
        return await self.control.operate(key, ME, is_confirmed=True)


def monitor(cloud: Cloud, seconds: float = 8.0) -> Meter:
    cloud.behaviour.command_s = seconds
    return cloud.site().add(ARCM300T, "Kitchen")


@pytest.mark.parametrize(
    ("results", "result", "reason"),
    [
        ({}, Result.UNVERIFIED, Reason.NO_EVIDENCE),
        ({"another word": True}, Result.UNVERIFIED, Reason.NO_EVIDENCE),
        ({DONE: True}, Result.UNVERIFIED, Reason.LOGGED),
        ({DONE: False}, Result.UNVERIFIED, Reason.LOGGED_NOT),
    ],
)
async def test_what_the_device_answered_is_told_and_what_it_means_where_its_words_are_known(
    results: Mapping[str, bool], result: Result, reason: Reason
) -> None:
    cloud = cloud_at_noon()
    meter = monitor(cloud)
    async with office(cloud) as it:
        told = Told(it, meter, results)
        await it.hub.start()
        began = asyncio.get_running_loop().time()
        outcome = await told(RESET)
        assert (outcome.result, outcome.reason, outcome.writes) == (result, reason, 1)
        assert DONE in outcome.text("en")
        # Nothing that has a position was read back.
        assert "position was read back" not in outcome.text("en")
        assert asyncio.get_running_loop().time() - began < 15


async def test_a_log_that_says_done_does_not_confirm_what_opens_a_circuit() -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        told = Told(it, monitor(cloud), {DONE: True})
        await it.hub.start()
        outcome = await told(OFF)
        assert (outcome.result, outcome.position) == (Result.UNVERIFIED, None)
        assert DONE in outcome.text("en")


async def test_a_device_that_does_not_answer_is_said_to_be_silent() -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        told = Told(it, monitor(cloud, 3600.0), {DONE: True})
        await it.hub.start()
        outcome = await told(CHECK)
        assert (outcome.result, outcome.reason) == (Result.UNVERIFIED, Reason.NO_EVIDENCE)
        assert "no answer" in outcome.text("en")


@pytest.mark.parametrize("code", [None, 414, 415, 416, 500])
async def test_of_an_order_without_a_good_answer_both_are_told_and_the_log_confirms_nothing(code: int | None) -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        told = Told(it, monitor(cloud), {DONE: True})
        await it.hub.start()
        cloud.fail("cut" if code is None else "code", at=COMMAND, acts=True, code=code)
        outcome = await told(RESET)
        assert (outcome.result, outcome.writes, cloud.count(COMMAND)) == (Result.UNKNOWN, 1, 1)
        for said in (DONE, "closed before the answer was whole" if code is None else str(code), "another session"):
            assert said in outcome.text()


@pytest.mark.parametrize("word", [True, False])
@pytest.mark.parametrize("is_answered", [True, False])
async def test_what_another_session_of_the_same_login_was_answered_is_not_called_ours(
    *, is_answered: bool, word: bool
) -> None:
    cloud = cloud_at_noon()
    meter = monitor(cloud, 0.0)
    async with office(cloud) as it:
        told = Told(it, meter, {DONE: word})
        await it.hub.start()
        # Ours comes to nothing, whatever the server says; at the same moment somebody does the same elsewhere.
        taken = b'{"code": 200, "msg": "", "data": {"a": "ok"}}'
        cloud.fail("raw", at=COMMAND, body=taken) if is_answered else cloud.fail("close", at=COMMAND)
        ours = asyncio.ensure_future(told(RESET))
        while not cloud.count(COMMAND):  # noqa: ASYNC110 - the server tells nobody what reached it
            await asyncio.sleep(0.001)
        cloud.commands.take(
            Command(meter=meter, type="reset", value="1", user=USER, sent=cloud.clock.now(), is_310=False)
        )
        outcome = await ours
        assert outcome.result is (Result.UNVERIFIED if is_answered else Result.UNKNOWN)
        assert "another session of this login" in outcome.text()
        assert "同一账号的另一会话" in outcome.text("zh")
        assert meter.figures.obeyed == ["RESET"]


@pytest.mark.parametrize("fault", ["trace", "html", "hang"])
async def test_without_the_log_an_order_goes_and_stays_unverified(fault: str) -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        told = Told(it, monitor(cloud), {DONE: True})
        await it.hub.start()
        cloud.fail(fault, at=LOG, times=None)
        outcome = await told(RESET)
        assert (outcome.result, outcome.reason, outcome.writes) == (Result.UNVERIFIED, Reason.NO_EVIDENCE, 1)
        assert outcome.detail == ""


async def test_what_stood_there_before_or_is_of_others_is_not_taken_for_the_answer() -> None:
    cloud = cloud_at_noon()
    meter = monitor(cloud, 0.0)
    async with office(cloud) as it:
        told = Told(it, meter, {DONE: True})
        other = Told(it, cloud.sites[meter.site].add(ARCM300T, "Cellar"), {DONE: True})
        await it.hub.start()
        assert (await told(RESET)).reason is Reason.LOGGED
        await asyncio.sleep(60)
        # From now on nothing is answered any more: all that stands there is older, or of another device.
        cloud.behaviour.command_s = 3600.0
        first = asyncio.ensure_future(told(RESET))
        second = asyncio.ensure_future(other(RESET))
        for outcome in await asyncio.gather(first, second):
            assert (outcome.result, outcome.reason) == (Result.UNVERIFIED, Reason.NO_EVIDENCE)
            assert DONE not in outcome.text("en")


async def test_of_two_devices_with_one_name_the_log_says_nothing() -> None:
    cloud = cloud_at_noon()
    meter = monitor(cloud, 0.0)
    cloud.sites[meter.site].add(ARCM300T, meter.name)
    async with office(cloud) as it:
        told = Told(it, meter, {DONE: True})
        await it.hub.start()
        outcome = await told(RESET)
        assert (outcome.result, outcome.detail) == (Result.UNVERIFIED, "")


async def test_the_log_is_asked_only_of_what_the_position_does_not_show() -> None:
    cloud = cloud_at_noon()
    cloud.behaviour.command_s = 3.0
    meter = cloud.site().add(ARCM310, "Kitchen breaker")
    async with office(cloud) as it:
        told = Told(it, meter, {DONE: True})
        await it.hub.start()
        assert (await told(OFF)).is_confirmed
        assert cloud.count("getARCM310ControlLogList") == 0
        await asyncio.sleep(60)
        assert (await told(RESET)).reason is Reason.LOGGED


async def test_serial_numbers_stand_in_the_log_of_what_was_ever_told_something() -> None:
    cloud = cloud_at_noon()
    meter = monitor(cloud, 0.0)
    site = cloud.sites[meter.site]
    quiet, breaker = site.add(ARCM300T, "Never told"), site.add(ARCM310, "Breaker")
    async with office(cloud) as it:
        told, other = Told(it, meter), Told(it, breaker)
        await it.hub.start()
        await told(RESET)
        await other(RESET)
        found = await it.hub.orders.log.serials(meter.site, [ARCM300T, ARCM310])
        assert found == {meter.code: meter.serial, breaker.code: breaker.serial}
        assert quiet.code not in found
        assert await it.hub.orders.log.serials(meter.site, [ARCM310]) == {breaker.code: breaker.serial}


async def test_an_entry_that_means_nothing_takes_nothing_back_of_what_went_wrong() -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        told = Told(it, monitor(cloud))
        await it.hub.start()
        cloud.fail("cut", at=COMMAND, acts=True)
        outcome = await told(RESET)
        assert (outcome.result, outcome.reason) == (Result.UNKNOWN, Reason.NO_ANSWER)


def twice(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a page with all its entries once more, as where one came in between two pages."""
    page = answer["data"]["pageInfo"]
    return {**answer, "data": {"pageInfo": {**page, "list": [one for one in page["list"] for _ in range(2)]}}}


async def test_a_log_that_repeats_itself_shows_nothing_new_and_one_new_entry_once() -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        told = Told(it, monitor(cloud, 0.0), {DONE: True})
        await it.hub.start()
        assert (await told(RESET)).reason is Reason.LOGGED
        await asyncio.sleep(60)
        cloud.fail("alter", at=LOG, times=None, after=1, change=twice)
        # It never reaches the server: what stands there is the one before.
        cloud.fail("close", at=COMMAND)
        outcome = await told(RESET)
        assert (outcome.result, outcome.reason) == (Result.UNKNOWN, Reason.NO_ANSWER)
        await asyncio.sleep(60)
        assert (await told(RESET)).reason is Reason.LOGGED


async def test_what_comes_into_view_only_because_time_goes_on_is_not_taken_for_the_answer() -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        # In the zone of the account the server writes times that are seven hours ahead.
        it.hub.account.zones = Zones(timezone(timedelta(hours=1)))
        told = Told(it, monitor(cloud, 0.0), {DONE: True})
        await it.hub.start()
        began = asyncio.get_running_loop().time()
        await told(RESET)
        await asyncio.sleep(began + 6 * 3600 - 10 - asyncio.get_running_loop().time())
        cloud.fail("close", at=COMMAND)
        outcome = await told(RESET)
        assert (outcome.result, outcome.reason) == (Result.UNKNOWN, Reason.NO_ANSWER)
