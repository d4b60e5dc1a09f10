"""A Modbus link of an entry that is searched: what the entry reads is read on, and its connection is left alone."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from homeassistant.core import HomeAssistant

from ..aioacrel.modbus import GuardedUnit
from .modbus import borrow, is_polled, link_address, pulse_on, temporary_unit, turn_on

_ANY_UNIT = 1


@asynccontextmanager
async def searched_link(hass: HomeAssistant, data: Mapping[str, Any]) -> AsyncGenerator[SearchedEntryLink]:
    """Hold the link of some entry data while it is searched. Raises LinkInUseError."""
    async with AsyncExitStack() as stack:
        await borrow(stack, hass, link_address(data), _ANY_UNIT)
        yield SearchedEntryLink(hass, data)


class SearchedEntryLink:
    """The way of a search to the units of an entry's link."""

    def __init__(self, hass: HomeAssistant, data: Mapping[str, Any]) -> None:
        """Take the data of an entry, loaded or not."""
        self.address = link_address(data)
        self.pulse = pulse_on(hass, self.address)
        self.is_shared = is_polled(hass, self.address)
        self._hass = hass
        self._data = data

    def lend(self, unit_id: int, seconds: float) -> AbstractAsyncContextManager[GuardedUnit]:
        """Lend a unit."""
        return temporary_unit(self._hass, self._data, unit_id, seconds=None if self.is_shared else seconds)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Take the line from whoever reads there now: the entry may have been loaded anew meanwhile."""
        return turn_on(self._hass, self._data)()

    async def hang_up(self, unit_id: int) -> None:
        """Leave the connection alone: it is Home Assistant's, and the guard keeps all time-outs itself."""
