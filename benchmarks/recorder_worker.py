"""One peer of `recorder.py`, in a process of its own: `python -m benchmarks.recorder_worker PEER PORT MINUTES`.

A real Home Assistant with its real recorder runs for as long as told; then its database is counted.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from homeassistant import loader
from homeassistant.const import EVENT_STATE_CHANGED, Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import frame
from homeassistant.helpers.recorder import async_initialize_recorder, get_instance
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from benchmarks.ha_worker import yaml_sensor
from benchmarks.recorder import ALARM, CABINET, PEERS, WARM_UP_SECONDS, Peer
from custom_components.acrel_safety.aioacrel.bands import band_of
from custom_components.acrel_safety.aioacrel.deadband import SPARSE, Detail
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Point
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from custom_components.acrel_safety.coordinator import AcrelCoordinator
from custom_components.acrel_safety.kinds import is_enabled_by_default, platform_of, shown, unique_id

_ALWAYS_THERE = ("file_upload", "usb")
_LINK = {"type": "tcp", "host": "127.0.0.1", "baudrate": 9600, "bytesize": 8, "parity": "N", "stopbits": 1}
_TOLERANCE = 1e-6


@dataclass(slots=True)
class Watch:
    """Holds each state of a device against the reading that was just made."""

    hass: HomeAssistant
    coordinator: AcrelCoordinator
    factor: float
    readings: int = 0
    beyond: int = 0
    farthest: float = 0.0
    """Of all distances between state and reading the largest, in deadbands."""
    late: int = 0
    """States without a deadband that were not what was read."""
    _entities: dict[PointKey, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the entities, and look after every report, when the states have been written."""
        registry = er.async_get(self.hass)
        for point, platform in shown(self.coordinator):
            found = registry.async_get_entity_id(
                platform, "acrel_safety", unique_id(self.coordinator.subentry, point.key)
            )
            if found is not None:
                self._entities[point.key] = found
        self.coordinator.async_add_listener(self._look)

    def subjects(self) -> Mapping[str, str]:
        """Return what each entity is of."""
        points = self.coordinator.device.points
        return {entity: subject_of(points[key]) for key, entity in self._entities.items()}

    @callback
    def _look(self) -> None:
        keys: AbstractSet[PointKey] = self.coordinator.data
        device = self.coordinator.device
        for key in keys & self._entities.keys() & device.readings.keys():
            state, value = self.hass.states.get(self._entities[key]), device.readings[key].value
            if state is None or value is None or isinstance(value, str):
                continue
            self.readings += 1
            band = None if isinstance(value, bool) else band_of(device.model.points[key])
            if band is None or not self.factor:
                said = value if not isinstance(value, bool) else ("on" if value else "off")
                self.late += state.state != str(said) and not (
                    not isinstance(value, bool) and abs(float(state.state) - value) <= _TOLERANCE
                )
                continue
            told = float(state.state)
            distance = abs(told - value) / (band.width(told) * self.factor)
            if band.seconds and time.time() - state.last_updated_timestamp < band.seconds * self.factor:
                continue
            self.farthest = max(self.farthest, distance)
            self.beyond += distance > 1 + _TOLERANCE


async def set_up_ours(hass: HomeAssistant, port: int, detail: Detail, fast: float | None) -> list[Watch]:
    """Set up the integration as a user would who changes nothing but how much is told, and how often is read."""
    intervals = {} if fast is None else {"intervals": {**DEFAULT_INTERVALS, Pace.FAST: fast}}
    entry = MockConfigEntry(
        domain="acrel_safety",
        title="Benchmark",
        data={**_LINK, "port": port, "turnaround_ms": 20},
        subentries_data=[
            {
                "subentry_type": "device",
                "title": f"Device {unit_id}",
                "unique_id": str(unit_id),
                "data": {
                    "unit_id": unit_id,
                    "model": model,
                    "allow_changes": False,
                    "detail": detail.value,
                    **intervals,
                },
            }
            for unit_id, model in CABINET.items()
        ],
    )
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    factor = {Detail.EXACT: 0, Detail.NORMAL: 1, Detail.SPARSE: SPARSE}[detail]
    return [Watch(hass, coordinator, factor) for coordinator in entry.runtime_data.coordinators.values()]


