"""What the device itself says that it opened for: its own alarm of the same circuit that came about the same time."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from ..points import Model
from ..readings import DEVICE_CIRCUIT, PointKey
from .bitlevels import level_of
from .levels import Level
from .rules import Readings, value_of
from .verdict import QuantityName
from .watched import watched_in

WINDOW_SECONDS = 60.0
"""So long before an opening, or after it, an alarm may come to be its cause: reports may come in parts."""
_POSITION = "breaker"
"""The family of the positions themselves."""


class TripCause:
    """Looks at the alarms of one circuit; which was first is what is told."""

    def __init__(self, model: Model, circuit: str) -> None:
        """Take the model, and the circuit that opens."""
        known = model.readable
        # What falls when a circuit opens is no cause, unless it fell before.
        self._falls = {key for row in watched_in(model, circuit) if row.is_low for key in row.bits}
        self._names: Mapping[PointKey, QuantityName] = {
            key: QuantityName(point.quantity)
            for key, point in known.items()
            if key.circuit in (circuit, DEVICE_CIRCUIT)
            and level_of(point) is Level.ALARM
            and point.quantity.family != _POSITION
        }
        self._came: dict[PointKey, float] = {}
        """When each that is on was seen first."""

    @property
    def keys(self) -> AbstractSet[PointKey]:
        """What it looks at."""
        return self._names.keys()

    def look(self, readings: Readings, now: float) -> None:
        """Note which alarms are on; what cannot be read now is as it was."""
        for key in self._names:
            value = value_of(readings, key)
            if value:
                self._came.setdefault(key, now)
            elif value is not None:
                self._came.pop(key, None)

    def of(self, opened: float) -> QuantityName | None:
        """Return the name of the alarm for which it opened then, None if the device tells none."""
        found = [
            (came, place, key)
            for place, key in enumerate(self._names)
            if (came := self._came.get(key)) is not None
            and abs(came - opened) <= WINDOW_SECONDS
            and (came < opened or key not in self._falls)
        ]
        return self._names[min(found)[2]] if found else None
