"""A verified change of one setting: checked, one write, done when the value was read back."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction

from ..errors import (
    LinkError,
    RefusedError,
    SettingOutOfRangeError,
    SettingRefusedError,
    SettingUnconfirmedError,
)
from ..models.schema import Model, Point
from ..plan import Read
from ..readings import PointKey, Quality, Reading, Value
from ..registers import RegisterType, unscaled
from ..texts import phrase
from .blocks import within_model
from .guard import GuardedUnit

READ_BACK_PAUSES = (0.0, 0.2, 0.5)
"""Seconds before each read-back: some devices take a moment to store a value."""


async def change_setting(
    unit: GuardedUnit, model: Model, key: PointKey, value: Value, *, clock: Callable[[], datetime]
) -> Reading:
    """Write `value` (in the setting's unit) once and return the reading that confirms it.

    Raises SettingRefusedError (nothing was sent), RefusedError (the device declined), SettingUnconfirmedError (sent,
    but another value or none was read back), or another LinkError when nothing could be sent.
    """
    point = model.points.get(key)
    if point is None or not point.is_writable or point.address is None:
        raise SettingRefusedError(name=key, detail=phrase("read_only", model=model.name))
    raw = _raw_value(point, value)
    within = within_model(model, Read(point.function, point.address, point.count))
    current: list[int] = []
    if point.layout.type.is_bit_field or point.layout.type.is_byte:
        # The register's other bits are somebody else's: they are written back as they are.
        current = await unit.read(point.function, point.address, point.count, within=within)
    words = point.layout.encode(raw, current)
    refusal = await _send_once(unit, point.address, words, within)
    seen: list[int] | None = None
    for pause in READ_BACK_PAUSES:
        await asyncio.sleep(pause)
        try:
            seen = await unit.read(point.function, point.address, point.count, within=within)
        except LinkError:
            continue
        if seen == words:
            return Reading(point.value_of(raw), Quality.GOOD, clock())
        if refusal is not None:
            break
    if refusal is not None:
        raise refusal
    read = phrase("nothing") if seen is None else point.value_of(point.layout.decode(seen) or 0)
    raise SettingUnconfirmedError(name=key, value=value, read=read)


async def _send_once(unit: GuardedUnit, address: int, words: list[int], within: tuple[int, int]) -> RefusedError | None:
    """Write, and return the refusal if there was one; whatever else happened, only the read-back tells.

    Raises the LinkError that kept the write from being sent at all.
    """
    before = unit.statistics.writes
    try:
        await unit.write(address, words, within=within)
    except RefusedError as error:
        # A refusal does not say what it refuses: it may be an old one.
        if unit.statistics.writes == before:
            raise
        return error
    except LinkError:
        if unit.statistics.writes == before:
            raise
    return None


def _raw_value(point: Point, value: Value) -> float:
    """Return the raw number for a value, checked against the limits of the model file."""
    if point.words is not None:
        raw = next((raw for raw, word in point.words.items() if word == value), None)
        if raw is None:
            raise SettingOutOfRangeError(name=point.key, value=value, low="", high=", ".join(point.words.values()))
        return raw
    if isinstance(value, str):
        raise SettingRefusedError(name=point.key, detail=phrase("no_number", value=value))
    limits = point.limits
    number = float(value)
    if limits is None or not limits.low <= number <= limits.high:  # NaN fails both comparisons
        low, high = (limits.low, limits.high) if limits is not None else ("", "")
        raise SettingOutOfRangeError(name=point.key, value=value, low=low, high=high)
    exact = unscaled(int(value) if isinstance(value, bool) else value, point.scale)
    if point.layout.type is RegisterType.F32:
        return float(exact)
    raw_number = round(exact)
    if abs(exact - raw_number) > Fraction(1, 1000):
        raise SettingRefusedError(
            name=point.key,
            detail=phrase("not_exact", value=value, step=f"{float(point.scale):g}"),
        )
    return raw_number
