"""How tests reach a cabinet."""

from collections.abc import Awaitable, Callable

from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient

from simulator import Cabinet

type Connect = Callable[[int | None, FramerType], Awaitable[AsyncModbusTcpClient]]

FRAMINGS = [FramerType.SOCKET, FramerType.RTU]


def port_of(cabinet: Cabinet, framer: FramerType) -> int | None:
    """Port of a running cabinet that speaks a framing."""
    return cabinet.tcp_port if framer is FramerType.SOCKET else cabinet.rtu_port
