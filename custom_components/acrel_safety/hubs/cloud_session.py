"""An account as Home Assistant reaches it: by a client session of its own, that keeps no cookies.

Home Assistant closes all sessions that it made, and what they share, when it hears that it ends, and anybody with an
account can make that event up. It has no others then, so that one of ours takes over until it really ends.
"""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..aioacrel.cloud.account import Account
from ..aioacrel.cloud.address import CloudAddress
from ..aioacrel.cloud.profile_reader import profile, read_profiles
from ..aioacrel.cloud.zones import Zones
from ..const import CONF_ALLOW_HTTP, CONF_CLOCK, CONF_PROFILE, CONF_SITE_ZONES, DOMAIN, LOGGER, PROFILE_FOLDER
from ..lifetime import at_final_write
from .uplink_data import Time
from .zones import zone_of

_OWN: HassKey[ClientSession] = HassKey(f"{DOMAIN}.session")
"""What takes over where Home Assistant closed its own sessions and goes on; all accounts share it."""
_ZONES: HassKey[dict[str, tzinfo]] = HassKey(f"{DOMAIN}.zones")
"""The zones of sites that were read, by name."""
_SAID: HassKey[frozenset[str]] = HassKey(f"{DOMAIN}.wrong_profiles")
"""What was wrong with files of the user's own when they were read last."""


async def async_read_profiles(hass: HomeAssistant) -> None:
    """Read the kinds of clouds that are known, and the user's own; of a file that cannot be used the log says why."""
    errors = await hass.async_add_executor_job(read_profiles, Path(hass.config.path(PROFILE_FOLDER)))
    former, said = hass.data.get(_SAID, frozenset()), [str(error) for error in errors]
    hass.data[_SAID] = frozenset(said)
    for text in said:
        # Each account that is loaded reads them.
        if text not in former:
            LOGGER.warning("A profile of a cloud is left out: %s", text)


async def async_read_zones(hass: HomeAssistant, data: Mapping[str, Any]) -> None:
    """Read the zones of an account's sites: later they are asked for where nothing may wait for a disk."""
    known = hass.data.setdefault(_ZONES, {})
    for name in set(data.get(CONF_SITE_ZONES, {}).values()):
        if (zone := await hass.async_add_executor_job(dt_util.get_time_zone, name)) is not None:
            known[name] = zone


def session_of(hass: HomeAssistant) -> ClientSession:
    """Return a session for one account: whoever takes it has to detach it."""
    return async_create_clientsession(hass, auto_cleanup=False, cookie_jar=DummyCookieJar())


def account_of(
    hass: HomeAssistant, data: Mapping[str, Any], session: ClientSession, is_over: Callable[[], bool]
) -> Account:
    """Return the account that an entry's data name, where profiles and zones have been read; nothing is sent yet.

    `is_over` says whether the session was given back: then it is asked by no other.

    Raises CloudAddressError, PlainHttpError.
    """
    address = CloudAddress.parse(data[CONF_HOST], allow_http=data.get(CONF_ALLOW_HTTP) is True)
    return Account(
        _lent(hass, session, is_over),
        address,
        profile(data[CONF_PROFILE]),
        user=data[CONF_USERNAME],
        password=data[CONF_PASSWORD],
        zones=_zones_of(hass, data),
    )


def _zones_of(hass: HomeAssistant, data: Mapping[str, Any]) -> Zones:
    usual = zone_of(hass, data.get(CONF_CLOCK, Time.VENDOR))
    known, by_site = hass.data.get(_ZONES, {}), dict[str, tzinfo]()
    for site, name in data.get(CONF_SITE_ZONES, {}).items():
        if name in known:
            by_site[site] = known[name]
        else:
            LOGGER.warning("There is no zone %s: the times of a site are read in that of its account", name)
    return Zones(usual, by_site)


@callback
def _lent(hass: HomeAssistant, session: ClientSession, is_over: Callable[[], bool]) -> Callable[[], ClientSession]:
    """Return what returns the session to be used now."""

    @callback
    def lend() -> ClientSession:
        return session if is_over() or hass.is_stopping or not session.closed else _own_session(hass)

    return lend


@callback
def _own_session(hass: HomeAssistant) -> ClientSession:
    if (own := hass.data.get(_OWN)) is None:
        LOGGER.warning("Home Assistant closed its connections and goes on: cloud accounts are asked by others")
        own = hass.data[_OWN] = ClientSession(cookie_jar=DummyCookieJar())

        async def close(_: HomeAssistant) -> None:
            await own.close()

        at_final_write(hass, close)
    return own
