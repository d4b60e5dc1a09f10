"""A writer that is killed at any moment: nothing that was told to be durable is lost."""

import random
from pathlib import Path

from custom_components.acrel_safety.aioacrel.journal import Journal, Kind, verify
from custom_components.acrel_safety.aioacrel.journal.reading import pages
from tests.aioacrel.journal_rigs import program

KILLS = 20


async def test_what_was_told_to_be_durable_survives_being_killed(tmp_path: Path) -> None:
    chance = random.Random(20)  # noqa: S311 - of moments to kill at
    path, told = tmp_path / "record.db", dict[int, int]()
    for _ in range(KILLS):
        writer = await program("journal_writer", path, str(max(told.values(), default=-1) + 1))
        assert writer.stdout is not None
        for _ in range(chance.randrange(1, 150)):
            number, value = (await writer.stdout.readline()).split()
            told[int(number)] = int(value)
        writer.kill()
        # What it had said by then counts too; a line that was cut off says nothing.
        rest, said = await writer.communicate()
        assert said == b""
        for line in rest.splitlines(keepends=True):
            if line.endswith(b"\n"):
                number, value = line.split()
                told[int(number)] = int(value)
    found = verify(path)
    assert (found.is_whole, found.rollbacks, found.beginnings) == (True, [], [])
    kept = {record.sequence: record for page in pages(path) for record in page}
    assert {number: kept[number].data["value"] for number in told} == told
    async with await Journal.open(path) as journal:
        last = next(record for record in await journal.newest(10) if record.kind == Kind.ALARM)
        assert await journal.standing() == {"value": last.data["value"]}
