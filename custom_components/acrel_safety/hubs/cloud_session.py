"""An account as Home Assistant reaches it: by a client session of its own, that keeps no cookies."""

from collections.abc import Mapping
from typing import Any

from aiohttp import DummyCookieJar
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_create_clientsession

from ..aioacrel.cloud.account import Account
from ..aioacrel.cloud.address import CloudAddress
from ..aioacrel.cloud.profile_reader import profile, read_profiles
from ..const import CONF_ALLOW_HTTP, CONF_CLOCK, CONF_PROFILE
from .uplink_data import Time
from .zones import zone_of


async def async_account_of(hass: HomeAssistant, data: Mapping[str, Any]) -> Account:
    """Return the account that an entry's data name; nothing is sent yet. Raises CloudAddressError, PlainHttpError."""
    await hass.async_add_executor_job(read_profiles)
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
