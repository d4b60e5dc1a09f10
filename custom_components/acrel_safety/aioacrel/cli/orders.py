"""Which command or setting was typed, and to what value: what is wrong with it is said in one sentence."""

from collections.abc import Sequence

from ..errors import AcrelError, SettingRefusedError
from ..modbus.orders import raw_value
from ..points import Model, Point
from ..readings import PointKey, Value
from ..settings import check_setting
from ..source import Setting
from ..texts import Said, phrase
from .options import Options


class WrongOrderError(AcrelError):
    """What was typed is no command that can be sent, whatever the device says."""


class UnknownCommandError(WrongOrderError):
    """The model has neither a command nor a setting that may be changed of this name."""

    key = "unknown_command"


class CommandElsewhereError(WrongOrderError):
    """It is in another circuit."""

    key = "command_elsewhere"


class CommandInSeveralError(WrongOrderError):
    """It is in several circuits, and none was named."""

    key = "command_in_several"


class CircuitTwiceError(WrongOrderError):
    """The circuit was named twice, and differently."""

    key = "circuit_twice"


class ValueMissingError(WrongOrderError):
    """A setting was named, and not what it is to be."""

    key = "value_missing"


class ValueUnwantedError(WrongOrderError):
    """A command has no value."""

    key = "value_unwanted"


class ValueNoNumberError(WrongOrderError):
    """The value of a setting is no number."""

    key = "value_no_number"


def orders_of(model: Model) -> Sequence[PointKey]:
    """Return all commands that can be sent by register, and all settings that may be changed."""
    return [*(key for key in model.operations if key in model.registers.writes), *sorted(model.settable)]


def find_order(model: Model, options: Options) -> PointKey:
    """Return the command, or the setting that can be changed, of `CODE` or `CODE@CIRCUIT`.

    Raises WrongOrderError.
    """
    known = orders_of(model)
    typed = (options.code or "").strip()
    code, at, circuit = typed.rpartition("@")
    spelling, wanted = (code.strip(), circuit.strip()) if at else (typed, options.circuit)
    if at and options.circuit not in (None, wanted):
        raise CircuitTwiceError(code=typed, circuit=options.circuit)
    named = [key for key in known if key.code.casefold() == spelling.casefold()]
    if not named:
        raise UnknownCommandError(model=model.name, code=spelling, known=_listed(known))
    found = [key for key in named if wanted in (None, key.circuit)]
    if not found:
        raise CommandElsewhereError(model=model.name, code=named[0].code, circuit=wanted, known=_listed(named))
    if len(found) > 1:
        raise CommandInSeveralError(model=model.name, code=found[0].code, known=_listed(found))
    return found[0]


def value_of(model: Model, key: PointKey, text: str | None) -> Value | None:
    """Return the value a setting is to have; a command has none.

    Raises WrongOrderError when one is missing, one too many, or no number.
    """
    if key in model.operations:
        if text is not None:
            raise ValueUnwantedError(key=key)
        return None
    point = model.points[key]
    if text is None:
        raise ValueMissingError(key=key, limits=limits_of(point))
    if point.words is not None:
        return text
    try:
        number = float(text)
    except ValueError:
        raise ValueNoNumberError(key=key, value=text, limits=limits_of(point)) from None
    return bool(number) if point.is_binary and number in (0, 1) else number


def unfit(model: Model, key: PointKey, value: Value) -> Said:
    """Return why a setting cannot be set to a value, whatever the device says; empty if it can."""
    point = model.points[key]
    try:
        check_setting(point, value)
    except SettingRefusedError:
        return phrase("outside_limits", value=shown(point, value), limits=limits_of(point))
    registers = next(one for one in model.maps if key in model.settable_in(one))
    try:
        raw_value(model, registers, Setting(key=key, value=value))
    except SettingRefusedError as error:
        return error
    return ""


def limits_of(point: Point) -> Said:
    """Return what a setting may be set to."""
    if point.words is not None:
        return phrase("one_of", words=", ".join(point.words.values()))
    if point.limits is None:
        return ""
    low, high = (f"{number:g}" for number in (point.limits.low, point.limits.high))
    return phrase("interval", low=low, high=shown(point, float(high)))


def shown(point: Point, value: Value | None) -> str:
    """Return a value with its unit; empty where there is none."""
    if value is None:
        return ""
    number = value if isinstance(value, str) else f"{float(value):.10g}"
    return f"{number} {point.quantity.unit}" if point.quantity.unit else number


def _listed(keys: Sequence[PointKey]) -> str:
    return ", ".join(map(str, keys)) or "-"
