"""Polls units whose values are known, and notes every value that is another one and how long each was not heard of."""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.errors import LinkUnreachableError
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress, ModbusHub
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from simulator.cabinet import Cabinet

_FIRST_LOOK_SECONDS = 30.0
_EXACT = 1e-6

type Truth = Mapping[PointKey, Value]


@dataclass(slots=True)
class Seen:
    """What became of some minutes."""

    values: int = 0
    wrong: int = 0
    lost: int = 0
    """Readings without a value."""
    never: int = 0
    """Points that were never read."""
    late: float = 0.0
    """The longest time between two values of a point, less the interval it is read at."""
    unavailable: int = 0
    """Times a present unit was given up."""
    first_wrong: str = ""
    _last: dict[tuple[int, PointKey], float] = field(default_factory=dict)

    def note(self, unit_id: int, device: Device, truth: Truth, keys: AbstractSet[PointKey], now: float) -> None:
        """Take the points of a unit that have new readings."""
        for key in keys:
            reading = device.readings.get(key)
            if reading is None or reading.value is None or reading.quality not in (Quality.GOOD, Quality.HELD):
                self.lost += 1
                continue
            self.values += 1
            if not _is_same(reading.value, truth[key], device.model.points[key].precision):
                self.wrong += 1
                self.first_wrong = self.first_wrong or f"unit {unit_id} {key}: {reading.value} for {truth[key]}"
            self._close_gap(unit_id, device, key, now)

    def end(self, devices: Mapping[int, Device], truths: Mapping[int, Truth], now: float) -> None:
        """Take what was not heard of until the end, too."""
        for unit_id, device in devices.items():
            for key in truths[unit_id]:
                if (unit_id, key) in self._last:
                    self._close_gap(unit_id, device, key, now)
                else:
                    self.never += 1

    def _close_gap(self, unit_id: int, device: Device, key: PointKey, now: float) -> None:
        if (last := self._last.get((unit_id, key))) is not None:
            self.late = max(self.late, now - last - DEFAULT_INTERVALS[device.model.points[key].pace])
        self._last[unit_id, key] = now


def truth_of(cabinet: Cabinet, unit_id: int) -> dict[PointKey, Value]:
    """Return what the simulator, which knows nothing of the library's decoder, says of each point of a unit."""
    model = ModelLibrary().get(cabinet.units[unit_id].model)
    said: dict[PointKey, Value] = {}
    for circuit, values in cabinet.units[unit_id].truth().items():
        for code, value in values.items():
            point = model.readable.get(key := PointKey(circuit, code))
            if point is not None:
                said[key] = value if point.words is None else point.words[int(value)]
    return said


async def watch(
    address: str, models: Mapping[int, str], truths: Mapping[int, Truth], seconds: float, absent: Sequence[int] = ()
) -> tuple[Seen, Mapping[str, Any]]:
    """Poll units for so long as the integration does; return what was seen, and the figures of the line."""
    seen, library, now = Seen(), ModelLibrary(), asyncio.get_running_loop().time
    devices: dict[int, Device] = {}
    async with Link.open(LinkAddress.parse(address)) as link:
        hub = ModbusHub("benchmark")
        for unit_id in [*models, *absent]:
            model = library.get(models.get(unit_id, "asj10l"))
            unit = link.address.guarded(link.unit(unit_id), unit_id, pulse=hub.bus.pulse)
            device = Device(str(unit_id), model)
            device.attach(hub.source(unit, model))
            if unit_id in truths:
                truth, devices[unit_id] = truths[unit_id], device
                device.listen(
                    lambda keys, unit_id=unit_id, device=device, truth=truth: seen.note(  # type: ignore[misc]  # mypy does not infer lambdas with defaults
                        unit_id, device, truth, keys & truth.keys(), now()
                    )
                )
                device.want(truth.keys())
            else:
                device.want(model.readable)
        with suppress(LinkUnreachableError):
            await hub.start(_FIRST_LOOK_SECONDS)
        await asyncio.sleep(seconds)
        seen.end(devices, truths, now())
        figures = dict(hub.figures())
        await hub.stop()
    return seen, figures


def _is_same(value: Value | None, truth: Value, precision: int | None) -> bool:
    """Whether a value is the true one; of a float the library shows one digit more than is worth showing."""
    if isinstance(value, int | float) and isinstance(truth, int | float):
        digit = 0.0 if isinstance(truth, int) or precision is None else 10.0 ** -(precision + 1)
        return abs(value - truth) <= max(0.501 * digit, _EXACT * abs(truth))
    return value == truth
