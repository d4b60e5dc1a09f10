"""What an order becomes on the line: the registers to write, in one request."""

from collections.abc import Callable
from fractions import Fraction

from ..errors import CommandRefusedError, LinkError, NotSentError, SettingRefusedError
from ..points import Model
from ..readings import PointKey
from ..registers import READ_HOLDING, Read, RegisterMap, unscaled
from ..registers.blocks import within_map
from ..source import Order, Setting
from ..texts import Phrase, phrase
from .guard import GuardedUnit

_TOLERANCE = Fraction(1, 1000)
"""Of a step: a value as a person types it may be a hair beside one."""


def refused(order: Order, detail: Phrase) -> SettingRefusedError | CommandRefusedError:
    """Return the error of an order of which nothing was sent, and why."""
    if isinstance(order, Setting):
        return SettingRefusedError(name=order.key, detail=detail)
    return CommandRefusedError(name=order.key, detail=detail)


def check_order(model: Model, registers: RegisterMap, order: Order) -> None:
    """Raise the error of an order that a register map has no place for, or whose value does not fit."""
    if isinstance(order, Setting):
        raw_value(model, registers, order)
    elif order.key not in model.operable_in(registers):
        raise refused(order, phrase("no_such_command", model=model.name))


async def write_order(
    unit: GuardedUnit,
    model: Model,
    registers: RegisterMap,
    order: Order,
    *,
    ask_last: Callable[[], None] = lambda: None,
) -> None:
    """Write an order once, where it lies in the register map the unit has.

    Raises what `check_order` does or NotSentError when nothing left, and what `GuardedUnit.write` raises.
    """
    check_order(model, registers, order)
    if isinstance(order, Setting):
        await write_setting(unit, model, registers, order, ask_last=ask_last)
    else:
        await _write_command(unit, registers, order.key, ask_last)


async def _write_command(
    unit: GuardedUnit, registers: RegisterMap, key: PointKey, ask_last: Callable[[], None]
) -> None:
    write = registers.writes[key]
    within = within_map(registers, Read(READ_HOLDING, write.address, len(write.registers)))
    await unit.write(write.address, list(write.registers), within=within, ask_last=ask_last)


def raw_value(model: Model, registers: RegisterMap, order: Setting) -> float:
    """Return the raw number to write for a setting; its limits were checked before.

    Raises SettingRefusedError when the registers cannot hold it, or nothing says that they may be written.
    """
    key, value = order.key, order.value
    if key not in model.settable_in(registers):
        raise SettingRefusedError(name=key, detail=phrase("read_only", model=model.name))
    point, place = model.points[key], registers.places[key]
    if point.words is not None:
        return next(raw for raw, word in point.words.items() if word == value)
    if isinstance(value, str):
        raise SettingRefusedError(name=key, detail=phrase("no_number", value=value))
    exact = unscaled(int(value) if isinstance(value, bool) else value, place.scale)
    if place.layout.type.is_float:
        return float(exact)
    raw_number = round(exact)
    if abs(exact - raw_number) > _TOLERANCE:
        detail = phrase("not_exact", value=value, step=f"{float(place.scale):g}")
        raise SettingRefusedError(name=key, detail=detail)
    return raw_number


async def write_setting(
    unit: GuardedUnit,
    model: Model,
    registers: RegisterMap,
    order: Setting,
    *,
    ask_last: Callable[[], None] = lambda: None,
) -> None:
    """Write a setting once, where it lies in the register map the unit has.

    Raises SettingRefusedError or NotSentError when nothing left, and what `GuardedUnit.write` raises.
    """
    raw, place = raw_value(model, registers, order), registers.places[order.key]
    within = within_map(registers, Read(place.function, place.address, place.count))
    current: list[int] = []
    if place.layout.type.is_bit_field or place.layout.type.is_byte:
        # The register's other bits are somebody else's: they are written back as they are.
        try:
            current = await unit.read(place.function, place.address, place.count, within=within)
        except LinkError as error:
            raise NotSentError(unit=unit.unit_id, reason=error) from error
    try:
        words = place.layout.encode(raw, current)
    except ValueError as error:
        raise SettingRefusedError(name=order.key, detail=phrase("no_fit", value=order.value)) from error
    await unit.write(place.address, words, within=within, ask_last=ask_last)
