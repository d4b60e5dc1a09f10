"""The card that operates by itself in headless Chromium: what sends, and what does not."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from custom_components.acrel_safety.page import CARDS
from demo.owner import Tokens
from demo.view import logged_in

type Json = dict[str, Any]

_HOSTILE = "<img src=x onerror=alert(1)> {{ 7 * 191 }}"
_OPEN: Json = {
    "code": "RLYOFF", "name": "Open", "effect": "open", "warning": "", "in_the_way": "", "output": None
}  # fmt: skip
_CLOSE: Json = {**_OPEN, "code": "RLYON", "name": "Close", "effect": "close", "in_the_way": "a tag hangs"}
# A page with one card, whose Home Assistant keeps what it is asked and answers what the test says.
_SHOW = """async ([text, told, answers, language]) => {
  const url = URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
  window.made = await import(url);
  window.asked = [];
  const hass = {
    locale: {language},
    connection: {
      subscribeMessage: async take => { window.tell = take; take({devices: {d: told}}); return () => {}; },
    },
    callWS: async message => {
      window.asked.push(message);
      const answer = answers[message.service];
      if (answer?.error) throw {message: answer.error};
      return {response: answer};
    },
  };
  const card = document.createElement("acrel-safety-operate");
  card.setConfig({device: "d", place: "d", circuits: ["1"], name: "Kitchen", whole: true});
  document.body.append(card);
  card.hass = hass;
}"""
_ANSWERS: Json = {"select": {"token": "t", "seconds": 20, "position": "closed"}, "operate": {"text": "Done"}}


@pytest.fixture
async def page() -> AsyncGenerator[Page]:
    async with logged_in(Tokens(url="http://127.0.0.1", client="", answer={})) as blank:
        yield blank


def told(*operations: Json, **more: object) -> Json:
    circuit = {"position": "closed", "operations": list(operations), "last": None}
    return {"may_tag": False, "tags": [], "moving": None, "circuits": {"1": circuit}, **more}


async def show(page: Page, shown: Json, answers: Json = _ANSWERS, language: str = "en") -> None:
    await page.evaluate(_SHOW, [CARDS.read_text("utf-8"), shown, answers, language])


async def asked(page: Page) -> list[str]:
    found: list[str] = await page.evaluate("window.asked.map(one => one.service)")
    return found


async def test_only_a_button_that_is_held_sends_and_once(page: Page) -> None:
    await show(page, told(_OPEN, _CLOSE))
    await page.get_by_role("button", name="Switch off").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("Position as it was read just now: Closed (on)")
    await expect(dialog).to_contain_text("Off is not isolated")
    hold = page.get_by_role("button", name="Hold to confirm")
    await hold.dblclick()
    other = page.get_by_role("button", name="Confirm without holding")
    await expect(other).to_be_visible()
    assert await asked(page) == ["select"]
    await hold.hover()
    await page.mouse.down()
    await expect(dialog).to_be_hidden()
    await page.mouse.up()
    await expect(page.get_by_text("Done")).to_be_visible()
    assert await asked(page) == ["select", "operate"]
    sent = await page.evaluate("window.asked[1]")
    assert sent["service_data"] == {"operation": "RLYOFF", "token": "t"}
    assert sent["target"] == {"device_id": "d"}


async def test_whoever_cannot_hold_presses_twice(page: Page) -> None:
    await show(page, told(_OPEN))
    await page.get_by_role("button", name="Switch off").press("Enter")
    await page.get_by_role("button", name="Hold to confirm").evaluate("button => button.click()")
    other = page.get_by_role("button", name="Confirm without holding")
    await expect(other).to_be_disabled()
    await expect(other).to_be_enabled()
    await other.press("Enter")
    await expect(page.get_by_text("Done")).to_be_visible()
    assert await asked(page) == ["select", "operate"]


@pytest.mark.parametrize("how", ["Escape", "Cancel", "too late"])
async def test_what_is_not_confirmed_is_not_sent(page: Page, how: str) -> None:
    seconds = 1 if how == "too late" else 20
    await show(page, told(_OPEN), {**_ANSWERS, "select": {**_ANSWERS["select"], "seconds": seconds}})
    await page.get_by_role("button", name="Switch off").click()
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_be_visible()
    if how == "Escape":
        await page.keyboard.press(how)
    elif how == "Cancel":
        await page.get_by_role("button", name=how).click()
    await expect(page.get_by_text("Nothing was sent.")).to_be_visible()
    await expect(dialog).to_be_hidden()
    assert await asked(page) == ["select"]


async def test_what_is_in_the_way_is_said_and_the_refusal_is_the_servers(page: Page) -> None:
    await show(page, told(_OPEN, _CLOSE), {"select": {"error": "Kitchen: Refused"}})
    await expect(page.get_by_text("Not now: Switch on – a tag hangs")).to_be_visible()
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.get_by_text("Kitchen: Refused")).to_be_visible()
    await expect(page.get_by_role("alertdialog")).to_be_hidden()


async def test_who_may_nothing_sees_position_and_tags_as_plain_text_and_no_button(page: Page) -> None:
    tag = {
        "tag_id": "1", "circuit": "0", "name": _HOSTILE, "reason": "Work", "time": "2026-03-02T10:00:00+00:00",
        "may_remove": False,
    }  # fmt: skip
    await show(page, told(tags=[tag]))
    await expect(page.get_by_text(f"Locked out: {_HOSTILE} – Work")).to_be_visible()
    await expect(page.locator("acrel-safety-operate img")).to_have_count(0)
    await expect(page.get_by_role("button")).to_have_count(0)


async def test_a_position_that_is_not_known_is_said_to_be_so(page: Page) -> None:
    shown = told(_OPEN)
    shown["circuits"]["1"]["position"] = None
    await show(page, shown, language="zh-Hans")
    await expect(page.get_by_text("位置未知")).to_be_visible()
    await page.evaluate("window.tell({devices: {}})")
    await expect(page.get_by_text("目前无法显示")).to_be_visible()


_REQUEST: Json = {
    "request_id": "r1", "circuit": "1", "code": "RLYOFF", "name": "Open", "warning": "", "cause": _HOSTILE,
    "value": 35, "limit": 30, "unit": "mA", "time": "2026-03-02T10:00:00+00:00", "may_decide": True, "in_the_way": "",
}  # fmt: skip


async def test_a_cut_off_that_is_asked_for_is_confirmed_or_declined_in_two_steps(page: Page) -> None:
    answers = {**_ANSWERS, "confirm_cut_off": {"text": "Cut off"}, "dismiss_cut_off": {}}
    await show(page, told(requests=[_REQUEST]), answers)
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text(f"Asks to be switched off: {_HOSTILE}: 35 mA (limit 30 mA)")
    # Declined: the first press asks, also by keys; Cancel leaves all as it is.
    keep = page.get_by_role("button", name="Leave it on")
    await keep.press("Enter")
    await expect(page.get_by_role("button", name="Leave it on all the same")).to_be_focused()
    await page.get_by_role("button", name="Cancel").press("Enter")
    assert await asked(page) == []
    await keep.click()
    await page.get_by_role("button", name="Leave it on all the same").click()
    await expect(page.get_by_text("It stays on.")).to_be_visible()
    assert await page.evaluate("window.asked.pop().service_data") == {"request_id": "r1"}
    # Confirmed: what would happen is shown, and only holding sends.
    cut = page.get_by_role("button", name="Switch off")
    await cut.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("alertdialog")
    await expect(dialog).to_be_focused()
    await expect(dialog).to_contain_text("whatever it feeds loses power")
    await page.keyboard.press("Escape")
    await expect(cut).to_be_focused()
    assert await asked(page) == ["select"]
    await cut.click()
    await page.keyboard.press("Tab")
    await page.keyboard.down("Enter")
    await expect(dialog).to_be_hidden()
    await page.keyboard.up("Enter")
    await expect(page.get_by_text("Cut off", exact=True)).to_be_visible()
    assert await asked(page) == ["select", "select", "confirm_cut_off"]
    assert await page.evaluate("window.asked[2].service_data") == {"request_id": "r1"}
    # Once nothing asks any more, nothing can be confirmed.
    await cut.click()
    await expect(dialog).to_be_visible()
    await page.evaluate("told => window.tell({devices: {d: told}})", told(requests=[]))
    await expect(dialog).to_be_hidden()
    await expect(alert).to_be_empty()


async def test_who_may_not_decide_sees_what_is_asked_and_no_button(page: Page) -> None:
    request = {**_REQUEST, "may_decide": False, "in_the_way": "", "limit": None}
    await show(page, told(requests=[request]), language="zh-Hans")
    await expect(page.get_by_role("alert")).to_contain_text(f"请求切断：{_HOSTILE}：35 mA")
    await expect(page.get_by_role("button")).to_have_count(0)
    await expect(page.locator("acrel-safety-operate img")).to_have_count(0)


async def test_both_languages_say_the_same_things(page: Page) -> None:
    await show(page, told())
    keys = """() => ["en", "zh"].map(language => JSON.stringify(window.made.TEXTS[language],
      (key, value) => typeof value === "string" || typeof value === "function" ? 0 : value))"""
    english, chinese = await page.evaluate(keys)
    assert english == chinese


_PROVED: Json = {**_OPEN, "wants_proof": True}
_SECRET = "second-Word-2"  # noqa: S105 - of nobody


async def test_a_way_that_wants_a_second_password_is_asked_for_it_and_nothing_is_kept(page: Page) -> None:
    answers = {**_ANSWERS, "request_code": {"phone": "…0000"}}
    await show(page, told(_PROVED), answers)
    await page.get_by_role("button", name="Switch off").click()
    field = page.get_by_label("Second password of the account")
    assert await field.get_attribute("type") == "password"
    assert await field.get_attribute("autocomplete") == "off"
    await page.get_by_role("button", name="Have a code sent").click()
    await expect(page.get_by_text("A code was sent to …0000.")).to_be_visible()
    hold = page.get_by_role("button", name="Hold to confirm")
    await hold.evaluate("button => button.click()")
    other = page.get_by_role("button", name="Confirm without holding")
    await expect(other).to_be_enabled()
    await other.press("Enter")
    await expect(page.get_by_text("Enter the second password or the code first")).to_be_visible()
    assert await asked(page) == ["select", "request_code"]
    await field.fill(_SECRET)
    await other.press("Enter")
    await expect(page.get_by_text("Done")).to_be_visible()
    sent = await page.evaluate("window.asked.at(-1)")
    assert sent["service_data"] == {"operation": "RLYOFF", "token": "t", "second_password": _SECRET}
    await page.get_by_role("button", name="Switch off").click()
    await expect(field).to_have_value("")


async def test_a_cut_off_is_confirmed_with_the_second_password(page: Page) -> None:
    await show(
        page, told(requests=[{**_REQUEST, "wants_proof": True}]), {**_ANSWERS, "confirm_cut_off": {"text": "Cut off"}}
    )
    await page.get_by_role("button", name="Switch off").click()
    await page.get_by_label("Second password of the account").fill(_SECRET)
    hold = page.get_by_role("button", name="Hold to confirm")
    await hold.hover()
    await page.mouse.down()
    await expect(page.get_by_text("Cut off")).to_be_visible()
    await page.mouse.up()
    sent = await page.evaluate("window.asked.at(-1)")
    assert sent["service_data"] == {"request_id": "r1", "second_password": _SECRET}
