"""The simulated ARCM300T and ARCM310: what they alarm of, and what they obey."""

import pytest

from simulator import Cabinet, Unit
from simulator.devices.arcm import TRIPPED
from simulator.points import Value

NAME = "26110000003101"


def built(model: str, **options: float) -> tuple[Cabinet, Unit]:
    cabinet = Cabinet.of({}, frozen=True)
    return cabinet, cabinet.add_outside(NAME, model, options=options)


def is_closed(unit: Unit) -> bool:
    return unit.closed


def active(unit: Unit) -> set[str]:
    truth: dict[str, Value] = unit.truth()["1"]
    return {code for code, value in truth.items() if value is True} - {"SwitchSta"}


@pytest.mark.parametrize(
    ("scenario", "options", "seconds", "alarms"),
    [
        ("leak", {"ma": 500}, 2, {"LgHigh"}),
        ("leak", {"ma": 299}, 60, set()),
        ("overheat", {"conductor": "B", "celsius": 95}, 600, {"T2High"}),
        ("undervoltage", {"factor": 0.75}, 2, {"ULow", "UaLow", "UbLow", "UcLow"}),
        ("overload", {"factor": 4.0}, 2, {"IHigh", "IaHigh", "IbHigh", "IcHigh"}),
        ("sensor_break", {}, 60, set()),
    ],
)
def test_a_monitor_alarms_and_opens_nothing(
    scenario: str, options: dict[str, float | str], seconds: float, alarms: set[str]
) -> None:
    cabinet, unit = built("arcm300t")
    cabinet.set_scenario(scenario, NAME, **options)
    cabinet.advance(seconds)
    assert active(unit) == alarms
    assert is_closed(unit)
    cabinet.set_scenario("normal", NAME)
    cabinet.advance(600)
    assert active(unit) == alarms
    assert unit.obey("RESET", {})
    assert active(unit) == set()


def test_a_monitor_with_a_switch_opens_on_leakage_and_is_closed_after_a_reset() -> None:
    cabinet, unit = built("arcm310", limit_ma=30.0)
    cabinet.set_scenario("leak", NAME, ma=45)
    cabinet.advance(2)
    assert active(unit) == {"LgHigh", TRIPPED}
    assert unit.truth()["1"]["SwitchSta"] is False
    assert unit.truth()["1"]["Ia"] == 0
    unit.obey("RLYON", {})
    assert not is_closed(unit)
    cabinet.set_scenario("normal", NAME)
    for method in ("RESET", "RLYON"):
        assert unit.obey(method, {})
    assert is_closed(unit)
    assert active(unit) == set()


def test_its_self_test_alarms_and_its_buzzer_is_silenced() -> None:
    _, unit = built("arcm310")
    unit.obey("SELCHK", {})
    assert active(unit) == {"LgHigh"}
    assert is_closed(unit)
    assert unit.obey("SILENCE", {})
    assert active(unit) == {"LgHigh"}
    assert not unit.obey("BLINK", {})


def test_its_switch_takes_its_time_sticks_or_falls_back() -> None:
    cabinet, unit = built("arcm310", travel_s=3.0)
    unit.obey("RLYOFF", {})
    cabinet.advance(2)
    assert is_closed(unit)
    cabinet.advance(2)
    assert not is_closed(unit)
    cabinet.set_scenario("relay", NAME)
    unit.obey("RLYON", {})
    cabinet.advance(600)
    assert not is_closed(unit)
    unit.obey("RLYOFF", {})
    cabinet.set_scenario("relay", NAME, falls_back_s=5)
    unit.obey("RLYON", {})
    positions = []
    for _ in range(12):
        cabinet.advance(1)
        positions.append(is_closed(unit))
    assert True in positions
    assert positions[-1] is False


def test_somebody_moves_it_on_site_and_it_has_no_lock() -> None:
    _, unit = built("arcm310")
    unit.device.by_hand(closed=False)
    assert not is_closed(unit)
    unit.device.by_hand(closed=True)
    assert unit.truth()["1"]["SwitchSta"] is True
    with pytest.raises(ValueError, match="no lock"):
        unit.device.by_hand(locked=True)
    with pytest.raises(ValueError, match="limit_ma"):
        built("arcm310", limit_ma=-1.0)
