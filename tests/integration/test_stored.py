"""What is stored was edited, cut or is of another time: it harms nothing that is sound, and is said and mended."""

import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigSubentry, ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_exception_message
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE
from custom_components.acrel_safety.issues import Issue, issue_id, link_issue_id
from simulator import Cabinet
from tests.integration.conftest import CabinetMaker
from tests.integration.flows import QUICK_LINE, add_device, change_device, change_link, upload
from tests.integration.rigs import HOST, LinkRig, device, link_data
from tests.integration.test_import_flow import TWO_LOOPS
from tests.integration.test_support import submit

SOUND = {"unit_id": 8, "model": "aim-r100", "allow_changes": False}
BROKEN_DEVICES: Mapping[str, tuple[Mapping[str, object], str]] = {
    "nothing": ({}, "model is missing"),
    "no model": ({"unit_id": 7, "allow_changes": False}, "model is missing"),
    "no unit id": ({"model": "asj10l", "allow_changes": False}, r"unit\_id is missing"),
    "unit id too high": ({**SOUND, "unit_id": 999}, r"unit\_id is 999; allowed: 0 … 247, 255"),
    "unit id below": ({**SOUND, "unit_id": -1}, r"unit\_id is -1"),
    "unit id in words": ({**SOUND, "unit_id": "x"}, r"unit\_id is x"),
    "unit id as text": ({**SOUND, "unit_id": "7"}, r"unit\_id is 7"),
    "half a unit id": ({**SOUND, "unit_id": 1.5}, r"unit\_id is 1\.5"),
    "truth for a unit id": ({**SOUND, "unit_id": True}, r"unit\_id is True"),
    "list for a unit id": ({**SOUND, "unit_id": [7]}, r"unit\_id is \[7\]"),
    "number for a model": ({**SOUND, "unit_id": 7, "model": 7}, "model cannot be 7"),
    "changes by a word": (
        {**SOUND, "unit_id": 7, "allow_changes": "no"},
        r"allow\_changes is no; allowed: true, false",
    ),
    "changes by a number": ({**SOUND, "unit_id": 7, "allow_changes": 1}, r"allow\_changes is 1"),
    "interval in words": ({**SOUND, "unit_id": 7, "intervals": {"fast": "x"}}, "intervals.fast is x; allowed: 1 … 60"),
    "interval of nothing": ({**SOUND, "unit_id": 7, "intervals": {"quick": 1}}, "intervals.quick is nothing"),
    "list of intervals": ({**SOUND, "unit_id": 7, "intervals": [1]}, r"intervals cannot be \[1\]"),
    "interval of no length": ({**SOUND, "unit_id": 7, "intervals": {"slow": 0}}, "intervals.slow is 0"),
    "ratio in words": ({**SOUND, "unit_id": 7, "ct": "100"}, "ct is 100; allowed: 0.001 … 10000"),
    "no ratio": ({**SOUND, "unit_id": 7, "pt": None}, "pt is None"),
    "same unit": (SOUND, r"unit\_id is 8, as that of sound"),
}
LINK: Mapping[str, object] = {
    "type": "tcp",
    "host": HOST,
    "port": 502,
    "baudrate": 115200,
    "bytesize": 8,
    "parity": "N",
    "stopbits": 1,
    "turnaround_ms": 5,
}
BROKEN_LINKS: Mapping[str, tuple[Mapping[str, object], str]] = {
    "nothing": ({}, "type is ; allowed: tcp"),
    "no type": ({name: value for name, value in LINK.items() if name != "type"}, "type is ; allowed: tcp"),
    "unknown type": ({**LINK, "type": "pigeon"}, "type is pigeon; allowed: tcp"),
    "number for a type": ({**LINK, "type": 3}, "type is 3; allowed: tcp"),
    "list for a type": ({**LINK, "type": ["tcp"]}, r"type is \['tcp'\]; allowed: tcp"),
    "number for a host": ({**LINK, "host": 7}, "host cannot be 7"),
    "host with a path": ({**LINK, "host": "gateway/5"}, "host cannot be gateway/5"),
    "no host": ({name: value for name, value in LINK.items() if name != "host"}, "host is missing"),
    "port in words": ({**LINK, "port": "502"}, "port is 502; allowed: 1 … 65535"),
    "no baud rate": ({name: value for name, value in LINK.items() if name != "baudrate"}, "baudrate is missing"),
    "baud rate of nothing": ({**LINK, "baudrate": 0}, "baudrate is 0; allowed: 1200, 2400"),
    "baud rate in words": ({**LINK, "baudrate": "fast"}, "baudrate is fast"),
    "parity in words": ({**LINK, "parity": "none"}, "parity is none; allowed: N, E, O"),
    "no turnaround": (
        {name: value for name, value in LINK.items() if name != "turnaround_ms"},
        r"turnaround\_ms is missing",
    ),
    "turnaround in words": ({**LINK, "turnaround_ms": "quick"}, r"turnaround\_ms is quick"),
    "no serial port": ({**LINK, "type": "serial"}, "device is missing"),
    "number for a serial port": ({**LINK, "type": "serial", "device": 4}, "device cannot be 4"),
}


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Keep the user's files of a test to itself."""
    return hass_tmp_config_dir


