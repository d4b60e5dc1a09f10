"""The link of a command: open while it works, let go at once on Ctrl-C."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..modbus.guard import GuardedUnit
from ..modbus.link import Link, LinkAddress
from .options import Options

_READ_TASK = "acrel read"
"""How the names of the tasks begin in which the guard sends its reads."""


@asynccontextmanager
async def open_link(address: LinkAddress) -> AsyncIterator[Link]:
    """Hold a link and close it at the end, also in the middle of a request."""
    async with Link.open(address) as link:
        try:
            yield link
        except asyncio.CancelledError:
            # The guard never cancels a read on the wire, and closing waits for it. Here nobody reads on.
            reads = [task for task in asyncio.all_tasks() if task.get_name().startswith(_READ_TASK)]
            for task in reads:
                task.cancel()
            if reads:
                await asyncio.wait(reads)
            raise


@asynccontextmanager
async def open_unit(options: Options, address: LinkAddress) -> AsyncIterator[GuardedUnit]:
    """Hold the unit a command was told, on its link."""
    async with open_link(address) as link:
        yield address.guarded(link.unit(options.unit), options.unit, timeout=options.timeout, pulse=link.pulse)
