"""What a cloud account shows, gathered for `acrel cloud`: sites, devices, present values and alarms."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain

from ..cloud.account import Account
from ..cloud.errors import AccountError, CloudError, CloudUnreachableError, LicenceError, SiteGoneError
from ..cloud.judging import Known, lost
from ..cloud.records import AlarmEvent, Login, Meter, Site, Values
from ..errors import AcrelError
from ..readings import PointKey, Value
from ..texts import phrase
from .output import Json

_FATAL = (AccountError, LicenceError, CloudUnreachableError)
"""What ends the command; of anything else only what was asked for is missing."""
_DAY = timedelta(days=1)


@asynccontextmanager
async def logged_in(account: Account) -> AsyncGenerator[Login]:
    """Log in, and out at the end, whatever the server said between. Raises CloudError.

    Nobody waits for that who ends the command, nor where the server is not reached.
    """
    login = await account.login()
    try:
        yield login
    except CloudUnreachableError:
        raise
    except CloudError:
        await _leave(account)
        raise
    await _leave(account)


async def _leave(account: Account) -> None:
    # That the server does not take it loses nothing of what it said before.
    with suppress(CloudError):
        await account.logout()


@dataclass(slots=True, kw_only=True)
class Shown:
    """One device."""

    meter: Meter
    model: str | None
    known: Known
    is_heard: bool = False
    """Whether the server hears it, and when; what it says of any other is no news."""
    values: dict[PointKey, Value] = field(default_factory=dict)
    events: list[AlarmEvent] = field(default_factory=list)
    stale: int = 0
    """Values that are too old to be shown."""

    @property
    def is_online(self) -> bool | None:
        """What the server says of its connection."""
        return None if self.known.connection is None else self.known.connection.is_online

    @property
    def is_quiet(self) -> bool | None:
        """Whether it is in no alarm; None where nobody knows."""
        if self.meter.is_alarmed:
            return False
        return True if self.is_heard and self.meter.is_alarmed is False else None

    def circuits(self) -> dict[str, dict[str, Json]]:
        """Return the values by circuit and code."""
        found: dict[str, dict[str, Json]] = {}
        for key, value in sorted(self.values.items()):
            found.setdefault(key.circuit, {})[key.code] = value
        return found

    def alarms(self, points: Callable[[str], PointKey | None], language: str = "en") -> list[Json]:
        """Return what is active, and what nobody acknowledged within a day; that nobody knows is no empty list."""
        details = self.known.details
        active = (details.active if details is not None else None) or {}
        found: list[Json] = []
        for name, text in active.items():
            key = points(name)
            known: dict[str, Json] = {} if key is None else {"circuit": key.circuit, "code": key.code}
            found.append({"active": True, "name": name, **known, "text": text})
        for event in self.events:
            time = None if event.time is None else event.time.isoformat()
            found.append(
                {"active": None, "id": event.id, "time": time, "level": event.level, "name": event.type}
                | {"text": event.description}
            )
        if self.meter.is_alarmed and not active:
            found.insert(0, {"active": True, "name": None, "text": ""})
        if self.is_quiet is None:
            found.insert(0, {"active": None, "name": None, "text": phrase("cloud_alarm_unsaid").text(language)})
        return found


class Listing:
    """Asks for all of it, one thing after the other."""

    def __init__(self, account: Account, now: Callable[[], datetime]) -> None:
        """Take the account; `missing` says what could not be had, each cause once."""
        self._account = account
        self._now = now
        self.missing: dict[str, AcrelError] = {}

    async def sites(self, only: str | None) -> list[tuple[Site, list[Shown]]]:
        """Return the sites with their devices; what one refuses keeps no other from being shown. Raises CloudError."""
        known = await self._account.sites()
        chosen = [site for site in known if only in (None, site.id)]
        if only is not None and not chosen:
            raise SiteGoneError(host=self._account.address.place, code=only)
        meters = {site.id: await self._had(self._account.meters(site.id)) for site in chosen}
        if chosen and all(found is None for found in meters.values()):
            raise next(iter(self.missing.values()))
        return [(site, await self._devices(site, meters[site.id] or [])) for site in chosen]

    async def _devices(self, site: Site, meters: Sequence[Meter]) -> list[Shown]:
        account, profile = self._account, self._account.profile
        shown = {one.code: Shown(meter=one, model=profile.model_of(one.kind), known=Known(meter=one)) for one in meters}
        for one in meters:
            kind = profile.meter_types.get(one.kind)
            if kind is not None and kind.position is not None:
                told = Values(code=one.code, measured=one.received, values={kind.position: one.is_closed})
                self._take(shown[one.code], told)
            if one.is_alarmed:
                details = await self._had(account.details(site.id, one.code))
                shown[one.code].known = replace(shown[one.code].known, details=details)
        leakage = await self._had(account.leakage(site.id)) or []
        temperatures = await self._had(account.temperatures(site.id)) or []
        for values in chain(temperatures, leakage):
            if values.code in shown:
                self._take(shown[values.code], values)
        for connection in await self._had(account.connections(site.id)) or ():
            if connection.code in shown:
                shown[connection.code].known = replace(shown[connection.code].known, connection=connection)
        now = self._now()
        for each in shown.values():
            each.is_heard = each.known.is_heard(now, self._limit)
            if not each.is_heard:
                # The time of a value may be of a moment ago; that it holds still nobody says any more.
                each.values.clear()
        await self._add_events(site, shown, now)
        return list(shown.values())

    async def _add_events(self, site: Site, shown: Mapping[str, Shown], now: datetime) -> None:
        events: Sequence[AlarmEvent] = (
            await self._had(self._account.alarms(since=now - _DAY, until=now, site=site.id, confirmed=False)) or ()
        )
        for event in events:
            if event.meter in shown and event.site in ("", site.id) and not event.is_recovery:
                shown[event.meter].events.append(event)

    def _take(self, shown: Shown, values: Values) -> None:
        told = {key: value for key, value in values.values.items() if value is not None}
        if lost(values.measured, self._now(), self._limit) is not None:
            shown.stale += len(told.keys() - shown.values.keys())
            return
        shown.values |= told
        newest = shown.known.values
        if newest is None or newest.measured is None or (values.measured or newest.measured) > newest.measured:
            shown.known = replace(shown.known, values=values)

    @property
    def _limit(self) -> timedelta:
        return timedelta(seconds=self._account.profile.stale_after)

    async def _had[Found](self, asked: Awaitable[Found]) -> Found | None:
        """Return what was asked for; None where the server cannot say it, which is noted."""
        try:
            return await asked
        except _FATAL:
            raise
        except CloudError as error:
            self.missing.setdefault(str(error), error)
            return None
