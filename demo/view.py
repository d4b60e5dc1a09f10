"""Show the demo's pages in a browser in which its user is logged in."""

import json
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from playwright.async_api import Error, Page, StorageState, async_playwright

from demo.errors import DemoError
from demo.owner import Tokens

WIDTH = 1400
_FIRST_HEIGHT = 1000
_LOADING_SECONDS = 60.0

# Debian's own; Playwright's is never fetched.
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_VIEWS = "hui-sections-view, hui-masonry-view"
_CURVES = "hui-history-graph-card, hui-statistics-graph-card"
_BOTTOM = "views => Math.ceil(Math.max(...views.map(it => it.getBoundingClientRect().top + it.scrollHeight)))"


@asynccontextmanager
async def logged_in(
    tokens: Tokens, *, locale: str = "en-US", colors: Literal["light", "dark"] = "light"
) -> AsyncGenerator[Page]:
    """Open a browser that has its login, as if the user had asked to stay logged in. Raises DemoError."""
    command = next(filter(None, map(shutil.which, _NAMES)), None)
    if command is None:
        raise DemoError("no Chromium here; `scripts/bootstrap --browser` installs it")
    login = json.dumps(tokens.for_browser())
    storage: StorageState = {
        "origins": [{"origin": tokens.url, "localStorage": [{"name": "hassTokens", "value": login}]}]
    }
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=command,
                args=_FLAGS,
                handle_sigint=False,  # the demo ends what it started in order
                handle_sigterm=False,
                handle_sighup=False,
            )
        except Error as error:
            raise DemoError(f"the browser did not start: {error.message}") from error
        try:
            page = await browser.new_page(
                viewport={"width": WIDTH, "height": _FIRST_HEIGHT},
                locale=locale,
                color_scheme=colors,
                reduced_motion="reduce",
                storage_state=storage,
            )
            yield page
        finally:
            await browser.close()


async def show_dashboard(page: Page, url: str, *, width: int = WIDTH) -> None:
    """Show a dashboard and wait until all of it is there, as tall as it is. Raises DemoError."""
    await page.set_viewport_size({"width": width, "height": _FIRST_HEIGHT})
    try:
        await page.goto(url)
        await _complete(page)
        height = 0
        while height < (needed := max(await page.locator(_VIEWS).evaluate_all(_BOTTOM), _FIRST_HEIGHT)):
            height = needed  # a taller page shows more, which may need more
            await page.set_viewport_size({"width": width, "height": height})
            await _complete(page)
    except Error as error:
        raise DemoError(f"{url} is not complete: {error.message}") from error


async def _complete(page: Page) -> None:
    """Wait until the view and its cards are there, with their icons and curves, and none is still fetching."""
    find = page.locator
    await find(_VIEWS).first.wait_for(timeout=_LOADING_SECONDS * 1000)
    for unfinished in (
        find("ha-state-icon").filter(has_not=find("path")),
        find(_CURVES).filter(has_not=find("canvas")),
        find("ha-spinner, ha-circular-progress"),
        find("hui-error-card"),
    ):
        await unfinished.first.wait_for(state="detached", timeout=_LOADING_SECONDS * 1000)


async def take_picture(tokens: Tokens, url: str, path: Path) -> None:
    """Write a picture of a dashboard. Raises DemoError."""
    async with logged_in(tokens) as page:
        await show_dashboard(page, url)
        await page.screenshot(path=path)
