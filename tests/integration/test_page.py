"""The page that comes with the integration: served once, and what it is told of the site."""

import re
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.acrel_safety.page import CARDS, MODULE, URL
from tests.integration.alarm_rigs import SAFETY, leak, leaky
from tests.integration.conftest import CabinetMaker, LinkMaker

type Json = dict[str, Any]


async def told(client: WebSocketGenerator, hass: HomeAssistant, token: str | None = None, **asked: str) -> Json:
    socket = await client(hass, token) if token else await client(hass)
    await socket.send_json_auto_id({"type": "acrel_safety/structure", **asked})
    answer = await socket.receive_json()
    assert answer["success"], answer
    structure: Json = answer["result"]
    return structure


async def test_boards_and_circuits_are_told_in_the_order_in_which_they_lie(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_ws_client: WebSocketGenerator
) -> None:
    await link_to(await cabinet_of({8: "aim-r100", 1: "adw300"}))
    structure = await told(hass_ws_client, hass)
    assert [(link["name"], link["safety"]) for link in structure["links"]] == [("Cabinet", "sensor.cabinet_safety")]
    relay, meter = structure["boards"]
    assert [circuit["number"] for circuit in relay["circuits"]] == [str(number) for number in range(1, 13)]
    assert relay["safety"] == "sensor.aim_r100_8_safety"
    fourth = relay["circuits"][3]
    assert (fourth["name"], fourth["safety"]) == ("Circuit 4", "sensor.aim_r100_8_circuit_4_safety")
    (graph,) = fourth["graphs"]
    assert (graph["family"], graph["unit"], graph["own"]) == ("residual_current", "mA", [])
    assert (graph["values"], graph["limits"]) == (
        ["sensor.aim_r100_8_circuit_4_residual_current"], ["sensor.aim_r100_8_circuit_4_residual_current_alarm_value"]
    )  # fmt: skip
    assert meter["circuits"] == []
    assert [(graph["family"], len(graph["values"]), len(graph["limits"])) for graph in meter["graphs"]] == [
        ("residual_current", 1, 1), ("temperature", 4, 4), ("current", 3, 0), ("voltage", 3, 0)
    ]  # fmt: skip
    assert meter["load"] == ["sensor.adw300_1_total_active_power"]
    named = [*fourth["alarms"], *meter["alarms"], *meter["load"], meter["alarm"], meter["connection"]]
    assert all(hass.states.get(entity_id) is not None for entity_id in named)


async def test_what_the_owner_renamed_hid_limited_and_rated_is_told_so(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_ws_client: WebSocketGenerator
) -> None:
    limit = {"family": "residual_current", "circuit": "4", "limit": 250}
    rig = await link_to(await cabinet_of({8: "aim-r100"}), limits={"one": limit}, ratings={"4": 16})
    subentry = rig.subentry(8).subentry_id
    devices = dr.async_get(hass)
    child = devices.async_get_child_device_by_identifier(("acrel_safety", f"{subentry}_4"), rig.entry.entry_id)
    assert child is not None
    devices.async_update_child_device(child.id, name_by_user="Kitchen <b>")
    er.async_get(hass).async_update_entity(
        "sensor.aim_r100_8_circuit_4_residual_current_alarm_value", hidden_by=er.RegistryEntryHider.USER
    )
    fourth = (await told(hass_ws_client, hass))["boards"][0]["circuits"][3]
    assert (fourth["name"], fourth["rating"]) == ("Kitchen <b>", 16)
    (graph,) = fourth["graphs"]
    assert (graph["limits"], graph["own"]) == ([], [250])
    (own,) = graph["own_entities"]
    state, known = hass.states.get(own), er.async_get(hass).async_get(own)
    assert state is not None
    assert known is not None
    assert (state.state, state.attributes["unit_of_measurement"], known.hidden_by) == ("250.0", "mA", "integration")
    assert state.attributes["friendly_name"] == "Kitchen <b> Own limit: Residual current"


