"""A model of the user's own: a file in the configuration folder, with circuits and a mode to choose."""

from pathlib import Path

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.aioacrel.errors import NoAnswerError
from custom_components.acrel_safety.aioacrel.modbus import PollReport
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from custom_components.acrel_safety.hubs import modbus
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK

# Two "circuits" of an ADW300: its registers make do for a device that nobody has described yet.
MODEL = """\
[model]
id = "mine"
name = "Mine"
title = { en = "My meter" }
evidence = "manual"
source = "my manual"

[[circuits]]
numbers = "0"

[circuits.settings."DOC_DO1 mode"]
at = 0x01E5
limits = [0, 1]
source = "my manual p. 3"
words = { 0 = "level", 1 = "after_hours" }
name = { en = "Output mode" }

[circuits.settings]
ULowSet = { at = 0x01D1, type = "f32", limits = [0, 500], source = "my manual p. 4" }
"DOC_Gain" = { at = 0x0244, type = "f32", limits = [0, 5], source = "my manual p. 4" }

[[circuits]]
numbers = "1-2"
stride = 1

[circuits.points]
U = { at = 0x0014, scale = 0.1 }
EP = { at = 0x003C, type = "u32", scale = 0.01, stride = 0 }
"""


@pytest.fixture
def models(hass: HomeAssistant, tmp_path: Path) -> Path:
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "acrel_safety" / "models"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(MODEL, "utf-8")
    return folder


async def test_circuits_without_names_are_numbered(models: Path, cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet, {1: "mine"})
    assert {str(found.name) for found in rig.devices()} == {"Cabinet", "mine 1", "Circuit 1", "Circuit 2"}
    registers = cabinet.units[1].registers
    for circuit, address in (("1", 0x0014), ("2", 0x0015)):
        assert float(rig.state("sensor", 1, "U", circuit).state) == pytest.approx(registers[address] / 10)


async def test_a_mode_is_chosen_and_read_back(
    hass: HomeAssistant, models: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet, {1: "mine"}, allow_changes=True)
    state = rig.state("select", 1, "DOC_DO1 mode", "0")
    assert (state.state, state.attributes["options"]) == ("level", ["level", "after_hours"])
    data = {"entity_id": state.entity_id, "option": "after_hours"}
    await hass.services.async_call("select", "select_option", data, blocking=True)
    assert rig.state("select", 1, "DOC_DO1 mode", "0").state == "after_hours"
    assert cabinet.units[1].registers[0x01E5] == 1


async def test_a_float_is_set_in_steps_as_fine_as_it_is_shown(
    hass: HomeAssistant, models: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet, {1: "mine"}, allow_changes=True)
    assert rig.state("number", 1, "ULowSet", "0").attributes["step"] == 0.1
    gain = rig.state("number", 1, "DOC_Gain", "0")
    assert gain.attributes["step"] == 0.001
    data = {"entity_id": gain.entity_id, "value": 1.25}
    await hass.services.async_call("number", "set_value", data, blocking=True)
    assert rig.state("number", 1, "DOC_Gain", "0").state == "1.25"
    assert [cabinet.units[1].registers[address] for address in (0x0244, 0x0245)] == [0x3FA0, 0]


async def test_without_leave_the_mode_is_a_word(models: Path, cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet, {1: "mine"})
    assert rig.entity_id("select", 1, "DOC_DO1 mode", "0") is None
    assert rig.entity_id("sensor", 1, "DOC_DO1 mode", "0") is not None


async def test_a_group_that_is_missed_takes_only_its_own_values_away(
    models: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    rig = await link_to(cabinet, {1: "mine"}, intervals={"fast": 600.0, "normal": 600.0, "slow": 600.0})
    source = rig.source(1)
    error = NoAnswerError(unit=1, seconds="1")
    for turn in range(2):
        assert rig.state("sensor", 1, "EP").state != "unavailable", turn
        # A unit that answers in between, but never for its slow group.
        source.unit.note_answered(Pace.NORMAL)
        keys = frozenset(source.unit.note_missed(Pace.SLOW, error))
        source.take(PollReport(unit=source.unit, group=Pace.SLOW, keys=keys, error=error))
    assert rig.state("sensor", 1, "EP").state == "unavailable"
    assert rig.state("sensor", 1, "U").state != "unavailable"


async def test_set_up_does_not_wait_for_a_bus_of_silent_units(
    cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modbus, "FIRST_LOOK_SECONDS", 0.2)
    cabinet = await cabinet_of(dict.fromkeys(range(1, 9), "asj10l"))
    cabinet.set_scenario("silent")
    rig = await link_to(cabinet, intervals=QUICK)
    assert rig.entry.state is ConfigEntryState.LOADED
    cabinet.set_scenario("normal")
    for unit_id in cabinet.units:
        entity_id = rig.entity_id("sensor", unit_id, "Lg")
        assert entity_id is not None
        await rig.until(entity_id, lambda state: state.state not in ("unavailable", "unknown"), seconds=60)
