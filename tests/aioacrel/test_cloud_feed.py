"""What a cloud's broker tells: in units that are known, of now, and a silent feed is not relied on."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.feed import (
    LARGEST,
    SILENT_SECONDS,
    Feed,
    values_of,
)
from custom_components.acrel_safety.aioacrel.cloud.records import Values
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator.cloud import ADW300, ARCM310, Cloud
from simulator.cloud import Feed as Published

NOW = datetime(2026, 11, 22, 1, 0, 10, tzinfo=UTC)
UNITS = {"Ia": "A", "P": "W", "EPI": "kWh", "Lg": "A", "TempA": "℃", "Q": "Mvar"}
SITE, TOPIC = "10100001", "report/allpoints/10100001"
TOLD = {"Ua": 228.4, "Ia": 12.31, "P": 2710.0, "EPI": 10234.5, "Switch": 1}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def message(values: object, time: str = "2026-11-22 09:00:00", code: str = "T201003") -> bytes:
    return json.dumps({"time": time, "meter": [{"id": code, "values": values}]}).encode()


def told(values: Mapping[str, object]) -> Mapping[str, object]:
    """Return what is made of values, by code."""
    one = (values_of(message(values), UNITS) or [])[0]
    return {key.code: value for key, value in one.values.items()}


def test_a_message_tells_of_each_device_in_units_that_are_known() -> None:
    one = (values_of(message(TOLD), UNITS) or [])[0]
    assert (one.code, one.measured) == ("T201003", datetime(2026, 11, 22, 1, tzinfo=UTC))
    assert one.values[PointKey("1", "Ua")] == 228.4
    assert told(TOLD) == {"Ua": 228.4, "Ia": 12.31, "P": 2.71, "EPI": 10234.5, "Switch": True}
    # A current in A is one of mA here; in which unit S is nobody says, and Mvar may be anything.
    assert told({"Lg": 0.0435, "TempA": 31.0, "S": 3.0, "Q": 1.0, "PF": 0.98, "Nobody": 5}) == {
        "Lg": 43.5,
        "TempA": 31.0,
        "PF": 0.98,
    }


@pytest.mark.parametrize(
    ("code", "raw", "value"),
    [
        ("Switch", 1, True),
        ("Switch", 0, False),
        ("Switch", 2, None),
        ("Switch", -1, None),
        ("SwitchOn", 1, True),
        ("SwitchOff", 1, True),
        ("SwitchOff", 0, False),
        ("SwitchOff", 9, None),
        ("DI1", 1, True),
        ("DI1", 7, None),
        ("Ua", 1e9, None),
        ("PF", "abc", None),
    ],
)
def test_a_number_that_means_nothing_is_unknown(code: str, raw: object, value: object) -> None:
    assert told({code: raw}) == {code: value}


@given(ANYTHING | st.fixed_dictionaries({"time": ANYTHING, "meter": st.lists(ANYTHING, max_size=3)}))
def test_no_message_does_harm(found: object) -> None:
    values_of(json.dumps(found).encode(), UNITS)
    values_of(message(found), UNITS)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b" " * (LARGEST + 1), b'{"meter":5}'])
def test_what_is_no_such_message_is_none(payload: bytes) -> None:
    assert values_of(payload, UNITS) is None


class Watched:
    """A feed of one site, and what it told."""

    def __init__(self, *sites: str) -> None:
        self.now = NOW
        self.told: list[Sequence[Values]] = []
        self.feed = Feed(
            sites or [SITE], UNITS, now=lambda: self.now, on_values=lambda _, values: self.told.append(values)
        )


def test_only_what_is_of_now_is_told() -> None:
    watched = Watched()
    feed = watched.feed
    assert feed.subscriptions() == [TOPIC]
    feed.take("report/allpoints/1", message(TOLD))
    feed.take(TOPIC, message(TOLD), retained=True)
    feed.take(TOPIC, message(TOLD, "2026-11-22 08:00:00"))
    feed.take(TOPIC, message(TOLD, "2026-11-22 10:00:00"))
    feed.take(TOPIC, message(TOLD, "?"))
    feed.take(TOPIC, b"{")
    assert (watched.told, feed.unread, feed.others, feed.is_healthy) == ([], 1, 4, False)
    feed.take(TOPIC, message(TOLD))
    feed.take(TOPIC, message(TOLD))
    feed.take(TOPIC, message(TOLD, "2026-11-22 08:59:00"))
    assert len(watched.told) == 1
    assert feed.is_healthy


def test_a_silent_or_broken_feed_is_not_relied_on() -> None:
    watched = Watched(SITE, "10100002")
    feed = watched.feed
    feed.take(TOPIC, message(TOLD))
    states = [feed.is_healthy]
    feed.take("report/allpoints/10100002", message(TOLD))
    states.append(feed.is_healthy)
    feed.lost()
    states.append(feed.is_healthy)
    watched.now += timedelta(seconds=20)
    for site in (SITE, "10100002"):
        feed.take(f"report/allpoints/{site}", message(TOLD, "2026-11-22 09:00:20"))
    states.append(feed.is_healthy)
    watched.now += timedelta(seconds=SILENT_SECONDS + 1)
    states.append(feed.is_healthy)
    # A clock that was set back makes nothing fresh.
    watched.now -= timedelta(days=1)
    states.append(feed.is_healthy)
    assert states == [False, True, False, True, False, False]


@pytest.mark.parametrize(("inverted", "as_text"), [(False, False), (True, False), (False, True)])
def test_a_simulated_feed_is_understood(*, inverted: bool, as_text: bool) -> None:
    watched = Watched()
    cloud = Cloud(now=lambda: watched.now)
    site = cloud.site("Demo site", SITE)
    meters = [site.add(kind) for kind in (ADW300, ARCM310)]
    publisher = Published(cloud)
    publisher.inverted, publisher.as_text = inverted, as_text
    watched.feed.take(TOPIC, json.dumps(publisher.message(site)).encode())
    [both] = watched.told
    assert [one.code for one in both] == [meter.code for meter in meters]
    for meter, one in zip(meters, both, strict=True):
        known = meter.values()
        for code in ("Ua", "Ia", "EPI"):
            if code in known:
                assert one.values[PointKey("1", code)] == pytest.approx(known[code])
    if meters[1].closed is not None:
        position = both[1].values[PointKey("1", "SwitchOff" if inverted else "Switch")]
        assert position is (meters[1].closed is not inverted)


def test_a_site_is_no_wildcard() -> None:
    assert Watched("#", "+", "a/b", "10100001").feed.subscriptions() == [TOPIC]


def test_a_number_that_is_none_hides_no_other() -> None:
    raw = b'{"time":"2026-11-22 09:00:00","meter":[{"id":"a","values":{"Ua":NaN}},{"id":"b","values":{"Ua":230.0}}]}'
    found = values_of(raw, {})
    assert found is not None
    assert [one.values.get(PointKey("1", "Ua")) for one in found] == [None, 230.0]
