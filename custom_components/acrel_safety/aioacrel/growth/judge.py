"""Whether daily values grow: two rules, and the question whether it came at once.

The rules and figures were chosen on simulated years (`benchmarks/growth.py`). Each rule looks back a fixed time,
because a baseline that stays is broken by every season.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median

from .finding import Rule
from .steps import steps_in
from .trend import slope, trend_score

TREND_DAYS = 56
LEAST_TREND_DAYS = 40
"""So many of them have to be known."""
SURE = 4.5
"""Standard deviations; far more than chance needs, because neighbouring days are alike."""
LONGEST_PROJECTION = 150.0
"""Days; what reaches its limit later may wait."""
LEAST_OF_LIMIT = 0.05
LEAST_OF_LEVEL = 0.15
NOW_DAYS = 7
LEAST_NOW_DAYS = 4
BEFORE_DAYS = 90
GAP_DAYS = 14
"""Between the days before and those of now, so that what begins does not hide itself."""
LEAST_BEFORE_DAYS = 40
RATIO = 1.8
RATIO_OF_LIMIT = 0.1
RATIO_PROJECTION = 365.0
"""Days; what doubles at a small height and leads nowhere is an appliance."""
LOOKED_BACK_DAYS = GAP_DAYS + BEFORE_DAYS
_SMOOTH_DAYS = 2
"""On either side."""
_BEGUN = 0.1
"""Of the rise."""

type _Series = tuple[Sequence[int], Sequence[float]]
"""Days as numbers, in order, and their values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A rise that a rule found."""

    rule: Rule
    now: float
    before: float
    per_day: float
    score: float
    days: int
    window: int
    since: date
    at_once: float = 0.0
    """The share of it that came at once."""
    step: float = 0.0
    """The largest step in it."""
    is_step: bool = False
    """Whether nothing worth telling is left without its steps."""


def judge(values: Mapping[date, float], today: date, limit: float) -> Rise | None:
    """Return the rise of the values up to today that is worth telling, measured by the limit."""
    rise = _found(values, today, limit)
    if rise is None:
        return None
    days, series = _window(values, today, LOOKED_BACK_DAYS)
    steps, level = steps_in(days, series, rise.now - rise.before)
    if not steps:
        return rise
    largest = max(steps, key=lambda step: step.height)
    rise = replace(
        rise,
        at_once=min(sum(step.height for step in steps) / (rise.now - rise.before), 1.0),
        step=largest.height,
    )
    # What came at once is taken out: would what is left have been found, too?
    rest = {date.fromordinal(day): value for day, value in zip(days, level, strict=True)}
    left = _found(rest, today, limit)
    if left is None:
        return replace(rise, is_step=True, since=date.fromordinal(days[largest.at]))
    return replace(rise, per_day=left.per_day, since=left.since)


def _found(values: Mapping[date, float], today: date, limit: float) -> Rise | None:
    now = _level(values, today, NOW_DAYS, LEAST_NOW_DAYS)
    if now is None:
        return None
    return _by_trend(values, today, limit, now) or _by_ratio(values, today, limit, now)


def _by_trend(values: Mapping[date, float], today: date, limit: float, now: float) -> Rise | None:
    days, series = _window(values, today, TREND_DAYS)
    if len(series) < LEAST_TREND_DAYS:
        return None
    before = median(series[:NOW_DAYS])
    # The cheap question first: most days end here.
    if now - before < max(LEAST_OF_LIMIT * limit, LEAST_OF_LEVEL * before) or (score := trend_score(series)) < SURE:
        return None
    per_day = slope(days, series)
    if not _leads_there(now, limit, per_day, LONGEST_PROJECTION):
        return None
    return Rise(
        rule=Rule.TREND,
        now=now,
        before=before,
        per_day=per_day,
        score=score,
        days=len(series),
        window=TREND_DAYS,
        since=_beginning((days, series), before, now),
    )


def _by_ratio(values: Mapping[date, float], today: date, limit: float, now: float) -> Rise | None:
    before = _level(values, today - timedelta(days=GAP_DAYS), BEFORE_DAYS, LEAST_BEFORE_DAYS)
    if before is None or now - before < RATIO_OF_LIMIT * limit or now <= RATIO * before:
        return None
    days, series = _window(values, today, TREND_DAYS)
    per_day = slope(days, series)
    if not _leads_there(now, limit, per_day, RATIO_PROJECTION):
        return None
    whole = _window(values, today, LOOKED_BACK_DAYS)
    return Rise(
        rule=Rule.RATIO,
        now=now,
        before=before,
        per_day=per_day,
        score=trend_score(series),
        days=len(whole[0]),
        window=LOOKED_BACK_DAYS,
        since=_beginning(whole, before, now),
    )


def _leads_there(now: float, limit: float, per_day: float, days: float) -> bool:
    return per_day > 0 and limit - now <= days * per_day


def _beginning(window: _Series, before: float, now: float) -> date:
    """Return the last day on which the rise had not begun yet."""
    days, series = window
    low = before + _BEGUN * (now - before)
    at = max(
        (at for at in range(len(series)) if median(series[max(0, at - _SMOOTH_DAYS) : at + _SMOOTH_DAYS + 1]) <= low),
        default=0,
    )
    return date.fromordinal(days[at])


def _level(values: Mapping[date, float], today: date, span: int, least: int) -> float | None:
    _, series = _window(values, today, span)
    return median(series) if len(series) >= least else None


def _window(values: Mapping[date, float], today: date, span: int) -> _Series:
    """Return the values of so many days up to today."""
    last = today.toordinal()
    known = [
        (number, values[day])
        for number in range(max(last - span + 1, 1), last + 1)
        if (day := date.fromordinal(number)) in values
    ]
    return [number for number, _ in known], [value for _, value in known]
