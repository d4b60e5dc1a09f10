"""Ways to a breaker by which nobody means it: everything of a kind, what is toggled around it, loading it anew."""

from collections.abc import AsyncGenerator

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_callers import ADA, OTTO, RITA, Callers, gather_callers
from tests.integration.control_rigs import ALL, USUAL, meter

FREE = {**USUAL, "rights": {"administrators": ALL, "automations": ALL}}


@pytest.fixture
async def callers(
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    caplog: pytest.LogCaptureFixture,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> AsyncGenerator[Callers]:
    """Return everybody, with a meter that is closed and that administrators and automations may operate."""
    async with meter(cabinet_of, link_to, FREE) as rig:
        await rig.shows("on")
        found = await gather_callers(rig, caplog, hass_client, hass_ws_client)
        await rig.turn("on", found.users[ADA])
        await rig.shows("on")
        yield found
        await found.end()


async def test_nothing_that_means_everything_or_turns_something_round_moves_a_breaker(
    hass: HomeAssistant, callers: Callers
) -> None:
    """Whoever has every right; also by a group of it, a light made of it, and both within each other."""
    rig, before = callers.rig, callers.rig.writes
    for who in (ADA, OTTO, RITA):
        for way in ("turn_on", "turn_off", "toggle"):
            said = await callers.call(who, f"switch.{way}", {"entity_id": "all"})
            assert bool(said) is (who != RITA), (who, way)
    assert "it is named itself" in await callers.call(ADA, "switch.turn_off", {"entity_id": "all"})
    await callers.call(ADA, "light.turn_off", {"entity_id": "all"})
    for operation in ("open", "close", "FORRLYREL"):
        asked = {"operation": operation, "confirm": True}
        assert await callers.call(ADA, "acrel_safety.operate", {"entity_id": "all"}, **asked) != ""
    await callers.call(ADA, "button.press", {"entity_id": "all"})
    for target in (rig.switch, callers.group, "group.breakers", callers.lamp, callers.wrapped):
        for domain in ("switch", "light", "homeassistant"):
            await callers.call(ADA, f"{domain}.toggle", {"entity_id": target})
    assert "was toggled" in await callers.call(ADA, "homeassistant.toggle", {"entity_id": callers.group})
    await callers.call(ADA, "homeassistant.toggle", {"area_id": "kitchen"})
    await callers.call(ADA, "homeassistant.toggle", {"label_id": "mains"})
    for do, at in (
        ("switch.turn_off", "all"),
        ("switch.toggle", callers.group),
        ("light.toggle", callers.lamp),
        ("switch.toggle", callers.wrapped),
    ):
        assert await callers.automate([{"do": do, "at": at}]) != ""
    for _ in range(3):
        reload = {"entry_id": rig.link.entry.entry_id}
        assert await callers.send(ADA, domain="homeassistant", service="reload_config_entry", service_data=reload) == ""
    await rig.shows("on")
    assert (rig.writes, rig.is_closed) == (before, True)
    ended = [entry for entry in await rig.recorded() if entry["what"] == "ended" and not entry["writes"]]
    assert {"not_named", "turned_round"} <= {entry["reason"] for entry in ended}


async def test_who_names_it_is_in_nobodys_way_whatever_else_the_same_script_turns_round(callers: Callers) -> None:
    rig, before = callers.rig, callers.rig.writes
    other = {"do": "automation.toggle", "at": "automation.by_hand"}
    assert await callers.automate([other, {"do": "switch.turn_off", "at": rig.switch}]) == ""
    assert (rig.writes, rig.is_closed) == (before + 1, False)
    assert await callers.automate([other, {"do": "switch.turn_on", "at": callers.group}]) == ""
    assert (rig.writes, rig.is_closed) == (before + 2, True)
    # Whoever may and says which way is obeyed, by a label, a group, a template.
    for way, target in (
        ("off", {"label_id": "mains"}),
        ("on", {"entity_id": callers.group}),
        ("off", {"entity_id": callers.wrapped}),
    ):
        assert await callers.call(ADA, f"switch.turn_{way}", target) == ""
        await rig.shows(way)
    assert (rig.writes, rig.is_closed) == (before + 5, False)
