"""One alarm from its first sign to its last, as an owner meets it: phone, page, list of hazards, record."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, expect

from demo.api import Http, Json, Socket
from demo.calling import LINES_ONLY
from demo.dashboard import OVERVIEW, PATH
from demo.owner import log_in
from demo.view import logged_in, show_dashboard
from tests.e2e.conftest import Demo, Start, ready
from tests.e2e.operating import OperateCard
from tests.e2e.phone import Phone
from tests.e2e.sights import PICTURES, alert, photograph, tile

_QUIET_NIGHT = {"quiet_from": "00:00:00", "quiet_to": "00:00:00"}
_SILENCE = 60_000.0  # milliseconds; a device is missed after half a minute
_BLUEPRINT = "acrel_safety/notify.yaml"
_IN_THE_DRAWER: Json = {
    "action": "persistent_notification.create",
    "data": {"notification_id": "acrel", "title": "{{ title }}", "message": "{{ message }}"},
}


@pytest.fixture(autouse=True)
def _lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a demo whose record shows one story, and in which nobody calls meanwhile."""
    monkeypatch.setenv(LINES_ONLY, "1")


@dataclass(frozen=True, slots=True)
class Scene:
    """A demo whose owner has a phone, told by the blueprint, and looks at the page."""

    demo: Demo
    socket: Socket
    phone: Phone
    page: Page
    complaints: Sequence[str]

    async def happens(self, unit: int, name: str, **options: float) -> None:
        """Have something happen to one instrument."""
        await self.demo.control.ask({"do": "scenario", "name": name, "unit": unit, "options": options})

    async def acts(self, action: str, **data: object) -> None:
        """Call an action of the integration as the owner."""
        await self.socket.ask("call_service", domain="acrel_safety", service=action, service_data=data)

    async def gets_picture(self, address: str, name: str) -> None:
        """Fetch the picture of a notification as the phone does, by its address alone, and keep it."""
        async with aiohttp.ClientSession() as anybody:
            answer = await anybody.get(f"{self.demo.url}{address}")
            assert (answer.status, answer.content_type) == (200, "image/png")
            await asyncio.to_thread((PICTURES / f"{name}.png").write_bytes, await answer.read())
            assert (await anybody.get(f"{self.demo.url}{address.partition('?')[0]}")).status == 401

    async def hazards(self, entity_id: str) -> Sequence[tuple[str, str]]:
        """Return what is on a list of hazards: name and status."""
        answer = await self.socket.ask(
            *("call_service",),
            domain="todo",
            service="get_items",
            service_data={"entity_id": entity_id, "status": ["needs_action", "completed"]},
            return_response=True,
        )
        return [(item["summary"], item["status"]) for item in answer["response"][entity_id]["items"]]

    def address(self, view: str = OVERVIEW) -> str:
        """Return where a view of the page is."""
        return f"{self.demo.url}/{PATH}/{view}"


@pytest.fixture
async def scene(start: Start, version: tuple[str, ...]) -> AsyncGenerator[Scene]:
    """Return the scene on a version of Home Assistant."""
    demo = await ready(await start("--port", "0", *version))
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        http = Http(session, demo.url)
        tokens = await log_in(http)
        socket = await stack.enter_async_context(Socket.open(http))
        phone = await stack.enter_async_context(Phone.registered(http, socket))
        told: Json = {"phone": phone.device_id, "also": [_IN_THE_DRAWER], **_QUIET_NIGHT}
        automation = {"alias": "Tell Anna", "use_blueprint": {"path": _BLUEPRINT, "input": told}}
        await http.post("/api/config/automation/config/tell", automation)
        page = await stack.enter_async_context(logged_in(tokens))
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(error.message))
        yield Scene(demo, socket, phone, page, complaints)
        assert complaints == []


