"""What of a history lacks, what a day becomes, and that being ended at any moment changes nothing."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.backfill import Answer, Backfill
from custom_components.acrel_safety.aioacrel.cloud.errors import (
    AccountError,
    CloudBusyError,
    CloudError,
    CloudUnreachableError,
    LicenceError,
    NotPermittedError,
    NotStoredError,
    UnfitAnswerError,
)
from custom_components.acrel_safety.aioacrel.cloud.history import (
    Calendar,
    Days,
    Piece,
    Progress,
    Subject,
    Theme,
    bounds,
    months_before,
    pieces,
)
from custom_components.acrel_safety.aioacrel.cloud.historyrows import Counter, MeanRow, SumRow, means
from custom_components.acrel_safety.aioacrel.cloud.records import Counted, Sample
from custom_components.acrel_safety.aioacrel.readings import PointKey

pytestmark = pytest.mark.virtual_time

BERLIN, CHINA, INDIA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Kolkata")
LEAKAGE = PointKey("1", "Lg")
BACK, FORTH = date(2026, 10, 25), date(2026, 3, 29)
"""When clocks are put back in Berlin, and forth."""
SUBJECTS = [
    Subject(site="10100001", meter="100101", theme=Theme.LEAKAGE),
    Subject(site="10100001", meter="100101", theme=Theme.ENERGY, circuit="7"),
]


def sample(time: datetime, value: float, key: PointKey = LEAKAGE) -> Sample:
    return Sample(key=key, time=time.astimezone(UTC), value=value)


def every(minutes: int, day: date, zone: ZoneInfo) -> list[Sample]:
    begin, end = bounds(day, zone)
    count = int((end - begin) / timedelta(minutes=minutes))
    return [sample(begin + n * timedelta(minutes=minutes), float(n)) for n in range(count)]


# -- days --------------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40))))
def test_days_are_a_set_whatever_is_added_and_taken(steps: list[tuple[bool, int]]) -> None:
    days, plain = Days(), set[int]()
    for is_added, number in steps:
        (days.add if is_added else days.remove)(date.fromordinal(number))
        (plain.add if is_added else plain.discard)(number)
    again = Days.restored(json.loads(json.dumps(days.kept())))
    assert {number for number in range(1, 41) if date.fromordinal(number) in again} == plain
    assert again.count(date.fromordinal(5), date.fromordinal(30)) == len(plain & set(range(5, 31)))
    assert all(second[0] > first[1] + 1 for first, second in pairwise(again.kept()))


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_progress_that_was_spoilt_is_fetched_again(kept: object) -> None:
    for found in (kept, {"done": kept, "recent": kept}, {"done": {SUBJECTS[0].name: kept}, "recent": [kept]}):
        list(pieces(SUBJECTS, Progress.restored(found), BACK, BACK))


def test_what_is_gone_of_a_device_is_forgotten_from_a_day_on_or_whole_and_of_no_other() -> None:
    days = [FORTH + timedelta(days=number) for number in range(6)]
    first, other = (Subject(site="1", meter=meter, theme=Theme.ENERGY, circuit="9") for meter in ("10", "1"))
    beside = Subject(site="1", meter="10", theme=Theme.LEAKAGE)
    progress = Progress()
    for day in days:
        for subject in (first, other, beside):
            progress.done(Piece(subject=subject, day=day))
    progress.forget("1", "10", [Theme.ENERGY], days[4])
    found = [progress.count(subject, days[0], days[-1]) for subject in (first, other, beside)]
    assert found == [4, 6, 6]
    # What is forgotten is no more among the last ones, which are taken out again at a start.
    assert not any(name == first.name and number >= days[4].toordinal() for name, number in progress.kept()["recent"])  # type: ignore[attr-defined]
    progress.forget("1", "10", Theme)
    assert [progress.count(subject, days[0], days[-1]) for subject in (first, other, beside)] == [0, 6, 0]


def test_the_oldest_day_comes_first_and_nothing_twice() -> None:
    progress = Progress()
    first = date(2026, 1, 1)
    progress.done(Piece(subject=SUBJECTS[0], day=first))
    found = list(pieces(SUBJECTS, progress, first, first + timedelta(days=1)))
    assert [(piece.day.day, piece.subject.theme) for piece in found] == [
        (1, Theme.ENERGY),
        (2, Theme.LEAKAGE),
        (2, Theme.ENERGY),
    ]


def test_only_days_that_are_over_are_asked_for() -> None:
    now = datetime(2026, 11, 26, 17, 59, tzinfo=UTC)  # 01:59 in China
    assert Calendar(zone=CHINA, now=lambda: now).window() == (date(2025, 11, 27), date(2026, 11, 25))
    later = now + timedelta(minutes=1)
    assert Calendar(zone=CHINA, now=lambda: later, months=1).window() == (date(2026, 10, 27), date(2026, 11, 26))
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)


def test_the_last_pieces_are_imported_again_after_a_restart() -> None:
    progress, day = Progress(), date(2026, 1, 1)
    for number in range(100):
        progress.done(Piece(subject=SUBJECTS[0], day=day + timedelta(days=number)))
    again = Progress.restored(json.loads(json.dumps(progress.kept())))
    lacking = list(pieces(SUBJECTS[:1], again, day, day + timedelta(days=99)))
    assert [piece.day for piece in lacking] == [day + timedelta(days=number) for number in range(40, 100)]


# -- rows of measurements ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "zone", "hours"), [(BACK, BERLIN, 25), (FORTH, BERLIN, 23), (BACK, CHINA, 24)])
def test_a_day_has_its_hours_but_the_one_that_the_clocks_show_twice(day: date, zone: ZoneInfo, hours: int) -> None:
    begin, end = bounds(day, zone)
    assert (end - begin) / timedelta(hours=1) == hours
    rows = means(every(15, day, zone), day, zone)[LEAKAGE]
    assert len({row.start for row in rows}) == len(rows)
    if hours == 25:
        assert len(rows) == 23
        # 02:00 to 03:00, first by summer time, then by winter time.
        shown = {row.start for row in rows}
        assert {begin + timedelta(hours=hour) for hour in range(25)} - shown == {
            datetime(2026, 10, 25, 0, tzinfo=UTC),
            datetime(2026, 10, 25, 1, tzinfo=UTC),
        }
    else:
        assert [row.start for row in rows] == [begin + timedelta(hours=hour) for hour in range(hours)]
    assert rows[0] == MeanRow(start=begin, mean=1.5, min=0.0, max=3.0)


def test_hours_that_belong_to_two_days_are_not_told_by_halves() -> None:
    rows = means(every(30, BACK, INDIA), BACK, INDIA)[LEAKAGE]
    assert len(rows) == 23
    assert all((row.start.minute, row.max - row.min) == (0, 1.0) for row in rows)


def test_what_cannot_be_makes_no_row() -> None:
    at = datetime(2026, 10, 25, 12, tzinfo=CHINA)
    day = [
        sample(at, 5.0),
        sample(at, 5.0),  # the same once more
        sample(at + timedelta(minutes=10), -1e9),
        sample(at + timedelta(minutes=20), float("nan")),
        sample(at + timedelta(hours=1), 7.0),  # contradicts
        sample(at + timedelta(hours=1), 8.0),  # itself
        sample(at - timedelta(days=1), 9.0),  # of another day
        sample(at, 9.0, PointKey("1", "NobodyKnows")),
        sample(at, 900.0, PointKey("1", "TempA")),
    ]
    assert means(day, BACK, CHINA) == {LEAKAGE: [MeanRow(start=at.astimezone(UTC), mean=5.0, min=5.0, max=5.0)]}


@given(st.lists(st.tuples(st.integers(0, 86_399), st.floats()), max_size=60), st.randoms())
def test_rows_do_not_depend_on_the_order(found: list[tuple[int, float]], chance: random.Random) -> None:
    begin, _ = bounds(BACK, CHINA)
    day = [sample(begin + timedelta(seconds=second), value) for second, value in found]
    shuffled = list(day)
    chance.shuffle(shuffled)
    assert means(day, BACK, CHINA) == means(shuffled, BACK, CHINA)


# -- counters ----------------------------------------------------------------------------------------------------------


def counted(start: float | None, end: float | None, consumed: float | None = None) -> Counted:
    return Counted(circuit="7", start=start, end=end, consumed=consumed)


def taken(days: Sequence[tuple[int, Counted]], counter: Counter | None = None) -> dict[int, tuple[float, float]]:
    """Return the statistics after days of January came: state and sum by day."""
    rows = dict[datetime, SumRow]()
    counter = counter or Counter()
    for number, one in days:
        rows |= {row.start: row for row in counter.take(one, date(2026, 1, number), CHINA) or ()}
    assert all(row.start.astimezone(CHINA).hour == 23 for row in rows.values())
    return {start.astimezone(CHINA).day: (row.state, row.sum) for start, row in sorted(rows.items())}


YEAR = [(number, counted(1000.1 + 10 * (number - 1), 1000.1 + 10 * number, 10.0)) for number in range(1, 31)]


@given(st.permutations(YEAR), st.integers(0, 30), st.integers(0, 30))
def test_sums_are_the_same_in_whatever_order_the_days_come(
    days: list[tuple[int, Counted]], ended: int, again: int
) -> None:
    # Somewhere it is ended, and some of what was stored already comes again.
    before = taken(days[:ended])
    hours = {int(datetime(2026, 1, day, 23, tzinfo=CHINA).timestamp()): both for day, both in before.items()}
    counter = Counter.of_rows((hour, state, total) for hour, (state, total) in hours.items())
    after = taken(days[max(0, ended - again) :], counter)
    assert before | after == taken(YEAR)
    assert taken(YEAR)[1] == (1010.1, 10.0)
    assert taken(YEAR)[30] == (1300.1, 300.0)


@pytest.mark.parametrize(
    "wrong",
    [
        counted(1020.1, 1010.1),
        counted(None, 1030.1),
        counted(1020.1, None),
        counted(1020.1, 1e12),
        counted(float("nan"), 1030.1),
        counted(-5.0, 1.0),
        counted(1020.1, 1030.1, 400.0),  # primary and secondary values do not fit
        counted(0.0, 0.0),  # backwards, against the day before
        counted(500_000.0, 500_001.0),  # a leap
    ],
)
def test_a_counter_that_cannot_be_right_makes_no_row(wrong: Counted) -> None:
    right = {day: one for day, one in taken(YEAR[:4]).items() if day != 3}
    assert taken([*YEAR[:2], (3, wrong), YEAR[3]]) == right


REPLACED = [
    *YEAR[:10],
    *((number, counted(0.5 + 7 * (number - 11), 0.5 + 7 * (number - 10), 7.0)) for number in range(11, 21)),
]


def test_another_meter_goes_on_where_the_former_one_was() -> None:
    found = taken(REPLACED)
    assert [round(total, 3) for _, total in found.values()] == [
        *(10.0 * day for day in range(1, 11)),
        *(100 + 7.0 * day for day in range(1, 11)),
    ]
    # What a single day says is believed when the next one goes on from there.
    assert list(taken(REPLACED[:11])) == list(range(1, 11))
    assert list(taken(REPLACED[:12])) == list(range(1, 13))


@given(st.lists(st.integers(0, 20), max_size=4), st.integers(0, 8))
def test_another_meter_is_the_same_however_often_it_is_ended(ends: list[int], again: int) -> None:
    rows = dict[int, tuple[float, float]]()
    for end in sorted(ends):
        first = max(0, min(end, len(rows)) - again)
        rows |= taken(REPLACED[first:end], _counter_of(rows))
    first = max(0, len(rows) - again)
    assert rows | taken(REPLACED[first:], _counter_of(rows)) == taken(REPLACED)


def _counter_of(rows: Mapping[int, tuple[float, float]]) -> Counter:
    hours = {int(datetime(2026, 1, day, 23, tzinfo=CHINA).timestamp()): both for day, both in rows.items()}
    return Counter.of_rows((hour, state, total) for hour, (state, total) in hours.items())


@pytest.mark.parametrize("wrong", [(0.0, 0.0), (0.0, 3.0), (90_000.0, 90_000.0)])
def test_a_wrong_number_of_a_day_or_one_that_stands_still_is_no_other_meter(wrong: tuple[float, float]) -> None:
    one = counted(*wrong)
    still = counted(wrong[1], wrong[1])
    assert taken([*YEAR[:5], (6, one), *YEAR[6:]]) == {day: row for day, row in taken(YEAR).items() if day != 6}
    if wrong[0] == wrong[1]:
        found = taken([*YEAR[:5], (6, one), (7, still), (8, still), *YEAR[8:]])
        assert found == {day: row for day, row in taken(YEAR).items() if day not in (6, 7, 8)}


def test_a_day_ends_in_its_last_hour_also_when_the_clocks_change() -> None:
    for day, zone in ((BACK, BERLIN), (FORTH, BERLIN), (BACK, INDIA)):
        [row] = Counter().take(counted(1, 2), day, zone) or ()
        assert row.start.astimezone(zone).date() == day
        assert row.start.astimezone(zone).hour == 23
        assert row.start.minute == 0


# -- fetching ----------------------------------------------------------------------------------------------------------


class Server:
    """Says one sample and one count a day."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, date]] = []
        self.errors: list[Exception | None] = []
        self.empty: set[date] = set()
        self.stumbles: Mapping[date, Exception] = {}

    def _asked(self, what: str, day: date) -> None:
        self.asked.append((what, day))
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        if day in self.stumbles:
            raise self.stumbles[day]

    async def leakage_of_day(self, site: str, code: str, day: date) -> Sequence[Sample]:
        self._asked("leakage", day)
        return [] if day in self.empty else [sample(bounds(day, CHINA)[0], 5.0)]

    async def electric_of_day(self, site: str, circuit: str, day: date, kind: str) -> Sequence[Sample]:
        self._asked(kind, day)
        return []

    async def energy_of_day(self, site: str, circuits: Sequence[str], day: date) -> Sequence[Counted]:
        self._asked("energy", day)
        return [counted(1, 2)]


