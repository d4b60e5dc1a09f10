"""`acrel operate`: one command to one device, sent once, done when its position was read back."""

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from ...addresses import without_password
from ...control.caller import Caller, CallerKind
from ...control.control import Act, Control
from ...control.lockouts import Lockouts
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
from ...points import Effect, Model
from ...readings import PointKey, Reading, Value
from ...source import Source
from ...texts import Phrase, phrase
from .. import advice, orders, selecting
from ..commandlog import BEGUN, ENDED, CommandLog
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
    ended_by: Exit | None = None
    """What ended it from outside, by the exit code."""
    log: CommandLog = field(default_factory=CommandLog.of_user)
    troubles: list[str] = field(default_factory=list)
    """Why something could not be put down, and what the device may not take yet."""

    @property
    def device(self) -> str:
        """Which device it is, in what is put down."""
        return f"{without_password(str(self.options.link))} {self.options.unit}"

    @property
    def lockout(self) -> float:
        """Seconds for which the device takes no other command after this one."""
        operation = self.model.operations.get(self.key)
        return 0.0 if operation is None else operation.lockout

    @property
    def opens(self) -> bool:
        """Whether it only opens: that waits for nothing."""
        operation = self.model.operations.get(self.key)
        return operation is not None and _LEAVE.effect(operation) is Effect.OPEN

    def put_down(self, what: str, **data: object) -> None:
        """Put it down; that it could not be is no reason not to do it."""
        named = {"model": self.model.id, "code": self.key.code, "circuit": self.key.circuit, "value": self.wanted}
        if trouble := self.log.put_down(what, self.device, {**named, **data}):
            told = phrase("not_put_down", why=trouble).text(self.options.language)
            self.troubles += [told] if told not in self.troubles else []

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
    if options.is_confirmed:
        _put_down_end(run, outcome)
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
    console.note(*told.warnings(options.language), *run.troubles)
    if run.trouble is not None:
        console.note(*advice.on_error(options, run.trouble))
    return run.ended_by if run.ended_by is not None else _EXITS.get(outcome.result, Exit.INCOMPLETE)


def _outcome(run: _Run) -> Outcome:
    """Return what became of it; a signal ends the watching, and what may have left is not forgotten."""
    if run.wanted is not None and (why_not := orders.unfit(run.model, run.key, run.wanted)):
        return refused(Reason.BAD_VALUE, why_not)
    try:
        return asyncio.run(_operate(run))
    except KeyboardInterrupt:
        run.ended_by = Exit.INTERRUPTED
        return _cut_short(run, phrase("ended_by_hand"))
    except asyncio.CancelledError:
        run.ended_by = Exit.TERMINATED
        return _cut_short(run, phrase("ended_from_outside"))


def _cut_short(run: _Run, by: Phrase) -> Outcome:
    """Return what is known of a command that nobody watches any more."""
    run.value = None
    if not run.has_left:
        return refused(Reason.WITHDRAWN, by)
    return Outcome(result=Result.UNKNOWN, reason=Reason.NOT_WATCHED, detail=by, writes=1)


def _put_down_end(run: _Run, outcome: Outcome) -> None:
    reason = None if outcome.reason is None else str(outcome.reason)
    data = {"outcome": str(outcome.result), "reason": reason, "writes": outcome.writes, "position": outcome.position}
    run.put_down(ENDED, **data)


@contextmanager
def _terminated() -> Iterator[None]:
    """Let SIGTERM end it as Ctrl-C does, so that it is said what is known; where there is none, nothing is changed."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is None:
        raise RuntimeError
    try:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    except NotImplementedError, RuntimeError, ValueError:
        # Another system, or no process of its own.
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def _operate(run: _Run) -> Outcome:
    with _terminated():
        return await _reach(run)


async def _reach(run: _Run) -> Outcome:
    hub = ModbusHub("command line")
    try:
        async with open_unit(run.options, selecting.on_line_of(run.options.link, run.model)) as unit:
            run.unit = unit
            device = Device("command line", run.model, may_change=lambda: True)
            source = hub.source(unit, run.model)
            device.attach(source)
            control = Control(device, lambda: _LEAVE, settle_seconds=SETTLE_SECONDS, lockouts=_lockouts(run))
            control.listen(partial(_put_down_begin, run))
            return await _ask(run, source) or await _carry_out(run, device, control)
    finally:
        # After the link, which on Ctrl-C gives up the read that the hub would wait for.
        await hub.stop()


def _lockouts(run: _Run) -> Lockouts:
    """Return what is left of the time in which the device takes no other command, after one of an earlier call."""
    lockouts = Lockouts(asyncio.get_running_loop().time)
    since = run.log.seconds_since(run.device) if run.lockout else None
    if since is None or (left := run.lockout - since) <= 0:
        return lockouts
    if run.opens:
        # Better in vain than not at all.
        run.troubles.append(phrase("sent_though_locked_out", seconds=f"{left:.0f}").text(run.options.language))
    else:
        lockouts.begin(left)
    return lockouts


def _put_down_begin(run: _Run, act: Act) -> None:
    """Put down that a command is about to be sent, whatever ends this program; an opening waits for no disk."""
    if act.outcome is None and not run.opens:
        run.put_down(BEGUN)


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
