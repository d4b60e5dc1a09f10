"""What the forms for a device ask, and how it lies in a subentry's data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import probatio
from homeassistant.const import CONF_MODEL, CONF_NAME
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    FileSelector,
    FileSelectorConfig,
    SelectOptionDict,
    SelectSelectorMode,
    TextSelector,
)

from ..aioacrel.deadband import Detail
from ..aioacrel.errors import FileProblemsError, UnknownModelError
from ..aioacrel.modbus.bus import DEFAULT_INTERVALS
from ..aioacrel.models import ModelLibrary
from ..aioacrel.points import Model
from ..aioacrel.registers import Ratio
from ..aioacrel.table import AddressMode, KMode
from ..aioacrel.vocabulary import Pace
from ..checked import faults, sound_part
from ..const import CONF_ALLOW_AUTOMATIONS, CONF_ALLOW_CHANGES, CONF_DETAIL, CONF_INTERVALS, CONF_UNIT_ID
from ..hubs.device_data import RATIO_FIELDS, missing_ratios
from ..hubs.modbus_data import INTERVALS, UNIT, UNIT_IDS
from .drafts import AS_WRITTEN, NORMAL_ORDER
from .explain import FormError
from .link_forms import FormData, choice, number
from .selector_texts import FlowTexts

CONF_ADDRESS_MODE = "address_mode"
CONF_BASE = "base"
CONF_FILE = "file"
CONF_K_MODE = "k_mode"
CONF_MODEL_ID = "model_id"
CONF_NEXT = "next"
CONF_ORDER = "order"
CONF_OVERWRITE = "overwrite"

IMPORT = "import"
NO_BASE = "none"
NEXT_SAVE = "save"
NEXT_AGAIN = "again"
NEXT_BACK = "back"

DEFAULT_UNIT_ID = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The models to choose from; `broken` are the user's files that cannot be used."""

    models: Mapping[str, Model]
    broken: tuple[str, ...]
    bases: Mapping[str, Model]
    """The built-in models to which a register table brings addresses, as they are without any."""

    @classmethod
    def read(cls, library: ModelLibrary) -> Catalogue:
        """Read all model files; for the executor."""
        models: dict[str, Model] = {}
        broken: list[str] = []
        for model_id in library.ids():
            try:
                models[model_id] = library.get(model_id)
            except FileProblemsError:
                broken.append(model_id)
        bases = {
            model_id: base
            for model_id in library.ids()
            if (base := _base(library, model_id)) is not None and base.waiting
        }
        return cls(models=models, broken=tuple(broken), bases=bases)

    def options(self, texts: FlowTexts) -> list[SelectOptionDict]:
        """Return the list of models: those that can be read at once first, then those that need a file."""
        ready = choices_of((model for model in self.models.values() if not model.needs_table), texts)
        waiting = [
            SelectOptionDict(value=model_id, label=texts("model", "needs_table", name=texts.model(model)))
            for model_id, model in self.models.items()
            if model.needs_table
        ]
        broken = [
            SelectOptionDict(value=model_id, label=texts("model", "broken", name=model_id)) for model_id in self.broken
        ]
        own = SelectOptionDict(value=IMPORT, label=texts("model", IMPORT))
        return [*ready, *waiting, *broken, own]


def choices_of(models: Iterable[Model], texts: FlowTexts) -> list[SelectOptionDict]:
    """Return models as they are chosen from."""
    return [SelectOptionDict(value=model.id, label=texts.model(model)) for model in models]


def _base(library: ModelLibrary, model_id: str) -> Model | None:
    try:
        return library.builtin(model_id)
    except UnknownModelError:
        return None


def device_schema(catalogue: Catalogue, texts: FlowTexts) -> probatio.Schema:
    """Ask for unit id, model and name."""
    return probatio.Schema(
        {
            probatio.Required(CONF_UNIT_ID, default=DEFAULT_UNIT_ID): number(),
            # Needed, but Home Assistant's frontend takes the first option of a required choice by itself.
            probatio.Optional(CONF_MODEL): choice(catalogue.options(texts)),
            probatio.Optional(CONF_NAME): TextSelector(),
        }
    )


def table_schema(
    bases: Mapping[str, Model], texts: FlowTexts, *, has_upload: bool, asks_overwrite: bool
) -> probatio.Schema:
    """Ask for a file, the model whose addresses it holds, and the new model's id."""
    required = probatio.Optional if has_upload else probatio.Required
    options = [
        SelectOptionDict(value=NO_BASE, label=texts("model", NO_BASE)),
        *(SelectOptionDict(value=model_id, label=texts.model(model)) for model_id, model in bases.items()),
    ]
    return probatio.Schema(
        {
            required(CONF_FILE): FileSelector(FileSelectorConfig(accept=".csv,.toml")),
            probatio.Required(CONF_BASE, default=NO_BASE): choice(options),
            probatio.Optional(CONF_MODEL_ID): TextSelector(),
            **({probatio.Required(CONF_OVERWRITE, default=False): BooleanSelector()} if asks_overwrite else {}),
        }
    )