@pytest.fixture
async def home(hass: HomeAssistant, cabinet_of: CabinetMaker) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant; links are unloaded before their cabinet stops."""
    yield hass
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)


def broken_device(data: Mapping[str, object]) -> ConfigSubentryData:
    """Return a device as it is found in the store."""
    return ConfigSubentryData(data={**data}, subentry_type=SUBENTRY_DEVICE, title="broken", unique_id="7")


async def set_up(home: HomeAssistant, cabinet: Cabinet, *more: ConfigSubentryData, **link: object) -> LinkRig:
    """Start a link with a sound device and others, as Home Assistant finds it in its store."""
    assert cabinet.tcp_port is not None
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Cabinet",
        data={**link_data(cabinet.tcp_port), **link},
        subentries_data=[device(8, "aim-r100", "sound"), *more],
    )
    entry.add_to_hass(home)
    await home.config_entries.async_setup(entry.entry_id)
    await home.async_block_till_done()
    return LinkRig(home, entry, cabinet)


def issue_of(home: HomeAssistant, identifier: str) -> ir.IssueEntry | None:
    return ir.async_get(home).async_get_issue(DOMAIN, identifier)


def broken_of(entry: ConfigEntry) -> ConfigSubentry:
    return next(subentry for subentry in entry.subentries.values() if subentry.title == "broken")


def is_read(rig: LinkRig) -> bool:
    return float(rig.state("sensor", 8, "Lg").state) == rig.cabinet.units[8].truth()["1"]["Lg"]


@pytest.mark.parametrize(("stored", "said"), BROKEN_DEVICES.values(), ids=BROKEN_DEVICES)
async def test_a_broken_device_takes_no_other_with_it_and_is_said_and_mended(
    home: HomeAssistant,
    cabinet_of: CabinetMaker,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    stored: Mapping[str, object],
    said: str,
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await set_up(home, cabinet, broken_device(stored))
    broken = broken_of(rig.entry)
    identifier = issue_id(rig.entry, broken, Issue.STORED_BROKEN)

    assert rig.entry.state is ConfigEntryState.LOADED
    assert is_read(rig)
    assert not [entity for entity in rig.entities() if entity.config_subentry_id == broken.subentry_id]
    assert cabinet.units[7].requests == []
    issue = issue_of(home, identifier)
    assert issue is not None
    placeholders = issue.translation_placeholders or {}
    assert placeholders["device"] == "broken"
    assert said in placeholders["problems"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING and "acrel" in record.name]

    for component in ("diagnostics", "repairs"):
        assert await async_setup_component(home, component, {})
    shown: dict[str, Any] = await get_diagnostics_for_config_entry(home, hass_client, rig.entry)
    [left_out] = shown["devices_without_registers"]
    assert said.replace("\\", "").startswith(tuple(fault["at"] for fault in left_out["faults"]))

    # As nothing was mended, the repair stays.
    assert (await submit(home, hass_client, issue))["reason"] == "still_there"
    assert is_read(rig)

    change = await change_device(home, rig.entry, broken.subentry_id)
    assert set(change.entered) <= {"unit_id", "model", "name"}
    await change.answer(unit_id=7, model="asj10l", name="mended")
    await change.answer(allow_changes=False)
    await home.async_block_till_done()
    assert change.reason == "reconfigure_successful"
    assert issue_of(home, identifier) is None
    assert rig.state("sensor", 7, "Lg").state != "unavailable"
    assert is_read(rig)


@pytest.mark.parametrize("stored", [{}, {"unit_id": "x", "model": 3}])
async def test_beside_a_broken_device_others_are_added_and_it_can_be_deleted(
    home: HomeAssistant, cabinet_of: CabinetMaker, stored: Mapping[str, object]
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100", 9: "aim-m10"})
    rig = await set_up(home, cabinet, broken_device(stored))
    broken = broken_of(rig.entry)

    taken = await add_device(home, rig.entry)
    await taken.answer(unit_id=7, model="asj10l")
    # It is the broken one's: which is to be mended, not to be doubled.
    assert (taken.errors, taken.placeholders["name"]) == ({"unit_id": "unit_taken"}, "broken")
    taken.abandon()

    new = await add_device(home, rig.entry)
    await new.answer(unit_id=9, model="aim-m10")
    await new.answer()
    await home.async_block_till_done()
    assert new.is_saved

    home.config_entries.async_remove_subentry(rig.entry, broken.subentry_id)
    await home.async_block_till_done()
    assert rig.entry.state is ConfigEntryState.LOADED
    assert is_read(rig)
    assert not [identifier for domain, identifier in ir.async_get(home).issues if domain == DOMAIN]


async def test_a_table_is_imported_beside_broken_devices_and_links_elsewhere(
    home: HomeAssistant, cabinet_of: CabinetMaker, hass_client: ClientSessionGenerator
) -> None:
    for stored, _ in BROKEN_DEVICES.values():
        await set_up(home, await cabinet_of({8: "aim-r100"}), broken_device(stored))
    await set_up(home, await cabinet_of({8: "aim-r100"}), type="pigeon")
    rig = await set_up(home, await cabinet_of({8: "aim-r100", 9: "aim-r100"}))
    walk = await add_device(home, rig.entry)
    await walk.answer(unit_id=9, model="import")
    await walk.answer(file=await upload(hass_client, "loops.csv", TWO_LOOPS), base="none")
    await walk.answer()
    await walk.answer(next="save")
    await home.async_block_till_done()
    assert walk.is_saved
    assert rig.state("sensor", 9, "Lg").state != "unavailable"


@pytest.mark.parametrize(("stored", "said"), BROKEN_LINKS.values(), ids=BROKEN_LINKS)
async def test_a_broken_link_says_so_and_is_mended_by_its_form(
    home: HomeAssistant,
    cabinet_of: CabinetMaker,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
    stored: Mapping[str, object],
    said: str,
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    sound = await set_up(home, await cabinet_of({8: "aim-r100"}))
    entry = MockConfigEntry(
        domain=DOMAIN, title="Cellar", data={**stored}, subentries_data=[device(8, "aim-r100", "sound")]
    )
    entry.add_to_hass(home)
    assert not await home.config_entries.async_setup(entry.entry_id)
    states = [entry.state]
    assert entry.error_reason_translation_key == "link_broken"
    assert "Cellar" in async_get_exception_message(DOMAIN, "link_broken", {"link": "Cellar"})
    issue = issue_of(home, link_issue_id(entry))
    assert issue is not None
    assert said in (issue.translation_placeholders or {})["problems"]
    # Home Assistant writes the traceback of every reason it is given; it has to be ours.
    assert {record.exc_info[0] for record in caplog.records if record.exc_info} == {ConfigEntryError}
    assert is_read(sound)

    assert (await add_device(home, entry)).reason == "link_broken"
    assert (await change_device(home, entry, next(iter(entry.subentries)))).reason == "link_broken"
    for component in ("diagnostics", "repairs"):
        assert await async_setup_component(home, component, {})
    diagnostics: dict[str, Any] = await get_diagnostics_for_config_entry(home, hass_client, entry)
    assert diagnostics["state"] == "setup_error"
    assert (await submit(home, hass_client, issue))["reason"] == "still_there"

    change = await change_link(home, entry, "tcp")
    await change.answer(host=HOST, port=cabinet.tcp_port, name="Cellar", line=QUICK_LINE)
    await home.async_block_till_done()
    assert change.reason == "reconfigure_successful"
    assert issue_of(home, link_issue_id(entry)) is None
    assert [*states, entry.state] == [ConfigEntryState.SETUP_ERROR, ConfigEntryState.LOADED]
    assert is_read(LinkRig(home, entry, cabinet))


@pytest.mark.parametrize("stored", [{}, {**LINK, "type": 3}])
async def test_a_broken_link_can_be_deleted_and_its_repair_goes_with_it(
    home: HomeAssistant, stored: Mapping[str, object]
) -> None:
    entry = MockConfigEntry(domain=DOMAIN, data={**stored}, subentries_data=[broken_device({})])
    entry.add_to_hass(home)
    await home.config_entries.async_setup(entry.entry_id)
    assert issue_of(home, link_issue_id(entry)) is not None
    await home.config_entries.async_remove(entry.entry_id)
    assert not [identifier for domain, identifier in ir.async_get(home).issues if domain == DOMAIN]


async def test_a_ratio_that_is_not_stored_is_asked_for_and_the_rest_is_read_meanwhile(
    home: HomeAssistant, cabinet_of: CabinetMaker, hass_client: ClientSessionGenerator
) -> None:
    cabinet = await cabinet_of({3: "adl3000", 8: "aim-r100"})
    stored = {"unit_id": 3, "model": "adl3000", "allow_changes": False, "pt": 1}
    rig = await set_up(home, cabinet, broken_device(stored))
    identifier = issue_id(rig.entry, broken_of(rig.entry), Issue.INCOMPLETE)
    issue = issue_of(home, identifier)
    assert issue is not None
    assert (issue.translation_placeholders or {})["missing"] == "CT"
    assert rig.state("sensor", 3, "Ua").state not in ("unavailable", "unknown")
    assert rig.state("sensor", 3, "Ia").state == "unknown"
    assert (await submit(home, hass_client, issue))["reason"] == "still_there"

    change = await change_device(home, rig.entry, broken_of(rig.entry).subentry_id)
    await change.answer(unit_id=3, model="adl3000", name="broken")
    await change.answer(pt=1, ct=1)
    await home.async_block_till_done()
    assert issue_of(home, identifier) is None
    assert rig.state("sensor", 3, "Ia").state not in ("unavailable", "unknown")


async def test_a_repair_whose_link_is_deleted_meanwhile_ends_clearly(
    home: HomeAssistant, cabinet_of: CabinetMaker, hass_client: ClientSessionGenerator
) -> None:
    rig = await set_up(home, await cabinet_of({8: "aim-r100"}), broken_device({}))
    identifier = issue_id(rig.entry, broken_of(rig.entry), Issue.STORED_BROKEN)
    assert await async_setup_component(home, "repairs", {})
    client = await hass_client()
    answer = await client.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": identifier})
    flow_id = (await answer.json())["flow_id"]
    await home.config_entries.async_remove(rig.entry.entry_id)
    answer = await client.post(f"/api/repairs/issues/fix/{flow_id}", json={})
    assert answer.status == 200
    assert (await answer.json())["type"] == "create_entry"


async def test_what_a_later_version_stores_beside_is_no_fault(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await set_up(home, cabinet, broken_device({**SOUND, "unit_id": 7, "model": "asj10l", "new": 1}), later="x")
    assert is_read(rig)
    assert rig.state("sensor", 7, "Lg").state != "unavailable"


async def test_only_true_allows_changes_even_if_it_is_lost_while_the_device_is_loaded(
    home: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await set_up(home, cabinet)
    subentry = rig.subentry(8)
    home.config_entries.async_update_subentry(rig.entry, subentry, data={**subentry.data, "allow_changes": "true"})
    await home.async_block_till_done()
    registry = er.async_get(home)
    platforms = {entity.domain for entity in er.async_entries_for_config_entry(registry, rig.entry.entry_id)}
    assert platforms <= {"sensor", "binary_sensor", "event", "todo"}
    assert issue_of(home, issue_id(rig.entry, subentry, Issue.STORED_BROKEN)) is not None


async def test_the_repair_is_in_chinese_where_home_assistant_is(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    home.config.language = "zh-Hans"
    rig = await set_up(home, await cabinet_of({8: "aim-r100"}), broken_device({"unit_id": 999, "intervals": [1]}))
    issue = issue_of(home, issue_id(rig.entry, broken_of(rig.entry), Issue.STORED_BROKEN))
    assert issue is not None
    assert (issue.translation_placeholders or {})["problems"].splitlines() == [
        r"- unit\_id 为 999；允许：0 … 247, 255",
        r"- intervals 不能为 \[1\]",
        "- 缺少 model",
    ]
