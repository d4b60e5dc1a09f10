"""Who reports: whether it is there, how its clock goes, what is wrong with it, and the meters it tells of."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime

from ..errors import AcrelError
from ..listening import joined
from ..masking import masked
from .clock import DeviceClock
from .meter import Meter

USUAL_PERIOD = 300.0
"""Seconds between two reports, where nobody says them."""
PERIODS = 3.0
"""So many periods of its reports a sender or meter may be silent."""


class Reporter(ABC):
    """One sender by its serial number."""

    def __init__(self, serial: str, now: Callable[[], datetime]) -> None:
        """Take its serial number, and the wall clock."""
        self.serial = serial
        self.now = now
        self.last_heard: datetime | None = None
        self.is_here = False
        """Whether it spoke since the start, within three periods."""
        self.trouble: AcrelError | None = None
        self.clock = DeviceClock()
        self.meters: dict[str, Meter] = {}
        self._on_change: list[Callable[[], None]] = []

    @property
    def shown(self) -> str:
        """Its number as it may be shown."""
        return masked(self.serial)

    @property
    @abstractmethod
    def period(self) -> float:
        """Seconds between two reports."""

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Tell that it came, went or has another trouble; returns what ends that."""
        return joined(self._on_change, changed)

    def is_heard(self, now: datetime) -> bool:
        """Note that it spoke; return whether it was away."""
        self.last_heard = now
        was_away, self.is_here = not self.is_here, True
        if was_away:
            self.changed()
        return was_away

    def is_lost(self) -> None:
        """Note that it has been silent for too long."""
        self.is_here = False
        self.changed()

    def has_trouble(self, trouble: AcrelError | None) -> bool:
        """Take what is wrong with it; return whether that is news worth telling."""
        is_news = (trouble is None) != (self.trouble is None) or str(trouble) != str(self.trouble)
        self.trouble = trouble
        if is_news:
            self.changed()
        return is_news and trouble is not None

    def changed(self) -> None:
        """Tell that something is different."""
        for listener in list(self._on_change):
            listener()


def utcnow() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
