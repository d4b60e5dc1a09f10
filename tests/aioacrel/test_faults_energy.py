"""A meter on a line that breaks a thousand times: not one kilowatt hour that never flowed."""

import asyncio
from itertools import pairwise

import pytest

from custom_components.acrel_safety.aioacrel.errors import LinkError
from custom_components.acrel_safety.aioacrel.totals import Total
from simulator.faults import Fault, Framing, Schedule, Times
from simulator.faults.truth import FIRST_SETTING
from simulator.faults.virtual import run
from tests.aioacrel.fault_rigs import fault_rig

BREAKING = (Fault.RESET, Fault.OLD_CONNECTION, Fault.MUTE, Fault.HALF_OPEN, Fault.SEAT_TAKEN, Fault.LATE)
RECONNECTS = 1_000
STEP = 0.01
"""kWh from one look at the meter to the next."""
WITHIN = (FIRST_SETTING, FIRST_SETTING + 20)


async def metered(framing: Framing) -> tuple[list[float], list[float], int]:
    """Return what was published, what the meter had counted at that moment, and how often was connected."""
    published: list[float] = []
    counted: list[float] = []
    schedule = Schedule(7, BREAKING, 0.4, times=Times(mute=(0.1, 1.0), seat=(0.1, 1.0)))
    async with fault_rig(framing, schedule) as rig:
        total, hundredths, restarts = Total(), 4_711_00, 0
        while rig.proxy.counts.connections <= RECONNECTS:
            hundredths += 1
            # A meter that has just lost its supply says 0 for a while, and not only once.
            restarts = 2 if hundredths % 97 == 0 else max(0, restarts - 1)
            shown = 0 if restarts else hundredths
            rig.truth.settings[1, FIRST_SETTING] = shown >> 16
            rig.truth.settings[1, FIRST_SETTING + 1] = shown & 0xFFFF
            try:
                high, low = await rig.units[1].read(3, FIRST_SETTING, 2, within=WITHIN)
            except LinkError:
                continue
            believed = total.believe((high << 16 | low) * STEP, asyncio.get_running_loop().time())
            if believed is not None:
                published.append(believed)
                counted.append(hundredths * STEP)
            await asyncio.sleep(2.0)
        return published, counted, rig.proxy.counts.connections


def check(framing: Framing) -> None:
    published, counted, connections = run(metered(framing))
    assert connections > RECONNECTS
    assert len(published) > RECONNECTS / 4
    assert min(after - before for before, after in pairwise(published)) >= 0, "never backwards"
    assert max(shown - true for shown, true in zip(published, counted, strict=True)) < STEP / 2, "never ahead"
    assert published[-1] - published[0] == pytest.approx(counted[-1] - counted[0], abs=STEP / 2), "none lost either"


def test_no_phantom_energy_after_a_thousand_reconnects_on_rtu_framing() -> None:
    check(Framing.RTU)


def test_no_phantom_energy_after_a_thousand_reconnects_on_mbap_framing() -> None:
    check(Framing.MBAP)
