"""A server on pymodbus's own registers and request handler: `python pymodbus_server.py PORT IMAGE`."""

import asyncio
import sys
from pathlib import Path

from pymodbus.server import StartAsyncTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

_NEGATIVE = 0x10000
_BEYOND = 256
"""Registers behind the last one of an image that are there, too: the other servers have them all."""


async def serve(port: int, image: str) -> None:
    """Serve the registers of an image (see `libmodbus.c`) until ended."""
    words: dict[int, dict[int, int]] = {}
    for line in image.splitlines():
        unit, address, word = map(int, line.split())
        # Its registers are signed.
        words.setdefault(unit, {})[address] = word - _NEGATIVE if word >= _NEGATIVE // 2 else word
    devices = [
        SimDevice(
            unit,
            simdata=[
                SimData(
                    0,
                    values=[known.get(address, 0) for address in range(max(known) + _BEYOND)],
                    datatype=DataType.REGISTERS,
                )
            ],
        )
        for unit, known in words.items()
    ]
    await StartAsyncTcpServer(devices, address=("127.0.0.1", port))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]).read_text("ascii")))
