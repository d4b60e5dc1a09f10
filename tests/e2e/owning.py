"""How an owner gets the page without any YAML, and makes it theirs."""

from playwright.async_api import Page, expect

from demo.api import Json, Socket
from demo.dashboard import OVERVIEW, PATH
from demo.errors import DemoError
from demo.view import show_dashboard
from tests.e2e.conftest import Demo

_ADDED = f"{PATH}-2"
"""The demo has one of that name already."""


async def adds_the_page(page: Page, socket: Socket, demo: Demo) -> None:
    """Add it in the settings: its name and icon are there already, so that one click is left."""
    await page.goto(f"{demo.url}/config/lovelace/dashboards")
    await page.get_by_text("Add dashboard").first.click()
    await page.get_by_text("Acrel Safety").first.click()
    async with socket.stream("subscribe_events", event_type="lovelace_updated") as changes:
        await page.get_by_role("button", name="Create", exact=True).click()
        await anext(changes)
    added = next(one for one in await socket.ask("lovelace/dashboards/list") if one["url_path"] == _ADDED)
    assert (added["title"], added["icon"], added["show_in_sidebar"]) == ("Electrical safety", "mdi:shield-home", True)
    try:
        await show_dashboard(page, f"{demo.url}/{_ADDED}/{OVERVIEW}")
    except DemoError:
        # The frontend learns of a new dashboard by an event of its own; who comes before it loads the page once more.
        await show_dashboard(page, f"{demo.url}/{_ADDED}/{OVERVIEW}")
    await expect(page.get_by_text("What is wrong now")).to_be_visible()


async def takes_control(page: Page, socket: Socket, demo: Demo) -> None:
    """Make a copy of all pages that is the owner's: it looks and works as before."""
    await show_dashboard(page, f"{demo.url}/{PATH}/{OVERVIEW}")
    await page.get_by_role("button", name="Edit dashboard").click()
    async with socket.stream("subscribe_events", event_type="lovelace_updated") as changes:
        await page.get_by_role("button", name="Take control").click()
        await anext(changes)
    config: Json = await socket.ask("lovelace/config", url_path=PATH)
    assert "strategy" not in config
    assert all(view["sections"] for view in config["views"])
    await show_dashboard(page, f"{demo.url}/{PATH}/{OVERVIEW}")
    await expect(page.get_by_text("What is wrong now")).to_be_visible()
    await expect(page.locator("ha-alert").first).to_be_visible()
