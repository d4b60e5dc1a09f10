"""The time as devices are told it: seven plain bytes, among them the weekday, about which sources disagree."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOMENT_SIZE = 7
_CENTURY = 2000
_SUNDAY = 7


class WeekdayRule(StrEnum):
    """Which number a weekday has. Devices were seen to take each of these."""

    MONDAY_1 = "monday_1"
    """Monday 1 to Sunday 7: two servers agree with it for six days."""
    SUNDAY_0 = "sunday_0"
    """Sunday 0 to Saturday 6."""
    SUNDAY_1 = "sunday_1"
    """Sunday 1 to Saturday 7, as in the vendor's example."""

    def number(self, moment: datetime) -> int:
        """Return the number of a moment's weekday."""
        day = moment.isoweekday()
        match self:
            case WeekdayRule.MONDAY_1:
                return day
            case WeekdayRule.SUNDAY_0:
                return day % _SUNDAY
            case _:
                return day % _SUNDAY + 1


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it stands in a frame: on the clock of some zone, which is not said."""

    year: int
    month: int
    day: int
    weekday: int
    hour: int
    minute: int
    second: int

    @classmethod
    def of(cls, data: bytes) -> Moment:
        """Read the seven bytes, whatever they say."""
        year, *rest = data
        return cls(_CENTURY + year, *rest)

    @classmethod
    def at(cls, moment: datetime, rule: WeekdayRule = WeekdayRule.MONDAY_1) -> Moment:
        """Return a time on the clock of its zone."""
        return cls(
            moment.year, moment.month, moment.day, rule.number(moment), moment.hour, moment.minute, moment.second
        )

    def encoded(self) -> bytes:
        """Return the seven bytes."""
        return bytes([self.year - _CENTURY, self.month, self.day, self.weekday, self.hour, self.minute, self.second])

    @property
    def time(self) -> datetime | None:
        """The time without a zone; None where there is no such time."""
        try:
            return datetime(  # noqa: DTZ001 - the zone is not said
                self.year, self.month, self.day, self.hour, self.minute, self.second
            )
        except ValueError:
            return None
