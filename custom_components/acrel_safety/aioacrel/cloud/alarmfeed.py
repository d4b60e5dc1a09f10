"""The account's log of events, read once for all devices: each device's part becomes reports of its alarms.

Confirming an event has an effect at the server, for everybody who uses the account: it is done where a person
acknowledged here, never because an automation did, and never because of what a poll finds.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from ..alarms.reported import Report
from ..alarms.settled import time_in
from .account import Account, utcnow
from .errors import CloudError
from .instant import Instant
from .judging import LATER
from .records import AlarmEvent, MeterKey
from .reports import report_of

LOOKS_BACK = timedelta(hours=24)
"""Events that are older are not asked for when it begins; what was found later is followed until somebody knows."""
MOST_BACK = timedelta(days=31)
_FAR_EVERY = timedelta(minutes=15)
"""So often what is older is read: of a month it may be thousands of events, page after page."""
_AT_LEAST = (timedelta(hours=1), timedelta(minutes=5))
"""Of a log with more events than are read, the latest of them, whichever end the server begins at."""
_LEVELS_EVERY = timedelta(hours=1)
"""So often, at most, the server is asked which levels it has."""
_AHEAD = timedelta(days=1)
"""The server's clock and zone may differ: what it puts down as of later than now is read as well …"""
_BEHIND = timedelta(hours=26)
"""… and what stands is looked for where it stands in any zone: its owner may have named another one since."""

_OVERLAP = timedelta(hours=1)
"""What came late into the log is read with what is new."""

type Take = Callable[[Sequence[Report]], None]


