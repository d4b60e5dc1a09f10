"""A long run through every fault at once: nothing wrong is believed, nothing is sent twice, nothing is left behind."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from custom_components.acrel_safety.aioacrel.errors import LinkError
from simulator.faults import Fault, Framing, Schedule, faults_of
from simulator.faults.drive import Reader, Tally, drive
from simulator.faults.truth import FIRST_SETTING
from simulator.faults.virtual import VirtualLoop, run
from tests.aioacrel.fault_rigs import UNITS, FaultRig, fault_rig

SEED = 20_261_004
FAULTED = {Framing.RTU: 27_000, Framing.MBAP: 23_000}
"""Requests to which a fault is done: 50,000 in all."""
FAULTED_WITHOUT_ROOM = 5_000
FAULTED_CHANGES = 3_000
RATE = 0.4


@pytest.fixture(autouse=True)
def _no_log() -> Iterator[None]:
    """What the layers below say of each fault would be all that this run does."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@dataclass(frozen=True)
class _WithoutRoom:
    """Reads that may not be stretched."""

    rig: FaultRig

    async def read(self, unit: int, function: int, address: int, count: int) -> list[int]:
        return await self.rig.units[unit].read(function, address, count)


async def soak(framing: Framing, faulted: int, seed: int, *, has_room: bool = True) -> tuple[Tally, int, int]:
    """Return what became of the reads, how many requests were faulted, and the connections open at the end."""
    async with fault_rig(framing, Schedule(seed, faults_of(framing), RATE)) as rig:
        reader: Reader = rig if has_room else _WithoutRoom(rig)
        tally = await drive(reader, rig.truth, rig.proxy, faulted=faulted, units=len(UNITS), seed=seed, cancelled=0.02)
        for unit in rig.units.values():
            await unit.settle()
        open_at_end = len(rig.proxy.sessions)
        done = rig.proxy.counts.faulted + tally.cancelled
    return tally, done, open_at_end


async def left_behind() -> tuple[int, int]:
    """Return the connections and tasks that are there when whatever was under way has ended."""
    await asyncio.sleep(60)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return len(loop.open_transports), len(asyncio.all_tasks()) - 1


@pytest.mark.parametrize("framing", list(Framing))
@pytest.mark.timeout(180)
def test_fixed_seed_run_believes_nothing_wrong(framing: Framing) -> None:
    async def main() -> None:
        tally, done, open_at_end = await soak(framing, FAULTED[framing], SEED)
        assert done >= FAULTED[framing]
        assert tally.wrong == 0
        assert tally.right > tally.reads / 3, "most of what can be read is read"
        assert open_at_end <= 1
        assert await left_behind() == (0, 0)

    run(main())


@pytest.mark.parametrize("framing", list(Framing))
def test_reads_that_may_not_be_stretched_believe_nothing_wrong_either(framing: Framing) -> None:
    async def main() -> None:
        tally, done, _ = await soak(framing, FAULTED_WITHOUT_ROOM, SEED, has_room=False)
        assert done >= FAULTED_WITHOUT_ROOM
        assert tally.wrong == 0
        assert tally.right > tally.reads / 3

    run(main())


@pytest.mark.parametrize("framing", list(Framing))
def test_changes_are_sent_once_and_believed_only_when_they_are_there(framing: Framing) -> None:
    # After an explicit "busy" the shared link repeats by itself, up to the deadline; see test_guard.py.
    faults = [fault for fault in faults_of(framing) if fault is not Fault.BUSY]

    async def main() -> None:
        async with fault_rig(framing, Schedule(SEED, faults, RATE)) as rig:
            unit, value, confirmed = rig.units[1], 0, 0
            while rig.proxy.counts.faulted < FAULTED_CHANGES:
                value += 1
                with contextlib.suppress(LinkError):
                    await unit.write(FIRST_SETTING, [value % 0x10000])
                try:
                    (seen,) = await unit.read(3, FIRST_SETTING, 1, within=(FIRST_SETTING, FIRST_SETTING + 30))
                except LinkError:
                    continue
                # Nobody else writes, so what the device held when it was asked is what it holds now.
                assert seen == rig.truth.settings.get((1, FIRST_SETTING), 0)
                confirmed += seen == value % 0x10000
            sent = Counter(values for _, _, values in rig.truth.writes)
            assert max(sent.values()) == 1
            assert len(rig.truth.writes) <= value
            assert confirmed > value / 4

    run(main())
