"""Devices of the library on a simulated cabinet: what the tests of this folder stand on."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from custom_components.acrel_safety.aioacrel.modbus import AcrelDevice, GuardedUnit, Link, LinkAddress
from custom_components.acrel_safety.aioacrel.models import Model, ModelLibrary, Ratio
from simulator import Cabinet

RATIOS = {Ratio.PT: 1.0, Ratio.CT: 1.0}
SHORT_TIMEOUT = 0.15
"""Seconds: loopback answers within a few milliseconds."""


def address_of(cabinet: Cabinet, framing: str = "tcp") -> LinkAddress:
    """Return the cabinet's address for `tcp` or `rtu+tcp`."""
    port = cabinet.tcp_port if framing == "tcp" else cabinet.rtu_port
    return LinkAddress.parse(f"{framing}://127.0.0.1:{port}")


def model(name: str) -> Model:
    """Return a built-in model."""
    return ModelLibrary().get(name)


@asynccontextmanager
async def open_device(
    cabinet: Cabinet,
    unit_id: int,
    of: Model | str | None = None,
    *,
    framing: str = "tcp",
    ratios: Mapping[Ratio, float] | None = None,
    timeout: float = SHORT_TIMEOUT,  # noqa: ASYNC109 - of each request
) -> AsyncIterator[AcrelDevice]:
    """Return a device on the running cabinet; of the unit's own model unless another one is asked for."""
    chosen = of if isinstance(of, Model) else model(of or cabinet.units[unit_id].model)
    address = address_of(cabinet, framing)
    async with Link.open(address) as link:
        unit = GuardedUnit(link.unit(unit_id), unit_id, address=address, timeout=timeout)
        yield AcrelDevice(unit, chosen, ratios=RATIOS if ratios is None else ratios)
        await unit.settle()
