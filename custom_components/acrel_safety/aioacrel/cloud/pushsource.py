"""A device of which a platform sends values by itself, as a source: nothing can be asked of it, and nothing ordered."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import override

from ..errors import CommandRefusedError, DeviceAwayError
from ..readings import PointKey
from ..reporting.reporter import USUAL_PERIOD, Reporter
from ..reporting.source import ReportedSource
from ..source import FAR, Order
from ..texts import Phrase, phrase

ORIGIN = "push"


class Sender(Reporter):
    """A device of which a platform tells."""

    def __init__(self, serial: str, period: float | None, now: Callable[[], datetime]) -> None:
        """Take its serial number, the seconds between two reports where the owner said them, and the wall clock."""
        super().__init__(serial, now)
        self._period = period or USUAL_PERIOD

    @property
    @override
    def period(self) -> float:
        """Seconds between two reports."""
        return self._period


class PushSource(ReportedSource):
    """One device."""

    rank = FAR

    @property
    @override
    def orders(self) -> AbstractSet[PointKey]:
        """Nothing can be ordered by this way."""
        return frozenset()

    @property
    def doubt(self) -> Phrase | None:
        """Whoever knows the address can send anything: what came by it is no proof of a position."""
        return phrase("push_unproved")

    @override
    async def send(self, order: Order) -> None:
        """Raise CommandRefusedError."""
        raise CommandRefusedError(name=order.key, detail=phrase("push_only_tells"))

    @override
    def _away(self) -> DeviceAwayError:
        return DeviceAwayError(link=self.reporter.shown, detail=phrase("push_silent"))
