"""A device does not know how it is reached: a model without one register, spoken by a source, shown whole."""

from collections.abc import AsyncGenerator
from typing import Any

import probatio
import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.aioacrel.source import FAR
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.hubs import WAYS, Way
from custom_components.acrel_safety.plant import plant_of
from tests.integration.rigs import device
from tests.integration.spoken import SPOKEN, SpokenHub, SpokenSource

MODEL = ModelLibrary().get("ascb1")
LG, TEMP, POSITION = PointKey("1", "Lg"), PointKey("1", "Temp1"), PointKey("1", "RlySta")


@pytest.fixture
async def entry(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[MockConfigEntry]:
    """Set up a breaker that is reached by a spoken source."""
    anything = probatio.Schema({}, extra=probatio.ALLOW_EXTRA)
    way = Way(
        hub=SpokenHub,
        link=anything,
        device=anything,
        seat=lambda data: data["unit_id"],
        seat_field="unit_id",
        missing=lambda *_: [],
    )
    monkeypatch.setitem(WAYS, SPOKEN, way)
    found = MockConfigEntry(
        domain=DOMAIN, title="Spoken", data={"type": SPOKEN}, subentries_data=[device(1, "ascb1", "Kitchen")]
    )
    found.add_to_hass(hass)
    assert await hass.config_entries.async_setup(found.entry_id)
    await hass.async_block_till_done()
    yield found
    if found.state is ConfigEntryState.LOADED:
        assert await hass.config_entries.async_unload(found.entry_id)


def source_of(entry: MockConfigEntry) -> SpokenSource:
    (source,) = entry.runtime_data.hub.sources.values()
    assert isinstance(source, SpokenSource)
    return source


def state_of(hass: HomeAssistant, entry: MockConfigEntry, key: PointKey) -> str:
    (subentry_id,) = entry.subentries
    registry = er.async_get(hass)
    for platform in ("sensor", "binary_sensor", "number", "select", "switch"):
        entity_id = registry.async_get_entity_id(platform, DOMAIN, f"{subentry_id}_{key.circuit}_{key.code}")
        if entity_id is not None:
            state = hass.states.get(entity_id)
            assert state is not None, key
            return state.state
    pytest.fail(f"{key} has no entity")


def spoken_values() -> dict[PointKey, Value]:
    """Return a value for each point: numbers that can be, words that exist."""
    values: dict[PointKey, Value] = {}
    for number, (key, point) in enumerate(MODEL.points.items(), start=1):
        if point.words is not None:
            values[key] = next(iter(point.words.values()))
        elif point.is_binary:
            values[key] = number % 2 == 0
        else:
            high = point.range.high
            values[key] = number if high is None or number <= high else high
    return values


async def test_a_breaker_without_registers_shows_everything(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert not MODEL.registers.places
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    # Beside its points a device shows its alarms and the evidence of its registers, a link its alarms and its hazards.
    others = ("_alarms_", "_hazards", "_model_register_evidence")
    registry = [entity for entity in entities if not any(part in entity.unique_id for part in others)]
    assert len(registry) == len(MODEL.points)
    enabled = {entity.unique_id for entity in registry if entity.disabled_by is None}
    source = source_of(entry)
    assert len(source.wanted) == len(enabled)
    values = spoken_values()
    source.say(values)
    await hass.async_block_till_done()
    for key in source.wanted:
        value, state = values[key], state_of(hass, entry, key)
        assert state == (("on" if value else "off") if isinstance(value, bool) else str(value)), key


async def test_a_gap_is_filled_by_a_farther_way_and_given_back_to_the_nearer_one(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    near = source_of(entry)
    (found,) = plant_of(hass)
    far = SpokenSource(MODEL, rank=FAR, origin="far away")
    detach = found.attach(far)
    near.say({LG: 30.0, TEMP: 25.0})
    far.say({LG: 99.0, TEMP: 41.0})
    await hass.async_block_till_done()
    assert (state_of(hass, entry, LG), state_of(hass, entry, TEMP)) == ("30.0", "25.0")

    near.lose(LG)
    await hass.async_block_till_done()
    assert (state_of(hass, entry, LG), state_of(hass, entry, TEMP)) == ("99.0", "25.0")
    assert (found.readings[LG].origin, found.readings[TEMP].origin) == ("far away", SPOKEN)

    near.say({LG: 31.0})
    await hass.async_block_till_done()
    assert (state_of(hass, entry, LG), found.readings[LG].origin) == ("31.0", SPOKEN)

    near.lose(LG)
    detach()
    await hass.async_block_till_done()
    assert state_of(hass, entry, LG) == "unavailable"


async def test_what_no_way_knows_is_unavailable_and_what_has_no_meaning_unknown(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    assert state_of(hass, entry, LG) == "unavailable"
    source_of(entry).say({LG: 12.0})
    await hass.async_block_till_done()
    assert state_of(hass, entry, LG) == "12.0"
    assert state_of(hass, entry, TEMP) == "unavailable"


async def test_unloading_takes_the_device_out_of_the_plant(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert len(list(plant_of(hass))) == 1
    source = source_of(entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert list(plant_of(hass)) == []
    assert source.wanted == frozenset()


async def test_diagnostics_know_no_registers_of_it(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry
) -> None:
    source_of(entry).say({LG: 12.0})
    diagnostics: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    (shown,) = diagnostics["devices"]
    assert shown["readings"]["Lg@1"]["value"] == 12.0
    assert shown["readings"]["Lg@1"]["origin"] == SPOKEN
    assert "registers" not in shown
