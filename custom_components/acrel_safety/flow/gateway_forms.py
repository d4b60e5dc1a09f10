"""What the forms for a gateway that speaks MQTT and for a meter behind it ask, and how it lies in stored data."""

from collections.abc import Iterable, Mapping
from typing import Any

import probatio
from homeassistant.const import CONF_MODEL, CONF_NAME, CONF_TYPE
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..aioacrel.deadband import Detail
from ..aioacrel.masking import masked
from ..aioacrel.points import Model
from ..aioacrel.problems import flat
from ..checked import faults, sound_part
from ..const import (
    CONF_ALLOW_AUTOMATIONS,
    CONF_BY_ANALOGY,
    CONF_CLOCK,
    CONF_DETAIL,
    CONF_FOUND,
    CONF_PUT_ASIDE,
    CONF_REPORTS_EVERY,
    CONF_SCALING,
    CONF_SECRET,
    CONF_SERIAL,
    TYPE_GATEWAY,
)
from ..hubs.gateway_data import (
    CONF_POWER_UNIT,
    CONF_RATIOS,
    GATEWAY,
    GATEWAY_SERIAL,
    METER,
    POWER_UNITS,
    SCALINGS,
)
from ..hubs.uplink_data import Time
from .device_forms import Catalogue, choices_of, said_settings, settings_said
from .explain import FormError
from .link_forms import FormData, as_whole, choice, number
from .selector_texts import FlowTexts

USUAL = "usual"
"""Stands for what is not stored."""
_SHOWN_OF_SERIAL = 4
_MOST_CODES = 6

# -- The gateway ------------------------------------------------------------------------------------------------------


def gateway_schema(*, asks_serial: bool) -> probatio.Schema:
    """Ask which gateway, what time it is told, and what it encrypts with."""
    serial = {probatio.Required(CONF_SERIAL): TextSelector()} if asks_serial else {}
    return probatio.Schema(
        {
            **serial,
            probatio.Required(CONF_CLOCK, default=Time.VENDOR.value): choice([*map(str, Time)], "clock"),
            probatio.Optional(CONF_SECRET): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD)),
            probatio.Optional(CONF_REPORTS_EVERY): number("s"),
            probatio.Required(CONF_BY_ANALOGY, default=False): BooleanSelector(),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def gateway_data(form: FormData, serial: str) -> FormData:
    """Return the entry data of a filled-in form. Raises FormError."""
    data = {CONF_TYPE: TYPE_GATEWAY, CONF_SERIAL: serial, CONF_CLOCK: form[CONF_CLOCK]}
    if secret := form.get(CONF_SECRET, "").strip():
        data[CONF_SECRET] = secret
    if CONF_REPORTS_EVERY in form:
        data[CONF_REPORTS_EVERY] = as_whole(form[CONF_REPORTS_EVERY])
    if form.get(CONF_BY_ANALOGY) is True:
        data[CONF_BY_ANALOGY] = True
    for fault in faults(GATEWAY, data):
        raise FormError.of(fault, {})
    return data


def gateway_form(data: Mapping[str, Any]) -> FormData:
    """Return the form that would give this entry data; of what is stored wrong it asks anew."""
    sound = sound_part(GATEWAY, data)
    return {key: sound[key] for key in (CONF_CLOCK, CONF_SECRET, CONF_REPORTS_EVERY, CONF_BY_ANALOGY) if key in sound}


def check_gateway_serial(text: str) -> str:
    """Return a number as gateways and meters name themselves by it. Raises FormError."""
    serial = text.strip()
    for fault in faults(GATEWAY_SERIAL, {CONF_SERIAL: serial}):
        raise FormError.of(fault, {})
    return serial


# -- A meter behind it ------------------------------------------------------------------------------------------------


