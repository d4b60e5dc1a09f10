"""What is looked for on the pages of the demo, and how long; pictures of it."""

import re
from typing import Final

from playwright.async_api import Locator, Page, expect

from demo.view import show_dashboard
from tests.e2e.conftest import ROOT

PICTURES: Final = ROOT / "build"
_PATIENCE = 90_000.0  # milliseconds; silence is believed after several tries, and others are on the same cores
expect.set_options(timeout=_PATIENCE)


async def photograph(page: Page, url: str, name: str) -> None:
    """Show a page, and keep a picture of it."""
    await show_dashboard(page, url)
    await page.screenshot(path=PICTURES / f"{name}.png")


def alert(page: Page, title: str, *texts: str) -> Locator:
    """Return the note with a title that says these texts."""
    alert = page.locator("ha-alert").filter(has=page.get_by_text(title, exact=True))
    for text in texts:
        alert = alert.filter(has_text=re.compile(re.escape(text)))
    return alert


def tile(page: Page, *texts: str) -> Locator:
    """Return the tile that shows these texts."""
    tile = page.locator("hui-tile-card")
    for text in texts:
        tile = tile.filter(has=page.get_by_text(text, exact=True))
    return tile
