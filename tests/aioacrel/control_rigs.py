"""A device on the simulated cabinet that may be operated, and the callers who ask."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType

from custom_components.acrel_safety.aioacrel.control.caller import AUTOMATION, Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Act, Control
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.modbus import ModbusHub
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator import Cabinet
from simulator.scenarios import Option
from tests.aioacrel.rigs import model, open_unit

ADMIN = Caller(kind=CallerKind.PERSON, id="admin", name="Ada", is_administrator=True)
USER = Caller(kind=CallerKind.PERSON, id="user", name="Uwe")
REQUEST = Caller(kind=CallerKind.REQUEST, id="erp", name="ERP")
CALLERS = {"administrator": ADMIN, "user": USER, "automation": AUTOMATION, "request": REQUEST}
ALLOWED = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
OFF, ON, RELEASE = (PointKey("1", code) for code in ("FORRLYOFF", "FORRLYON", "FORRLYREL"))
STEP_SECONDS = 0.02


@dataclass
class Board:
    """One unit of a cabinet with its control."""

    cabinet: Cabinet
    device: Device
    control: Control
    policy: Policy
    acts: list[Act]

    @property
    def writes(self) -> int:
        """How many write requests the unit saw."""
        return len(self.cabinet.units[1].writes)

    def truth(self, code: str) -> object:
        """Return what is so in the cabinet."""
        return self.cabinet.units[1].truth()["1"][code]


def cabinet_of(model_id: str = "ddsy1352", options: Mapping[str, Option] = MappingProxyType({})) -> Cabinet:
    """Return a cabinet with one unit, whose time passes only where a test lets it."""
    return Cabinet.of({1: model_id}, frozen=True, options={1: options})


@asynccontextmanager
async def board(
    model_id: str = "ddsy1352",
    policy: Policy = ALLOWED,
    *,
    timeout: float = 0.2,  # noqa: ASYNC109 - of each request
    options: Mapping[str, Option] | None = None,
) -> AsyncIterator[Board]:
    """Set up a device that may be operated; its cabinet's time passes in small steps."""
    async with cabinet_of(model_id, options or {}) as cabinet, open_unit(cabinet, 1, timeout=timeout) as unit:
        device = Device("test", model(model_id))
        device.attach(ModbusHub("test").source(unit, device.model))
        rig = Board(cabinet, device, Control(device, lambda: rig.policy), policy, [])
        rig.control.listen(rig.acts.append)
        async with time_passing(cabinet.advance):
            yield rig
            await rig.control.settle()


@asynccontextmanager
async def time_passing(advance: Callable[[float], None]) -> AsyncIterator[None]:
    """Let simulated time go with the loop's."""

    async def pass_() -> None:
        while True:
            await asyncio.sleep(STEP_SECONDS)
            advance(STEP_SECONDS)

    task = asyncio.create_task(pass_())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