class Shelf:
    """Stores, and says in which order."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.pieces: list[Piece] = []
        self.kept: dict[str, object] = {}
        self.errors = 0

    async def take(self, batch: Sequence[tuple[Piece, Answer]]) -> Mapping[Piece, int | None]:
        if self.errors:
            self.errors -= 1
            raise NotStoredError
        self.steps.append("rows")
        self.pieces += [piece for piece, _ in batch]
        return {piece: len(answer) for piece, answer in batch}

    async def keep(self, progress: Progress) -> None:
        self.steps.append("notes")
        self.kept = progress.kept()


NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)


def backfill(server: Server, shelf: Shelf, progress: Progress | None = None) -> Backfill:
    calendar = Calendar(zone=CHINA, now=lambda: NOW, months=1)
    one = Backfill(server, shelf, progress or Progress(), calendar=calendar)
    one.expect(SUBJECTS)
    return one


async def test_all_that_lacks_is_stored_before_it_is_noted() -> None:
    server, shelf = Server(), Shelf()
    one = backfill(server, shelf)
    assert one.figures.percent == 0
    await one.round()
    assert len(server.asked) == len(shelf.pieces) == 62
    assert set(zip(shelf.steps[::2], shelf.steps[1::2], strict=True)) == {("rows", "notes")}
    assert (one.figures.percent, one.figures.trouble, one.figures.unread) == (100, None, 0)
    await one.round()
    assert len(server.asked) == 62


async def test_a_busy_server_is_left_alone_and_nothing_is_left_out() -> None:
    server, shelf = Server(), Shelf()
    busy = CloudBusyError()
    busy.retry_after = 300.0
    server.errors = [None, CloudBusyError(), busy, LicenceError(), None]
    shelf.errors = 2
    loop = asyncio.get_running_loop()
    since = loop.time()
    await backfill(server, shelf).round()
    assert loop.time() - since > 30 + 300 + 1800
    assert len(server.asked) == 62 + 3
    assert len(set(shelf.pieces)) == len(shelf.pieces) == 62


async def test_an_account_that_is_refused_is_left_alone_for_an_hour_and_then_goes_on() -> None:
    server, shelf = Server(), Shelf()
    server.errors = [None, None, AccountError()]
    one = backfill(server, shelf)
    task = asyncio.get_running_loop().create_task(one.run())
    await asyncio.sleep(3500)
    # Whether the account is really refused its caller knows: then nothing leaves at all.
    assert (len(server.asked), len(shelf.pieces)) == (3, 2)
    assert isinstance(one.figures.trouble, AccountError)
    assert shelf.kept != {}
    await asyncio.sleep(3500)
    assert len(set(shelf.pieces)) == 62
    task.cancel()


@pytest.mark.parametrize("is_late", [True, False])
async def test_a_day_that_a_server_stumbles_over_keeps_no_other_waiting(is_late: bool) -> None:
    server, shelf = Server(), Shelf()
    error: CloudError = CloudUnreachableError() if is_late else CloudBusyError()
    if isinstance(error, CloudUnreachableError):
        error.is_of_call = True
    stone = date(2026, 11, 3)
    server.stumbles = {stone: error}
    one = backfill(server, shelf)
    async with asyncio.timeout(3600):
        await one.round()
    assert {piece.day for piece in shelf.pieces} == {date(2026, 10, 26) + timedelta(days=n) for n in range(31)} - {
        stone
    }
    assert one.figures.unread == 2
    server.stumbles = {}
    await one.round()
    assert len(set(shelf.pieces)) == 62
    # Where nothing at all is answered, one try follows another no sooner for that.
    server.stumbles = dict.fromkeys((date(2026, 10, 1) + timedelta(days=n) for n in range(60)), error)
    server.asked.clear()
    task = asyncio.get_running_loop().create_task(backfill(server, shelf).run())
    await asyncio.sleep(86_400)
    task.cancel()
    assert len(server.asked) < 60


async def test_a_slip_at_one_piece_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    server, shelf = Server(), Shelf()
    server.errors = [None, ZeroDivisionError()]
    one = backfill(server, shelf)
    task = asyncio.get_running_loop().create_task(one.run())
    await asyncio.sleep(7200)
    task.cancel()
    assert len(set(shelf.pieces)) == 62
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


async def test_it_goes_on_as_days_end_and_as_devices_come() -> None:
    server, shelf = Server(), Shelf()
    now = [NOW]
    calendar = Calendar(zone=CHINA, now=lambda: now[0], months=1)
    one = Backfill(server, shelf, Progress(), calendar=calendar)
    one.expect(SUBJECTS[:1])
    task = asyncio.get_running_loop().create_task(one.run())
    await asyncio.sleep(1000)
    assert len(shelf.pieces) == 31
    one.expect(SUBJECTS)
    await asyncio.sleep(1000)
    assert len(shelf.pieces) == 62
    now[0] += timedelta(days=1)
    await asyncio.sleep(4000)
    assert {piece.day for piece in shelf.pieces[62:]} == {date(2026, 11, 26)}
    assert len(shelf.pieces) == 64
    task.cancel()


async def test_what_is_not_understood_is_left_for_another_round() -> None:
    server, shelf = Server(), Shelf()
    server.errors = [UnfitAnswerError(), NotPermittedError()]
    one = backfill(server, shelf)
    await one.round()
    # One day of leakage was not understood; nothing of energy is allowed.
    assert (len(shelf.pieces), one.figures.unread) == (30, 2)
    await one.round()
    assert len(set(shelf.pieces)) == 62


async def test_a_day_that_may_still_be_told_is_asked_for_again() -> None:
    server, shelf = Server(), Shelf()
    last = date(2026, 11, 25)
    server.empty = {last, last - timedelta(days=10)}
    one = backfill(server, shelf)
    await one.round()
    server.asked.clear()
    server.empty.clear()
    await one.round()
    assert server.asked == [("leakage", last)]
    assert one.figures.percent == 100


def test_names_of_subjects_are_different_as_they_are() -> None:
    assert len({subject.name for subject in SUBJECTS}) == len(SUBJECTS)
