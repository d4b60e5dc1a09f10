"""Show the demo's pages in a browser in which its user is logged in."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from demo.browser import Page, open_page
from demo.errors import DemoError
from demo.owner import Tokens

WIDTH = 1400
_FIRST_HEIGHT = 1000
_LOADING_SECONDS = 60.0

# The view, its cards, and in them the curves: all there, and none still fetching.
_IS_COMPLETE = """
  find("hui-sections-view").length > 0
  && find("hui-error-card").length === 0
  && find("ha-spinner, ha-circular-progress").length === 0
  && find("hui-history-graph-card, hui-statistics-graph-card").every((card) => {
    const curves = [...parts(card.shadowRoot ?? card)].filter((node) => node.tagName === "CANVAS");
    return curves.length > 0;
  })
"""
_HEIGHT = """Math.max(...find("hui-sections-view").map((view) => Math.ceil(view.getBoundingClientRect().bottom)))"""


@asynccontextmanager
async def logged_in(session: aiohttp.ClientSession, tokens: Tokens) -> AsyncGenerator[Page]:
    """Open a browser that has its login, as if the user had asked to stay logged in. Raises DemoError."""
    async with open_page(session) as page:
        await page.resize(WIDTH, _FIRST_HEIGHT)
        await page.show(f"{tokens.url}/manifest.json")  # storage belongs to a site, so go there first
        await page.until(f"location.origin === {tokens.url!r}")
        await page.remember("hassTokens", tokens.for_browser())
        yield page


async def show_dashboard(page: Page, url: str) -> None:
    """Show a dashboard and wait until all of it is there, as tall as it is. Raises DemoError."""
    await page.show(url)
    if not await page.until(_IS_COMPLETE, _LOADING_SECONDS):
        raise DemoError(f"{url} did not become complete in {_LOADING_SECONDS:g} s; it says:\n{await page.look('text()')}")
    height = await page.look(_HEIGHT)
    await page.resize(WIDTH, max(int(height), _FIRST_HEIGHT))
    await page.until(_IS_COMPLETE, _LOADING_SECONDS)


async def take_picture(session: aiohttp.ClientSession, tokens: Tokens, url: str, path: Path) -> None:
    """Write a picture of a dashboard. Raises DemoError."""
    async with logged_in(session, tokens) as page:
        await show_dashboard(page, url)
        await page.picture(path)
