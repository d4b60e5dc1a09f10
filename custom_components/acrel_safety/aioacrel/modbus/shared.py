"""What the guard needs of a unit on a link, whoever keeps it: the shared link, or a device that called in."""

from collections.abc import Callable
from typing import Protocol

from modbus_connection import ModbusConnectionError


class AwayError(ModbusConnectionError):
    """The device has no connection, and nobody here can make one: nothing was sent."""


class ClosedError(ModbusConnectionError):
    """Whoever shares the link out closed it for good, and another one is not there yet: nothing was sent."""


class SharedUnit(Protocol):
    """The part of a `ModbusUnit` that is used: registers are read with functions 03 and 04, and written with 16."""

    @property
    def connected(self) -> bool:
        """Whether the connection stands."""

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read with function 03."""

    async def read_input_registers(self, address: int, count: int) -> list[int]:
        """Read with function 04."""

    async def write_registers(self, address: int, values: list[int]) -> None:
        """Write with function 16."""

    def require_timeout(self, seconds: float | None) -> None:
        """Have answers waited for so long at least; None takes that back."""

    def on_connection_lost(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Tell when the connection is lost; returns what ends that."""

    async def disconnect(self) -> None:
        """End the connection, where another one can be had."""
