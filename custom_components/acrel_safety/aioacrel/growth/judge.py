"""Whether daily values grow: two rules, and the question whether it was a step.

The figures come from simulated years (`benchmarks/growth.py`): of all rules tried, these find faults soonest for
a given number of false findings. A baseline that stays fails by the seasons, so each rule looks back a fixed time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median

from .finding import Rule
from .trend import slope, trend_score

TREND_DAYS = 56
LEAST_TREND_DAYS = 40
"""So many of them have to be known."""
SURE = 4.5
"""Standard deviations; far more than chance needs, because neighbouring days are alike."""
LONGEST_PROJECTION = 180.0
"""Days; what reaches its limit later may wait."""
NOW_DAYS = 7
LEAST_NOW_DAYS = 4
BEFORE_DAYS = 90
GAP_DAYS = 14
LEAST_BEFORE_DAYS = 40
RATIO = 1.8
LEAST_OF_LIMIT = 0.05
LEAST_OF_LEVEL = 0.15
STEP_DAYS = 9
"""A sixth of the window."""
STEP_SHARE = 0.2
"""Of the rise; where more of it came within `STEP_DAYS`, it was a step."""
RATIO_OF_LIMIT = 0.1
RATIO_PROJECTION = 365.0
STEP_WINDOW = 104
SIDE = 7
LEAST_SIDE = 4
SHARP = 0.5
MOST_STEPS = 3
_SMOOTH = 2
"""Days on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A rise that a rule found."""

    rule: Rule
    now: float
    before: float
    per_day: float
    score: float
    at_once: float
    days: int
    window: int
    since: date

    is_step: bool


def judge(values: Mapping[date, float], today: date, limit: float) -> Rise | None:
    """Return the rise of the values up to today that is worth telling, measured by the limit."""
    rise = _rules(values, today, limit)
    if rise is None:
        return None
    # What came at once is taken out, and asked is whether what is left would have been found, too.
    rest, steps = _without_steps(values, today, rise.now - rise.before)
    if not steps:
        return rise
    at_once = min(sum(height for _, height in steps) / (rise.now - rise.before), 1.0)
    if (left := _rules(rest, today, limit)) is not None:
        return replace(rise, at_once=at_once, per_day=left.per_day, since=left.since)
    return replace(rise, at_once=at_once, is_step=True, since=max(steps, key=lambda step: step[1])[0])


def _rules(values: Mapping[date, float], today: date, limit: float) -> Rise | None:
    now = _level(values, today, NOW_DAYS, LEAST_NOW_DAYS)
    if now is None:
        return None
    return _by_trend(values, today, limit, now) or _by_ratio(values, today, limit, now)


def _by_trend(values: Mapping[date, float], today: date, limit: float, now: float) -> Rise | None:
    days, series = _window(values, today, TREND_DAYS)
    if len(series) < LEAST_TREND_DAYS:
        return None
    before = median(series[:NOW_DAYS])
    if not _is_worth(now, before, limit) or (score := trend_score(series)) < SURE:
        return None
    per_day = slope(days, series)
    if per_day <= 0 or (limit - now) / per_day > LONGEST_PROJECTION:
        return None
    return _rise(Rule.TREND, (days, series), (now, before, per_day, score), today)


def _by_ratio(values: Mapping[date, float], today: date, limit: float, now: float) -> Rise | None:
    before = _level(values, today - timedelta(days=GAP_DAYS), BEFORE_DAYS, LEAST_BEFORE_DAYS)
    if before is None or now - before < RATIO_OF_LIMIT * limit or now <= RATIO * before:
        return None
    recent_days, recent = _window(values, today, TREND_DAYS)
    per_day = slope(recent_days, recent)
    if per_day <= 0 or (limit - now) / per_day > RATIO_PROJECTION:
        return None
    window = _window(values, today, GAP_DAYS + BEFORE_DAYS)
    return _rise(Rule.RATIO, window, (now, before, per_day, trend_score(recent)), today)


def _is_worth(now: float, before: float, limit: float) -> bool:
    return now - before >= max(LEAST_OF_LIMIT * limit, LEAST_OF_LEVEL * before)


def _rise(
    rule: Rule,
    window: tuple[Sequence[int], Sequence[float]],
    measures: tuple[float, float, float, float],
    today: date,
) -> Rise:
    days, series = window
    now, before, per_day, score = measures
    low = before + 0.1 * (now - before)
    smooth = [median(series[max(0, at - _SMOOTH) : at + _SMOOTH + 1]) for at in range(len(series))]
    began = max((at for at, height in enumerate(smooth) if height <= low), default=0)
    return Rise(
        rule=rule,
        now=now,
        before=before,
        per_day=per_day,
        score=score,
        at_once=0.0,
        is_step=False,
        days=len(series),
        window=days[-1] - days[0] + 1,
        since=today - timedelta(days=days[-1] - days[began]),
    )


def _without_steps(
    values: Mapping[date, float], today: date, rise: float
) -> tuple[Mapping[date, float], list[tuple[date, float]]]:
    """Return the values with what came at once taken out, and each step's first day and height."""
    days, series = _window(values, today, STEP_WINDOW)
    steps = []
    for _ in range(MOST_STEPS):
        best = None
        for at in range(LEAST_SIDE, len(series) - LEAST_SIDE + 1):
            former, later = sorted(series[max(0, at - SIDE) : at]), sorted(series[at : at + SIDE])
            height = median(later) - median(former)
            if height >= STEP_SHARE * rise and later[1] - former[-2] >= SHARP * height and (best is None or height > best[1]):
                best = at, height
        if best is None:
            break
        at, height = best
        series = [*series[:at], *(value - height for value in series[at:])]
        steps.append((date.fromordinal(days[at]), height))
    return {date.fromordinal(day): max(value,0.0) for day, value in zip(days, series, strict=True)}, steps


def _level(values: Mapping[date, float], today: date, span: int, least: int) -> float | None:
    _, series = _window(values, today, span)
    return median(series) if len(series) >= least else None


def _window(values: Mapping[date, float], today: date, span: int) -> tuple[list[int], list[float]]:
    """Return the values of so many days up to today, and their days as numbers, in order."""
    first = today.toordinal() - span + 1
    known = [
        (number, values[day])
        for number in range(first, first + span)
        if (day := date.fromordinal(max(number, 1))) in values
    ]
    return [number for number, _ in known], [value for _, value in known]
