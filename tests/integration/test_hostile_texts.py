"""Texts of a hostile model file in forms and repairs: shown as they are written, never as links, pictures or markup."""

import asyncio
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.errors import (
    AcrelError,
    FileProblemsError,
    MissingTableError,
    UnknownModelError,
    WrongDeviceError,
)
from custom_components.acrel_safety.aioacrel.problems import Problem, flat
from custom_components.acrel_safety.const import DOMAIN, MODEL_FOLDER
from custom_components.acrel_safety.issues import raise_issue
from custom_components.acrel_safety.markdown import plain, problem_list, quoted
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import Walk, add_device, upload
from tests.integration.rigs import LinkRig

TEXTS = json.loads(
    (Path(__file__).parents[2] / "custom_components/acrel_safety/translations/en.json").read_text("utf-8")
)
HOSTILE = (
    "a` ![p](http://evil.invalid/p.png) [c](http://evil.invalid) <img src=x> www.evil.invalid me@evil.invalid **b** `"
)
STEERING = "\x1b[31m\x9b1m\u202e\u2066\r\n"
SHOWN = {"text", "softbreak", "inline", "text_special"}
"""What a line of text is parsed into."""
OF_FORMS = re.compile(r"(paragraph|bullet_list|list_item|table|thead|tbody|tr|th|td)_(open|close)")


def tokens(markdown: str) -> Iterator[str]:
    """Yield the kind of everything that Markdown makes of a text."""
    for token in MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(markdown):
        yield token.type
        yield from (child.type for child in token.children or ())


def check_is_text(markdown: str, allowed: frozenset[str] = frozenset()) -> None:
    """See that nothing in Markdown is live, be it because the frontend looks for bare addresses."""
    live = {kind for kind in tokens(markdown) if kind not in SHOWN | allowed and not OF_FORMS.fullmatch(kind)}
    assert live == set(), markdown
    assert re.search(r"(?i)(https?|ftp)://|www\.|\w@\w", re.sub(r"`[^`\n]*`", "", markdown)) is None, markdown
    assert all(line.isprintable() for line in markdown.split("\n")), markdown


@given(st.text(st.sampled_from([*"\\`*_{}[]<>#|~!$&@:/.()-+= \n\t1a\u202e\x1b"])) | st.text())
def test_any_text_stays_text(text: str) -> None:
    check_is_text(plain(text))
    check_is_text(f"- {plain(text)}")
    check_is_text(f"**{plain(text) or 'x'}x**", frozenset({"strong_open", "strong_close"}))
    check_is_text(f"The file `x{quoted(text)}x` is broken", frozenset({"code_inline"}))
    [shown] = MarkdownIt("commonmark").parseInline(f"x{plain(text)}")
    assert "".join(child.content for child in shown.children or ()) == f"x{flat(text)}"


@pytest.mark.parametrize(
    "text", [HOSTILE, "http://evil.invalid", "HTTPS://x.invalid", "WWW.x.invalid", "- x", "1. x", "---"]
)
def test_what_the_frontend_would_make_live_is_not(text: str) -> None:
    check_is_text(plain(text))
    check_is_text(problem_list([Problem(key="not_toml", found=text, column=text)], "en", most=1))


def model_file(text: str) -> str:
    """Return a model file in which every text there may be is hostile."""
    said = json.dumps(text + STEERING)
    names = f"{{ en = {said} }}"
    return f"""
[model]
id = "hostile"
name = {said}
title = {names}
note = {names}
evidence = "imported"
source = {said}
covers = [{said}]
[[circuits]]
numbers = "1"
name = {names}
[circuits.points]
Lg = {{ at = 74, name = {names}, unit = {said}, note = {said} }}
{json.dumps("DOC_" + text + STEERING)} = {{ at = 75, unit = "mA" }}
DOC_Mode = {{ at = 76, words = {{ 0 = "off", 1 = "on" }}, name = {names} }}
"""


def described(walk: Walk) -> str:
    """Return the description of the form that is shown, as the frontend gets it."""
    assert walk.step is not None
    text = TEXTS["config_subentries"]["device"]["step"][walk.step]["description"]
    return str(text.format_map(walk.placeholders))


def titled(walk: Walk) -> str:
    """Return the title of the form that is shown."""
    assert walk.step is not None
    return str(TEXTS["config_subentries"]["device"]["step"][walk.step]["title"].format_map(walk.placeholders))


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Use a configuration folder of the test's own: model files are placed there."""
    return hass_tmp_config_dir


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    return await link_to(await cabinet_of({8: "aim-r100"}), {})


async def test_a_hostile_model_file_is_text_in_every_form(
    hass: HomeAssistant, rig: LinkRig, hass_client: ClientSessionGenerator
) -> None:
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="import", name="")
    await device.answer(file=await upload(hass_client, "hostile.toml", model_file(HOSTILE)), base="none")
    assert device.step == "settings"
    check_is_text(described(device))
    assert titled(device) == flat(HOSTILE + STEERING)
    await device.answer()
    assert device.step == "preview"
    assert r"\*\*b\*\*" in described(device)
    check_is_text(described(device), frozenset({"strong_open", "strong_close"}))
    await device.answer(next="save")
    assert device.is_saved
    assert device.result["title"] == flat(f"{HOSTILE}{STEERING} 8")


@pytest.fixture
def placed(hass: HomeAssistant) -> None:
    """Place the file into the folder of models."""
    folder = Path(hass.config.path(MODEL_FOLDER))
    folder.mkdir(parents=True)
    (folder / "hostile.toml").write_text(model_file(HOSTILE).replace('"imported"', '"manual"'), "utf-8")


@pytest.mark.usefixtures("placed")
async def test_a_hostile_model_in_the_folder_is_text_in_every_form(hass: HomeAssistant, rig: LinkRig) -> None:
    device = await add_device(hass, rig.entry)
    [label] = [label for value, label in device.options("model").items() if value == "hostile"]
    assert label.isprintable()
    await device.answer(unit_id=8, model="hostile", name="")
    check_is_text(described(device))
    await device.answer()
    assert device.step == "confirm"
    check_is_text(described(device))
    assert titled(device) == f"Is this really the model {flat(HOSTILE + STEERING)}?"


@pytest.fixture
def pipe(hass: HomeAssistant) -> None:
    """Place a pipe into the folder of models, under the name of a file."""
    folder = Path(hass.config.path(MODEL_FOLDER))
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe.toml")


@pytest.mark.usefixtures("pipe")
async def test_a_pipe_in_the_folder_holds_no_form_up(hass: HomeAssistant, rig: LinkRig) -> None:
    async with asyncio.timeout(60):
        device = await add_device(hass, rig.entry)
    assert "adw300" in device.options("model")


@pytest.mark.parametrize(
    "error",
    [
        FileProblemsError(
            file=f"{HOSTILE}.toml", problems=[Problem(key="unknown_word", column=HOSTILE, found=HOSTILE)]
        ),
        MissingTableError(model=HOSTILE + STEERING, needs=1),
        UnknownModelError(model=HOSTILE + STEERING, known="a, b"),
        WrongDeviceError(unit=8, model=HOSTILE + STEERING, detail=HOSTILE),
    ],
    ids=lambda error: error.key,
)
async def test_a_repair_shows_text(hass: HomeAssistant, rig: LinkRig, error: AcrelError) -> None:
    device = await add_device(hass, rig.entry)
    await device.answer(unit_id=8, model="aim-r100", name="x")
    await device.answer()
    await hass.async_block_till_done()
    raise_issue(hass, rig.entry, rig.subentry(8), error)
    [issue] = [issue for (domain, _), issue in ir.async_get(hass).issues.items() if domain == DOMAIN]
    texts: Mapping[str, Any] = TEXTS["issues"][str(issue.translation_key)]["fix_flow"]["step"]["confirm"]
    check_is_text(texts["description"].format_map(issue.translation_placeholders or {}), frozenset({"code_inline"}))
