"""Many alarms one after the other leave nothing behind, neither with those who judge them nor in the record."""

import gc
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import cast

from custom_components.acrel_safety import aioacrel
from custom_components.acrel_safety.aioacrel.alarms.happening import Happening
from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.aioacrel.journal import Entry, Journal, Kind
from custom_components.acrel_safety.aioacrel.journal.entry import Json
from tests.aioacrel.alarm_rigs import Plant

ALARMS = 200
OURS = tracemalloc.Filter(inclusive=True, filename_pattern=f"{Path(aioacrel.__file__).parent}/*")
"""Other threads of the process, and what other tests left running, are not what is asked about."""


async def test_an_alarm_a_second_for_long_leaves_no_more_in_memory_than_for_a_while(tmp_path: Path) -> None:
    plant = Plant()
    board = plant.add("Monitor", "aim-r100", link="gateway")
    board.quiet()
    async with await Journal.open(tmp_path / "record.db") as journal:

        def put_down(happening: Happening, standing: Standing) -> None:
            data = {**standing.plain(), "what": str(happening.what)}
            kept = cast("Json", plant.alarms.kept_of(standing))
            journal.append(Entry(Kind.ALARM, data, happening.time), {standing.alarm_id: kept})

        plant.alarms.listen(put_down)

        async def pass_seconds(number: int) -> int:
            for second in range(number):
                circuit = str(second % 12 + 1)
                board.say(circuit, LgHigh=True, Lg=400.0)
                plant.pass_(1)
                board.say(circuit, LgHigh=False, Lg=20.0)
                for standing in plant.alarms.unacknowledged("Monitor"):
                    plant.alarms.acknowledge(standing.alarm_id, by="Wang Li")
                plant.happened.clear()
                plant.notices.clear()
                if second % 100 == 0:
                    await journal.newest(1)
            await journal.append(Entry(Kind.NOTE, {}))
            gc.collect()
            return sum(one.size for one in tracemalloc.take_snapshot().filter_traces([OURS]).statistics("filename"))

        tracemalloc.start()
        try:
            held = [await pass_seconds(ALARMS) for _ in range(5)]
        finally:
            tracemalloc.stop()
        (last,) = await journal.newest(1)
    assert last.sequence >= 8 * ALARMS
    # What is kept for ever is kept by each of them; what a queue or a cache holds for a while is not.
    # One alarm kept for each would be many times as much.
    assert min(after - before for before, after in pairwise(held)) < ALARMS * 200
