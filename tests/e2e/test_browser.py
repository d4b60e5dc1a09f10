"""The demo's dashboard in headless Chromium."""

import re

import aiohttp
from playwright.async_api import Locator, Page, expect

from demo.api import Http, Socket
from demo.dashboard import CIRCUITS, OVERVIEW, PATH
from demo.inventory import Inventory
from demo.owner import log_in
from demo.site import SITE
from demo.view import logged_in, show_dashboard
from tests.e2e.conftest import ROOT, Demo

_PICTURE = ROOT / "build" / "dashboard.png"
_PNG = b"\x89PNG\r\n\x1a\n"
_WIDTH = 1400
_PATIENCE = 25_000.0  # milliseconds


async def test_dashboard_shows_our_entities_and_an_alarm(demo: Demo) -> None:
    expect.set_options(timeout=_PATIENCE)
    complaints: list[str] = []
    async with aiohttp.ClientSession() as session:
        http = Http(session, demo.url)
        tokens = await log_in(http)
        async with Socket.open(http) as socket:
            inventory = await Inventory.read(socket)
    async with logged_in(tokens) as page:
        page.on("pageerror", lambda error: complaints.append(error.message))
        await show_dashboard(page, f"{demo.url}/{PATH}/{CIRCUITS}")
        names = {entity.name for entity in inventory if entity.domain == "sensor" and entity.category is None}
        devices = {f"{shown.name} ({shown.model.upper()})" for shown in SITE}
        for text in names | devices:
            await expect(page.get_by_text(text).first).to_be_visible()

        await show_dashboard(page, f"{demo.url}/{PATH}/{OVERVIEW}")
        for text in ("Residual current", "Circuit 12", "Insulation resistance"):
            await expect(page.get_by_text(text).first).to_be_visible()
        await expect(page.get_by_text(re.compile(r"No alarm: all \d+ alarms are quiet"))).to_be_visible()
        await expect(_tile(page, "Residual current alarm", "Car charger · Safe")).to_be_visible()
        picture = await page.screenshot(path=_PICTURE)

        await demo.control.ask({"do": "scenario", "name": "leak", "unit": 7})
        await expect(_tile(page, "Residual current alarm", "Car charger · Unsafe")).to_be_visible()
        await expect(page.get_by_text(re.compile(r"1 of \d+ alarms active"))).to_be_visible()
    assert complaints == []

    assert picture.startswith(_PNG)
    assert int.from_bytes(picture[16:20]) == _WIDTH
    assert len(picture) > 50_000


def _tile(page: Page, *texts: str) -> Locator:
    """Return the tile that shows these texts."""
    tile = page.locator("hui-tile-card")
    for text in texts:
        tile = tile.filter(has=page.get_by_text(text, exact=True))
    return tile
