"""What a cloud says of alarms, as reports of a device: of its log, and of what it sends by itself."""

from datetime import datetime
from hashlib import sha256

from ..alarms.reported import Report
from .judging import LATER
from .profile import Profile
from .records import AlarmEvent, PushedAlarm

_WARNING = "general"


def report_of(event: AlarmEvent, profile: Profile, now: datetime) -> Report:
    """Return an event of the log; a level that is not known is that of an alarm."""
    said = dict.fromkeys(part for part in (event.level, event.type, event.description) if part)
    time = _time(event.time, now)
    return Report(
        id=event.id,
        text=" · ".join(said),
        time=time,
        spelled=None if time is None else event.spelled,
        is_warning=profile.levels.get(event.level) == _WARNING,
        is_confirmed=event.is_confirmed,
    )


def report_of_pushed(alarm: PushedAlarm, language: str, now: datetime) -> Report:
    """Return an alarm that was sent: what its levels mean is not public, so that each is one."""
    title = alarm.titles.get(language) or next(iter(alarm.titles.values()), "")
    message = alarm.messages.get(language) or next(iter(alarm.messages.values()), "")
    said = dict.fromkeys(part for part in (title, message) if part)
    return Report(
        id=sha256(f"{alarm.number}/{alarm.code}".encode()).hexdigest()[:32],
        text=" · ".join(said) or alarm.code,
        time=_time(alarm.time, now),
        is_confirmed=None,
    )


def _time(told: datetime | None, now: datetime) -> datetime | None:
    """Return when something happened; of what is said to happen later than now nobody knows when that was."""
    return None if told is None or told - now > LATER else told
