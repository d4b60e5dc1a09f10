"""The demo's dashboards in headless Chromium: the page of the integration, and the one made by hand."""

from contextlib import AsyncExitStack
from typing import Literal

import aiohttp
from playwright.async_api import Page, expect

from demo.api import Http, Socket
from demo.dashboard import CABINET, CIRCUITS, OVERVIEW, PATH
from demo.inventory import Inventory
from demo.owner import Tokens, log_in
from demo.site import SITE
from demo.view import WIDTH, logged_in, show_dashboard
from tests.e2e.conftest import Demo
from tests.e2e.owning import adds_the_page, takes_control
from tests.e2e.sights import PICTURES, alert, photograph, tile

_PNG = b"\x89PNG\r\n\x1a\n"
_PHONE = 390
_LEAK = "Residual current above the limit: 600 mA, limit 300 mA"
_HOSTILE = "Offices <img src=x onerror=alert(1)> **b** [c](javascript:alert(1)) {{ 7 * 191 }}"


async def test_page_shows_a_leak_with_its_limit_and_what_cannot_be_seen_until_a_person_acknowledges(
    demo: Demo,
) -> None:
    complaints: list[str] = []
    async with aiohttp.ClientSession() as session:
        http = Http(session, demo.url)
        tokens = await log_in(http)
        async with logged_in(tokens) as page:
            page.on("pageerror", lambda error: complaints.append(error.message))
            await show_dashboard(page, f"{demo.url}/{PATH}")
            await expect(page.get_by_text("No alarm stands on what can be seen.")).to_be_visible()
            await expect(
                page.get_by_text("Water pump: its model has no alarms that could be watched").first
            ).to_be_visible()
            await expect(tile(page, "Offices", "Safe")).to_be_visible()

            await demo.control.ask({"do": "scenario", "name": "leak", "unit": 1})
            await demo.control.ask({"do": "scenario", "name": "leak", "unit": 8, "options": {"circuit": 4}})
            await demo.control.ask({"do": "scenario", "name": "silent", "unit": 5})
            await expect(alert(page, "Offices: Alarm", _LEAK)).to_be_visible()
            await expect(alert(page, "Socket circuits · Circuit 4: Alarm", "600 mA, limit 300 mA")).to_be_visible()
            await expect(alert(page, "Ground-floor flat: Not seen")).to_be_visible()
            await expect(tile(page, "Offices", "Alarm · Residual current above the limit")).to_be_visible()
            await photograph(page, f"{demo.url}/{PATH}/{OVERVIEW}", "page-overview")
            await _shows_what_is_below(page)
            await _looks_right_elsewhere(demo, tokens)
            await _renamed(http, "Offices", _HOSTILE)
            await show_dashboard(page, f"{demo.url}/{PATH}/{OVERVIEW}")
            await expect(alert(page, f"{_HOSTILE}: Alarm")).to_be_visible()
            await expect(page.locator("hui-markdown-card img")).to_have_count(0)
            await expect(page.locator("hui-markdown-card a[href*=javascript]")).to_have_count(0)
            await _renamed(http, "Offices", None)
            await show_dashboard(page, f"{demo.url}/{PATH}/{OVERVIEW}")

            acknowledge = tile(page, "Acknowledge: Offices")
            await acknowledge.click()
            await page.get_by_role("button", name="OK").click()
            await expect(alert(page, "Offices: Alarm", " · acknowledged")).to_be_visible()
            await expect(acknowledge).to_have_count(0)
            await demo.control.ask({"do": "scenario", "name": "normal"})
            await expect(alert(page, "Offices: Alarm")).to_have_count(0)
            # Nobody knows of this one yet: that it is over does not end it.
            await expect(alert(page, "Socket circuits · Circuit 4: Alarm", "over, not acknowledged")).to_be_visible()
            async with Socket.open(http) as socket:
                await adds_the_page(page, socket, demo)
                await takes_control(page, socket, demo)
    assert complaints == []


