"""What users sent from their devices: held against physics, not against what the decoder is expected to say.

`dumps/community/DEVICE/*.json` are the dumps of one device (see docs/community-dumps.md), in the order of their times.
What is odd in it and was explained stands in `DEVICE/odd.toml`. The simulated dumps go the same way, so that the way is
walked even before the first user sends one.
"""

import json
import tomllib
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.plausibility import Oddity, odd_between, odd_values
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from custom_components.acrel_safety.aioacrel.registers.privacy import private_registers
from simulator import Cabinet
from tests.aioacrel.plausibility_rigs import dump_of

LIBRARY = ModelLibrary()
FOLDER = Path(__file__).parent / "dumps"
SIMULATED = [path for path in sorted(FOLDER.glob("*.json")) if ".values" not in path.name]
COMMUNITY = [folder for folder in sorted((FOLDER / "community").iterdir()) if folder.is_dir()]
each_device = pytest.mark.parametrize("device", [*SIMULATED, *COMMUNITY], ids=lambda path: path.stem)

type Named = tuple[str, RegisterDump]
"""A dump and the name of its file."""


def dumps_of(device: Path) -> dict[tuple[str, int], list[Named]]:
    """Return the dumps of a folder by model and unit (diagnostics of a link hold several), earliest first."""
    found: dict[tuple[str, int], list[Named]] = defaultdict(list)
    for path in sorted(device.glob("*.json")) if device.is_dir() else [device]:
        for dump in RegisterDump.all_in(path.read_text("utf-8")):
            found[dump.model, dump.unit_id].append((path.name, dump))
    return {key: sorted(dumps, key=lambda named: named[1].taken) for key, dumps in found.items()}


def oddities_of(device: Path) -> dict[tuple[str, str], str]:
    """Return all that is odd in a device's dumps, by rule and point; of an unknown model nothing can be said."""
    odd: list[tuple[str, Oddity]] = []
    for (model_id, _), dumps in dumps_of(device).items():
        if model_id not in LIBRARY.ids():
            continue
        model = LIBRARY.get(model_id)
        odd += [(name, oddity) for name, dump in dumps for oddity in odd_values(model, dump)]
        for (_, earlier), (name, later) in pairwise(dumps):
            odd += [(name, oddity) for oddity in odd_between(model, earlier, later)]
    return {(oddity.rule, str(oddity.key)): f"{name}: {oddity}" for name, oddity in odd}


def explained(device: Path) -> set[tuple[str, str]]:
    """Return what is odd and was found to be so in the device: each with a reason."""
    if not (path := device / "odd.toml").exists():
        return set()
    entries = tomllib.loads(path.read_text("utf-8"))["odd"]
    assert all(entry["why"] for entry in entries)
    return {(entry["rule"], entry["point"]) for entry in entries}


@each_device
def test_what_is_odd_was_explained_and_what_was_explained_is_odd(device: Path) -> None:
    found, known = oddities_of(device), explained(device)
    assert [text for key, text in found.items() if key not in known] == []
    assert known <= found.keys()


@each_device
def test_no_dump_holds_what_is_nobody_elses_business(device: Path) -> None:
    for (model_id, _), dumps in dumps_of(device).items():
        models = [LIBRARY.get(model_id)] if model_id in LIBRARY.ids() else list(LIBRARY.usable())
        private = private_registers(models)
        for _, dump in dumps:
            assert all(private.isdisjoint(space) for space in dump.registers.values())


def test_a_devices_folder_is_read_as_its_sender_filled_it(tmp_path: Path) -> None:
    """One file of the command line, a later download of diagnostics in which a counter went back, one word on it."""
    cabinet = Cabinet.of({1: "ddsy1352"}, frozen=True)
    earlier = replace(dump_of(cabinet.units[1].registers, "ddsy1352"), taken=datetime(2026, 3, 2, 10, tzinfo=UTC))
    later = replace(earlier, taken=datetime(2026, 3, 2, 12, tzinfo=UTC), registers={3: {**earlier.registers[3]}})
    later.registers[3] |= dict.fromkeys([*range(10), *range(0x0215, 0x021F)], 0)
    (tmp_path / "b.json").write_text(earlier.as_json(), "utf-8")
    (tmp_path / "a.json").write_text(json.dumps({"data": {"devices": [{"dump": later.as_dict()}]}}), "utf-8")

    found = oddities_of(tmp_path)
    assert {rule for rule, _ in found} == {"counters_run_forwards"}
    assert found["counters_run_forwards", "EP@1"].startswith("a.json: EP@1 is 0, expected ")

    (tmp_path / "odd.toml").write_text('[[odd]]\nrule = "r"\npoint = "EP@1"\nwhy = "it was replaced"\n', "utf-8")
    assert explained(tmp_path) == {("r", "EP@1")}
