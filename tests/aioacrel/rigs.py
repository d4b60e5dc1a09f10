"""What several tests build on: devices on the simulated cabinet, and the library's models."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache

from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.modbus import GuardedUnit, Link, LinkAddress, ModbusHub, PolledUnit
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers import Ratio
from custom_components.acrel_safety.aioacrel.table import import_table
from custom_components.acrel_safety.aioacrel.vocabulary import Kind
from simulator import Cabinet
from simulator.devices.arc import TABLE

RATIOS = {Ratio.PT: 1.0, Ratio.CT: 1.0}
SHORT_TIMEOUT = 0.2
LIBRARY = ModelLibrary()
MINE = "my_"


def address_of(cabinet: Cabinet, framing: str = "tcp") -> LinkAddress:
    """Return the address of the running cabinet."""
    port = cabinet.tcp_port if framing == "tcp" else cabinet.rtu_port
    return LinkAddress.parse(f"{framing}://127.0.0.1:{port}")


@cache
def model(model_id: str) -> Model:
    """Return a model of the library, or one of the simulator's that an owner made of a register table."""
    if not model_id.startswith(MINE):
        return LIBRARY.get(model_id)
    base = LIBRARY.get(model_id.removeprefix(MINE))
    made = import_table(TABLE.encode(), file="arcs.csv", model_id=model_id, base=base).model
    assert made is not None
    return made


def model_of(cabinet: Cabinet, unit_id: int, of: str | Model | None = None) -> Model:
    """Return a model: the one asked for, else the unit's own."""
    return of if isinstance(of, Model) else model(of or cabinet.units[unit_id].model)


def rounding(of: Model, key: PointKey) -> float:
    """Return how far a value may be from what a float register holds: half of one digit more than is worth showing."""
    point, place = of.points[key], of.registers.places.get(key)
    if place is None or not place.layout.type.is_float or point.precision is None:
        return 1e-9
    return 1e-9 if point.quantity.kind in (Kind.ENERGY, Kind.SETTING) else 0.501 * 10.0 ** -(point.precision + 1)


@asynccontextmanager
async def open_unit(
    cabinet: Cabinet,
    unit_id: int,
    *,
    framing: str = "tcp",
    timeout: float = SHORT_TIMEOUT,  # noqa: ASYNC109 - of each request
) -> AsyncIterator[GuardedUnit]:
    """Return a guarded unit of the running cabinet."""
    address = address_of(cabinet, framing)
    async with Link.open(address) as link:
        unit = address.guarded(link.unit(unit_id), unit_id, timeout=timeout)
        yield unit
        await unit.settle()


@asynccontextmanager
async def open_device(
    cabinet: Cabinet,
    unit_id: int,
    of: str | Model | None = None,
    *,
    framing: str = "tcp",
    ratios: Mapping[Ratio, float] | None = None,
    timeout: float = SHORT_TIMEOUT,  # noqa: ASYNC109 - of each request
) -> AsyncIterator[PolledUnit]:
    """Return a device on the running cabinet; of the unit's own model unless another one is asked for."""
    async with open_unit(cabinet, unit_id, framing=framing, timeout=timeout) as unit:
        yield PolledUnit(unit, model_of(cabinet, unit_id, of), ratios=RATIOS if ratios is None else ratios)


@asynccontextmanager
async def open_changeable(
    cabinet: Cabinet,
    unit_id: int,
    *,
    timeout: float = SHORT_TIMEOUT,  # noqa: ASYNC109 - of each request
) -> AsyncIterator[Device]:
    """Return a device whose settings may be changed; it is not polled."""
    async with open_unit(cabinet, unit_id, timeout=timeout) as unit:
        yield changeable(unit, model_of(cabinet, unit_id))


def changeable(unit: GuardedUnit, of: Model, *, ratios: Mapping[Ratio, float] | None = None) -> Device:
    """Return a device that is reached by a unit and may be changed; it is not polled."""
    device = Device("test", of, may_change=lambda: True)
    device.attach(ModbusHub("test").source(unit, of, ratios=ratios))
    return device
