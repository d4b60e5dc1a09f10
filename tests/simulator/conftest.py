"""Real sockets on loopback, and clients that are closed again."""

from collections.abc import AsyncIterator

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient

from simulator import Cabinet
from tests.simulator.clients import Connect


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Lift the ban on sockets of Home Assistant's test package; loopback stays the only host."""


@pytest.fixture
def cabinet() -> Cabinet:
    """Every model once, with the clock standing still."""
    return Cabinet.standard(frozen=True)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connect a pymodbus client that neither retries nor reconnects."""
    clients: list[AsyncModbusTcpClient] = []

    async def make(port: int | None, framer: FramerType) -> AsyncModbusTcpClient:
        assert port is not None
        client = AsyncModbusTcpClient("127.0.0.1", port=port, framer=framer, timeout=5, retries=0, reconnect_delay=0)
        clients.append(client)
        assert await client.connect()
        return client

    yield make
    for client in clients:
        client.close()
