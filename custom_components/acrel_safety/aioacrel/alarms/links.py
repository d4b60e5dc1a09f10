"""What several devices are reached by: where none of them is heard, one alarm speaks for all."""

from collections.abc import Callable, Sequence

from ..texts import phrase
from .alarm import Alarm
from .board import Board
from .clock import Moment
from .happening import Happening
from .levels import Level
from .unseen import LASTING_SECONDS, WHOLE_DEVICE
from .verdict import AlarmKey, Cause, Verdict
from .watch import Watch

_CAUSE = Cause(key=AlarmKey("", "link", "unseen"), level=Level.NOT_SEEN, name=phrase("alarm_link_unseen"))


def id_of(board: Board, key: AlarmKey) -> str:
    """Return what an alarm of a device or link is known by."""
    return f"{board.identity}/{key}"


class Link:
    """One link, with its alarm."""

    def __init__(self, board: Board, tell: Callable[[Happening], None]) -> None:
        """Take where it is, and who is told of each happening."""
        self.board = board
        self.alarm = Alarm(_CAUSE, tell)
        self._since: float | None = None
        """Since when none of its devices is heard."""
        self._is_on = False

    def look(self, devices: Sequence[Watch], now: Moment) -> None:
        """Look at the devices that are reached by it, and let it speak for them where none is heard."""
        is_down = len(devices) > 1 and not any(device.is_device_seen for device in devices)
        self._since = (now.steady if self._since is None else self._since) if is_down else None
        self._is_on = self._since is not None and now.steady - self._since >= LASTING_SECONDS
        self.alarm.take(Verdict(self._is_on), now)
        by = id_of(self.board, _CAUSE.key) if self._since is not None else None
        for device in devices:
            device.alarms[WHOLE_DEVICE].suppress(by, now)

    def next_time(self) -> float | None:
        """Return when, by the steady clock, it has to be looked at again."""
        lasting = None if self._since is None or self._is_on else self._since + LASTING_SECONDS
        times = (self.alarm.next_time, lasting)
        return min((time for time in times if time is not None), default=None)
