"""When a hazard is due: what somebody may mean, and what is no time at all."""

from datetime import date, timedelta
from typing import TypeIs

from homeassistant.util import dt as dt_util

_PAST_DAYS = 366
_FUTURE_DAYS = 3660
"""So far from today a due date may lie."""
_YEARS = range(1970, 9000)
"""Of due dates that were kept by a former version, or by hand: with others no clock reckons."""


def is_reasonable(due: date) -> bool:
    """Whether somebody may mean this as a due date (a moment is one, too)."""
    day, today = date(due.year, due.month, due.day), dt_util.now().date()
    return timedelta(days=-_PAST_DAYS) <= day - today <= timedelta(days=_FUTURE_DAYS)


def is_time(value: object) -> TypeIs[str | None]:
    """Whether something stored is a day, a moment with its zone, or nothing."""
    if value is None:
        return True
    if not isinstance(value, str):
        return False
    try:
        if "T" not in value:
            day = dt_util.parse_date(value)
            return day is not None and day.year in _YEARS
        moment = dt_util.parse_datetime(value)
    except ValueError:
        return False
    return moment is not None and moment.tzinfo is not None and moment.year in _YEARS