async def set_up_yaml(hass: HomeAssistant, port: int) -> Mapping[str, str]:
    """Set up YAML modbus with the same points, read as often; return what each entity is of."""
    library = ModelLibrary()
    sensors, subjects = [], {}
    for unit_id, model_id in CABINET.items():
        model = library.get(model_id)
        for key, point in model.readable.items():
            platform = platform_of(point, may_set=False)
            if platform is not None and is_enabled_by_default(model, point, platform):
                every = DEFAULT_INTERVALS[point.pace]
                sensors.append({**yaml_sensor(unit_id, model, key), "scan_interval": int(every)})
                subjects[str(sensors[-1]["unique_id"])] = subject_of(point)
    hub = {"type": "tcp", "host": "127.0.0.1", "port": port, "name": "bench", "sensors": sensors}
    await async_setup_component(hass, "modbus", {"modbus": [hub]})
    await hass.async_block_till_done()
    known = er.async_get(hass).entities.values()
    return {entity.entity_id: subjects[entity.unique_id] for entity in known if entity.platform == "modbus"}


def subject_of(point: Point) -> str:
    """Return what a row of a point is of: a family of quantities in one unit, or a kind of what has no deadband."""
    quantity = point.quantity
    return " ".join(filter(None, (quantity.family, quantity.unit))) if band_of(point) is not None else quantity.kind


def count_rows(database: Path, since: float, subjects: Mapping[str, str]) -> Mapping[str, int]:
    """Return the rows of states of sensors that were written since a time, by what they are of."""
    with sqlite3.connect(database) as connection:
        query = (
            "select states_meta.entity_id, count(*) from states join states_meta using (metadata_id)"
            " where last_updated_ts >= ? and (states_meta.entity_id like 'sensor.%' or states_meta.entity_id like"
            " 'binary_sensor.%') group by states_meta.entity_id"
        )
        found = connection.execute(query, (since,)).fetchall()
    rows: Counter[str] = Counter()
    for entity_id, count in found:
        rows[subjects.get(entity_id, "device and link")] += count
    return rows


async def work(peer: Peer, port: int, minutes: float) -> Mapping[str, object]:
    """Run one peer, and count."""
    alarms: list[tuple[float, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "recorder.db"
        async with async_test_home_assistant(config_dir=folder) as hass:
            frame.async_setup(hass)
            # The test harness allows no custom integrations unless it is told to look for them.
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
            async_initialize_recorder(hass)
            recorder = {"db_url": f"sqlite:///{database}", "commit_interval": 1}
            if not await async_setup_component(hass, "recorder", {"recorder": recorder}):
                raise RuntimeError("the recorder could not be set up")
            for component in _ALWAYS_THERE:
                await async_setup_component(hass, component, {})
            watches: list[Watch] = []
            if peer.detail is None:
                subjects = await set_up_yaml(hass, port)
            else:
                watches = await set_up_ours(hass, port, peer.detail, peer.fast)
                subjects = {name: subject for watch in watches for name, subject in watch.subjects().items()}

            @callback
            def note(event: Event[EventStateChangedData]) -> None:
                state = event.data["new_state"]
                if state is not None and state.entity_id.startswith(f"{Platform.BINARY_SENSOR}.{ALARM}"):
                    alarms.append((time.time(), state.state))

            hass.bus.async_listen(EVENT_STATE_CHANGED, note)
            await asyncio.sleep(WARM_UP_SECONDS)
            since, cpu = time.time(), time.process_time()
            await asyncio.sleep(60 * minutes)
            seconds, cpu = time.time() - since, time.process_time() - cpu
            entities = sum(state.domain in ("sensor", "binary_sensor") for state in hass.states.async_all())
            await get_instance(hass).async_block_till_done()
            await hass.async_stop(force=True)
        rows = count_rows(database, since, subjects)
    return {
        "entities": entities,
        "rows": rows,
        "since": since,
        "seconds": seconds,
        "cpu": cpu,
        "readings": sum(watch.readings for watch in watches),
        "beyond": sum(watch.beyond for watch in watches),
        "late": sum(watch.late for watch in watches),
        "farthest": max((watch.farthest for watch in watches), default=0.0),
        "alarms": alarms,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(work(PEERS[sys.argv[1]], int(sys.argv[2]), float(sys.argv[3])))))
