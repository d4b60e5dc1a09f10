"""What was done from here and does not hold any more, and what was under way when Home Assistant ended."""

import asyncio
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from tests.integration.alarm_rigs import Fired
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import UNIT, ControlRig, administrator, meter
from tests.integration.rigs import is_now
from tests.integration.test_page_operations import opened

SAFETY = "sensor.ddsy1352_5_safety"


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        yield rig


@pytest.fixture
async def ada(hass: HomeAssistant) -> MockUser:
    return await administrator(hass)


def leave_files(rig: ControlRig) -> Path:
    """Take the files as they lie now."""
    folder = Path(rig.hass.config.path(DOMAIN))
    return shutil.copytree(folder, folder.with_name("left"))


async def killed(rig: ControlRig, left: Path) -> None:
    """Begin as after the end of the process at which these files lay so."""
    await rig.hass.config_entries.async_unload(rig.link.entry.entry_id)
    folder = Path(rig.hass.config.path(DOMAIN))
    await rig.hass.async_add_executor_job(shutil.rmtree, folder)
    await rig.hass.async_add_executor_job(left.rename, folder)
    for name in ("desk", "tags", "trips", "lockouts", "deeds"):
        rig.hass.data.pop(f"{DOMAIN}.{name}", None)
    assert await rig.hass.config_entries.async_setup(rig.link.entry.entry_id)
    await rig.hass.async_block_till_done()


async def test_what_closes_after_it_was_switched_off_is_told_until_a_person_knows(
    hass: HomeAssistant, rig: ControlRig, ada: MockUser, hass_ws_client: WebSocketGenerator
) -> None:
    fired = Fired(hass)
    await fired.automate({"trigger": "acrel_safety.alarm_raised"})
    page = await opened(rig, hass_ws_client)
    await rig.turn("off", ada)
    await rig.shows("off")
    assert rig.state().attributes["last_outcome"] == "confirmed"
    rig.move_by_hand(closed=True)
    told = await fired.next()
    assert (told["cause"], told["level"], told["board"], told["circuit"]) == (
        *("Closed again after it was switched off", "alarm", "ddsy1352 5", "1"),
    )
    state = await rig.link.until(rig.switch, lambda state: state.attributes.get("last_outcome") == "undone")
    assert (state.state, state.attributes["last_reason"], state.attributes["last_by"]) == ("on", "closed_again", "Ada")
    assert (await rig.link.until(SAFETY, is_now("alarm"))).attributes["cause"] == told["cause"]
    device = await page.until(lambda device: (device["circuits"]["1"]["last"] or {}).get("outcome") == "undone")
    assert "it is closed again" in device["circuits"]["1"]["last"]["text"]
    # The process ends, and it stands all the same.
    await desk_of(hass).record.async_written()
    await killed(rig, await hass.async_add_executor_job(leave_files, rig))
    await rig.shows("on")
    await rig.link.until(SAFETY, is_now("alarm"))
    await rig.act("acknowledge", ada, entity_id=SAFETY)
    await rig.link.until(SAFETY, is_now("safe"))
    assert rig.writes == 1
    # What was switched on and opens is a trip, and told to be undone, too.
    await rig.turn("off", ada)
    await rig.turn("on", ada)
    await rig.shows("on")
    rig.move_by_hand(closed=False)
    await rig.link.until(SAFETY, is_now("tripped"))
    state = await rig.link.until(rig.switch, lambda state: state.attributes.get("last_outcome") == "undone")
    assert state.attributes["last_reason"] == "opened_again"
    await fired.end()


@pytest.mark.parametrize("is_open", [False, True])
async def test_an_opening_under_way_when_home_assistant_ends_is_found_out_and_is_no_trip(
    hass: HomeAssistant, rig: ControlRig, ada: MockUser, *, is_open: bool
) -> None:
    meter_itself: Any = rig.link.cabinet.units[UNIT]
    meter_itself.hold("RlySta", 1)
    running = asyncio.create_task(rig.act("operate", ada, entity_id=rig.switch, operation="open", confirm=True))
    await rig.link.reported(UNIT, lambda: rig.writes == 1)
    # It was put down before it left.
    left = await hass.async_add_executor_job(leave_files, rig)
    meter_itself.release()
    await running
    await hass.config_entries.async_unload(rig.link.entry.entry_id)
    rig.relay(closed=not is_open)
    await killed(rig, left)
    await rig.shows("off" if is_open else "on")
    begun, ended = await rig.recorded()
    assert (begun["what"], begun["by"], begun["code"]) == ("begun", "Ada", "FORRLYOFF")
    assert (ended["what"], ended["by"], ended["caller"], ended["code"]) == ("ended", "Ada", "person", "FORRLYOFF")
    assert (ended["result"], ended["reason"], ended["position"], ended["writes"]) == (
        *("unknown", "interrupted", not is_open, 1),
    )
    await rig.link.until(SAFETY, is_now("safe"))
    assert await rig.recorded(Kind.ALARM) == []
    assert rig.writes == 1
    # It is put down once, also when the process ends again.
    await desk_of(hass).record.async_written()
    await killed(rig, await hass.async_add_executor_job(leave_files, rig))
    await rig.shows("off" if is_open else "on")
    assert len(await rig.recorded()) == 2


async def test_what_was_opened_before_a_restart_and_no_poll_saw_is_no_trip(
    hass: HomeAssistant, rig: ControlRig, ada: MockUser
) -> None:
    await rig.turn("off", ada)
    await desk_of(hass).record.async_written()
    await killed(rig, await hass.async_add_executor_job(leave_files, rig))
    await rig.shows("off")
    await rig.link.until(SAFETY, is_now("safe"))
    rig.move_by_hand(closed=True)
    await rig.link.until(SAFETY, is_now("alarm"))
    assert rig.writes == 1
