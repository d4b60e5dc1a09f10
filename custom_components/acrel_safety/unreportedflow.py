"""The repair of alarms that are not reported: it lists them, and puts aside what the owner chooses."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet

import probatio
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .aioacrel.journal.entry import Kind
from .aioacrel.points import Model
from .aioacrel.problems import flat
from .aioacrel.readings import PointKey
from .aioacrel.texts import library_language, phrase
from .const import CONF_PUT_ASIDE
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .desk import desk_of
from .devices import board_of
from .markdown import plain
from .unreported import aside_in, store, unreported_of

_MOST = 20
_ALARMS = "alarms"


class UnreportedFlow(RepairsFlow):
    """Lists what is not reported, and puts aside what its owner chooses."""

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin with the question."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, list[str]] | None = None) -> RepairsFlowResult:
        """Show what is not reported; then put it aside."""
        coordinator = self._coordinator
        keys = unreported_of(coordinator) if coordinator is not None else frozenset[PointKey]()
        if coordinator is None or not keys:
            return self.async_abort(reason="over")
        names = names_of(coordinator.device.model, keys, self.hass.config.language)
        if user_input is None:
            options = [SelectOptionDict(value=str(key), label=flat(name)) for key, name in names.items()]
            field = SelectSelector(
                SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST),
            )
            shown = {"device": flat(coordinator.subentry.title), "listed": _listed(names, self.hass)}
            return self.async_show_form(
                step_id="confirm",
                data_schema=probatio.Schema({probatio.Required(_ALARMS, default=[]): field}),
                description_placeholders=shown,
            )
        chosen = [key for key in keys if str(key) in user_input[_ALARMS]]
        if chosen:
            _put_down(coordinator, [names[key] for key in chosen], chosen)
            store(coordinator, aside_in(coordinator.subentry.data).union(chosen))
        return self.async_create_entry(data={})

    @property
    def _coordinator(self) -> AcrelCoordinator | None:
        """The device, as long as it is loaded."""
        data = self.data or {}
        entry: AcrelConfigEntry | None = self.hass.config_entries.async_get_entry(str(data.get("entry_id")))
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry.runtime_data.coordinators.get(str(data.get("subentry_id")))


def _put_down(coordinator: AcrelCoordinator, names: Collection[str], keys: Collection[PointKey]) -> None:
    hass, entry, subentry = coordinator.hass, coordinator.config_entry, coordinator.subentry
    data = {"what": CONF_PUT_ASIDE, "code": ", ".join(sorted(map(str, keys)))}
    desk_of(hass).note(Kind.NOTE, board_of(hass, entry, subentry), data, "", ", ".join(names))


def names_of(model: Model, keys: AbstractSet[PointKey], language: str) -> dict[PointKey, str]:
    """Return what points are called, in the order of the model, with their circuits where there are several."""
    said, several = library_language(language), len({key.circuit for key in model.points}) > 1
    names = {key: model.points[key].quantity.name(said) for key in model.points if key in keys}
    return {key: f"{name} ({key.circuit})" if several else name for key, name in names.items()}


def _listed(names: Mapping[PointKey, str], hass: HomeAssistant) -> str:
    lines = [plain(name) for name in names.values()]
    if left_out := len(lines[_MOST:]):
        more = phrase("and_more", count=left_out).text(library_language(hass.config.language))
        lines = [*lines[:_MOST], more]
    return "\n".join(f"- {line}" for line in lines)