async def test_a_limit_that_may_be_changed_is_drawn_too(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_ws_client: WebSocketGenerator
) -> None:
    await link_to(await cabinet_of({1: "adw300"}), allow_changes=True)
    (board,) = (await told(hass_ws_client, hass))["boards"]
    assert board["graphs"][0]["limits"] == ["number.adw300_1_residual_current_alarm_value"]


async def test_a_board_is_told_while_its_link_is_not_loaded(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_ws_client: WebSocketGenerator
) -> None:
    rig = await link_to(await cabinet_of({8: "aim-r100"}))
    await hass.config_entries.async_unload(rig.entry.entry_id)
    (board,) = (await told(hass_ws_client, hass))["boards"]
    assert board["safety"] == "sensor.aim_r100_8_safety"
    assert len(board["circuits"]) == 12


async def test_any_user_may_see_it(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
) -> None:
    await link_to(await cabinet_of({1: "adw300"}))
    assert len((await told(hass_ws_client, hass, hass_read_only_access_token))["boards"]) == 1


async def test_causes_are_told_in_the_language_of_a_user_who_reads_another(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_ws_client: WebSocketGenerator
) -> None:
    await link_to(await cabinet_of({1: "adw300"}))
    assert (await told(hass_ws_client, hass, language="en-GB"))["causes"] == {}
    causes = (await told(hass_ws_client, hass, language="zh-Hans"))["causes"]
    assert causes["Residual current above the limit"] == "剩余电流超过限值"
    assert all(any(ord(sign) > 0x2E80 for sign in said) for said in causes.values())


@pytest.mark.parametrize("has_frontend", [True, False])
async def test_the_frontend_loads_the_module_once_whichever_links_come_and_go(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    hass_client: ClientSessionGenerator,
    hass_storage: Json,
    has_frontend: bool,
) -> None:
    if has_frontend:
        steps = ["user", "core_config", "analytics", "integration"]
        hass_storage["onboarding"] = {"version": 4, "minor_version": 1, "data": {"done": steps}}
        assert await async_setup_component(hass, "frontend", {})
    cabinet = await cabinet_of({1: "adw300", 8: "aim-r100"})
    rig = await link_to(cabinet, {1: "adw300"})
    await hass.config_entries.async_reload(rig.entry.entry_id)
    await link_to(cabinet, {8: "aim-r100"}, framing="rtu_tcp")
    client = await hass_client()
    if not has_frontend:
        assert (await client.get(URL)).status == 404
        return
    page = await (await client.get("/")).text()
    (address,) = set(re.findall(re.escape(URL) + r"[^\"]*", page))
    answer = await client.get(address)
    assert answer.status == 200
    assert answer.content_type == "text/javascript"
    assert await answer.text() == MODULE.read_text("utf-8")
    (cards,) = set(re.findall(re.escape(f"/acrel_safety/{CARDS.name}") + r"[^\"]*", page))
    assert await (await client.get(cards)).text() == CARDS.read_text("utf-8")


async def test_an_alarm_is_no_less_there_because_its_entity_is_disabled_or_hidden(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_ws_client: WebSocketGenerator
) -> None:
    rig = await leaky(cabinet_of, link_to)
    await leak(rig)
    registry = er.async_get(hass)
    registry.async_update_entity(SAFETY, hidden_by=er.RegistryEntryHider.USER)
    (board,) = (await told(hass_ws_client, hass))["boards"]
    assert (board["safety"], board["dark"]) == (SAFETY, None)
    registry.async_update_entity(SAFETY, disabled_by=er.RegistryEntryDisabler.USER)
    (board,) = (await told(hass_ws_client, hass))["boards"]
    assert (board["safety"], board["dark"]) == (None, {"alarms": 1, "unacknowledged": 1})


async def test_a_device_without_any_alarm_is_told_to_be_so(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_ws_client: WebSocketGenerator
) -> None:
    await link_to(await cabinet_of({10: "ard2f"}))
    (board,) = (await told(hass_ws_client, hass))["boards"]
    assert (board["safety"], board["dark"], board["is_blind"]) == (None, None, True)
