"""How a config entry reaches its devices: by the type in its data, a hub that makes sources of its subentries.

A further way in is one file here, beside its room in the library and its forms in `flow/`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant

from ..aioacrel.points import Model
from ..aioacrel.source import Source
from ..const import TYPE_RTU_TCP, TYPE_SERIAL, TYPE_TCP
from .modbus import ModbusEntryHub


class EntryHub(Protocol):
    """All ways of one config entry: a link, a listener, a broker, an account."""

    kind: str
    """What the hub is called as a device model."""

    def source(self, subentry: ConfigSubentry, model: Model) -> Source:
        """Return the way to a device.

        Raises MissingTableError where there is none yet, ConfigEntryNotReady when the entry cannot be used now.
        """

    def remove(self, source: Source) -> None:
        """Leave a device alone."""

    async def async_start(self) -> None:
        """Look at all devices once, but do not hold up the start for those that are slow. Raises AcrelError."""

    async def async_stop(self) -> None:
        """End."""

    def figures(self) -> Mapping[str, float | None]:
        """Return how well the way as a whole does."""

    async def async_details(self, source: Source) -> Mapping[str, Any]:
        """Return what helps to find a fault of one device, and to replay it; nothing secret."""


HUBS: dict[str, Callable[[HomeAssistant, ConfigEntry], EntryHub]] = {
    TYPE_TCP: ModbusEntryHub,
    TYPE_RTU_TCP: ModbusEntryHub,
    TYPE_SERIAL: ModbusEntryHub,
}


def hub_of(hass: HomeAssistant, entry: ConfigEntry) -> EntryHub:
    """Return the hub of a config entry."""
    return HUBS[entry.data[CONF_TYPE]](hass, entry)
