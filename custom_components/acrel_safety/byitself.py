"""What the owner says of what acts by itself, as stored beside the device: reclosing, and what alarms cut off."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from .aioacrel.alarms.levels import Level
from .aioacrel.control.policy import Policy, Reclosing
from .aioacrel.control.ties import CUTTING_LEVELS, LONGEST_DELAY, Tie

RECLOSING, LOW, HIGH = "reclosing", "low", "high"
TIES, LEVEL, CIRCUIT, FAMILY, DELAY, ALONE = "cut_off", "level", "circuit", "quantity", "delay", "without_asking"
CUT_ALONE = "may_cut_alone"
CUTTING_FAMILIES = ("residual_current", "arc", "temperature", "current", "power", "voltage")
"""Of the vocabulary: what a cut-off may be tied to."""
LOWEST_VOLTS, HIGHEST_VOLTS = 50.0, 1000.0
_MOST = 100
_LONGEST_NAME = 100


def reclosing_of(stored: Mapping[str, Any]) -> Reclosing | None:
    """Return the consent to reclose in what is stored of operating a device, and was found sound."""
    said = stored.get(RECLOSING)
    return None if said is None else Reclosing(low=float(said[LOW]), high=float(said[HIGH]))


def ties_of(stored: Mapping[str, Any]) -> tuple[Tie, ...]:
    """Return the ties in what was found sound."""
    return tuple(map(tie_of, stored.get(TIES, ())))


def tie_of(said: Mapping[str, Any]) -> Tie:
    """Return one tie; what is not said is as it usually is."""
    return Tie(
        level=Level(said.get(LEVEL, Level.ALARM)),
        circuit=said.get(CIRCUIT, ""),
        family=said.get(FAMILY, ""),
        delay=float(said.get(DELAY, 0.0)),
        asks=said.get(ALONE) is not True,
    )


def written(policy: Policy) -> Mapping[str, Any]:
    """Return it as it is stored; nothing where nothing acts by itself."""
    said: dict[str, Any] = {}
    if policy.reclosing is not None:
        said[RECLOSING] = {LOW: policy.reclosing.low, HIGH: policy.reclosing.high}
    if policy.ties:
        said[TIES] = [written_tie(tie) for tie in policy.ties]
    if policy.may_cut_alone:
        said[CUT_ALONE] = True
    return said


def written_tie(tie: Tie) -> Mapping[str, Any]:
    """Return one tie as it is stored, what is usual left out."""
    said: dict[str, Any] = {LEVEL: str(tie.level)}
    said |= {name: text for name, text in ((CIRCUIT, tie.circuit), (FAMILY, tie.family)) if text}
    if tie.delay:
        said[DELAY] = tie.delay
    if not tie.asks:
        said[ALONE] = True
    return said


def is_sound(name: object, part: Any) -> bool:  # noqa: ANN401 - anything may be stored
    """Whether a part of what is stored is understood; what is not allows nothing."""
    if name == CUT_ALONE:
        return isinstance(part, bool)
    if name == RECLOSING:
        return isinstance(part, Mapping) and part.keys() == {LOW, HIGH} and is_window(part[LOW], part[HIGH])
    if name == TIES:
        return isinstance(part, list | tuple) and len(part) <= _MOST and all(map(_is_tie, part))
    return False


def is_window(low: object, high: object) -> bool:
    """Whether a supply can be sound between two voltages."""
    return (
        _is_number(low, LOWEST_VOLTS, HIGHEST_VOLTS) and _is_number(high, LOWEST_VOLTS, HIGHEST_VOLTS) and low < high  # type: ignore[operator]  # both are numbers
    )


def is_delay(value: object) -> bool:
    """Whether so many seconds can pass before something is cut off."""
    return _is_number(value, 0.0, LONGEST_DELAY)


def _is_tie(said: object) -> bool:
    if not isinstance(said, Mapping):
        return False
    checks: Mapping[str, Callable[[Any], bool]] = {
        LEVEL: lambda value: value in CUTTING_LEVELS,
        CIRCUIT: lambda value: isinstance(value, str) and len(value) <= _LONGEST_NAME,
        FAMILY: lambda value: value in ("", *CUTTING_FAMILIES),
        DELAY: is_delay,
        ALONE: lambda value: isinstance(value, bool),
    }
    return all(name in checks and checks[name](value) for name, value in said.items())


def _is_number(value: object, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) and low <= value <= high
