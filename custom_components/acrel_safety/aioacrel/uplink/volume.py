"""How much data a device's SIM card carried, by day and month: what is counted is what went through the connection.

Headers of TCP and IP, and what the provider rounds up, are not known here: a bill shows more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(slots=True)
class Volume:
    """Counts bytes, both ways."""

    day: date
    today: int = 0
    month: int = 0
    total: int = 0
    """Since it was counted first."""

    def add(self, count: int, today: date) -> None:
        """Count some bytes."""
        self.turn(today)
        self.today += count
        self.month += count
        self.total += count

    def turn(self, today: date) -> None:
        """Begin a new day, or month."""
        if today == self.day:
            return
        if (today.year, today.month) != (self.day.year, self.day.month):
            self.month = 0
        self.day, self.today = today, 0

    def kept(self) -> Mapping[str, object]:
        """Return it as plain types, to be kept over a restart."""
        return {"day": self.day.isoformat(), "today": self.today, "month": self.month, "total": self.total}

    def restore(self, kept: Mapping[str, object]) -> None:
        """Take over what was kept, as far as it makes sense."""
        try:
            day = date.fromisoformat(str(kept["day"]))
            numbers = [kept[name] for name in ("today", "month", "total")]
        except KeyError, ValueError:
            return
        counts = [number for number in numbers if isinstance(number, int) and number >= 0]
        if len(counts) != len(numbers):
            return
        former = Volume(day, *counts)
        former.turn(self.day)
        self.today += former.today
        self.month += former.month
        self.total += former.total
