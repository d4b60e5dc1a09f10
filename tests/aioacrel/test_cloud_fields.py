"""The parts of answers: a number is a number however it is spelled, and what cannot be is none."""

import json
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud import days, logs, reading
from custom_components.acrel_safety.aioacrel.cloud.envelope import LARGEST_BODY, NoEnvelopeError, envelope_of
from custom_components.acrel_safety.aioacrel.cloud.fields import (
    CHINA,
    LONGEST_ID,
    LONGEST_TEXT,
    MOST_ROWS,
    identifier,
    inner,
    moment,
    number,
    rows,
    spelled,
    text,
    yes_or_no,
)
from custom_components.acrel_safety.aioacrel.cloud.loginanswer import login_of
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile
from custom_components.acrel_safety.aioacrel.cloud.records import Values
from custom_components.acrel_safety.aioacrel.readings import PointKey

from .cloud_rigs import ALARM, ELECTRIC, HEARD, LEAKAGE, LOGGED, LOGIN, METERS, OF_DAY, OF_ONE, usual

NUMBERLESS: list[object] = [True, False, None, "", "x", "nan", "inf", "-inf", "0x10", "1_000", "٣", [], {}]
ENDLESS: list[object] = [float("nan"), float("inf"), 10**400, -(10**400), 1e300, "1e99", "9" * 30, 1e13]
YES: list[object] = [1, "1", True, "true", " TRUE ", 1.0]
NO: list[object] = [0, "0", False, "false", "False", 0.0]
NEITHER: list[object] = [2, "2", -1, None, "", "yes", "on", [], {}, float("nan")]
TIMELESS: list[object] = ["", None, 5, {}, [], "2026-13-22 09:02:00", "2026-02-30 09:02:00", "1899-01-01 00:00:00"]
TIMELESS += ["2026-11-22", "09:02:00", "2026-11-22 25:00:00", "2026-11-22 09:02:00Z", "x" * 999, "٢٠٢٦-11-22 09:02:00"]
NO_IDS: list[object] = ["a/b", "a,b", "a b", True, None, [], 1.5, 10**30]
KNOWN = profile("acrelcloud-1000")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (1, 1.0),
        ("1", 1.0),
        (" -43.5 ", -43.5),
        ("1e3", 1000.0),
        (0.0, 0.0),
        *((raw, None) for raw in (*NUMBERLESS, *ENDLESS)),
    ],
)
def test_a_number_may_be_a_text_and_nothing_else(raw: object, value: float | None) -> None:
    assert number(raw) == value


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        *((raw, True) for raw in YES),
        *((raw, False) for raw in NO),
        *((raw, None) for raw in NEITHER),
    ],
)
def test_a_yes_is_a_yes(raw: object, said: bool | None) -> None:
    assert yes_or_no(raw) is said


@pytest.mark.parametrize(
    ("raw", "time"),
    [
        ("2026-11-22 09:02:00", datetime(2026, 11, 22, 1, 2, tzinfo=UTC)),
        ("2026-11-22 09:02:00.0", datetime(2026, 11, 22, 1, 2, tzinfo=UTC)),
        (" 2026-11-22 09:02 ", datetime(2026, 11, 22, 1, 2, tzinfo=UTC)),
        ("2026-11-22T09:02:00.123", datetime(2026, 11, 22, 1, 2, tzinfo=UTC)),
        *((raw, None) for raw in TIMELESS),
    ],
)
def test_a_time_is_of_the_servers_zone(raw: object, time: datetime | None) -> None:
    assert moment(raw, CHINA) == time


