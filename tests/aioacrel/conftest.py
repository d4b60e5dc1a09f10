"""Tests of the library talk to a simulated cabinet over real sockets on the loopback address."""

import pytest


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Let a test open sockets; the address is still limited to this machine."""
