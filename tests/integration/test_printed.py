"""The automations that the README and the documents print, run as printed on a plain Home Assistant."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import async_fire_time_changed, async_mock_service

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def printed(path: str, holding: str) -> dict[str, Any]:
    """Return the one piece of YAML in a document that holds a text."""
    (found,) = [block for block in _BLOCK.findall((ROOT / path).read_text("utf-8")) if holding in block]
    parsed = parse_yaml(found)
    assert isinstance(parsed, dict)
    return parsed


async def automate(hass: HomeAssistant, automation: Mapping[str, Any]) -> list[Any]:
    """Load an automation; returns the list of the notifications it will send."""
    sent = async_mock_service(hass, "notify", "notify")
    assert await async_setup_component(hass, "automation", {"automation": [{"alias": "Printed", **automation}]})
    await hass.async_block_till_done()
    assert hass.states.get("automation.printed") is not None
    return sent


async def pass_time(hass: HomeAssistant, **time: float) -> None:
    """Let time pass."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(**time))
    await hass.async_block_till_done()


async def test_the_readme_tells_of_a_leakage_that_stays(hass: HomeAssistant) -> None:
    hass.states.async_set("sensor.kitchen_residual_current", "20")
    sent = await automate(hass, printed("README.md", "numeric_state"))
    hass.states.async_set("sensor.kitchen_residual_current", "250")
    await pass_time(hass, seconds=5)
    assert sent == []
    await pass_time(hass, seconds=11)
    assert [call.data["message"] for call in sent] == ["Kitchen: 250 mA leak to earth"]


@pytest.mark.parametrize(
    ("word", "attributes", "message"),
    [
        (
            "alarm",
            {"circuit_name": "Oven", "cause": "Residual current", "value": 600, "unit": "mA", "limit": 300},
            "Oven Residual current: 600 mA, limit 300",
        ),
        ("not_seen", dict.fromkeys(("circuit_name", "cause", "value", "unit", "limit")), "it cannot be seen"),
    ],
)
async def test_the_guide_tells_what_a_board_says(
    hass: HomeAssistant, word: str, attributes: Mapping[str, Any], message: str
) -> None:
    board = "sensor.kitchen_board_safety"
    hass.states.async_set(board, "safe", {"friendly_name": "Kitchen board Safety"})
    sent = await automate(hass, printed("docs/usage.md", "to: [pre_alarm"))
    hass.states.async_set(board, word, {"friendly_name": "Kitchen board Safety", **attributes})
    await hass.async_block_till_done()
    assert [(call.data["title"], call.data["message"].strip()) for call in sent] == [
        (f"Kitchen board Safety: {word}", message)
    ]


async def test_the_guide_tells_of_an_instrument_that_is_silent(hass: HomeAssistant) -> None:
    hass.states.async_set("sensor.main_board_residual_current", "20")
    sent = await automate(hass, printed("docs/usage.md", "to: unavailable"))
    hass.states.async_set("sensor.main_board_residual_current", "unavailable")
    await pass_time(hass, minutes=9)
    assert sent == []
    await pass_time(hass, minutes=11)
    assert [call.data["message"] for call in sent] == ["The main board's instrument does not answer."]


async def test_the_guide_finds_a_conductor_that_is_warmer_than_its_neighbours(hass: HomeAssistant) -> None:
    phases = [f"sensor.main_board_phase_{phase}_conductor_temperature" for phase in "abc"]
    for phase in phases:
        hass.states.async_set(phase, "35")
    assert await async_setup_component(hass, "template", printed("docs/usage.md", "uneven temperatures"))
    await hass.async_block_till_done()

    def state() -> str:
        found = hass.states.get("binary_sensor.main_board_uneven_temperatures")
        assert found is not None
        return found.state

    assert state() == "off"
    hass.states.async_set(phases[1], "60")
    await pass_time(hass, minutes=4)
    assert state() == "off"
    await pass_time(hass, minutes=6)
    assert state() == "on"
    hass.states.async_set(phases[2], "unavailable")
    await hass.async_block_till_done()
    assert state() == "unavailable"


def test_every_printed_automation_is_run_here() -> None:
    automations = [
        block
        for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for block in _BLOCK.findall(path.read_text("utf-8"))
        if "triggers:" in block or "template:" in block
    ]
    # That of two steps is run where operations are.
    assert len(automations) == 5
