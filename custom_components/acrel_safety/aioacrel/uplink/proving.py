"""Whether the other end of a connection is still there: its network stack answers, and the device reads nothing."""

import asyncio
import socket

_PROOF = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 35_000}


def prove(transport: asyncio.BaseTransport | None, *, is_on: bool) -> None:
    """Have the network find out soon whether the other end is there, or let it be."""
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None:
        return
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(is_on))
        for name, value in _PROOF.items():
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    except OSError:
        # Gone already: the transport tells so itself.
        return
