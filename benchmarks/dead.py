"""Dead meters: a gateway answers in their place, in sound frames under right numbers. Which values are believed?

A real model of each simulated device is polled through the fault proxy in virtual time, by this project's bus, source
and device, and by plain readers of the same planned requests. The meter stands still, so its values are known; whatever
else is told as a value is wrong, and so is any value that the meter itself says is not measured.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from math import isclose
from typing import Any

from benchmarks.clients import CLIENTS, OURS, PATIENCE, SEED, TIMEOUT
from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress, ModbusHub, PolledUnit
from custom_components.acrel_safety.aioacrel.modbus.bus import DEFAULT_INTERVALS
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Model, Point
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.aioacrel.registers import LineCost, Place, Ratio
from custom_components.acrel_safety.aioacrel.registers.blocks import Block
from custom_components.acrel_safety.aioacrel.registers.layout import scaled
from custom_components.acrel_safety.aioacrel.vocabulary import Kind
from simulator import Cabinet
from simulator.devices import MODELS
from simulator.faults import Episodes, Fault, FaultProxy, Framing
from simulator.faults.drive import Reader
from simulator.faults.virtual import run
from simulator.pacing import LineSettings as SimulatedLine

UNIT = 1
ALIVE, DEAD = (15.0, 60.0), (3.0, 90.0)
"""Seconds between and of the episodes."""
SETTLED_SECONDS = 600
HOURS = 2.0
_IDLE = 0.01
"""Of the line, so that it is polled at the common intervals, as the others do it."""
CLIENTS_COMPARED = ("pymodbus", "modbus-connection", OURS)
FLOATS, WORDS, BROKEN = "dead-floats", "ones in a word of alarms", "a broken sensor"
KINDS = ("dead-ones", "dead-zeros", "dead-word", FLOATS, WORDS, BROKEN)
_LIBRARY = ModelLibrary()


@dataclass(frozen=True, slots=True)
class Case:
    """One model under one kind of fault, read by one client."""

    client: str
    kind: str
    model: str
    hours: float


@dataclass(slots=True)
class Believed:
    """What was told as values, and what of it was wrong."""

    told: int = 0
    wrong: int = 0
    episodes: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, key: PointKey, value: Value, truth: Value | None, rounding: float) -> None:
        """Compare a value with what the meter holds; None stands for what it says is not measured."""
        self.told += 1
        if not _same(value, truth, rounding):
            self.wrong += 1
            self.examples.setdefault(str(key), f"{value} for {truth}")


def _same(value: Value, truth: Value | None, rounding: float) -> bool:
    if isinstance(value, bool | str) or truth is None or isinstance(truth, bool | str):
        return value == truth
    return isclose(value, truth, rel_tol=1e-6, abs_tol=rounding)


def _wanted(model: Model, kind: str) -> frozenset[PointKey]:
    """Return the points that are read: only floats where floats are spoilt, for any number may be a whole one."""
    places = model.registers.places
    if kind == FLOATS:
        return frozenset(key for key, place in places.items() if place.layout.type.is_float)
    return frozenset(places)


def _words_of_alarms(model: Model) -> frozenset[int]:
    return frozenset(
        place.address
        for key, place in model.registers.places.items()
        if model.points[key].quantity.kind in (Kind.ALARM, Kind.FAULT)
        and (place.layout.type.is_bit_field or place.is_question)
    )


def cases(hours: float) -> list[Case]:
    """Return every model under every kind that concerns it."""
    found = []
    for kind in KINDS:
        for name in sorted(MODELS):
            model = _LIBRARY.get(name)
            concerned: Collection[object] = _wanted(model, kind)
            if kind == WORDS:
                concerned = _words_of_alarms(model)
            if kind == BROKEN:
                concerned = [place for place in model.registers.places.values() if place.qualifiers.invalid_while]
            found += [Case(client, kind, name, hours) for client in CLIENTS_COMPARED if concerned]
    return found


@dataclass(slots=True)
class _Rig:
    """A meter that stands still, what it holds, and what was believed of it."""

    model: Model
    wanted: frozenset[PointKey]
    truth: Mapping[PointKey, Value | None]
    end: float
    believed: Believed = field(default_factory=Believed)

    def note(self, key: PointKey, value: Value | None) -> None:
        if value is not None and key in self.truth:
            place = self.model.registers.places[key]
            digits = self.model.points[key].precision or 0
            rounding = 0.51 * 10.0 ** -(digits + 1) if place.layout.type.is_float else 1e-9
            self.believed.note(key, value, self.truth[key], rounding)


def _truth(cabinet: Cabinet, model: Model) -> dict[PointKey, Value | None]:
    """Return what the simulator says that the meter measures; None for what it says is not measured."""
    held: dict[PointKey, Value | None] = {}
    for circuit, values in cabinet.units[UNIT].truth().items():
        for code, value in values.items():
            key = PointKey(circuit, code)
            point = model.points.get(key)
            words = point.words if point is not None else None
            held[key] = words.get(int(value)) if words is not None else value
    for key, place in model.registers.places.items():
        if any(held.get(sensor) is True for sensor in place.qualifiers.invalid_while) and held.get(key) is not True:
            held[key] = None
    return held


async def _ours(port: int, rig: _Rig) -> None:
    address = LinkAddress.parse(f"tcp://127.0.0.1:{port}")
    async with Link.open(address) as link:
        hub = ModbusHub("benchmark", duty_target=_IDLE)
        guarded = address.guarded(link.unit(UNIT), UNIT, timeout=TIMEOUT, pulse=hub.bus.pulse)
        source = hub.source(guarded, rig.model, ratios=dict.fromkeys(Ratio, 1.0))
        device = Device("benchmark", rig.model, steady=asyncio.get_running_loop().time)
        device.attach(source)
        device.want(rig.wanted)

        def listen(touched: Collection[PointKey]) -> None:
            for key in touched:
                if (reading := device.readings.get(key)) is not None:
                    rig.note(key, reading.value)

        device.listen(listen)
        await hub.start(PATIENCE)
        await asyncio.sleep(rig.end - asyncio.get_running_loop().time())
        await hub.stop()


def _plainly(point: Point, place: Place, words: list[int]) -> Value | None:
    """Return what registers mean to who believes them all; ratios are 1 here."""
    raw = place.layout.decode(words)
    if raw is None:
        return None
    if place.equals is not None:
        return raw == place.equals
    if place.any_of is not None:
        return int(raw) & place.any_of != 0
    if point.words is not None:
        return point.words.get(int(raw), str(int(raw)))
    return raw != 0 if point.is_binary else scaled(raw, place.scale)


async def _theirs(client: str, port: int, rig: _Rig, sound: Mapping[PointKey, Value | None]) -> None:
    """Poll plainly. What is right for them is what the same decoding makes of the living meter's registers."""
    loop = asyncio.get_running_loop()
    unit = PolledUnit(_Priced(), rig.model)  # type: ignore[arg-type]  # planning looks at the cost alone
    unit.want(rig.wanted)
    due = dict.fromkeys(unit.groups(), 0.0)
    async with CLIENTS[client](port, Framing.MBAP) as reader:
        while loop.time() < rig.end:
            for group in [group for group, when in due.items() if when <= loop.time()]:
                for block in unit.blocks(group):
                    for key, value in (await _read(reader, block, rig.model)).items():
                        right = None if rig.truth.get(key, 0) is None else sound[key]
                        if value is not None:
                            rig.believed.note(key, value, right, 0.0)
                due[group] += DEFAULT_INTERVALS[group]
            await asyncio.sleep(max(0.0, min(due.values()) - loop.time()))


