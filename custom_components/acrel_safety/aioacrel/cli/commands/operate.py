"""`acrel operate`: one command to one device, sent once, done when its position was read back."""

import asyncio

from ...control.caller import Caller, CallerKind
from ...control.control import Control
from ...control.outcome import Outcome, Reason, Result, refused
from ...control.policy import Policy
from ...control.rights import Rights
from ...device import Device
from ...errors import (
    AcrelError,
    RefusedError,
    SettingRefusedError,
    SettingUnconfirmedError,
)
from ...modbus.hub import ModbusHub
from ...points import Effect, Model
from ...readings import PointKey, Value
from ...texts import Phrase
from .. import selecting
from ..exits import Exit
from ..options import Options
from ..output import Console
from ..session import open_unit

SETTLE_SECONDS = 1.5
"""So long the wanted position has to stay: longer than the shortest pulse of an output."""
_OPERATOR = Caller(kind=CallerKind.PERSON, name="command line", is_administrator=True)
_LEAVE = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
"""Whoever has the line in front of him needs no leave of ours; that he means it he says with --confirm."""
_POSITIONS = {True: "closed", False: "open"}
_OUTPUTS = {True: "on", False: "off"}
_EXITS = {Result.CONFIRMED: Exit.DONE, Result.REFUSED: Exit.FAILED, Result.FAILED: Exit.FAILED}


def command(options: Options, console: Console) -> int:
    """Operate, or change a setting, and print what became of it; without --confirm nothing is asked and sent."""
    model = selecting.find_model(options, options.model or "")
    key = selecting.find_order(model, options)
    value = selecting.value_of(model, key, options.value)
    if not options.is_confirmed:
        outcome = refused(Reason.NOT_CONFIRMED)
    else:
        outcome = asyncio.run(_operate(options, model, key, value))
    if console.as_json:
        console.json(
            {
                "outcome": outcome.result,
                "reason": outcome.reason,
                "writes": outcome.writes,
                "position": _position(model, key, outcome),
            }
        )
    console.note(*_said(options, model, key, outcome))
    return _EXITS.get(outcome.result, Exit.INCOMPLETE)


async def _operate(options: Options, model: Model, key: PointKey, value: Value | None) -> Outcome:
    async with open_unit(options, selecting.on_line_of(options.link, model)) as unit:
        hub = ModbusHub("command line")
        device = Device("command line", model, may_change=lambda: True)
        detach = device.attach(hub.source(unit, model))
        try:
            if value is not None:
                outcome = await _change(device, key, value)
            else:
                control = Control(device, lambda: _LEAVE, settle_seconds=SETTLE_SECONDS)
                outcome = await control.operate(key, _OPERATOR, is_confirmed=True)
        finally:
            detach()
            await hub.stop()
        return outcome


async def _change(device: Device, key: PointKey, value: Value) -> Outcome:
    """Change a setting, and say what became of it in the words of an operation."""
    try:
        await device.change(key, value)
    except SettingUnconfirmedError as error:
        is_read = not isinstance(error.values["read"], Phrase)
        result, reason = (Result.FAILED, Reason.NOT_TAKEN) if is_read else (Result.UNKNOWN, Reason.NO_ANSWER)
        return Outcome(result=result, reason=reason, detail=error, writes=1)
    except SettingRefusedError as error:
        return refused(Reason.WITHDRAWN, error)
    except RefusedError as error:
        return Outcome(result=Result.FAILED, reason=Reason.DEVICE_REFUSED, detail=error, writes=1)
    except AcrelError as error:
        return refused(Reason.NOT_SENT, error)
    return Outcome(result=Result.CONFIRMED, writes=1)


def _position(model: Model, key: PointKey, outcome: Outcome) -> str | None:
    """Return the position that was read last, in a word."""
    operation = model.operations.get(key)
    if operation is None or outcome.position is None:
        return None
    is_output = operation.effect in (Effect.OUTPUT_ON, Effect.OUTPUT_OFF)
    return (_OUTPUTS if is_output else _POSITIONS)[outcome.position]


def _said(options: Options, model: Model, key: PointKey, outcome: Outcome) -> list[str]:
    """Return what people are told: what it is, what came of it, and what has to be known of it."""
    operation = model.operations.get(key)
    name = model.points[key].quantity.name(options.language) if operation is None else operation.name(options.language)
    lines = [f"{key} ({name}): {outcome.text(options.language)}"]
    if operation is not None and (warning := operation.warning(options.language)):
        lines.append(warning)
    if outcome.reason is Reason.NOT_CONFIRMED:
        lines.append("--confirm sends it")
    return lines
