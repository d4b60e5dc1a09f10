"""What Home Assistant's own checks would say: manifest, texts, icons, quality scale, brand, HACS."""

import json
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import homeassistant
import pytest
import yaml
from homeassistant.const import Platform
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from custom_components.acrel_safety.aioacrel import __version__
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.vocabulary import vocabulary
from custom_components.acrel_safety.const import PLATFORMS
from custom_components.acrel_safety.counters import COUNTERS_HELD
from custom_components.acrel_safety.doubts import EVIDENCE_DOUBTED
from custom_components.acrel_safety.figures import OF_DEVICES, OF_HUBS
from custom_components.acrel_safety.furtherways import Why
from custom_components.acrel_safety.growthquestion import LEVEL_CHANGED
from custom_components.acrel_safety.hubs.cloud_trouble import (
    CLOUD_CLOCK,
    CLOUD_FEED,
    CLOUD_GONE,
    CLOUD_LICENCE,
    CLOUD_LOG,
    CLOUD_OTHER,
    CLOUD_SECOND,
    CLOUD_SITES,
)
from custom_components.acrel_safety.hubs.gateway_trouble import GATEWAY_TROUBLE
from custom_components.acrel_safety.issues import (
    CLOUD_HTTP,
    CLOUD_NEW,
    HAZARDS_OVERDUE,
    LINK_BROKEN,
    LINK_UNUSABLE,
    PUSH_FROM_OUTSIDE,
    RECORD_TROUBLE,
    Issue,
)
from custom_components.acrel_safety.kinds import platform_of
from custom_components.acrel_safety.lockedout import CLOSED_LOCKED_OUT
from custom_components.acrel_safety.naming import EXTRA, naming, natural_platforms
from custom_components.acrel_safety.timerwarning import MAY_CLOSE_ALONE
from custom_components.acrel_safety.unwatched import UNREADABLE

ROOT = Path(__file__).parents[2]
INTEGRATION = ROOT / "custom_components" / "acrel_safety"
TRANSLATIONS = INTEGRATION / "translations"
OF_ACCOUNTS = (
    *(CLOUD_LICENCE, CLOUD_CLOCK, CLOUD_SITES, CLOUD_HTTP, CLOUD_NEW, CLOUD_GONE, CLOUD_LOG, CLOUD_SECOND),
    *(CLOUD_FEED, CLOUD_OTHER),
)
GO_BY_THEMSELVES = (
    RECORD_TROUBLE,
    HAZARDS_OVERDUE,
    UNREADABLE,
    CLOSED_LOCKED_OUT,
    EVIDENCE_DOUBTED,
    MAY_CLOSE_ALONE,
    GATEWAY_TROUBLE,
    PUSH_FROM_OUTSIDE,
)
SECTIONS = {
    *("config", "config_subentries", "device", "entity", "exceptions", "issues", "options", "selector", "services"),
    *("conditions", "system_health", "title", "triggers"),
}
BRONZE = {
    "action-setup",
    "appropriate-polling",
    "brands",
    "common-modules",
    "config-flow",
    "config-flow-test-coverage",
    "dependency-transparency",
    "docs-actions",
    "docs-conditions",
    "docs-high-level-description",
    "docs-installation-instructions",
    "docs-removal-instructions",
    "docs-triggers",
    "entity-event-setup",
    "entity-unique-id",
    "has-entity-name",
    "runtime-data",
    "test-before-configure",
    "test-before-setup",
    "unique-config-entry",
}
SILVER = {
    "action-exceptions",
    "config-entry-unloading",
    "docs-configuration-parameters",
    "docs-installation-parameters",
    "entity-unavailable",
    "integration-owner",
    "log-when-unavailable",
    "parallel-updates",
    "reauthentication-flow",
    "test-coverage",
}
GOLD = {
    "devices",
    "diagnostics",
    "discovery",
    "discovery-update-info",
    "docs-data-update",
    "docs-examples",
    "docs-known-limitations",
    "docs-supported-devices",
    "docs-supported-functions",
    "docs-troubleshooting",
    "docs-use-cases",
    "dynamic-devices",
    "entity-category",
    "entity-device-class",
    "entity-disabled-by-default",
    "entity-translations",
    "exception-translations",
    "icon-translations",
    "reconfiguration-flow",
    "repair-issues",
    "stale-devices",
}
PLATINUM = {
    "async-dependency",
    "inject-websession",
    "strict-typing",
}
RULES = BRONZE | SILVER | GOLD | PLATINUM


type Tree = dict[str, Any]