def heard_schema(heard: Mapping[str, Iterable[str]]) -> probatio.Schema:
    """Ask which of the meters that the gateway reports is meant."""
    options = [
        SelectOptionDict(value=serial, label=flat(f"{serial} ({', '.join([*codes][:_MOST_CODES])}, …)"))
        for serial, codes in heard.items()
    ]
    return probatio.Schema({probatio.Required(CONF_SERIAL): choice(options, mode=SelectSelectorMode.LIST)})


def meter_schema(catalogue: Catalogue, texts: FlowTexts, codes: Iterable[str] = ()) -> probatio.Schema:
    """Ask for serial number, model and name: the models that have what is reported first."""
    said = frozenset(codes)
    ranked = sorted(catalogue.models.values(), key=lambda model: -_fit(model, said))
    return probatio.Schema(
        {
            probatio.Required(CONF_SERIAL): TextSelector(),
            # Needed, but Home Assistant's frontend takes the first option of a required choice by itself.
            probatio.Optional(CONF_MODEL): choice(choices_of(ranked, texts)),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def _fit(model: Model, said: frozenset[str]) -> float:
    """Return how well a model fits codes: those it has, less those it does not, and then what it has beside."""
    own = {key.code for key in model.points} | model.gateway.words.keys()
    return len(said & own) - len(said - own) - len(own - said) / 1000


def meter_settings_schema(*, is_overseas: bool) -> probatio.Schema:
    """Ask how much is told, and of a meter of the overseas dialect how its values are meant."""
    scaling = probatio.Schema(
        {
            probatio.Required(CONF_RATIOS, default=USUAL): choice([USUAL, *SCALINGS], "ratios"),
            probatio.Required(CONF_POWER_UNIT, default=USUAL): choice([USUAL, *POWER_UNITS], "power_unit"),
        }
    )
    return probatio.Schema(
        {
            probatio.Required(CONF_DETAIL, default=Detail.NORMAL.value): choice(list(Detail), "detail"),
            probatio.Required(CONF_ALLOW_AUTOMATIONS, default=False): BooleanSelector(),
            probatio.Optional(CONF_SCALING): section(scaling, {"collapsed": not is_overseas}),
        }
    )


def meter_data(serial: str, model: Model, settings: FormData) -> FormData:
    """Return the subentry data of a meter; only what is not the usual, beside what tells it apart. Raises FormError."""
    data = {CONF_SERIAL: serial, CONF_MODEL: model.id, **said_settings(settings)}
    scaling = {key: value for key, value in (settings.get(CONF_SCALING) or {}).items() if value != USUAL}
    if scaling:
        data[CONF_SCALING] = scaling
    for fault in faults(METER, data):
        raise FormError.of(fault, {})
    return data


def meter_form(data: Mapping[str, Any]) -> FormData:
    """Return the first form that would give this subentry data; of what is stored wrong it asks anew."""
    sound = sound_part(METER, data)
    return {key: sound[key] for key in (CONF_SERIAL, CONF_MODEL) if key in sound}


def meter_settings_form(data: Mapping[str, Any]) -> FormData:
    """Return the settings form that would give this subentry data; of what is stored wrong it asks anew."""
    sound = sound_part(METER, data)
    scaling = {CONF_RATIOS: USUAL, CONF_POWER_UNIT: USUAL, **sound.get(CONF_SCALING, {})}
    return {**settings_said(sound), CONF_SCALING: scaling}


def kept_found(former: Mapping[str, Any], data: Mapping[str, Any]) -> FormData:
    """Return what was found of a meter, and put aside, if it is still the same one."""
    is_same = all(former.get(key) == data.get(key) for key in (CONF_SERIAL, CONF_MODEL))
    return {key: former[key] for key in (CONF_FOUND, CONF_PUT_ASIDE) if is_same and key in former}


def meter_title(model: Model, serial: str) -> str:
    """Return what a meter without a name is called: by its model, and the end of its serial number."""
    return flat(f"{model.name} {serial[-_SHOWN_OF_SERIAL:]}")


def gateway_title(kind: str, serial: str) -> str:
    """Return what a gateway without a name is called."""
    return flat(f"{kind} {masked(serial)}".strip())
