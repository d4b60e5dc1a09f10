"""The server's log of alarms."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

WORK, GENERAL, MAJOR, URGENT = "1", "2", "3", "4"
LEVELS = {WORK: "工作通知", GENERAL: "一般", MAJOR: "重大", URGENT: "紧急"}
"""The numbers are this server's own: a client has to ask for them."""
HIGH, HIGHER, LOW, LOWER, RECOVERED = "高限报警", "高高限报警", "低限报警", "低低限报警", "报警恢复"
OVER_LIMIT, SIGNAL, PLATFORM = "遥测越限", "遥信变位", "平台运行"


@dataclass(slots=True, kw_only=True)
class Event:
    """An entry of the log."""

    id: str
    site: str
    meter: str
    meter_name: str
    time: datetime
    type: str = HIGH
    description: str = ""
    group: str = OVER_LIMIT
    level: str = MAJOR
    """Its number in `LEVELS`."""
    param: str = ""
    value: float | None = None
    limit: str = ""
    confirmed: bool = False
    confirmed_by: str = ""
    confirmed_at: datetime | None = None


@dataclass(slots=True)
class EventLog:
    """All of them, in the order in which they came."""

    events: list[Event] = field(default_factory=list)
    levels: dict[str, str] = field(default_factory=lambda: dict(LEVELS))
    _next: int = 900001

    def put(self, event: Event) -> Event:
        """Put one in; an empty id is filled in."""
        if not event.id:
            event.id = str(self._next)
            self._next += 1
        self.events.append(event)
        return event

    def find(self, ids: Iterable[str]) -> Iterator[Event]:
        """Yield those with some ids."""
        wanted = {one.strip() for one in ids}
        return (event for event in self.events if event.id in wanted)