def pinned(package: str) -> str:
    """Return the version of a package that Home Assistant pins for all integrations."""
    constraints = Path(homeassistant.__file__).with_name("package_constraints.txt").read_text("utf-8")
    return next(line.partition("==")[2] for line in constraints.splitlines() if line.startswith(f"{package}=="))


def read(path: Path) -> Tree:
    tree: Tree = json.loads(path.read_text("utf-8"))
    return tree


def leaves(tree: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    else:
        yield path, str(tree)


@pytest.fixture(scope="module")
def english() -> Tree:
    return read(TRANSLATIONS / "en.json")


@pytest.fixture(scope="module")
def chinese() -> Tree:
    return read(TRANSLATIONS / "zh-Hans.json")


# -- manifest and packaging ----------------------------------------------------------------------------------------


def test_manifest_is_complete_and_in_order() -> None:
    manifest = read(INTEGRATION / "manifest.json")
    assert list(manifest) == ["domain", "name", *sorted(set(manifest) - {"domain", "name"})]
    assert manifest["domain"] == INTEGRATION.name
    assert manifest["version"] == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert manifest["config_flow"] is True
    assert (manifest["iot_class"], manifest["integration_type"]) == ("local_polling", "hub")
    assert set(manifest["dependencies"]) >= {"modbus"}
    # Home Assistant's modbus brings the library it shares its links with, at exactly its version. What hears the feed
    # of a cloud takes the client of MQTT below it, paho, at the version that Home Assistant pins.
    assert manifest["requirements"] == ["aiomqtt>=2.5.1,<3"]
    needed = [one for one in metadata.requires("aiomqtt") or () if one.startswith("paho-mqtt")]
    assert SpecifierSet(needed[0].removeprefix("paho-mqtt")).contains(pinned("paho-mqtt"))
    assert Requirement(manifest["requirements"][0]).specifier.contains(metadata.version("aiomqtt"))
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    for key in ("documentation", "issue_tracker"):
        assert manifest[key].startswith("https://github.com/")


def test_hacs_knows_the_keys() -> None:
    hacs = read(ROOT / "hacs.json")
    assert hacs["name"] == "Acrel Safety"
    assert set(hacs) <= {"name", "homeassistant", "content_in_root", "zip_release", "filename", "hide_default_branch"}
    assert hacs["homeassistant"] >= "2026.10.0"


@pytest.mark.parametrize(("name", "side"), [("icon.png", 256), ("icon@2x.png", 512)])
def test_brand_pictures_are_square(name: str, side: int) -> None:
    head = (INTEGRATION / "brand" / name).read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:24]) == (side, side)


def test_the_quality_scale_answers_every_rule_and_says_why_one_does_not_apply() -> None:
    rules: Tree = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text("utf-8"))["rules"]
    assert len(RULES) == 54
    assert set(rules) == RULES
    for rule, answer in rules.items():
        status, comment = (answer["status"], answer.get("comment")) if isinstance(answer, dict) else (answer, None)
        assert status in ("done", "todo", "exempt"), rule
        assert status == "done" or comment, rule


def test_every_platform_says_how_many_updates_run_at_once() -> None:
    for platform in PLATFORMS:
        source = (INTEGRATION / f"{platform}.py").read_text("utf-8")
        # Nothing waits between who asks and the act, and a breaker that sticks holds up no other: the device's own
        # control keeps the order, the link that of requests.
        assert "\nPARALLEL_UPDATES = 0\n" in source


def test_modules_stay_small() -> None:
    sizes = {path.name: len(path.read_text("utf-8").splitlines()) for path in INTEGRATION.glob("*.py")}
    assert {name: size for name, size in sizes.items() if size > 300} == {}
    assert sizes["__init__.py"] < 150


# -- texts -----------------------------------------------------------------------------------------------------------


def test_translations_and_icons_are_as_generated() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "translations", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_both_languages_have_the_same_keys_and_placeholders(english: Tree, chinese: Tree) -> None:
    first, second = dict(leaves(english)), dict(leaves(chinese))
    assert set(first) ^ set(second) == set()
    braces = re.compile(r"\{(\w*)\}")
    differing = [path for path in first if sorted(braces.findall(first[path])) != sorted(braces.findall(second[path]))]
    # A text may name a value twice in one language only.
    assert [path for path in differing if set(braces.findall(first[path])) != set(braces.findall(second[path]))] == []


def test_chinese_texts_are_chinese(chinese: Tree) -> None:
    latin = [
        path
        for section in ("entity", "exceptions", "issues", "system_health")
        for path, text in leaves(chinese[section])
        if not re.search(r"[\u4e00-\u9fff]", text) and re.search(r"[A-Za-z]{4}", text.replace("{name}", ""))
    ]
    assert latin == []


