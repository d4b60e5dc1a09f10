"""What the sequence by length costs where it is used: the built-in models, polled on RTU framing."""

import asyncio

import pytest

from custom_components.acrel_safety.aioacrel.modbus import PolledUnit
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator.faults import Framing
from simulator.faults.virtual import run
from tests.aioacrel.fault_rigs import fault_rig

INTERVALS = {Pace.FAST: 2.0, Pace.NORMAL: 10.0, Pace.SLOW: 60.0}
MINUTES = 5


@pytest.mark.parametrize("name", [model.id for model in ModelLibrary().usable() if not model.needs_table])
def test_polling_takes_the_planned_requests_and_hardly_more_line_time(name: str) -> None:
    model = ModelLibrary().get(name)

    async def main() -> None:
        async with fault_rig(Framing.RTU, timeout=None) as rig:
            unit = rig.units[1]
            rig.truth.service = unit.cost.seconds(20)
            device = PolledUnit(unit, model)
            device.want_all()
            planned = 0
            loop = asyncio.get_running_loop()
            due = dict.fromkeys(device.groups(), 0.0)
            while loop.time() < 60 * MINUTES:
                for group, when in due.items():
                    if when <= loop.time():
                        planned += len(device.planned(group))
                        report = await device.poll(group)
                        assert report.error is None
                        due[group] = when + INTERVALS[group]
                await asyncio.sleep(max(0.0, min(due.values()) - loop.time()))
            statistics = unit.figures
            optimum = statistics.line_seconds - statistics.padding_seconds
            assert statistics.requests == planned, "not one request more than planned"
            assert statistics.line_seconds <= 1.05 * optimum
            # The worst is ARD2F, two of whose alarm words are ranges of one register each: a pause in each fast poll.
            assert statistics.paused_seconds <= 0.15 * loop.time(), "the line is free for others meanwhile"

    run(main())
