"""What is said and heard on one connection to a broker, with all that it can have kept in memory bounded.

A message that is larger than any of a feed is let pass while it comes. A broker that sends more in one go of its
WebSocket than that is hung up on before any of it is taken. What is not taken yet is not read: the broker has to wait.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import aiohttp

from .feed import LARGEST
from .feedpackets import GOODBYE, PING, Packet, PacketError, Packets, Published, TooLarge

LARGEST_FRAME = 2 * LARGEST
"""Bytes of what a WebSocket brings in one go."""
MOST_WAITING = 64
"""Messages that came while sites were subscribed and wait to be taken."""
KEEP_ALIVE = 20
"""So often a sign of life is asked for; where none came until the next one, the connection is lost."""
CONNECT_SECONDS = 30.0
GOODBYE_SECONDS = 3.0


class FrameError(Exception):
    """More came at once than may."""


class Talk:
    """What is said and heard on one connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, on_too_large: Callable[[], None]) -> None:
        """Take a connection on which nothing was said yet."""
        self._socket = socket
        self._on_too_large = on_too_large
        self._packets = self._hear()
        self._early: list[Published] = []
        self._heard = 0

    async def ask[Answer: Packet](self, question: bytes, kind: type[Answer]) -> Answer:
        """Say something, and return the answer. Raises whatever may go wrong below, TimeoutError too."""
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._socket.send_bytes(question)
            async for packet in self._packets:
                if isinstance(packet, kind):
                    return packet
                if isinstance(packet, Published) and len(self._early) < MOST_WAITING:
                    self._early.append(packet)
        raise ConnectionResetError

    async def messages(self) -> AsyncGenerator[Published]:
        """Yield messages until the connection ends. Raises whatever may go wrong below."""
        pulse = asyncio.create_task(self._keep_alive())
        try:
            while self._early:
                yield self._early.pop(0)
            async for packet in self._packets:
                if isinstance(packet, Published):
                    yield packet
        finally:
            pulse.cancel()

    async def _hear(self) -> AsyncGenerator[Packet]:
        packets = Packets(LARGEST)
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.ERROR:
                is_large = getattr(message.data, "code", None) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
                if is_large:
                    self._on_too_large()
                raise FrameError if is_large else PacketError
            if message.type is not aiohttp.WSMsgType.BINARY:
                raise PacketError
            for packet in packets.take(message.data):
                self._heard += 1
                if isinstance(packet, TooLarge):
                    self._on_too_large()
                yield packet

    async def _keep_alive(self) -> None:
        with suppress(ConnectionError):
            known = -1
            while True:
                await asyncio.sleep(KEEP_ALIVE)
                if self._heard == known:
                    await self._socket.close()
                    return
                known = self._heard
                await self._socket.send_bytes(PING)

    async def leave(self) -> None:
        """Say goodbye, but not for long: whoever is not there any more cannot answer."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._packets.aclose()
                await self._socket.send_bytes(GOODBYE)
                await self._socket.close()