def test_texts_are_sound(english: Tree, chinese: Tree) -> None:
    assert set(english) <= SECTIONS
    assert not (INTEGRATION / "strings.json").exists()
    for path, text in [*leaves(english), *leaves(chinese)]:
        assert text.strip() == text, path
        assert text, path
        assert "[%key" not in text, path
        assert all(re.fullmatch(r"[a-z0-9]+(?:[_-][a-z0-9]+)*", key) for key in path), path


def test_every_quantity_has_a_text_and_an_icon_where_it_is_shown(english: Tree) -> None:
    icons = read(INTEGRATION / "icons.json")["entity"]
    for quantity in vocabulary():
        for platform in natural_platforms(quantity):
            assert english["entity"][platform][quantity.key]["name"], quantity.key
            assert icons[platform][quantity.key]["default"].startswith("mdi:"), quantity.key
    for platform in set(PLATFORMS) - {Platform.BUTTON, Platform.EVENT, Platform.TODO}:
        assert english["entity"][platform][EXTRA]["name"] == "{name}"
    assert {icon[:4] for _, icon in leaves(icons)} == {"mdi:"}


def test_every_figure_of_links_and_devices_has_a_text_and_an_icon_of_its_own(english: Tree) -> None:
    icons = read(INTEGRATION / "icons.json")["entity"]["sensor"]
    keys = {description.key for description in (*OF_DEVICES, *OF_HUBS)}
    assert keys & {quantity.key for quantity in vocabulary()} == set()
    for key in keys:
        assert english["entity"]["sensor"][key]["name"]
        assert icons[key]["default"].startswith("mdi:")


@pytest.mark.parametrize("allow_changes", [False, True])
def test_every_point_of_every_model_finds_its_texts(english: Tree, allow_changes: bool) -> None:
    for model in ModelLibrary().usable():
        for point in model.points.values():
            platform = platform_of(point, may_set=allow_changes and point.key in model.settable)
            if platform is None:
                continue
            name = naming(point.quantity, platform, "en")
            text = english["entity"][platform][name.key]
            assert text["name"].format_map(name.placeholders), point.key
            if point.words is not None:
                assert set(point.words.values()) <= set(text["state"]), (model.id, point.key)


def test_names_of_a_device_differ_from_each_other(english: Tree) -> None:
    for model in ModelLibrary().usable():
        for language in ("en", "zh-Hans"):
            seen: set[tuple[str, Platform, str]] = set()
            for point in model.readable.values():
                platform = platform_of(point, may_set=False)
                if platform is None:
                    continue
                name = naming(point.quantity, platform, language)
                text = english["entity"][platform][name.key]["name"].format_map(name.placeholders)
                assert (point.key.circuit, platform, text) not in seen, (model.id, point.key, text)
                seen.add((point.key.circuit, platform, text))


def test_every_issue_has_its_texts(english: Tree) -> None:
    assert set(english["issues"]) == {
        *{*Issue} - {Issue.WAY_REFUSED},
        *(f"way_{why}" for why in Why),
        CLOSED_LOCKED_OUT,
        EVIDENCE_DOUBTED,
        LINK_BROKEN,
        LINK_UNUSABLE,
        MAY_CLOSE_ALONE,
        COUNTERS_HELD,
        HAZARDS_OVERDUE,
        LEVEL_CHANGED,
        RECORD_TROUBLE,
        UNREADABLE,
        GATEWAY_TROUBLE,
        PUSH_FROM_OUTSIDE,
        *OF_ACCOUNTS,
    }
    for issue in english["issues"]:
        assert english["issues"][issue]["title"]
        if issue in (*GO_BY_THEMSELVES, *OF_ACCOUNTS):
            # Nothing can be done about it there: it goes by itself.
            assert english["issues"][issue]["description"]
            continue
        step = "init" if issue in (COUNTERS_HELD, LEVEL_CHANGED) else "confirm"
        assert english["issues"][issue]["fix_flow"]["step"][step]["description"]


def test_every_error_that_may_reach_a_user_has_its_text(english: Tree) -> None:
    raised = {
        *("link_unreachable", "no_answer", "bad_answer", "refused", "link_settings_in_use"),
        *("setting_refused", "setting_out_of_range", "setting_unconfirmed"),
    }
    assert raised <= set(english["exceptions"])
    for source in INTEGRATION.glob("*.py"):
        for key in re.findall(r'translation_key="(\w+)"', source.read_text("utf-8")):
            assert key in english["exceptions"], source.name
