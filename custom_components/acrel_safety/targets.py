"""Which places an action is about: what a person picks is an entity, a device or an area."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from .aioacrel.alarms.standing import Standing
from .const import DOMAIN


@dataclass(frozen=True, slots=True)
class Spot:
    """A link or device as a whole, or (with a circuit) one circuit of a device."""

    identity: str
    circuit: str | None = None

    def has(self, standing: Standing) -> bool:
        """Whether an alarm is there, or below."""
        board = standing.board
        return self.identity in (board.identity, board.link) and self.circuit in (None, standing.circuit)


@callback
def spots_of(hass: HomeAssistant, data: Mapping[str, Any]) -> Sequence[Spot] | None:
    """Return the places that an action names, None where it names none. Raises ServiceValidationError."""
    target = TargetSelection({**data})
    if not target.has_any_target:
        return None
    named = async_extract_referenced_entity_ids(hass, target)
    devices = {*named.referenced_devices}
    registry = er.async_get(hass)
    for entity_id in named.referenced | named.indirectly_referenced:
        entity = registry.async_get(entity_id)
        if entity is not None and entity.platform == DOMAIN and entity.device_id is not None:
            devices.add(entity.device_id)
    spots = {*_spots(hass, devices)}
    if not spots:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nothing_named")
    # What is named with its circuits is meant as a whole.
    return [spot for spot in spots if spot.circuit is None or Spot(spot.identity) not in spots]


def _spots(hass: HomeAssistant, devices: Iterable[str]) -> Iterable[Spot]:
    registry = dr.async_get(hass)
    for device_id in devices:
        if (device := registry.async_get(device_id)) is None:
            continue
        for domain, identifier in device.identifiers:
            if domain == DOMAIN:
                identity, _, circuit = identifier.partition("_")
                yield Spot(identity, circuit or None)
