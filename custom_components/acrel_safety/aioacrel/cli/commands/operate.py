"""`acrel operate`: one command to one device, sent once, done when its position was read back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from ...control.caller import Caller, CallerKind
from ...control.control import Control
from ...control.outcome import Outcome, Reason, Result, refused
from ...control.policy import Policy
from ...control.position import positions_of
from ...control.rights import Rights
from ...device import Device
from ...errors import (
    AcrelError,
    LinkError,
    RefusedError,
    SettingRefusedError,
    SettingUnconfirmedError,
)
from ...modbus.guard import GuardedUnit
from ...modbus.hub import ModbusHub
from ...points import Model
from ...readings import PointKey, Reading, Value
from ...source import Source
from ...texts import Phrase, phrase
from .. import advice, orders, selecting
from ..exits import Exit
from ..operation_words import Told
from ..options import Options
from ..output import Console
from ..session import open_unit

SETTLE_SECONDS = 1.5
"""So long the wanted position has to stay: longer than the shortest pulse of an output."""
_OPERATOR = Caller(kind=CallerKind.PERSON, name="command line", is_administrator=True)
_LEAVE = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
"""Whoever has the line in front of him needs no leave of ours; that he means it he says with --confirm."""
_EXITS = {Result.CONFIRMED: Exit.DONE, Result.REFUSED: Exit.FAILED, Result.FAILED: Exit.FAILED}


@dataclass(slots=True, kw_only=True)
class _Run:
    """One command on its way; whatever ends it, what is known of it is still there."""

    options: Options
    model: Model
    key: PointKey
    wanted: Value | None
    unit: GuardedUnit | None = None
    value: Value | None = None
    """What a setting was read as last."""
    trouble: AcrelError | None = None
    is_interrupted: bool = False

    @property
    def has_left(self) -> bool:
        """Whether a write may have left: the guard counts it directly before it goes."""
        return self.unit is not None and self.unit.figures.writes > 0

    def told(self, outcome: Outcome) -> Told:
        """Return what there is to say."""
        return Told(
            model=self.model,
            key=self.key,
            wanted=self.wanted,
            outcome=outcome,
            value=self.value,
            trouble=self.trouble,
        )


def command(options: Options, console: Console) -> int:
    """Operate, or change a setting, and print what became of it; without --confirm it is only read."""
    model = selecting.find_model(options, options.model or "")
    key = orders.find_order(model, options)
    run = _Run(options=options, model=model, key=key, wanted=orders.value_of(model, key, options.value))
    outcome = _outcome(run)
    told = run.told(outcome)
    sentence = told.sentence(options.language)
    if console.as_json:
        console.json(
            {
                "outcome": outcome.result,
                "reason": outcome.reason,
                "writes": outcome.writes,
                "position": told.position,
            }
        )
        console.note(sentence)
    else:
        console.lines([sentence])
    console.note(*told.warnings(options.language))
    if run.trouble is not None:
        console.note(*advice.on_error(options, run.trouble))
    return Exit.INTERRUPTED if run.is_interrupted else _EXITS.get(outcome.result, Exit.INCOMPLETE)


def _outcome(run: _Run) -> Outcome:
    """Return what became of it; Ctrl-C ends the watching, and what may have left is not forgotten."""
    if run.wanted is not None and (why_not := orders.unfit(run.model, run.key, run.wanted)):
        return refused(Reason.BAD_VALUE, why_not)
    try:
        return asyncio.run(_operate(run))
    except KeyboardInterrupt:
        run.is_interrupted, run.value = True, None
        by_hand = phrase("ended_by_hand")
        if not run.has_left:
            return refused(Reason.WITHDRAWN, by_hand)
        return Outcome(result=Result.UNKNOWN, reason=Reason.NOT_WATCHED, detail=by_hand, writes=1)


async def _operate(run: _Run) -> Outcome:
    hub = ModbusHub("command line")
    try:
        async with open_unit(run.options, selecting.on_line_of(run.options.link, run.model)) as unit:
            run.unit = unit
            device = Device("command line", run.model, may_change=lambda: True)
            source = hub.source(unit, run.model)
            device.attach(source)
            control = Control(device, lambda: _LEAVE, settle_seconds=SETTLE_SECONDS)
            return await _ask(run, source) or await _carry_out(run, device, control)
    finally:
        # After the link, which on Ctrl-C gives up the read that the hub would wait for.
        await hub.stop()


async def _ask(run: _Run, source: Source) -> Outcome | None:
    """Read what it is about: what cannot be asked is told so, before anything waits for its turn."""
    operation = run.model.operations.get(run.key)
    keys = {run.key} if operation is None else {*positions_of(run.model, run.key.circuit), *operation.keys}
    try:
        readings = await _read_twice(source, keys & source.points.keys())
    except AcrelError as error:
        run.trouble = error
        return refused(Reason.NOT_SENT, error) if run.options.is_confirmed else refused(Reason.NOT_CONFIRMED)
    if operation is None and (reading := readings.get(run.key)) is not None:
        run.value = reading.value
    return None


async def _read_twice(source: Source, keys: set[PointKey]) -> Mapping[PointKey, Reading]:
    """Return fresh readings: an answer may be lost once. Raises AcrelError."""
    try:
        return await source.read(keys)
    except LinkError:
        return await source.read(keys)


async def _carry_out(run: _Run, device: Device, control: Control) -> Outcome:
    """Do what was asked for; what is not confirmed is checked alone."""
    if run.wanted is not None:
        return await _change(run, device, run.wanted) if run.options.is_confirmed else refused(Reason.NOT_CONFIRMED)
    if run.options.is_confirmed:
        return await control.operate(run.key, _OPERATOR, is_confirmed=True)
    found = await control.select(run.key, _OPERATOR)
    return found if isinstance(found, Outcome) else refused(Reason.NOT_CONFIRMED, position=found.position)


async def _change(run: _Run, device: Device, wanted: Value) -> Outcome:
    """Change a setting, and say what became of it in the words of an operation."""
    former, run.value = run.value, None
    try:
        reading = await device.change(run.key, wanted)
    except SettingUnconfirmedError as error:
        is_read = not isinstance(read := error.values["read"], Phrase)
        if is_read and isinstance(read, bool | int | float | str):
            run.value = read
        result, reason = (Result.FAILED, Reason.NOT_TAKEN) if is_read else (Result.UNKNOWN, Reason.NO_ANSWER)
        return Outcome(result=result, reason=reason, detail=error, writes=1)
    except RefusedError as error:
        return Outcome(result=Result.FAILED, reason=Reason.DEVICE_REFUSED, detail=error, writes=1)
    except SettingRefusedError as error:
        run.value = former
        return refused(Reason.WITHDRAWN, error)
    except AcrelError as error:
        run.value = former
        return refused(Reason.NOT_SENT, error)
    run.value = reading.value
    return Outcome(result=Result.CONFIRMED, writes=1)
