"""A generation of clouds of the user's own: a file in the configuration folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.acrel_safety.const import DOMAIN
from simulator.cloud import ARCM300T, Cloud
from tests.integration.cloud_rigs import PASSWORD, USER, cloud_with_owner
from tests.integration.flows import add_link

pytestmark = pytest.mark.usefixtures("socket_enabled")

MINE = """\
[profile]
id = "mine"
like = "acrelcloud-1000"
title = { en = "My cloud" }
confidence = "low"
source = "a transcript of mine"
"""


@pytest.fixture
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    hass.config.config_dir = str(tmp_path)
    made = tmp_path / "acrel_safety" / "clouds"
    made.mkdir(parents=True)
    return made


def state_of(hass: HomeAssistant) -> ConfigEntryState:
    [entry] = hass.config_entries.async_entries(DOMAIN)
    return entry.state


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with cloud_with_owner() as running:
        yield running


async def test_a_profile_of_ones_own_is_offered_used_and_missed(
    hass: HomeAssistant, folder: Path, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "mine.toml").write_text(MINE, "utf-8")
    (folder / "broken.toml").write_text("[profile", "utf-8")
    (folder / "twin.toml").write_text(MINE.replace('"mine"', '"acrelcloud-1000"'), "utf-8")
    cloud.site().add(ARCM300T, "Box")
    walk = await add_link(hass, "cloud")
    assert walk.options("profile")["mine"] == "My cloud"
    assert len(walk.options("profile")) == 5
    assert "broken.toml" in caplog.text
    assert "twin.toml" in caplog.text
    await walk.answer(host=cloud.url, username=USER, password=PASSWORD, profile="mine")
    await walk.answer(sure=True)
    await walk.answer(devices=[*walk.options("devices")])
    assert walk.is_saved, walk.errors
    entry = walk.result["result"]
    await hass.async_block_till_done()
    assert state_of(hass) is ConfigEntryState.LOADED
    assert entry.runtime_data.hub.account.profile.id == "mine"
    # Without its file nothing else is taken for it, and a repair says what is missing.
    (folder / "mine.toml").unlink()
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(hass) is ConfigEntryState.SETUP_ERROR
    told = [one for one in ir.async_get(hass).issues.values() if one.domain == DOMAIN and one.active]
    assert any("mine" in str(one.translation_placeholders) for one in told)
    (folder / "mine.toml").write_text(MINE, "utf-8")
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(hass) is ConfigEntryState.LOADED
    # What was changed in it is taken by a reload as well.
    (folder / "mine.toml").write_text(MINE.replace("My cloud", "My other cloud"), "utf-8")
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.runtime_data.hub.account.profile.title() == "My other cloud"
    # What cannot be used was said once, however often it was read.
    assert caplog.text.count("broken.toml") == 1
    await hass.config_entries.async_unload(entry.entry_id)
