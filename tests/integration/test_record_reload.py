"""What is put down while the only link is loaded anew is in the record, in its order."""

import asyncio

import pytest
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from custom_components.acrel_safety.desk import desk_of
from tests.integration.alarm_rigs import recorded
from tests.integration.conftest import CabinetMaker, LinkMaker


async def test_nothing_is_lost_that_is_put_down_while_the_only_link_is_loaded_anew(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, caplog: pytest.LogCaptureFixture
) -> None:
    rig = await link_to(await cabinet_of({1: "asj10l"}))
    record, said = desk_of(hass).record, list[int]()
    for turn in range(1, 4):
        reloading = hass.async_create_task(rig.reload())
        while not reloading.done():
            if len(said) < 300 * turn:
                # As saving the settings of several devices does: each is put down, and loads the link anew.
                said.append(len(said))
                record.put_down(Kind.NOTE, {"what": "test", "number": said[-1]})
            await asyncio.sleep(0.001)
        await reloading
    await record.async_written()
    assert [entry["number"] for entry in recorded(rig, Kind.NOTE) if entry["what"] == "test"] == said
    assert len(said) > 3
    assert "could not be put down" not in caplog.text
