"""What the forms for XML gateways ask, and how it lies in the data of an entry or subentry."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import probatio
from homeassistant.const import CONF_MODEL, CONF_NAME, CONF_PORT, CONF_TYPE
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..aioacrel.points import Model
from ..aioacrel.problems import flat
from ..aioacrel.xmlgateway.names import GatewayName, MeterId
from ..checked import UnfitError, faults, sound_part
from ..const import (
    CONF_BUILDING,
    CONF_CLOCK,
    CONF_GATEWAY,
    CONF_INTERVALS,
    CONF_LISTEN,
    CONF_METER,
    CONF_NETWORKS,
    CONF_POLLING,
    CONF_XML_SECRET,
    TYPE_XML,
)
from ..hubs.device_data import missing_ratios
from ..hubs.uplink_data import Time, network
from ..hubs.xml_data import DEFAULT_PORT, GATEWAY, METER, METER_NUMBER
from ..markdown import plain
from .device_forms import Catalogue, choices_of, said_settings, settings_said, settings_schema
from .explain import FormError
from .link_forms import FormData, as_whole, choice, number
from .selector_texts import FlowTexts
from .uplink_forms import listen_selector

_NAMES = (CONF_BUILDING, CONF_GATEWAY)

# -- The port that is called ------------------------------------------------------------------------------------------


def gateway_schema(addresses: Iterable[str], texts: FlowTexts) -> probatio.Schema:
    """Ask where the gateway calls, what it is called, and what it proves itself by."""
    hidden = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
    return probatio.Schema(
        {
            # Needed, but Home Assistant's frontend takes the first option of a required choice by itself.
            probatio.Optional(CONF_LISTEN): listen_selector(addresses, texts),
            probatio.Required(CONF_PORT, default=DEFAULT_PORT): number(),
            probatio.Required(CONF_BUILDING): TextSelector(),
            probatio.Required(CONF_GATEWAY): TextSelector(),
            probatio.Optional(CONF_XML_SECRET): hidden,
            probatio.Optional(CONF_NETWORKS): TextSelector(),
            probatio.Required(CONF_CLOCK, default=Time.VENDOR.value): choice([*map(str, Time)], "clock"),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def gateway_data(form: FormData, former: Mapping[str, Any]) -> FormData:
    """Return the entry data of a filled-in form; without a secret the former one stays. Raises FormError."""
    if not (address := form.get(CONF_LISTEN, "").strip().lower()):
        raise FormError("listen_needed", at=CONF_LISTEN)
    data = {
        CONF_TYPE: TYPE_XML,
        CONF_LISTEN: address,
        CONF_PORT: as_whole(form[CONF_PORT]),
        **{field: form[field].strip() for field in _NAMES},
        CONF_XML_SECRET: form.get(CONF_XML_SECRET, "").strip() or former.get(CONF_XML_SECRET, ""),
        CONF_CLOCK: form[CONF_CLOCK],
    }
    if networks := form.get(CONF_NETWORKS, "").replace(",", " ").split():
        try:
            data[CONF_NETWORKS] = [*dict.fromkeys(map(network, networks))]
        except UnfitError as wrong:
            raise FormError(wrong.key, at=CONF_NETWORKS, **wrong.texts) from wrong
    for fault in faults(GATEWAY, data):
        raise FormError.of(fault, {})
    return data


def gateway_form(data: Mapping[str, Any]) -> FormData:
    """Return the form that would give this entry data, without the secret; of what is stored wrong it asks anew."""
    sound = sound_part(GATEWAY, data)
    form: FormData = {key: sound[key] for key in (CONF_LISTEN, CONF_PORT, CONF_CLOCK, *_NAMES) if key in sound}
    if CONF_NETWORKS in sound:
        form[CONF_NETWORKS] = ", ".join(sound[CONF_NETWORKS])
    return form


def called(strangers: Sequence[GatewayName], texts: FlowTexts) -> str:
    """Say which gateways called that nobody knows: most often it is the owner's, with another number."""
    if not strangers:
        return ""
    return "\n\n" + texts("xml_strangers", "called", names=", ".join(plain(name.serial) for name in strangers))


# -- A device behind it -----------------------------------------------------------------------------------------------


def meter_schema(catalogue: Catalogue, texts: FlowTexts) -> probatio.Schema:
    """Ask for place, model and name."""
    return probatio.Schema(
        {
            probatio.Required(CONF_METER): TextSelector(),
            # Needed, but Home Assistant's frontend takes the first option of a required choice by itself.
            probatio.Optional(CONF_MODEL): choice(choices_of(catalogue.models.values(), texts)),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def meter_settings_schema(model: Model) -> probatio.Schema:
    """Ask for what depends on the model, and whether it is polled."""
    settings = {key: field for key, field in settings_schema(model).schema.items() if key != CONF_INTERVALS}
    return probatio.Schema({probatio.Required(CONF_POLLING, default=True): BooleanSelector(), **settings})


def meter_notes(model: Model, texts: FlowTexts) -> str:
    """Say of a model what its owner has to know."""
    notes = [
        plain(model.title(texts.language)),
        texts("assurance", model.evidence),
        plain(model.notes.get(texts.language) or model.notes.get("en", "")),
    ]
    return "\n\n".join(note for note in notes if note)


def check_meter(text: str) -> str:
    """Return the place of a device in five digits. Raises FormError."""
    place = text.strip()
    for fault in faults(METER_NUMBER, {CONF_METER: place}):
        raise FormError.of(fault, {})
    return place


def check_meter_settings(place: str, model: Model, settings: FormData) -> None:
    """Raise FormError if a number of the settings form is missing or cannot be."""
    for field in missing_ratios(model, settings):
        raise FormError("ratio_needed", at=field)
    for fault in faults(METER, meter_data(place, model, settings)):
        raise FormError.of(fault, {})


def meter_data(place: str, model: Model, settings: FormData) -> FormData:
    """Return the subentry data of a device; only what is not the usual, beside what tells it apart."""
    data = {CONF_METER: place, CONF_MODEL: model.id, **said_settings(settings, {})}
    if settings.get(CONF_POLLING) is False:
        data[CONF_POLLING] = False
    return data


def meter_form(data: Mapping[str, Any]) -> FormData:
    """Return the first form that would give this subentry data; of what is stored wrong it asks anew."""
    sound = sound_part(METER, data)
    return {key: sound[key] for key in (CONF_METER, CONF_MODEL) if key in sound}


def meter_settings_form(data: Mapping[str, Any]) -> FormData:
    """Return the settings form that would give this subentry data; of what is stored wrong it asks anew."""
    sound = sound_part(METER, data)
    return {**settings_said(sound), CONF_POLLING: sound.get(CONF_POLLING, True)}


def meter_title(model: Model, place: str) -> str:
    """Return what a device without a name is called: by its model and address."""
    meter = MeterId.of(place)
    return flat(f"{model.name} {place if meter is None else meter.address}")
