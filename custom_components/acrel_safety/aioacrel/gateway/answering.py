"""What is answered to a device: no more than it needs to go on, with the number of its message as it came."""

from datetime import datetime, timedelta, tzinfo

from . import overseas, platform
from .messages import Login, Message, Parameters, TimeRequest, Topology
from .topics import Dialect, Topic


def answer_to(topic: Topic, message: Message, zone: tzinfo, now: datetime) -> str | None:
    """Return the answer to a message; None where none is needed, or none is known."""
    if topic.dialect is Dialect.OVERSEAS:
        return _overseas(message, now.astimezone(zone))
    if topic.dialect is not Dialect.PLATFORM:
        return None
    seconds = int(now.timestamp())
    match message:
        case Login():
            return platform.encoded(topic.serial, "login", message.number, {"res": 1, "timestamp": seconds})
        case Topology():
            return platform.encoded(topic.serial, "topology", message.number, {"res": 1, "timestamp": seconds})
        case TimeRequest():
            hours, minutes = _offset(now.astimezone(zone).utcoffset())
            return platform.encoded(
                topic.serial,
                "time",
                message.number,
                {
                    "timezone": hours,
                    "timezoneMin": minutes,
                    "devicesend": message.sent,
                    "serverreceive": seconds,
                    "serversend": seconds,
                    "timestamp": seconds,
                },
            )
    return None


def _overseas(message: Message, moment: datetime) -> str | None:
    match message:
        case Login():
            return overseas.taken("login")
        case TimeRequest():
            # The exact answer is not printed: this is a guess.
            return overseas.taken("time", moment)
        case Parameters():
            return overseas.taken("para")
    return None


def _offset(offset: timedelta | None) -> tuple[str, str]:
    """Return hours and minutes as the vendor writes them: "8", "00"."""
    minutes = int((offset or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else ""
    return f"{sign}{abs(minutes) // 60}", f"{abs(minutes) % 60:02d}"