class AlarmFeed:
    """Reads the log, and tells those who asked about a device."""

    def __init__(self, *, now: Callable[[], datetime] = utcnow) -> None:
        """Begin without any device."""
        self._now = now
        self._takers = dict[MeterKey, list[tuple[Take, Callable[[], datetime | None]]]]()
        self._read: Instant | None = None
        """When the log was read last."""
        self._read_for: dict[MeterKey, datetime] = {}
        """When it was read last for each device, also before a restart."""
        self._jumped_from: datetime | None = None
        """When it was read last before the clock jumped."""
        self.trouble: CloudError | None = None
        """Why it could not be read the last time; then nobody knows what it says."""
        self._far: datetime | None = None
        """When it was read further back than usual, last."""
        self._levels: Mapping[str, str] = {}
        """The server's words for levels, by number, as it told them last …"""
        self._levels_read: datetime | None = None
        """… and when it was asked for them."""
        self.of_others = 0
        """Events, the last time, of devices that nobody asked about."""

    def on(
        self, meter: MeterKey, take: Take, oldest: Callable[[], datetime | None] = lambda: None
    ) -> Callable[[], None]:
        """Tell what the log says of a device; returns what ends that.

        `oldest` says of when the first report is that nobody knows of: the log is read from then on.
        """
        mine = (take, oldest)
        self._takers.setdefault(meter, []).append(mine)

        def leave() -> None:
            takers = self._takers.get(meter, [])
            if mine in takers:
                takers.remove(mine)
            if not takers:
                self._takers.pop(meter, None)

        return leave

    @property
    def last(self) -> datetime | None:
        """When the log was read last."""
        return None if self._read is None else self._read.wall

    async def look(self, account: Account) -> None:
        """Read the log; where nobody asks it is left alone. Raises CloudError."""
        if not self._takers:
            return
        now = self._now()
        since = self._since(now)
        try:
            latest = [now - span for span in _AT_LEAST]
            events = await account.alarms(since=since, until=now + _AHEAD, at_least=latest)
        except CloudError as error:
            self.trouble = error
            raise
        by_meter = defaultdict[MeterKey, list[Report]](list)
        self.of_others = 0
        for event in await self._with_levels(account, events, now):
            if event.is_recovery:
                continue
            report = report_of(event, account.profile, now)
            meters = self._meters_of(event)
            self.of_others += not meters
            for meter in meters:
                by_meter[meter].append(report)
        # Those of whom it says nothing, too: what they wait for is not there.
        for meter, takers in list(self._takers.items()):
            for take, _ in list(takers):
                take(by_meter.get(meter, ()))
            self._read_for[meter] = now
        # Whatever ends it before: what was not told is read again.
        self._read, self.trouble = Instant.now(self._now), None
        if since < now - LOOKS_BACK:
            self._far = now

    def kept(self) -> dict[str, object]:
        """Return what outlives a restart, as plain JSON: when it was read for each device, and words for levels."""
        oldest = self._now() - MOST_BACK
        read = [[*meter, time.isoformat()] for meter, time in self._read_for.items() if time > oldest]
        return {"read": read, "levels": {**self._levels}}

    def restore(self, kept: object) -> None:
        """Take what was kept before a restart; a person may have edited it."""
        match kept:
            case {"read": [*read]}:
                self._read_for = dict(_read_in(read))
        match kept:
            case {"levels": {**levels}}:
                self._levels = {str(number): name for number, name in levels.items() if isinstance(name, str)}

    def _meters_of(self, event: AlarmEvent) -> Sequence[MeterKey]:
        """Return whose event it is; where it does not say of which site, it may be that of any device of the code."""
        if event.site:
            key = MeterKey(event.site, event.meter)
            return [key] if key in self._takers else []
        return [key for key in self._takers if key.code == event.meter]

    async def _with_levels(self, account: Account, events: Sequence[AlarmEvent], now: datetime) -> Sequence[AlarmEvent]:
        """Return events with the server's words for their levels; which numbers there are only the server says."""
        numbered = {event.level_id for event in events if event.level_id and not event.level}
        is_due = self._levels_read is None or not timedelta() <= now - self._levels_read < _LEVELS_EVERY
        if numbered - self._levels.keys() and is_due:
            self._levels_read = now
            # Of one without a word nobody knows how bad it is: it is an alarm.
            with suppress(CloudError):
                self._levels = {one.id: one.name for one in await account.levels()}
        return [
            event if event.level else replace(event, level=self._levels.get(event.level_id, "")) for event in events
        ]

    async def confirm(self, account: Account, numbers: Sequence[str]) -> None:
        """Acknowledge events at the server, because a person did so here. Raises CloudError."""
        if numbers:
            await account.confirm_alarms(numbers)

    def _since(self, now: datetime) -> datetime:
        since = min(now - LOOKS_BACK, self._unread_since(now))
        if self._far is None or not timedelta() <= now - self._far < _FAR_EVERY:
            standing = (time - _BEHIND for time in self._oldest() if time is not None)
            since = min(since, *standing, since)
        return max(now - MOST_BACK, since)

    def _unread_since(self, now: datetime) -> datetime:
        """Return from when on nobody read the log: it may have been out of reach, and this machine asleep, for days.

        Where a clock jumped nobody knows which of both times is right, nor that of the jump before.
        """
        known = [self._read_for[meter] for meter in self._takers if meter in self._read_for]
        if not known:
            return now
        before = min(known)
        if (read := self._read) is None:
            # It was read by a former run of this program: by a clock that was wrong, if it was ahead of now.
            before = now - MOST_BACK if max(known) - now > LATER else before
        elif read.has_jumped(instant := Instant.now(self._now)):
            passed = timedelta(seconds=instant.steady - read.steady)
            before = min(before, now - passed, self._jumped_from or before)
            self._jumped_from = read.wall
        return min(before, now) - _OVERLAP

    def _oldest(self) -> Iterator[datetime | None]:
        for takers in self._takers.values():
            for _, oldest in takers:
                yield oldest()


def _read_in(read: Sequence[object]) -> Iterator[tuple[MeterKey, datetime]]:
    for one in read:
        match one:
            case [str(site), str(code), time] if (known := time_in(time)) is not None:
                yield MeterKey(site, code), known
