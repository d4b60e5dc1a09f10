"""The field's usual limits, for a form to propose: none of them is set unless the owner takes it."""

from collections.abc import Iterator, Mapping

from ..points import Model
from .levels import Level
from .ownerlimits import Of, OwnerLimit
from .rules import circuits_of

LARGEST_RESIDUAL_LIMIT = 1000.0
"""mA; GB 14287.2 detectors are set to 20–1000 mA, GB 50116 9.2.3 recommends 300–500 mA."""
USUAL_RESIDUAL_LIMIT = 300.0
"""mA: from about here on an arc to earth can start a fire (GB 50116, 9.2.3)."""
USUAL_TEMPERATURE_LIMIT = 80.0
"""°C; GB 14287.3 detectors are set to 45–140 °C, usually to 80 or 85 °C."""
_RESIDUAL_STEP = 10.0


def residual_limit(normal_maximum: float | None) -> float:
    """Return a residual-current limit, in mA: at least twice the most that leaks normally, at most 1000 mA."""
    twice = 2 * (normal_maximum or 0.0)
    wanted = max(USUAL_RESIDUAL_LIMIT, -(-twice // _RESIDUAL_STEP) * _RESIDUAL_STEP)
    return min(LARGEST_RESIDUAL_LIMIT, wanted)


def proposals(model: Model, *, normal_residual: Mapping[str, float] | None = None) -> Iterator[OwnerLimit]:
    """Yield what is usually set for what a model measures.

    `normal_residual` is the largest residual current of normal running by circuit, in mA.
    """
    families = {point.quantity.family for point in model.points.values()}
    if "residual_current" in families:
        for circuit in _with_residual(model):
            limit = residual_limit((normal_residual or {}).get(circuit))
            yield _high("residual_current", Level.PRE_ALARM, limit / 2, limit / 20, 10.0, circuit)
            yield _high("residual_current", Level.ALARM, limit, limit / 20, 5.0, circuit)
    if "temperature" in families:
        # A PVC conductor bears 70 °C for good.
        yield _high("temperature", Level.PRE_ALARM, 70.0, 3.0, 30.0)
        yield _high("temperature", Level.ALARM, USUAL_TEMPERATURE_LIMIT, 3.0, 10.0)
        yield OwnerLimit(
            family="temperature", level=Level.PRE_ALARM, of=Of.SPREAD, limit=15.0, hysteresis=3.0, on_delay=300.0
        )
    if "current" in families:
        yield OwnerLimit(
            family="current", level=Level.PRE_ALARM, of=Of.RATING, limit=90.0, hysteresis=5.0, on_delay=60.0
        )
        yield OwnerLimit(family="current", of=Of.RATING, limit=110.0, hysteresis=5.0, on_delay=30.0)


def _with_residual(model: Model) -> list[str]:
    circuits = {key.circuit for key, point in model.points.items() if point.quantity.family == "residual_current"}
    return [circuit for circuit in circuits_of(model) if circuit in circuits]


def _high(
    family: str, level: Level, limit: float, hysteresis: float, delay: float, circuit: str | None = None
) -> OwnerLimit:
    return OwnerLimit(family=family, circuit=circuit, level=level, limit=limit, hysteresis=hysteresis, on_delay=delay)
