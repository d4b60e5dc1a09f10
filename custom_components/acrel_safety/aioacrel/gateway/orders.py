"""Orders in the platform dialect: what is proved, and what is known by name only.

Proved with real meters: `REFRESH`, and `FORCESWITCH` of models whose file says so. The names of the vocabulary's
commands as `payload.method` are known from documents; that they travel like this is an analogy, and they go only where
the owner opted in for the gateway. Nothing else is ever sent.
"""

from collections.abc import Mapping
from itertools import count

from ..points import Model
from ..readings import PointKey
from . import platform

REFRESH = "REFRESH"
_FORCED: Mapping[str, int] = {"FORRLYOFF": 0, "FORRLYON": 1}
BY_NAME = frozenset({"RLYON", "RLYOFF", "FORRLYON", "FORRLYOFF", "RLYREPON", "RLYREPOFF", "SILENCE", "RESET", "SELCHK"})
"""Commands of the vocabulary that are methods by analogy."""


class OrderNumbers:
    """Numbers of orders: digits only, since firmware garbles anything else, and never the same twice."""

    def __init__(self, now: float) -> None:
        """Begin with a number that no former run has used."""
        self._numbers = count(int(now * 1000))

    def next(self) -> str:
        """Return a number."""
        return str(next(self._numbers))


def offered(model: Model, *, by_analogy: bool) -> frozenset[PointKey]:
    """Return the operations of a model that can go through a gateway."""
    return frozenset(key for key in model.operations if is_proved(model, key) or (by_analogy and key.code in BY_NAME))


def is_proved(model: Model, key: PointKey) -> bool:
    """Whether an operation was seen to work on this way."""
    return model.gateway.force_switch and key.code in _FORCED


def order(gateway: str, serial: str, model: Model, key: PointKey, given: str, now: float) -> str:
    """Return the message of an operation."""
    if is_proved(model, key):
        wanted = _FORCED[key.code]
        name = f"acrel-{model.id}-{serial}"
        return _operate(
            gateway,
            given,
            now,
            {"method": "FORCESWITCH", "ForceSwitch": wanted, "do1": wanted, "addr": serial, "meterName": name},
        )
    return _operate(gateway, given, now, {"method": key.code, "addr": serial})


def refresh(gateway: str, serial: str, given: str, now: float) -> str:
    """Return the message that has a meter reported now."""
    return _operate(gateway, given, now, {"method": REFRESH, "addr": serial})


def _operate(gateway: str, given: str, now: float, payload: Mapping[str, object]) -> str:
    return platform.encoded(gateway, "operate", given, {"timestamp": int(now), "payload": payload})
