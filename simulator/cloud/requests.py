"""What reached a server, for tests to count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

EFFECTS = frozenset(
    {
        "confirmAlarmEvents",
        "setAlarmEventUnConfirmed",
        "oneClickConfirmAlarmEvents",
        "oneClickConfirmSubAlarms",
        "sendMeterControlDemandHTTP",
        "send310ControlDemandHTTP",
        "sendBulbControlDemandHTTP",
        "sendOneControlDemandHTTP",
        "setMeterState",
        "modifyUserPwd",
    }
)
"""Calls that change something, also those that are spelt GET."""
COMMANDS = frozenset(name for name in EFFECTS if name.startswith("send"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request as it came in; what of it is secret is not left out."""

    method: str
    path: str
    name: str
    """The last part of the path: the call's name."""
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """By their names in lower case."""
    user: str = ""
    """Whose token it bears, if it is one of this server's."""
    secure: bool = False
    """Whether it came over TLS."""
    at: datetime

    @property
    def parameters(self) -> Mapping[str, str]:
        """Query and form together."""
        return {**self.query, **self.form}

    @property
    def has_effect(self) -> bool:
        """Whether it asks for a change."""
        return self.name in EFFECTS

    @property
    def is_command(self) -> bool:
        """Whether it asks a device to do something."""
        return self.name in COMMANDS
