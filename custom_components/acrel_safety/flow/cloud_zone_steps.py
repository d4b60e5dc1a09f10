"""The step that asks in which zone the times of single sites of an account are: no answer of a server names one."""

from collections.abc import Iterable, Mapping
from zoneinfo import available_timezones

import probatio
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..aioacrel.problems import flat
from ..const import CONF_SITE, CONF_SITE_ZONES
from ..hubs.cloud import hub_in
from ..hubs.cloud_data import is_zone
from ..turns import turn
from .cloud_moving import Sites, left_behind, moved
from .ending import ends_clearly
from .entry_steps import EntrySteps
from .link_forms import FormData, choice
from .selector_texts import FlowTexts

CONF_OTHER_ZONES = "other_zones"
CONF_SITES = "sites"
CONF_SITE_ZONE = "site_zone"
CONF_MORE = "more_zones"
AS_ACCOUNT = "as_account"


def zones_schema(sites: Iterable[SelectOptionDict], names: Iterable[str], as_account: str) -> probatio.Schema:
    """Ask which sites have which zone, and whether others have yet another one."""
    config = SelectSelectorConfig(options=[*sites], multiple=True, mode=SelectSelectorMode.LIST)
    zones = [SelectOptionDict(value=AS_ACCOUNT, label=as_account)]
    zones += [SelectOptionDict(value=name, label=name) for name in names]
    return probatio.Schema(
        {
            probatio.Optional(CONF_SITES, default=[]): SelectSelector(config),
            probatio.Required(CONF_SITE_ZONE, default=AS_ACCOUNT): choice(zones),
            probatio.Required(CONF_MORE, default=False): BooleanSelector(),
        }
    )


def with_zones(data: Mapping[str, object], form: FormData) -> FormData:
    """Return an account's data with the zone that a filled-in form gives some sites; of all others it stays."""
    stored = data.get(CONF_SITE_ZONES)
    zones = dict(stored) if isinstance(stored, Mapping) else {}
    for site in form.get(CONF_SITES, ()):
        zones.pop(site, None)
        if form[CONF_SITE_ZONE] != AS_ACCOUNT:
            zones[site] = form[CONF_SITE_ZONE]
    rest = {key: value for key, value in data.items() if key != CONF_SITE_ZONES}
    return {**rest, CONF_SITE_ZONES: zones} if zones else rest


class CloudZoneSteps(EntrySteps):
    """Ask for the zones of sites that have a device here, after the account was tried, and save it."""

    _account_form: FormData
    _account_data: FormData
    _sites_there: Sites | None = None
    """Where the devices of the entry are at another server; None where it is the former one."""

    async def _show_zones(self) -> ConfigFlowResult:
        texts = await FlowTexts.load(self.hass)
        names = await self.hass.async_add_executor_job(_names)
        as_account = texts("cloud_notes", AS_ACCOUNT)
        return self.async_show_form(
            step_id="cloud_zones", data_schema=zones_schema(self._site_options(as_account), names, as_account)
        )

    def _site_options(self, as_account: str) -> list[SelectOptionDict]:
        """Return the sites that have a device here, each with the zone that it has now."""
        entry = self._get_reconfigure_entry()
        hub = hub_in(entry)
        known = {} if hub is None else hub.hub.sites
        zones = self._account_data.get(CONF_SITE_ZONES, {})
        sites = {str(one.data.get(CONF_SITE)) for one in entry.subentries.values() if CONF_SITE in one.data}
        names = {site: known[site].name or site if site in known else site for site in sites}
        return [
            SelectOptionDict(value=site, label=flat(f"{names[site]}: {zones.get(site, as_account)}"))
            for site in sorted(sites, key=lambda site: (names[site], site))
        ]

    @ends_clearly
    async def async_step_cloud_zones(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask which sites have which zone, as often as there are others, and save the account."""
        if user_input is None:
            return await self._show_zones()
        self._account_data = with_zones(self._account_data, user_input)
        if user_input[CONF_MORE]:
            return await self._show_zones()
        return await self._save_account()

    async def _save_account(self) -> ConfigFlowResult:
        """Save a changed account as whoever logged in."""
        entry = self._get_reconfigure_entry()
        async with turn(self.hass, entry.entry_id):
            data, there = self._account_data, self._sites_there
            changed = [] if there is None else [*moved(entry, data, there)]
            more = {} if there is None else left_behind(entry, data, changed)
            name = self._account_form.get(CONF_NAME, "").strip()
            result = self._save(entry, data, name, unique_id=self.unique_id, **more)
            # Nothing is waited for between: all of it is saved, or none.
            for one, of in changed:
                self.hass.config_entries.async_update_subentry(entry, one, data=of)
            return result


def _names() -> list[str]:
    """Return the names of all zones of places; the first call reads a disk."""
    return sorted(name for name in available_timezones() if is_zone(name) and ("/" in name or name == "UTC"))
