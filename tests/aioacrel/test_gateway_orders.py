"""Operations through a gateway: sent once, taken over is not done, done is what was read back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.control.caller import Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.gateway.options import GatewayOptions
from custom_components.acrel_safety.aioacrel.readings import PointKey

from .gateway_rigs import GATEWAY, KEY, METER, Broker, Heard

pytestmark = pytest.mark.virtual_time

OFF, ON = PointKey("1", "FORRLYOFF"), PointKey("1", "FORRLYON")
CLOSED, OPEN, OPENING = 0xE0EF, 0x01E8, 0xE1E8
ME = Caller(kind=CallerKind.PERSON, id="me", is_administrator=True)


class Meter:
    """A prepaid meter behind a gateway that wakes up every so often."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.word = CLOSED
        self.wakes_after = 20.0
        self.takes = True
        self.is_deaf = False
        self.moves = True
        self.orders: list[dict[str, Any]] = []
        self.refreshed = asyncio.Event()
        broker.tasks.append(asyncio.create_task(self._live()))

    async def _live(self) -> None:
        broker = self.broker
        broker.login()
        broker.meter({"AdfState1": self.word})
        while True:
            kept = [await broker.answer()]
            await asyncio.sleep(self.wakes_after)
            while broker.published:
                kept.append(await broker.answer())
            for topic, message in kept:
                if "indicate" in topic:
                    self._hears(topic, message)

    def _hears(self, topic: str, message: dict[str, Any]) -> None:
        assert topic == f"indicate/server/{KEY}/{GATEWAY}"
        payload = message["payload"]
        if self.is_deaf:
            self.orders += [payload] if payload["method"] != "REFRESH" else []
            return
        answer = {"method": "operate", "msgid": message["msgid"], "timestamp": self.broker.stamp}
        answer["res"] = int(self.takes)
        if payload["method"] == "REFRESH":
            self.refreshed.set()
            self.broker.say(f"indicate/dev/{KEY}/{GATEWAY}", answer | {"res": 1})
            self.broker.meter({"AdfState1": str(self.word)})
            return
        assert message["msgid"].isdecimal()
        self.orders.append(payload)
        if self.takes and self.moves:
            self.word = CLOSED if payload.get("ForceSwitch", payload["method"] == "RLYON") else OPEN
        self.broker.say(f"indicate/dev/{KEY}/{GATEWAY}", answer)


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    yield broker
    await broker.end()


def control_of(heard: Heard) -> Control:
    device = Device("meter", heard.source.model)
    device.attach(heard.source)
    return Control(device, lambda: Policy(is_enabled=True, may_close=True, rights=Rights.usual()))


async def operated(control: Control, key: PointKey) -> Outcome:
    return await control.operate(key, ME, is_confirmed=True)


@pytest.mark.parametrize("wakes_after", [0.5, 20.0, 110.0])
async def test_a_meter_is_opened_and_closed_with_its_position_confirmed_however_late_it_wakes(
    broker: Broker, wakes_after: float
) -> None:
    meter, control = Meter(broker), control_of(broker.source())
    meter.wakes_after = wakes_after
    await broker.settled()
    for key, wanted in ((OFF, 0), (ON, 1)):
        outcome = await operated(control, key)
        assert (outcome.result, outcome.position, outcome.writes) == (Result.CONFIRMED, bool(wanted), 1)
        assert meter.orders[-1] == {
            "method": "FORCESWITCH",
            "ForceSwitch": wanted,
            "do1": wanted,
            "addr": METER,
            "meterName": f"acrel-dtsy1352-{METER}",
        }
    assert len(meter.orders) == 2
    assert await operated(control, ON) == Outcome(result=Result.CONFIRMED, reason=Reason.ALREADY_THERE, position=True)


async def test_taken_over_is_not_done(broker: Broker) -> None:
    meter, control = Meter(broker), control_of(broker.source())
    meter.moves = False
    await broker.settled()
    outcome = await operated(control, OFF)
    assert (outcome.result, outcome.writes, len(meter.orders)) == (Result.UNKNOWN, 1, 1)


async def test_an_order_that_is_declined_is_sent_no_second_time(broker: Broker) -> None:
    meter, control = Meter(broker), control_of(broker.source())
    meter.takes, meter.wakes_after = False, 5.0
    await broker.settled()
    outcome = await operated(control, OFF)
    assert (outcome.result, len(meter.orders)) == (Result.UNKNOWN, 1)
    assert "declined" in outcome.text("en") or outcome.reason is Reason.NOT_WATCHED


async def test_one_that_never_answers_is_asked_again_and_not_switched(broker: Broker) -> None:
    meter, control = Meter(broker), control_of(broker.source())
    await broker.settled()
    meter.is_deaf = True
    before = len(broker.published)
    outcome = await operated(control, OFF)
    assert (outcome.result, meter.orders, before) == (Result.REFUSED, [], 0)


async def test_one_that_falls_silent_after_the_order_is_unknown_and_the_order_went_once(broker: Broker) -> None:
    meter, control = Meter(broker), control_of(broker.source())
    await broker.settled()
    act = asyncio.create_task(operated(control, OFF))
    await meter.refreshed.wait()
    meter.is_deaf = True
    outcome = await act
    assert (outcome.result, outcome.writes, len(meter.orders)) == (Result.UNKNOWN, 1, 1)


