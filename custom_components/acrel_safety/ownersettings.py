"""What the owner set for the alarms of a device, as it is stored beside it."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentry

from .aioacrel.alarms.ownerlimits import OwnerLimit
from .aioacrel.errors import LimitFormError
from .checked import UnfitError
from .const import CONF_ALLOW_AUTOMATIONS, CONF_CIRCUIT_NAMES, CONF_CT, CONF_LIMITS, CONF_PT, CONF_RATINGS

KEPT = (CONF_LIMITS, CONF_RATINGS, CONF_CIRCUIT_NAMES)
"""What no form of a device asks for: it stays when the rest is changed."""
LARGEST_RATING = 10_000.0
"""A; more than any busbar that one of these devices watches."""
_MOST = 1000
_LONGEST_NAME = 100


def limits_of(subentry: ConfigSubentry) -> dict[str, OwnerLimit]:
    """Return the limits of a device that was found sound."""
    return {name: OwnerLimit.read(limit) for name, limit in subentry.data.get(CONF_LIMITS, {}).items()}


def ratings_of(subentry: ConfigSubentry) -> dict[str, float]:
    """Return the rated currents of a device's circuits, in A."""
    return {**subentry.data.get(CONF_RATINGS, {})}


def ratios_of(subentry: ConfigSubentry) -> dict[str, float]:
    """Return the transformer ratios that the owner set."""
    return {name: subentry.data[name] for name in (CONF_CT, CONF_PT) if name in subentry.data}


def names_of(subentry: ConfigSubentry) -> dict[str, str]:
    """Return what the owner calls a device's circuits."""
    return {**subentry.data.get(CONF_CIRCUIT_NAMES, {})}


def may_automate(subentry: ConfigSubentry) -> bool:
    """Whether the owner lets automations act on the alarms of a device."""
    return subentry.data.get(CONF_ALLOW_AUTOMATIONS) is True


def name_of(limit: OwnerLimit) -> str:
    """Return the name that a limit is stored by: one that is about the same takes its place."""
    side = "low" if limit.is_low else "high"
    return "/".join((limit.circuit or "*", limit.code or limit.family, limit.of, side, limit.level))


def sound_limits(value: object) -> object:
    """Check what is stored of limits."""
    if not isinstance(value, Mapping) or len(value) > _MOST:
        raise UnfitError("bad_limits", value, "")
    for limit in value.values():
        try:
            OwnerLimit.read(limit)
        except LimitFormError as error:
            raise UnfitError("bad_limits", limit, str(error)) from error
    return value


def sound_ratings(value: object) -> object:
    """Check what is stored of rated currents."""
    if not isinstance(value, Mapping) or len(value) > _MOST or not all(map(_is_rating, value.values())):
        raise UnfitError("bad_ratings", value, f"0 … {LARGEST_RATING:.15g}")
    return value


def sound_names(value: object) -> object:
    """Check what is stored of the names of circuits."""
    if not isinstance(value, Mapping) or len(value) > _MOST or not all(map(_is_name, value.values())):
        raise UnfitError("bad_circuit_names", value, "")
    return value


def _is_name(value: Any) -> bool:  # noqa: ANN401 - anything may be stored
    return isinstance(value, str) and bool(value.strip()) and len(value) <= _LONGEST_NAME


def _is_rating(value: Any) -> bool:  # noqa: ANN401 - anything may be stored
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LARGEST_RATING
