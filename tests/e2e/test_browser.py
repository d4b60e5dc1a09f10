"""The demo's dashboard in headless Chromium."""

import asyncio
import json

import aiohttp

from demo.api import Http, Socket
from demo.dashboard import CIRCUITS, OVERVIEW, PATH
from demo.inventory import Inventory
from demo.owner import log_in
from demo.site import SITE
from demo.view import logged_in, show_dashboard
from simulator.control import ask
from tests.e2e.conftest import ROOT, Demo

_PICTURE = ROOT / "build" / "dashboard.png"
_PNG = b"\x89PNG\r\n\x1a\n"
_WIDTH = 1400


async def test_dashboard_shows_our_entities_and_an_alarm(demo: Demo) -> None:
    async with aiohttp.ClientSession() as session:
        http = Http(session, demo.url)
        tokens = await log_in(http)
        async with Socket.open(http) as socket:
            inventory = await Inventory.read(socket)
        async with logged_in(session, tokens) as page:
            await show_dashboard(page, f"{demo.url}/{PATH}/{CIRCUITS}")
            names = [entity.name for entity in inventory if entity.domain == "sensor" and entity.category is None]
            devices = [f"{shown.name} ({shown.model.upper()})" for shown in SITE]
            assert await page.missing([*names, *devices]) == []

            await show_dashboard(page, f"{demo.url}/{PATH}/{OVERVIEW}")
            assert await page.missing(["Residual current", "Circuit 12", "Insulation resistance"]) == []
            assert await page.until(r"/No alarm: all \d+ alarms are quiet/.test(text())")
            assert await page.until(_tile("Residual current alarm", "Car charger", "Safe"))
            picture = await page.picture()
            await asyncio.to_thread(_save, picture)

            await ask(demo.control_port, {"do": "scenario", "name": "leak", "unit": 7})
            assert await page.until(_tile("Residual current alarm", "Car charger", "Unsafe"), seconds=25)
            assert await page.until(r"/1 of \d+ alarms active/.test(text())")
            assert page.complaints == []

    assert picture.startswith(_PNG)
    assert int.from_bytes(picture[16:20]) == _WIDTH
    assert _PICTURE.stat().st_size > 50_000


def _tile(*texts: str) -> str:
    """Return the condition that a tile shows these texts."""
    return f"""find("hui-tile-card").some((tile) => {{
      const shown = text(tile.shadowRoot).split("\\n");
      return {json.dumps(texts)}.every((wanted) => shown.includes(wanted));
    }})"""


def _save(picture: bytes) -> None:
    _PICTURE.parent.mkdir(exist_ok=True)
    _PICTURE.write_bytes(picture)
