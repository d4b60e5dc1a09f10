"""Whether a limit can be crossed at all, and come back from: by what the vocabulary says that can be measured."""

from ..errors import LimitFormError
from ..points import Model, Point
from ..readings import PointKey
from ..texts import phrase
from ..vocabulary import Range, unit_range
from .ownerlimits import Of, OwnerLimit
from .verdict import QuantityName

_MOST_PERCENT = 1000.0
"""Of a rated current; no fuse bears more for long enough to be read."""


def check_can_be(limit: OwnerLimit, model: Model, circuit: str) -> None:
    """Raise LimitFormError for a limit that no value of a circuit can be beyond, or come back within.

    Only what is set anew is looked at: what was stored before holds.
    """
    for code in limit.codes_in(model, circuit):
        point = model.points[PointKey(circuit, code)]
        low, high = _ends(limit, point)
        if (low is not None and limit.limit < low) or (high is not None and limit.limit > high):
            name = QuantityName(point.quantity)
            raise LimitFormError(detail=phrase("limit_never_met", quantity=name, low=_said(low), high=_said(high)))
        far = high if limit.is_low else low
        if far is not None and limit.hysteresis > (most := abs(limit.limit - far)):
            raise LimitFormError(detail=phrase("limit_never_left", most=f"{most:g}"))


def _ends(limit: OwnerLimit, point: Point) -> tuple[float | None, float | None]:
    """Return between what the compared value can be."""
    if limit.of is Of.RATING:
        return 0.0, _MOST_PERCENT
    low, high = _range(point).low, _range(point).high
    if limit.of is Of.SPREAD:
        return 0.0, None if low is None or high is None else high - low
    return low, high


def _range(point: Point) -> Range:
    own, usual = point.quantity.range, unit_range(point.quantity.unit)
    return Range(low=usual.low if own.low is None else own.low, high=usual.high if own.high is None else own.high)


def _said(end: float | None) -> str:
    return "…" if end is None else f"{end:g}"
