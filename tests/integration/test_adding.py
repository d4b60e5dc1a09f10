"""Devices added or removed while the link is still setting up: in the end there is what the user wants."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from types import MappingProxyType
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety import loading
from custom_components.acrel_safety.aioacrel.errors import AcrelError
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Model
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig


def add_device(rig: LinkRig, unit_id: int, model: str) -> None:
    data = {"unit_id": unit_id, "model": model, "allow_changes": False}
    subentry = ConfigSubentry(data=MappingProxyType(data), subentry_type="device", title=model, unique_id=str(unit_id))
    rig.hass.config_entries.async_add_subentry(rig.entry, subentry)


async def test_devices_added_while_the_link_sets_up_are_all_there_in_the_end(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300", 7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet, {1: "adw300"})
    cabinet.set_scenario("silent", unit=7)
    add_device(rig, 7, "asj10l")
    while not cabinet.units[7].requests:
        # The reload for the first device is under way: it waits for a unit that says nothing.
        await hass.async_add_executor_job(lambda: None)
    assert rig.entry.state is ConfigEntryState.SETUP_IN_PROGRESS
    add_device(rig, 8, "aim-r100")
    await hass.async_block_till_done()
    assert [rig.is_answering(unit_id) for unit_id in (1, 7, 8)] == [True, False, True]


async def start_reload(rig: LinkRig) -> asyncio.Task[bool]:
    """Reload the link as far as its set-up has begun."""
    reload = rig.hass.async_create_task(rig.hass.config_entries.async_reload(rig.entry.entry_id))
    begun = asyncio.Event()
    remove = rig.entry.async_on_state_change(
        lambda: begun.set() if rig.entry.state is ConfigEntryState.SETUP_IN_PROGRESS else None
    )
    await begun.wait()
    remove()
    return reload


@contextmanager
def slow_disk() -> Iterator[None]:
    """Have the models read as slowly as this lasts."""
    over, read = Event(), loading._read_models

    def read_slowly(library: ModelLibrary, wanted: Mapping[str, str]) -> dict[str, Model | AcrelError]:
        over.wait()
        return read(library, wanted)

    with patch.object(loading, "_read_models", read_slowly):
        yield
        over.set()


async def test_a_device_added_while_models_are_read_is_taken_in(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, caplog: pytest.LogCaptureFixture
) -> None:
    rig = await link_to(await cabinet_of({1: "adw300", 7: "asj10l"}), {1: "adw300"})
    with slow_disk():
        reload = await start_reload(rig)
        add_device(rig, 7, "asj10l")
    await reload
    await hass.async_block_till_done()
    assert rig.is_answering(1)
    assert rig.is_answering(7)
    assert "Error" not in caplog.text


async def test_a_device_removed_while_models_are_read_is_gone(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, caplog: pytest.LogCaptureFixture
) -> None:
    rig = await link_to(await cabinet_of({1: "adw300", 7: "asj10l"}))
    with slow_disk():
        reload = await start_reload(rig)
        hass.config_entries.async_remove_subentry(rig.entry, rig.subentry(7).subentry_id)
    await reload
    await hass.async_block_till_done()
    assert rig.is_answering(1)
    assert len(rig.devices()) == 2
    assert "Error" not in caplog.text


async def test_a_device_removed_while_it_is_looked_at_is_gone(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, caplog: pytest.LogCaptureFixture
) -> None:
    cabinet = await cabinet_of({1: "adw300", 7: "asj10l"})
    rig = await link_to(cabinet)
    cabinet.set_scenario("silent", unit=7)
    asked = len(cabinet.units[7].requests)
    reload = await start_reload(rig)
    while len(cabinet.units[7].requests) == asked:
        await hass.async_add_executor_job(lambda: None)
    hass.config_entries.async_remove_subentry(rig.entry, rig.subentry(7).subentry_id)
    await reload
    await hass.async_block_till_done()
    assert rig.is_answering(1)
    assert len(rig.devices()) == 2
    assert "Error" not in caplog.text
