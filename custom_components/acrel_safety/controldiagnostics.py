"""Diagnostics of operations: what is allowed, what was done and what came of it; nobody's name, id or words."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant

from .aioacrel.control.policy import Policy
from .aioacrel.control.rights import user
from .aioacrel.timers import timers_by
from .const import CONF_CONTROL
from .controlsettings import RIGHTS
from .deeds import Deed, deeds_of
from .handles import circuit_position
from .operating import Operator

_USER = user("")
_WORDS = {True: "closed", False: "open", None: None}


def nameless(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a device without the ids of persons."""
    control = settings.get(CONF_CONTROL)
    if not isinstance(control, Mapping):
        return dict(settings)
    return {**settings, CONF_CONTROL: {**control, RIGHTS: _rights(control.get(RIGHTS))}}


def operations_shown(hass: HomeAssistant, operator: Operator) -> Mapping[str, Any]:
    """Return how a device is operated."""
    control, policy = operator.control, operator.policy
    under_way, timed = control.under_way, timers_by(control.device.sources)
    return {
        "enabled": policy.is_enabled,
        "may_close": policy.may_close,
        "rights": _rights(policy.rights.kept()),
        "critical": len(policy.critical),
        "drives": {str(key): str(drive) for key, drive in policy.drives.items()},
        "evidence": len(policy.evidence),
        "operations": [*map(str, control.operations)],
        "positions": _positions(operator, policy),
        "tags": len(control.tags.all),
        "has_timer": None if timed is None else timed[1].has_timer,
        "under_way": None if under_way is None else str(under_way.key),
        "last": [_ended(deed) for deed in deeds_of(hass).ended(operator.board.identity)],
    }


def _positions(operator: Operator, policy: Policy) -> Mapping[str, str | None]:
    circuits = dict.fromkeys(key.circuit for key in operator.control.operations)
    return {circuit: _WORDS[circuit_position(operator.control, policy, circuit)] for circuit in circuits}


def _ended(deed: Deed) -> Mapping[str, Any]:
    plain = deed.plain()
    told = ("timer", "effect", "caller", "result", "reason", "writes", "position")
    return {
        "operation": f"{deed.circuit}/{deed.code}",
        **{key: plain.get(key) for key in told},
        "seconds": deed.seconds,
    }


def _rights(given: object) -> object:
    """Return what was given to whom; of persons only what, not who."""
    if not isinstance(given, Mapping):
        return None
    groups = {name: rights for name, rights in given.items() if not str(name).startswith(_USER)}
    return {**groups, "users": _of_users(given.items())}


def _of_users(given: Iterable[tuple[object, object]]) -> list[object]:
    return [rights for name, rights in given if str(name).startswith(_USER)]
