"""Tests in virtual time: what waits for a time-out or for the next period waits for no real second.

A module that says `pytestmark = pytest.mark.virtual_time` has its asynchronous tests and their fixtures run on the loop
of `simulator.faults.virtual`: connections are memory, and everything happens in the thread of the test.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

import pytest

from simulator.faults.virtual import LATENCY, VirtualLoop

type LoopFactory = Callable[[], asyncio.AbstractEventLoop]


class TestLoop(VirtualLoop):
    """Tells its time as `time.monotonic` as long as it is there, as `simulator.faults.virtual.run` does."""

    def __init__(self) -> None:
        super().__init__()
        self._real = time.monotonic
        time.monotonic = self.time

    def close(self) -> None:
        time.monotonic = self._real
        super().close()

    def set_debug(self, enabled: bool) -> None:
        """Trace nothing: what debugging finds, calls from other threads and long ones, cannot be had here."""
        del enabled
        super().set_debug(False)

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's signature
        """Let arrive what is under way: Home Assistant's test package asks for this before it looks for timers."""
        await asyncio.sleep(2 * LATENCY)


def loop_factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Return the one kind of event loop that a test runs on."""
    if item.get_closest_marker("virtual_time") is not None:
        return {"virtual": TestLoop}
    return {"real": asyncio.new_event_loop}
