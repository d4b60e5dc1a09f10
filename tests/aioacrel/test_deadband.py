"""Which readings are worth telling: little is told, and what is told is never far from what was read."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.bands import band_of, limits_of
from custom_components.acrel_safety.aioacrel.deadband import REST_SECONDS, SPARSE, Deadband, Detail
from custom_components.acrel_safety.aioacrel.points import Model, Point
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading, Value
from custom_components.acrel_safety.aioacrel.vocabulary import Kind
from tests.aioacrel.rigs import LIBRARY, model

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_LEAK = PointKey("1", "Lg")
_ALARM_VALUE = PointKey("1", "LgHighVal02")
_ENERGY = PointKey("1", "EPI")


class Teller:
    """A device of a model, read by hand, and what is told of it."""

    def __init__(self, of: str | Model = "adw300", detail: Detail = Detail.NORMAL) -> None:
        self.model = model(of) if isinstance(of, str) else of
        self.now = 1000.0
        self.readings: dict[PointKey, Reading] = {}
        self.deadband = Deadband(self.readings, lambda: self.model.points, detail, steady=lambda: self.now)

    def key(self, code: str) -> PointKey:
        return next(key for key in self.model.points if key.code == code)

    def read(
        self, key: PointKey | str, *values: Value | None, every: float = 1.0, quality: Quality = Quality.GOOD
    ) -> list[Value | None]:
        """Read a point again and again; return what was told of it."""
        key = self.key(key) if isinstance(key, str) else key
        told = []
        for value in values:
            self.now += every
            self.readings[key] = Reading(value, quality, _LONG_AGO)
            if key in self.deadband.sift({key}):
                told.append(value)
        return told

    def shown(self, key: PointKey | str) -> Value | None:
        reading = self.deadband.shown(self.key(key) if isinstance(key, str) else key)
        return reading.value if reading is not None else None


# -- what a deadband is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "first", "within", "beyond"),
    [
        ("Lg", 20, [21, 19, 20], 22),
        ("Lg", 300, [306, 294], 307),
        ("TempA", 40.0, [40.5, 39.5], 40.6),
        ("Ua", 230.0, [231.1, 228.9], 231.2),
        ("Ia", 20.0, [20.2, 19.8], 20.21),
        ("Ia", 0.0, [0.01], 0.02),
        ("P", 10.0, [10.1, 9.9], 9.899),
        ("P", 0.0, [0.001, -0.001], -0.002),
        ("Fr", 50.0, [50.02, 49.98], 50.03),
        ("PF", 0.95, [0.96, 0.94], 0.961),
        ("UaTHD", 2.0, [2.2, 1.8], 2.21),
        ("Uub", 1.0, [1.5, 0.5], 1.51),
        ("Iub", 6.0, [7.0, 5.0], 7.01),
        ("rssi", -60, [-58, -62], -63),
    ],
)
def test_a_value_is_told_when_it_leaves_its_deadband_and_not_before(
    code: str, first: float, within: Sequence[float], beyond: float
) -> None:
    teller = Teller()
    assert teller.read(code, first, *within, *within) == [first]
    assert teller.shown(code) == first
    assert teller.read(code, beyond) == [beyond]
    assert teller.shown(code) == beyond


def test_every_measured_quantity_with_a_unit_has_a_deadband_and_nothing_else_has_one() -> None:
    points = [point for model_id in LIBRARY.ids() for point in LIBRARY.get(model_id).points.values()]
    measured = {Kind.MEASUREMENT, Kind.DEMAND, Kind.QUALITY, Kind.ENERGY}
    for point in points:
        is_number = point.quantity.kind in measured and not point.is_binary and point.words is None
        if not is_number:
            assert band_of(point) is None, point
        elif point.quantity.unit is not None:
            assert band_of(point) is not None, point
    counts = [point for point in points if point.quantity.key.endswith("_count")]
    assert counts
    assert {band_of(point) for point in counts} == {None}


def test_a_slow_drift_does_not_hide() -> None:
    teller = Teller()
    told = teller.read("TempA", *(40 + tenth / 10 for tenth in range(31)))
    assert told == [40.0, 40.6, 41.2, 41.8, 42.4, 43.0]


def test_a_value_that_came_to_rest_is_told_exactly() -> None:
    teller = Teller()
    assert teller.read("Lg", 20, 10, 1, 0, every=2) == [20, 10, 1]
    assert teller.read("Lg", 0, every=REST_SECONDS - 1) == []
    assert teller.read("Lg", 0, 0, 0) == [0]


def test_what_drifts_a_digit_every_few_minutes_comes_to_rest_at_none_of_them() -> None:
    teller = Teller()
    steps = [round(40 + tenth / 10, 1) for tenth in range(11)]
    told = teller.read("TempA", *(step for step in steps for _ in range(12)), every=10)
    assert told == [40.0, 40.6]


def test_a_value_that_goes_to_and_fro_has_not_come_to_rest() -> None:
    teller = Teller()
    assert teller.read("Lg", *(20, 21) * 200) == [20]


def test_energy_is_told_once_a_minute_at_most_and_a_smaller_one_at_once() -> None:
    teller = Teller()
    told = teller.read(_ENERGY, *(1000 + hundredth / 100 for hundredth in range(301)))
    assert len(told) == 1 + 300 // 55
    assert teller.read(_ENERGY, 17.0) == [17.0]
    assert teller.read(_ENERGY, 17.01, 17.02, every=60) == [17.01, 17.02]
    assert teller.read(_ENERGY, 17.024, every=REST_SECONDS - 1) == []


# -- what is never held back -------------------------------------------------------------------------------------------


def test_an_alarm_is_told_at_every_change_and_only_then() -> None:
    for detail in Detail:
        teller = Teller("aim-r100", detail)
        alarm = next(key for key, point in teller.model.points.items() if point.quantity.kind is Kind.ALARM)
        assert teller.read(alarm, False, False, True, True, False, True) == [False, True, False, True]


def test_settings_and_counts_are_told_at_every_change() -> None:
    teller = Teller()
    assert teller.read(_ALARM_VALUE, 300, 300, 301) == [300, 301]
    teller = Teller("ascb1")
    assert teller.read("openCnt", 5, 5, 6) == [5, 6]


@pytest.mark.parametrize("quality", [Quality.NO_ANSWER, Quality.STALE, Quality.REFUSED, Quality.IMPLAUSIBLE])
def test_what_is_lost_or_unknown_is_told_at_once_and_what_comes_back_too(quality: Quality) -> None:
    teller = Teller()
    assert teller.read("Lg", 20) == [20]
    assert teller.read("Lg", None, None, quality=quality) == [None]
    assert teller.read("Lg", 20, 21) == [20]


def test_a_total_that_is_held_and_let_go_is_told_at_once() -> None:
    teller = Teller()
    assert teller.read(_ENERGY, 10.0) == [10.0]
    assert teller.read(_ENERGY, 10.0, quality=Quality.HELD) == [10.0]
    assert teller.read(_ENERGY, 10.0) == [10.0]


def test_a_reading_that_nothing_stands_for_any_more_is_told() -> None:
    teller = Teller()
    teller.read("Lg", 20)
    key = teller.key("Lg")
    del teller.readings[key]
    assert teller.deadband.sift({key}) == {key}
    assert teller.deadband.shown(key) is None


# -- limits ------------------------------------------------------------------------------------------------------------


def test_crossing_the_devices_own_limit_is_told_however_small_the_step() -> None:
    teller = Teller()
    teller.read(_ALARM_VALUE, 300)
    assert teller.read(_LEAK, 298, 299, 300, 301, 302, 299, 298) == [298, 300, 301, 299]


def test_a_limit_that_is_changed_over_a_held_value_tells_it() -> None:
    teller = Teller()
    teller.read(_ALARM_VALUE, 500)
    assert teller.read(_LEAK, 300, 305) == [300]
    teller.readings[_ALARM_VALUE] = Reading(303, Quality.GOOD, _LONG_AGO)
    assert teller.deadband.sift({_ALARM_VALUE}) == {_ALARM_VALUE, _LEAK}
    assert teller.shown(_LEAK) == 305
    assert teller.read(_LEAK, 303, 304) == [303, 304]


def test_crossing_a_limit_of_the_owner_is_told() -> None:
    teller = Teller()
    leak = teller.key("TempA")
    teller.read(leak, 49.8)
    teller.deadband.watch_limits(leak, [50.0])
    assert teller.read(leak, 49.8, 49.9, 50.0, 50.1, 49.9, 49.8) == [49.8, 50.0, 50.1, 49.9]


def test_limits_are_those_of_the_same_circuit_in_the_same_unit() -> None:
    points = model("adw300").points
    assert limits_of(points[_LEAK], points) == (_ALARM_VALUE,)
    [conductor] = [point for key, point in points.items() if key.code == "TempB"]
    assert [key.code for key in limits_of(conductor, points)] == ["T2HighVal02"]
    for model_id in LIBRARY.ids():
        known = LIBRARY.get(model_id).points
        for point in known.values():
            for limit in limits_of(point, known):
                assert known[limit].quantity.kind is Kind.SETTING
                assert limit.circuit in (point.key.circuit, "0")


# -- how much of it ----------------------------------------------------------------------------------------------------


def test_exact_tells_every_change_and_sparse_far_less() -> None:
    leaks = [200 + step % 30 for step in range(300)]
    assert Teller(detail=Detail.EXACT).read(_LEAK, *leaks, leaks[-1]) == leaks
    normal = Teller().read(_LEAK, *leaks)
    sparse = Teller(detail=Detail.SPARSE).read(_LEAK, *leaks)
    assert len(leaks) > 4 * len(normal)
    assert len(normal) > 2 * len(sparse)


def test_what_is_asked_for_is_told_exactly_though_it_has_hardly_changed() -> None:
    teller = Teller()
    assert teller.read("Lg", 20, 21) == [20]
    teller.deadband.release(teller.key("Lg"))
    assert teller.shown("Lg") == 21
    assert teller.read("Lg", 21, 21, 22) == [21]


# -- whatever is read --------------------------------------------------------------------------------------------------

_POINTS: Mapping[str, Point] = {
    key.code: point for key, point in model("adw300").points.items() if band_of(point) is not None
}
_STEPS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-400, 400)), st.sampled_from([1.0, 20.0, 61.0, 301.0]), st.integers(0, 400)
    ),
    min_size=1,
    max_size=40,
)


@given(code=st.sampled_from(["Lg", "TempA", "Ua", "Ia", "P", "Fr", "PF", "UaTHD"]), steps=_STEPS)
@pytest.mark.parametrize("detail", list(Detail))
def test_what_is_shown_is_never_further_from_the_reading_than_its_deadband(
    detail: Detail, code: str, steps: list[tuple[int | None, float, int]]
) -> None:
    teller = Teller(detail=detail)
    point = _POINTS[code]
    band, digit = band_of(point), 10.0 ** -(point.precision or 0)
    assert band is not None
    limits = limits_of(point, teller.model.points)[:1]
    for number, pause, limit in steps:
        for at in limits:
            teller.read(at, round(limit * digit, 3), every=0)
        value = None if number is None else round(number * digit, 3)
        teller.read(code, value, every=pause, quality=Quality.INVALID if value is None else Quality.GOOD)
        shown = teller.shown(code)
        if value is None:
            assert shown is None
            continue
        assert isinstance(shown, int | float)
        factor = {Detail.EXACT: 0, Detail.NORMAL: 1, Detail.SPARSE: SPARSE}[detail]
        assert abs(value - shown) <= band.width(shown) * factor + 1e-6
        if limits:
            edge = round(limit * digit, 3)
            assert (value > edge) - (value < edge) == (shown > edge) - (shown < edge)
