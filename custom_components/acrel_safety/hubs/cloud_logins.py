"""Logins of accounts: each is ended when nobody uses it any more, and its session is given back.

What a server does with a logout is not known: it may end all logins of the user. So none is sent while Home Assistant
uses another login of the same user there, and no new one is made before a logout was answered, or given up. Nobody else
waits for one.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from homeassistant.const import CONF_USERNAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..aioacrel.cloud.account import Account
from ..aioacrel.cloud.errors import CloudError
from ..const import DOMAIN
from .cloud_session import account_of, session_of

LOGOUT_SECONDS = 5.0
"""So long logouts may take, all together."""
_MOST_LEFT = 8
"""Logins that wait for their logout; of more the oldest is left to run out."""


class _Logins:
    """Those of one user at one server."""

    def __init__(self) -> None:
        self.used: set[Lease] = set()
        self.left: list[Lease] = []
        """Not used any more, and still to be logged out."""
        self.ending: set[asyncio.Task[None]] = set()


_LOGINS: HassKey[dict[tuple[str, str], _Logins]] = HassKey(f"{DOMAIN}.cloud_logins")


class Lease:
    """An account in use, until it is released."""

    def __init__(self, hass: HomeAssistant, data: Mapping[str, Any]) -> None:
        """Take what an entry's data name; nothing is sent yet. Raises CloudAddressError, PlainHttpError."""
        self._hass = hass
        self._session = session_of(hass)
        self._is_over = False
        try:
            self.account: Account = account_of(hass, data, self._session, lambda: self._is_over)
        except BaseException:
            self.detach()
            raise
        self._key = self.account.address.origin, str(data[CONF_USERNAME])
        self._logins = hass.data.setdefault(_LOGINS, {}).setdefault(self._key, _Logins())
        self._logins.used.add(self)

    async def __aenter__(self) -> Self:
        """Wait until it may log in."""
        try:
            await self.async_ready()
        except BaseException:
            self.release()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release it."""
        self.release()

    async def async_ready(self) -> None:
        """Wait for the logouts of the same user that are on their way: the next login must not be ended by them."""
        if ending := set(self._logins.ending):
            await asyncio.wait(ending, timeout=LOGOUT_SECONDS)

    @callback
    def detach(self) -> None:
        """Give its session back: nothing can be sent any more."""
        self._is_over = True
        self._session.detach()

    @callback
    def release(self) -> None:
        """Use it no more; it is logged out as soon as nobody uses another login of the same user."""
        logins = self._logins
        if self not in logins.used:
            return
        logins.used.remove(self)
        if self.account.is_logged_in:
            logins.left.append(self)
        else:
            self.detach()
        if logins.used:
            for one in logins.left[:-_MOST_LEFT]:
                one.detach()
            logins.left = logins.left[-_MOST_LEFT:]
        elif logins.left:
            left, logins.left = logins.left, []
            task = self._hass.async_create_background_task(_async_log_out(left), f"{DOMAIN} logout")
            logins.ending.add(task)
            task.add_done_callback(self._ended)
        else:
            self._tidy()

    @callback
    def _ended(self, task: asyncio.Task[None]) -> None:
        self._logins.ending.discard(task)
        self._tidy()

    @callback
    def _tidy(self) -> None:
        """Forget a user of whom nothing is left."""
        logins = self._logins
        if not (logins.used or logins.left or logins.ending):
            self._hass.data[_LOGINS].pop(self._key, None)


async def _async_log_out(leases: list[Lease]) -> None:
    """Tell the server that nobody asks any more; one that does not answer loses nothing but that."""
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOGOUT_SECONDS):
                for lease in leases:
                    with suppress(CloudError):
                        await lease.account.logout()
    finally:
        for lease in leases:
            lease.detach()
