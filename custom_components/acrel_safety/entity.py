"""What all entities of a point have in common."""

from typing import override

from homeassistant.const import Platform
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .aioacrel.points import Evidence, Point
from .aioacrel.readings import Value
from .coordinator import AcrelCoordinator
from .kinds import category, is_enabled_by_default, unique_id
from .naming import naming

_EVIDENCE = {evidence: {"evidence": evidence.value} for evidence in Evidence}


class AcrelEntity(CoordinatorEntity[AcrelCoordinator]):
    """One point of a device. It is read as long as this entity is there."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: AcrelCoordinator, point: Point, platform: Platform) -> None:
        """Take the point and the platform that shows it."""
        super().__init__(coordinator, context=point.key)
        self.point = point
        name = naming(point.quantity, platform, coordinator.hass.config.language)
        self._attr_unique_id = unique_id(coordinator.subentry, point.key)
        self._attr_translation_key = name.key
        self._attr_translation_placeholders = name.placeholders
        self._attr_entity_category = category(point, platform)
        self._attr_entity_registry_enabled_default = is_enabled_by_default(coordinator.device.model, point, platform)
        if point.evidence is not coordinator.device.model.evidence:
            # The device says how sure its registers are; this one is less sure, or surer.
            self._attr_extra_state_attributes = _EVIDENCE[point.evidence]
        self._attr_device_info = coordinator.places[point.key.circuit]

    @override
    async def async_added_to_hass(self) -> None:
        """Have the point read from now on, and begin with what it is exactly."""
        self.coordinator.deadband.release(self.point.key)
        await super().async_added_to_hass()
        # Nothing is kept of it: there may be thousands of entities.
        self.coordinator.device.want((self.point.key,))

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Have it read no more."""
        self.coordinator.device.unwant((self.point.key,))
        self.coordinator.deadband.release(self.point.key)
        await super().async_will_remove_from_hass()

    @override
    async def async_update(self) -> None:
        """Have the device read soon and tell exactly what it says, as the action `homeassistant.update_entity` asks."""
        self.coordinator.deadband.release(self.point.key)
        self.coordinator.device.hurry()

    @property
    @override
    def available(self) -> bool:
        """Whether the point was read, and is heard of still."""
        reading = self.coordinator.reading(self.point.key)
        return reading is not None and not reading.quality.is_lost

    @property
    def believed_value(self) -> Value | None:
        """The last value; None while there is none that can be believed."""
        reading = self.coordinator.reading(self.point.key)
        return reading.value if reading is not None else None
