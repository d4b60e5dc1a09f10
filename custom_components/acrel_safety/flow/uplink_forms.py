"""What the forms for 4G devices and the port they call ask, and how it lies in the data of an entry or subentry."""

from collections.abc import Iterable, Mapping
from typing import Any

import probatio
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_MODEL, CONF_NAME, CONF_PORT, CONF_TYPE
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.util.dt import as_local

from ..aioacrel.addresses import same_host
from ..aioacrel.masking import masked
from ..aioacrel.points import Model
from ..aioacrel.problems import flat
from ..aioacrel.uplink.fitting import fit
from ..aioacrel.uplink.moment import WeekdayRule
from ..aioacrel.uplink.server import DEFAULT_PORT
from ..aioacrel.uplink.strangers import Stranger
from ..checked import UnfitError, faults, sound_part
from ..const import (
    CONF_CLOCK,
    CONF_LISTEN,
    CONF_NETWORKS,
    CONF_POLLING,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
    CONF_SERIAL,
    CONF_WEEKDAY,
    TYPE_UPLINK,
)
from ..hubs.device_data import missing_ratios
from ..hubs.uplink_data import CALLER, DEFAULT_INTERVALS, EVERYWHERE, SERIAL_NUMBER, UPLINK, Time, network
from ..markdown import plain
from .device_forms import Catalogue, choices_of, said_settings, settings_said, settings_schema
from .explain import FormError
from .link_forms import FormData, as_whole, choice, host_of, number
from .selector_texts import FlowTexts

_SHOWN_OF_SERIAL = 4
_HERE = frozenset(map(same_host, ("localhost", "127.0.0.1", "::1")))

# -- The port that is called ------------------------------------------------------------------------------------------


def listen_selector(addresses: Iterable[str], texts: FlowTexts) -> SelectSelector:
    """Return the choice of an address of this machine, or all of them."""
    where = [
        *(SelectOptionDict(value=address, label=address) for address in addresses),
        SelectOptionDict(value=EVERYWHERE, label=texts("listen", EVERYWHERE)),
    ]
    return SelectSelector(SelectSelectorConfig(options=where, custom_value=True, mode=SelectSelectorMode.DROPDOWN))


def uplink_schema(addresses: Iterable[str], texts: FlowTexts) -> probatio.Schema:
    """Ask where devices call, from where, and what time they are told."""
    return probatio.Schema(
        {
            # Needed, but Home Assistant's frontend takes the first option of a required choice by itself.
            probatio.Optional(CONF_LISTEN): listen_selector(addresses, texts),
            probatio.Required(CONF_PORT, default=DEFAULT_PORT): number(),
            probatio.Optional(CONF_NETWORKS): TextSelector(),
            probatio.Optional(CONF_RELAY_HOST): TextSelector(),
            probatio.Optional(CONF_RELAY_PORT): number(),
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
    data |= _relay(form, data)
    for fault in faults(UPLINK, data):
        raise FormError.of(fault, {})
    return data


def _relay(form: FormData, data: FormData) -> FormData:
    """Return the other server of a form. Raises FormError."""
    host, port = host_of(form.get(CONF_RELAY_HOST, "")), form.get(CONF_RELAY_PORT)
    if not host:
        return {}
    if port is None:
        raise FormError("relay_port_needed", at=CONF_RELAY_PORT)
    if as_whole(port) == data[CONF_PORT] and (host == data[CONF_LISTEN] or same_host(host) in _HERE):
        # Each device would be logged in twice, which is an alarm.
        raise FormError("relay_here", at=CONF_RELAY_HOST)
    return {CONF_RELAY_HOST: host, CONF_RELAY_PORT: as_whole(port)}


def uplink_form(data: Mapping[str, Any]) -> FormData:
    """Return the form that would give this entry data; of what is stored wrong it asks anew."""
    sound = sound_part(UPLINK, data)
    kept = (CONF_LISTEN, CONF_PORT, CONF_RELAY_HOST, CONF_RELAY_PORT, CONF_CLOCK, CONF_WEEKDAY)
    form: FormData = {key: sound[key] for key in kept if key in sound}
    if CONF_NETWORKS in sound:
        form[CONF_NETWORKS] = ", ".join(sound[CONF_NETWORKS])
    return form


# -- A device that calls it -------------------------------------------------------------------------------------------


def caller_schema(catalogue: Catalogue, texts: FlowTexts, stranger: Stranger | None = None) -> probatio.Schema:
    """Ask for serial number, model and name."""
    return probatio.Schema(
        {probatio.Required(CONF_SERIAL): TextSelector(), **stranger_schema(catalogue, texts, stranger).schema}
    )


def stranger_schema(catalogue: Catalogue, texts: FlowTexts, stranger: Stranger | None) -> probatio.Schema:
    """Ask for model and name: the models that fit what it uploads first."""
    usable = [model for model in catalogue.models.values() if not model.needs_table]
    sizes = stranger.uploads if stranger is not None else []
    ranked = sorted(usable, key=lambda model: -fit(model, sizes))
    return probatio.Schema(
        {
            # Needed, but Home Assistant's frontend takes the first option of a required choice by itself.
            probatio.Optional(CONF_MODEL): choice(choices_of(ranked, texts)),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def strangers_schema(strangers: Iterable[Stranger], texts: FlowTexts) -> probatio.Schema:
    """Ask which of the devices that called is meant."""
    options = [
        SelectOptionDict(value=one.login.serial, label=f"{masked(one.login.serial)} – {described(one, texts)}")
        for one in strangers
    ]
    return probatio.Schema({probatio.Required(CONF_SERIAL): choice(options, mode=SelectSelectorMode.LIST)})


def described(stranger: Stranger | None, texts: FlowTexts) -> str:
    """Say of a stranger what tells its owner which one it is."""
    if stranger is None:
        return texts("stranger", "gone")
    return texts(
        "stranger",
        "seen",
        address=plain(stranger.address),
        time=as_local(stranger.last_seen).strftime("%Y-%m-%d %H:%M:%S"),
        calls=stranger.logins,
        minutes=stranger.login.upload_minutes,
    )


def named_caller(entry: ConfigEntry, serial: str, *, but: str | None = None) -> ConfigSubentry | None:
    """Return the device of a port with a serial number."""
    others = (one for one in entry.subentries.values() if one.subentry_id != but)
    return next((one for one in others if one.data.get(CONF_SERIAL) == serial), None)


def caller_title(model: Model, serial: str) -> str:
    """Return what a device without a name is called: by its model, and the end of its serial number."""
    return flat(f"{model.name} {serial[-_SHOWN_OF_SERIAL:]}")


def settings_notes(model: Model, texts: FlowTexts) -> str:
    """Say of a model what its owner has to know."""
    notes = [
        plain(model.title(texts.language)),
        texts("assurance", model.evidence),
        plain(model.notes.get(texts.language) or model.notes.get("en", "")),
        "" if model.registers.uploads else texts("uploads", "unknown"),
    ]
    return "\n\n".join(note for note in notes if note)


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
