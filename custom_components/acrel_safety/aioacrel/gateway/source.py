"""A meter behind a gateway as a source: what is reported, asking for reports, and orders in the platform dialect.

Nothing is polled: the gateway reports by itself, and can be asked to do so now.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Protocol, override

from ..errors import CommandRefusedError, DeviceAwayError, OrderDeclinedError, SettingRefusedError
from ..masking import masked
from ..points import Model
from ..readings import PointKey, Reading
from ..reporting.meter import Meter
from ..reporting.source import ReportedSource
from ..source import BETWEEN, Command, Order
from ..texts import phrase
from . import orders
from .errors import NotPublishedError
from .gateway import Gateway
from .messages import Answer
from .topics import Dialect

ORIGIN = "gateway"
"""What readings of this way name as their origin."""
REFRESH_EVERY = 60.0
"""Seconds after which a meter is asked again to report now."""
LOOKS, LOOK_EVERY = 3, 3.0
"""So often, and after so many seconds each, it is asked sooner where somebody waits for it."""
ANSWER_SECONDS = 20.0
"""So long the answer to an order is waited for: it only tells that it was taken over."""


class Orders(Protocol):
    """How a source has something published."""

    async def refresh(self, gateway: Gateway, serial: str) -> None:
        """Ask a meter to report now. Raises LinkError."""

    async def operate(self, gateway: Gateway, message: Callable[[str], str]) -> asyncio.Future[Answer]:
        """Publish an order, once, and return what will hold its answer. Raises LinkError."""


class GatewaySource(ReportedSource):
    """One meter."""

    rank = BETWEEN

    def __init__(self, gateway: Gateway, meter: Meter, model: Model, sender: Orders) -> None:
        """Take the gateway, the meter, its model, and who publishes orders."""
        self.gateway = gateway
        self._sender = sender
        self._refreshed: float | None = None
        self._looks = 0
        """How often it may be asked sooner."""
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(gateway, meter, model)

    @override
    def end(self) -> None:
        """Take nothing any more."""
        super().end()
        for task in list(self._tasks):
            task.cancel()

    @property
    @override
    def orders(self) -> AbstractSet[PointKey]:
        """What it can operate."""
        if self.gateway.dialect in (Dialect.OVERSEAS, Dialect.NUMBERS) or self.meter.has_several:
            # Names are known, no layout is; and none that names one of several circuits.
            return frozenset()
        return orders.offered(self.model, by_analogy=self.gateway.options.methods_by_analogy)

    @property
    def by_analogy(self) -> AbstractSet[PointKey]:
        """Those of the orders that no document shows on this way."""
        return frozenset(key for key in self.orders if not orders.is_proved(self.model, key))

    @override
    def hurry(self) -> None:
        """Have the meter asked to report, unless it was a moment ago."""
        if not self._may_refresh():
            return
        task = asyncio.get_running_loop().create_task(self._refresh_quietly(), name="acrel gateway refresh")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @override
    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return what is reported from now on, asked for as often as it takes. Raises AcrelError."""
        self._looks = LOOKS
        return await super().read(keys)

    @override
    async def send(self, order: Order) -> None:
        """Publish an order, once at most; that it is taken over proves nothing: read back.

        Raises as `Source.send` does.
        """
        if not isinstance(order, Command) or order.key not in self.orders:
            name = order.key
            if isinstance(order, Command):
                raise CommandRefusedError(name=name, detail=phrase("read_only", model=self.model.name))
            raise SettingRefusedError(name=name, detail=phrase("read_only", model=self.model.name))
        if not self.gateway.is_here:
            raise NotPublishedError(serial=masked(self.serial), reason=self._away())
        if (hindrance := order.hindrance()) is not None:
            raise CommandRefusedError(name=order.key, detail=hindrance)
        gateway, serial = self.gateway, self.serial
        self._ordered = now = gateway.now().timestamp()
        answer = await self._sender.operate(
            gateway, lambda given: orders.order(gateway.serial, serial, self.model, order.key, given, now)
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                said = await answer
        except TimeoutError:
            # Silence is usual: it may be asleep.
            return
        if said.is_taken is False:
            raise OrderDeclinedError(serial=masked(serial))

    @override
    def figures(self) -> Mapping[str, float | None]:
        """Return how well this way does."""
        return {**super().figures(), "signal": self.gateway.signal}

    @override
    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; no serial number is in it."""
        gateway, login = self.gateway, self.gateway.login
        return {
            **super().details(),
            "dialect": None if gateway.dialect is None else gateway.dialect.value,
            "version": None if login is None else login.version,
            "compresses": None if login is None else login.algorithm,
            "encrypts": None if login is None else login.is_encrypted,
            "unread_messages": gateway.unread,
            "other_messages": gateway.others,
            "methods_by_analogy": gateway.options.methods_by_analogy,
        }

    # -- asking -------------------------------------------------------------------------------------------------------

    @override
    def _away(self) -> DeviceAwayError:
        return DeviceAwayError(link=f"MQTT {self.gateway.shown}", detail=phrase("gateway_silent"))

    @override
    async def _wake(self) -> float:
        if self._may_refresh():
            await self._refresh()
        return self._refresh_every

    def _may_refresh(self) -> bool:
        now = asyncio.get_running_loop().time()
        is_due = self._refreshed is None or now - self._refreshed >= self._refresh_every
        return is_due and self.gateway.is_here and self.gateway.dialect is Dialect.PLATFORM

    @property
    def _refresh_every(self) -> float:
        return LOOK_EVERY if self._looks else REFRESH_EVERY

    async def _refresh(self) -> None:
        self._refreshed = asyncio.get_running_loop().time()
        self._looks = max(0, self._looks - 1)
        await self._sender.refresh(self.gateway, self.serial)

    async def _refresh_quietly(self) -> None:
        with suppress(Exception):
            await self._refresh()
