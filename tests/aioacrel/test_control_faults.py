"""Some hundred operations behind the fault proxy: a short run of `benchmarks.operations`, with the same seeds."""

import pytest

from benchmarks.operations import KINDS, RATES, SEED, Session, Tally, measured
from simulator.faults import Framing


@pytest.mark.parametrize("model", KINDS)
@pytest.mark.parametrize("framing", list(Framing))
def test_what_is_said_of_operations_on_a_faulty_link_is_true(framing: Framing, model: str) -> None:
    tally = Tally()
    for number, rate in enumerate(RATES):
        tally.add(measured(Session(SEED + number, model, framing, rate), operations=25))
    assert tally.cases == []
    assert tally.reasons["slip"] == 0, "an error that nobody thought of"
    assert tally.faulted > tally.operations / 3
    assert sum(count for (_, result), count in tally.outcomes.items() if result == "confirmed") > tally.operations / 5
