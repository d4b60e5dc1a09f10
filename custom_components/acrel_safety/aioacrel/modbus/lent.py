"""Units of a link that its owner may close: then others are asked for, and what used them goes on.

Whoever shares a link out (Home Assistant) may close it for good while it is in use. A closed connection never comes
back, and says so to each request before anything is sent. From then on all units of the link are lent anew, by whoever
lent the first: at once, and if that does not last, after 1, 2, 4 … 60 seconds. Nothing happens in the background: the
next request that is made anyway finds out whether it is time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from math import inf

from modbus_connection import ClientClosedError

from ..listening import joined
from .pulse import LinkPulse
from .shared import ClosedError, SharedUnit

_LOGGER = logging.getLogger(__name__)

LEAST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds for which a link that does not last is left alone."""
LASTS_SECONDS = 60.0
"""A link that was closed later than this is asked for again at once."""


class LentLink:
    """Lends the units of one link, again and again."""

    def __init__(self, name: str, pulse: LinkPulse, lend: Callable[[int], SharedUnit]) -> None:
        """Take what the log calls the link, and what returns a unit of it or raises ClosedError."""
        self._name = name
        self._pulse = pulse
        self._lend = lend
        self._units: list[LentUnit] = []
        self.number = 0
        """How often it was closed."""
        self._lent_at: float | None = None
        """When the present connection was had; None while there is none yet."""
        self._pause = 0.0
        self._again_at = -inf
        self._is_over = False

    def end(self) -> None:
        """Lend nothing any more: the link is given back, and that its owner closes it now is meant."""
        self._is_over = True

    def unit(self, unit_id: int, first: SharedUnit) -> LentUnit:
        """Return a unit that outlives its connection; `first` is the one it begins with."""
        unit = LentUnit(self, unit_id, first)
        self._units.append(unit)
        return unit

    def lend(self, unit_id: int) -> SharedUnit:
        """Return a unit of the present connection. Raises ClosedError while none may be asked for, or can be had."""
        now = _now()
        if self._is_over or now < self._again_at:
            raise ClosedError
        try:
            unit = self._lend(unit_id)
        except ClosedError:
            self._leave_alone(now)
            raise
        if self._lent_at is None:
            # Not before: where all ends, it is closed as well.
            _LOGGER.warning("%s was closed for all who use it, and is opened anew", self._name)
            self._lent_at = now
        return unit

    def note_closed(self, number: int) -> None:
        """Note that a connection was found closed, by the first request that met it."""
        if number != self.number:
            return
        now = _now()
        self.number += 1
        if self.number == 1 or (self._lent_at is not None and now - self._lent_at >= LASTS_SECONDS):
            self._pause, self._again_at = 0.0, now
        else:
            self._leave_alone(now)
        self._lent_at = None
        # It was no gateway that hung up.
        self._pulse.habits.note_dropped()
        for unit in self._units:
            unit.tell_lost()

    def _leave_alone(self, now: float) -> None:
        self._pause = min(max(LEAST_PAUSE, 2 * self._pause), LONGEST_PAUSE)
        self._again_at = now + self._pause


class LentUnit:
    """One unit on whatever connection its link has now; a `SharedUnit`."""

    def __init__(self, link: LentLink, unit_id: int, first: SharedUnit) -> None:
        """Begin with a unit; use `LentLink.unit`."""
        self._link = link
        self._unit_id = unit_id
        self._number = link.number
        self._unit = first
        self._wish: float | None = None
        self._listeners: list[Callable[[], None]] = []
        self._unlisten: Callable[[], None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""
        return self._is_present and self._unit.connected

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read with function 03."""
        return await self._ask(lambda unit: unit.read_holding_registers(address, count))

    async def read_input_registers(self, address: int, count: int) -> list[int]:
        """Read with function 04."""
        return await self._ask(lambda unit: unit.read_input_registers(address, count))

    async def write_registers(self, address: int, values: list[int]) -> None:
        """Write with function 16: once, over one connection."""
        await self._ask(lambda unit: unit.write_registers(address, values))

    def require_timeout(self, seconds: float | None) -> None:
        """Have answers waited for so long at least, over further connections too; None takes that back."""
        self._wish = seconds
        if self._is_present:
            self._unit.require_timeout(seconds)

    def on_connection_lost(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tell when the connection is lost, or was found closed; returns what ends that."""
        leave = joined(self._listeners, callback)
        self._listen()

        def end() -> None:
            leave()
            if not self._listeners:
                # Others may keep the connection.
                self._listen_no_more()

        return end

    async def disconnect(self) -> None:
        """End the connection; the next request opens it again."""
        if self._is_present:
            await self._unit.disconnect()

    def tell_lost(self) -> None:
        """Tell who listens that the connection is gone."""
        for tell in list(self._listeners):
            tell()

    @property
    def _is_present(self) -> bool:
        return self._number == self._link.number

    async def _ask[T](self, request: Callable[[SharedUnit], Awaitable[T]]) -> T:
        unit = self._present()
        number = self._number
        try:
            return await request(unit)
        except ClientClosedError as error:
            # Said before anything is sent, and never of a request that is on the wire.
            self._link.note_closed(number)
            raise ClosedError from error

    def _present(self) -> SharedUnit:
        if not self._is_present:
            unit = self._link.lend(self._unit_id)
            self._listen_no_more()
            self._unit, self._number = unit, self._link.number
            if self._listeners:
                self._listen()
            if self._wish is not None:
                unit.require_timeout(self._wish)
        return self._unit

    def _listen(self) -> None:
        if self._unlisten is None:
            self._unlisten = self._unit.on_connection_lost(self.tell_lost)

    def _listen_no_more(self) -> None:
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None


def _now() -> float:
    return asyncio.get_running_loop().time()