async def _shows_what_is_below(page: Page) -> None:
    """Walk to a board and a circuit as a person would, and to the record."""
    await tile(page, "Socket circuits").click()
    await expect(page.get_by_text("Circuit 12", exact=True)).to_be_visible()
    await photograph(page, page.url, "page-board")
    await page.go_back()
    await page.get_by_role("link", name="Show Offices").click()
    await expect(page.locator("hui-history-graph-card").first).to_be_visible()
    await expect(page.get_by_text("Residual current alarm value").first).to_be_visible()
    await photograph(page, page.url, "page-circuit")
    await photograph(page, page.url.replace(page.url.rpartition("/")[2], "record"), "page-record")
    await expect(page.get_by_text("Socket circuits · Circuit 4").filter(visible=True).first).to_be_visible()
    await page.goto(page.url.replace("record", OVERVIEW))


async def _looks_right_elsewhere(demo: Demo, tokens: Tokens) -> None:
    """Show a phone in the dark, in Chinese: all of it fits the width."""
    kinds: tuple[tuple[str, Literal["light", "dark"], int, str, str], ...] = (
        ("zh-CN", "dark", _PHONE, "page-phone-dark-zh", "剩余电流超过限值"),
        ("en-US", "dark", WIDTH, "page-dark", "What is wrong now"),
    )
    for locale, colors, width, name, text in kinds:
        async with logged_in(tokens, locale=locale, colors=colors) as page:
            await show_dashboard(page, f"{demo.url}/{PATH}/{OVERVIEW}", width=width)
            await expect(page.get_by_text(text).first).to_be_visible()
            await expect(page.locator("ha-alert").filter(has_text="600 mA").first).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            await page.screenshot(path=PICTURES / f"{name}.png")


async def test_page_shows_a_leak_on_the_newest_home_assistant(newest_demo: Demo) -> None:
    complaints: list[str] = []
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        http = Http(session, newest_demo.url)
        page = await stack.enter_async_context(logged_in(await log_in(http)))
        page.on("pageerror", lambda error: complaints.append(error.message))
        await show_dashboard(page, f"{newest_demo.url}/{PATH}")
        await expect(tile(page, "Offices", "Safe")).to_be_visible()
        await newest_demo.control.ask({"do": "scenario", "name": "leak", "unit": 1})
        await expect(alert(page, "Offices: Alarm", _LEAK)).to_be_visible()
        await page.get_by_role("link", name="Show Offices").click()
        await expect(page.locator("hui-history-graph-card").first).to_be_visible()
        await photograph(page, page.url, "page-newest")
        socket = await stack.enter_async_context(Socket.open(http))
        await adds_the_page(page, socket, newest_demo)
        await takes_control(page, socket, newest_demo)
    assert complaints == []


async def test_dashboard_made_by_hand_shows_every_circuit_and_value(demo: Demo) -> None:
    complaints: list[str] = []
    async with aiohttp.ClientSession() as session:
        http = Http(session, demo.url)
        tokens = await log_in(http)
        async with Socket.open(http) as socket:
            inventory = await Inventory.read(socket)
    async with logged_in(tokens) as page:
        page.on("pageerror", lambda error: complaints.append(error.message))
        await show_dashboard(page, f"{demo.url}/{CABINET}/{CIRCUITS}")
        names = {entity.name for entity in inventory if entity.domain == "sensor" and entity.category is None}
        devices = {f"{shown.name} ({shown.model.upper()})" for shown in SITE}
        for text in names | devices:
            await expect(page.get_by_text(text).first).to_be_visible()

        await show_dashboard(page, f"{demo.url}/{CABINET}/{OVERVIEW}")
        for text in ("Residual current", "Circuit 12", "Insulation resistance"):
            await expect(page.get_by_text(text).first).to_be_visible()
        picture = await page.screenshot(path=PICTURES / "dashboard.png")
    assert complaints == []
    assert picture.startswith(_PNG)
    assert int.from_bytes(picture[16:20]) == WIDTH
    assert len(picture) > 50_000


async def _renamed(http: Http, name: str, to: str | None) -> None:
    """Give a device another name as its owner would, None for its own."""
    async with Socket.open(http) as socket:
        devices = await socket.ask("config/device_registry/list")
        device = next(device for device in devices if device["name"] == name)
        await socket.ask("config/device_registry/update", device_id=device["id"], name_by_user=to)