@pytest.mark.parametrize("version", [(), ("--newest",)], ids=["tested", "newest"])
async def test_a_leak_is_told_cut_off_locked_out_acknowledged_and_recorded(scene: Scene) -> None:
    page, phone = scene.page, scene.phone
    limit = {"quantity": "residual_current", "level": "pre_alarm", "limit": 150}
    await scene.acts("set_limit", entity_id="sensor.offices_safety", **limit)
    await show_dashboard(page, scene.address())
    await expect(tile(page, "Offices", "Safe")).to_be_visible()

    await scene.happens(1, "leak", ma=200)
    await expect(alert(page, "Offices: Pre-alarm", "200 mA, limit 150 mA")).to_be_visible()
    told = await phone.next()
    assert told["title"] == "Pre-alarm: Offices"
    assert "Residual current above the limit: 200 mA, limit 150 mA" in told["message"]

    await scene.happens(1, "leak", ma=600)
    await expect(alert(page, "Offices: Alarm", "600 mA, limit 300 mA", "not acknowledged")).to_be_visible()
    told = await _told(phone, "Alarm: Offices")
    assert "Residual current above the limit: 600 mA, limit 300 mA" in told["message"]
    assert [button["title"] for button in told["data"]["actions"]] == ["Acknowledge", "Show"]
    await scene.gets_picture(told["data"]["image"], "story-leak-last-hour")
    await photograph(page, scene.address(), "story-leak-overview")
    await _shows_the_drawer(page)

    assert await scene.hazards("todo.main_distribution_board_hazards") == [
        ("Offices · Residual current above the limit · #1", "needs_action")
    ]
    await photograph(page, scene.address("record"), "story-leak-hazard")
    await expect(page.get_by_text("Offices · Residual current above the limit · #1")).to_be_visible()

    card = await _is_cut_off_and_locked_out(scene)
    await page.go_back()
    await expect(page.locator("acrel-safety-tags").get_by_text("Offices: Demo – New cable")).to_be_visible()
    await page.screenshot(path=PICTURES / "story-cut-off-overview.png")
    await page.get_by_role("link", name="Show Offices").last.click()
    await card.remove_tag()

    await page.go_back()
    await tile(page, "Acknowledge: Offices").click()
    await page.get_by_role("button", name="OK").click()
    await expect(page.get_by_text("No alarm stands on what can be seen.")).to_be_visible()
    assert (await _told(phone, None))["message"] == "clear_notification"
    assert [status for _, status in await scene.hazards("todo.main_distribution_board_hazards")] == ["completed"]
    await scene.happens(1, "normal")
    await tile(page, "Offices", "Safe").click()
    await card.operate_by_keys("Switch on")
    await expect(card.stands("Closed (on)")).to_be_visible()
    await photograph(page, scene.address("record"), "story-leak-record")
    what, off, on = "Residual current above the limit", "switch off (Output 1 on)", "switch on (Output 1 off)"
    for said in (
        f"Alarm: {what}: 600 mA, limit 300 mA",
        f"{off}: Done: the position was read back · Demo",
        "lock-out tag hung: Demo – New cable · Demo",
        f"{on}: Refused, nothing was sent: a lock-out tag hangs on it (Demo: New cable) · Demo",
        "lock-out tag removed: Demo – New cable · Demo",
        f"ended: {what}",
        f"{on}: Done: the position was read back · Demo",
    ):
        await expect(page.get_by_text(said).first).to_be_visible()


async def _is_cut_off_and_locked_out(scene: Scene) -> OperateCard:
    """Cut the leak off on the page, hang a tag, and see that nobody switches it on."""
    page, card = scene.page, OperateCard(scene.page)
    await show_dashboard(page, scene.address())
    await page.get_by_role("link", name="Show Offices").click()
    await expect(card.stands("Closed (on)")).to_be_visible()
    await card.operate("Switch off", "story-cut-off-selected")
    await expect(card.stands("Open (off)")).to_be_visible()
    await expect(card.says("Switch off – Done: the position was read back · Demo")).to_be_visible()
    over = "at worst 600 mA, now 0 mA, limit 300 mA"
    await expect(alert(page, "Offices: Alarm", "over, not acknowledged", over)).to_be_visible()
    await card.hang_tag("New cable")
    await expect(card.says("Not now: Switch on – a lock-out tag hangs on it (Demo: New cable)")).to_be_visible()
    await card.press("Switch on")
    await expect(card.says("Offices: Refused, nothing was sent: a lock-out tag hangs on it")).to_be_visible()
    await page.screenshot(path=PICTURES / "story-cut-off-locked-out.png")
    return card


@pytest.mark.parametrize("version", [()], ids=["tested"])
async def test_a_silent_board_is_told_shown_acknowledged_by_its_button_and_recorded(scene: Scene) -> None:
    page, phone = scene.page, scene.phone
    await show_dashboard(page, scene.address())
    await expect(page.get_by_text("Water pump: its model has no alarms that could be watched").first).to_be_visible()
    await scene.happens(5, "silent")
    unseen = alert(page, "Ground-floor flat: Not seen", "Device cannot be seen")
    await expect(unseen).to_be_visible(timeout=_SILENCE)
    told = await phone.next()
    assert told["title"] == "Cannot be seen: Ground-floor flat"
    assert told["message"].startswith("Device cannot be seen")
    await photograph(page, scene.address(), "story-silent-overview")
    await phone.press(told["data"]["actions"][0]["action"])
    await expect(alert(page, "Ground-floor flat: Not seen", " · acknowledged")).to_be_visible()
    assert (await phone.next())["message"] == "clear_notification"
    await scene.happens(5, "normal")
    # Who says nothing is asked less often.
    await expect(alert(page, "Ground-floor flat: Not seen")).to_be_hidden(timeout=_SILENCE)
    await expect(tile(page, "Ground-floor flat", "Safe")).to_be_visible()
    await photograph(page, scene.address("record"), "story-silent-record")
    for said in ("Cannot be seen: Device cannot be seen", "acknowledged: Device cannot be seen · Demo"):
        await expect(page.get_by_text(said).first).to_be_visible()
    await expect(page.get_by_text("ended: Device cannot be seen").first).to_be_visible()


async def _told(phone: Phone, title: str | None) -> Any:  # noqa: ANN401 - JSON as it was pushed
    """Return the next notification with a title; what came before it about less is not looked at."""
    while (told := await phone.next()).get("title") != title:
        pass
    return told


async def _shows_the_drawer(page: Page) -> None:
    """Keep a picture of Home Assistant's own notifications."""
    await page.get_by_text("Notifications", exact=True).click()
    await expect(page.get_by_text(re.compile(r"600 mA, limit 300 mA \(since"))).to_be_visible()
    await page.screenshot(path=PICTURES / "story-leak-notification.png")
