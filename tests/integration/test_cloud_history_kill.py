"""A Home Assistant that is ended in the middle of a history, again and again: its statistics are as if it never was."""

import asyncio
from itertools import groupby, pairwise
from pathlib import Path

from tests.integration.history_rigs import interrupted, uninterrupted

DEVICES, MONTHS, KILLS = 2, 1, 3
STEPS = 145


async def test_statistics_are_the_same_however_often_it_is_ended(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    (wanted, steps), (found, taken) = await asyncio.gather(
        uninterrupted(whole, DEVICES, MONTHS), interrupted(broken, DEVICES, MONTHS, kills=KILLS, steps=STEPS)
    )
    assert found == wanted
    # It went on where it was, more or less.
    assert steps < taken < 4 * steps
    sums = {(name, start): values for (name, start), values in wanted.items() if values[-1] is not None}
    series = {name: list(rows) for name, rows in groupby(sorted(sums.items()), lambda row: row[0][0])}
    assert len(series) == DEVICES
    for rows in series.values():
        # Each begins at what its first day used, and what is counted is what the counter shows.
        states = [(values[3] or 0.0, values[4] or 0.0) for _, values in rows]
        assert 20 < len(rows) < 31
        assert 0 < states[0][1] < 25
        for (state, total), (later, more) in pairwise(states):
            assert more - total > 0
            assert abs((more - total) - (later - state)) < 1e-9