async def _read(reader: Reader, block: Block, model: Model) -> dict[PointKey, Value | None]:
    read = block.read
    try:
        async with asyncio.timeout(PATIENCE):
            words = await reader.read(UNIT, read.function, read.address, read.count)
    except Exception:  # noqa: BLE001 - whatever a client raises means that it believes nothing
        return {}
    return {
        key: _plainly(model.points[key], place, words[offset : offset + place.count])
        for key, place, offset in block.cells
    }


@dataclass(frozen=True, slots=True)
class _Priced:
    """As much of a guarded unit as planning needs."""

    unit_id: int = UNIT
    cost: LineCost = field(default_factory=LineCost)


def _plan(case: Case, model: Model) -> Episodes:
    fault = {WORDS: Fault.DEAD_ONES, BROKEN: Fault.NONE}.get(case.kind) or Fault(case.kind)
    registers = _words_of_alarms(model) if case.kind == WORDS else None
    return Episodes(SEED, fault, alive=ALIVE, dead=DEAD, registers=registers)


async def _measure(case: Case) -> Believed:
    model = _LIBRARY.get(case.model)
    cabinet = Cabinet.of({UNIT: case.model}, frozen=True, line=SimulatedLine())
    if case.kind == BROKEN:
        cabinet.set_scenario("sensor_break", unit=UNIT)
    cabinet.advance(SETTLED_SECONDS)
    plan = _plan(case, model)
    async with cabinet:
        rig = _Rig(model, _wanted(model, case.kind), _truth(cabinet, model), 3600 * case.hours)
        async with FaultProxy("127.0.0.1", cabinet.tcp_port or 0, Framing.MBAP, plan) as proxy:
            if case.client == OURS:
                await _ours(proxy.port, rig)
            else:
                unit = cabinet.units[UNIT]
                sound = {
                    key: _plainly(model.points[key], place, unit.read(place.function, place.address, place.count))
                    for key, place in model.registers.places.items()
                }
                await _theirs(case.client, proxy.port, rig, sound)
    rig.believed.episodes = plan.count
    return rig.believed


def measured(case: Case) -> Believed:
    """Measure one case, in virtual time."""
    logging.disable(logging.CRITICAL)
    return run(_measure(case))


def table(pool: Executor, hours: float = HOURS) -> Table:
    """Measure all cases and return the table: a row per kind, a column per client."""
    todo = cases(hours)
    found = dict(zip(todo, pool.map(measured, todo), strict=True))
    made = Table(
        "dead_meters",
        "Dead meters behind a gateway that answers for them",
        "Wrong values believed per 100,000 values told. Each model of the simulator is polled every 2, 10 and 60 s for"
        f" {hours:g} hours of virtual time; again and again it is dead for {DEAD[0]:g} to {DEAD[1]:g} s. The answers"
        " are sound, so no client of the link can tell; the peers are read plainly, as their users read them, this"
        " project with its source and device. Wrong is whatever differs from what the meter measures, and any value"
        " that the meter itself says is not measured. 'Told' is this project's, in all models.",
        ["fault", "models", "episodes", *CLIENTS_COMPARED, "told"],
    )
    for kind in KINDS:
        row: dict[str, Any] = {"fault": kind}
        for client in CLIENTS_COMPARED:
            of = [believed for case, believed in found.items() if (case.kind, case.client) == (kind, client)]
            told, wrong = sum(one.told for one in of), sum(one.wrong for one in of)
            row |= {client.replace(" ", "_"): round(100_000 * wrong / max(1, told)), "told": told, "models": len(of)}
            row["episodes"] = sum(one.episodes for one in of) or None
        made.add(**row)
    return made
