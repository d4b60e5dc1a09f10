"""The steps that log in to an account at a cloud, and let choose which of its devices are shown."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PASSWORD, CONF_USERNAME
from homeassistant.data_entry_flow import AbortFlow

from ..aioacrel.cloud.account import Account
from ..aioacrel.cloud.errors import CloudError, ForeignCloudError
from ..aioacrel.cloud.profile import Profile
from ..aioacrel.cloud.records import Login, Meter, Site
from ..aioacrel.errors import AcrelError
from ..aioacrel.texts import phrase
from ..const import (
    CONF_ALLOW_HTTP,
    CONF_FEED,
    CONF_FEED_PASSWORD,
    CONF_FEED_PLAIN,
    CONF_PROFILE,
    CONF_SECOND_PASSWORD,
    CONF_USER_ID,
    TYPE_CLOUD,
)
from ..hubs.cloud_feed import async_probe
from ..hubs.cloud_logins import Lease
from ..hubs.cloud_session import async_read_profiles, async_read_zones
from ..markdown import plain
from .cloud_feed_forms import is_other_feed, wants_yes, wrong_feed
from .cloud_forms import (
    CONF_DEVICES,
    CONF_SURE,
    account_data,
    account_form,
    account_schema,
    device_options,
    devices_schema,
    explained,
    http_schema,
    is_plain,
    login_schema,
    named,
    profiles_to_try,
    subentry_of,
)
from .cloud_moving import account_id, async_sites_there, is_elsewhere, with_zones_there
from .cloud_zone_steps import CONF_OTHER_ZONES, CloudZoneSteps
from .ending import CHANGED_MEANWHILE, abort_if_closed, ends_clearly
from .explain import FlowError, FormError
from .link_forms import FormData
from .selector_texts import FlowTexts

_SECRETS = (CONF_PASSWORD, CONF_SECOND_PASSWORD, CONF_FEED_PASSWORD)


class CloudSteps(CloudZoneSteps):
    """Ask for an account, log in to see whether it is one, and only then save anything."""

    _texts_now: FlowTexts
    _profile: Profile

    def __init__(self) -> None:
        """Begin with an empty form."""
        super().__init__()
        self._account_form: FormData = {}
        self._account_data: FormData = {}
        self._listed: dict[str, Meter] = {}
        self._sites: dict[str, Site] = {}

    @ends_clearly
    async def async_step_cloud(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask where the server is, and who asks it."""
        if user_input is None:
            if self.source == SOURCE_RECONFIGURE:
                entry = self._get_reconfigure_entry()
                self._account_form = {CONF_NAME: entry.title, **account_form(entry.data)}
            return await self._show_account()
        self._account_form = user_input
        former = self._get_reconfigure_entry().data if self.source == SOURCE_RECONFIGURE else {}
        try:
            self._account_data = account_data(user_input, former)
            if is_plain(self._account_data) and not self._account_data.get(CONF_ALLOW_HTTP):
                return self._show_http()
            return await self._go_on()
        except FormError as wrong:
            return await self._show_account(wrong.error)
        except AcrelError as error:
            return await self._show_account(explained(error, await FlowTexts.load(self.hass)))

    @ends_clearly
    async def async_step_cloud_http(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask whether a host is really to be asked without encryption."""
        if user_input is None:
            return self._show_http()
        if not user_input.get(CONF_SURE):
            return await self._show_account(FlowError(key="http_not_sure", at=CONF_HOST))
        self._account_data[CONF_ALLOW_HTTP] = True
        try:
            return await self._go_on()
        except FormError as wrong:
            return await self._show_account(wrong.error)

    @ends_clearly
    async def async_step_cloud_feed_plain(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask whether a broker is really to be reached without encryption."""
        if user_input is None:
            return self._show_feed_plain()
        if not user_input.get(CONF_SURE):
            return await self._show_account(FlowError(key="feed_not_sure", at=CONF_FEED))
        self._account_data[CONF_FEED_PLAIN] = True
        try:
            return await self._log_in()
        except FormError as wrong:
            return await self._show_account(wrong.error)

    async def _go_on(self) -> ConfigFlowResult:
        """Ask about the feed what has to be asked, then log in. Raises FormError."""
        return self._show_feed_plain() if wants_yes(self._account_data) else await self._log_in()

    async def _show_account(self, error: FlowError | None = None) -> ConfigFlowResult:
        texts = await FlowTexts.load(self.hass)
        # Before any account is loaded nobody has read them: that waits for a disk.
        await async_read_profiles(self.hass)
        is_known = self.source == SOURCE_RECONFIGURE
        has_second = is_known and CONF_SECOND_PASSWORD in self._get_reconfigure_entry().data
        schema = account_schema(texts, is_known=is_known, has_second=has_second)
        return self.async_show_form(
            step_id="cloud",
            data_schema=self.add_suggested_values_to_schema(
                schema, {key: value for key, value in self._account_form.items() if key not in _SECRETS}
            ),
            errors=error.errors() if error else None,
            description_placeholders=dict(error.placeholders) if error else None,
        )

    def _show_http(self) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="cloud_http",
            data_schema=http_schema(),
            description_placeholders={"host": plain(str(self._account_data[CONF_HOST]))},
        )

    def _show_feed_plain(self) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="cloud_feed_plain",
            data_schema=http_schema(),
            description_placeholders={"host": plain(str(self._account_data[CONF_FEED]))},
        )

    async def _log_in(self) -> ConfigFlowResult:
        """Log in, and go on with what is found. Raises FormError."""
        data = self._account_data
        login_id = await self._tried(data)
        await self.async_set_unique_id(f"{data[CONF_HOST]} {login_id}", raise_on_progress=False)
        if self.source != SOURCE_RECONFIGURE:
            self._abort_if_unique_id_configured()
            return self._show_devices()
        entry = self._get_reconfigure_entry()
        if any(one.unique_id == self.unique_id and one is not entry for one in self._async_current_entries()):
            raise AbortFlow("already_configured")
        if self._account_form.get(CONF_OTHER_ZONES):
            return await self._show_zones()
        return await self._save_account()

    async def _tried(self, data: FormData) -> str:
        """Log in, look for devices where none are known yet, and return who it is. Raises FormError."""
        texts = self._texts_now = await FlowTexts.load(self.hass)
        try:
            async with self._logged_in(data) as (account, login):
                data[CONF_USER_ID] = login.user_id or data[CONF_USERNAME]
                if self.source == SOURCE_RECONFIGURE:
                    await self._look_there(account, data)
                elif self.source != SOURCE_REAUTH:
                    self._sites = {site.id: site for site in await account.sites()}
                    meters = [meter for site in self._sites for meter in await self._meters(account, site)]
                    self._listed = named(meters)
        except AcrelError as error:
            if (wrong := wrong_feed(error, texts)) is not None:
                raise wrong from error
            found = explained(error, texts)
            raise FormError(found.key, at=found.at, **found.placeholders) from error
        return str(data[CONF_USER_ID])

    async def _look_there(self, account: Account, data: FormData) -> None:
        """Look for the devices of the entry, and at the feed. Raises AcrelError, FormError."""
        entry = self._get_reconfigure_entry()
        is_other = is_elsewhere(entry, data)
        self._sites_there = await async_sites_there(self.hass, entry, account) if is_other else None
        if self._sites_there is not None:
            data |= with_zones_there(entry, data, self._sites_there)
        if is_other_feed(data, entry.data):
            await async_probe(data, account)

    @asynccontextmanager
    async def _logged_in(self, data: FormData) -> AsyncGenerator[tuple[Account, Login]]:
        """Log in as one of the kinds of clouds that come in question; before it answers as one, no password is sent.

        At the end the login is given back. Raises AcrelError.
        """
        names = profiles_to_try(self._account_form) if self._account_form else [data[CONF_PROFILE]]
        foreign: list[ForeignCloudError] = []
        for name in names:
            data[CONF_PROFILE] = name
            await async_read_profiles(self.hass)
            await async_read_zones(self.hass, data)
            async with Lease(self.hass, data) as lease:
                self._profile = lease.account.profile
                try:
                    login = await lease.account.login()
                except ForeignCloudError as error:
                    foreign.append(error)
                    continue
                yield lease.account, login
                return
        likeliest = foreign[0]
        if len(names) == 1:
            raise likeliest
        # Nobody chose the one that was tried last: it is none of them.
        host, detail = likeliest.values["host"], likeliest.values["detail"]
        raise ForeignCloudError(host=host, profile=phrase("cloud_any_kind"), detail=detail)

    async def _meters(self, account: Account, site: str) -> list[Meter]:
        """Return the devices of a site; one that refuses has none that can be chosen now."""
        try:
            return await account.meters(site)
        except CloudError as error:
            if error.needs_login:
                raise
            return []

    def _show_devices(self) -> ConfigFlowResult:
        known, texts = self._profile, self._texts_now
        options = device_options(self._listed, self._sites, known, texts)
        return self.async_show_form(
            step_id="cloud_devices",
            data_schema=self.add_suggested_values_to_schema(
                devices_schema(options), {CONF_DEVICES: [option["value"] for option in options]}
            ),
            description_placeholders={
                "count": str(len(options)),
                "others": str(len(self._listed) - len(options)),
                "note": plain(known.note(texts.language)),
            },
        )

    @ends_clearly
    async def async_step_cloud_devices(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask which devices are shown, and save the account with them."""
        if user_input is None:
            return self._show_devices()
        self._abort_if_unique_id_configured()
        chosen = [name for name in user_input[CONF_DEVICES] if name in self._listed]
        return self.async_create_entry(
            title=self._account_form.get(CONF_NAME, "").strip() or self._free_title(TYPE_CLOUD, self._texts_now),
            data=self._account_data,
            subentries=[subentry_of(self._listed[name], self._profile, name) for name in chosen],
        )

    # -- a login that is not accepted any more ------------------------------------------------------------------------

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin, because the server does not accept the login any more."""
        return await self.async_step_cloud_login()

    @ends_clearly
    async def async_step_cloud_login(self, user_input: FormData | None = None) -> ConfigFlowResult:
        """Ask for user and password anew, and try them."""
        entry = self._get_reauth_entry()
        error: FlowError | None = None
        if user_input is not None:
            data = {
                **entry.data,
                CONF_USERNAME: user_input[CONF_USERNAME].strip(),
                CONF_PASSWORD: user_input[CONF_PASSWORD],
            }
            former = dict(entry.data)
            try:
                login_id = await self._tried(data)
            except FormError as wrong:
                error = wrong.error
            else:
                await self.async_set_unique_id(f"{data[CONF_HOST]} {login_id}", raise_on_progress=False)
                if account_id(entry) not in (None, self.unique_id):
                    return self.async_abort(reason="other_account")
                abort_if_closed(self.hass.config_entries.flow, self.flow_id)
                if dict(entry.data) != former:
                    raise AbortFlow(CHANGED_MEANWHILE)
                return self._update(entry, data, unique_id=self.unique_id)
        return self.async_show_form(
            step_id="cloud_login",
            data_schema=self.add_suggested_values_to_schema(
                login_schema(), {CONF_USERNAME: (user_input or entry.data).get(CONF_USERNAME)}
            ),
            errors=error.errors() if error else None,
            description_placeholders={
                "name": plain(entry.title),
                "host": plain(str(entry.data.get(CONF_HOST))),
                **(error.placeholders if error else {}),
            },
        )
