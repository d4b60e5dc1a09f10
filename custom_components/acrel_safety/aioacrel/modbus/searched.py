"""The link that is searched: one opened for it, or one that others go on reading meanwhile."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import Protocol

from modbus_connection import ModbusError

from .guard import GuardedUnit
from .link import Link, LinkAddress
from .pulse import LinkPulse


class SearchedLink(Protocol):
    """Lends the units of a link one by one."""

    @property
    def address(self) -> LinkAddress:
        """Where it is."""

    @property
    def pulse(self) -> LinkPulse:
        """What its units know of it together."""

    @property
    def is_shared(self) -> bool:
        """Whether others poll on it: they are held up as little as can be, and their connection is left alone."""

    def lend(self, unit_id: int, seconds: float) -> AbstractAsyncContextManager[GuardedUnit]:
        """Lend a unit that gets so many seconds for an answer; on a shared link as many as the others found fit."""

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Take the line for one request."""

    async def hang_up(self, unit_id: int) -> None:
        """End the connection, where nobody else uses it: the next one waits for as long as was wished since."""


class OwnLink:
    """A link that nobody else uses."""

    is_shared = False

    def __init__(self, link: Link, address: LinkAddress) -> None:
        """Take an open link, and the address it is called by."""
        self.address = address
        self.pulse = link.pulse
        self._link = link

    @asynccontextmanager
    async def lend(self, unit_id: int, seconds: float) -> AsyncIterator[GuardedUnit]:
        """Lend a unit."""
        unit = self.address.guarded(self._link.unit(unit_id), unit_id, timeout=seconds, pulse=self.pulse)
        try:
            yield unit
        finally:
            unit.close()

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Take the line, which is free."""
        return nullcontext()

    async def hang_up(self, unit_id: int) -> None:
        """End the connection."""
        with suppress(ModbusError):
            await self._link.unit(unit_id).disconnect()
