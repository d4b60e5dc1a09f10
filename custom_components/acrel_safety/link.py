"""From an entry's data to the library: the link's address, guarded units, models at hand."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from homeassistant.components.modbus import async_get_temporary_unit, async_get_unit
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT, CONF_TYPE
from homeassistant.core import HomeAssistant
from modbus_connection import ModbusUnit

from .aioacrel.modbus import GuardedUnit, LinkAddress, LinkPulse
from .aioacrel.modbus.link import Transport
from .aioacrel.models import LineSettings, ModelLibrary
from .const import (
    CONF_BAUDRATE,
    CONF_BYTESIZE,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_TURNAROUND_MS,
    MODEL_FOLDER,
    TYPE_RTU_TCP,
    TYPE_SERIAL,
    TYPE_TCP,
)

_TRANSPORTS = {
    TYPE_TCP: Transport.TCP,
    TYPE_RTU_TCP: Transport.RTU_OVER_TCP,
    TYPE_SERIAL: Transport.SERIAL,
}


def model_library(hass: HomeAssistant) -> ModelLibrary:
    """Return the built-in and the user's models; its methods read files, so use the executor."""
    return ModelLibrary(Path(hass.config.path(MODEL_FOLDER)))


def link_address(data: Mapping[str, Any]) -> LinkAddress:
    """Return the address in an entry's data."""
    return LinkAddress(
        transport=_TRANSPORTS[data[CONF_TYPE]],
        host=data.get(CONF_HOST, ""),
        port=data.get(CONF_PORT, 0),
        device=data.get(CONF_DEVICE, ""),
        line=LineSettings(
            baudrate=data[CONF_BAUDRATE],
            bytesize=data[CONF_BYTESIZE],
            parity=data[CONF_PARITY],
            stopbits=data[CONF_STOPBITS],
        ),
        line_given=True,
    )


def guarded_unit(hass: HomeAssistant, entry: ConfigEntry, unit_id: int, pulse: LinkPulse) -> GuardedUnit:
    """Return a unit on the link of a config entry; it is given back when the entry unloads.

    `pulse` is shared with the other units of the link.

    Raises HomeAssistantError if the link is in use with other settings.
    """
    address = link_address(entry.data)
    unit = async_get_unit(hass, entry, address.params, unit_id)
    guarded = _guarded(unit, unit_id, address, entry.data, pulse)
    # Another entry may keep the link: then what this unit asked of it has to be withdrawn.
    entry.async_on_unload(guarded.close)
    return guarded


@asynccontextmanager
async def temporary_unit(hass: HomeAssistant, data: Mapping[str, Any], unit_id: int) -> AsyncGenerator[GuardedUnit]:
    """Lend a unit on the link of some entry data, for a flow.

    An open link is shared, one opened here is closed at the end. Raises HomeAssistantError if the
    link is in use with other settings.
    """
    address = link_address(data)
    async with async_get_temporary_unit(hass, address.params, unit_id) as unit:
        guarded = _guarded(unit, unit_id, address, data)
        try:
            yield guarded
        finally:
            # Not closed: the link keeps wishes per unit id, and an entry may be reading this very unit.
            guarded.detach()


def _guarded(
    unit: ModbusUnit,
    unit_id: int,
    address: LinkAddress,
    data: Mapping[str, Any],
    pulse: LinkPulse | None = None,
) -> GuardedUnit:
    turnaround = data[CONF_TURNAROUND_MS] / 1000
    return GuardedUnit(unit, unit_id, address=address, turnaround=turnaround, pulse=pulse)
