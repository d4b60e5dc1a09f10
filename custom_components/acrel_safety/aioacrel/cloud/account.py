"""The owner's account at a cloud: everything that can be asked of it, one request at a time.

Whatever goes wrong is one of `errors.py`. Reads may be repeated; a command is sent once at most, and what it answers
proves nothing: the log of commands and the position do.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NoReturn

from ..texts import phrase
from . import days, logs, reading
from .address import CloudAddress
from .caller import Caller, formed
from .errors import CommandNotSentError, ProofError, ProofNoneError, ProofWrongError, UnfitAnswerError
from .exchange import Exchange
from .fields import LONGEST_ID, Json, first, identifier, spelled, yes_or_no
from .paging import PageSize, all_pages
from .profile import Form, Profile, Title
from .records import (
    AlarmEvent,
    AlarmLevel,
    Asked,
    CircuitOfMeter,
    Connection,
    Counted,
    Details,
    LoggedCommand,
    Login,
    Meter,
    Sample,
    Site,
    Values,
)
from .wire import Sessions, Wire
from .zones import IN_CHINA, Zones

MOST_BYTES = 8 * 1024 * 1024
"""Of the pages of one list before the last: what is made of them is many times as large."""
_IDS_AT_ONCE = 50
_DAY = timedelta(days=1)
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def utcnow() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Account:
    """One account at one server. The session should keep no cookies and use no proxies of the environment."""

    def __init__(
        self,
        session: Sessions,
        address: CloudAddress,
        profile: Profile,
        *,
        user: str,
        password: str,
        zones: Zones = IN_CHINA,
        now: Callable[[], datetime] = utcnow,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Take whose account it is; nothing is sent yet."""
        self.address = address
        self.profile = profile
        self.zones = zones
        """Of the server's times."""
        self._wire = Wire(
            session, address, title=Title(profile), header=profile.frame.header, on_exchange=on_exchange, now=now
        )
        self._caller = Caller(self._wire, profile, user=user, password=password)
        self._page_sizes = defaultdict[str, PageSize](PageSize)
        """By call: what is known of the pages that the server gives."""
        self._names: dict[str, Mapping[str, str]] = {}
        """Codes of devices by name, by site: the list of connections knows names only."""

    def __repr__(self) -> str:
        """Name the server, and nobody."""
        return f"Account({self.address.place}, {self.profile.id})"

    @property
    def login_known(self) -> Login | None:
        """What the latest login gave."""
        return self._caller.login_known

    @property
    def is_logged_in(self) -> bool:
        """Whether there is a login that nobody ended, as far as is known here."""
        return self._caller.is_logged_in

    @property
    def own_names(self) -> frozenset[str]:
        """What the server may call whoever asks: as was typed, and as the login said."""
        known = self.login_known
        return frozenset({self._caller.user, *(() if known is None or not known.user_name else (known.user_name,))})

    def codes_by_name(self, site: str) -> Mapping[str, str]:
        """Return the codes of a site's devices by name, as far as the site was listed and no other has the name."""
        return self._names.get(site, {})

    def zone_of(self, site: str) -> tzinfo:
        """Return the zone of a site's times, which its owner said: no answer names one."""
        return self.zones.of(site)

    @property
    def figures(self) -> Mapping[str, float | None]:
        """How well it does; nothing secret."""
        return {
            "requests": self._wire.requests,
            "received_bytes": self._wire.received,
            "logins": self._caller.logins,
            "renewals": self._caller.renewals,
            "last_code": self._caller.last_code,
        }

    def end(self) -> None:
        """Send nothing any more: whoever still asks is told that the account was taken down."""
        self._wire.end()

    async def login(self) -> Login:
        """Log in; the first call does so by itself, too. Raises CloudError."""
        return await self._caller.login()

    async def logout(self) -> None:
        """Tell the server that nobody asks any more. Raises CloudError."""
        await self._caller.logout()

    # -- sites and devices --------------------------------------------------------------------------------------------

    async def sites(self) -> list[Site]:
        """Return all sites of the account. Raises CloudError."""
        return reading.sites(await self._pages("sites", {}))

    async def meters(self, site: str) -> list[Meter]:
        """Return all devices of a site that the profile has a list of, one request a list. Raises CloudError."""
        found: list[Meter] = []
        for kinds in self.profile.meter_lists:
            answered = await self._pages("meters", {"site": site, "kinds": kinds})
            found += reading.meters(answered, site, self.zone_of(site))
        known = reading.agreed(found)
        self._names[site] = reading.unique_names(known)
        return known

    async def details(self, site: str, code: str) -> Details:
        """Return which alarms of a device are active. Raises CloudError."""
        found = reading.details(await self._caller.ask("details", {"meter": code}), code, site, self.zone_of(site))
        return found if found is not None else self._unfit("details")

    async def connections(self, site: str) -> list[Connection]:
        """Return which devices of a site the server hears; of one that is not in it nobody knows. Raises CloudError."""
        gateways = await self._pages("connections", {"site": site})
        return reading.connections(gateways, self.codes_by_name(site), self.zone_of(site))

    async def circuits(self, site: str) -> list[CircuitOfMeter]:
        """Return which circuit of the energy reports belongs to which device. Raises CloudError."""
        return reading.circuits(await self._pages("circuits", {"site": site}), site)

    async def leakage(self, site: str) -> list[Values]:
        """Return residual current and temperatures of the devices of a site. Raises CloudError."""
        found = await self._pages("leakage", {"site": site})
        return reading.values(found, self.profile.leakage, "fMetercode", "fUpdatetime", self.zone_of(site))

    async def temperatures(self, site: str) -> list[Values]:
        """Return cable temperatures of the devices of a site. Raises CloudError."""
        found = await self._pages("temperatures", {"site": site})
        return reading.values(found, self.profile.temperatures, "f_MeterCode", "timeA", self.zone_of(site))

    # -- events -------------------------------------------------------------------------------------------------------

    async def levels(self) -> list[AlarmLevel]:
        """Return the classes of events as the server numbers them. Raises CloudError."""
        return logs.levels(await self._pages("levels", {}))

    async def alarms(
        self,
        *,
        since: datetime,
        until: datetime,
        site: str | None = None,
        confirmed: bool | None = None,
        at_least: Sequence[datetime] = (),
    ) -> list[AlarmEvent]:
        """Return the events of a time, each once, in the server's order. Raises CloudError.

        Where they are more than are read, those since `at_least`, one time after the other, are read besides.
        """
        # Of several zones the question is for all that may be meant: who asks for more has more to leave out.
        zones = self.zones.all if site is None else [self.zone_of(site)]
        values = {"until": max(spelled(until, zone) for zone in zones)}
        if site is not None:
            values["site"] = site
        if confirmed is not None:
            values["confirmed"] = "true" if confirmed else "false"
        read: list[Json] = []
        for begin in (since, *at_least):
            earliest = min(spelled(max(begin, since), zone) for zone in zones)
            some, is_whole = await self._rows("alarms", {**values, "since": earliest})
            read += some
            if is_whole:
                break
        found = logs.alarms(read, self.profile.recoveries, self.zone_of)
        if confirmed is not None:
            # A server that does not know the question answers with all of them.
            found = [event for event in found if event.is_confirmed in (confirmed, None)]
        return first(
            (f"{event.id}/{event.site}/{event.meter}/{event.time}" if event.id else "", event) for event in found
        )

    async def confirm_alarms(self, ids: Sequence[str]) -> None:
        """Acknowledge events; what is no id of the server's keeps no other from it. Raises CloudError."""
        wanted = list(dict.fromkeys(ids))
        sound = [one for one in wanted if _WORD.fullmatch(one)]
        for start in range(0, len(sound), _IDS_AT_ONCE):
            await self._caller.ask("confirm", {"ids": ",".join(sound[start : start + _IDS_AT_ONCE])}, urgent=True)
        if len(sound) < len(wanted):
            self._unfit("id")

    async def unconfirm_alarm(self, id: str) -> None:  # noqa: A002 - as it is called everywhere
        """Take an acknowledgement back. Raises CloudError."""
        await self._caller.ask("unconfirm", {"id": self._word(id)}, urgent=True)

    # -- commands -----------------------------------------------------------------------------------------------------

    def hold(self) -> AbstractAsyncContextManager[None]:
        """Have the account to oneself for all requests of one order: those that wait go after the block."""
        return self._caller.hold()

    def awaited(self) -> AbstractContextManager[None]:
        """Take it that a person waits for what is asked in the block, or for what shows that an order was done."""
        return self._caller.awaited()

    async def asked(self) -> Asked:
        """Return what the server wants before a command. Raises CloudError."""
        found = logs.asked(await self._caller.ask("asked", {}, urgent=True))
        return found if found is not None else self._unfit("asked")

    async def prove_by_password(self, text: str) -> None:
        """Have the second password checked; a wrong one is not tried again. Raises CloudError, ProofError."""
        if not text:
            raise ProofNoneError(host=self._wire.host, detail=phrase("proof_missing"))
        if self.profile.proof_form is Form.UNKNOWN:
            raise ProofError(host=self._wire.host, detail=phrase("proof_unknown"))
        await self._caller.ask("prove", {"password": formed(text, self.profile.proof_form)}, urgent=True)

    async def send_sms(self) -> str:
        """Have a code sent to the owner's phone; returns the number of the message. Raises CloudError."""
        return identifier(await self._caller.ask("send_sms", {}, urgent=True)) or self._unfit("send_sms")

    async def check_sms(self, code: str, message: str) -> None:
        """Have a code from the phone checked. Raises CloudError, ProofWrongError."""
        answer = await self._caller.ask("check_sms", {"code": code.strip()[:16], "message": message}, urgent=True)
        if not logs.is_true(answer):
            raise ProofWrongError(host=self._wire.host)

    async def command(
        self,
        meter: str,
        site: str,
        kind: str,
        type: str,  # noqa: A002
        value: str,
        *,
        open_time: str = "",
        close_time: str = "",
        last_word: Callable[[], None] = lambda: None,
    ) -> str:
        """Send a command to a device of the type `kind`, once at most; returns the server's words, which prove nothing.

        `last_word` is asked directly before it leaves, and what it raises keeps it back. Raises CommandNotSentError
        where nothing left; after any other CloudError, whatever that says, it may have been carried out.
        """
        call = self._command_call(kind)
        values = {"meter": meter, "site": site, "type": type, "value": value}
        if open_time or close_time:
            values |= {"opens": open_time, "closes": close_time}
        return logs.said_of_command(await self._caller.command(call, values, last_word))

    async def command_log(self, site: str, kind: str, *, since: datetime, until: datetime) -> list[LoggedCommand]:
        """Return what the server knows came of commands; `kind` is one of the profile's logs. Raises CloudError."""
        zone = self.zone_of(site)
        values = {"site": site, "since": spelled(since, zone), "until": spelled(until, zone)}
        return logs.commands(await self._pages(self.profile.control_logs.get(kind, kind), values), zone)

    # -- days ---------------------------------------------------------------------------------------------------------

    async def leakage_of_day(self, site: str, code: str, day: date) -> list[Sample]:
        """Return residual currents and temperatures of a day. Raises CloudError."""
        found = await self._pages("leakage_of_day", {"site": site, "meter": code, "day": day.isoformat()})
        return days.leakage(found, self.profile.leakage_history, self.zone_of(site))

    async def electric_of_day(self, site: str, circuit: str, day: date, kind: str) -> list[Sample]:
        """Return electric values of a day; `kind` is one of the profile's `electric`. Raises CloudError."""
        known = self.profile.electric.get(kind)
        if known is None:
            self._unfit(kind)
        values = {"site": site, "circuit": circuit, "day": day.isoformat(), "phases": known.phases, "kind": known.kind}
        return days.electric(await self._pages("electric_of_day", values), known.codes, self.zone_of(site))

    async def energy_of_day(self, site: str, circuits: Sequence[str], day: date) -> list[Counted]:
        """Return what circuits used on a day. Raises CloudError."""
        midnight = datetime.combine(day, time(), self.zone_of(site))
        return await self.energy(site, circuits, midnight, midnight + _DAY - timedelta(seconds=1))

    async def energy(self, site: str, circuits: Sequence[str], since: datetime, until: datetime) -> list[Counted]:
        """Return what circuits used in a time. Raises CloudError."""
        values = {
            "site": site,
            "circuits": ",".join(self._word(one) for one in circuits),
            "since": spelled(since, self.zone_of(site)),
            "until": spelled(until, self.zone_of(site)),
        }
        return days.energy(await self._pages("energy", values), circuits)

    # -- the feed -----------------------------------------------------------------------------------------------------

    async def has_feed(self) -> bool | None:
        """Whether the server says that its broker tells of all points; None where it does not. Raises CloudError."""
        return yes_or_no(await self._caller.ask("feed", {}))

    async def units(self) -> Mapping[str, str]:
        """Return the server's units of quantities, by its code. Raises CloudError."""
        return reading.units(await self._pages("units", {}))

    # -- parts --------------------------------------------------------------------------------------------------------

    async def _pages(self, name: str, values: Mapping[str, str]) -> list[Json]:
        """Return the rows of all pages. Raises CloudError."""
        found, _ = await self._rows(name, values)
        return found

    async def _rows(self, name: str, values: Mapping[str, str]) -> tuple[list[Json], bool]:
        """Return the rows of all pages, and whether there are no more. Raises CloudError."""
        before = self._wire.received

        async def ask(paging: Mapping[str, str]) -> object:
            if self._wire.received - before > MOST_BYTES:
                raise UnfitAnswerError(host=self._wire.host, detail=phrase("cloud_too_large"))
            return await self._caller.ask(name, {**values, **paging})

        found = await all_pages(ask, self.profile.calls.get(name), self._page_sizes[name])
        return found if found is not None else self._unfit(name)

    def _command_call(self, kind: str) -> str:
        """Return the call that takes commands for a type of device, or one of the profile's by its own name."""
        offered = [(one.kind, one.call) for one in self.profile.commands]
        offered += [(one.kind, one.call) for one in self.profile.timers.values()]
        call = next((pair[1] for pair in offered if kind in pair), None)
        if call is None:
            raise CommandNotSentError(host=self._wire.host, reason=phrase("cloud_no_call", name=kind))
        return call

    def _word(self, text: str) -> str:
        if not _WORD.fullmatch(text) or len(text) > LONGEST_ID:
            self._unfit("id")
        return text

    def _unfit(self, name: str) -> NoReturn:
        raise UnfitAnswerError(host=self._wire.host, detail=phrase("cloud_shape", name=name))
