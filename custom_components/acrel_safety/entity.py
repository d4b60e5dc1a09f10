"""What all entities of a point have in common."""

from collections.abc import Iterator
from typing import Any, override

from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .aioacrel.errors import AcrelError, SettingRefusedError
from .aioacrel.models import Evidence, Point
from .aioacrel.readings import PointKey, Value
from .aioacrel.texts import library_language
from .aioacrel.vocabulary import EXTRA_PREFIX, Kind
from .const import DOMAIN
from .coordinator import AcrelCoordinator
from .naming import naming, platform_of

RAW_PREFIX = f"{EXTRA_PREFIX}Raw "
"""Begins the code of a register whose meaning is unknown: a help for drawing up a table."""
_ABOUT_THE_INSTRUMENT = frozenset({Kind.FAULT, Kind.RATIO, Kind.IDENTITY, Kind.CLOCK})
_SECONDARY_FAMILIES = frozenset({"communication", "ratio", "wiring", "clock", "power_supply"})
_SETTING_PLATFORMS = frozenset({Platform.NUMBER, Platform.SELECT, Platform.SWITCH})
_EVIDENCE = {evidence: {"evidence": evidence.value} for evidence in Evidence}
_TIMES = frozenset({"ms", "s", "min", "h", "d"})


def points_of(coordinator: AcrelCoordinator, platform: Platform) -> Iterator[Point]:
    """Return the points of a device that a platform shows."""
    for point in coordinator.device.model.readable.values():
        if platform_of(point, allow_changes=coordinator.allow_changes) is platform:
            yield point


def unique_id(coordinator: AcrelCoordinator, key: PointKey) -> str:
    """Return what the entity registry knows a point by, on each platform."""
    return f"{coordinator.subentry.subentry_id}_{key.circuit}_{key.code}"


def is_enabled_by_default(point: Point, platform: Platform) -> bool:
    """Whether a point interests most people: every enabled entity costs time on the line."""
    quantity = point.quantity
    if quantity.detail or quantity.code.startswith(RAW_PREFIX):
        return False
    if platform in _SETTING_PLATFORMS:
        return True
    if quantity.kind is Kind.SETTING:
        # Limits explain the values beside them; delays, switches and modes do not.
        return quantity.unit is not None and quantity.unit not in _TIMES
    # A word of states whose bits nobody explained says nothing to a reader.
    return quantity.kind is not Kind.STATE or point.is_binary or point.words is not None


def category(point: Point, platform: Platform) -> EntityCategory | None:
    """Return whether an entity is about the circuit (None), the instrument, or its settings."""
    if platform in _SETTING_PLATFORMS:
        return EntityCategory.CONFIG
    quantity = point.quantity
    if (
        quantity.kind is Kind.SETTING
        or quantity.kind in _ABOUT_THE_INSTRUMENT
        or quantity.family in _SECONDARY_FAMILIES
        or quantity.code.startswith(RAW_PREFIX)
    ):
        return EntityCategory.DIAGNOSTIC
    return None


class AcrelEntity(CoordinatorEntity[AcrelCoordinator]):
    """One point of a device. It is read on the line as long as this entity is there."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: AcrelCoordinator, point: Point, platform: Platform) -> None:
        """Take the point and the platform that shows it."""
        super().__init__(coordinator)
        self.point = point
        name = naming(point.quantity, platform, coordinator.hass.config.language)
        self._attr_unique_id = unique_id(coordinator, point.key)
        self._attr_translation_key = name.key
        self._attr_translation_placeholders = name.placeholders
        self._attr_entity_category = category(point, platform)
        self._attr_entity_registry_enabled_default = is_enabled_by_default(point, platform)
        if point.evidence is not coordinator.device.model.evidence:
            # The device says how sure its registers are; this one is less sure, or surer.
            self._attr_extra_state_attributes = _EVIDENCE[point.evidence]
        self._attr_device_info = coordinator.places[point.key.circuit]

    @override
    async def async_added_to_hass(self) -> None:
        """Have the point read from now on."""
        await super().async_added_to_hass()
        self.coordinator.want([self.point.key])

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Have it read no more. Not earlier: what is to be restored is taken before this is called."""
        self.coordinator.unwant([self.point.key])
        await super().async_will_remove_from_hass()

    @override
    async def async_update(self) -> None:
        """Have the device polled soon, as the action `homeassistant.update_entity` asks for."""
        self.coordinator.async_poll_soon()

    @property
    @override
    def available(self) -> bool:
        """Whether the point's polling group is answered."""
        return self.coordinator.believes(self.point.poll)

    @property
    def believed_value(self) -> Value | None:
        """The last value; None while there is none that can be believed."""
        reading = self.coordinator.reading(self.point.key)
        return reading.value if reading is not None else None

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state, but only if the point's own group was touched."""
        if self.point.poll in self.coordinator.data:
            self.async_write_ha_state()

    async def _async_change(self, value: Value) -> None:
        """Change the setting; what goes wrong is said in the user's language.

        The state follows from what was read back, never from what was asked for.
        """
        try:
            await self.coordinator.async_change(self.point.key, value)
        except AcrelError as error:
            kind = ServiceValidationError if isinstance(error, SettingRefusedError) else HomeAssistantError
            raise kind(
                translation_domain=DOMAIN,
                translation_key=error.key,
                translation_placeholders=self._placeholders(error),
            ) from error

    def _placeholders(self, error: AcrelError) -> dict[str, str]:
        """Return what the error's text needs, with the entity's name instead of the point's."""
        name: Any = self.name
        placeholders = error.placeholders_in(library_language(self.hass.config.language))
        return {**placeholders, "name": str(name)} if "name" in placeholders else {**placeholders}
