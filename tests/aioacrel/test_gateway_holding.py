"""What of a meter behind a gateway holds, for how long, and what is never told of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.acrel_safety.aioacrel.alarms.levels import Safety
from custom_components.acrel_safety.aioacrel.alarms.watch import Watch
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality

from .gateway_rigs import DAY, Broker

pytestmark = pytest.mark.virtual_time
_LEAKS = PointKey("1", "LgHigh")


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    yield broker
    await broker.end()


async def test_a_code_that_comes_no_more_holds_for_three_periods_whatever_else_comes(broker: Broker) -> None:
    heard = broker.source("ascb1")
    broker.login(period=60)
    broker.meter({"Ua": 230, "LgHigh": 0})
    for _ in range(3):
        assert heard.quality("LgHigh") is Quality.GOOD
        await asyncio.sleep(59)
        broker.meter({"Ua": 231})
    await asyncio.sleep(10)
    assert (heard.quality("LgHigh"), heard.quality("Ua")) == (Quality.STALE, Quality.GOOD)
    broker.meter({"LgHigh": 1})
    assert heard.value("LgHigh") is True
    # Loaded anew nothing of it holds for longer than it would have.
    broker.hub.drop(heard.source)
    again = broker.source("ascb1")
    assert again.source.heard == {PointKey("1", "Ua"), _LEAKS}
    await asyncio.sleep(175)
    assert again.source.heard == {_LEAKS}


async def test_an_alarm_is_not_lost_because_something_else_was_told_of_a_moment_later(broker: Broker) -> None:
    heard = broker.source("ascb1")
    broker.meter({"LgHigh": 0, "Ua": 230}, stamp=broker.stamp - 60)
    broker.meter({"Ua": 231})
    broker.meter({"LgHigh": 1, "Ua": 200}, stamp=broker.stamp - 5)
    assert (heard.value("LgHigh"), heard.value("Ua")) == (True, 231)
    assert [(one.key.code, one.value) for one in broker.history] == [("Ua", 200)]
    broker.update({"0_" + heard.source.serial: {"state": "OFFLINE"}}, stamp=broker.stamp + 1)
    broker.meter({"LgHigh": 0}, stamp=broker.stamp)
    assert heard.quality("LgHigh") is Quality.NO_ANSWER


@pytest.mark.parametrize("leap", [-DAY, DAY])
async def test_no_alarm_is_lost_when_our_own_clock_is_set(
    broker: Broker, leap: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = broker.source("ascb1")
    broker.login(period=60)
    stamps = [broker.stamp + 60 * number for number in range(4)]
    broker.meter({"LgHigh": 0}, stamp=stamps[0])
    monkeypatch.setattr(broker, "_begun", broker._begun - leap)
    for stamp in stamps[1:]:
        await asyncio.sleep(60)
        broker.meter({"LgHigh": 1}, stamp=stamp)
    assert heard.value("LgHigh") is True


async def test_what_comes_of_before_one_by_one_is_never_taken_for_a_state_of_now(broker: Broker) -> None:
    heard = broker.source("ascb1")
    broker.login(period=60)
    for _ in range(5):
        broker.meter({"RlySta": 1})
        await asyncio.sleep(30)
        broker.meter({"RlySta": 0}, stamp=broker.stamp - 7200)
        await asyncio.sleep(30)
        assert heard.value("RlySta") is True
    assert len(broker.history) == 5


async def test_what_a_gateway_never_tells_is_no_quiet_until_the_owner_puts_it_aside(broker: Broker) -> None:
    heard = broker.source("ascb1")
    device = Device("breaker", heard.source.shown_as)
    device.attach(heard.source)
    watch = Watch(device, lambda _: None)
    watch.start()
    broker.login(period=60)
    told = {key.code: 230 if key.code.startswith("U") else 0 for key in watch.inputs} | {
        "UHigh": 0,
        "ULow": 0,
        "RlySta": 1,
    }
    del told["LgHigh"]
    for _ in range(3):
        assert (heard.source.unreported, watch.safety()) == (frozenset(), Safety.NOT_SEEN)
        await asyncio.sleep(1)
        broker.meter(told)
        broker.meter({"RlySta": 1})
    assert heard.source.unreported & watch.inputs == {_LEAKS}
    assert watch.safety() is Safety.NOT_SEEN
    heard.source.put_aside({_LEAKS})
    assert (heard.source.unreported & watch.inputs, device.lacks(_LEAKS)) == (frozenset(), True)
    assert watch.safety() is not Safety.NOT_SEEN
    # A single word of it, and it counts as all the others do.
    await asyncio.sleep(9)
    broker.meter({"LgHigh": 1})
    assert (device.lacks(_LEAKS), watch.safety()) == (False, Safety.ALARM)
    await asyncio.sleep(3)
    broker.meter(told | {"LgHigh": 0})
    await asyncio.sleep(100)
    broker.meter(told)
    await asyncio.sleep(100)
    assert heard.quality("LgHigh") is Quality.STALE
    alarm = next(alarm for key, alarm in watch.alarms.items() if key.code == "LgHigh")
    assert not alarm.facts.is_seen
    watch.end()


async def test_where_all_is_put_aside_nothing_is_safe(broker: Broker) -> None:
    heard = broker.source("ascb1")
    device = Device("breaker", heard.source.shown_as)
    heard.source.put_aside(heard.source.points.keys() - {PointKey("1", "EPI")})
    device.attach(heard.source)
    device.want([PointKey("1", "EPI")])
    watch = Watch(device, lambda _: None)
    watch.start()
    broker.meter({"EPI": 20})
    assert device.is_heard
    assert watch.safety() is Safety.NOT_SEEN
    watch.end()
