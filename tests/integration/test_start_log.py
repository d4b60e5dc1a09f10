"""What Home Assistant says in its log while our entities are set up: nothing to complain about."""

import logging

import pytest
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import enable_all

CUSTOM_CODE = "which has not been tested by Home Assistant"
"""Said of every custom integration."""


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
async def test_setting_up_every_entity_of_every_model_raises_no_warning(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    caplog: pytest.LogCaptureFixture,
    language: str,
) -> None:
    """Wrong units for a class, wrong state classes, doubled names, outdated calls: each would be a line in the log."""
    hass.config.language = language
    models = [model.id for model in ModelLibrary().usable() if not model.needs_table]
    cabinet = await cabinet_of(dict(enumerate(models, start=1)))
    rig = await link_to(cabinet, allow_changes=True)
    enable_all(rig)
    await rig.reload()

    # What asyncio says here is how long adding hundreds of entities took with its debug mode on.
    said = [
        f"{record.name}: {record.getMessage()}"
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name != "asyncio" and CUSTOM_CODE not in record.getMessage()
    ]
    assert not said
    states = [hass.states.get(entity.entity_id) for entity in rig.entities()]
    assert all(states)
    assert len(states) > 500
