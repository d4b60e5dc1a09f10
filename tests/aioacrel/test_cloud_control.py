"""Orders that an account passes on: after the second step, once at most, and done when the position was read back."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.cloud.errors import ProofError, ProofNoneError, ProofWrongError
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.errors import CommandRefusedError
from custom_components.acrel_safety.aioacrel.readings import Value
from custom_components.acrel_safety.aioacrel.source import Command
from simulator.cloud import ARCM300T, Cloud, Meter
from simulator.cloud.instruments import Figures

from .cloud_hub_rigs import SECOND, USER, cloud_at_noon, office
from .cloud_order_rigs import ME, OFF, ON, POSITION, RESET, Switched, breaker, switched, until

pytestmark = pytest.mark.virtual_time


async def test_it_is_opened_and_closed_and_confirmed_by_its_position() -> None:
    async with switched(Switched) as box:
        for key, is_closed in ((OFF, False), (ON, True)):
            outcome = await box.operate(key)
            assert (outcome.result, outcome.position, outcome.writes) == (Result.CONFIRMED, is_closed, 1)
            assert box.meter.closed is is_closed
            await asyncio.sleep(40)
        assert (box.sent, box.cloud.count("verifySePassword")) == (2, 2)
        assert await box.operate(ON) == Outcome(result=Result.CONFIRMED, reason=Reason.ALREADY_THERE, position=True)
        assert box.sent == 2


async def test_without_the_second_password_nothing_is_sent_and_a_wrong_one_is_tried_once() -> None:
    async with switched(Switched) as box:
        outcome = await box.operate(OFF, None)
        assert (outcome.result, outcome.reason, outcome.writes, box.sent) == (Result.REFUSED, Reason.UNPROVED, 0, 0)
        assert box.cloud.count("verifySePassword") == 0
        outcome = await box.operate(OFF, f"not {SECOND}")
        assert (outcome.result, outcome.reason, outcome.writes, box.sent) == (Result.REFUSED, Reason.UNPROVED, 0, 0)
        assert box.cloud.count("verifySePassword") == 1
        # Neither was kept for the next one.
        assert (await box.operate(OFF, None)).result is Result.REFUSED
        assert box.cloud.count("verifySePassword") == 1
        assert (await box.operate(OFF)).is_confirmed


async def test_a_stored_second_password_that_is_wrong_is_used_no_more() -> None:
    async with switched(Switched) as box:
        box.orders.stored_password = lambda: f"not {SECOND}"
        for _ in range(3):
            assert (await box.operate(OFF, None)).result is Result.REFUSED
        assert (box.cloud.count("verifySePassword"), box.sent) == (1, 0)
        box.orders.stored_password = lambda: SECOND
        assert (await box.operate(OFF, None)).is_confirmed


async def test_a_code_from_the_phone_is_good_for_one_order() -> None:
    cloud = cloud_at_noon()
    cloud.accounts[USER].sms = True
    meter = breaker(cloud)
    async with office(cloud) as it:
        box = Switched(it, meter)
        await it.hub.start()
        assert (await box.operate(OFF, "123456")).result is Result.REFUSED
        await box.orders.send_sms()
        assert (await box.operate(OFF, cloud.accounts[USER].code)).is_confirmed
        await asyncio.sleep(40)
        assert (await box.operate(ON, cloud.accounts[USER].code)).result is Result.REFUSED
        assert box.sent == 1


type Break = Callable[[Cloud, Meter], Any]
FAULTS: dict[str, tuple[Break, Result, int]] = {
    "the switch does not move": (lambda cloud, meter: setattr(meter.figures, "sticks", True), Result.UNKNOWN, 1),
    "it is lost after the order": (
        lambda cloud, meter: asyncio.get_running_loop().call_later(1.0, meter.lose),
        Result.UNKNOWN,
        1,
    ),
    "the server fails and did it not": (
        lambda cloud, meter: cloud.fail("trace", at="send310ControlDemandHTTP"),
        Result.UNKNOWN,
        1,
    ),
    "the server fails and did it": (
        lambda cloud, meter: cloud.fail("trace", at="send310ControlDemandHTTP", acts=True),
        Result.CONFIRMED,
        1,
    ),
    "the answer is cut": (
        lambda cloud, meter: cloud.fail("cut", at="send310ControlDemandHTTP", acts=True),
        Result.CONFIRMED,
        1,
    ),
    "the answer never comes": (
        lambda cloud, meter: cloud.fail("hang", at="send310ControlDemandHTTP", acts=True),
        Result.CONFIRMED,
        1,
    ),
    "it is thrown out at the order": (
        lambda cloud, meter: cloud.fail("unauthorised", at="send310ControlDemandHTTP"),
        Result.UNKNOWN,
        1,
    ),
    "the token is renewed at the order": (
        lambda cloud, meter: cloud.fail("renew", at="send310ControlDemandHTTP"),
        Result.UNKNOWN,
        1,
    ),
    "the proof cannot be asked for": (
        lambda cloud, meter: cloud.fail("trace", at="getControlValidType", times=None),
        Result.REFUSED,
        0,
    ),
    "the proof does not come back": (
        lambda cloud, meter: cloud.fail("close", at="verifySePassword", times=None),
        Result.REFUSED,
        0,
    ),
    "the device is lost before": (lambda cloud, meter: meter.lose(), Result.REFUSED, 0),
    "the list cannot be read": (
        lambda cloud, meter: cloud.fail("html", at="selectByStationId", times=None),
        Result.REFUSED,
        0,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_whatever_happens_it_is_sent_once_at_most_and_never_confirmed_without_the_position(name: str) -> None:
    breaks, result, sent = FAULTS[name]
    async with switched(Switched) as box:
        breaks(box.cloud, box.meter)
        outcome = await box.operate(OFF)
        assert outcome.result is result, outcome.text("en")
        assert box.sent == sent
        if outcome.is_confirmed:
            assert box.meter.closed is False
        box.cloud.faults.clear()
        await asyncio.sleep(400)
        assert box.sent == sent


async def test_of_a_device_that_nothing_new_is_heard_of_that_is_said_and_not_that_it_waited() -> None:
    async with switched(Switched) as box:
        box.meter.age_s = 600.0
        outcome = await box.operate(OFF)
        assert (outcome.result, outcome.reason, box.sent) == (Result.REFUSED, Reason.NOT_SENT, 0)
        assert "nothing new of the device" in outcome.text()


async def test_a_cancelled_order_is_not_sent_again() -> None:
    async with switched(Switched) as box:
        box.cloud.fail("hang", at="send310ControlDemandHTTP", acts=True)
        task = asyncio.create_task(box.operate(OFF))
        await asyncio.sleep(5)
        assert box.sent == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(100)
        assert box.sent == 1


async def test_a_device_is_told_nothing_more_for_its_lock_out_whatever_came_back() -> None:
    async with switched(Switched) as box:
        box.orders.offer(box.source, OFF, SECOND)
        await box.source.send(Command(key=OFF))
        for _ in range(2):
            box.orders.offer(box.source, ON, SECOND)
            with pytest.raises(CommandRefusedError):
                await box.source.send(Command(key=ON))
        assert box.sent == 1
        await asyncio.sleep(31)
        box.orders.offer(box.source, ON, SECOND)
        await box.source.send(Command(key=ON))
        assert box.sent == 2
        assert not any(command.was_early for command in box.cloud.commands.sent)


async def test_what_nobody_could_prove_on_site_is_not_offered() -> None:
    cloud = cloud_at_noon()
    meter = cloud.site().add(ARCM300T, "Box")
    async with office(cloud) as it:
        box = Switched(it, meter)
        await it.hub.start()
        assert {OFF, ON}.isdisjoint(box.source.orders)
        box.orders.offer(box.source, ON, SECOND)
        with pytest.raises(CommandRefusedError):
            await box.source.send(Command(key=ON))
        assert box.sent == 0


async def test_what_is_offered_for_one_order_is_good_for_no_other_and_not_for_long() -> None:
    async with switched(Switched) as box:
        box.orders.offer(box.source, OFF, SECOND)
        with pytest.raises(ProofNoneError):
            await box.source.send(Command(key=ON))
        await asyncio.sleep(3600)
        with pytest.raises(ProofError):
            await box.source.send(Command(key=OFF))
        box.orders.offer(box.source, OFF, "wrong")
        with pytest.raises(ProofWrongError):
            await box.source.send(Command(key=OFF))
        assert box.sent == 0


async def test_nothing_is_ever_ordered_that_nobody_asked_for() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    async with office(cloud) as it:
        Switched(it, meter)
        await it.hub.start()
        it.hub.orders.stored_password = lambda: SECOND
        for fault in ("trace", "close", "unauthorised", "renew"):
            cloud.fail(fault)
            await it.hub.poll()
        cloud.kick_out()
        await asyncio.sleep(7200)
    assert cloud.effects == []


async def test_a_code_that_was_given_to_a_device_of_another_type_is_told_nothing() -> None:
    async with switched(Switched) as box:
        box.meter.instrument = Figures(ARCM300T, box.meter.code, lambda: box.hub.now().timestamp())
        await box.hub.poll()
        box.orders.offer(box.source, OFF, SECOND)
        with pytest.raises(CommandRefusedError):
            await box.source.send(Command(key=OFF))
        assert (await box.operate(OFF)).result is not Result.CONFIRMED
        assert box.sent == 0


async def test_between_the_second_step_and_the_command_nobody_else_is_asked_for_anything() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    meter.figures.closed = False
    async with office(cloud) as it:
        box = Switched(it, meter)
        await it.hub.start()
        cloud.fail("slow", at="verifySePassword", seconds=1)
        cloud.fail("slow", at="leakageCurrentAndTemp", seconds=28)
        closing = asyncio.create_task(box.operate(ON))
        await until(lambda: cloud.count("verifySePassword"))
        past = asyncio.create_task(it.hub.account.leakage_of_day(meter.site, meter.code, date(2026, 11, 21)))
        begin = asyncio.get_running_loop().time()
        await until(lambda: box.sent)
        assert asyncio.get_running_loop().time() - begin < 5
        assert (await closing).is_confirmed
        await past


async def test_the_last_word_is_asked_directly_before_the_command_leaves() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    meter.figures.closed = False
    async with office(cloud) as it:
        box = Switched(it, meter)
        await it.hub.start()
        cloud.fail("slow", at="verifySePassword", seconds=8)
        closing = asyncio.create_task(box.operate(ON))
        await until(lambda: cloud.count("verifySePassword"))
        await asyncio.sleep(4)
        box.control.tags.hang("1", ME, Rights.usual(), "work on it")
        outcome = await closing
        assert (outcome.result, outcome.writes, box.sent, meter.closed) == (Result.REFUSED, 0, 0, False)


async def test_a_poll_that_began_before_a_look_takes_nothing_back_of_what_that_saw() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)

    def without_temperatures(answer: Any) -> Any:  # noqa: ANN401 - JSON
        for row in answer["data"]["leakageCurrentValues"]:
            for name in [name for name in row if name.startswith("fTemp")]:
                del row[name]
        return answer

    cloud.fail("alter", at="leakageMonitor", times=None, change=without_temperatures)
    async with office(cloud) as it:
        box = Switched(it, meter)
        box.device.want(frozenset({POSITION}))
        await it.hub.start()
        told: list[Value | None] = []
        box.device.listen(lambda *_: told.append(box.device.readings[POSITION].value))
        await asyncio.sleep(40)
        cloud.fail("slow", at="selectByStationId", after=1, seconds=4)
        poll = asyncio.create_task(it.hub.poll())
        await asyncio.sleep(2)
        meter.figures.closed = False
        await it.hub.look(meter.site)
        assert box.device.readings[POSITION].value is False
        await poll
        assert box.device.readings[POSITION].value is False
        assert True not in told[told.index(False) :]


async def test_an_opening_waits_for_no_history_that_is_slow() -> None:
    async with switched(Switched) as box:
        box.cloud.fail("slow", at="leakageCurrentAndTemp", seconds=25, times=None)

        async def history() -> None:
            while True:
                await box.hub.account.leakage_of_day(box.meter.site, box.meter.code, date(2026, 11, 21))

        past = asyncio.create_task(history())
        await asyncio.sleep(1)
        begin = asyncio.get_running_loop().time()
        opening = asyncio.create_task(box.operate(OFF))
        await until(lambda: box.sent)
        assert asyncio.get_running_loop().time() - begin < 2
        assert (await opening).is_confirmed
        # What was broken off is asked for again.
        asked = box.cloud.count("leakageCurrentAndTemp")
        await asyncio.sleep(60)
        assert box.cloud.count("leakageCurrentAndTemp") > asked
        assert not past.done()
        past.cancel()


async def test_a_person_is_served_while_the_server_wants_to_be_left_alone() -> None:
    async with switched(Switched) as box:
        box.cloud.fail("http", status=429, headers={"Retry-After": "3600"})
        await box.hub.poll()
        lists = box.cloud.count("getTempABCResult")
        assert (await box.operate(OFF)).is_confirmed
        # What comes back to a person does not shorten it for all others.
        box.cloud.fail("http", at="getControlValidType", status=502)
        assert (await box.operate(RESET)).result is Result.REFUSED
        await box.hub.poll()
        assert box.cloud.count("getTempABCResult") == lists
