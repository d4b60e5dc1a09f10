"""One peer of `home_assistant.py`, in a process of its own: `python -m benchmarks.ha_worker PEER PORT SCALE`."""

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from homeassistant import loader
from homeassistant.components.modbus.sensor import ModbusRegisterSensor
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from benchmarks.home_assistant import PEERS, ROUNDS, cabinet_models
from custom_components.acrel_safety.aioacrel.modbus import ModbusSource
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers import RegisterType
from custom_components.acrel_safety.figures import Figure
from custom_components.acrel_safety.hubs.modbus_data import INTERVALS

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SELDOM = {pace.value: most for pace, (_, most) in INTERVALS.items()}
"""As seldom as a device may be polled by itself: what is measured are the polls made here."""
_ALWAYS_THERE = ("file_upload", "usb")
"""Of a Home Assistant with `default_config`, and dependencies of ours: what they weigh is no peer's."""
_YAML_TYPES = {
    RegisterType.U16: "uint16",
    RegisterType.S16: "int16",
    RegisterType.U32: "uint32",
    RegisterType.S32: "int32",
    RegisterType.F32: "float32",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """What some full polls cost."""

    cpu: float
    values: int
    requests: int
    """Of one poll."""
    start: float
    """Seconds from nothing to the end of the first poll."""


def resident() -> int:
    """Return this process's resident memory in bytes."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE


async def run_ours(hass: HomeAssistant, port: int, models: Mapping[int, str]) -> Polls:
    """Set up the integration with all entities enabled, and poll."""
    began = time.perf_counter()
    entry = MockConfigEntry(
        domain="acrel_safety",
        title="Benchmark",
        data={
            "type": "tcp",
            "host": "127.0.0.1",
            "port": port,
            "baudrate": 9600,
            "bytesize": 8,
            "parity": "N",
            "stopbits": 1,
            "turnaround_ms": 20,
        },
        subentries_data=[
            {
                "subentry_type": "device",
                "title": f"Device {unit_id}",
                "unique_id": str(unit_id),
                "data": {
                    "unit_id": unit_id,
                    "model": model,
                    "allow_changes": False,
                    "intervals": _SELDOM,
                },
            }
            for unit_id, model in models.items()
        ],
    )
    entry.add_to_hass(hass)
    # All points, as with the peer; the link's own figures are nothing that is read.
    enabled = property(lambda entity: not isinstance(entity, Figure))
    with patch("homeassistant.helpers.entity.Entity.entity_registry_enabled_default", new=enabled):
        await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    sources = [coordinator.source for coordinator in entry.runtime_data.coordinators.values()]
    if len(sources) != len(models):
        raise RuntimeError("what is stored was not taken as it is")
    await poll_all(sources)
    start = time.perf_counter() - began
    # What the first poll taught is planned with once, and not counted as what a poll costs.
    await poll_all(sources)
    asked = sum(source.unit.unit.figures.requests for source in sources)
    started, values = time.process_time(), 0
    async with entry.runtime_data.hub.turn():
        # Nothing is tried meanwhile.
        for _ in range(ROUNDS):
            await poll_all(sources)
            values += sum(len(source.unit.readings) for source in sources)
    cpu = time.process_time() - started
    requests = sum(source.unit.unit.figures.requests for source in sources) - asked
    return Polls(cpu=cpu, values=values, requests=requests // ROUNDS, start=start)


async def poll_all(sources: Sequence[ModbusSource]) -> None:
    """Poll every group of every unit once, and hand on what was read, as the bus does."""
    for source in sources:
        for group in source.unit.groups():
            source.take(await source.unit.poll(group))


def yaml_sensor(unit_id: int, model: Model, key: PointKey) -> dict[str, object]:
    """Return the YAML of one point: a bit or half word is read as its whole register, as YAML users do."""
    place = model.registers.places[key]
    return {
        "name": f"{model.id} {unit_id} {key}",
        "slave": unit_id,
        "address": place.address,
        "data_type": _YAML_TYPES.get(place.layout.type, "uint16"),
        "scale": float(place.scale),
        "precision": model.points[key].precision or 0,
        "scan_interval": 0,
        "unique_id": f"{unit_id}-{key}",
    }


async def run_yaml(hass: HomeAssistant, port: int, models: Mapping[int, str]) -> Polls:
    """Set up YAML modbus with the same points, and poll."""
    began = time.perf_counter()
    library = ModelLibrary()
    sensors = [
        yaml_sensor(unit_id, library.get(model), key)
        for unit_id, model in models.items()
        for key in library.get(model).readable
    ]
    hub = {"type": "tcp", "host": "127.0.0.1", "port": port, "name": "bench", "sensors": sensors}
    await async_setup_component(hass, "modbus", {"modbus": [hub]})
    async with asyncio.timeout(60):
        # The sensor platform is loaded by discovery, some time after the hub, and nobody is told when it is there.
        while not _sensors(hass):  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.01)
    await hass.async_block_till_done()
    entities = _sensors(hass)
    await entities[0].async_await_connection()
    for entity in entities:
        await entity.async_local_update()
    start = time.perf_counter() - began
    started = time.process_time()
    for _ in range(ROUNDS):
        for entity in entities:
            await entity.async_local_update()
    return Polls(cpu=time.process_time() - started, values=ROUNDS * len(entities), requests=len(entities), start=start)


def _sensors(hass: HomeAssistant) -> list[ModbusRegisterSensor]:
    component = hass.data.get(DATA_INSTANCES, {}).get("sensor")
    entities = component.entities if component is not None else ()
    return [entity for entity in entities if isinstance(entity, ModbusRegisterSensor)]


async def work(peer: str, port: int, scale: str) -> dict[str, float]:
    """Measure one peer in this process."""
    models = cabinet_models(scale)
    # A folder of its own: what it keeps must not be found by the next one, nor by any test.
    with TemporaryDirectory() as folder:
        return await _work(peer, port, models, folder)


async def _work(peer: str, port: int, models: Mapping[int, str], folder: str) -> dict[str, float]:
    async with async_test_home_assistant(config_dir=folder) as hass:
        frame.async_setup(hass)
        # The test harness allows no custom integrations unless it is told to look for them.
        hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
        for component in _ALWAYS_THERE:
            await async_setup_component(hass, component, {})
        before = resident()
        polls = await (run_ours if peer == PEERS[0] else run_yaml)(hass, port, models)
        entities = sum(state.domain in ("sensor", "binary_sensor") for state in hass.states.async_all())
        memory = resident() - before
        await hass.async_stop(force=True)
    return {
        "entities": entities,
        "requests": polls.requests,
        "cpu": polls.cpu * 1e6 / polls.values,
        "memory": memory / 1024 / entities,
        "start": polls.start,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(work(sys.argv[1], int(sys.argv[2]), sys.argv[3]))))
