"""A breaker of which its owner has the register table: a simulated prepaid meter makes do for it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant, State

from custom_components.acrel_safety.aioacrel.control.requests import Request
from custom_components.acrel_safety.aioacrel.control.rounds import Phase
from simulator.devices.prepaid import PrepaidDevice
from tests.aioacrel.control_rigs import time_passing
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import USUAL, ControlRig
from tests.integration.rigs import QUICK, is_now

UNIT = 5
MODEL = """\
[model]
id = "my-breaker"
name = "My breaker"
title = { en = "A breaker whose table its owner has" }
evidence = "manual"
source = "my manual"

[[probe]]
at = 0x0200
allowed = [[7, 7]]

[[circuits]]
numbers = "1"

[circuits.points]
U = { at = 0x0201, scale = 0.1 }
P = { at = 0x020A, type = "s16", scale = 0.001 }
RlySta = { at = 0x0224, any_of = 0xE000 }
UHigh = { at = 0x0224, type = "bit", bit = 4 }
LgHigh = { at = 0x0224, type = "bit", bit = 6 }

[[commands]]
code = "RLYOFF"
circuit = "1"
at = 0x0057
registers = [1, 1]
read_back = { code = "RlySta", value = 0 }
source = "my manual"

[[commands]]
code = "RLYON"
circuit = "1"
at = 0x0057
registers = [1, 0]
read_back = { code = "RlySta", value = 1 }
source = "my manual"
"""
OWN_RECLOSING = """
[circuits.settings]
RcrCnt = { at = 0x2000, limits = [0, 3], source = "my manual p. 9" }
RcrDly = { at = 0x2001 }

[[circuits]]
numbers = "2"
[circuits.points]
AlrRcrCnt = { at = 0x2002 }
"""
"""What a table may have of the reclosing that a breaker does itself."""
OVER_VOLTAGE, LEAKS = "DOC_Over limit", "DOC_Low credit 1"
"""What the simulated meter calls the bits that the breaker's table has for these."""
RECLOSES: Mapping[str, Any] = {**USUAL, "reclosing": {"low": 207, "high": 253}}
ASKS: Mapping[str, Any] = {**USUAL, "cut_off": [{"level": "alarm"}]}
CUTS: Mapping[str, Any] = {**USUAL, "cut_off": [{"level": "alarm", "without_asking": True}]}


class BreakerRig(ControlRig):
    """The breaker, and what becomes of it."""

    @property
    def reclosing(self) -> str:
        """The sensor of its reclosing."""
        return self.handle("sensor", "1_reclosing")

    @property
    def asked(self) -> str:
        """The sensor that says whether a cut-off waits for a person."""
        return self.handle("binary_sensor", "0_cut_off_asked")

    @property
    def requests(self) -> list[Request]:
        """What waits for a person."""
        cut_off = self.operator.cut_off
        return [] if cut_off is None else list(cut_off.requests.values())

    @property
    def unit(self) -> Any:  # noqa: ANN401 - a unit of the simulator
        return self.link.cabinet.units[UNIT]

    async def settle(self) -> None:
        """Wait until what acts by itself has ended."""
        for acting in (self.operator.recloser, self.operator.cut_off):
            if acting is not None:
                await acting.settle()

    async def is_at(self, phase: Phase) -> State:
        """Return as soon as the reclosing stands there."""
        return await self.link.until(self.reclosing, is_now(str(phase)))

    def set(self, code: str, *, is_on: bool) -> None:
        """Have the device say something, or not."""
        self.unit.hold(code, float(is_on))

    async def trip(self) -> None:
        """Have it trip by over-voltage."""
        await self.shows("on")
        self.set(OVER_VOLTAGE, is_on=True)
        self.unit.hold("U", 265.0)
        await self.link.until(self._entity("UHigh"), is_now("on"))
        self.open()

    def open(self) -> None:
        """Have it open by itself."""
        device = self.unit.device
        assert isinstance(device, PrepaidDevice)
        device.move_by_hand(closed=False)

    def recover(self) -> None:
        """Have the voltage be sound again."""
        self.unit.release()
        self.unit.hold("U", 230.0)
        self.set(OVER_VOLTAGE, is_on=False)

    async def leak(self) -> None:
        """Have it leak, and wait until that is seen."""
        await self.shows("on")
        self.set(LEAKS, is_on=True)
        await self.link.until(self._entity("LgHigh"), is_now("on"))

    def _entity(self, code: str) -> str:
        found = self.link.entity_id("binary_sensor", UNIT, code)
        assert found is not None
        return found

    async def steps(self, what: str) -> list[Mapping[str, Any]]:
        """Return what the record says of what acts by itself."""
        return [entry for entry in await self.recorded() if entry["what"] == what]


@asynccontextmanager
async def breaker(
    hass: HomeAssistant,
    tmp_path: Path,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    control: Mapping[str, Any],
    *,
    model: str = MODEL,
    allow_changes: bool = False,
) -> AsyncGenerator[BreakerRig]:
    """Set up the breaker; its cabinet's time passes."""
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / "acrel_safety" / "models"
    folder.mkdir(parents=True)
    (folder / "my-breaker.toml").write_text(model, "utf-8")
    cabinet = await cabinet_of({UNIT: "ddsy1352"})
    cabinet.units[UNIT].hold("U", 230.0)
    rig = BreakerRig(
        await link_to(cabinet, {UNIT: "my-breaker"}, intervals=QUICK, control=control, allow_changes=allow_changes)
    )
    async with time_passing(cabinet.advance):
        yield rig
