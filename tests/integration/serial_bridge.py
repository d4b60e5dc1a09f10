"""A serial port that is none: a pseudo-terminal whose other end is the cabinet's RTU port."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simulator import Cabinet
from tests.integration.rigs import HOST


@asynccontextmanager
async def serial_bridge(cabinet: Cabinet) -> AsyncIterator[str]:
    """Offer the cabinet at a serial port; yields its path."""
    near, far = os.openpty()
    tty.setraw(far)
    reader, writer = await asyncio.open_connection(HOST, cabinet.rtu_port)
    loop = asyncio.get_running_loop()
    loop.add_reader(near, lambda: writer.write(os.read(near, 1024)))

    async def back() -> None:
        while data := await reader.read(1024):
            os.write(near, data)

    answering = asyncio.create_task(back())
    try:
        yield os.ttyname(far)
    finally:
        loop.remove_reader(near)
        answering.cancel()
        writer.close()
        os.close(near)
        os.close(far)
