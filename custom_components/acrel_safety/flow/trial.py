"""Try out a link or a device before anything is saved."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant

from ..aioacrel.errors import AcrelError, LinkUnreachableError, NoAnswerError, RefusedError
from ..aioacrel.modbus import GuardedUnit
from ..aioacrel.modbus.found import Search
from ..aioacrel.modbus.probe import Turn, probe_model
from ..aioacrel.modbus.searching import Show, search
from ..aioacrel.points import Model
from ..aioacrel.registers import READ_HOLDING
from ..const import CONF_UNIT_ID
from ..coordinator import AcrelConfigEntry
from ..hubs.modbus import temporary_unit, turn_on
from ..hubs.modbus_searched import searched_link

type LinkData = Mapping[str, Any]
"""The data of a config entry: one link."""

TRIAL_SECONDS = 30.0
"""How long the devices of a link are asked one after the other: a user waits for it."""
_ANY_UNIT = 1


async def probe_link(hass: HomeAssistant, link: LinkData) -> None:
    """Open the link for a moment; no unit has to answer, for none may be connected yet.

    Raises LinkUnreachableError, BadAnswerError or LinkInUseError.
    """
    try:
        await ask_unit(hass, link, _ANY_UNIT, lambda unit: unit.read(READ_HOLDING, 0, 1))
    except NoAnswerError, RefusedError:
        return


async def probe_device(
    hass: HomeAssistant, link: LinkData, unit_id: int, model: Model, *, is_known: bool = False
) -> None:
    """Check that the unit answers, and as the model does. Raises WrongDeviceError, a LinkError or LinkInUseError."""
    ask = partial(probe_model, model=model, is_known=is_known, turn=in_turn(hass, link))
    await ask_unit(hass, link, unit_id, ask)


def in_turn(hass: HomeAssistant, link: LinkData) -> Turn:
    """Return what takes a turn on the line of a link for one question of many."""
    return turn_on(hass, link)


async def ask_unit[T](
    hass: HomeAssistant, link: LinkData, unit_id: int, ask: Callable[[GuardedUnit], Awaitable[T]]
) -> T:
    """Return what a unit says to some questions. Raises what they raise, or LinkInUseError."""
    async with temporary_unit(hass, link, unit_id) as unit:
        return await ask(unit)


async def search_link(
    hass: HomeAssistant, link: LinkData, units: Sequence[int], models: Sequence[Model], show: Show
) -> Search:
    """Look which of these units answer, and like which model. Raises LinkUnreachableError or LinkInUseError."""
    async with searched_link(hass, link) as searched:
        return await search(searched, units, models, show=show)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A device that does not answer as it should; without an error there was no time to ask it."""

    name: str
    error: AcrelError | None


async def probe_devices(
    hass: HomeAssistant, link: LinkData, devices: Sequence[tuple[ConfigSubentry, Model]]
) -> list[Doubt]:
    """Ask the known devices of a link whether they are there and what they are; return those in doubt.

    Raises LinkUnreachableError or LinkInUseError.
    """
    doubts: list[Doubt] = []
    end = asyncio.get_running_loop().time() + TRIAL_SECONDS
    for subentry, model in devices:
        if asyncio.get_running_loop().time() >= end:
            doubts.append(Doubt(name=subentry.title, error=None))
            continue
        try:
            await probe_device(hass, link, subentry.data[CONF_UNIT_ID], model, is_known=True)
        except LinkUnreachableError:
            raise
        except AcrelError as error:
            doubts.append(Doubt(name=subentry.title, error=error))
    return doubts


def is_link_proven(entry: AcrelConfigEntry) -> bool:
    """Whether a device of this link answers: if none does, the link itself is in doubt."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    return any(coordinator.device.hears(coordinator.source) for coordinator in entry.runtime_data.coordinators.values())
