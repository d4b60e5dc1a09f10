"""Try out a link or a device before anything is saved."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant

from ..aioacrel.errors import NoAnswerError, RefusedError
from ..aioacrel.modbus.probe import probe_model
from ..aioacrel.points import Model
from ..aioacrel.registers import READ_HOLDING
from ..hubs.modbus import temporary_unit

type LinkData = Mapping[str, Any]
"""The data of a config entry: one link."""

_ANY_UNIT = 1


async def probe_link(hass: HomeAssistant, link: LinkData) -> None:
    """Open the link for a moment; no unit has to answer, for none may be connected yet.

    Raises LinkUnreachableError, BadAnswerError, or HomeAssistantError if the link is in use with
    other settings.
    """
    try:
        async with temporary_unit(hass, link, _ANY_UNIT) as unit:
            await unit.read(READ_HOLDING, 0, 1)
    except NoAnswerError, RefusedError:
        return


async def probe_device(hass: HomeAssistant, link: LinkData, unit_id: int, model: Model) -> None:
    """Check that the unit answers, and as the model does.

    Raises WrongDeviceError, a LinkError, or HomeAssistantError if the link is in use with other
    settings.
    """
    async with temporary_unit(hass, link, unit_id) as unit:
        await probe_model(unit, model)
