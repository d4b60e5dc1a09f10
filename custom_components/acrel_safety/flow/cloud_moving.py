"""An account that is changed to another server or user: its devices have to be there, and shown to be the same."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.util import dt as dt_util

from ..aioacrel.cloud.account import Account
from ..aioacrel.cloud.address import CloudAddress
from ..aioacrel.cloud.identity import Identity
from ..aioacrel.cloud.moving import Expected, find
from ..aioacrel.problems import flat
from ..aioacrel.texts import library_language, phrase
from ..const import (
    CONF_CODE,
    CONF_KIND,
    CONF_PROFILE,
    CONF_PROVED,
    CONF_SECOND_PASSWORD,
    CONF_SITE,
    CONF_SITE_ZONES,
    CONF_USER_ID,
    SUBENTRY_DEVICE,
)
from ..hubs.cloud import hub_in
from ..hubs.cloud_identity import async_identities
from .ending import CHANGED_MEANWHILE
from .explain import FormError

_MOST_NAMED = 5
type Sites = Mapping[str, str]
"""In which site of the server each device of the entry is."""
type Changed = tuple[ConfigSubentry, dict[str, Any]]
"""A device, and its settings from now on."""


def account_id(entry: ConfigEntry) -> str | None:
    """Return which account an entry is; what was noted of its login goes before its unique id."""
    user_id = entry.data.get(CONF_USER_ID)
    return entry.unique_id if user_id is None else f"{entry.data.get(CONF_HOST)} {user_id}"


def is_elsewhere(entry: ConfigEntry, data: Mapping[str, Any]) -> bool:
    """Whether data are of another server, user or kind of cloud than those of an entry."""
    return account_id(entry) != f"{data[CONF_HOST]} {data[CONF_USER_ID]}" or entry.data.get(CONF_PROFILE) != data.get(
        CONF_PROFILE
    )


async def async_sites_there(hass: HomeAssistant, entry: ConfigEntry, account: Account) -> Sites:
    """Find the devices of an entry by another account. Raises AcrelError, and FormError where any is not the same."""
    hub = hub_in(entry)
    known = await async_identities(hass, entry) if hub is None else hub.identities.known()
    expected = {one.subentry_id: _expected(one, known.get(one.subentry_id)) for one in _devices(entry)}
    found = await find(account, expected, dt_util.utcnow())
    if found.differences:
        language = library_language(hass.config.language)
        named = [flat(one.text(language)) for one in found.differences.values()]
        shown = named[:_MOST_NAMED]
        if left_out := len(named) - len(shown):
            shown.append(phrase("and_more", count=left_out).text(language))
        raise FormError("cloud_other_server", host=account.address.place, devices="; ".join(shown))
    return found.sites


def moved(entry: ConfigEntry, data: Mapping[str, Any], sites: Sites) -> Iterator[Changed]:
    """Yield the devices whose settings are others with that account, with these.

    What was seen to work on site was seen at the former server, and is not taken over to another. Raises AbortFlow if
    the devices of the entry are others by now.
    """
    devices = _devices(entry)
    if {one.subentry_id for one in devices} != sites.keys():
        raise AbortFlow(CHANGED_MEANWHILE)
    left_out = {CONF_PROVED} if _server_of(entry.data) != _server_of(data) else set[str]()
    for one in devices:
        changed = {key: value for key, value in one.data.items() if key not in left_out}
        changed[CONF_SITE] = sites[one.subentry_id]
        if changed != dict(one.data):
            yield one, changed


def left_behind(entry: ConfigEntry, data: Mapping[str, Any], changed: Iterable[Changed]) -> dict[str, str]:
    """Return how the dialog ends: where something of the owner's does not go along, it says so."""
    if any(CONF_PROVED in one.data and CONF_PROVED not in of for one, of in changed):
        return {"reason": "cloud_moved"}
    is_left = CONF_SECOND_PASSWORD in entry.data and CONF_SECOND_PASSWORD not in data
    return {"reason": "cloud_second_left"} if is_left else {}


def with_zones_there(entry: ConfigEntry, data: Mapping[str, Any], sites: Sites) -> dict[str, Any]:
    """Return the zones of the sites by what they are called there: they are where they were."""
    zones = entry.data.get(CONF_SITE_ZONES)
    if not isinstance(zones, Mapping) or CONF_SITE_ZONES in data:
        return {}
    there = {sites[one.subentry_id]: zones.get(one.data.get(CONF_SITE)) for one in _devices(entry)}
    known = {site: zone for site, zone in there.items() if zone is not None}
    return {CONF_SITE_ZONES: known} if known else {}


def _devices(entry: ConfigEntry) -> list[ConfigSubentry]:
    return list(entry.get_subentries_of_type(SUBENTRY_DEVICE))


def _expected(subentry: ConfigSubentry, identity: Identity | None) -> Expected:
    """Return what is known of a device; one that was never seen is called as its server called it, or its owner did."""
    data = subentry.data
    if identity is None:
        identity = Identity(name=subentry.title, kind=str(data.get(CONF_KIND)))
    return Expected(
        site=str(data.get(CONF_SITE)), code=str(data.get(CONF_CODE)), title=subentry.title, identity=identity
    )


def _server_of(data: Mapping[str, Any]) -> tuple[str, str, object]:
    """Return which program it is that takes commands: with or without encryption it is the same."""
    address = CloudAddress.parse(data[CONF_HOST], allow_http=True)
    return address.place, address.path, data.get(CONF_PROFILE)
