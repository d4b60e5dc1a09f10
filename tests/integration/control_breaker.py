"""A breaker that says all there is to say, in a user's own file: the registers of an ADW300 make do for it."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, override

import pytest
from homeassistant.core import Context, HomeAssistant
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety import lockoutmemory
from custom_components.acrel_safety.const import DOMAIN, MODEL_FOLDER
from tests.aioacrel.control_rigs import time_passing
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ControlRig
from tests.integration.rigs import QUICK

UNIT = 1
_AT: Mapping[str, int] = {
    "RlySta": 0x01C2,
    "RlyRepSta": 0x01DD,
    "CtrLevel": 0x01DE,
    "LockSta": 0x01DF,
    "LgHigh": 0x01E0,
    "blind": 0x01E1,
    "mode": 0x01E2,
    "LgFauSta": 0x01E3,
}
_LEVELS = ', words = { 0 = "local_and_remote", 1 = "local", 2 = "whatever" }'
_MODEL = """\
[model]
id = "breaker"
name = "Breaker"
title = {{ en = "A breaker" }}
evidence = "manual"
source = "my manual"
[[circuits]]
numbers = "1"
[circuits.points]
RlySta = {{ at = 0x01C2, type = "bit", bit = 0, invalid_while = ["DOC_Blind"] }}
DOC_Blind = {{ at = 0x01E1, type = "bit", bit = 0 }}
DOC_Mode = {{ at = 0x01E2, words = {{ 0 = "far", 1 = "near" }} }}
RlyRepSta = {{ at = 0x01DD, type = "bit", bit = 0 }}
LockSta = {{ at = 0x01DF, type = "bit", bit = 0 }}
Lg = {{ at = 0x01C1 }}
LgHigh = {{ at = 0x01E0, type = "bit", bit = 0 }}
LgFauSta = {{ at = 0x01E3, type = "bit", bit = 0 }}
[circuits.settings]
CtrLevel = {{ at = 0x01DE, words = {{ 0 = "local_and_remote", 1 = "local", 2 = "whatever" }} }}
[[commands]]
code = "RLYOFF"
circuit = "1"
at = 0x01C2
registers = [0]
read_back = {{ code = "RlySta", value = 0 }}
only_when = {{ code = "DOC_Mode", value = 0 }}
lockout = {lockout}
source = "my manual"
[[commands]]
code = "RLYON"
circuit = "1"
at = 0x01C2
registers = [1]
read_back = {{ code = "RlySta", value = 1 }}
only_when = {{ code = "DOC_Mode", value = 0 }}
source = "my manual"
"""


@dataclass(frozen=True)
class BreakerRig(ControlRig):
    """The breaker's link."""

    unit_id: int = UNIT

    @property
    @override
    def is_closed(self) -> bool:
        return bool(self.link.cabinet.units[UNIT].registers[_AT["RlySta"]] & 1)

    @override
    def relay(self, *, closed: bool) -> None:
        self.say("RlySta", closed)

    def say(self, code: str, value: float) -> None:
        """Have the breaker say something; nothing is sent for it."""
        self.link.cabinet.units[UNIT].device.write(_AT[code], [int(value)])


@asynccontextmanager
async def breaker(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    control: Mapping[str, Any],
    *,
    lockout: int = 0,
    explains_levels: bool = True,
) -> AsyncGenerator[BreakerRig]:
    """Set up a breaker; its cabinet's time passes."""
    text = _MODEL.format(lockout=lockout)
    if not explains_levels:
        text = text.replace(_LEVELS, "")
    await hass.async_add_executor_job(_write, Path(hass.config.path(MODEL_FOLDER)), text)
    cabinet = await cabinet_of({UNIT: "adw300"}, options={UNIT: {"wiring": "none"}})
    with pytest.MonkeyPatch.context() as patch:
        # As if Home Assistant had run for long: of a former process nothing is left.
        patch.setattr(lockoutmemory, "PROCESS_BEGAN", time.monotonic() - 1000)
        rig = BreakerRig(await link_to(cabinet, {UNIT: "breaker"}, intervals=QUICK, control=control))
        async with time_passing(cabinet.advance):
            yield rig


def _write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "breaker.toml").write_text(text, "utf-8")


async def break_sensor(rig: BreakerRig, ada: MockUser) -> None:
    """Have a leakage trip it and be over, have a person see to it, and break the sensor that said so."""
    rig.relay(closed=True)
    await rig.shows("on")
    rig.say("LgHigh", 1)
    await rig.link.polled(UNIT, 2)
    rig.relay(closed=False)
    await rig.shows("off")
    rig.say("LgHigh", 0)
    await rig.link.polled(UNIT, 2)
    entity_ids = [one.entity_id for one in rig.link.entities(UNIT) if one.unique_id.endswith("_alarms_all_safety")]
    await rig.hass.services.async_call(
        DOMAIN, "acknowledge", {"entity_id": entity_ids}, blocking=True, context=Context(user_id=ada.id)
    )
    rig.say("LgFauSta", 1)
    await rig.link.polled(UNIT, 2)
