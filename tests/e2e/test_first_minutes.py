"""The first ten minutes in a browser, as a new owner spends them: link, search, names, table, what to do next."""

import aiohttp
import pytest
from playwright.async_api import Page, expect

from demo.api import Http
from demo.calling import LINES_ONLY
from demo.owner import log_in
from demo.view import logged_in
from simulator import Cabinet
from tests.e2e.conftest import ROOT, Demo

_PICTURES = ROOT / "build"
_PATIENCE = 60_000.0  # milliseconds
_BAD = "unit\tcircuit\tname\trated\tleakage\n3\t1\tMain\tmany\t300\n8\t1\tOven\t\t30\n"


@pytest.fixture(autouse=True)
def _lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a demo whose record shows one story, and in which nobody calls meanwhile."""
    monkeypatch.setenv(LINES_ONLY, "1")


async def test_what_answers_is_found_and_added_with_a_pasted_table(demo: Demo) -> None:
    complaints: list[str] = []
    units = {3: "adw300", 8: "aim-r100", 12: "dtsd1352"}
    async with Cabinet.of(units, frozen=True, absent_exception=0x0B) as cabinet, aiohttp.ClientSession() as session:
        cabinet.advance(60)
        tokens = await log_in(Http(session, demo.url))
        async with logged_in(tokens) as page:
            page.set_default_timeout(_PATIENCE)
            expect.set_options(timeout=_PATIENCE)
            page.on("pageerror", lambda error: complaints.append(error.message))
            await _add_link(page, demo.url, cabinet)
            await page.get_by_text("Look for instruments on this link").click()
            await _submit(page)
            await expect(page.get_by_text("3 of 32 units answer")).to_be_visible()
            await expect(page.get_by_text("Unit 12: several models fit (DTSD1352, ADL3000")).to_be_visible()
            await _submit(page)

            for number, name in enumerate(("Main board", "Sockets"), 1):
                await expect(page.get_by_text(f"({number} of 3)")).to_be_visible()
                await page.locator("input[name=name]").fill(name)
                await _submit(page)
            await expect(page.get_by_text("Unit 12 (3 of 3)")).to_be_visible()
            await _submit(page)
            await expect(page.get_by_text("Choose the model that is printed on the device.")).to_be_visible()
            await page.screenshot(path=_PICTURES / "first-minutes-instrument.png")
            await page.locator("ha-generic-picker, ha-select, ha-combo-box").first.click()
            await page.get_by_text("Leave this one out").last.click()
            await _submit(page)

            await expect(page.get_by_text("The circuits of 2 devices")).to_be_visible()
            await page.locator("textarea").last.fill(_BAD)
            await _submit(page)
            await expect(page.get_by_text("row 2, Rated current (A): 'many' is no number")).to_be_visible()
            await page.screenshot(path=_PICTURES / "first-minutes-table.png")
            await page.locator("textarea").last.fill(_BAD.replace("many", "63"))
            await _submit(page)
            await expect(page.get_by_text("What to do next")).to_be_visible()
            await expect(page.get_by_role("link", name="import the blueprint")).to_be_visible()
            await page.screenshot(path=_PICTURES / "first-minutes-next.png")
    assert complaints == []


async def _add_link(page: Page, url: str, cabinet: Cabinet) -> None:
    await page.goto(f"{url}/config/integrations/integration/acrel_safety")
    await page.get_by_text("Add hub").first.click()
    # Who called meanwhile is offered first.
    another, link = page.get_by_text("Set up another instance"), page.get_by_text("Modbus TCP: a gateway")
    await expect(another.or_(link).first).to_be_visible()
    if await another.is_visible():
        await another.click()
    await link.click()
    await page.locator("input[name=host]").fill("127.0.0.1")
    await page.locator("input[type=number]").first.fill(str(cabinet.tcp_port))
    await _submit(page)


async def _submit(page: Page) -> None:
    await page.get_by_role("button", name="Submit").click()
