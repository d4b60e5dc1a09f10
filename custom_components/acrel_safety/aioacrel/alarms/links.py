"""What several devices are reached by: where none of them is heard, one alarm speaks for all."""

from collections.abc import Callable, Collection, Mapping

from ..texts import phrase
from .alarm import Alarm
from .board import Board
from .clock import Moment
from .happening import Happening
from .levels import Level
from .unseen import LASTING_SECONDS, WHOLE_DEVICE
from .verdict import UNSAID, AlarmKey, Cause, Verdict
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
        self._devices: dict[str, Watch] = {}
        self._since: float | None = None
        """Since when none of its devices is heard."""
        self._is_on = False
        self._is_unproved = False
        """Whether its alarm stood before anything could be heard: that it is over is not known."""
        self.is_missed = False
        """Whether it could not be reached when it was to be read: then it is down with one device, or none, as well."""
        self._spoken_for: str | None = None
        """By which alarm its devices were spoken for last."""
        self._back_since: float | None = None
        """Since when it is heard again, as long as it speaks for devices that were not heard yet."""
        self._may_wait = True
        """Whether devices have time to follow after a short outage: all were heard since they had it last."""

    @property
    def devices(self) -> Collection[Watch]:
        """What is reached by it and watched."""
        return self._devices.values()

    def join(self, identity: str, device: Watch, now: Moment) -> None:
        """Have it speak for one device more."""
        self._devices[identity] = device
        device.alarms[WHOLE_DEVICE].suppress(self._spoken_for, now)

    def leave(self, identity: str) -> None:
        """Have it speak for one device less; that one is not asked any more proves nothing."""
        del self._devices[identity]
        self._is_unproved |= self._is_on

    def forgo(self) -> None:
        """Take it that it is not to be read any more: what stood of it is nobody's matter now."""
        self.is_missed = self._is_unproved = False

    @property
    def _is_heard(self) -> bool:
        return any(device.is_device_seen for device in self.devices)

    @property
    def is_calm(self) -> bool:
        """Whether a device is heard and nothing else was so when it was looked at last: there is nothing to do."""
        return self._since is None and self._spoken_for is None and self.alarm.is_quiet and self._is_heard

    def look(self, now: Moment) -> None:
        """Look at its devices, and speak for them where none is heard."""
        is_heard = self._is_heard
        is_down = (len(self._devices) > 1 or self.is_missed) and not is_heard
        if is_heard:
            self._is_unproved = self.is_missed = False
        if self._since is not None and not is_down and (self._is_on or self._may_wait):
            # A link that comes and goes has not always more time.
            self._back_since, self._may_wait = now.steady, False
        self._since = (now.steady if self._since is None else self._since) if is_down else None
        self._is_on = self._since is not None and now.steady - self._since >= LASTING_SECONDS
        self.alarm.take(UNSAID if self._is_unproved and not self._is_on else Verdict(self._is_on), now)
        is_coming_back = self._is_coming_back(now)
        by = id_of(self.board, _CAUSE.key) if self._since is not None or is_coming_back else None
        if by != self._spoken_for:
            self._spoken_for = by
            for device in self.devices:
                device.alarms[WHOLE_DEVICE].suppress(by, now)

    def _is_coming_back(self, now: Moment) -> bool:
        """Whether it is heard again, and devices may still follow: they are asked one by one."""
        if self._back_since is None:
            return False
        if all(device.is_device_seen for device in self.devices):
            self._back_since, self._may_wait = None, True
        elif now.steady - self._back_since >= LASTING_SECONDS:
            self._back_since = None
        return self._back_since is not None

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on with an alarm that stood."""
        self._is_unproved = is_on

    def memory(self) -> Mapping[str, object]:
        """Return nothing: what is not heard now is not heard."""
        return {}

    def next_time(self) -> float | None:
        """Return when, by the steady clock, it has to be looked at again."""
        lasting = None if self._since is None or self._is_on else self._since + LASTING_SECONDS
        over = None if self._back_since is None else self._back_since + LASTING_SECONDS
        times = (self.alarm.next_time, lasting, over)
        return min((time for time in times if time is not None), default=None)
