"""The server's clock, and times as it writes them: local strings without a zone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
_SPELT = "%Y-%m-%d %H:%M:%S"
_READ = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?(?:\.\d+)?")


def utcnow() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


class Clock:
    """The time that a server thinks it is; it may be wrong, and can be moved."""

    def __init__(self, zone: tzinfo = CHINA, now: Callable[[], datetime] = utcnow) -> None:
        """Take the zone in which it writes times, and where it takes the time from."""
        self.zone = zone
        self.fraction = False
        """Whether `.0` is written behind the seconds."""
        self._now = now
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the server's time, in UTC."""
        return self._now() + self._ahead

    def move(self, seconds: float) -> None:
        """Set it forward, or back."""
        self._ahead += timedelta(seconds=seconds)

    def text(self, moment: datetime) -> str:
        """Spell a time as the server does."""
        return moment.astimezone(self.zone).strftime(_SPELT) + (".0" if self.fraction else "")

    def read(self, text: str) -> datetime | None:
        """Read a time, or a day, as a client spells it; None if it is none."""
        if not _READ.fullmatch(text.strip()):
            return None
        try:
            return datetime.fromisoformat(text.strip()).replace(tzinfo=self.zone).astimezone(UTC)
        except ValueError:
            return None
