"""Every name the integration takes from Home Assistant: it exists in the version at hand, and it is meant for us.

A test runs this on the version with a test package; on the newest one it runs by itself, without pytest:
`.venv-newest/bin/python -m tests.home_assistant_names` lists the names, says what is wrong, and exits with 1 then.
What hangs on a value (`hass.config_entries...`) no syntax tree can follow: mypy looks at those, on both versions.
"""

import ast
import importlib
import inspect
import json
import pkgutil
import sys
from annotationlib import Format, get_annotations
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = ROOT / "custom_components" / "acrel_safety"
PACKAGE = "custom_components.acrel_safety"
HOST = "homeassistant"

# What is there for integrations; of a module with names, only those: the rest of it is for Home Assistant itself.
HELPERS: Mapping[str, frozenset[str] | None] = {
    "auth.models": frozenset({"User"}),
    "auth.permissions.const": frozenset({"POLICY_CONTROL", "POLICY_READ"}),
    # After what lies beneath it: the first that fits counts.
    "auth": frozenset({"EVENT_USER_REMOVED"}),
    "config_entries": None,
    "const": None,
    "core": None,
    "data_entry_flow": None,
    "exceptions": None,
    "helpers.aiohttp_client": frozenset({"async_create_clientsession"}),
    "helpers.condition": frozenset({"Condition", "ConditionCheckParams", "ConditionConfig"}),
    "helpers.config_validation": frozenset(
        {
            *("TARGET_SERVICE_FIELDS", "config_entry_only_config_schema", "positive_time_period"),
            *("boolean", "ensure_list", "time"),
        }
    ),
    "helpers.device_registry": None,
    "helpers.discovery_flow": frozenset({"async_create_flow"}),
    "helpers.dispatcher": frozenset({"async_dispatcher_connect"}),
    "helpers.entity": frozenset({"Entity", "EntityDescription", "entity_sources"}),
    "helpers.entity_platform": frozenset({"AddConfigEntryEntitiesCallback", "async_get_current_platform"}),
    "helpers.entity_registry": None,
    "helpers.event": None,
    "helpers.issue_registry": None,
    "helpers.network": frozenset({"NoURLAvailableError", "get_url", "is_cloud_connection"}),
    "helpers.recorder": frozenset({"get_instance"}),
    "helpers.restore_state": frozenset({"ExtraStoredData", "RestoreEntity", "RestoredExtraData"}),
    "helpers.selector": None,
    "helpers.service_info.mqtt": frozenset({"MqttServiceInfo"}),
    "helpers.start": frozenset({"async_at_started"}),
    "helpers.storage": frozenset({"Store"}),
    "helpers.target": frozenset({"TargetSelection", "async_extract_referenced_entity_ids"}),
    "helpers.trigger": frozenset({"Trigger", "TriggerActionRunner", "TriggerConfig", "TriggerNotTriggeredReporter"}),
    "helpers.translation": frozenset({"async_get_translations"}),
    "helpers.typing": frozenset({"ConfigType"}),
    "helpers.update_coordinator": None,
    "util.dt": frozenset(
        {
            "as_local",
            "get_default_time_zone",
            "get_time_zone",
            "now",
            "parse_date",
            "parse_datetime",
            "start_of_local_day",
            "utc_from_timestamp",
            "utcnow",
        }
    ),
    "util.file": frozenset({"write_utf8_file_atomic"}),
    "util.hass_dict": frozenset({"HassKey"}),
    "util.network": frozenset({"is_local"}),
}
# What components have for others beside what stands in them directly; external statistics are made of these.
OF_COMPONENTS: Mapping[str, frozenset[str]] = {
    "homeassistant.components.recorder.models": frozenset({"StatisticData", "StatisticMeanType", "StatisticMetaData"}),
}
# Components that Home Assistant brings in itself for a file of that name; all others are the manifest's dependencies.
BY_FILE = frozenset({"diagnostics", "logbook", "repairs", "system_health"})
# Names with an underscore that Home Assistant wants its subclasses to call or to override, besides `_attr_...`.
FOR_SUBCLASSES = frozenset(
    {
        "_abort_if_unique_id_configured",
        "_async_abort_entries_match",
        "_async_check",
        "_async_track_changes",
        "_async_current_entries",
        "_get_entry",
        "_get_reauth_entry",
        "_get_reconfigure_entry",
        "_get_reconfigure_subentry",
        "_handle_coordinator_update",
        "_trigger_event",
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A name of Home Assistant, and where it is used."""

    module: str
    names: tuple[str, ...]
    place: str

    def __str__(self) -> str:
        """Spell it as one would read it in an import."""
        return ".".join((self.module, *self.names))


def trees(folder: Path = INTEGRATION) -> dict[str, ast.Module]:
    """Return the syntax trees of all modules that may know Home Assistant, by their path inside the folder."""
    files = (path for path in sorted(folder.rglob("*.py")) if "aioacrel" not in path.relative_to(folder).parts)
    return {str(path.relative_to(folder)): ast.parse(path.read_text("utf-8")) for path in files}


def uses(file: str, tree: ast.Module) -> Iterator[Use]:
    """Yield all that a module imports from Home Assistant, and what it takes from the imported by attribute."""
    bound: dict[str, tuple[str, tuple[str, ...]]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_host(node.module):
            for alias in node.names:
                taken = bound[alias.asname or alias.name] = (node.module or "", (alias.name,))
                yield Use(*taken, f"{file}:{node.lineno}")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _is_host(alias.name):
                    bound[alias.asname or HOST] = (alias.name if alias.asname else HOST, ())
                    yield Use(alias.name, (), f"{file}:{node.lineno}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (chain := _chain(node)) and chain[0] in bound:
            module, names = bound[chain[0]]
            yield Use(module, (*names, *chain[1:]), f"{file}:{node.lineno}")


def _is_host(module: str | None) -> bool:
    return module is not None and module.split(".")[0] == HOST


def _chain(node: ast.expr) -> tuple[str, ...]:
    """Return the parts of `a.b.c`; nothing if it begins with anything but a name."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and (before := _chain(node.value)):
        return (*before, node.attr)
    return ()


def exists(use: Use) -> bool:
    """Whether the Home Assistant at hand has it."""
    try:
        found: object = importlib.import_module(use.module)
        path = use.module
        for name in use.names:
            path = f"{path}.{name}"
            found = getattr(found, name) if hasattr(found, name) else importlib.import_module(path)
    except ImportError:
        return False
    return True


def is_meant_for_us(use: Use, components: Iterable[str]) -> bool:
    """Whether it is one of the names that Home Assistant has for integrations."""
    _, *parts = str(use).split(".")
    if any(map(_is_private, parts)):
        return False
    if use.module in OF_COMPONENTS:
        return not use.names or use.names[0] in OF_COMPONENTS[use.module]
    if parts[:1] == ["components"]:
        return parts[1] in components and use.module.split(".")[3:] in ([], ["const"])
    for module, only in HELPERS.items():
        if f"{use}.".startswith(f"{HOST}.{module}."):
            name = str(use).removeprefix(f"{HOST}.{module}").lstrip(".").split(".")[0]
            return only is None or name in only or not name
    return False


def known_components(files: Iterable[str]) -> frozenset[str]:
    """Return the components that are there when the integration is: of its files, and of its manifest."""
    manifest = json.loads((INTEGRATION / "manifest.json").read_text("utf-8"))
    platforms = importlib.import_module(f"{HOST}.const").Platform
    by_file = BY_FILE | {platform.value for platform in platforms}
    named = {*manifest["dependencies"], *manifest["after_dependencies"]}
    return frozenset({Path(file).stem for file in files} & by_file) | named


def reaches_in(file: str, tree: ast.Module, own_keys: Container[str] = ()) -> Iterator[str]:
    """Yield where a module looks into what is not its own: `hass.data` of others, and underscores of other objects."""
    own_data = set(_data_under(own_keys, tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        if node.attr == "data" and owner.lstrip("_") == "hass" and node not in own_data:
            yield f"{file}:{node.lineno}: hass.data belongs to whoever put it there"
        is_own = isinstance(node.value, ast.Name) and owner in ("self", "cls")
        if _is_private(node.attr) and not is_own and not _is_super(node.value):
            yield f"{file}:{node.lineno}: {node.attr} is private to another object"


def own_keys(tree: ast.Module) -> Iterator[str]:
    """Yield the keys of `hass.data` that a module makes for itself: `KEY: HassKey[...] = HassKey(DOMAIN)`, or below."""
    for node in tree.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=made_by, args=[key])):
                if _chain(made_by) == ("HassKey",) and _is_below_domain(key):
                    yield name


def _is_below_domain(argument: ast.expr) -> bool:
    """Whether a key is `DOMAIN`, or `f"{DOMAIN}.` with a name of ours."""
    match argument:
        case ast.JoinedStr(values=[ast.FormattedValue(value=first), ast.Constant(value=str(rest))]):
            return _chain(first) == ("DOMAIN",) and rest.startswith(".")
    return _chain(argument) == ("DOMAIN",)


def _data_under(keys: Container[str], tree: ast.Module) -> Iterator[ast.expr]:
    """Yield every `hass.data` of which only what lies under one of the keys is taken."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=data, slice=ast.Name(id=key)) if key in keys:
                yield data
            case ast.Call(func=ast.Attribute(value=data), args=[ast.Name(id=key), *_]) if key in keys:
                yield data


def _is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def inherited_underscores(file: str, tree: ast.Module) -> Iterator[str]:
    """Yield where a class uses a name with an underscore that nobody defines, or that Home Assistant keeps for itself.

    A name `_attr_...` that Home Assistant has given up would do nothing any more, and nobody would notice.
    """
    module = importlib.import_module(_module_name(file))
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        owner: type = getattr(module, node.name)
        ours, theirs = _names_of(owner)
        ours |= _assigned_anywhere(owner)
        for name, line in _underscores(node):
            if name in theirs and (name.startswith("_attr_") or name in FOR_SUBCLASSES):
                continue
            if name in theirs:
                yield f"{file}:{line}: {name} is private to Home Assistant"
            elif name not in ours or name.startswith("_attr_"):
                yield f"{file}:{line}: {name} is no name of {node.name} nor of its bases"


def _underscores(node: ast.ClassDef) -> Iterator[tuple[str, int]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and _is_private(part.attr):
            if _is_super(part.value) or (isinstance(part.value, ast.Name) and part.value.id in ("self", "cls")):
                yield part.attr, part.lineno
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_private(part.name):
            yield part.name, part.lineno
    for part in node.body:
        for target in part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]:
            if isinstance(target, ast.Name) and _is_private(target.id):
                yield target.id, target.lineno


def _names_of(owner: type) -> tuple[set[str], set[str]]:
    """Return the names that our classes among the bases define, and those that others define."""
    ours: set[str] = set()
    theirs: set[str] = set()
    for base in owner.__mro__:
        names = {*vars(base), *get_annotations(base, format=Format.FORWARDREF)}
        (ours if base.__module__.startswith(PACKAGE) else theirs).update(names)
    return ours, theirs


def _assigned_anywhere(owner: type) -> set[str]:
    """Return what the methods of our classes among the bases put into `self`."""
    return {
        node.attr
        for base in owner.__mro__
        if base.__module__.startswith(PACKAGE)
        for node in ast.walk(ast.parse(_source(base)))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }


def _source(owner: type) -> str:
    return inspect.cleandoc("\n" + inspect.getsource(owner))


def _module_name(file: str) -> str:
    inside = file.removesuffix(".py").removesuffix("__init__").replace("/", ".").strip(".")
    return f"{PACKAGE}.{inside}".rstrip(".")


def import_everything() -> None:
    """Import every module of the integration, the library included; whatever cannot be imported raises.

    The command line is left out: it needs what Home Assistant does without.
    """
    for found in pkgutil.walk_packages(importlib.import_module(PACKAGE).__path__, f"{PACKAGE}."):
        if ".cli" not in found.name:
            importlib.import_module(found.name)


def problems() -> list[str]:
    """Return all that is wrong, one line each."""
    import_everything()
    found = trees()
    components = known_components(found)
    keys = {key for tree in found.values() for key in own_keys(tree)}
    taken = [use for file, tree in found.items() for use in uses(file, tree)]
    return [
        *(f"{use.place}: {use} does not exist" for use in taken if not exists(use)),
        *(f"{use.place}: {use} is not for integrations" for use in taken if not is_meant_for_us(use, components)),
        *(line for file, tree in found.items() for line in reaches_in(file, tree, keys)),
        *(line for file, tree in found.items() for line in inherited_underscores(file, tree)),
    ]


def main() -> int:
    """List the names, and what is wrong."""
    names = {str(use) for file, tree in trees().items() for use in uses(file, tree)}
    wrong = problems()
    print("\n".join([*sorted(names), "", *wrong, f"{len(names)} names, {len(wrong)} problems"]))  # noqa: T201 - a command
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
