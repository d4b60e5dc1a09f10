"""Two dialogs at once, or something that happens while one is open: each ends with one sentence, nothing is half."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import UnknownFlow
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.const import DOMAIN, MODEL_FOLDER
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import QUICK_LINE, Walk, add_device, add_link, change_device, change_link, upload
from tests.integration.loops import LOOPS
from tests.integration.rigs import HOST, SETTABLE, LinkRig
from tests.integration.serial_bridge import serial_bridge
from tests.integration.test_device_flow import devices, users_model
from tests.integration.test_import_flow import TWO_LOOPS


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Keep the user's files of a test to itself."""
    return hass_tmp_config_dir


@pytest.fixture
async def home(hass: HomeAssistant, cabinet_of: CabinetMaker) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant; links that a flow made are unloaded before their cabinet stops."""
    yield hass
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def rig(home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    return await link_to(await cabinet_of({7: "asj10l", 8: "aim-r100", 9: "aim-r100"}), {7: "asj10l"})


def model_files(hass: HomeAssistant) -> list[str]:
    return sorted(path.name for path in Path(hass.config.path(MODEL_FOLDER)).glob("*"))


async def import_up_to_the_end(
    rig: LinkRig, client: ClientSessionGenerator, unit_id: int, *, table: str = TWO_LOOPS, name: str = "loops.csv"
) -> Walk:
    """Import a table for a new device, up to the last question."""
    walk = await add_device(rig.hass, rig.entry)
    await walk.answer(unit_id=unit_id, model="import", name=f"loops {unit_id}")
    await walk.answer(file=await upload(client, name, table), base="none")
    await walk.answer()
    assert walk.step == "preview"
    return walk


async def test_two_dialogs_add_two_links_at_once(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinets = [await cabinet_of({}), await cabinet_of({})]
    dialogs = [await add_link(home, "tcp") for _ in cabinets]
    await asyncio.gather(
        *(
            dialog.answer(host=HOST, port=cabinet.tcp_port, line=QUICK_LINE)
            for dialog, cabinet in zip(dialogs, cabinets, strict=True)
        )
    )
    assert all(dialog.is_saved for dialog in dialogs)
    # Not two of one name.
    assert len({entry.title for entry in home.config_entries.async_entries(DOMAIN)}) == 2


async def test_of_two_dialogs_for_one_serial_port_one_saves(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    async with serial_bridge(await cabinet_of({8: "aim-r100"})) as port:
        dialogs = [await add_link(home, "serial") for _ in range(2)]
        lines = [QUICK_LINE, {**QUICK_LINE, "baudrate": "9600"}]
        await asyncio.gather(
            *(dialog.answer(device=port, line=line) for dialog, line in zip(dialogs, lines, strict=True))
        )
        [entry] = home.config_entries.async_entries(DOMAIN)
        assert [dialog.is_saved for dialog in dialogs].count(True) == 1
        [other] = [dialog for dialog in dialogs if not dialog.is_saved]
        assert other.reason == "already_configured" or other.errors == {"base": "link_in_use"}
        await home.config_entries.async_unload(entry.entry_id)


async def test_a_form_that_is_sent_twice_saves_one_link(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    """As by a double click, or a browser that sends again."""
    cabinet = await cabinet_of({})
    walk = await add_link(home, "tcp")
    values = {"host": HOST, "port": cabinet.tcp_port, "line": QUICK_LINE}
    sent = [home.config_entries.flow.async_configure(walk.result["flow_id"], {**values}) for _ in range(2)]
    answers = await asyncio.gather(*sent, return_exceptions=True)
    assert not [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, UnknownFlow)]
    assert len(home.config_entries.async_entries(DOMAIN)) == 1


async def test_an_import_that_is_sent_twice_saves_one_device_and_keeps_its_file(
    rig: LinkRig, hass_client: ClientSessionGenerator
) -> None:
    walk = await import_up_to_the_end(rig, hass_client, 8)
    flows = rig.hass.config_entries.subentries
    sent = [flows.async_configure(walk.result["flow_id"], {"next": "save"}) for _ in range(2)]
    answers = await asyncio.gather(*sent, return_exceptions=True)
    assert not [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, UnknownFlow)]
    await rig.hass.async_block_till_done()
    assert len(devices(rig)) == 2
    assert model_files(rig.hass) == ["loops.toml"]
    assert rig.state("sensor", 8, "Lg").state not in ("unavailable", "unknown")


async def test_of_two_dialogs_for_one_unit_that_end_at_once_one_saves(rig: LinkRig) -> None:
    dialogs = [await add_device(rig.hass, rig.entry) for _ in range(2)]
    for dialog in dialogs:
        await dialog.answer(unit_id=8, model="aim-r100")
    await asyncio.gather(*(dialog.answer(allow_changes=False) for dialog in dialogs))
    await rig.hass.async_block_till_done()
    assert sorted(str(dialog.reason) for dialog in dialogs) == ["None", "already_configured"]
    assert [data["unit_id"] for data in devices(rig).values()] == [7, 8]


async def test_of_two_imports_for_one_unit_that_end_at_once_one_saves_with_its_file(
    rig: LinkRig, hass_client: ClientSessionGenerator
) -> None:
    names = ("one", "two")
    dialogs = [await import_up_to_the_end(rig, hass_client, 8, name=f"{name}.csv") for name in names]
    await asyncio.gather(*(dialog.answer(next="save") for dialog in dialogs))
    await rig.hass.async_block_till_done()
    assert sorted(str(dialog.reason) for dialog in dialogs) == ["None", "already_configured"]
    # Whichever came first: its file is kept, the other's is not.
    [saved] = [name for name, dialog in zip(names, dialogs, strict=True) if dialog.is_saved]
    assert model_files(rig.hass) == [f"{saved}.toml"]
    assert rig.subentry(8).data["model"] == saved


async def test_of_two_imports_under_one_name_the_second_does_not_overwrite_the_first(
    rig: LinkRig, hass_client: ClientSessionGenerator
) -> None:
    other_table = f"{TWO_LOOPS}3,3,Lg,mA,76,6,1,0,0,3,,0\n"
    first = await import_up_to_the_end(rig, hass_client, 8)
    second = await import_up_to_the_end(rig, hass_client, 9, table=other_table)
    await asyncio.gather(first.answer(next="save"), second.answer(next="save"))
    await rig.hass.async_block_till_done()
    [saved] = [walk for walk in (first, second) if walk.is_saved]
    [other] = [walk for walk in (first, second) if not walk.is_saved]
    assert other.errors == {"base": "model_exists"}
    # It is the file of the device that was saved.
    unit_id = saved.result["data"]["unit_id"]
    assert (rig.entity_id("sensor", unit_id, "Lg", "3") is not None) is (saved is second)
    assert len(devices(rig)) == 2


async def test_an_import_whose_unit_was_taken_meanwhile_leaves_no_file_and_the_former_one_as_it_was(
    rig: LinkRig, hass_client: ClientSessionGenerator
) -> None:
    former = users_model(rig.hass, "loops", LOOPS)
    walk = await add_device(rig.hass, rig.entry)
    await walk.answer(unit_id=8, model="import", name="x")
    file = await upload(hass_client, "loops.csv", TWO_LOOPS)
    await walk.answer(file=file, base="none")
    await walk.answer(base="none", overwrite=True)
    await walk.answer()
    faster = await add_device(rig.hass, rig.entry)
    await faster.answer(unit_id=8, model="aim-r100")
    await faster.answer(allow_changes=False)
    await rig.hass.async_block_till_done()

    await walk.answer(next="save")
    assert walk.reason == "already_configured"
    assert model_files(rig.hass) == ["loops.toml"]
    assert former.read_text("utf-8") == LOOPS


async def test_an_import_that_was_closed_while_it_saved_leaves_nothing_and_is_not_asked_to_overwrite(
    rig: LinkRig, hass_client: ClientSessionGenerator
) -> None:
    walk = await import_up_to_the_end(rig, hass_client, 8)
    saving = rig.hass.async_create_task(walk.answer(next="save"))
    walk.abandon()
    await saving
    await rig.hass.async_block_till_done()
    assert walk.reason == "closed"
    assert model_files(rig.hass) == []
    assert len(devices(rig)) == 1

    again = await import_up_to_the_end(rig, hass_client, 8)
    await again.answer(next="save")
    assert again.is_saved


async def test_an_import_whose_link_was_removed_meanwhile_leaves_nothing(
    rig: LinkRig, hass_client: ClientSessionGenerator
) -> None:
    walk = await import_up_to_the_end(rig, hass_client, 8)
    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    await walk.answer(next="save")
    assert walk.reason == "link_gone"
    assert model_files(rig.hass) == []


async def test_a_file_that_holds_the_same_is_no_other_model(rig: LinkRig, hass_client: ClientSessionGenerator) -> None:
    """As after a power cut between the file and the device."""
    first = await import_up_to_the_end(rig, hass_client, 8)
    await first.answer(next="save")
    await rig.hass.async_block_till_done()
    second = await import_up_to_the_end(rig, hass_client, 9)
    await second.answer(next="save")
    assert second.is_saved


@pytest.mark.parametrize("step", ["first form", "settings"])
async def test_a_device_that_is_deleted_while_it_is_changed_ends_the_dialog(rig: LinkRig, step: str) -> None:
    walk = await change_device(rig.hass, rig.entry, rig.subentry(7).subentry_id)
    if step == "settings":
        await walk.answer(unit_id=7, model="asj10l", name="Kitchen")
    rig.hass.config_entries.async_remove_subentry(rig.entry, rig.subentry(7).subentry_id)
    await rig.hass.async_block_till_done()
    await walk.answer(**({"allow_changes": True} if step == "settings" else {"unit_id": 7, "model": "asj10l"}))
    assert walk.reason == "device_gone"
    assert devices(rig) == {}


@pytest.mark.parametrize("step", ["first form", "settings"])
async def test_a_link_that_is_deleted_while_a_device_is_added_ends_the_dialog(rig: LinkRig, step: str) -> None:
    walk = await add_device(rig.hass, rig.entry)
    if step == "settings":
        await walk.answer(unit_id=8, model="aim-r100")
    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    await walk.answer(**({"allow_changes": True} if step == "settings" else {"unit_id": 8, "model": "aim-r100"}))
    assert walk.reason == "link_gone"


async def test_a_link_that_is_deleted_while_it_is_changed_ends_the_dialog(rig: LinkRig) -> None:
    port = rig.entry.data["port"]
    walks = [await change_link(rig.hass, rig.entry, "tcp") for _ in range(2)]
    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    for walk in walks:
        await walk.answer(host=HOST, port=port, line=QUICK_LINE)
        assert walk.reason == "link_gone"


async def test_of_two_dialogs_that_change_one_device_the_second_is_told(rig: LinkRig) -> None:
    dialogs = [await change_device(rig.hass, rig.entry, rig.subentry(7).subentry_id) for _ in range(2)]
    for dialog, name in zip(dialogs, ("Kitchen", "Cellar"), strict=True):
        await dialog.answer(unit_id=7, model="asj10l", name=name)
    await asyncio.gather(dialogs[0].answer(allow_changes=True), dialogs[1].answer(allow_changes=False))
    await rig.hass.async_block_till_done()
    assert [dialog.reason for dialog in dialogs] == ["reconfigure_successful", "changed_meanwhile"]
    assert devices(rig) == {"Kitchen": {"unit_id": 7, "model": "asj10l", **SETTABLE}}


async def test_a_change_of_a_device_that_was_closed_before_it_ended_is_not_saved(rig: LinkRig) -> None:
    walk = await change_device(rig.hass, rig.entry, rig.subentry(7).subentry_id)
    await walk.answer(unit_id=7, model="asj10l", name="Kitchen")
    await walk.answer(allow_changes=True)
    assert walk.reason == "reconfigure_successful"
    await rig.hass.async_block_till_done()

    walk = await change_device(rig.hass, rig.entry, rig.subentry(7).subentry_id)
    trying = rig.hass.async_create_task(walk.answer(unit_id=8, model="aim-r100", name="Cellar"))
    walk.abandon()
    # What it would have shown next is shown to nobody.
    with pytest.raises(UnknownFlow):
        await trying
    assert "Kitchen" in devices(rig)


async def test_a_device_that_was_tried_on_the_former_link_is_not_saved_on_the_new_one(
    rig: LinkRig, cabinet_of: CabinetMaker
) -> None:
    walk = await add_device(rig.hass, rig.entry)
    await walk.answer(unit_id=8, model="aim-r100")
    moved = await change_link(rig.hass, rig.entry, "tcp")
    place = await cabinet_of({7: "asj10l"})
    await moved.answer(host=HOST, port=place.tcp_port, name="Cabinet", line=QUICK_LINE)
    assert moved.reason == "reconfigure_successful"
    await rig.hass.async_block_till_done()
    await walk.answer(allow_changes=False)
    assert walk.reason == "changed_meanwhile"
    assert len(devices(rig)) == 1


@pytest.mark.parametrize("happens", ["reload", "unload"])
async def test_a_device_is_added_whatever_happens_to_its_link_meanwhile(rig: LinkRig, happens: str) -> None:
    walk = await add_device(rig.hass, rig.entry)
    entries = rig.hass.config_entries
    does = entries.async_reload if happens == "reload" else entries.async_unload
    await asyncio.gather(walk.answer(unit_id=8, model="aim-r100"), does(rig.entry.entry_id))
    await asyncio.gather(walk.answer(allow_changes=False), entries.async_reload(rig.entry.entry_id))
    await rig.hass.async_block_till_done()
    assert walk.is_saved
    assert rig.state("sensor", 8, "Lg").state not in ("unavailable", "unknown")


async def test_a_device_is_added_while_its_link_is_tried_with_other_settings(
    home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet, {7: "asj10l"}, framing="rtu_tcp")
    changing, adding = await change_link(home, rig.entry, "tcp"), await add_device(home, rig.entry)
    await asyncio.gather(
        changing.answer(host=HOST, port=cabinet.rtu_port, line=QUICK_LINE),
        adding.answer(unit_id=8, model="aim-r100"),
    )
    assert changing.errors == {"base": "wrong_peer"}
    assert adding.step == "settings" or adding.errors
    await home.async_block_till_done()
    assert rig.entry.state is ConfigEntryState.LOADED
