"""How gateways and the meters behind them are named."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from ..masking import masked

LAST_PORT, LAST_ADDRESS = 99, 247
_MOST = 64
_METER = re.compile(r"(\d\d)(\d{3})", re.ASCII)
_SLASH = "/"


class GatewayName(NamedTuple):
    """The two numbers that tell a gateway from all others."""

    building: str
    gateway: str

    @property
    def serial(self) -> str:
        """Both in one, as they are typed."""
        return f"{self.building}{_SLASH}{self.gateway}"

    @property
    def shown(self) -> str:
        """What may be shown where others look on."""
        return f"{masked(self.building)}{_SLASH}{masked(self.gateway)}"

    @property
    def is_one(self) -> bool:
        """Whether there can be such a gateway: some printable characters each, and it can be typed."""
        return all(part and len(part) <= _MOST and part.isprintable() and part == part.strip() for part in self) and (
            _SLASH not in self.building
        )

    @classmethod
    def of(cls, text: str) -> GatewayName:
        """Read `BUILDING/GATEWAY`. Raises ValueError."""
        building, _, gateway = text.partition(_SLASH)
        name = cls(building.strip(), gateway.strip())
        if not name.is_one:
            raise ValueError("not the name of a gateway")
        return name


@dataclass(frozen=True, slots=True, order=True)
class MeterId:
    """A meter behind a gateway: the serial port it hangs on, and its Modbus address."""

    port: int
    address: int

    def __str__(self) -> str:
        """Spell it as frames do: two digits and three."""
        return f"{self.port:02}{self.address:03}"

    @classmethod
    def of(cls, text: str) -> MeterId | None:
        """Read five digits; None if they name no meter."""
        match = _METER.fullmatch(text.strip())
        if match is None or not 1 <= int(match[2]) <= LAST_ADDRESS:
            return None
        return cls(int(match[1]), int(match[2]))
