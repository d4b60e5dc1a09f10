"""How a person operates on the page: selects, holds to confirm, hangs a tag and takes it off."""

from playwright.async_api import Locator, Page, expect

from tests.e2e.sights import PICTURES


class OperateCard:
    """The card of one place, on its page."""

    def __init__(self, page: Page, name: str = "Offices") -> None:
        """Take the page, which shows it or will, and what the place is called."""
        self._page = page
        self._name = name
        self.shown = page.locator("acrel-safety-operate")

    def says(self, text: str) -> Locator:
        """Return where it says so."""
        return self.shown.get_by_text(text)

    def stands(self, word: str) -> Locator:
        """Return where it shows this position."""
        return self.shown.locator(".head").get_by_text(word)

    async def press(self, name: str) -> None:
        """Press one of its buttons."""
        await self.shown.get_by_role("button", name=name).click()

    async def operate(self, verb: str, picture: str = "") -> None:
        """Select, read what would happen, and hold the mouse until it is sent."""
        await self.select(verb, picture)
        await self.hold()

    async def select(self, verb: str, picture: str = "") -> None:
        """Select, and read what would happen."""
        await self.press(verb)
        await self._selected(verb, picture)

    async def hold(self) -> None:
        """Hold the mouse until it is sent."""
        hold = self.shown.get_by_role("button", name="Hold to confirm")
        await hold.hover()
        await self._page.mouse.down()
        await expect(self.shown.get_by_role("alertdialog")).to_be_hidden()
        await self._page.mouse.up()

    async def operate_by_keys(self, verb: str) -> None:
        """The same without a mouse: a short press does nothing but show another way; a held key sends."""
        await self.shown.get_by_role("button", name=verb).focus()
        await self._page.keyboard.press("Enter")
        await self._selected(verb)
        await self._page.keyboard.press("Tab")
        await self._page.keyboard.press("Enter")
        await expect(self.shown.get_by_role("button", name="Confirm without holding")).to_be_visible()
        await expect(self.shown.get_by_role("alertdialog")).to_be_visible()
        await self._page.keyboard.down("Enter")
        await expect(self.shown.get_by_role("alertdialog")).to_be_hidden()
        await self._page.keyboard.up("Enter")

    async def _selected(self, verb: str, picture: str = "") -> None:
        dialog = self.shown.get_by_role("alertdialog")
        await expect(dialog).to_be_focused()
        await expect(dialog).to_contain_text(f"{verb}: {self._name}")
        if picture:
            await self._page.screenshot(path=PICTURES / f"{picture}.png")

    async def has_code_sent(self) -> None:
        """Have a code sent to the phone, as the dialog says."""
        await self.press("Have a code sent")
        await expect(self.says("A code was sent to …0000.")).to_be_visible()

    async def enter(self, code: str) -> None:
        """Enter what the account asks for."""
        await self.shown.get_by_label("or the code from the phone").fill(code)

    async def hang_tag(self, reason: str) -> None:
        """Hang a tag in one's own name."""
        await self.press("Hang a lock-out tag")
        await self.shown.get_by_label("Why it must stay off").fill(reason)
        await self.press("Hang the tag")
        await expect(self.says(f"Locked out: Demo – {reason}")).to_be_visible()

    async def remove_tag(self) -> None:
        """Take it off: it asks once more."""
        await self.press("Remove")
        await self.press("Remove this tag")
        await expect(self.says("Locked out")).to_be_hidden()
