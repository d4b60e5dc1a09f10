"""Who knows whom: the rooms of docs/architecture.md, held against the code's own imports and names."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

INTEGRATION = Path(__file__).parents[1] / "custom_components" / "acrel_safety"
LIBRARY = INTEGRATION / "aioacrel"
ABOVE_THE_HUBS = sorted(
    path for path in INTEGRATION.glob("*.py") if path.name not in ("config_flow.py", "device_flow.py", "const.py")
)
"""Files that show devices; `const.py` names what is stored, forms know what they ask."""
FORMS_OF_A_WAY = {"link_forms.py", "device_forms.py", "trial.py"}
OF_A_WAY = {"Pace", "RegisterMap", "Place", "Read", "PolledUnit", "GuardedUnit", "Bus", "ModbusUnit", "CONF_UNIT_ID"}
ON_DEVICE_ALONE = (
    "bands.py",
    "deadband.py",
    "device.py",
    "plant.py",
    "settings.py",
    "source.py",
    "unread.py",
    *sorted(f"totals/{path.name}" for path in (LIBRARY / "totals").glob("*.py")),
)
WAYS = ("modbus", "registers", "table", "cli", "uplink", "reporting", "gateway", "xmlgateway", "cloud")


def names_in(path: Path) -> Iterator[str]:
    """Yield every name, attribute and text that could be one."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
            case ast.Constant(value=str(text)) if text.isidentifier():
                yield text


def imports_of(path: Path) -> Iterator[str]:
    """Yield the dotted name of every module that is imported from, dots of relative ones left out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" if node.module else alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", ABOVE_THE_HUBS, ids=lambda path: path.name)
def test_above_the_hubs_nothing_knows_registers_polling_groups_units_or_the_bus(path: Path) -> None:
    assert OF_A_WAY.isdisjoint(names_in(path))
    assert "unit_id" not in set(names_in(path))
    below = [name for name in imports_of(path) if name.startswith(("aioacrel.modbus", "aioacrel.registers"))]
    assert below == []


def test_of_the_dialogs_only_the_forms_of_a_way_know_it() -> None:
    dialogs = [INTEGRATION / "config_flow.py", INTEGRATION / "device_flow.py", *(INTEGRATION / "flow").glob("*.py")]
    knowing = {path.name for path in dialogs if any(name.startswith("hubs.modbus") for name in imports_of(path))}
    assert knowing <= FORMS_OF_A_WAY


@pytest.mark.parametrize(
    "name",
    [
        *ON_DEVICE_ALONE,
        *(f"{room}/{path.name}" for room in ("alarms", "control") for path in LIBRARY.glob(f"{room}/*.py")),
    ],
)
def test_the_device_knows_no_way_to_it(name: str) -> None:
    assert [found for found in imports_of(LIBRARY / name) if found.split(".")[0] in WAYS] == []


def test_the_library_knows_nothing_of_home_assistant() -> None:
    for path in LIBRARY.rglob("*.py"):
        known = [name for name in imports_of(path) if name.split(".")[0] in ("homeassistant", "custom_components")]
        assert known == [], path


def test_slow_growth_knows_numbers_and_days_and_nothing_of_the_library() -> None:
    own = {path.stem for path in (LIBRARY / "growth").glob("*.py")}
    outside = {
        *("array", "bisect", "collections", "dataclasses", "datetime", "enum", "itertools", "math", "statistics"),
        "typing",
    }
    for path in (LIBRARY / "growth").glob("*.py"):
        assert {name.split(".")[0] for name in imports_of(path)} <= own | outside, path
        dots = [node.level for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        assert max(dots, default=0) <= 1, path


@pytest.mark.parametrize("room", ["models", "plausibility", "registers", "table"])
def test_what_lies_where_knows_no_line(room: str) -> None:
    for path in (LIBRARY / room).rglob("*.py"):
        assert [name for name in imports_of(path) if name.split(".")[0] in ("modbus", "modbus_connection")] == [], path


@pytest.mark.parametrize(
    ("room", "allowed"),
    [("journal", {"errors", "foreign", "texts"}), ("sheet", {"csvrows", "problems", "texts"})],
)
def test_what_is_about_text_alone_knows_nothing_but_how_to_say_things(room: str, allowed: set[str]) -> None:
    files = sorted((LIBRARY / room).glob("*.py"))
    assert files
    for path in files:
        above = {
            (node.module or "").split(".")[0]
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom) and node.level > 1
        }
        assert above <= allowed, path


def test_gateways_know_no_line_no_other_way_and_no_client_of_mqtt() -> None:
    files = sorted((LIBRARY / "gateway").glob("*.py"))
    assert files
    for path in files:
        known = {name.split(".")[0] for name in imports_of(path)}
        assert not known & {"modbus", "uplink", "xmlgateway", "cloud", "cli", "control"}, path
        assert not known & {"aiomqtt", "paho", "homeassistant"}, path


def test_what_reports_by_itself_is_understood_without_knowing_who_carries_the_reports() -> None:
    files = sorted((LIBRARY / "reporting").glob("*.py"))
    assert files
    ways = {"modbus", "uplink", "gateway", "xmlgateway", "cloud"}
    for path in files:
        known = {name.split(".")[0] for name in imports_of(path)}
        assert not known & (ways | {"cli", "control", "aiomqtt", "paho", "homeassistant"}), path


def test_a_cloud_knows_no_line_and_no_other_way() -> None:
    files = sorted((LIBRARY / "cloud").rglob("*.py"))
    assert files
    for path in files:
        known = {name.split(".")[0] for name in imports_of(path)}
        assert not known & {"modbus", "uplink", "gateway", "xmlgateway", "cli", "control", "homeassistant"}, path
        # One room alone knows a client of MQTT, and nothing that an account needs imports it.
        if path.name != "feedlink.py":
            assert not known & {"aiomqtt", "paho", "feedlink"}, path


def test_a_link_does_not_know_who_calls() -> None:
    for room, callers in (("modbus", ("uplink", "xmlgateway")), ("uplink", ("xmlgateway",))):
        for path in (LIBRARY / room).rglob("*.py"):
            assert [name for name in imports_of(path) if name.split(".")[0] in callers] == [], path


def test_no_branch_on_a_model_name() -> None:
    models = {path.stem for path in (LIBRARY / "models").glob("*.toml")}
    for path in INTEGRATION.rglob("*.py"):
        texts = {
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert texts.isdisjoint(models), path
