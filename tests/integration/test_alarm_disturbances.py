"""Every scenario that any model shows, on one link, while all goes wrong that can.

Nothing is ever shown as safe that is not known to be; each alarm stays the same, is recorded once and told once.
`test_alarm_table.py` has the same for the library, at every moment of it.
"""

import asyncio
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Mapping
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.acrel_safety import desk
from custom_components.acrel_safety.aioacrel.alarms import notices
from custom_components.acrel_safety.aioacrel.alarms.levels import Level
from custom_components.acrel_safety.aioacrel.alarms.notices import Notice, Why
from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.aioacrel.models.writer import write_model
from custom_components.acrel_safety.const import DOMAIN, MODEL_FOLDER
from custom_components.acrel_safety.desk import desk_of
from simulator import Cabinet
from tests.aioacrel.rigs import MINE, model
from tests.integration.alarm_rigs import recorded, safety_of
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig, is_now

LINK_SAFETY = "sensor.cabinet_safety"
LONG = 3610
"""Seconds; longer than any delay of a device, and until a bad joint is hot. Beyond an hour it passes in long steps."""
PATIENCE = 60.0
INTERVALS = {"fast": 0.3, "normal": 0.6, "slow": 1.2}
"""Seconds; so many boards keep a processor busy."""


class Board(NamedTuple):
    """What one board is, what happens on it, and the word for that."""

    model: str
    scenario: str
    word: str


BOARDS: Mapping[int, Board] = dict(
    enumerate(
        (
            Board("adw300", "leak", "alarm"),
            Board("adw300", "overheat", "alarm"),
            Board("adw300", "overload", "alarm"),
            Board("adw300", "undervoltage", "alarm"),
            Board("ddsy1352", "trip", "tripped"),
            Board("ddsy1352", "overload", "alarm"),
            Board("dtsy1352", "trip", "tripped"),
            Board("dtsy1352", "overload", "alarm"),
            Board("asj10l", "leak", "alarm"),
            Board("asj10l", "sensor_break", "fault"),
            Board("aim-r100", "leak", "alarm"),
            Board("aim-r100", "sensor_break", "fault"),
            Board("aim-m10", "leak", "alarm"),
            Board("aim-m10", "overheat", "alarm"),
            Board("aim-m10", "overload", "alarm"),
            Board("aim-m10", "sensor_break", "fault"),
            Board("aafd", "arc", "alarm"),
            Board("asj10l", "normal", "safe"),
        ),
        start=1,
    )
)
QUIET = max(BOARDS)
"""The board on which all is well: it may say so only while it is seen."""
ONE_OF_EACH = (1, 5, 10, 17, QUIET)
"""Each time-out is half a second of the line: of these there is a board of each kind of alarm."""