def settings_schema(model: Model, usual: Mapping[Pace, float] = DEFAULT_INTERVALS) -> probatio.Schema:
    """Ask for what depends on the model: changes if any, ratios it does not tell, how much is told, how often read."""
    may_change = bool(model.settable)
    intervals = {probatio.Required(group.value, default=usual[group]): number("s", "any") for group in INTERVALS}
    return probatio.Schema(
        {
            **({probatio.Required(CONF_ALLOW_CHANGES, default=False): BooleanSelector()} if may_change else {}),
            **{
                # Needed, but Home Assistant's frontend puts a 0 into a required number.
                probatio.Optional(field): number(step="any")
                for ratio, field in RATIO_FIELDS.items()
                if ratio in model.registers.asks_ratios
            },
            probatio.Required(CONF_DETAIL, default=Detail.NORMAL.value): choice(list(Detail), "detail"),
            probatio.Required(CONF_ALLOW_AUTOMATIONS, default=False): BooleanSelector(),
            probatio.Optional(CONF_INTERVALS): section(probatio.Schema(intervals), {"collapsed": True}),
        }
    )


def look_schema(
    *, address_modes: Sequence[AddressMode], asks_k: bool, asks_order: bool, may_save: bool
) -> probatio.Schema:
    """Ask what the look at the values showed."""
    steps = [NEXT_SAVE, NEXT_AGAIN, NEXT_BACK] if may_save else [NEXT_AGAIN, NEXT_BACK]
    return probatio.Schema(
        {
            **(
                {probatio.Optional(CONF_ADDRESS_MODE): choice(list(address_modes), "address_mode")}
                if address_modes
                else {}
            ),
            **({probatio.Optional(CONF_K_MODE): choice(list(KMode), "k_mode")} if asks_k else {}),
            **({probatio.Optional(CONF_ORDER): choice([AS_WRITTEN, NORMAL_ORDER], "order")} if asks_order else {}),
            probatio.Required(CONF_NEXT, default=steps[0]): choice(steps, "next", SelectSelectorMode.LIST),
        }
    )


def check_unit_id(value: float, kind: str) -> None:
    """Raise FormError if no unit on this kind of link can have this id."""
    for fault in faults(UNIT_IDS[kind], {CONF_UNIT_ID: value}):
        raise FormError.of(fault, {})


def check_settings(unit_id: int, model: Model, settings: FormData) -> None:
    """Raise FormError if a number of the settings form is missing or cannot be."""
    for field in missing_ratios(model, settings):
        raise FormError("ratio_needed", at=field)
    for fault in faults(UNIT, device_data(unit_id, model, settings)):
        raise FormError.of(fault, {})


def ratios_of(settings: FormData) -> dict[Ratio, float]:
    """Return the transformer ratios the user gave."""
    return {ratio: settings[field] for ratio, field in RATIO_FIELDS.items() if field in settings}


def device_data(unit_id: int, model: Model, settings: FormData) -> FormData:
    """Return the subentry data of a device; detail and intervals only where they are not the usual ones."""
    return {CONF_UNIT_ID: unit_id, CONF_MODEL: model.id, **said_settings(settings)}


def said_settings(settings: FormData, usual: Mapping[Pace, float] = DEFAULT_INTERVALS) -> FormData:
    """Return what is stored of a settings form, whichever way the device is reached."""
    data = {
        CONF_ALLOW_CHANGES: settings.get(CONF_ALLOW_CHANGES, False),
        **{field: settings[field] for field in RATIO_FIELDS.values() if field in settings},
    }
    intervals = settings.get(CONF_INTERVALS)
    if intervals and intervals != {group.value: value for group, value in usual.items()}:
        data[CONF_INTERVALS] = intervals
    if (detail := settings.get(CONF_DETAIL, Detail.NORMAL)) != Detail.NORMAL:
        data[CONF_DETAIL] = detail
    if settings.get(CONF_ALLOW_AUTOMATIONS) is True:
        data[CONF_ALLOW_AUTOMATIONS] = True
    return data


def device_form(data: Mapping[str, Any]) -> FormData:
    """Return the first form that would give this subentry data; of what is stored wrong it asks anew."""
    sound = sound_part(UNIT, data)
    return {key: sound[key] for key in (CONF_UNIT_ID, CONF_MODEL) if key in sound}


def settings_form(data: Mapping[str, Any]) -> FormData:
    """Return the settings form that would give this subentry data; of what is stored wrong it asks anew."""
    return settings_said(sound_part(UNIT, data))


def settings_said(data: Mapping[str, Any]) -> FormData:
    """Return the part of the settings form that sound data of a device give."""
    fields = [CONF_ALLOW_CHANGES, CONF_ALLOW_AUTOMATIONS, *RATIO_FIELDS.values(), CONF_INTERVALS]
    if data.get(CONF_DETAIL) in list(Detail):
        fields.append(CONF_DETAIL)
    return {key: data[key] for key in fields if key in data}
