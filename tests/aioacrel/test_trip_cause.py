"""A breaker that opened by itself is called by what it says itself that it opened for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from custom_components.acrel_safety.aioacrel.alarms.positions import OpenedRule, position_rules
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading

_TIME = datetime(2026, 3, 2, 10, tzinfo=UTC)
_CLOSED, _OPEN = {"RlySta": True}, {"RlySta": False}
_UNSAID = None

type Steps = Sequence[tuple[float, Mapping[str, bool]]]


def named(steps: Steps) -> str | None:
    """Return what is said at the end of what a breaker behind a gateway reports, by seconds."""
    model = replace(ModelLibrary().get("ascb1"), is_spoken=True)
    [rule] = [rule for rule in position_rules(model) if isinstance(rule, OpenedRule)]
    readings: dict[PointKey, Reading] = {}
    name = None
    for now, values in steps:
        for code, value in values.items():
            readings[PointKey("1", code)] = Reading(value, Quality.GOOD, _TIME, "test")
        verdict = rule.judge(readings, now)
        name = None if verdict.name is None else str(verdict.name)
    return name


@pytest.mark.parametrize(
    ("steps", "name"),
    [
        ([(0, _CLOSED), (5, {**_OPEN, "LgHigh": True})], "Residual current high"),
        ([(0, _CLOSED), (5, _OPEN), (12, {"LgHigh": True})], "Residual current high"),
        ([(0, _CLOSED), (5, {**_OPEN, "LgHigh": True}), (20, {"LgHigh": False})], "Residual current high"),
        ([(0, _CLOSED), (5, {**_OPEN, "LgHigh": True, "ULow": True})], "Residual current high"),
        ([(0, {**_CLOSED, "UHigh": True}), (5, {**_OPEN, "LgHigh": True})], "Over-voltage"),
        ([(0, _CLOSED), (2, {"ULow": True}), (5, _OPEN)], "Under-voltage"),
        ([(0, _CLOSED), (5, {**_OPEN, "ULow": True})], _UNSAID),
        ([(0, {**_CLOSED, "UHigh": True}), (100, _OPEN)], _UNSAID),
        ([(0, _CLOSED), (5, _OPEN), (100, {"LgHigh": True})], _UNSAID),
        ([(0, _CLOSED), (5, {**_OPEN, "LgHigh": True}), (9, {**_CLOSED, "LgHigh": False})], _UNSAID),
        ([(0, _OPEN), (5, {"LgHigh": True})], _UNSAID),
    ],
)
def test_what_a_breaker_opened_for_is_its_own_alarm_of_about_that_time(steps: Steps, name: str | None) -> None:
    assert named(steps) == name
