"""The pages for users say what the program does: models, fields, times, files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.modbus.schedule import LONGEST_BACK_OFF
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Evidence
from tests.aioacrel.plausibility_rigs import CAUGHT

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
USAGE = (ROOT / "docs" / "usage.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
EVIDENCE = {
    Evidence.MANUAL: "manual",
    Evidence.CODE: "public code",
    Evidence.EXPERIMENTAL: "experimental",
    Evidence.UNKNOWN: "registers not public",
}
TEXTS = json.loads((ROOT / "custom_components/acrel_safety/translations/en.json").read_text("utf-8"))


def rows(page: str, heading: str) -> Iterator[list[str]]:
    """Yield the cells of the rows of the first table below a heading."""
    for line in page.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def fields(tree: object) -> Iterator[str]:
    """Yield the labels of all fields of some forms."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "data":
                yield from value.values()
            else:
                yield from fields(value)


def test_the_table_of_supported_devices_is_that_of_the_model_files() -> None:
    said = {
        model_id: evidence
        for _, ids, _, evidence in rows(README, "Supported devices")
        for model_id in re.findall(r"`([^`]+)`", ids)
    }
    assert said == {model.id: EVIDENCE[model.evidence] for model in ModelLibrary().usable()}


def test_every_product_a_model_covers_is_found_by_its_name_in_the_readme() -> None:
    names = [name for name, *_ in rows(README, "Supported devices")]
    for model in ModelLibrary().usable():
        assert any(model.name.partition(" ")[0] in name for name in names)


@pytest.mark.parametrize("forms", ["config", "config_subentries"])
def test_every_field_of_the_forms_is_explained(forms: str) -> None:
    explained = {cells[0] for cells in (line.strip("| ").split(" | ") for line in USAGE.splitlines())}
    assert not set(fields(TEXTS[forms])) - explained


def test_the_times_are_the_real_ones() -> None:
    times = {cells[0]: cells[1] for cells in rows(README, "What you get")}
    for group, seconds in DEFAULT_INTERVALS.items():
        assert times[group] == f"{seconds:g} s"
    assert LONGEST_BACK_OFF == 60  # "at most a minute", say both pages
    assert "at most a minute" in README
    assert "at most a minute" in USAGE


def test_the_shares_of_slips_are_those_that_are_asserted() -> None:
    said = {
        model_id: share
        for ids, share in rows((ROOT / "docs" / "community-dumps.md").read_text("utf-8"), "What we do with it")
        for model_id in re.findall(r"`([^`]+)`", ids)
    }
    assert said == {model_id: f"{share:.0%}".replace("%", " %") for model_id, share in CAUGHT.items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith(("http:", "https:")):
            continue
        file, _, heading = target.partition("#")
        aim = (page.parent / file).resolve() if file else page
        assert aim.exists(), target
        if heading:
            anchors = [
                re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
                for line in aim.read_text("utf-8").splitlines()
                if line.startswith("#")
            ]
            assert heading in anchors, target
