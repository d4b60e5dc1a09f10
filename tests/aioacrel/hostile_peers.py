"""Peers that mean harm, and what they may cost: a kit for everything that listens to the network or connects to it.

Each peer serves real sockets from threads of its own, so that what the code under test costs is not mixed with what the
peer costs. `watched` measures it: the memory of the process, and the longest stretch of processor time for which the
event loop was held up (of the loop's own thread, so that a busy machine changes nothing).
"""

import asyncio
import os
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MOST_BLOCKED = 0.05
"""Seconds for which the event loop may be held up."""
MOST_MEMORY = 24 << 20
"""Bytes by which the process may grow."""
_TICK = 0.002
_PAGE = os.sysconf("SC_PAGE_SIZE")

type Behaviour = Callable[[socket.socket], None]
"""What a peer does with one connection; ends with an OSError when the other side has gone."""


def mbap(number: int, words: int = 1, unit: int = 1) -> bytes:
    """Return a sound Modbus TCP answer to a read."""
    pdu = struct.pack(">BB", 3, 2 * words) + bytes(2 * words)
    return struct.pack(">HHHB", number, 0, len(pdu) + 1, unit) + pdu


SHORT = b"".join(mbap(0x7000 + index % 0x800) for index in range(4096))
LONG = b"".join(mbap(0x7000 + index % 0x800, 125) for index in range(512))


def _for_ever(chunk: bytes) -> Behaviour:
    def behave(peer: socket.socket) -> None:
        while True:
            peer.sendall(chunk)

    return behave


def _once(chunk: bytes) -> Behaviour:
    def behave(peer: socket.socket) -> None:
        peer.sendall(chunk)
        while peer.recv(4096):
            pass

    return behave


def _in_drips(chunk: bytes, seconds: float) -> Behaviour:
    def behave(peer: socket.socket) -> None:
        while True:
            for byte in chunk:
                peer.sendall(bytes((byte,)))
                time.sleep(seconds)

    return behave


def _hang_up(peer: socket.socket) -> None:
    peer.close()


def _in_answer(peer: socket.socket) -> None:
    while request := peer.recv(4096):
        peer.sendall(mbap(int.from_bytes(request[:2])) + SHORT[: 64 << 10])


PEERS: dict[str, Behaviour] = {
    "sound answers at full speed": _for_ever(SHORT),
    "longest answers at full speed": _for_ever(LONG),
    "65,536 answers at once": _once(SHORT * 16),
    "a flood with each answer": _in_answer,
    "noise at full speed": _for_ever(os.urandom(1 << 16)),
    "ones at full speed": _for_ever(b"\xff" * (1 << 16)),
    "a page at full speed": _for_ever(b"HTTP/1.1 400 Bad Request\r\n" * 2048),
    "sound answers in drips": _in_drips(mbap(0x7000), 0.001),
    "half a longest frame in drips": _in_drips(b"\x00\x01\x00\x00\x00\xfe\x01" + bytes(200), 0.002),
    "hangs up at once": _hang_up,
}


@contextmanager
def hostile(behave: Behaviour) -> Iterator[int]:
    """Serve connections with a behaviour; yields the port."""
    # Only what is open: what tests measure is memory, too.
    serving: dict[socket.socket, threading.Thread] = {}

    def serve(peer: socket.socket) -> None:
        with suppress(OSError), peer:
            behave(peer)
        serving.pop(peer, None)

    def accept() -> None:
        with suppress(OSError):
            while True:
                peer, _ = server.accept()
                serving[peer] = threading.Thread(target=serve, args=(peer,), daemon=True)
                serving[peer].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = threading.Thread(target=accept, daemon=True)
        listener.start()
        try:
            yield server.getsockname()[1]
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            listener.join(5)
            for peer, thread in list(serving.items()):
                with suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)
                thread.join(5)


@dataclass(slots=True)
class Cost:
    """What was measured."""

    blocked: float = 0.0
    memory: int = 0


@asynccontextmanager
async def watched() -> AsyncIterator[Cost]:
    """Measure what happens meanwhile; the figures are whole at the end."""
    cost = Cost()
    before = _resident()

    async def tick() -> None:
        spent = time.thread_time()
        while True:
            await asyncio.sleep(_TICK)
            now = time.thread_time()
            cost.blocked = max(cost.blocked, now - spent)
            cost.memory = max(cost.memory, _resident() - before)
            spent = now

    ticking = asyncio.create_task(tick())
    try:
        yield cost
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE
