"""Check that everything a flow shows has its text, in every language, with all its placeholders filled in."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers.selector import ObjectSelector, SelectSelector
from probatio import All

import custom_components.acrel_safety as integration
from custom_components.acrel_safety.const import SUBENTRY_DEVICE

_FOLDER = Path(integration.__file__).parent / "translations"


@cache
def _texts() -> Mapping[str, Any]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in _FOLDER.glob("*.json")}


def check_texts(result: Mapping[str, Any], *, is_device: bool) -> None:
    """Fail if a user would see a bare key or an unfilled placeholder."""
    for language, texts in _texts().items():
        flow = texts["config_subentries"][SUBENTRY_DEVICE] if is_device else texts["config"]
        filled = (result.get("description_placeholders") or {}).keys()
        for text in _shown(result, flow, texts["selector"]):
            missing = set(re.findall(r"\{(\w+)\}", text)) - filled
            assert not missing, f"{language}: {missing} in {text!r}"


def _shown(result: Mapping[str, Any], flow: Mapping[str, Any], selectors: Mapping[str, Any]) -> Iterator[str]:
    """Yield each text of what is shown; a KeyError names one that is missing."""
    match result["type"]:
        case FlowResultType.ABORT:
            if result.get("translation_domain") is None:
                yield flow["abort"][result["reason"]]
        case FlowResultType.MENU:
            step = flow["step"][result["step_id"]]
            yield from (step["title"], step["description"])
            yield from (step["menu_options"][option] for option in result["menu_options"])
        case FlowResultType.SHOW_PROGRESS:
            yield flow["progress"][result["progress_action"]]
        case FlowResultType.FORM:
            step = flow["step"][result["step_id"]]
            yield from (step["title"], step["description"])
            yield from _fields(result["data_schema"].schema, step, selectors)
            yield from (flow["error"][key] for key in (result["errors"] or {}).values())


def _fields(schema: Mapping[Any, Any], step: Mapping[str, Any], selectors: Mapping[str, Any]) -> Iterator[str]:
    for marker, value in schema.items():
        field = str(marker)
        if isinstance(value, section):
            part = step["sections"][field]
            yield from (part["name"], part["description"])
            yield from _fields(value.schema.schema, part, selectors)
            continue
        yield from (step["data"][field], step["data_description"][field])
        for selector in value.validators if isinstance(value, All) else [value]:
            if isinstance(selector, ObjectSelector):
                texts = selectors[selector.config["translation_key"]]["fields"]
                yield from (texts[name][kind] for name in selector.config["fields"] for kind in ("name", "description"))
            if isinstance(selector, SelectSelector) and (group := selector.config.get("translation_key")):
                yield from (selectors[group]["options"][option] for option in selector.config["options"])
