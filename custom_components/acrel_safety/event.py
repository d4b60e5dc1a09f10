"""What happens to the alarms, as it happens."""

from collections.abc import Set as AbstractSet
from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioacrel.alarms.happening import Happening, What
from .aioacrel.alarms.standing import Standing
from .aioacrel.readings import DEVICE_CIRCUIT
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .desk import desk_of
from .entity_ids import ALARM_EVENT
from .safety import View, attributes_of, unique_id, views_of

PARALLEL_UPDATES = 0

_NO_EVENT = frozenset({What.MEASURED, What.MOVED})
EVENT_TYPES = tuple(str(what) for what in What if what not in _NO_EVENT)


async def async_setup_entry(
    hass: HomeAssistant, entry: AcrelConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add an event for each circuit and device."""
    for subentry_id, coordinator in entry.runtime_data.coordinators.items():
        views = [view for view in views_of(coordinator) if not view.is_blind]
        own = {view.circuit for view in views if view.circuit is not None}
        shared = _circuits(coordinator) - own
        async_add_entities(
            [AlarmEvent(view, shared if view.circuit is None else {view.circuit}) for view in views],
            config_subentry_id=subentry_id,
        )


def _circuits(coordinator: AcrelCoordinator) -> set[str]:
    return {DEVICE_CIRCUIT, *(key.circuit for key in coordinator.device.model.points)}


class AlarmEvent(EventEntity):
    """What happens to the alarms of a circuit; that of a device has what belongs to none of them."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_translation_key = ALARM_EVENT

    def __init__(self, view: View, circuits: AbstractSet[str]) -> None:
        """Take what it is about, and the circuits whose alarms are told here."""
        self._attr_event_types = [*EVENT_TYPES]
        self._attr_unique_id = unique_id(view, ALARM_EVENT)
        self._attr_device_info = view.info
        self._identity = view.owner_id
        self._circuits = circuits

    @override
    async def async_added_to_hass(self) -> None:
        """Tell what happened since the device is watched, and follow the alarms."""
        await super().async_added_to_hass()
        desk = desk_of(self.hass)
        # First of all a state: a trigger takes no event that comes right after "unavailable".
        self.async_write_ha_state()
        for happening, standing in desk.early(self._identity):
            self._take(happening, standing)
        self.async_on_remove(desk.listen(self._take))

    @callback
    def _take(self, happening: Happening, standing: Standing) -> None:
        if standing.board.identity != self._identity or standing.circuit not in self._circuits:
            return
        if happening.what in _NO_EVENT:
            return
        shown = attributes_of(standing, self.hass.config.language)
        self._trigger_event(str(happening.what), {**shown, "by": happening.by, "comment": happening.comment})
        self.async_write_ha_state()
