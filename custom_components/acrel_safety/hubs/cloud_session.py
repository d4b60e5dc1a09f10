"""An account as Home Assistant reaches it: by a client session of its own, that keeps no cookies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import DummyCookieJar
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_create_clientsession

from ..aioacrel.cloud.account import Account
from ..aioacrel.cloud.address import CloudAddress
from ..aioacrel.cloud.profile_reader import profile, read_profiles
from ..const import CONF_ALLOW_HTTP, CONF_CLOCK, CONF_PROFILE, LOGGER, PROFILE_FOLDER
from .uplink_data import Time
from .zones import zone_of


async def async_read_profiles(hass: HomeAssistant) -> None:
    """Read the kinds of clouds that are known, and the user's own; of a file that cannot be used the log says why."""
    for error in await hass.async_add_executor_job(read_profiles, Path(hass.config.path(PROFILE_FOLDER))):
        LOGGER.warning("A profile of a cloud is left out: %s", error)


async def async_account_of(hass: HomeAssistant, data: Mapping[str, Any]) -> Account:
    """Return the account that an entry's data name; nothing is sent yet. Raises CloudAddressError, PlainHttpError."""
    await async_read_profiles(hass)
    return account_of(hass, data)


def account_of(hass: HomeAssistant, data: Mapping[str, Any]) -> Account:
    """Return the same where the profiles have been read. Raises CloudAddressError, PlainHttpError."""
    address = CloudAddress.parse(data[CONF_HOST], allow_http=data.get(CONF_ALLOW_HTTP) is True)
    return Account(
        async_create_clientsession(hass, cookie_jar=DummyCookieJar()),
        address,
        profile(data[CONF_PROFILE]),
        user=data[CONF_USERNAME],
        password=data[CONF_PASSWORD],
        zone=zone_of(hass, data.get(CONF_CLOCK, Time.VENDOR)),
    )
