"""What users sent from their devices: held against physics, not against what the decoder is expected to say.

`dumps/community/DEVICE/*.json` are the dumps of one device (see docs/community-dumps.md), in the order of their times.
What is odd in it and was explained stands in `DEVICE/odd.toml`. The simulated dumps go the same way, so that the way is
walked even before the first user sends one.
"""

import tomllib
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.plausibility import odd_between, odd_values
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from custom_components.acrel_safety.aioacrel.registers.privacy import private_registers

LIBRARY = ModelLibrary()
FOLDER = Path(__file__).parent / "dumps"
SIMULATED = {path: [path] for path in sorted(FOLDER.glob("*.json")) if ".values" not in path.name}
COMMUNITY = {
    folder: sorted(folder.glob("*.json")) for folder in sorted((FOLDER / "community").iterdir()) if folder.is_dir()
}
each_device = pytest.mark.parametrize("device", [*SIMULATED, *COMMUNITY], ids=lambda path: path.stem)


def dumps_of(device: Path) -> dict[tuple[str, int], list[RegisterDump]]:
    """Return the dumps of a folder by model and unit (diagnostics of a link hold several), earliest first."""
    found: dict[tuple[str, int], list[RegisterDump]] = defaultdict(list)
    for path in (SIMULATED | COMMUNITY)[device]:
        for dump in RegisterDump.all_in(path.read_text("utf-8")):
            found[dump.model, dump.unit_id].append(dump)
    return {key: sorted(dumps, key=lambda dump: dump.taken) for key, dumps in found.items()}


def oddities_of(device: Path) -> set[tuple[str, str]]:
    """Return rule and point of all that is odd in a device's dumps; of an unknown model nothing can be said."""
    odd = []
    for (model_id, _), dumps in dumps_of(device).items():
        if model_id not in LIBRARY.ids():
            continue
        model = LIBRARY.get(model_id)
        odd += [oddity for dump in dumps for oddity in odd_values(model, dump)]
        odd += [oddity for one, other in pairwise(dumps) for oddity in odd_between(model, one, other)]
    return {(oddity.rule, str(oddity.key)) for oddity in odd}


def explained(device: Path) -> set[tuple[str, str]]:
    """Return what is odd and was found to be so in the device: each with a reason."""
    if not (path := device / "odd.toml").exists():
        return set()
    entries = tomllib.loads(path.read_text("utf-8"))["odd"]
    assert all(entry["why"] for entry in entries)
    return {(entry["rule"], entry["point"]) for entry in entries}


@each_device
def test_what_is_odd_was_explained_and_what_was_explained_is_odd(device: Path) -> None:
    assert oddities_of(device) == explained(device)


@each_device
def test_no_dump_holds_what_is_nobody_elses_business(device: Path) -> None:
    for (model_id, _), dumps in dumps_of(device).items():
        models = [LIBRARY.get(model_id)] if model_id in LIBRARY.ids() else list(LIBRARY.usable())
        private = private_registers(models)
        for dump in dumps:
            assert all(private.isdisjoint(space) for space in dump.registers.values())
