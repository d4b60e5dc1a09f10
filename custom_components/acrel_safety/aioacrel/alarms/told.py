"""Which values of alarms that stand were told last: by less than a person would see, another one is no news."""

from ..readings import Value
from .alarm import Alarm
from .verdict import AlarmKey

_STEP = 0.02
"""Of the limit."""


class Told:
    """The values that were told last."""

    def __init__(self) -> None:
        """Begin with none."""
        self._values: dict[AlarmKey, Value | None] = {}

    def is_news(self, alarm: Alarm) -> bool:
        """Whether the value of an alarm is another one than that told last, by as much as matters; then it is told."""
        key, value, limit = alarm.cause.key, alarm.value, alarm.limit
        told = self._values.get(key)
        if isinstance(value, int | float) and isinstance(told, int | float):
            is_news = abs(value - told) > _STEP * abs(limit or told)
        else:
            is_news = value != told
        if is_news:
            self._values[key] = value
        return is_news
