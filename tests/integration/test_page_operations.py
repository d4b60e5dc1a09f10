"""What the page is told of devices that can be operated, and to whom it offers what."""

from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from tests.integration.byitself_rigs import ASKS, RECLOSES, breaker
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ALL, USUAL, ControlRig, administrator, meter, person
from tests.integration.rigs import QUICK
from tests.integration.test_page import told

type Json = dict[str, Any]


class Page:
    """One page that is open."""

    def __init__(self, socket: MockHAClientWebSocket, device_id: str) -> None:
        self.socket, self.device_id = socket, device_id

    async def until(self, holds: Callable[[Json], object]) -> Json:
        """Return what it is told as soon as something holds."""
        while True:
            message = await self.socket.receive_json()
            if message["type"] != "event":
                continue
            device = message["event"]["devices"].get(self.device_id)
            # While its link is loaded anew it is not there.
            if device is not None and holds(device):
                return dict(device)

    async def stands(self, position: str | None) -> Json:
        return await self.until(lambda device: device["circuits"]["1"]["position"] == position)


async def opened(rig: ControlRig, client: WebSocketGenerator, token: str | None = None, **asked: object) -> Page:
    """Open a page for whoever has a token; without one an administrator."""
    socket = await (client(rig.hass, token) if token else client(rig.hass))
    entry_id, identity = rig.link.entry.entry_id, rig.link.subentry(rig.unit_id).subentry_id
    device = dr.async_get(rig.hass).async_get_device_by_identifier(("acrel_safety", identity), entry_id)
    assert device is not None
    await socket.send_json_auto_id({"type": "acrel_safety/operations", "devices": [device.id], **asked})
    return Page(socket, device.id)


def offered(device: Json) -> Mapping[str, str]:
    return {one["code"]: one["in_the_way"] for one in device["circuits"]["1"]["operations"]}


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        yield rig


async def test_an_administrator_is_told_at_once_what_is_done_and_what_hangs(
    hass: HomeAssistant, rig: ControlRig, hass_ws_client: WebSocketGenerator
) -> None:
    ada = await administrator(hass)
    page = await opened(rig, hass_ws_client)
    device = await page.stands("closed")
    assert offered(device) == {"FORRLYOFF": "", "FORRLYON": "", "FORRLYREL": ""}
    assert (device["may_tag"], device["tags"], device["circuits"]["1"]["last"]) == (True, [], None)
    await rig.turn("off", ada)
    device = await page.until(lambda device: device["circuits"]["1"]["last"])
    last = device["circuits"]["1"]["last"]
    assert (device["circuits"]["1"]["position"], last["text"], last["by"], last["effect"]) == (
        "open", "Done: the position was read back", "Ada", "open"
    )  # fmt: skip
    await rig.act("hang_tag", ada, entity_id=rig.switch, reason="Work")
    device = await page.until(lambda device: device["tags"] and offered(device)["FORRLYON"])
    (tag,) = device["tags"]
    assert (tag["name"], tag["reason"], tag["may_remove"]) == ("Ada", "Work", True)
    assert offered(device)["FORRLYON"] == "a lock-out tag hangs on it (Ada: Work)"
    assert offered(device)["FORRLYOFF"] == ""
    await rig.act("remove_tag", ada, tag_id=tag["tag_id"])
    device = await page.until(lambda device: not device["tags"])
    assert offered(device)["FORRLYON"] == ""


async def test_nobody_else_is_offered_anything_and_what_is_refused_is_the_servers_word(
    hass: HomeAssistant, rig: ControlRig, hass_ws_client: WebSocketGenerator, hass_read_only_access_token: str
) -> None:
    await rig.act("hang_tag", await administrator(hass), entity_id=rig.switch, reason="Work")
    page = await opened(rig, hass_ws_client, hass_read_only_access_token)
    device = await page.stands("closed")
    assert (offered(device), device["may_tag"], [tag["may_remove"] for tag in device["tags"]]) == ({}, False, [False])
    uwe = await person(hass, "system-users", "Uwe")
    refresh = await hass.auth.async_create_refresh_token(uwe, "http://localhost/")
    page = await opened(rig, hass_ws_client, hass.auth.async_create_access_token(refresh))
    device = await page.stands("closed")
    assert (offered(device), device["may_tag"], [tag["may_remove"] for tag in device["tags"]]) == ({}, False, [False])
    target = {"device_id": page.device_id}
    await page.socket.send_json_auto_id(
        {
            "type": "call_service",
            "domain": "acrel_safety",
            "service": "select",
            "service_data": {"operation": "open"},
            "target": target,
            "return_response": True,
        }
    )
    while (answer := await page.socket.receive_json())["type"] != "result" or answer["success"]:
        pass
    assert "whoever asks has no right to it" in answer["error"]["message"]
    assert rig.writes == 0


