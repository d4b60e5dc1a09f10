"""What the lists of a server say, brought together for each device: the newest of each, and nothing of another's.

Details are read of devices in alarm alone, so many in a poll and no more; what they said holds for a few minutes.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from math import inf
from typing import TYPE_CHECKING

from .account import Account
from .errors import AccountError, CloudBusyError, CloudError, CloudUnreachableError, LicenceError
from .fields import comes_twice
from .identity import Sameness
from .instant import Instant
from .judging import LATER, Known
from .records import Connection, Details, Meter, MeterKey, Values

if TYPE_CHECKING:
    from .source import CloudSource

MOST_DETAILS = 30
"""Devices in alarm whose details are read in one poll; of more, those that were read longest ago."""
DETAILS_EVERY = timedelta(seconds=30)
"""A poll that follows sooner reads them anew only where the last try gave none."""
DETAILS_HOLD = timedelta(minutes=5)
"""What details said that are older says nothing of now: meanwhile another alarm may have come."""
MOST_LATE = 2
"""Answers that may not come in one poll, or not whole: one call may be too much for a server that is well otherwise."""


class Lists:
    """The lists of one account, and what they said last of each device that is watched."""

    def __init__(self, account: Account, now: Callable[[], datetime]) -> None:
        """Take the account, and the wall clock."""
        self._account = account
        self._now = now
        self._known: dict[MeterKey, Known] = {}
        self._details_left = MOST_DETAILS
        self._late = 0
        """Answers that did not come in this poll."""
        self._detailed: dict[MeterKey, Instant] = {}
        """When the details of a device were read last."""

    def begin(self) -> None:
        """Begin a poll: there is room for details again."""
        self._details_left = MOST_DETAILS
        self._late = 0

    def bears(self, error: CloudError) -> bool:
        """Whether to go on with the poll after an error: not where all else would fail as well."""
        if isinstance(error, CloudUnreachableError) and error.is_of_call and self._late < MOST_LATE:
            self._late += 1
            return True
        return not is_of_all(error)

    def known(self, key: MeterKey) -> Known | None:
        """Return what is known of a device."""
        return self._known.get(key)

    def forget(self, key: MeterKey) -> None:
        """Know nothing of a device any more."""
        self._known.pop(key, None)
        self._detailed.pop(key, None)

    def in_turn(self, keys: Iterable[MeterKey]) -> list[MeterKey]:
        """Return devices in the order in which they are looked at: first those whose details were read longest ago."""
        return sorted(keys, key=lambda key: self._detailed[key].steady if key in self._detailed else -inf)

    async def details(self, source: CloudSource, meter: Meter | None, *, asks: bool = True) -> Details | None:
        """Return what the details of a device say that is in alarm, as far as that holds; None where nothing does.

        Without `asks` nothing is asked for. Raises what is so for all of the account.
        """
        source.recognition.take(meter)
        if meter is None or meter.is_alarmed is not True or source.recognition.sameness is Sameness.OTHER:
            return None
        known = self._known.get(source.key, Known())
        if asks and self._wants_details(source.key, known):
            self._details_left -= 1
            details = await self._quietly(lambda: self._account.details(source.site, source.code))
            if details is not None:
                self._detailed[source.key] = Instant.now(self._now)
                source.recognition.take_serial(details.serial or "")
            return details
        return known.details if self._details_hold(source.key) else None

    def bring_together(
        self,
        source: CloudSource,
        meter: Meter | None,
        values: Mapping[str, Values] | None,
        connections: Mapping[str, Connection] | None,
        details: Details | None,
    ) -> Known:
        """Return what is known of a device with what the lists say now; None is a list that was not read.

        What was brought together meanwhile by somebody else stays, as far as these say nothing newer.
        """
        source.recognition.take(meter)
        source.is_other = source.recognition.sameness is Sameness.OTHER
        if source.is_other:
            # The code was given to another device: nothing of that one is of the one that is watched.
            meter = values = connections = None
            self._known.pop(source.key, None)
        former = self._known.get(source.key, Known())
        is_alarmed = meter is not None and meter.is_alarmed is True
        known = replace(former, meter=meter, details=details if is_alarmed else None)
        if values is not None:
            known = replace(known, values=self._newer(former.values, values.get(source.code), source.zone))
        if connections is not None:
            known = replace(known, connection=connections.get(source.code))
        self._known[source.key] = known
        return known

    def _wants_details(self, key: MeterKey, known: Known) -> bool:
        """Whether the details of a device in alarm are read now: in each poll, as far as there is room for it."""
        last = self._detailed.get(key)
        if self._details_left <= 0:
            return False
        return known.details is None or last is None or last.passed(Instant.now(self._now)) >= DETAILS_EVERY

    def _details_hold(self, key: MeterKey) -> bool:
        last = self._detailed.get(key)
        return last is not None and last.passed(Instant.now(self._now)) < DETAILS_HOLD

    async def values(self, site: str) -> Mapping[str, Values] | None:
        """Return what the devices of a site measure; None where only that cannot be had. Raises what is so for all."""
        return None if self._is_slow else await self._quietly(lambda: self._values(site))

    async def connections(self, site: str) -> Mapping[str, Connection] | None:
        """Return which devices of a site the server hears; None where only that cannot be had; raises likewise."""
        return None if self._is_slow else await self._quietly(lambda: self._connections(site))

    @property
    def _is_slow(self) -> bool:
        """Whether nothing but alarms is asked for in the rest of a poll: of all sites these are still to come."""
        return self._late >= MOST_LATE

    async def _values(self, site: str) -> Mapping[str, Values]:
        """Return residual currents, and temperatures apart only where those come without."""
        found = {one.code: one for one in await self._account.leakage(site)}
        kinds = set(self._account.profile.temperatures.values())
        lacks = any(not kinds & one.values.keys() for one in found.values()) or not found
        if not lacks:
            return found
        for one in await self._account.temperatures(site):
            other = found.get(one.code)
            if other is None:
                found[one.code] = one
            elif not kinds & other.values.keys() and other.measured == one.measured:
                found[one.code] = replace(other, values={**other.values, **one.values})
        return found

    async def _connections(self, site: str) -> Mapping[str, Connection]:
        return {one.code: one for one in await self._account.connections(site) if one.code}

    def _newer(self, former: Values | None, told: Values | None, zone: tzinfo) -> Values | None:
        """Return what was told, unless it is of before what was known; what was of later than now was never known.

        Of an hour that comes twice nothing can be said to be of before: what is told now is taken.
        """
        if former is None or told is None or told.measured is None or former.measured is None:
            return told
        if comes_twice(told.measured, zone):
            return told
        return former if told.measured < former.measured <= self._now() + LATER else told

    async def _quietly[T](self, asking: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await asking()
        except CloudError as error:
            if not self.bears(error):
                raise
            return None


def is_of_all(error: CloudError) -> bool:
    """Whether something is so for all of the account: asking on would only make it worse."""
    if isinstance(error, CloudBusyError):
        # An error of the server's own may be of one call.
        return error.retry_after is not None
    return isinstance(error, AccountError | LicenceError | CloudUnreachableError)
