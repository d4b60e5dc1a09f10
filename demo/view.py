"""Show the demo's pages in a browser in which its user is logged in."""

import asyncio
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

# The view and its cards are there, with their icons and curves, and none is still fetching.
_IS_COMPLETE = """
  find("hui-sections-view, hui-masonry-view").length > 0
  && find("hui-error-card").length === 0
  && find("ha-spinner, ha-circular-progress").length === 0
  && find("ha-state-icon").every((icon) => [...parts(icon.shadowRoot)].some((node) => node.tagName === "path"))
  && find("hui-history-graph-card, hui-statistics-graph-card").every((card) =>
    [...parts(card.shadowRoot)].some((node) => node.tagName === "CANVAS"))
"""
_HEIGHT = """Math.ceil(Math.max(document.documentElement.scrollHeight,
  ...find("hui-sections-view, hui-masonry-view, hui-view")
    .map((view) => view.getBoundingClientRect().top + view.scrollHeight)))"""


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
    await page.resize(WIDTH, _FIRST_HEIGHT)
    await page.show(url)
    if not await page.until(_IS_COMPLETE, _LOADING_SECONDS):
        seen = await page.look("text()")
        raise DemoError(f"{url} is not complete after {_LOADING_SECONDS:g} s; it says:\n{seen}")
    height = 0
    while height < (needed := max(int(await page.look(_HEIGHT)), _FIRST_HEIGHT)):
        height = needed  # a taller page shows more, which may need more
        await page.resize(WIDTH, height)
        await page.until(_IS_COMPLETE, _LOADING_SECONDS)


async def take_picture(session: aiohttp.ClientSession, tokens: Tokens, url: str, path: Path) -> None:
    """Write a picture of a dashboard. Raises DemoError."""
    async with logged_in(session, tokens) as page:
        await show_dashboard(page, url)
        await asyncio.to_thread(_save, path, await page.picture())


def _save(path: Path, picture: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
