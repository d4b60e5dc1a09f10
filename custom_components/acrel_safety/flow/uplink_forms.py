"""What the forms for 4G devices and the port they call ask, and how it lies in the data of an entry or subentry."""

from collections.abc import Iterable, Mapping
from typing import Any

import probatio
from homeassistant.const import CONF_MODEL, CONF_NAME, CONF_PORT, CONF_TYPE
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ..aioacrel.points import Model
from ..aioacrel.uplink.moment import WeekdayRule
from ..aioacrel.uplink.server import DEFAULT_PORT
from ..checked import UnfitError, faults, sound_part
from ..const import (
    CONF_CLOCK,
    CONF_LISTEN,
    CONF_NETWORKS,
    CONF_POLLING,
    CONF_SERIAL,
    CONF_WEEKDAY,
    TYPE_UPLINK,
)
from ..hubs.device_data import missing_ratios
from ..hubs.uplink_data import CALLER, DEFAULT_INTERVALS, EVERYWHERE, SERIAL_NUMBER, UPLINK, Time, network
from .device_forms import Catalogue, choices_of, said_settings, settings_said, settings_schema
from .explain import FormError
from .link_forms import FormData, as_whole, choice, number
from .selector_texts import FlowTexts

# -- The port that is called ------------------------------------------------------------------------------------------


def uplink_schema(addresses: Iterable[str], texts: FlowTexts) -> probatio.Schema:
    """Ask where devices call, from where, and what time they are told."""
    where = [
        *(SelectOptionDict(value=address, label=address) for address in addresses),
        SelectOptionDict(value=EVERYWHERE, label=texts("listen", EVERYWHERE)),
    ]
    config = SelectSelectorConfig(options=where, custom_value=True, mode=SelectSelectorMode.DROPDOWN)
    return probatio.Schema(
        {
            # Needed, but Home Assistant's frontend takes the first option of a required choice by itself.
            probatio.Optional(CONF_LISTEN): SelectSelector(config),
            probatio.Required(CONF_PORT, default=DEFAULT_PORT): number(),
            probatio.Optional(CONF_NETWORKS): TextSelector(),
            probatio.Required(CONF_CLOCK, default=Time.VENDOR.value): choice([*map(str, Time)], "clock"),
            probatio.Required(CONF_WEEKDAY, default=WeekdayRule.MONDAY_1.value): choice(
                [*map(str, WeekdayRule)], "weekday"
            ),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def uplink_data(form: FormData) -> FormData:
    """Return the entry data of a filled-in form. Raises FormError."""
    if not (address := form.get(CONF_LISTEN, "").strip().lower()):
        raise FormError("listen_needed", at=CONF_LISTEN)
    data = {
        CONF_TYPE: TYPE_UPLINK,
        CONF_LISTEN: address,
        CONF_PORT: as_whole(form[CONF_PORT]),
        CONF_CLOCK: form[CONF_CLOCK],
        CONF_WEEKDAY: form[CONF_WEEKDAY],
    }
    if networks := form.get(CONF_NETWORKS, "").replace(",", " ").split():
        try:
            data[CONF_NETWORKS] = [*dict.fromkeys(map(network, networks))]
        except UnfitError as wrong:
            raise FormError(wrong.key, at=CONF_NETWORKS, **wrong.texts) from wrong
    for fault in faults(UPLINK, data):
        raise FormError.of(fault, {})
    return data


def uplink_form(data: Mapping[str, Any]) -> FormData:
    """Return the form that would give this entry data; of what is stored wrong it asks anew."""
    sound = sound_part(UPLINK, data)
    form = {key: sound[key] for key in (CONF_LISTEN, CONF_PORT, CONF_CLOCK, CONF_WEEKDAY) if key in sound}
    if CONF_NETWORKS in sound:
        form[CONF_NETWORKS] = ", ".join(sound[CONF_NETWORKS])
    return form


# -- A device that calls it -------------------------------------------------------------------------------------------


def caller_schema(catalogue: Catalogue, texts: FlowTexts) -> probatio.Schema:
    """Ask for serial number, model and name."""
    return probatio.Schema(
        {
            probatio.Required(CONF_SERIAL): TextSelector(),
            # Needed, but Home Assistant's frontend takes the first option of a required choice by itself.
            probatio.Optional(CONF_MODEL): choice(caller_models(catalogue, texts)),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def caller_models(catalogue: Catalogue, texts: FlowTexts) -> list[SelectOptionDict]:
    """Return the models to choose from: those whose uploads are known first."""
    usable = [model for model in catalogue.models.values() if not model.needs_table]
    return choices_of(sorted(usable, key=lambda model: not model.registers.uploads), texts)


def caller_settings_schema(model: Model) -> probatio.Schema:
    """Ask for what depends on the model, and how much may be asked for over the SIM card."""
    asked = {probatio.Required(CONF_POLLING, default=True): BooleanSelector()}
    return probatio.Schema({**asked, **settings_schema(model, DEFAULT_INTERVALS).schema})


def check_caller_settings(serial: str, model: Model, settings: FormData) -> None:
    """Raise FormError if a number of the settings form is missing or cannot be."""
    for field in missing_ratios(model, settings):
        raise FormError("ratio_needed", at=field)
    for fault in faults(CALLER, caller_data(serial, model, settings)):
        raise FormError.of(fault, {})


def check_serial(text: str) -> str:
    """Return a serial number as devices name themselves by it. Raises FormError."""
    serial = text.strip()
    for fault in faults(SERIAL_NUMBER, {CONF_SERIAL: serial}):
        raise FormError.of(fault, {})
    return serial


def caller_data(serial: str, model: Model, settings: FormData) -> FormData:
    """Return the subentry data of a device; only what is not the usual, beside what tells it apart."""
    data = {CONF_SERIAL: serial, CONF_MODEL: model.id, **said_settings(settings, DEFAULT_INTERVALS)}
    if settings.get(CONF_POLLING) is False:
        data[CONF_POLLING] = False
    return data


def caller_form(data: Mapping[str, Any]) -> FormData:
    """Return the first form that would give this subentry data; of what is stored wrong it asks anew."""
    sound = sound_part(CALLER, data)
    return {key: sound[key] for key in (CONF_SERIAL, CONF_MODEL) if key in sound}


def caller_settings_form(data: Mapping[str, Any]) -> FormData:
    """Return the settings form that would give this subentry data; of what is stored wrong it asks anew."""
    sound = sound_part(CALLER, data)
    return {**settings_said(sound), CONF_POLLING: sound.get(CONF_POLLING, True)}
