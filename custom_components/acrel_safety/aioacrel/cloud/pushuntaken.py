"""Alarms that a platform sent of a device that nobody was told of yet: kept until somebody takes them.

They are kept as the platform sends them, so that a file of them is read as what comes from outside is.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Self

from .push import LANGUAGES, delivery_of
from .records import PushedAlarm

MOST_UNTAKEN = 100
"""The oldest are forgotten first."""


class UntakenAlarms:
    """Such alarms, the oldest first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._alarms: dict[str, PushedAlarm] = {}

    def __iter__(self) -> Iterator[PushedAlarm]:
        """Yield all of them, whatever becomes of them meanwhile."""
        return iter(list(self._alarms.values()))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._alarms)

    def put(self, alarm: PushedAlarm) -> None:
        """Keep an alarm; one that comes again is the same one."""
        self._alarms.setdefault(alarm.name, alarm)
        while len(self._alarms) > MOST_UNTAKEN:
            del self._alarms[next(iter(self._alarms))]

    def drop(self, alarm: PushedAlarm) -> None:
        """Keep an alarm no more."""
        self._alarms.pop(alarm.name, None)

    def kept(self) -> list[dict[str, object]]:
        """Return them as they are stored."""
        return [_sent(alarm) for alarm in self]

    @classmethod
    def restored(cls, kept: object) -> Self:
        """Return what was stored; what cannot be understood is forgotten."""
        untaken = cls()
        for one in kept[-MOST_UNTAKEN:] if isinstance(kept, list) else []:
            for alarm in delivery_of(json.dumps(one).encode()).alarms:
                untaken.put(alarm)
        return untaken


def _sent(alarm: PushedAlarm) -> dict[str, object]:
    return {
        "gatewaySn": alarm.gateway,
        "meterSn": alarm.serial,
        "timestamp": None if alarm.time is None else alarm.time.timestamp(),
        "list": [
            {
                "code": alarm.code,
                "level": alarm.level,
                "alarmNo": alarm.number,
                "title": _texts(alarm.titles),
                "message": _texts(alarm.messages),
            }
        ],
    }


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {theirs: texts[ours] for theirs, ours in LANGUAGES.items() if ours in texts}