async def test_a_page_speaks_the_language_of_its_user_and_follows_a_device_that_is_loaded_anew(
    hass: HomeAssistant, rig: ControlRig, hass_ws_client: WebSocketGenerator
) -> None:
    ada = await administrator(hass)
    page = await opened(rig, hass_ws_client, language="zh-Hans")
    device = await page.stands("closed")
    assert [one["name"] for one in device["circuits"]["1"]["operations"]] == ["强制分闸", "强制合闸", "解除强控"]
    await rig.act("hang_tag", ada, entity_id=rig.switch, reason="检修")
    device = await page.until(lambda device: offered(device)["FORRLYON"])
    assert offered(device)["FORRLYON"].startswith("已挂锁定牌")
    await rig.link.reload()
    await rig.shows("on")
    await rig.turn("off", ada)
    device = await page.stands("open")
    assert [tag["reason"] for tag in device["tags"]] == ["检修"]


def _shown(device: Json) -> Mapping[str, tuple[str, str | None]]:
    return {one["code"]: (one["effect"], one["output"]) for one in device["circuits"]["1"]["operations"]}


async def test_an_output_that_opens_what_it_drives_stands_as_its_circuit_does(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_ws_client: WebSocketGenerator
) -> None:
    drives = {"1/DO1": "breaking_contactor", "1/DO2": "signal"}
    rights = {"administrators": ALL}
    cabinet = await cabinet_of({1: "adw300"})
    control = {**USUAL, "rights": rights, "drives": drives}
    rig = ControlRig(await link_to(cabinet, intervals=QUICK, control=control), unit_id=1)
    ada = await administrator(hass)
    page = await opened(rig, hass_ws_client)
    wanted = {
        "DO1ON": ("open", None), "DO1OFF": ("close", None), "DO2ON": ("nothing", "off"), "DO2OFF": ("nothing", "off")
    }  # fmt: skip
    # Where its outputs stand is read a moment later.
    await page.until(lambda device: device["circuits"]["1"]["position"] == "closed" and _shown(device) == wanted)
    here = {"device_id": page.device_id}
    selected = await rig.act("select", ada, **here, operation="open")
    assert (selected["operation"], selected["position"]) == ("DO1ON", "closed")
    done = await rig.act("operate", ada, **here, operation="open", token=selected["token"])
    assert (done["outcome"], done["position"]) == ("confirmed", "open")
    await page.stands("open")
    (listed,) = (await rig.act("list_operations", ada, **here))["devices"]
    assert [one["position"] for one in listed["operations"][:2]] == ["open", "open"]
    await rig.act("hang_tag", ada, **here, reason="Work")
    with pytest.raises(ServiceValidationError, match="a lock-out tag hangs on it"):
        await rig.act("select", ada, **here, operation="close")


async def test_the_structure_names_what_can_be_operated_or_is_tagged(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_ws_client: WebSocketGenerator
) -> None:
    rights = {"rights": {"administrators": ["tags"]}}
    async with meter(cabinet_of, link_to, {**rights}) as rig:
        (board,) = (await told(hass_ws_client, hass))["boards"]
        assert board["operated"] == []
        device = rig.link.entity_id("binary_sensor", 5, "RlySta")
        await rig.act("hang_tag", await administrator(hass), entity_id=device, reason="Work")
        (board,) = (await told(hass_ws_client, hass))["boards"]
        assert board["operated"] == ["1"]


async def test_what_closes_by_itself_is_named_with_its_circuit(
    hass: HomeAssistant,
    tmp_path: Path,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    hass_ws_client: WebSocketGenerator,
) -> None:
    async with breaker(hass, tmp_path, cabinet_of, link_to, RECLOSES) as rig:
        (board,) = (await told(hass_ws_client, hass))["boards"]
        assert board["by_itself"] == [rig.handle("sensor", "1_reclosing")]
        assert hass.states.get(board["by_itself"][0]) is not None


async def test_a_cut_off_that_is_asked_for_is_told_to_all_and_offered_to_who_may_cut(
    hass: HomeAssistant,
    tmp_path: Path,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
) -> None:
    async with breaker(hass, tmp_path, cabinet_of, link_to, ASKS) as rig:
        page = await opened(rig, hass_ws_client, language="zh-Hans")
        onlooker = await opened(rig, hass_ws_client, hass_read_only_access_token)
        assert (await page.stands("closed"))["requests"] == []
        await rig.leak()
        (asked,) = (await page.until(lambda device: device["requests"]))["requests"]
        assert (asked["circuit"], asked["code"], asked["cause"]) == ("1", "RLYOFF", "过剩余电流")
        assert (asked["may_decide"], asked["in_the_way"]) == (True, "")
        (seen,) = (await onlooker.until(lambda device: device["requests"]))["requests"]
        assert (seen["request_id"], seen["may_decide"]) == (asked["request_id"], False)
        await rig.act("dismiss_cut_off", await administrator(hass), request_id=asked["request_id"])
        assert await page.until(lambda device: not device["requests"])
        assert rig.writes == 0