@pytest.mark.parametrize(
    ("failure", "result", "writes"),
    [(ConnectionRefusedError(111, "refused"), Result.REFUSED, 0), (RuntimeError("no answer"), Result.UNKNOWN, 1)],
)
async def test_what_did_not_leave_is_refused_and_what_may_have_left_is_unknown(
    broker: Broker, failure: Exception, result: Result, writes: int
) -> None:
    heard = broker.source()
    control = control_of(heard)
    broker.login()
    broker.meter({"AdfState1": CLOSED})
    act = asyncio.create_task(operated(control, OFF))
    await asyncio.sleep(1)
    # Reported by itself, so that the order is what fails.
    broker.failure = failure
    broker.meter({"AdfState1": CLOSED}, stamp=broker.stamp + 1)
    outcome = await act
    assert (outcome.result, outcome.writes) == (result, writes)
    assert [payload for _, payload, _ in broker.published if payload.get("payload", {}).get("ForceSwitch")] == []


async def test_nothing_goes_to_a_gateway_that_has_not_spoken_since_the_start(broker: Broker) -> None:
    control = control_of(broker.source())
    outcome = await operated(control, OFF)
    assert outcome.result is Result.REFUSED
    assert broker.published == []


async def test_the_order_goes_at_most_once_and_no_broker_keeps_it(broker: Broker) -> None:
    control = control_of(broker.source())
    broker.login()
    broker.meter({"AdfState1": CLOSED})
    act = asyncio.create_task(operated(control, OFF))
    await asyncio.sleep(1)
    broker.meter({"AdfState1": CLOSED}, stamp=broker.stamp + 1)
    await act
    qualities = [
        qos for _, payload, qos in broker.published if payload.get("payload", {}).get("method") == "FORCESWITCH"
    ]
    assert qualities == [0]


async def test_methods_by_analogy_are_offered_only_where_the_owner_opted_in(broker: Broker) -> None:
    heard = broker.source("ascb1")
    broker.login()
    assert heard.source.orders == frozenset()
    broker.hub.expect(GATEWAY, GatewayOptions(methods_by_analogy=True))
    codes = {key.code for key in heard.source.orders}
    assert codes == {"RLYON", "RLYOFF", "FORRLYON", "FORRLYOFF", "RLYREPON", "RLYREPOFF", "SILENCE", "RESET", "SELCHK"}
    assert heard.source.by_analogy == heard.source.orders
    assert "No document" in str(broker.hub.gateways[GATEWAY].options.warning)


async def test_a_breaker_that_tripped_is_closed_by_name_and_confirmed_by_its_position(broker: Broker) -> None:
    heard = broker.source("ascb1", options=GatewayOptions(methods_by_analogy=True))
    control = control_of(heard)
    states = {"RlySta": 0, "LockSta": 0, "RlyRepSta": 0, "CtrLevel": 0}
    broker.login()
    broker.meter(states)
    # On site it is locked; what its control level means no document says, so that this is no lock.
    outcome = await asyncio.wait_for(_told(broker, control, PointKey("1", "RLYON"), {**states, "LockSta": 1}), 1000)
    assert (outcome.result, outcome.reason) == (Result.REFUSED, Reason.LOCAL_LOCK)
    assert set(_methods(broker)) <= {"REFRESH"}
    outcome = await asyncio.wait_for(_told(broker, control, PointKey("1", "RLYON"), states), 1000)
    assert (outcome.result, outcome.writes) == (Result.CONFIRMED, 1)
    assert _methods(broker).count("RLYON") == 1


def _methods(broker: Broker) -> list[str]:
    return [payload["payload"]["method"] for _, payload, _ in broker.published if "payload" in payload]


async def _told(broker: Broker, control: Control, key: PointKey, states: dict[str, int]) -> Outcome:
    """Have a breaker report every few seconds; once it was told to close it is closed."""
    act = asyncio.create_task(operated(control, key))
    while not act.done():
        await asyncio.sleep(5)
        broker.meter({**states, "RlySta": int(key.code in _methods(broker))}, stamp=broker.stamp)
    return act.result()


async def test_the_other_dialects_offer_no_order(broker: Broker) -> None:
    heard = broker.source()
    broker.say(f"/gw/acrelHW/null/data/{GATEWAY}", {"type": "data", "meterSN": METER, "ua": 230})
    assert heard.value("Ua") == 230
    assert heard.source.orders == frozenset()


async def test_what_was_made_before_the_order_confirms_nothing_however_late_it_comes(broker: Broker) -> None:
    heard = broker.source()
    control = control_of(heard)
    broker.login()
    broker.meter({"AdfState1": CLOSED}, stamp=broker.stamp)
    act = asyncio.create_task(operated(control, OFF))
    await asyncio.sleep(2)
    broker.meter({"AdfState1": CLOSED}, stamp=broker.stamp)
    await asyncio.sleep(30)
    methods = [message["payload"]["method"] for _, message, _ in broker.published if "payload" in message]
    assert methods.count("FORCESWITCH") == 1
    broker.meter({"AdfState1": OPEN}, stamp=broker.stamp - 33)  # as it was for a moment before
    await asyncio.sleep(10)
    assert not act.done()
    broker.meter({"AdfState1": OPEN}, stamp=broker.stamp)
    assert (await act).result is Result.CONFIRMED
