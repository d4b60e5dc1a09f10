"""What is there for GitHub and HACS: workflows, issue forms, and the archive of a release."""

import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components" / "acrel_safety"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_others_code_at_a_fixed_commit_and_our_commands(path: Path) -> None:
    workflow: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    assert "permissions" in workflow
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    for used in (step["uses"] for step in steps if "uses" in step):
        assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", used)
    for command in (step["run"].split()[0] for step in steps if "run" in step):
        assert command == "gh" or (ROOT / command).is_file()


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_issue_forms_have_what_github_asks_of_them(path: Path) -> None:
    form: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    assert {"name", "description", "body"} <= set(form)
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in asked}) == len(asked) > 1
    assert all(part["attributes"]["label"] for part in asked)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an archive is made of what git has")
def test_the_archive_of_a_release_is_the_integration_and_nothing_else() -> None:
    version = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))["version"]
    hacs = json.loads((ROOT / "hacs.json").read_text("utf-8"))
    subprocess.run([ROOT / "scripts" / "release", f"v{version}"], check=True)
    with zipfile.ZipFile(ROOT / "build" / hacs["filename"]) as archive:
        assert json.loads(archive.read("manifest.json"))["version"] == version
        assert not [name for name in archive.namelist() if "__pycache__" in name]
        assert {"__init__.py", "aioacrel/vocabulary.csv", "brand/icon.png", "translations/zh-Hans.json"} <= {
            *archive.namelist()
        }


def test_a_release_under_another_version_is_refused() -> None:
    done = subprocess.run([ROOT / "scripts" / "release", "v0.0.0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "v0.0.0" in done.stderr


def test_the_readme_names_the_versions_that_are_run() -> None:
    pins = [(ROOT / "requirements" / name).read_text("utf-8") for name in ("constraints.txt", "newest.txt")]
    run = [version for pin in pins for version in re.findall(r"(?m)^homeassistant==(\S+)$", pin)]
    assert run == re.findall(r"(?m)^\| (\d{4}\.\d+\.\d+) \|", (ROOT / "README.md").read_text("utf-8"))
