"""How sure the registers of a device's model are, shown beside its values: a wrong register looks like a right one."""

from collections.abc import Iterator

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory

from .aioacrel.points import Evidence
from .coordinator import AcrelCoordinator
from .devices import device_info

KEY = "register_evidence"


class RegisterEvidence(SensorEntity):
    """Says where the registers of a model are known from, whether the device answers or not."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_translation_key = KEY

    def __init__(self, coordinator: AcrelCoordinator) -> None:
        """Take a device."""
        self._attr_unique_id = unique_id(coordinator.subentry)
        self._attr_device_info = device_info(coordinator.subentry)
        self._attr_options = [evidence.value for evidence in Evidence]
        self._attr_native_value = coordinator.device.model.evidence.value


def of_device(coordinator: AcrelCoordinator) -> Iterator[RegisterEvidence]:
    """Yield it, where values are read by register; where they are named no register is in question."""
    if not coordinator.device.model.is_spoken:
        yield RegisterEvidence(coordinator)


def ids_of_device(coordinator: AcrelCoordinator) -> Iterator[str]:
    """Yield its unique id, where there is one."""
    if not coordinator.device.model.is_spoken:
        yield unique_id(coordinator.subentry)


def unique_id(subentry: ConfigSubentry) -> str:
    """Return what the entity registry knows it by; no circuit is called so."""
    return f"{subentry.subentry_id}_model_{KEY}"
