"""What a platform sends by itself: parsed whatever it is, told once, never more than what was named."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.push import LARGEST, MOST_RECORDS, Delivery, delivery_of
from custom_components.acrel_safety.aioacrel.cloud.pushhub import MOST_NUMBERS, AlarmNumbers, PushedBefore, PushHub
from custom_components.acrel_safety.aioacrel.cloud.pushsource import PushSource
from custom_components.acrel_safety.aioacrel.cloud.pushuntaken import MOST_UNTAKEN, UntakenAlarms
from custom_components.acrel_safety.aioacrel.cloud.records import PushedAlarm
from custom_components.acrel_safety.aioacrel.errors import CommandRefusedError, DeviceAwayError
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.source import FAR, Command, Doubtful, Reporting, Update

pytestmark = pytest.mark.virtual_time

NOW = datetime(2026, 11, 22, 1, 0, 30, tzinfo=UTC)
STAMP = 1795309215
"""09:00:15 in China, 15 seconds ago."""
UA, EPI = PointKey("1", "Ua"), PointKey("1", "EPI")
ALARM: dict[str, Any] = {
    "gatewaySn": "GW0001",
    "meterSn": "MT0001",
    "projectCode": "1",
    "projectName": "Demo",
    "createTime": "2026-11-22 09:00:15",
    "timestamp": STAMP,
    "list": [
        {
            "code": "PFLOW1",
            "level": "1",
            "alarmNo": "1",
            "title": {"zh_CN": "功率因数低", "en_US": "Power factor low"},
            "message": {"zh_CN": "…", "en_US": "below 0.8"},
        }
    ],
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
FIELDS = st.sampled_from([*ALARM, "Ua", "EPI", "state", "source", "Switch", "meterSN", "code", "alarmNo"])


def values(**more: object) -> dict[str, object]:
    common = {"gatewaySn": "GW0001", "meterSn": "MT0001", "meterNo": "1", "source": "REALTIME", "state": "ONLINE"}
    return {**common, "createTime": "2026-11-22 09:00:15", "timestamp": STAMP, "Ua": 228.4, "EPI": "10234.5", **more}


def body(found: object) -> bytes:
    return json.dumps(found, ensure_ascii=False).encode()


# -- bodies ------------------------------------------------------------------------------------------------------------


def test_values_are_taken_as_they_are_sent() -> None:
    (one,) = delivery_of(body([values(Ia=None, P=True, timestamp=STAMP * 1000)])).values
    assert (one.gateway, one.serial, one.is_online, one.is_history) == ("GW0001", "MT0001", True, False)
    assert one.time == datetime(2026, 11, 22, 1, 0, 15, tzinfo=UTC)
    assert one.values == {"Ua": 228.4, "EPI": "10234.5", "P": 1.0}
    by_text = delivery_of(body(values(timestamp=None))).values
    assert [found.time for found in by_text] == [one.time]


def test_alarms_are_taken_as_they_are_sent() -> None:
    (one,) = delivery_of(body(ALARM)).alarms
    assert (one.number, one.serial, one.code, one.level) == ("1", "MT0001", "PFLOW1", "1")
    assert one.titles == {"zh": "功率因数低", "en": "Power factor low"}
    without = {**ALARM, "list": [{"code": "PFLOW1"}, 5, {"alarmNo": ["1"]}]}
    found = delivery_of(body(without))
    assert ([*found.values, *found.alarms], found.left_out) == ([], 3)


@pytest.mark.parametrize("found", [b"", b"<html>", b"{", b"5", b'"a"', b"[" * 100_000, b"\xff"])
def test_what_is_no_such_thing_is_unread(found: bytes) -> None:
    assert delivery_of(found) == Delivery(is_unread=True)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_hides_nothing_else(number: str) -> None:
    sound, broken, alarm = {"meterSn": "M1", "Ua": 230}, '{"meterSn": "M2", "Ua": 0x, "Ub": 229}', json.dumps(ALARM)
    found = delivery_of(f"[{json.dumps(sound)}, {broken.replace('0x', number)}, {alarm}]".encode())
    assert [(one.serial, one.values) for one in found.values] == [("M1", {"Ua": 230}), ("M2", {"Ub": 229})]
    assert len(found.alarms) == 1


def test_bodies_are_bounded() -> None:
    assert delivery_of(b" " * (LARGEST + 1)).is_unread
    many = delivery_of(body([{"meterSn": f"M{number}"} for number in range(MOST_RECORDS + 7)]))
    assert (len(many.values), many.left_out) == (MOST_RECORDS, 7)


@given(st.lists(st.dictionaries(FIELDS, ANYTHING, max_size=8), max_size=4) | ANYTHING)
def test_no_body_does_harm(found: object) -> None:
    delivery = delivery_of(json.dumps(found).encode())
    for one in delivery.values:
        assert one.serial
        assert all(isinstance(value, str) or abs(value) < float("inf") for value in one.values.values())
    for alarm in delivery.alarms:
        assert alarm.number


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(found: bytes) -> None:
    delivery_of(found)


@given(st.data())
def test_no_change_of_a_sound_body_does_harm(data: st.DataObject) -> None:
    sound = values() if data.draw(st.booleans()) else dict(ALARM)
    for field in data.draw(st.lists(st.sampled_from(sorted(sound)), max_size=4)):
        sound[field] = data.draw(ANYTHING)
    delivery_of(json.dumps([sound]).encode())


# -- devices -----------------------------------------------------------------------------------------------------------


class Address:
    """What a platform sends to, with one device named, and what becomes of it."""

    def __init__(self, numbers: AlarmNumbers | None = None) -> None:
        self.alarms: list[PushedAlarm] = []
        self.before: list[PushedBefore] = []
        self.updates: list[Update] = []
        self.now = NOW
        self.is_anybody_told = True
        self.hub = PushHub(
            on_alarm=self._tells, on_before=self.before.append, now=lambda: self.now, period=60, numbers=numbers
        )
        self.source: PushSource = self.hub.source("MT0001", ModelLibrary().get("adw300"))
        self.source.join(self.updates.append)
        self.source.want({UA, EPI})
        self.hub.start()

    def _tells(self, alarm: PushedAlarm) -> bool:
        if self.is_anybody_told:
            self.alarms.append(alarm)
        return self.is_anybody_told

    def take(self, found: object) -> None:
        self.hub.take(body(found))

    def said(self, key: PointKey = UA) -> object:
        found = [update.readings[key] for update in self.updates if key in update.readings]
        return None if not found else found[-1].value if found[-1].value is not None else found[-1].quality


async def test_values_become_readings_of_the_farthest_way_that_proves_nothing() -> None:
    address = Address()
    address.take([values()])
    assert (address.said(), address.said(EPI)) == (228.4, 10234.5)
    source = address.source
    assert source.held[UA].origin == "push"
    assert source.rank == FAR
    assert isinstance(source, Reporting)
    assert isinstance(source, Doubtful)
    assert source.doubt is not None
    assert source.orders == frozenset()
    with pytest.raises(CommandRefusedError):
        await source.send(Command(key=PointKey("1", "RLYON")))
    address.hub.stop()


async def test_what_is_older_repeated_of_before_or_of_later_is_no_present_value() -> None:
    address = Address()
    address.take([values()])
    address.take([values()])
    address.take([values(timestamp=STAMP - 30, Ua=200.0)])
    address.take([values(timestamp=STAMP - 7200, Ua=201.0)])
    address.take([values(timestamp=STAMP - 3600, Ua=202.0, source="HISTORY")])
    address.take([values(timestamp=STAMP + 7200, Ua=203.0)])
    address.take([values(timestamp=None, createTime="?", Ua=204.0)])
    assert address.said() == 228.4
    told = {(value.time.timestamp() - STAMP, value.value) for value in address.before if value.key == UA}
    assert told == {(-30, 200.0), (-7200, 201.0), (-3600, 202.0)}
    assert address.hub.figures.of_later == 1
    assert "wrong" in str(address.source.reporter.trouble)
    address.take([values(timestamp=STAMP + 10, Ua=229.0)])
    assert address.source.reporter.trouble is None
    assert address.said() == 229.0
    address.hub.stop()


async def test_a_device_that_is_away_or_told_of_no_more_is_lost() -> None:
    address = Address()
    with pytest.raises(DeviceAwayError):
        await address.source.read({UA})
    healthy = [address.hub.is_healthy]
    address.take([values()])
    healthy.append(address.hub.is_healthy)
    address.take([values(timestamp=STAMP + 5, state="OFFLINE", Ua=None)])
    assert address.said() is Quality.NO_ANSWER
    address.take([values(timestamp=STAMP + 10)])
    assert address.said() == 228.4
    await asyncio.sleep(200)
    assert address.said() is Quality.NO_ANSWER
    assert [*healthy, address.hub.is_healthy] == [False, True, False]
    address.hub.stop()


async def test_an_alarm_is_told_once_also_after_a_restart() -> None:
    address = Address()
    address.take(ALARM)
    address.take(ALARM)
    other = {**ALARM, "list": [{**ALARM["list"][0], "alarmNo": "2"}]}
    address.take([other, other])
    assert [alarm.number for alarm in address.alarms] == ["1", "2"]
    numbers = AlarmNumbers.restored(json.loads(json.dumps(address.hub.numbers.kept())))
    address.hub.stop()
    again = Address(numbers)
    again.take([ALARM, other])
    assert again.alarms == []
    assert again.hub.figures.repeated_alarms == 2
    again.hub.stop()


def test_known_numbers_are_bounded() -> None:
    numbers = AlarmNumbers()
    for number in range(MOST_NUMBERS + 10):
        alarm = PushedAlarm(number=str(number), gateway="", serial="M", time=None, code="", level="")
        assert numbers.is_news(alarm)
        numbers.note(alarm)
        assert not numbers.is_news(alarm)
    assert len(numbers.kept()) == MOST_NUMBERS
    assert AlarmNumbers.restored([5, None, *numbers.kept()]).kept()[-1] == numbers.kept()[-1]


async def test_an_alarm_that_nobody_was_told_of_is_told_when_somebody_takes_it() -> None:
    address = Address()
    address.is_anybody_told = False
    address.take(ALARM)
    address.take(ALARM)
    address.hub.tell()
    assert (address.hub.figures.alarms, len(address.hub.untaken)) == (0, 1)
    # It did not come yet, for whoever asks; after a restart neither.
    assert address.hub.numbers.kept() == []
    kept = json.loads(json.dumps(address.hub.untaken.kept()))
    address.hub.stop()
    again = Address()
    again.hub.untaken = UntakenAlarms.restored(kept)
    again.hub.tell()
    again.hub.tell()
    again.take(ALARM)
    assert again.alarms == list(delivery_of(body(ALARM)).alarms)
    assert again.hub.untaken.kept() == []
    again.hub.stop()


async def test_an_alarm_is_told_when_it_is_sent_again_and_somebody_takes_it_then() -> None:
    address = Address()
    address.is_anybody_told = False
    address.take(ALARM)
    address.is_anybody_told = True
    address.take(ALARM)
    address.hub.tell()
    assert len(address.alarms) == 1
    assert len(address.hub.untaken) == 0
    address.hub.stop()


async def test_alarms_of_a_device_that_belongs_here_wait_for_it_and_those_of_others_do_not() -> None:
    address = Address()
    address.hub.drop(address.source)
    address.is_anybody_told = False
    address.hub.expected = {"MT0001"}
    address.take(ALARM)
    assert (list(address.hub), len(address.hub.untaken)) == ([], 1)
    # It was removed meanwhile.
    address.hub.expected = set()
    address.hub.tell()
    address.take(ALARM)
    assert len(address.hub.untaken) == 0
    assert [stranger.serial for stranger in address.hub] == ["MT0001"]
    address.hub.stop()


@given(st.lists(st.tuples(FIELDS, ANYTHING), max_size=6), st.text(), st.text())
def test_alarms_that_are_kept_come_back_as_they_were(changes: list[tuple[str, object]], title: str, code: str) -> None:
    sent = {**ALARM, "list": [{**ALARM["list"][0], "code": code, "title": {"en_US": title}}, *ALARM["list"]]}
    alarms = delivery_of(json.dumps({**sent, **dict(changes), "meterSn": "MT0001"}).encode()).alarms
    untaken = UntakenAlarms()
    for alarm in alarms:
        untaken.put(alarm)
    assert list(UntakenAlarms.restored(json.loads(json.dumps(untaken.kept())))) == list(untaken)


@given(ANYTHING | st.lists(st.dictionaries(FIELDS, ANYTHING, max_size=8), max_size=4))
def test_no_file_of_kept_alarms_does_harm(found: object) -> None:
    assert all(alarm.number for alarm in UntakenAlarms.restored(found))


def test_kept_alarms_are_bounded_and_the_oldest_go_first() -> None:
    untaken = UntakenAlarms()
    for number in range(MOST_UNTAKEN + 5):
        untaken.put(PushedAlarm(number=str(number), gateway="", serial="M", time=None, code="", level=""))
    assert [alarm.number for alarm in untaken][:1] == ["5"]
    assert len(UntakenAlarms.restored(untaken.kept() * 3)) == len(untaken) == MOST_UNTAKEN


async def test_who_is_not_named_is_listed_and_no_more() -> None:
    address = Address()
    for number in range(100):
        address.take([values(meterSn=f"X{number}"), {**ALARM, "meterSn": f"Y{number}"}])
    assert len(list(address.hub)) == 64
    assert address.alarms == []
    assert address.updates == [] or address.said() is None
    stranger = next(iter(address.hub))
    assert "Ua" in stranger.codes
    address.hub.stop()
    address.take([values(timestamp=STAMP + 1)])
    assert address.said() is None


async def test_records_that_are_dropped_and_named_again_begin_anew() -> None:
    address = Address()
    address.take([values()])
    address.hub.drop(address.source)
    assert address.hub.sources == []
    address.take([values(timestamp=STAMP + 1)])
    assert [stranger.serial for stranger in address.hub] == ["MT0001"]
    address.now += timedelta(seconds=1)
    address.hub.source("MT0001", ModelLibrary().get("adw300"))
    assert list(address.hub) == []
    address.hub.stop()
