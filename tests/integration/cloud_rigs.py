"""A simulated cloud, and Home Assistant with an account there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety import lockoutmemory
from custom_components.acrel_safety.aioacrel.cloud import devicetimers
from custom_components.acrel_safety.aioacrel.cloud import source as cloud_source
from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE
from custom_components.acrel_safety.hubs.cloud import CloudEntryHub
from simulator.cloud import Cloud, Meter

USER, PASSWORD, SECOND = "owner@example.org", "pass-Word-1", "second-Word-2"
OTHER = "another-Word-3"
MODELS = {"1": "arcm300", "2": "adw300", "3": "arcm310"}


def cloud_with_owner() -> Cloud:
    """Return a cloud that knows one account."""
    cloud = Cloud()
    cloud.account(USER, PASSWORD, second=SECOND)
    return cloud


@asynccontextmanager
async def operated_cloud(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Cloud]:
    """Have a cloud run whose devices obey soon, and nobody wait for anything as long as in earnest."""
    monkeypatch.setattr(cloud_source, "LOOK_EVERY", 0.2)
    monkeypatch.setattr(devicetimers, "LOOK_SECONDS", 0.2)
    # What a process before this one sent is long over.
    monkeypatch.setattr(lockoutmemory, "PROCESS_BEGAN", lockoutmemory.PROCESS_BEGAN - 3600)
    async with cloud_with_owner() as cloud:
        cloud.behaviour.command_s = 0.3
        yield cloud


def answered(monkeypatch: pytest.MonkeyPatch, hub: CloudEntryHub) -> asyncio.Event:
    """Return what is set as soon as the server has answered a command."""
    done, command = asyncio.Event(), hub.account.command

    async def told(*args: Any, **more: Any) -> str:  # noqa: ANN401 - handed on
        answer = await command(*args, **more)
        done.set()
        return answer

    monkeypatch.setattr(hub.account, "command", told)
    return done


def stored_meter(meter: Meter, **data: object) -> ConfigSubentryData:
    """Return a device as the dialog stores it."""
    place = {"meter_code": meter.code, "site": meter.site, "meter_type": meter.kind, "model": MODELS[meter.kind]}
    return ConfigSubentryData(
        data={**place, **data}, subentry_type=SUBENTRY_DEVICE, title=meter.name, unique_id=meter.code
    )


def account_entry(cloud: Cloud, *meters: Meter | ConfigSubentryData, **data: object) -> MockConfigEntry:
    """Return an account as the dialog stores it."""
    stored = {
        "type": "cloud",
        "host": cloud.url,
        "username": USER,
        "password": PASSWORD,
        "profile": "acrelcloud-1000",
        "allow_http": True,
        "history_months": 0,
        **data,
    }
    devices = [stored_meter(one) if isinstance(one, Meter) else one for one in meters]
    return MockConfigEntry(
        domain=DOMAIN,
        title="Cloud",
        data=stored,
        subentries_data=devices,
        unique_id=f"{cloud.url} 1001",
        minor_version=2,
    )


@asynccontextmanager
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> AsyncGenerator[CloudEntryHub]:
    """Have an account loaded."""
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    hub = entry.runtime_data.hub
    assert isinstance(hub, CloudEntryHub), entry.state
    try:
        yield hub
    finally:
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()


async def polled(hass: HomeAssistant, hub: CloudEntryHub) -> None:
    """Have the server asked now."""
    async with asyncio.timeout(60):
        await hub.hub.poll()
    await hass.async_block_till_done()


def entity_of(hass: HomeAssistant, entry: MockConfigEntry, platform: str, rest: str, index: int = 0) -> str:
    """Return the entity that shows something of a device."""
    subentry_id = [*entry.subentries][index]
    found = er.async_get(hass).async_get_entity_id(platform, DOMAIN, f"{subentry_id}_{rest}")
    assert found is not None, rest
    return found


def shown(hass: HomeAssistant, entity_id: str) -> str:
    """Return a state."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state.state


def repairs(hass: HomeAssistant) -> dict[str, str]:
    """Return the repairs that are shown, with the devices they name."""
    return {
        str(issue.translation_key): (issue.translation_placeholders or {}).get("devices", "")
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active and str(issue.translation_key).startswith("cloud_")
    }
