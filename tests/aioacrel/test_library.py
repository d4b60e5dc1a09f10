"""The library stands alone: no Home Assistant in it, and its wheel holds all it needs."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "custom_components" / "acrel_safety" / "aioacrel"
SOURCES = sorted(LIBRARY.rglob("*.py"))
OUTSIDE = {"modbus_connection", "serialx"}
"""The only packages from outside that the library may import: serialx is what the other one opens ports with."""
FOR_PEOPLE = {"aiohttp", "aiomqtt", "rich"}
"""What the command line draws with, and by which it reaches a broker or a cloud."""
FOR_CLOUDS = {"aiohttp", "yarl"}
"""What asks a cloud; whoever uses the library brings the session, Home Assistant its own."""
FOR_PACKED = {"gateway/payload.py": {"cryptography", "lzallright"}, "xmlgateway/cipher.py": {"cryptography"}}
"""What takes apart what a gateway encrypts or packs: ciphers are for those who know them."""
FOR_FEEDS = {"cloud/feedlink.py": {"aiomqtt", "paho"}}
"""What connects to the broker of a cloud's feed."""


def imported(source: Path) -> set[str]:
    """Return the top names of all absolute imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_only_itself_the_standard_library_and_the_packages_for_modbus_are_imported(source: Path) -> None:
    name = source.relative_to(LIBRARY).as_posix()
    allowed = OUTSIDE | FOR_PACKED.get(name, set()) | FOR_FEEDS.get(name, set())
    if source.is_relative_to(LIBRARY / "cli"):
        allowed |= FOR_PEOPLE
    if source.is_relative_to(LIBRARY / "cloud"):
        allowed |= FOR_CLOUDS
    assert imported(source) - sys.stdlib_module_names <= allowed


def test_sources_do_not_know_each_other() -> None:
    below = [path for path in SOURCES if path.parent == LIBRARY or path.parent.name in ("models", "table")]
    for source in below:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert not (node.module or "").startswith(("modbus", "cli")), source


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built and unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (wheel,) = folder.glob("aioacrel-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_the_wheel_works_where_home_assistant_is_not(unpacked: Path) -> None:
    script = """
import importlib, pkgutil, sys
sys.modules["homeassistant"] = None  # whoever imports it fails
import aioacrel
for module in pkgutil.walk_packages(aioacrel.__path__, "aioacrel."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from aioacrel.models import ModelLibrary
print(aioacrel.__file__, len(list(ModelLibrary().usable())))
"""
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=unpacked,
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(unpacked)},
    )
    place, models = run.stdout.split()
    assert Path(place).is_relative_to(unpacked)
    assert int(models) == len(list((LIBRARY / "models").glob("*.toml")))


def test_the_wheel_brings_the_command_and_its_types(unpacked: Path) -> None:
    assert (unpacked / "aioacrel" / "py.typed").exists()
    entry_points = next(unpacked.glob("*.dist-info/entry_points.txt")).read_text("utf-8")
    assert "acrel = aioacrel.cli:main" in entry_points
    assert not (unpacked / "custom_components").exists()
