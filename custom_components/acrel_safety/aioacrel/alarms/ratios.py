"""The transformer ratios that values are measured by: with another one, what was learnt of weeks says nothing.

Some the owner set, others the device tells. One reading alone changes nothing: too much would be forgotten for it.
"""

from collections.abc import Mapping
from math import isclose

from ..points import Model
from ..readings import PointKey, Reading
from ..vocabulary import Kind
from .rules import Readings, number_of

_OWNER, _DEVICE = "owner", "device"


class Ratios:
    """What is known of the ratios of one device."""

    def __init__(self, model: Model, owner: Mapping[str, float]) -> None:
        """Take those that the owner set, by name."""
        self._owner = dict(owner)
        self.keys = frozenset(key for key, point in model.readable.items() if point.quantity.kind is Kind.RATIO)
        self._known: dict[PointKey, float] = {}
        self._doubted: dict[PointKey, tuple[float, Reading]] = {}

    def take(self, readings: Readings) -> bool:
        """Look at what the device tells; return whether one is another one than before."""
        is_other = False
        for key in self.keys:
            if (ratio := number_of(readings, key)) is None or self._is_known(key, ratio):
                self._doubted.pop(key, None)
                continue
            reading, doubted = readings[key], self._doubted.get(key)
            if doubted is None or not isclose(doubted[0], ratio):
                self._doubted[key] = ratio, reading
            elif doubted[1] is not reading:
                self._known[key] = ratio
                del self._doubted[key]
                is_other = True
        return is_other

    def _is_known(self, key: PointKey, ratio: float) -> bool:
        return isclose(self._known.setdefault(key, ratio), ratio)

    def kept(self) -> dict[str, object]:
        """Return what is to outlive a restart, as plain JSON."""
        return {_OWNER: self._owner, _DEVICE: {str(key): ratio for key, ratio in self._known.items()}}

    def restore(self, stored: object) -> bool:
        """Go on from what was kept; return whether the owner's are others now. What was never kept is no other one."""
        if not isinstance(stored, Mapping):
            return False
        device = stored.get(_DEVICE)
        for key in self.keys:
            ratio = device.get(str(key)) if isinstance(device, Mapping) else None
            if isinstance(ratio, int | float) and not isinstance(ratio, bool):
                self._known[key] = float(ratio)
        return stored.get(_OWNER) != self._owner
