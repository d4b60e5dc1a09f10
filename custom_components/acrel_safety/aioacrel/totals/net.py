"""Which energies can fall by what they are: import less export, or the like."""

from collections.abc import Container

from ..points import Point
from ..readings import PointKey

_ACTIVE = ("combined_active_energy", "phase_p_combined_active_energy")
_REACTIVE = "combined_reactive_energy"
_EXPORTED = "EPE"


def may_fall(point: Point, points: Container[PointKey]) -> bool:
    """Whether an energy can fall by nature, `points` being all of its device.

    What counts into a combined energy (组合有功, 组合无功 of DL/T 645-2007), and with which sign, can be set in the
    meter: import less export falls. Where a meter counts no export there is nothing to be taken off.
    """
    key = point.quantity.key
    if key.startswith(_REACTIVE):
        return True
    return key.startswith(_ACTIVE) and PointKey(point.key.circuit, _EXPORTED) in points
