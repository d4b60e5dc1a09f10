"""Gateways at a broker: who is answered how, and what of all that comes is a state of now."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from custom_components.acrel_safety.aioacrel.errors import DeviceAwayError
from custom_components.acrel_safety.aioacrel.gateway.events import EventKind
from custom_components.acrel_safety.aioacrel.gateway.strangers import MOST_STRANGERS
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality

from .gateway_rigs import DAY, GATEWAY, KEY, METER, OTHER, Broker

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker()
    yield broker
    await broker.end()


@pytest.mark.parametrize("number", [567, 0, "0", "571", "abc", 12.5, None, True])
async def test_a_login_is_answered_with_the_number_it_had_in_the_type_it_had(broker: Broker, number: object) -> None:
    broker.hub.expect(GATEWAY)
    broker.system("login", msgid=number, payload={"upInterval": 60})
    topic, answer = await broker.answer()
    assert topic == f"sys/server/{KEY}/{GATEWAY}"
    assert (answer["msgid"], type(answer["msgid"])) == (number, type(number))
    assert answer == {"msgid": number, "method": "login", "sn": GATEWAY, "res": 1, "timestamp": broker.stamp}


async def test_the_handshake_ends_with_the_time_in_the_vendors_form_and_the_topology(broker: Broker) -> None:
    broker.hub.expect(GATEWAY)
    broker.system("time", msgid=0, devicesend=1772445500)
    _, answer = await broker.answer()
    now = broker.stamp
    assert answer == {
        "sn": GATEWAY,
        "method": "time",
        "msgid": 0,
        "timezone": "8",
        "timezoneMin": "00",
        "devicesend": 1772445500,
        "serverreceive": now,
        "serversend": now,
        "timestamp": now,
    }
    broker.system("topology")
    _, answer = await broker.answer()
    assert answer == {"sn": GATEWAY, "method": "topology", "res": 1, "timestamp": broker.stamp}


@pytest.mark.parametrize(
    ("spoken", "answered"),
    [
        ("sys/dev/MTIz/NDU2+=/" + GATEWAY, "sys/server/MTIz/NDU2+=/" + GATEWAY),
        ("Sys/Dev/abC=/" + GATEWAY, "sys/server/abC=/" + GATEWAY),
        ("SYS/DEV/abC/" + GATEWAY, "sys/server/abC/" + GATEWAY),
    ],
)
async def test_however_a_device_spells_its_topics_it_is_answered_with_its_own_key(
    broker: Broker, spoken: str, answered: str
) -> None:
    broker.hub.expect(GATEWAY)
    broker.say(spoken, {"method": "login", "msgid": 1})
    assert (await broker.answer())[0] == answered


async def test_the_overseas_dialect_is_answered_shortly(broker: Broker) -> None:
    broker.hub.expect(GATEWAY)
    for kind in ("login", "time", "para"):
        broker.say(f"/gw/acrelHW/null/{kind}/{GATEWAY}", {"type": kind, "gwSN": GATEWAY, "time": "20260302180000"})
    answers = [await broker.answer() for _ in range(3)]
    assert answers == [
        (f"/server/acrelHW/null/login/{GATEWAY}", {"type": "login", "res": 1}),
        (f"/server/acrelHW/null/time/{GATEWAY}", {"type": "time", "res": 1, "time": "20260302180000"}),
        (f"/server/acrelHW/null/para/{GATEWAY}", {"type": "para", "res": 1}),
    ]


async def test_who_is_not_named_is_listed_and_answered_only_while_somebody_looks_for_new_ones(broker: Broker) -> None:
    broker.login()
    broker.meter({"Ua": "230.0"})
    await broker.settled()
    assert broker.published == []
    assert broker.kinds == [EventKind.STRANGER]
    [stranger] = broker.hub.strangers
    assert stranger.login is not None
    assert (stranger.serial, stranger.login.name) == (GATEWAY, "awt200")
    assert "860000" not in repr(stranger.login)
    assert [(meter.serial, meter.codes) for meter in stranger.meters] == [(METER, ("Ua",))]
    broker.hub.pair(60)
    broker.login()
    assert (await broker.answer())[1]["res"] == 1
    broker.hub.pair(0)
    broker.login()
    await broker.settled()
    assert broker.published == []


async def test_a_flood_of_names_takes_no_more_room_and_leaves_the_one_that_goes_on_speaking(broker: Broker) -> None:
    for _ in range(3):
        broker.login()
    for number in range(5 * MOST_STRANGERS):
        broker.system("login", gateway=f"9{number:09d}")
    assert len(broker.hub.strangers) == MOST_STRANGERS
    assert broker.hub.strangers.get(GATEWAY) is not None


async def test_one_that_logs_in_over_and_over_is_not_answered_over_and_over(broker: Broker) -> None:
    broker.hub.expect(GATEWAY)
    for _ in range(500):
        broker.login()
    await broker.settled()
    assert 0 < len(broker.published) <= 31


async def test_values_may_be_texts_and_what_is_no_number_is_no_value(broker: Broker) -> None:
    heard = broker.source()
    broker.meter({"Ua": "226.0", "P": 1.25, "EP": "21.60", "Ub": "--", "PF": "NaN", "Ia": True})
    assert [heard.value(code) for code in ("Ua", "P", "EP")] == [226.0, 1.25, 21.6]
    assert heard.quality("Ub") is heard.quality("PF") is Quality.IMPLAUSIBLE


async def test_a_device_that_reports_by_itself_is_its_own_gateway(broker: Broker) -> None:
    heard = broker.source("adl400", GATEWAY, GATEWAY)
    broker.update({"Ua": "231.1", "rssi": 22, "source": "LIVE"})
    assert heard.value("Ua") == 231.1


async def test_what_a_broker_kept_is_no_data_and_wakes_nobody(broker: Broker) -> None:
    heard = broker.source()
    broker.meter({"Ua": 230}, retained=True)
    broker.say(f"sys/dev/{KEY}/{GATEWAY}", {"method": "login", "msgid": 1}, retained=True)
    await broker.settled()
    assert (heard.readings, broker.published, broker.hub.retained) == ({}, [], 2)
    with pytest.raises(DeviceAwayError):
        await heard.source.read([PointKey("1", "Ua")])
    assert broker.published == []


async def test_the_same_message_twice_is_told_once(broker: Broker) -> None:
    heard = broker.source()
    stamp = broker.stamp
    broker.meter({"Ua": 230}, stamp=stamp)
    count = len(heard.updates)
    broker.meter({"Ua": 230}, stamp=stamp)
    assert (len(heard.updates), heard.source.meter.duplicates, broker.history) == (count, 1, [])


async def test_what_comes_late_changes_no_state_and_is_handed_over_once_with_its_own_time(broker: Broker) -> None:
    heard = broker.source()
    broker.login()
    broker.meter({"EP": 20.0})
    for _ in range(2):
        for hours in (3, 2):
            broker.meter({"EP": 20.0 - hours}, stamp=broker.stamp - hours * 3600)
    assert heard.value("EP") == 20.0
    assert [(one.serial, one.key.code, one.value, broker.stamp - one.time.timestamp()) for one in broker.history] == [
        (METER, "EP", 17.0, 3 * 3600),
        (METER, "EP", 18.0, 2 * 3600),
    ]


async def test_the_older_of_two_that_are_both_of_now_does_not_overwrite_the_newer(broker: Broker) -> None:
    heard = broker.source()
    broker.meter({"RlySta": 1}, stamp=broker.stamp)
    broker.meter({"RlySta": 0}, stamp=broker.stamp - 30)
    assert heard.value("RlySta") is True


@pytest.mark.parametrize("wrong", [-DAY, DAY])
async def test_a_clock_that_is_wrong_by_a_day_loses_no_value_and_dates_none_wrongly(
    broker: Broker, wrong: float
) -> None:
    heard = broker.source()
    broker.system("login", msgid=1, timestamp=broker.stamp + wrong, payload={})
    broker.meter({"Ua": 230.0}, stamp=broker.stamp + wrong)
    reading = heard.readings[PointKey("1", "Ua")]
    assert (reading.value, reading.quality, reading.time) == (230.0, Quality.GOOD, broker.now())
    broker.meter({"Ua": 229.0}, stamp=broker.stamp + wrong - 7200)
    assert heard.value("Ua") == 230.0
    [late] = broker.history
    assert (late.value, late.time.timestamp()) == (229.0, broker.stamp - 7200)


async def test_a_clock_that_is_set_right_meanwhile_goes_on(broker: Broker) -> None:
    heard = broker.source()
    broker.system("login", msgid=1, timestamp=broker.stamp + DAY, payload={})
    broker.meter({"Ua": 230.0}, stamp=broker.stamp + DAY)
    broker.meter({"Ua": 231.0})
    assert (heard.value("Ua"), broker.history) == (231.0, [])


async def test_a_meter_that_its_gateway_does_not_hear_is_lost_at_once(broker: Broker) -> None:
    heard = broker.source()
    broker.meter({"Ua": 230, "AdfState1": 0xE0EF})
    broker.update({f"0_{METER}": {"state": "OFFLINE", "Ua": 230}}, stamp=broker.stamp + 1)
    assert heard.quality("Ua") is heard.quality("RlySta") is Quality.NO_ANSWER
    assert heard.value("Ua") is None


async def test_one_meter_silent_for_three_periods_is_stale_and_the_gateway_silent_no_answer(broker: Broker) -> None:
    one, other = broker.source(), broker.source(serial=OTHER)
    broker.login(period=60)
    broker.update({f"0_{METER}": {"Ua": 1}, f"0_{OTHER}": {"Ua": 2}})
    for _ in range(4):
        await asyncio.sleep(60)
        broker.meter({"Ua": 3}, OTHER)
    assert (one.quality("Ua"), other.quality("Ua")) == (Quality.STALE, Quality.GOOD)
    await asyncio.sleep(181)
    assert other.quality("Ua") is Quality.NO_ANSWER
    assert broker.kinds[-1] is EventKind.LOST
    assert isinstance(other.updates[-1].trouble, DeviceAwayError)
    broker.meter({"Ua": 4}, OTHER)
    assert other.value("Ua") == 4.0
    trouble = other.updates[-1].trouble
    assert trouble is None


async def test_a_message_that_cannot_be_read_is_trouble_and_over_with_the_next_one(broker: Broker) -> None:
    heard = broker.source()
    broker.meter({"Ua": 230})
    for _ in range(3):
        broker.say(f"data/up/{KEY}/{GATEWAY}", b"\x02\x99garbage")
    assert broker.kinds.count(EventKind.TROUBLE) == 1
    assert "LZO" in str(heard.updates[-1].trouble)
    assert heard.value("Ua") == 230
    broker.meter({"Ua": 231})
    assert heard.updates[-1].trouble is None


async def test_an_answer_that_cannot_be_published_is_said(broker: Broker) -> None:
    broker.hub.expect(GATEWAY)
    broker.failure = ValueError("no wildcards")
    broker.login()
    await broker.settled()
    assert "no wildcards" in str(broker.events[-1].trouble)
    broker.failure = None
    broker.login()
    await broker.settled()
    assert broker.hub.gateways[GATEWAY].trouble is None


async def test_a_meter_that_nobody_named_behind_a_known_gateway_is_told_once(broker: Broker) -> None:
    broker.hub.expect(GATEWAY)
    for _ in range(2):
        broker.meter({"Ua": 230, "Lg": 12})
    assert [event.serial for event in broker.events if event.kind is EventKind.METER] == [METER]
    assert [meter.codes for meter in broker.hub.gateways[GATEWAY].heard] == [("Ua", "Lg")]
    broker.source()
    assert list(broker.hub.gateways[GATEWAY].heard) == []


async def test_nothing_of_a_removed_meter_or_gateway_is_told_any_more(broker: Broker) -> None:
    heard = broker.source()
    await broker.hub.remove(heard.source)
    broker.meter({"Ua": 230})
    assert heard.readings == {}
    await broker.hub.forget(GATEWAY)
    broker.meter({"Ua": 230})
    assert [stranger.serial for stranger in broker.hub.strangers] == [GATEWAY]
    await broker.hub.stop()
    broker.hub.take(f"sys/dev/{KEY}/{OTHER}", json.dumps({"method": "login"}))
    assert broker.hub.strangers.get(OTHER) is None
