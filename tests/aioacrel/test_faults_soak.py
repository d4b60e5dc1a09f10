"""A long run through every fault at once: nothing wrong is believed, nothing is left behind."""

import asyncio
import logging

import pytest

from simulator.faults import Framing, Schedule, faults_of
from simulator.faults.drive import Tally, drive
from simulator.faults.virtual import VirtualLoop, run
from tests.aioacrel.fault_rigs import UNITS, fault_rig

SEED = 20_261_004
FAULTED = {Framing.RTU: 27_000, Framing.MBAP: 23_000}
"""Requests to which a fault is done: 50,000 in all."""


async def soak(framing: Framing, faulted: int, seed: int) -> tuple[Tally, int, int]:
    """Return what became of the reads, how many requests were faulted, and the most connections open at the end."""
    async with fault_rig(framing, Schedule(seed, faults_of(framing), 0.4)) as rig:
        tally = await drive(rig, rig.truth, rig.proxy, faulted=faulted, units=len(UNITS), seed=seed, cancelled=0.02)
        for unit in rig.units.values():
            await unit.settle()
        open_at_end = len(rig.proxy.sessions)
        done = rig.proxy.counts.faulted + tally.cancelled
    return tally, done, open_at_end


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.timeout(180)
def test_fixed_seed_run_believes_nothing_wrong(framing: Framing, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    for name in ("tmodbus", "modbus_connection", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)

    async def main() -> tuple[Tally, int, int, int, int]:
        tally, done, open_at_end = await soak(framing, FAULTED[framing], SEED)
        await asyncio.sleep(60)  # virtual: whatever was still under way has ended
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        return tally, done, open_at_end, len(loop.open_transports), len(asyncio.all_tasks())

    tally, done, open_at_end, transports, tasks = run(main())
    assert done >= FAULTED[framing]
    assert tally.wrong == 0
    assert tally.right > tally.reads / 3, "most of what can be read is read"
    assert open_at_end <= 1
    assert transports == 0
    assert tasks == 1, "only the one that counts them"