def test_an_hour_that_comes_twice_is_the_first_so_that_nothing_looks_newer_than_it_is() -> None:
    found = moment("2026-10-25 02:30:00", BERLIN)
    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    # One that does not come at all is of the hour it would be.
    assert moment("2026-03-29 02:30:00", BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert spelled(datetime(2026, 7, 1, 12, tzinfo=UTC), BERLIN) == "2026-07-01 14:00:00"


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_time_comes_back_as_it_went(naive: datetime) -> None:
    time = naive.replace(microsecond=0, tzinfo=UTC)
    assert moment(spelled(time, CHINA), CHINA) == time


def test_texts_ids_and_lists_are_bounded() -> None:
    assert len(text("x" * 10_000)) == LONGEST_TEXT
    assert text("a\x1b[31m\nb") == "a[31mb"
    assert identifier("x" * (LONGEST_ID + 1)) == ""
    assert identifier(10100001) == identifier("10100001") == identifier(10100001.0) == "10100001"
    assert [identifier(raw) for raw in NO_IDS] == [""] * len(NO_IDS)
    assert inner("[1]") is None
    assert inner('{"a": ' + "[" * 20_000 + "}") is None
    assert inner('{"a": "' + "x" * 70_000 + '"}') is None
    many = rows({"list": [{}] * (MOST_ROWS + 5)}, ["list"])
    assert many is not None
    assert len(many) == MOST_ROWS
    assert rows({"list": {"one": 1}}, ["list"]) == [{"one": 1}]
    assert rows({"list": None}, ["list"]) == []
    assert rows({"other": []}, ["list"]) is None
    assert rows({"b": {"list": [{}]}}, ["a.list", "b.list"]) == [{}]
    assert rows([{}, 5, None], [""]) == [{}]


def test_of_a_device_that_is_listed_twice_nothing_is_known_that_the_other_place_contradicts() -> None:
    current = {"receiveTime": "2026-11-22 09:02:00", "switchStatus": "1", "timerStatus": "0"}
    one = {"meterCode": "1", "meterName": "Box", "meterType": "3", "meterStatus": "0", "meterCurrentValue": current}
    quiet, same = (
        reading.meters([one], "s", CHINA),
        reading.meters([one, one, {**one, "meterStatus": None}], "s", CHINA),
    )
    assert same == quiet
    older = {**current, "receiveTime": "2026-11-22 09:01:00", "switchStatus": "0"}
    (found,) = reading.meters([one, {**one, "meterStatus": "1", "meterCurrentValue": older}], "s", CHINA)
    assert (found.is_alarmed, found.is_closed, found.has_timer) == (None, None, False)
    assert found.received == datetime(2026, 11, 22, 1, 1, tzinfo=UTC)
    (other,) = reading.meters([one, {**one, "meterType": "1"}], "s", CHINA)
    assert other.kind == ""


def test_of_two_rows_of_a_device_the_newer_holds_and_of_one_time_nothing_that_they_contradict() -> None:
    def row(minute: int, **more: object) -> dict[str, object]:
        return {"fMetercode": "1", "fUpdatetime": f"2026-11-22 09:{minute:02}:00", **more}

    def read(*rows: dict[str, object]) -> dict[str, object]:
        (one,) = reading.values(rows, KNOWN.leakage, "fMetercode", "fUpdatetime", CHINA)
        return {key.code: value for key, value in one.values.items()}

    assert read(row(1, fIl=40), row(5, fIl=300)) == read(row(5, fIl=300), row(1, fIl=40)) == {"Lg": 300.0}
    assert read(row(1, fIl=40), row(1, fIl=300, fTempa=30)) == {"Lg": None, "TempA": 30.0}
    assert read(row(1, fIl=40), row(1, fIl="--")) == {"Lg": None}
    assert read(row(1, fIl=40), {"fMetercode": "1", "fIl": 300}) == {"Lg": 40.0}


@pytest.mark.parametrize(
    "detail",
    [{"iLeakage": ["iLeakage"]}, {f"group{number}": {"name": "x"} for number in range(65)}],
    ids=["list", "too many"],
)
def test_alarms_in_a_shape_that_nobody_knows_are_unknown_and_none_of_them_is_over(detail: dict[str, object]) -> None:
    found = reading.details({"meterInfo": {"meterStatus": "1", "meterDetail": detail}}, "1", "2", CHINA)
    assert found is not None
    assert found.active is None


def test_an_event_whose_number_cannot_be_sent_back_is_told_all_the_same() -> None:
    event = {"fDevicecode": "1", "fAlarmtime": "2026-11-22 09:02:00", "fAlarmtype": "高限报警", "fAlarmdesc": "漏电"}
    rows = [{**event, "fAlarmeventlogid": one} for one in ("81/1", "81/2", "报警-1", "x" * 10_000, None)]
    found = logs.alarms([*rows, *rows, {"fAlarmdesc": "of nobody"}, {}], KNOWN.recoveries, lambda _: CHINA)
    ids = [one.id for one in found]
    assert len(ids) == 2 * len(rows)
    assert len(set(ids)) == len(rows)
    assert all(one.startswith("?") and len(one) <= LONGEST_ID for one in ids)


def test_a_value_that_no_device_can_have_is_none() -> None:
    row = {**LEAKAGE, "fIl": 4e9, "fTempa": -300, "fTempb": True, "fTempc": "NaN", "fTempn": "25"}
    (found,) = reading.values([row, row], KNOWN.leakage, "fMetercode", "fUpdatetime", CHINA)
    assert {key.code: value for key, value in found.values.items()} == {
        "Lg": None,
        "TempA": None,
        "TempB": None,
        "TempC": None,
        "TempN": 25.0,
    }


# -- whatever comes ---------------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(["1", "0", "2026-11-22 09:00:00", "NaN", "1e999", '{"a": [1]}', "{", "9" * 60]),
    lambda inside: st.lists(inside, max_size=5) | st.dictionaries(st.text(max_size=12), inside, max_size=5),
    max_leaves=20,
)
SAMPLES: list[Any] = [LOGIN, *METERS.values(), OF_ONE, HEARD, LEAKAGE, ALARM, LOGGED, OF_DAY, ELECTRIC]
SAMPLES += [answer["data"] for answer in usual().values() if isinstance(answer, dict)]


