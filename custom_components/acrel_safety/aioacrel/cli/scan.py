"""`acrel scan`: which units answer on a link, and as which models."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import LinkError, LinkUnreachableError, NoAnswerError, RefusedError, WrongDeviceError
from ..modbus.framing import Framing
from ..modbus.guard import GuardedUnit
from ..modbus.probe import probe_model
from ..modbus.pulse import LinkPulse
from ..points import Model
from ..registers import ProbeCheck, RegisterMap
from . import selecting
from .arguments import BROADCAST_UNIT, Options
from .output import Console, Progress, table
from .session import open_link

SHORT_TIMEOUT = 0.5
"""Seconds a unit gets to answer one register: ten times what a device at 9600 baud needs."""
_FUNCTION = 3
_FIRST_REGISTER = 0


type Fitting = tuple[Model, RegisterMap]
"""A model a unit answers like, and by which of its register maps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A unit that answers and the models it answers like, the most telling first."""

    unit_id: int
    models: Sequence[Model] = ()
    remark: str = ""


def scan(options: Options, console: Console) -> int:
    """Ask every unit for one register, those that answer for what the models' probes want."""
    models = [model for model in selecting.library(options).usable() if not model.needs_table]
    found = asyncio.run(_scan(options, console, models))
    if console.as_json:
        answering = {unit.unit_id for unit in found}
        console.json(
            {
                "units": [{"unit": unit.unit_id, "models": [model.id for model in unit.models]} for unit in found],
                "silent": [unit for unit in options.units if unit not in answering],
            }
        )
        return 0
    rows = [
        (
            str(unit.unit_id),
            ", ".join(model.id for model in unit.models) or "none known",
            unit.models[0].title(options.language) if len(unit.models) == 1 else "",
            unit.remark,
        )
        for unit in found
    ]
    if rows:
        console.lines(table(("UNIT", "FITS MODEL", "WHAT IT IS", "NOTE"), rows, right="UNIT"))
    console.lines([f"{len(found)} of {len(options.units)} units answer"])
    return 0


async def _scan(options: Options, console: Console, models: Sequence[Model]) -> list[Found]:
    """Return the units that answer.

    Raises LinkUnreachableError: without the link there is nothing to find.
    """
    found: list[Found] = []
    progress = Progress(console.err, len(options.units))
    try:
        async with open_link(options.link) as link:
            pulse = LinkPulse()
            for done, unit_id in enumerate(options.units):
                if unit_id == BROADCAST_UNIT and options.link.framing is Framing.RTU:
                    continue
                progress.show(done, f"unit {unit_id}, {len(found)} found")
                unit = options.link.guarded(
                    link.unit(unit_id), unit_id, timeout=options.timeout or SHORT_TIMEOUT, pulse=pulse
                )
                if (unit_found := await _look_at(unit, models)) is not None:
                    found.append(unit_found)
    finally:
        progress.clear()
    return found


async def _look_at(unit: GuardedUnit, models: Sequence[Model]) -> Found | None:
    """Return what a unit is, None for a silent one.

    Raises LinkUnreachableError.
    """
    try:
        if not await _answers(unit):
            return None
        return Found(unit_id=unit.unit_id, models=[model for model, _ in await fitting_models(unit, models)])
    except LinkUnreachableError:
        raise
    except LinkError as error:
        return Found(unit_id=unit.unit_id, remark=f"answers badly: {error}")


async def _answers(unit: GuardedUnit) -> bool:
    """Whether there is a unit: it answers, or refuses, one register.

    Raises LinkUnreachableError or BadAnswerError.
    """
    try:
        try:
            await unit.read(_FUNCTION, _FIRST_REGISTER, 1)
        except LinkUnreachableError:
            # Some gateways hang up instead of saying that nobody is there.
            await unit.read(_FUNCTION, _FIRST_REGISTER, 1)
    except NoAnswerError:
        return False
    except RefusedError as error:
        return not error.is_gateway
    return True


async def fitting_models(unit: GuardedUnit, models: Iterable[Model]) -> list[Fitting]:
    """Return the models the unit answers like, each with the register map that fits, the most telling probe first.

    Raises LinkError when the unit cannot be asked any more.
    """
    fitting: list[Fitting] = []
    # Those first that have registers nobody may touch: what another model is known by may lie there.
    for model in sorted(models, key=lambda model: not model.registers.forbidden):
        if any(registers.forbids(check.address, check.count) for _, registers in fitting for check in _checks(model)):
            continue
        try:
            fit = await probe_model(unit, model)
        except WrongDeviceError, RefusedError:
            continue
        fitting.append((model, fit.registers))
    return sorted(fitting, key=lambda item: _telling(item[1]), reverse=True)


def _checks(model: Model) -> Iterable[ProbeCheck]:
    return (check for registers in model.maps for check in registers.probes)


def _telling(registers: RegisterMap) -> int:
    """Return how much the probes of a register map demand: registers that must exist, must not, or hold something."""
    return sum(
        check.count + 8 * (check.refused or check.is_unit_id or bool(check.allowed)) for check in registers.probes
    )
