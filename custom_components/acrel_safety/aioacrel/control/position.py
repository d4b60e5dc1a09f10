"""The points of a model that tell where a breaker or relay stands, and what the device itself says against it."""

from collections.abc import Iterator

from ..points import Model
from ..readings import DEVICE_CIRCUIT, PointKey

POSITIONS = frozenset({"breaker_position", "switch_position"})
"""Keys of the vocabulary; true is closed."""
MAINTENANCE, LOCAL_LOCK, CONTROL_LEVEL = "maintenance_state", "local_lock_state", "control_level"
_LOCKS = frozenset({MAINTENANCE, LOCAL_LOCK, CONTROL_LEVEL})


def positions_of(model: Model, circuit: str) -> list[PointKey]:
    """Return what tells the position of a circuit; of the device as a whole, of all of its circuits."""
    return [
        key
        for key, point in model.points.items()
        if point.quantity.key in POSITIONS and point.is_binary and _concerns(key, circuit)
    ]


def locks_of(model: Model, circuit: str) -> Iterator[tuple[str, PointKey]]:
    """Yield what the device itself may say against operating a circuit, by its key of the vocabulary."""
    for key, point in model.points.items():
        if point.quantity.key in _LOCKS and _concerns(key, circuit):
            yield point.quantity.key, key


def _concerns(key: PointKey, circuit: str) -> bool:
    return circuit == DEVICE_CIRCUIT or key.circuit in (circuit, DEVICE_CIRCUIT)