@st.composite
def mutated(draw: st.DrawFn) -> Any:  # noqa: ANN401 - JSON
    """Return a known answer in which types were swapped, fields dropped, garbage was put in."""
    return _mutated(draw, draw(st.sampled_from(SAMPLES)), 0)


def _mutated(draw: st.DrawFn, tree: Any, depth: int) -> Any:  # noqa: ANN401 - JSON
    choice = draw(st.integers(0, 9))
    if choice == 0:
        return draw(ANYTHING)
    if choice == 1:
        return [tree]
    if choice == 2:
        return json.dumps(tree, ensure_ascii=False)
    if isinstance(tree, dict) and depth < 6:
        return {name: _mutated(draw, value, depth + 1) for name, value in tree.items() if draw(st.integers(0, 9)) > 0}
    if isinstance(tree, list) and depth < 6:
        return [_mutated(draw, value, depth + 1) for value in tree for _ in range(draw(st.integers(0, 2)))]
    return tree


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(mutated() | ANYTHING)
def test_whatever_an_answer_holds_what_is_read_of_it_can_be(tree: Any) -> None:  # noqa: ANN401 - JSON
    try:
        envelope = envelope_of(json.dumps({"code": 200, "data": tree}).encode())
    except NoEnvelopeError:
        return
    data = envelope.data
    login = login_of(data, "")
    assert login is None or login.version.isprintable()
    reading.details(data, "100101", "10100001", CHINA)
    logs.asked(data)
    logs.said_of_command(data)
    logs.is_true(data)
    for call in KNOWN.calls.values():
        found = rows(data, [*call.lists, "", "list"])
        if found is None:
            continue
        for site in reading.sites(found):
            assert site.id
        for meter in reading.meters(found, "1", CHINA):
            assert meter.code
            assert len(meter.name) <= LONGEST_TEXT
        for values in (
            *reading.values(found, KNOWN.leakage, "fMetercode", "fUpdatetime", CHINA),
            *reading.values(found, KNOWN.temperatures, "f_MeterCode", "timeA", CHINA),
        ):
            _check(values)
        reading.connections(found, {}, CHINA)
        reading.circuits(found, "1")
        logs.levels(found)
        for event in logs.alarms(found, KNOWN.recoveries, lambda _: CHINA):
            assert event.id
        logs.commands(found, CHINA)
        samples = days.leakage(found, KNOWN.leakage_history, CHINA)
        samples += days.electric(found, KNOWN.electric["I"].codes, CHINA)
        for sample in samples:
            assert abs(sample.value) < 1e12
        days.energy(found, ["c1"])


def _check(values: Values) -> None:
    assert values.code
    assert values.measured is None or values.measured.utcoffset() == timedelta(0)
    for key, value in values.values.items():
        assert isinstance(key, PointKey)
        assert value is None or isinstance(value, float)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | ANYTHING.map(lambda tree: json.dumps(tree).encode()))
def test_any_bytes_are_an_answer_or_are_refused(body: bytes) -> None:
    try:
        envelope = envelope_of(body)
    except NoEnvelopeError:
        return
    assert isinstance(envelope.code, int)


@pytest.mark.parametrize(
    "part", [b"[],", b'{"a":1},', b"1.5,", b'"ab",', b"[" * 9 + b"]" * 9 + b",", b'"' + b"x" * 8_000_000 + b'",']
)
def test_no_answer_takes_much_memory(part: bytes) -> None:
    body = b'{"code":200,"data":[' + part * ((LARGEST_BODY - 100) // len(part)) + b"0]}"
    assert len(body) <= LARGEST_BODY
    tracemalloc.start()
    try:
        with suppress(NoEnvelopeError):
            envelope_of(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * 2**20
