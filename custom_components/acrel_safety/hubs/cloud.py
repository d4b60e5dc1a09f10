"""An account at a cloud: from an entry's data to the library's hub, each subentry a device of the account."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from homeassistant.components.system_health import async_check_can_reach_url
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..aioacrel.alarms.reported import Report
from ..aioacrel.cloud.account import Account
from ..aioacrel.cloud.errors import CloudError
from ..aioacrel.cloud.hub import LEAST_SECONDS, CloudHub
from ..aioacrel.cloud.records import CircuitOfMeter, Meter, MeterKey, Proof
from ..aioacrel.cloud.serials import serial_of
from ..aioacrel.cloud.source import CloudSource
from ..aioacrel.errors import AcrelError
from ..aioacrel.points import Model
from ..aioacrel.readings import PointKey
from ..aioacrel.source import Source
from ..const import (
    CONF_CODE,
    CONF_KIND,
    CONF_POLL_EVERY,
    CONF_PROVED,
    CONF_SECOND_PASSWORD,
    CONF_SITE,
)
from ..unreported import aside_in
from .cloud_feed import CloudFeed, has_feed
from .cloud_history import CloudHistory, history_of
from .cloud_identity import CloudIdentities
from .cloud_log import CloudLog
from .cloud_logins import Lease
from .cloud_seats import Seat
from .cloud_trouble import CloudTrouble
from .facts import Facts

_LOOK_SECONDS = 20.0
CIRCUITS_EVERY = 3600.0
"""After so long a site is asked again for its circuits that did not tell them."""


class CloudEntryHub:
    """One account; each subentry is a device of it."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take a config entry whose data are an account; nothing is sent yet."""
        self._hass = hass
        self._entry = entry
        self._lease = Lease(hass, entry.data)
        # Whatever ends the set-up.
        entry.async_on_unload(self._lease.release)
        self.account: Account = self._lease.account
        self.hub = CloudHub(
            self.account,
            every=float(entry.data.get(CONF_POLL_EVERY, LEAST_SECONDS)),
            has_feed=has_feed(entry.data),
            now=dt_util.utcnow,
        )
        self._told = CloudFeed(hass, entry, self.hub) if self.hub.has_feed else None
        self.kind = f"AcrelCloud, {self.account.address.place}"
        self.account_id: str = entry.entry_id
        self._log = CloudLog(hass, entry)
        self._seats: dict[CloudSource, Seat] = {}
        self._listeners: list[Callable[[], None]] = []
        self._history: CloudHistory | None = None
        self._beginning: asyncio.Task[None] | None = None
        self._trouble = CloudTrouble(hass, entry, self.hub, self._log.feed, self._told)
        self.identities = CloudIdentities(hass, entry, self.hub, self._devices)
        self._is_started = False
        stored = entry.data.get(CONF_SECOND_PASSWORD)
        if isinstance(stored, str):
            self.hub.orders.stored_password = lambda: stored
        self.hub.hooks.append(self._log.async_look)
        self.hub.listen(self._polled)

    def source(self, subentry: ConfigSubentry, model: Model) -> CloudSource:
        """Return a device; what the server knows of it comes with the next poll."""
        data = subentry.data
        proved = frozenset(PointKey("1", code) for code in data.get(CONF_PROVED, ()))
        source = self.hub.source(data[CONF_SITE], data[CONF_CODE], model, data[CONF_KIND], proved=proved)
        source.put_aside(aside_in(data))
        self._seats[source] = Seat(
            site=source.site,
            code=source.code,
            subentry_id=subentry.subentry_id,
            title=subentry.title,
            # All that it measures: of the past a server tells more than its lists do of now.
            model=model,
        )
        return source

    def remove(self, source: Source) -> None:
        """Leave a device alone."""
        if isinstance(source, CloudSource):
            self.hub.drop(source)
            self._seats.pop(source, None)

    def _devices(self) -> Mapping[CloudSource, str]:
        return {source: seat.subentry_id for source, seat in self._seats.items()}

    async def async_start(self) -> None:
        """Log in, and ask for everything once. Raises AcrelError."""
        await self.identities.async_start()
        await self._log.async_load()
        await self._lease.async_ready()
        try:
            await self.hub.start()
        except AcrelError as error:
            self._trouble.refused(error)
            raise
        self._is_started = True
        await self._trouble.async_start()
        if self._told is not None:
            self._told.start()
        self._history = history_of(self._hass, self._entry, self.account, self.account.zones)
        if self._history is not None:
            self._history.is_doubted = lambda subentry_id: self.identities.doubt(subentry_id) is not None
            # A question for each site: nobody waits for that at the start, and what is alive depends on none of it.
            begin = self._begin_history(self._history)
            self._beginning = self._entry.async_create_background_task(self._hass, begin, f"{self.kind} history")

    async def _begin_history(self, history: CloudHistory) -> None:
        """Fetch the history; of a site that does not tell its circuits, without energy until it does."""
        untold = {seat.site for seat in self._seats.values()}
        circuits: list[CircuitOfMeter] = []
        await self._add_circuits(untold, circuits)
        await history.async_start([*self._seats.values()], circuits)
        while untold:
            await asyncio.sleep(CIRCUITS_EVERY)
            if await self._add_circuits(untold, circuits):
                history.expect(circuits)

    async def _add_circuits(self, untold: set[str], circuits: list[CircuitOfMeter]) -> bool:
        """Add which circuits of the energy reports the devices are, of the sites that tell; return whether any did."""
        before = len(untold)
        for site in sorted(untold):
            with suppress(AcrelError):
                circuits += await self.account.circuits(site)
                untold.remove(site)
        return len(untold) < before

    async def async_stop(self) -> None:
        """Ask no more."""
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.gather(self._beginning, return_exceptions=True)
            self._beginning = None
        if self._told is not None:
            await self._told.async_stop()
        if self._history is not None:
            await self._history.async_stop()
            self._history = None
        if self._is_started:
            self._is_started = False
            await self._trouble.async_end()
        await self.hub.stop()
        # Whoever still waits for an order asks by no other session.
        self.account.end()
        self._lease.release()
        await self.identities.async_end()
        await self._log.async_save()

    # -- what is asked of each way ------------------------------------------------------------------------------------

    def facts(self, source: Source) -> Facts | None:
        """Return whether the server hears a device, and when it did last."""
        if not isinstance(source, CloudSource):
            return None
        return Facts(
            is_connected=source.is_here,
            has_card=False,
            has_sim=False,
            calls=False,
            by="cloud_online",
            last_report=source.heard,
            holds=self.hub.stale_after,
        )

    def on_facts(self, source: Source, listener: Callable[[], None]) -> Callable[[], None]:
        """Tell that any of that changed; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_impostor(self, source: Source, listener: Callable[[str], None]) -> Callable[[], None]:
        """Tell nothing: who is whose is the server's to say."""
        return lambda: None

    def on_reports(
        self, source: Source, take: Callable[[Sequence[Report]], None], oldest: Callable[[], datetime | None]
    ) -> Callable[[], None]:
        """Tell what the server's log says of a device; returns what ends that."""
        if not isinstance(source, CloudSource):
            return lambda: None
        return self._log.feed.on(source.key, take, oldest)

    async def async_confirm(self, source: Source, numbers: Sequence[str]) -> None:
        """Confirm events at the server, because a person acknowledged them here. Raises AcrelError."""
        await self._log.feed.confirm(self.account, numbers)

    # -- the second step before an order ------------------------------------------------------------------------------

    def wants_proof(self, source: Source) -> bool:
        """Whether a person has to give something with an order, as far as that is known."""
        return self.hub.orders.wants_proof

    def offer(self, source: Source, key: PointKey, text: str) -> None:
        """Take what a person gave for one order."""
        if isinstance(source, CloudSource):
            self.hub.orders.offer(source, key, text)

    def withdraw(self, source: Source, key: PointKey) -> None:
        """Forget what was given and not used."""
        if isinstance(source, CloudSource):
            self.hub.orders.withdraw(source, key)

    async def async_send_code(self) -> str | None:
        """Have a code sent to the owner's phone; returns that, masked, or None where none is wanted.

        Raises AcrelError.
        """
        asked = await self.hub.orders.asked()
        if asked.proof is not Proof.SMS:
            return None
        await self.hub.orders.send_sms()
        return asked.phone

    # -- figures ------------------------------------------------------------------------------------------------------

    def figures(self) -> Mapping[str, float | None]:
        """Return how well the account does."""
        return {} if self._history is None else self._history.figures()

    async def async_details(self, source: Source) -> Mapping[str, Any]:
        """Return what helps to find a fault; nothing that tells this account from others."""
        history = {} if self._history is None else {"history": dict(self._history.details())}
        feed = {} if self._told is None else {"feed": dict(self.feed_details())}
        return {**source.details(), "account": dict(self.hub.details()), **feed, **history}

    def feed_details(self) -> Mapping[str, object]:
        """Return what helps to find a fault of the feed; empty where there is none."""
        return {} if self._told is None else self._told.details()

    # -- what happens -------------------------------------------------------------------------------------------------

    @callback
    def _polled(self) -> None:
        trouble = self.hub.trouble
        if trouble is not None and trouble.needs_login and self._is_started:
            self._entry.async_start_reauth(self._hass)
        self.identities.look()
        if self._is_started:
            self._trouble.look()
        for listener in list(self._listeners):
            listener()

    async def async_look_around(self) -> None:
        """Have all sites listed that no poll asks; what cannot be had in a few seconds stays as it was known."""
        with suppress(CloudError, TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await self.hub.look_around()

    async def async_serial(self, site: str, code: str, kind: str) -> str:
        """Return the serial number of a device, by its details or the log of commands; empty where neither tells it."""
        with suppress(CloudError, TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                return await serial_of(self.account, site, code, kind, dt_util.utcnow())
        return ""

    def unwatched(self) -> Mapping[MeterKey, Meter]:
        """Return the devices of the account that are none here."""
        return self.hub.unwatched()


def hub_in(entry: ConfigEntry) -> CloudEntryHub | None:
    """Return the hub of an account that is loaded."""
    if entry.state is not ConfigEntryState.LOADED:
        return None
    hub = entry.runtime_data.hub
    return hub if isinstance(hub, CloudEntryHub) else None


def shown_as(source: Source, model: Model) -> Model:
    """Return a model as it is reached through an account."""
    return source.shown_as if isinstance(source, CloudSource) else model


@callback
def reach_of(hass: HomeAssistant, entries: Iterable[ConfigEntry]) -> dict[str, Any]:
    """Return what the system information says of accounts that are loaded; nothing where there is none."""
    hubs = [hub for entry in entries if (hub := hub_in(entry)) is not None]
    if not hubs:
        return {}
    successes = [hub.hub.last_success for hub in hubs]
    known = [one for one in successes if one is not None]
    return {
        "cloud_servers": _async_reach(hass, [hub.account.address.origin for hub in hubs]),
        # As a time, which the page shows in its reader's zone and language.
        "cloud_last_answer": min(known) if len(known) == len(hubs) else None,
    }


async def _async_reach(hass: HomeAssistant, origins: Sequence[str]) -> str | dict[str, str]:
    """Return whether servers can be reached; of several, how many."""
    found = [await async_check_can_reach_url(hass, f"{origin}/") for origin in origins]
    if len(found) == 1:
        return found[0]
    return f"{sum(isinstance(one, str) for one in found)}/{len(found)}"
