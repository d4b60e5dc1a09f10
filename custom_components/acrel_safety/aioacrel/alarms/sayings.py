"""What is said of an alarm and of what became of it, whoever says it: a log, a logbook, a message."""

from collections.abc import Mapping

from ..texts import Said, Sayable, phrase
from .happening import What
from .levels import Level

SAID: Mapping[What, str] = {
    What.CAME_AGAIN: "log_came_again",
    What.RETURNED: "log_returned",
    What.ENDED: "log_ended",
    What.ACKNOWLEDGED: "log_acknowledged",
    What.SILENCED: "log_silenced",
    What.RESET: "log_reset",
    What.SHELVED: "log_shelved",
    What.UNSHELVED: "log_unshelved",
    What.SUPPRESSED: "log_suppressed",
    What.UNSUPPRESSED: "log_unsuppressed",
    What.TAKEN_OUT: "log_taken_out",
    What.PUT_BACK: "log_put_back",
    What.MEASURED: "log_measured",
}
"""By what happened, the phrase about its cause; what is raised is said with its level instead."""
_WHOLE = 1000
"""From here on figures have no decimals."""


def headed(level: Level, what: Said) -> Sayable:
    """Return something with its level before it."""
    match level:
        case Level.PRE_ALARM:
            return phrase("title_pre_alarm", place=what)
        case Level.ALARM:
            return phrase("title_alarm", place=what)
        case Level.TRIP:
            return phrase("title_trip", place=what)
        case Level.FAULT:
            return phrase("title_fault", place=what)
        case Level.NOT_SEEN:
            return phrase("title_not_seen", place=what)


def with_figures(cause: Sayable, value: object, limit: object, unit: str | None) -> Sayable:
    """Return what is wrong, with value and limit where there are any."""
    return _figured(cause, _figure(value, unit), _figure(limit, unit))


def over_with_figures(cause: Sayable, worst: object, value: object, limit: object, unit: str | None) -> Sayable:
    """Return what was wrong, with what was measured at worst, the limit, and what is measured now, if it is."""
    shown, now = _figure(worst, unit), _figure(value, unit)
    figure: Said = ""
    if shown:
        figure = phrase("worst_and_now", worst=shown, value=now) if now else phrase("at_worst", worst=shown)
    return _figured(cause, figure, _figure(limit, unit))


def _figured(cause: Sayable, shown: Said, bound: str) -> Sayable:
    if shown and bound:
        return phrase("told_with_limit", cause=cause, value=shown, limit=bound)
    return phrase("told_with_value", cause=cause, value=shown) if shown else cause


def _figure(value: object, unit: str | None) -> str:
    """Return a number with its unit; what is none has its place in the cause."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    digits = f"{value:.0f}" if abs(value) >= _WHOLE else f"{value:.4g}"
    return f"{digits} {unit or ''}".rstrip()
