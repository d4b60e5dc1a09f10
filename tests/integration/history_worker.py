"""A Home Assistant with its recorder that fetches a history until it is complete, or until it is ended.

`python -m tests.integration.history_worker FOLDER DEVICES MONTHS`. It says `went` of each step (an answer, rows given
to the recorder, rows read back, notes kept), so that it can be ended between any two of them, and `done` at the end.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.helpers.recorder import async_initialize_recorder, get_instance
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.acrel_safety.aioacrel.cloud.backfill import Answer
from custom_components.acrel_safety.aioacrel.cloud.history import Calendar, Piece, Progress, bounds
from custom_components.acrel_safety.aioacrel.cloud.records import CircuitOfMeter, Counted, Sample
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.hubs.cloud_history import CloudHistory
from custom_components.acrel_safety.hubs.cloud_seats import Seat

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
"""A fortnight before, the clocks were put back."""
SITE, MODEL = "10100001", "adw300"
_LG, _TEMP = PointKey("1", "Lg"), PointKey("1", "TempA")


def say(step: str) -> None:
    """Tell whoever may end this how far it is."""
    print(step, flush=True)  # noqa: T201 - that is what it is for


def counter(number: int, day: date) -> float:
    """Return what a counter shows when a day begins: 24 kWh a day, and never as binary fractions."""
    return round(1000.1 * number + 24.07 * (day.toordinal() - date(2025, 1, 1).toordinal()), 2)


class Server:
    """Says the same of a day whenever it is asked: some of it wrong, some of it twice, some of it not at all."""

    async def leakage_of_day(self, site: str, code: str, day: date) -> Sequence[Sample]:
        """Return samples of every half hour."""
        say("went")
        chance = Random(f"{code} {day}")  # noqa: S311 - of what a server has
        begin, end = bounds(day, BERLIN)
        samples = []
        for half in range(int((end - begin) / timedelta(minutes=30))):
            time = begin + timedelta(minutes=30 * half)
            samples.append(Sample(key=_LG, time=time, value=round(chance.uniform(0, 90), 1)))
            samples.append(Sample(key=_TEMP, time=time, value=round(chance.uniform(15, 45), 1)))
        if day < NOW.date() - timedelta(days=7):
            lacks = chance.randrange(len(samples))
            del samples[lacks : lacks + chance.choice((0, 0, 6, len(samples)))]
        return [*samples, *samples[:3], *(Sample(key=_LG, time=one.time, value=-4e6) for one in samples[5:7])]

    async def electric_of_day(self, site: str, circuit: str, day: date, kind: str) -> Sequence[Sample]:
        """Return nothing: it is not asked for."""
        return []

    async def energy_of_day(self, site: str, circuits: Sequence[str], day: date) -> Sequence[Counted]:
        """Return readings; now and then one that cannot be."""
        say("went")
        number = int(circuits[0])
        chance = Random(f"{number} {day} energy")  # noqa: S311 - of what a server has
        start, end = counter(number, day), counter(number, day + timedelta(days=1))
        # Of the latest days it could not be said yet which of them are wrong.
        match chance.randrange(12) if day < NOW.date() - timedelta(days=7) else None:
            case 0:
                start, end = end, start
            case 1:
                start, end = 0.0, 0.0
            case 2:
                end *= 1000
        return [Counted(circuit=circuits[0], start=start, end=end)]


class Watched(CloudHistory):
    """The real one; its steps are told."""

    async def take(self, batch: Sequence[tuple[Piece, Answer]]) -> Mapping[Piece, int | None]:
        """Store rows."""
        say("went")
        rows = await super().take(batch)
        say("went")
        return rows

    async def keep(self, progress: Progress) -> None:
        """Keep notes."""
        await super().keep(progress)
        say("went")


async def fetch(hass: HomeAssistant, devices: int, months: int) -> None:
    """Fetch what lacks."""
    entry = MockConfigEntry(domain=DOMAIN, title="Account", entry_id="01JCLOUDHISTORY00000000000")
    entry.add_to_hass(hass)
    model = ModelLibrary().get(MODEL)
    seats = [
        Seat(site=SITE, code=f"M{number}", subentry_id=f"01JDEVICE{number:04}", title=f"Feeder {number}", model=model)
        for number in range(devices)
    ]
    circuits = [CircuitOfMeter(circuit=f"{number}", meter=f"M{number}", site=SITE) for number in range(devices)]
    history = Watched(hass, entry, Server(), Calendar(zone=BERLIN, now=lambda: NOW, months=months), every=0.0)
    backfill = await history.async_prepare(seats, circuits)
    # What could not be judged before its next day was known is asked for again.
    await backfill.round()
    await backfill.round()
    figures = backfill.figures
    if figures.percent != 100 or figures.unread or figures.trouble is not None:
        say(f"failed: {figures}")
        return
    await get_instance(hass).async_block_till_done()
    say("done")


async def main(folder: Path, devices: int, months: int) -> None:
    """Run a Home Assistant for as long as it takes."""
    async with async_test_home_assistant(config_dir=str(folder)) as hass:
        frame.async_setup(hass)
        async_initialize_recorder(hass)
        recorder = {"db_url": f"sqlite:///{folder / 'recorder.db'}", "commit_interval": 1}
        if not await async_setup_component(hass, "recorder", {"recorder": recorder}):
            raise RuntimeError("the recorder could not be set up")
        await fetch(hass, devices, months)
        await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
