"""What an order becomes on the line: the registers to write, in one request."""

from fractions import Fraction

from ..errors import LinkError, NotSentError, SettingRefusedError
from ..phrases import phrase
from ..points import Model, Point
from ..readings import Value
from ..registers import Place, Read, RegisterMap, unscaled
from ..registers.blocks import within_map
from ..source import Setting
from .guard import GuardedUnit

_TOLERANCE = Fraction(1, 1000)
"""Of a step: a value as a person types it may be a hair beside one."""


async def write_setting(unit: GuardedUnit, model: Model, registers: RegisterMap, order: Setting) -> None:
    """Write a setting once, where it lies in the register map the unit has.

    Raises SettingRefusedError or NotSentError when nothing left, and what `GuardedUnit.write` raises.
    """
    key = order.key
    if key not in model.settable_in(registers):
        raise SettingRefusedError(name=key, detail=phrase("read_only", model=model.name))
    point, place = model.points[key], registers.places[key]
    raw = _raw_value(point, place, order.value)
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
        raise SettingRefusedError(name=key, detail=str(error)) from error
    await unit.write(place.address, words, within=within)


def _raw_value(point: Point, place: Place, value: Value) -> float:
    """Return the raw number for a value; its limits were checked before."""
    if point.words is not None:
        return next(raw for raw, word in point.words.items() if word == value)
    if isinstance(value, str):
        raise SettingRefusedError(name=point.key, detail=phrase("no_number", value=value))
    exact = unscaled(int(value) if isinstance(value, bool) else value, place.scale)
    if place.layout.type.is_float:
        return float(exact)
    raw_number = round(exact)
    if abs(exact - raw_number) > _TOLERANCE:
        detail = phrase("not_exact", value=value, step=f"{float(place.scale):g}")
        raise SettingRefusedError(name=point.key, detail=detail)
    return raw_number
