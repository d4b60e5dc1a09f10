"""Timers of an ARCM310: once at a date and time, or each day."""

import re
from collections.abc import Callable
from datetime import datetime, time, tzinfo

from simulator.cloud.instruments import CLOSE, OPEN
from simulator.cloud.meters import Meter, Timer

_TIME = re.compile(r"\d\d:\d\d:\d\d")


def timer_of(opens: str, closes: str, *, daily: bool, read: Callable[[str], datetime | None]) -> Timer | None:
    """Return the timer that a command sets; None where its times are none: one at least, and not the same."""
    if opens == closes:
        return None
    for text in filter(None, (opens, closes)):
        is_time = _is_time(text) if daily else (":" in text and read(text) is not None)
        if not is_time:
            return None
    return Timer(daily=daily, open=opens, close=closes)


def _is_time(text: str) -> bool:
    try:
        return bool(_TIME.fullmatch(text)) and time.fromisoformat(text) is not None
    except ValueError:
        return False


def run(meter: Meter, since: datetime, until: datetime, zone: tzinfo, read: Callable[[str], datetime | None]) -> None:
    """Switch what is due after a time and not after another; of a device's own timer, so it needs no network."""
    timer = meter.timer
    if timer is None:
        return
    due = []
    for text, method in ((timer.open, OPEN), (timer.close, CLOSE)):
        moment = (_of_day(text, until, zone) if timer.daily else read(text)) if text else None
        if moment is not None and since < moment <= until:
            due.append((moment, method))
    for _, method in sorted(due):
        meter.instrument.obey(method)
    if not timer.daily and all(not text or _is_over(read(text), until) for text in (timer.open, timer.close)):
        meter.timer = None


def _is_over(moment: datetime | None, until: datetime) -> bool:
    return moment is None or moment <= until


def _of_day(text: str, until: datetime, zone: tzinfo) -> datetime:
    return datetime.combine(until.astimezone(zone).date(), time.fromisoformat(text), zone).astimezone(until.tzinfo)
