"""A device of which a platform sends values by itself, as a source: nothing can be asked of it, and nothing ordered.

It is a reporting device as one behind a gateway is; only that nothing proves who reports.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Never, override

from ..errors import CommandRefusedError, DeviceAwayError
from ..gateway.gateway import Gateway
from ..gateway.meter import Meter
from ..gateway.source import GatewaySource
from ..points import Model
from ..readings import PointKey
from ..source import FAR, Order
from ..texts import Phrase, phrase

ORIGIN = "push"


class _Nobody:
    """Takes no orders."""

    async def refresh(self, gateway: Gateway, serial: str) -> None:
        """Do nothing: the platform sends when it suits it."""

    async def operate(self, gateway: Gateway, message: Callable[[str], str]) -> Never:
        """Refuse."""
        raise CommandRefusedError(name=gateway.shown, detail=phrase("push_only_tells"))


class PushSource(GatewaySource):
    """One device."""

    rank = FAR

    def __init__(self, gateway: Gateway, meter: Meter, model: Model) -> None:
        """Take who reports, the device, and its model."""
        super().__init__(gateway, meter, model, _Nobody())

    @property
    @override
    def orders(self) -> AbstractSet[PointKey]:
        """Nothing can be ordered by this way."""
        return frozenset()

    @property
    def doubt(self) -> Phrase | None:
        """Whoever knows the address can send anything: what came by it is no proof of a position."""
        return phrase("push_unproved")

    @override
    async def send(self, order: Order) -> None:
        """Raise CommandRefusedError."""
        raise CommandRefusedError(name=order.key, detail=phrase("push_only_tells"))

    @override
    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; no serial number is in it."""
        own = ("is_here", "period", "clock_offset", "trouble", "late_records", "duplicates", "extra_codes")
        found = super().details()
        return {name: found[name] for name in (*own, "codes_left_out")}

    @override
    def _away(self) -> DeviceAwayError:
        return DeviceAwayError(link=self.gateway.shown, detail=phrase("push_silent"))
