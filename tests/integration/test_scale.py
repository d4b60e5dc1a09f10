"""A large building on one gateway: 30 devices, more than 150 circuits, 3,000 entities."""

from collections.abc import Generator
from unittest.mock import patch

import pytest
from homeassistant import block_async_io
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from custom_components.acrel_safety.aioacrel.registers import Read
from custom_components.acrel_safety.aioacrel.totals import doubt, total
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from custom_components.acrel_safety.const import DOMAIN
from tests.aioacrel.rigs import rounding
from tests.integration.conftest import CabinetMaker, LinkMaker

MODELS = dict(enumerate(["aim-r100"] * 12 + ["adw300"] * 6 + ["asj10l"] * 12, start=1))
NEVER = dict.fromkeys(("fast", "normal", "slow"), 86400)


@pytest.fixture
def _all_entities_enabled() -> Generator[None]:
    with patch("homeassistant.helpers.entity.Entity.entity_registry_enabled_default", new=True):
        yield


@pytest.mark.usefixtures("_all_entities_enabled")
async def test_one_poll_of_a_large_building_asks_exactly_what_was_planned(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first reading of a counter waits for a second one, and has it asked for: here a poll is counted alone.
    monkeypatch.setattr(doubt, "FOLLOWING", 1)
    monkeypatch.setattr(total, "ZERO_SECONDS", 0.0)
    cabinet = await cabinet_of(MODELS)
    rig = await link_to(cabinet, intervals=NEVER)
    registry = er.async_entries_for_config_entry(er.async_get(hass), rig.entry.entry_id)
    assert len([entry for entry in registry if not entry.disabled]) >= 3000
    circuits = {(unit_id, circuit) for unit_id, unit in cabinet.units.items() for circuit in unit.truth()}
    assert len(circuits) >= 150

    for unit_id, unit in cabinet.units.items():
        unit.requests.clear()
        rig.coordinator(unit_id).device.hurry()
        await rig.polled(unit_id, seconds=60)
        device, polled = rig.coordinator(unit_id).device, rig.source(unit_id).unit
        planned = [read for group in Pace for read in polled.planned(group)]
        asked = [Read(request.function, request.address, request.count) for request in unit.requests]
        # What is tried at idle time comes beside, and alarms may be due just then and so be read once more.
        fast = polled.planned(Pace.FAST)
        known = [read for read in asked if read in planned]
        assert known in (planned, [*fast, *planned])
        truth = {(circuit, code): value for circuit, codes in unit.truth().items() for code, value in codes.items()}
        for key, reading in device.readings.items():
            if not isinstance(reading.value, str):
                assert reading.value == pytest.approx(
                    truth[key.circuit, key.code], rel=1e-6, abs=max(1e-6, rounding(device.model, key))
                )


@pytest.mark.usefixtures("disable_block_async_io")
async def test_nothing_blocks_the_event_loop(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, caplog: pytest.LogCaptureFixture
) -> None:
    block_async_io.enable()
    cabinet = await cabinet_of({8: "aim-r100", 1: "adw300"})
    rig = await link_to(cabinet)
    assert await hass.config_entries.async_reload(rig.entry.entry_id)
    await hass.async_block_till_done()
    complaints = [text for text in caplog.messages if DOMAIN in text and "blocking" in text.lower()]
    assert complaints == []
