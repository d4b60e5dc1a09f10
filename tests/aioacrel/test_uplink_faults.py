"""A device that dials in through every fault there is tells nothing wrong, and is written to once for each command."""

import pytest

from benchmarks.uplink_faults import session

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize(("seed", "rate", "latency"), [(11, 0.1, 0.5), (12, 0.2, 0.5), (13, 0.2, 3.0)])
async def test_no_value_is_wrong_and_no_command_is_written_twice(seed: int, rate: float, latency: float) -> None:
    tally = await session(seed, rate=rate, operations=5, latency=latency)
    assert tally.values > 200
    assert tally.faulted > 2
    assert tally.confirmed > 0
    assert (tally.wrong_values, tally.wrongly_confirmed) == (0, 0)
    assert (tally.written_twice, tally.written_though_refused) == (0, 0)