class Wall:
    """The clock on the wall, which somebody sets."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._real = time.time

    def time(self) -> float:
        return self._real() + self.ahead

    def now(self, time_zone: tzinfo | None = None) -> datetime:
        return datetime.fromtimestamp(self.time(), time_zone or dt_util.get_default_time_zone())

    def utcnow(self) -> datetime:
        return self.now(UTC)

    def set(self, moment: datetime) -> None:
        self.ahead += (moment - self.utcnow()).total_seconds()


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()
    monkeypatch.setattr(time, "time", wall.time)
    monkeypatch.setattr(dt_util, "utcnow", wall.utcnow)
    monkeypatch.setattr(dt_util, "now", wall.now)
    return wall


class Rig:
    """All boards on one link, what is shown of them, and what is sent."""

    def __init__(self, link: LinkRig, wall: Wall) -> None:
        self.link, self.wall = link, wall
        self.hass, self.cabinet = link.hass, link.cabinet
        self.sent: list[Notice] = []
        self._news = asyncio.Event()
        self.shown = defaultdict[str, list[str]](list)
        """The words of each board (and of the link) since they are looked at."""
        self.boards = {safety_of(link, unit_id): unit_id for unit_id in BOARDS}
        self.listen()

    def listen(self) -> None:
        desk_of(self.hass).listen_to_notices(self._take)

    def _take(self, notice: Notice) -> None:
        self.sent.append(notice)
        self._news.set()

    async def until_told(self, why: Why, occurrences: AbstractSet[str], times: int = 1) -> None:
        """Return when all these were sent so often for a reason."""
        async with asyncio.timeout(PATIENCE):
            while min(self.told(why)[occurrence] for occurrence in occurrences) < times:
                self._news.clear()
                await self._news.wait()

    def play(self) -> None:
        """Have each board say what happens on it, as if it had lasted for long."""
        for unit_id, board in BOARDS.items():
            self.cabinet.set_scenario(board.scenario, unit_id)
        self.cabinet.advance(LONG)

    def trouble(self, scenario: str, units: Collection[int] = BOARDS, **options: int) -> None:
        """Have boards in another scenario."""
        self.cabinet.set_scenario(scenario, units, **options)

    def standing(self) -> Mapping[str, Standing]:
        """Return what stands, by occurrence; a device that is not heard is a matter of its own."""
        return {one.occurrence: one for one in desk_of(self.hass).alarms.standing() if one.level is not Level.NOT_SEEN}

    async def until_all(self, is_enough: Callable[[int], bool], units: Collection[int] = BOARDS) -> None:
        """Return when something was so of each board."""
        for unit_id in units:
            if not is_enough(unit_id):
                await self.link.reported(unit_id, partial(is_enough, unit_id), PATIENCE)

    async def until_all_say(self) -> None:
        """Return when each board is seen, and says its word."""
        await self.until_all(self.is_seen)
        for entity_id, unit_id in self.boards.items():
            await self.link.until(entity_id, is_now(BOARDS[unit_id].word), PATIENCE)

    async def until_unseen(self, units: Collection[int] = BOARDS) -> None:
        await self.until_all(lambda unit_id: not self.is_seen(unit_id), units)
        await self.hass.async_block_till_done()

    def is_seen(self, unit_id: int) -> bool:
        """Whether it is known that what stands on a board is so, or where nothing does, all that its alarms go by."""
        watch = self.link.coordinator(unit_id).watch
        assert watch is not None
        alarms = watch.alarms.values()
        # Of a sensor that is broken nothing but that can be known.
        asked = [alarm for alarm in alarms if alarm.stands and alarm.cause.level is not Level.NOT_SEEN] or alarms
        return watch.is_device_seen and all(alarm.facts.is_seen for alarm in asked)

    @asynccontextmanager
    async def never_safe(self) -> AsyncGenerator[None]:
        """Fail if anything is said to be safe meanwhile that is not, for however short a time."""

        @callback
        def look(event: Event[EventStateChangedData]) -> None:
            state = event.data["new_state"]
            if state is not None and (state.entity_id in self.boards or state.entity_id == LINK_SAFETY):
                unit_id = self.boards.get(state.entity_id)
                known = unit_id == QUIET and self.is_seen(QUIET)
                assert state.state != "safe" or known, state
                self.shown[state.entity_id].append(state.state)

        wrong: list[str] = []

        @callback
        def note(event: Event[EventStateChangedData]) -> None:
            try:
                look(event)
            except AssertionError as error:
                wrong.append(str(error))

        remove = self.hass.bus.async_listen(EVENT_STATE_CHANGED, note)
        yield
        await self.hass.async_block_till_done()
        remove()
        assert not wrong

    def of(self, unit_id: int) -> list[Standing]:
        """Return what stands on a board."""
        identity = self.link.subentry(unit_id).subentry_id
        return [one for one in self.standing().values() if one.board.identity == identity]

    async def until_polled(self) -> None:
        """Return when each board was judged anew."""
        await asyncio.gather(*(self.link.polled(unit_id, 1, PATIENCE) for unit_id in BOARDS))

    def forget_all(self) -> None:
        """Leave nothing in memory, as a process does that ends, and be there when the next one begins."""
        del self.hass.data[desk._DESK]  # a process that ends asks nobody
        self.listen()

    async def load(self) -> None:
        assert await self.hass.config_entries.async_setup(self.link.entry.entry_id)
        await self.hass.async_block_till_done()

    async def unload(self) -> None:
        assert await self.hass.config_entries.async_unload(self.link.entry.entry_id)

    def told(self, why: Why) -> Counter[str]:
        """Return how often each occurrence was sent for a reason."""
        return Counter(one.occurrence for notice in self.sent if notice.why is why for one in notice.alarms)


# -- what disturbs ----------------------------------------------------------------------------------------------------


async def silent(rig: Rig) -> None:
    rig.trouble("silent", ONE_OF_EACH)
    await rig.until_unseen(ONE_OF_EACH)
    rig.play()


async def refused(rig: Rig) -> None:
    for unit_id, code in zip(ONE_OF_EACH, cycle((2, 4, 6, 11)), strict=False):
        rig.trouble("exception", [unit_id], code=code)
    await rig.until_unseen(ONE_OF_EACH)
    rig.play()
    await rig.link.reload()


async def dead_meters(rig: Rig) -> None:
    rig.trouble("dead", ONE_OF_EACH, word=0)
    await rig.until_unseen(ONE_OF_EACH)
    rig.play()


async def wrong_devices(rig: Rig) -> None:
    rig.trouble("wrong_model")
    await rig.link.reload()
    await rig.until_unseen()
    rig.play()
    await rig.link.reload()


async def gateway_down(rig: Rig) -> None:
    port = rig.cabinet.tcp_port
    await rig.cabinet.stop()
    await rig.until_unseen()
    await rig.cabinet.start(tcp_port=port)


async def reloaded(rig: Rig) -> None:
    await rig.link.reload()


async def reconfigured(rig: Rig) -> None:
    entry = rig.link.entry
    rig.hass.config_entries.async_update_entry(entry, data={**entry.data, "turnaround_ms": 6})
    await rig.hass.async_block_till_done()


async def restarted(rig: Rig) -> None:
    await rig.unload()
    rig.forget_all()
    await rig.load()


async def killed(rig: Rig) -> None:
    """Begin with the files as they lay when the process was gone: nothing was closed, nothing was said."""
    folder = Path(rig.hass.config.path(DOMAIN))
    left = folder.with_name("left")
    await desk_of(rig.hass).record.async_written()
    shutil.copytree(folder, left)
    await rig.unload()
    shutil.rmtree(folder)
    left.rename(folder)
    rig.forget_all()
    await rig.load()


async def clock_set(rig: Rig) -> None:
    for days in (400, -800, 400):
        rig.wall.ahead += timedelta(days=days).total_seconds()
        await rig.until_polled()


async def clock_set_back_over_a_restart(rig: Rig) -> None:
    rig.wall.ahead -= timedelta(days=400).total_seconds()
    await restarted(rig)


async def summer_time(rig: Rig) -> None:
    """Pass both nights of a year in which the clock leaps, and one of them in the middle of a restart."""
    await rig.hass.config.async_set_time_zone("Europe/Berlin")
    for month, day in ((10, 25), (3, 29)):
        rig.wall.set(datetime(2026, month, day, 0, 59, 59, tzinfo=UTC))
        await rig.until_polled()
        rig.wall.set(datetime(2026, month, day, 1, 0, 1, tzinfo=UTC))
        await rig.until_polled()
    rig.wall.set(datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC))
    await rig.unload()
    rig.forget_all()
    rig.wall.set(datetime(2026, 10, 25, 1, 0, 1, tzinfo=UTC))
    await rig.load()


type Disturbance = Callable[[Rig], Coroutine[Any, Any, None]]
COURSES: Mapping[str, tuple[Disturbance, ...]] = {
    "what is answered": (refused, silent, dead_meters, clock_set),
    "what is there": (gateway_down, wrong_devices, reloaded, reconfigured),
    "who watches": (restarted, killed, clock_set_back_over_a_restart, summer_time),
}
"""One after the other on the same boards: to have them say all this takes longest."""
BLINDING = (refused, silent, dead_meters, gateway_down, wrong_devices)


# -- what must hold ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def rig(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    wall: Wall,
    monkeypatch: pytest.MonkeyPatch,
) -> Rig:
    """Return a link on which each board says that all is well."""
    # So many boards are a flood, which is told later: that has tests of its own.
    monkeypatch.setattr(notices, "FLOOD_BEGINS", 1000)
    _keep_arc_detector(Path(hass.config.path(MODEL_FOLDER)))
    cabinet = await cabinet_of({unit_id: board.model for unit_id, board in BOARDS.items()})
    _limit_leakage(cabinet)
    models = {unit_id: f"{MINE}aafd" if board.model == "aafd" else board.model for unit_id, board in BOARDS.items()}
    link = await link_to(cabinet, models, intervals=INTERVALS)
    rig = Rig(link, wall)
    await rig.until_all(rig.is_seen)
    for entity_id in rig.boards:
        await link.until(entity_id, is_now("safe"), PATIENCE)
    await link.until(LINK_SAFETY, is_now("safe"), PATIENCE)
    return rig


def _keep_arc_detector(folder: Path) -> None:
    """Have the model that an owner made of a register table."""
    folder.mkdir(parents=True)
    (folder / f"{MINE}aafd.toml").write_text(write_model(model(f"{MINE}aafd")), "utf-8")


def _limit_leakage(cabinet: Cabinet) -> None:
    """Have the first board show a limit for its residual current, for which it has no bit."""
    for code, value in {"LgHighVal02": 300, "LgHighTim": 0.1}.items():
        cabinet.units[1].hold(code, value)


@pytest.mark.parametrize("course", COURSES)
async def test_nothing_is_safe_by_mistake_and_each_alarm_is_recorded_and_sent_once(rig: Rig, course: str) -> None:
    rig.play()
    await rig.until_all_say()
    before, starts = rig.standing(), 0
    assert len(before) >= len(BOARDS) - 1
    # What a graver one says is not sent beside it.
    news = {key for key, one in before.items() if one.suppressed_by is None}
    await rig.until_told(Why.RAISED, news)
    for disturb in COURSES[course]:
        rig.shown.clear()
        async with rig.never_safe():
            await disturb(rig)
            await rig.until_all_say()
            after = rig.standing()
        assert {key: one.since for key, one in after.items()} == {key: one.since for key, one in before.items()}, (
            disturb
        )
        assert disturb not in BLINDING or "not_seen" in rig.shown[safety_of(rig.link, QUIET)]
        if course == "who watches":
            starts += 1
            await rig.until_told(Why.RESTARTED, news, starts)

    async with rig.never_safe():
        # It is over, and nobody knows of it yet.
        rig.trouble("normal")
        rig.cabinet.advance(LONG)
        await rig.until_all(lambda unit_id: not any(one.is_on for one in rig.of(unit_id)))
        assert rig.standing().keys() == before.keys()
    await desk_of(rig.hass).record.async_written()
    raised = [entry for entry in recorded(rig.link, "alarm") if entry["what"] == "raised"]
    assert Counter(one["occurrence"] for one in raised if one["level"] != "not_seen") == dict.fromkeys(before, 1)
    told, again = rig.told(Why.RAISED), rig.told(Why.RESTARTED)
    assert {key: told[key] for key in before} == {key: int(key in news) for key in before}
    assert {key: again[key] for key in before} == {key: starts if key in news else 0 for key in before}
