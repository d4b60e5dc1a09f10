"""Drives a reader through faults and counts what it believes: the same questions for every client under test."""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from .proxy import FaultProxy
from .truth import TruthServer

BLOCKS = ((3, 0, 10), (3, 12, 10), (3, 24, 4), (3, 30, 1), (3, 40, 1), (4, 0, 10), (4, 20, 10))
"""Function, address, count of what is read in turn: neighbours of one length are the worst case, and common."""
READABLE = (0, 63)
"""First and last register that may be read."""


class Reader(Protocol):
    """What is under test."""

    async def read(self, unit: int, function: int, address: int, count: int) -> list[int]:
        """Return registers, or raise any exception when there are none to be believed."""


@dataclass(slots=True)
class Tally:
    """What became of the reads."""

    reads: int = 0
    right: int = 0
    wrong: int = 0
    failed: int = 0
    cancelled: int = 0


async def drive(
    reader: Reader,
    truth: TruthServer,
    proxy: FaultProxy,
    *,
    faulted: int,
    units: int,
    seed: int,
    cancelled: float = 0.0,
) -> Tally:
    """Read block after block until `faulted` requests got a fault; every answer is checked.

    Now and then there is a pause, as between polls; of all reads the share `cancelled` is given up by its caller, which
    counts as a fault too.
    """
    random = Random(seed)
    tally = Tally()
    while proxy.counts.faulted + tally.cancelled < faulted:
        unit = random.randint(1, units)
        for function, address, count in BLOCKS:
            tally.reads += 1
            after = truth.number
            try:
                if random.random() < cancelled:
                    tally.cancelled += 1
                    await _give_up(reader.read(unit, function, address, count), random.uniform(0.0, 0.05))
                    continue
                words = await reader.read(unit, function, address, count)
            except Exception:  # noqa: BLE001 - whatever a client raises means that it believes nothing
                tally.failed += 1
                continue
            if len(words) == count and truth.is_true(unit, function, address, words, after):
                tally.right += 1
            else:
                tally.wrong += 1
        await asyncio.sleep(random.choice((0.0, 0.0, 0.05, 1.0)))
    return tally


async def _give_up(reading: Coroutine[Any, Any, list[int]], seconds: float) -> None:
    """Cancel a read after a while; what it says is not looked at."""
    task = asyncio.create_task(reading)
    await asyncio.wait([task], timeout=seconds)
    task.cancel()
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await task
