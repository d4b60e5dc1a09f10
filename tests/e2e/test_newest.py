"""The integration on the newest Home Assistant, for which there is no test package: imports, names and types.

`test_demo.py` runs it there.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT

_FOLDER = ROOT / ".venv-newest"
_END = 2000  # characters; what is wrong is said last


@pytest.fixture(scope="module")
def newest() -> Path:
    """Return the folder with the commands of the environment of the newest Home Assistant."""
    assert (_FOLDER / ".ready").exists(), "`scripts/bootstrap --newest` makes the environment"
    return _FOLDER / "bin"


def _said(*command: str | Path) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-_END:] + done.stderr[-_END:]
    return done.stdout


def test_it_is_the_version_that_is_pinned(newest: Path) -> None:
    version = _said(newest / "python", "-c", "from homeassistant.const import __version__ as v; print(v)").strip()
    assert f"homeassistant=={version}\n" in (ROOT / "requirements" / "newest.txt").read_text("utf-8")


def test_every_module_can_be_imported_and_every_name_exists(newest: Path) -> None:
    assert "homeassistant.core.callback\n" in _said(newest / "python", "-m", "tests.home_assistant_names")


def test_the_types_fit(newest: Path) -> None:
    options = ("--cache-dir", ".mypy_cache/newest", "--exclude", "/cli/")  # the command line is not run there
    assert "no issues" in _said(newest / "mypy", *options, "custom_components")
