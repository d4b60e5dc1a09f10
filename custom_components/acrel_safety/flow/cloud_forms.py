"""What the forms for an account at a cloud ask, and how it lies in the data of an entry or subentry."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import probatio
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_HOST, CONF_MODEL, CONF_NAME, CONF_PASSWORD, CONF_TYPE, CONF_USERNAME
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..aioacrel.cloud.address import CloudAddress
from ..aioacrel.cloud.errors import CloudAddressError, CloudError
from ..aioacrel.cloud.history import MONTHS
from ..aioacrel.cloud.hub import LEAST_SECONDS
from ..aioacrel.cloud.profile import Profile
from ..aioacrel.cloud.profile_reader import known_for, known_profiles, profile
from ..aioacrel.cloud.records import Meter, MeterKey, Site
from ..aioacrel.deadband import Detail
from ..aioacrel.errors import AcrelError
from ..aioacrel.points import Model
from ..aioacrel.problems import flat
from ..checked import faults, sound_part
from ..const import (
    CONF_ALLOW_AUTOMATIONS,
    CONF_ALLOW_HTTP,
    CONF_CLOCK,
    CONF_CODE,
    CONF_DETAIL,
    CONF_FEED,
    CONF_FEED_USER,
    CONF_HISTORY_ELECTRIC,
    CONF_HISTORY_MONTHS,
    CONF_KIND,
    CONF_POLL_EVERY,
    CONF_PROFILE,
    CONF_PROVED,
    CONF_PUT_ASIDE,
    CONF_SECOND_PASSWORD,
    CONF_SITE,
    CONF_SITE_ZONES,
    SUBENTRY_DEVICE,
    TYPE_CLOUD,
)
from ..hubs.cloud_data import ACCOUNT, METER
from ..hubs.uplink_data import Time
from .cloud_feed_forms import feed_data, feed_fields
from .cloud_zone_steps import CONF_OTHER_ZONES
from .device_forms import Catalogue, choices_of, said_settings, settings_said
from .explain import FlowError, FormError, explain
from .link_forms import FormData, as_whole, choice, number
from .selector_texts import FlowTexts

CONF_DEVICES = "devices"
CONF_SURE = "sure"
PROBED = "probed"
"""The choice to have it found out which profile fits."""
CONF_FORGET = "forget_second_password"
_HIDDEN = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
_KEPT = (CONF_ALLOW_HTTP, CONF_SITE_ZONES)

# -- The account ------------------------------------------------------------------------------------------------------


def account_schema(texts: FlowTexts, *, is_known: bool, has_second: bool = False) -> probatio.Schema:
    """Ask where the server is, and who asks it; of one that is known also how often, and what of the past."""
    kinds = [SelectOptionDict(value=name, label=profile(name).title(texts.language)) for name in known_profiles()]
    if not is_known:
        kinds.insert(0, SelectOptionDict(value=PROBED, label=texts("cloud_notes", "probed")))
    more: dict[probatio.Marker, object] = {
        probatio.Required(CONF_CLOCK, default=Time.VENDOR.value): choice([*map(str, Time)], "clock"),
        probatio.Required(CONF_OTHER_ZONES, default=False): BooleanSelector(),
        probatio.Optional(CONF_POLL_EVERY): number("s"),
        probatio.Optional(CONF_HISTORY_MONTHS): number(),
        probatio.Required(CONF_HISTORY_ELECTRIC, default=False): BooleanSelector(),
        probatio.Optional(CONF_SECOND_PASSWORD): _HIDDEN,
        **({probatio.Required(CONF_FORGET, default=False): BooleanSelector()} if has_second else {}),
        **feed_fields(),
    }
    return probatio.Schema(
        {
            probatio.Required(CONF_HOST): TextSelector(),
            probatio.Required(CONF_USERNAME): TextSelector(),
            # Of one that is known it may be left out: then it stays.
            (probatio.Optional if is_known else probatio.Required)(CONF_PASSWORD): _HIDDEN,
            probatio.Required(CONF_PROFILE, default=kinds[0]["value"]): choice(kinds),
            **(more if is_known else {}),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def profiles_to_try(form: FormData) -> list[str]:
    """Return the profiles with which to log in, the likeliest first. Raises CloudAddressError."""
    if form[CONF_PROFILE] != PROBED:
        return [form[CONF_PROFILE]]
    host = CloudAddress.parse(form[CONF_HOST], allow_http=True).host
    return list(known_for(host))


def account_data(form: FormData, former: Mapping[str, Any]) -> FormData:
    """Return the entry data of a filled-in form; a password that is left out stays, of the same user of the same host.

    Raises FormError, CloudAddressError.
    """
    address = CloudAddress.parse(form[CONF_HOST], allow_http=True)
    is_same_host = former.get(CONF_HOST) == str(address)
    is_same = is_same_host and former.get(CONF_USERNAME) == form[CONF_USERNAME].strip()
    password = form.get(CONF_PASSWORD) or (former.get(CONF_PASSWORD, "") if is_same else "")
    data = {
        CONF_TYPE: TYPE_CLOUD,
        CONF_HOST: str(address),
        CONF_USERNAME: form[CONF_USERNAME].strip(),
        CONF_PASSWORD: password,
        CONF_PROFILE: profiles_to_try(form)[0],
        **({key: former[key] for key in _KEPT if key in former} if is_same_host else {}),
    }
    if CONF_POLL_EVERY in form:
        data[CONF_POLL_EVERY] = as_whole(form[CONF_POLL_EVERY])
    if CONF_HISTORY_MONTHS in form:
        data[CONF_HISTORY_MONTHS] = as_whole(form[CONF_HISTORY_MONTHS])
    if form.get(CONF_HISTORY_ELECTRIC):
        data[CONF_HISTORY_ELECTRIC] = True
    if form.get(CONF_CLOCK, Time.VENDOR) != Time.VENDOR:
        data[CONF_CLOCK] = form[CONF_CLOCK]
    is_kept = is_same and not form.get(CONF_FORGET)
    if second := form.get(CONF_SECOND_PASSWORD) or (former.get(CONF_SECOND_PASSWORD) if is_kept else None):
        data[CONF_SECOND_PASSWORD] = second
    data |= feed_data(form, former)
    for fault in faults(ACCOUNT, data):
        raise FormError.of(fault, {})
    return data


def account_form(data: Mapping[str, Any]) -> FormData:
    """Return the form that would give this entry data, without what is secret; of what is stored wrong it asks anew."""
    sound = sound_part(ACCOUNT, data)
    shown = (CONF_HOST, CONF_USERNAME, CONF_PROFILE, CONF_CLOCK, CONF_POLL_EVERY, CONF_HISTORY_ELECTRIC)
    shown_of_feed = (CONF_FEED, CONF_FEED_USER)
    return {
        CONF_HISTORY_MONTHS: sound.get(CONF_HISTORY_MONTHS, MONTHS),
        CONF_POLL_EVERY: LEAST_SECONDS,
        **{key: sound[key] for key in (*shown, *shown_of_feed) if key in sound},
    }


def is_plain(data: Mapping[str, Any]) -> bool:
    """Whether an address is asked without encryption."""
    return not CloudAddress.parse(data[CONF_HOST], allow_http=True).is_secure


def http_schema() -> probatio.Schema:
    """Ask whether that is meant."""
    return probatio.Schema({probatio.Required(CONF_SURE, default=False): BooleanSelector()})


def login_schema() -> probatio.Schema:
    """Ask for user and password anew."""
    return probatio.Schema(
        {probatio.Required(CONF_USERNAME): TextSelector(), probatio.Required(CONF_PASSWORD): _HIDDEN}
    )


def explained(error: AcrelError, texts: FlowTexts) -> FlowError:
    """Return the sentence of a form for what a server said: its own, with what it is about."""
    if not isinstance(error, CloudError | CloudAddressError):
        return explain(error, texts)
    # No question of sockets: the sentence says what it was.
    placeholders = {name: flat(text) for name, text in error.placeholders_in(texts.language).items()}
    at = CONF_HOST if isinstance(error, CloudAddressError) else "base"
    return FlowError(key=error.key, at=at, placeholders=placeholders)


# -- Its devices ------------------------------------------------------------------------------------------------------


def devices_schema(found: Iterable[SelectOptionDict]) -> probatio.Schema:
    """Ask which of the devices that were found are to be shown."""
    config = SelectSelectorConfig(options=[*found], multiple=True, mode=SelectSelectorMode.LIST)
    return probatio.Schema({probatio.Optional(CONF_DEVICES, default=[]): SelectSelector(config)})


def device_options(
    meters: Mapping[str, Meter], sites: Mapping[str, Site], known: Profile, texts: FlowTexts
) -> list[SelectOptionDict]:
    """Return the devices of an account that can be shown, each with its site and its type; by site and name.

    They are given by what a form calls them, as of `named`.
    """
    shown = [(value, meter) for value, meter in meters.items() if known.model_of(meter.kind) is not None]
    shown.sort(key=lambda one: (_site(one[1], sites), one[1].name, one[1].code))
    return [SelectOptionDict(value=value, label=_label(meter, sites, known, texts)) for value, meter in shown]


def named(meters: Iterable[Meter], others: Iterable[MeterKey] = ()) -> dict[str, Meter]:
    """Return devices by what a form calls them: by their code, and where another site has it, too, with their site.

    `others` are devices that are none of them.
    """
    found = list(meters)
    count = Counter(key.code for key in {*(meter.key for meter in found), *others})
    return {meter.code if count[meter.code] == 1 else f"{meter.site}/{meter.code}": meter for meter in found}


def _label(meter: Meter, sites: Mapping[str, Site], known: Profile, texts: FlowTexts) -> str:
    kind = known.meter_types[meter.kind].name
    alarm = f" · {texts('cloud_notes', 'in_alarm')}" if meter.is_alarmed else ""
    return flat(f"{_site(meter, sites)}: {meter.name or meter.code} ({kind}){alarm}")


def _site(meter: Meter, sites: Mapping[str, Site]) -> str:
    site = sites.get(meter.site)
    return meter.site if site is None else site.name or meter.site


def subentry_of(meter: Meter, known: Profile, name: str) -> ConfigSubentryData:
    """Return a device as it is stored when it is added with many others: it can be changed later."""
    model = known.model_of(meter.kind)
    data = {CONF_CODE: meter.code, CONF_SITE: meter.site, CONF_KIND: meter.kind, CONF_MODEL: model}
    return ConfigSubentryData(
        data=data, subentry_type=SUBENTRY_DEVICE, title=flat(meter.name or meter.code), unique_id=name
    )


def meter_schema(catalogue: Catalogue, texts: FlowTexts, options: list[SelectOptionDict]) -> probatio.Schema:
    """Ask which device it is, its model and name."""
    return probatio.Schema(
        {
            probatio.Required(CONF_CODE): choice(options),
            probatio.Optional(CONF_MODEL): choice(choices_of(catalogue.models.values(), texts)),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def meter_settings_schema(unproved: Iterable[str]) -> probatio.Schema:
    """Ask how much is told, whether automations may act on alarms, and what its owner saw to work on site."""
    # Options of a form have small letters.
    proofs = [code.lower() for code in unproved]
    schema: dict[probatio.Marker, object] = {
        probatio.Required(CONF_DETAIL, default=Detail.NORMAL.value): choice(list(Detail), "detail"),
        probatio.Required(CONF_ALLOW_AUTOMATIONS, default=False): BooleanSelector(),
    }
    if proofs:
        config = SelectSelectorConfig(
            options=proofs, multiple=True, mode=SelectSelectorMode.LIST, translation_key="proved"
        )
        schema[probatio.Optional(CONF_PROVED, default=[])] = SelectSelector(config)
    return probatio.Schema(schema)


def meter_data(place: FormData, model: Model, settings: FormData) -> FormData:
    """Return the subentry data of a device. Raises FormError."""
    data = {**place, CONF_MODEL: model.id, **said_settings(settings, {})}
    if settings.get(CONF_PROVED):
        data[CONF_PROVED] = [code.upper() for code in settings[CONF_PROVED]]
    for fault in faults(METER, data):
        raise FormError.of(fault, {})
    return data


def meter_settings_form(data: Mapping[str, Any]) -> FormData:
    """Return the settings form that would give this subentry data; of what is stored wrong it asks anew."""
    sound = sound_part(METER, data)
    return {**settings_said(sound), CONF_PROVED: [code.lower() for code in sound.get(CONF_PROVED, [])]}


def kept_of_meter(former: Mapping[str, Any]) -> FormData:
    """Return what no form asks for."""
    return {key: former[key] for key in (CONF_PUT_ASIDE,) if key in former}
