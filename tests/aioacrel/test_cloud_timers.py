"""The timer that a device keeps itself: set for who may, as a closing is checked, once, and done when it is shown."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.records import Meter as Listed
from custom_components.acrel_safety.aioacrel.cloud.zones import Zones
from custom_components.acrel_safety.aioacrel.control.caller import AUTOMATION, Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Act
from custom_components.acrel_safety.aioacrel.control.inturn import in_turn
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Right, Rights
from custom_components.acrel_safety.aioacrel.control.timing import send_timer, set_timer
from custom_components.acrel_safety.aioacrel.texts import texts
from custom_components.acrel_safety.aioacrel.timers import TIMER, Timer, TimerKind, may_switch_alone, timer_said
from simulator.cloud import ARCM300T, Cloud, Meter
from simulator.cloud import meters as simulated

from .cloud_hub_rigs import PASSWORD, SECOND, START, USER, Office, clock, cloud_at_noon, office
from .cloud_order_rigs import OFF, Switched, breaker, switched

pytestmark = pytest.mark.virtual_time
ADA = Caller(kind=CallerKind.PERSON, id="ada", name="Ada", is_administrator=True)
UWE = Caller(kind=CallerKind.PERSON, id="uwe", name="Uwe")
CANCEL = Timer(kind=TimerKind.NONE)
DAILY = Timer(kind=TimerKind.DAILY, opens=time(22), closes=time(6))
COMMAND = "send310ControlDemandHTTP"


def once(opens: float | None = None, closes: float | None = None) -> Timer:
    """Return a timer that switches so many seconds from now."""
    at = [None if one is None else clock() + timedelta(seconds=one) for one in (opens, closes)]
    return Timer(kind=TimerKind.ONCE, opens=at[0], closes=at[1])


class Timed(Switched):
    """A breaker whose timer is set through an account."""

    def __init__(self, it: Office, meter: Meter) -> None:
        super().__init__(it, meter)
        self.acts: list[Act] = []
        self.control.listen(self.acts.append)

    async def set(
        self, timer: Timer, by: Caller = ADA, password: str | None = SECOND, *, confirmed: bool = True
    ) -> Outcome:
        if password is not None:
            self.orders.offer(self.source, TIMER, password)
        try:
            return await set_timer(self.control, timer, by, is_confirmed=confirmed)
        finally:
            self.orders.withdraw(self.source, TIMER)


async def test_it_is_set_does_what_it_says_and_is_cancelled() -> None:
    async with switched(Timed) as box:
        assert (await box.set(once(opens=1200))).is_confirmed
        stood = [(box.meter.closed, box.meter.timer is not None)]
        await asyncio.sleep(1300)
        stood.append((box.meter.closed, box.meter.timer is not None))
        assert stood == [(True, True), (False, False)]
        outcome = await box.set(DAILY)
        assert (outcome.result, outcome.writes) == (Result.CONFIRMED, 1)
        assert box.meter.timer == simulated.Timer(daily=True, open="22:00:00", close="06:00:00")
        await asyncio.sleep(40)
        assert (await box.set(CANCEL)).is_confirmed
        assert [box.meter.timer] == [None]
        assert (box.sent, box.cloud.count("verifySePassword")) == (3, 3)
        begun = [act for act in box.acts if act.outcome is None]
        assert [(act.key, act.timer and act.timer.zone) for act in begun[1:]] == [(TIMER, "China"), (TIMER, "")]


async def test_a_time_is_sent_as_the_server_writes_it_whatever_zone_it_was_said_in() -> None:
    async with switched(Timed) as box:
        when = datetime(2026, 11, 23, 7, 30, tzinfo=ZoneInfo("America/New_York"))
        assert (await box.set(Timer(kind=TimerKind.ONCE, opens=when))).is_confirmed
        assert box.meter.timer == simulated.Timer(daily=False, open="2026-11-23 20:30:00")
        kept = [act.timer.plain() for act in box.acts if act.timer is not None]
        assert kept == [{"kind": "once", "opens": "2026-11-23 20:30:00+08:00", "zone": "China"}] * 2


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        # In Berlin the clock is put on 2027-03-28 at 2, and back on 2027-10-31 at 3.
        ("2027-03-28 01:59", "2027-03-28 00:59"),
        ("2027-03-28 02:00", None),
        ("2027-03-28 02:59", None),
        ("2027-03-28 03:00", "2027-03-28 01:00"),
        ("2027-10-31 01:59", "2027-10-30 23:59"),
        ("2027-10-31 02:00", None),
        ("2027-10-31 02:59", None),
        ("2027-10-31 03:00", "2027-10-31 02:00"),
    ],
)
async def test_a_time_without_a_zone_is_of_the_accounts_also_where_its_clock_is_changed(
    written: str, utc: str | None
) -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    async with office(cloud) as it:
        it.hub.account.zones = Zones(ZoneInfo("Europe/Berlin"))
        timers = Timed(it, meter).source.timers
        assert timers is not None
        moment = timers.moment(datetime.fromisoformat(written))
        assert (None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}") == utc
        if moment is not None:
            # What is said of it, and sent, is what was written.
            assert timers.own(Timer(kind=TimerKind.ONCE, opens=moment)).opens == moment
            assert timers.refusal(Timer(kind=TimerKind.ONCE, opens=moment)) is None


@pytest.mark.parametrize("name", ["Asia/Shanghai", "UTC"])
async def test_in_a_zone_without_another_clock_in_summer_no_hour_is_missing(name: str) -> None:
    cloud = cloud_at_noon()
    async with office(cloud) as it:
        it.hub.account.zones = Zones(ZoneInfo(name))
        timers = Timed(it, breaker(cloud)).source.timers
        assert timers is not None
        for month, day in (("03", "28"), ("10", "31")):
            assert timers.moment(datetime.fromisoformat(f"2027-{month}-{day} 02:30")) is not None


async def test_a_daily_time_is_the_same_by_the_servers_clock_before_and_after_that_is_changed() -> None:
    # Saturday noon in Berlin; on Sunday the clock is put back.
    begin = datetime(2027, 10, 30, 10, tzinfo=UTC)
    cloud = Cloud(zone=ZoneInfo("Europe/Berlin"), now=lambda: begin + (clock() - START))
    cloud.account(USER, PASSWORD, second=SECOND)
    meter = breaker(cloud)
    async with office(cloud) as it:
        it.hub.account.zones, it.hub.now = Zones(ZoneInfo("Europe/Berlin")), lambda: begin + (clock() - START)
        box = Timed(it, meter)
        await it.hub.start()
        assert (await box.set(Timer(kind=TimerKind.DAILY, opens=time(22)))).is_confirmed
        assert meter.timer == simulated.Timer(daily=True, open="22:00:00")
        opened: list[datetime] = []
        for _ in range(2):
            meter.figures.closed = True
            while meter.closed:  # noqa: ASYNC110 - a device tells nobody
                await asyncio.sleep(60)
            opened.append(it.hub.now())
        # 22:00 in Berlin both times: 20:00, and 21:00, in UTC.
        assert [(one.day, one.hour) for one in opened] == [(30, 20), (31, 21)]


WRONG: dict[str, tuple[Callable[[], Timer], str]] = {
    "no time": (lambda: Timer(kind=TimerKind.ONCE), "one time at least"),
    "no daily time": (lambda: Timer(kind=TimerKind.DAILY), "one time at least"),
    "the same": (lambda: once(600, 600), "one time at least"),
    "the same to the second": (lambda: once(600, 600.4), "one time at least"),
    "the same each day": (lambda: Timer(kind=TimerKind.DAILY, opens=time(6), closes=time(6)), "one time at least"),
    "over": (lambda: once(-1, 600), "minutes ahead"),
    "now": (lambda: once(600, 0), "minutes ahead"),
    "before it may be there": (lambda: once(100), "minutes ahead"),
    "without a zone": (
        lambda: Timer(kind=TimerKind.ONCE, opens=datetime(2027, 1, 1)),  # noqa: DTZ001 - that is the case
        "without a zone",
    ),
    "of no year in other zones": (
        lambda: Timer(kind=TimerKind.ONCE, opens=datetime(9999, 12, 31, 23, tzinfo=UTC)),
        "too far ahead",
    ),
    "of no year in other zones, and over": (
        lambda: Timer(kind=TimerKind.ONCE, opens=datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))),
        "minutes ahead",
    ),
    "of a year that no server tells": (
        lambda: Timer(kind=TimerKind.ONCE, closes=datetime(2100, 1, 1, tzinfo=UTC)),
        "too far ahead",
    ),
    "a daily one as once": (lambda: Timer(kind=TimerKind.ONCE, opens=time(6)), "without a zone"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_times_that_cannot_be_are_refused_with_what_is_wrong_and_nothing_is_sent(name: str) -> None:
    make, said = WRONG[name]
    async with switched(Timed) as box:
        outcome = await box.set(make())
        assert (outcome.result, outcome.reason, box.sent) == (Result.REFUSED, Reason.BAD_VALUE, 0)
        assert said in outcome.text()
        assert box.cloud.count("verifySePassword") == 0


@pytest.mark.parametrize(("hour", "is_taken"), [(0, True), (1, False), (2, True)])
async def test_of_an_hour_that_comes_twice_the_second_cannot_be_said_to_the_server(
    hour: int, *, is_taken: bool
) -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    async with office(cloud) as it:
        it.hub.account.zones = Zones(ZoneInfo("Europe/Berlin"))
        box = Timed(it, meter)
        timers = box.source.timers
        assert timers is not None
        # 2027-10-31: at 01:00 UTC it is 02:00 in Berlin for the second time.
        timer = Timer(kind=TimerKind.ONCE, opens=datetime(2027, 10, 31, hour, 30, tzinfo=UTC))
        assert (timers.refusal(timer) is None) is is_taken


async def test_a_time_that_passes_while_the_device_is_waited_for_is_not_sent() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    meter.age_s = 600.0
    async with office(cloud) as it:
        box = Timed(it, meter)
        await it.hub.start()
        setting = asyncio.create_task(box.set(once(opens=100)))
        await asyncio.sleep(110)
        meter.age_s = 1.0
        outcome = await setting
        assert (outcome.result, outcome.reason, box.sent) == (Result.REFUSED, Reason.BAD_VALUE, 0)


RIGHTS: list[tuple[frozenset[Right], Callable[[], Timer], bool]] = [
    (frozenset(), lambda: once(600), False),
    (frozenset({Right.OFF}), lambda: once(600), True),
    (frozenset({Right.ON}), lambda: once(600), False),
    (frozenset({Right.OFF}), lambda: once(None, 600), False),
    (frozenset({Right.ON}), lambda: once(None, 600), True),
    (frozenset({Right.OFF}), lambda: once(600, 900), False),
    (frozenset({Right.ON}), lambda: DAILY, False),
    (frozenset({Right.OFF, Right.ON}), lambda: DAILY, True),
    (frozenset({Right.SETTINGS, Right.TESTS, Right.TAGS}), lambda: CANCEL, False),
    (frozenset({Right.OFF}), lambda: CANCEL, True),
    (frozenset({Right.ON}), lambda: CANCEL, True),
]


@pytest.mark.parametrize("who", [UWE, AUTOMATION], ids=["a person", "an automation"])
@pytest.mark.parametrize(("rights", "make", "is_allowed"), RIGHTS)
async def test_each_time_takes_the_right_to_what_it_does(
    rights: frozenset[Right], make: Callable[[], Timer], who: Caller, *, is_allowed: bool
) -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    async with office(cloud) as it:
        box = Timed(it, meter)
        name = "automations" if who is AUTOMATION else "user:uwe"
        box.policy = Policy(is_enabled=True, may_close=True, rights=Rights({name: rights}))
        await it.hub.start()
        outcome = await box.set(make(), who)
        if is_allowed:
            assert outcome.is_confirmed, outcome.text()
        else:
            assert (outcome.result, outcome.reason) == (Result.REFUSED, Reason.NO_RIGHT)
        assert box.sent == cloud.count("verifySePassword") == int(is_allowed)


async def test_a_right_that_is_withdrawn_while_it_waits_is_none() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    meter.age_s = 600.0
    async with office(cloud) as it:
        box = Timed(it, meter)
        await it.hub.start()
        setting = asyncio.create_task(box.set(DAILY))
        await asyncio.sleep(20)
        box.policy = replace(box.policy, is_enabled=False)
        meter.age_s = 1.0
        outcome = await setting
        assert (outcome.reason, box.sent) == (Reason.CONTROL_OFF, 0)


async def test_a_critical_circuit_is_opened_by_no_timer_of_an_automation() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    async with office(cloud) as it:
        box = Timed(it, meter)
        box.policy = replace(box.policy, critical=frozenset({"1"}))
        await it.hub.start()
        assert (await box.set(once(600), AUTOMATION)).reason is Reason.CRITICAL_LOAD
        assert (await box.set(once(600))).is_confirmed


async def test_one_that_closes_has_to_be_confirmed() -> None:
    async with switched(Timed) as box:
        for timer in (once(None, 600), once(300, 600), DAILY):
            outcome = await box.set(timer, confirmed=False)
            assert (outcome.reason, box.sent) == (Reason.NOT_CONFIRMED, 0)
            assert "asks no interlock" in outcome.text()
        assert (await box.set(once(600), confirmed=False)).is_confirmed
        await asyncio.sleep(40)
        assert (await box.set(CANCEL, confirmed=False)).is_confirmed


async def test_what_refuses_a_closing_by_hand_refuses_one_by_a_timer_and_neither_an_opening_nor_cancelling() -> None:
    async with switched(Timed) as box:
        tag = box.control.hang_tag("1", ADA, "Somebody works there")
        assert not isinstance(tag, Reason)
        for timer in (once(None, 600), once(300, 600), DAILY):
            assert ((await box.set(timer)).reason, box.sent) == (Reason.TAGGED, 0)
        assert (await box.set(once(600))).is_confirmed
        await asyncio.sleep(40)
        assert (await box.set(CANCEL)).is_confirmed
        box.policy, sent = replace(box.policy, may_close=False), box.sent
        box.control.remove_tag(tag.id, ADA)
        await asyncio.sleep(40)
        assert ((await box.set(DAILY)).reason, box.sent) == (Reason.ON_NOT_ALLOWED, sent)


async def test_a_tag_that_is_hung_while_it_waits_is_heeded() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    cloud.fail("slow", at="verifySePassword")
    async with office(cloud) as it:
        box = Timed(it, meter)
        await it.hub.start()

        def hang(act: Act) -> None:
            if act.outcome is None:
                box.control.hang_tag("1", ADA, "Somebody works there")

        box.control.listen(hang)
        assert ((await box.set(DAILY)).reason, box.sent) == (Reason.TAGGED, 0)


async def test_it_and_operations_share_one_lock_out_and_one_turn() -> None:
    async with switched(Timed) as box:
        assert (await box.set(once(600))).is_confirmed
        assert (await box.operate(OFF)).reason is Reason.LOCKED_OUT
        await asyncio.sleep(31)
        operating = asyncio.create_task(box.operate(OFF))
        await asyncio.sleep(0)
        assert (await box.set(CANCEL)).reason is Reason.BUSY
        assert (await operating).is_confirmed
        assert (await box.set(CANCEL)).reason is Reason.LOCKED_OUT
        assert box.sent == 2
        assert not any(command.was_early for command in box.cloud.commands.sent)


async def test_a_second_password_is_asked_for_and_a_wrong_one_tried_once() -> None:
    async with switched(Timed) as box:
        assert ((await box.set(DAILY, password=None)).result, box.cloud.count("verifySePassword")) == (
            Result.REFUSED,
            0,
        )
        wrong = await box.set(DAILY, password=f"not {SECOND}")
        assert (wrong.result, wrong.writes, box.sent) == (Result.REFUSED, 0, 0)
        assert box.cloud.count("verifySePassword") == 1
        # What is given for an operation is not used for a timer.
        box.orders.offer(box.source, OFF, SECOND)
        assert (await box.set(DAILY, password=None)).result is Result.REFUSED
        assert (box.cloud.count("verifySePassword"), box.sent) == (1, 0)


type Break = Callable[[Cloud, Meter, Timed], Any]
FAULTS: dict[str, tuple[Break, Result, Reason | None, int]] = {
    "the answer is cut": (
        lambda cloud, _, __: cloud.fail("cut", at=COMMAND, acts=True),
        Result.CONFIRMED,
        Reason.TIMER_SHOWN,
        1,
    ),
    "the answer never comes": (
        lambda cloud, _, __: cloud.fail("hang", at=COMMAND, acts=True),
        Result.CONFIRMED,
        Reason.TIMER_SHOWN,
        1,
    ),
    "the server fails and did it not": (
        lambda cloud, _, __: cloud.fail("trace", at=COMMAND),
        Result.UNKNOWN,
        Reason.NO_ANSWER,
        1,
    ),
    "the token is renewed at the order": (
        lambda cloud, _, __: cloud.fail("renew", at=COMMAND),
        Result.UNKNOWN,
        Reason.NO_ANSWER,
        1,
    ),
    "it is thrown out at the order": (
        lambda cloud, _, __: cloud.fail("unauthorised", at=COMMAND),
        Result.UNKNOWN,
        Reason.NO_ANSWER,
        1,
    ),
    "the device is lost after the order": (
        lambda _, meter, box: box.control.listen(lambda act: meter.lose()),
        Result.UNKNOWN,
        Reason.NO_ANSWER,
        1,
    ),
    "the device never takes it": (
        lambda cloud, _, __: setattr(cloud.behaviour, "command_s", 1e6),
        Result.UNKNOWN,
        Reason.NOT_WATCHED,
        1,
    ),
    "there was one before": (
        lambda _, meter, __: setattr(meter, "timer", simulated.Timer(daily=True, open="01:00:00")),
        Result.UNVERIFIED,
        Reason.NO_EVIDENCE,
        1,
    ),
    "the server is gone before": (
        lambda cloud, _, __: cloud.fail("close", at="selectByStationId", times=None),
        Result.REFUSED,
        Reason.NOT_SENT,
        0,
    ),
    "the device is lost before": (lambda _, meter, __: meter.lose(), Result.REFUSED, Reason.NOT_SENT, 0),
    "the proof cannot be asked for": (
        lambda cloud, _, __: cloud.fail("trace", at="getControlValidType", times=None),
        Result.REFUSED,
        Reason.NOT_SENT,
        0,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_whatever_happens_it_is_sent_once_at_most_and_confirmed_by_the_list_alone(name: str) -> None:
    breaks, result, reason, sent = FAULTS[name]
    async with switched(Timed) as box:
        breaks(box.cloud, box.meter, box)
        await box.hub.poll()
        outcome = await box.set(DAILY)
        assert (outcome.result, outcome.reason) == (result, reason), outcome.text()
        assert (box.sent, outcome.writes) == (sent, sent)
        if outcome.is_confirmed:
            assert box.meter.timer is not None
        box.cloud.faults.clear()
        await asyncio.sleep(2000)
        assert box.sent == sent


async def test_where_the_list_does_not_say_it_stays_unverified(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    async with office(cloud) as it:
        box = Timed(it, meter)
        asked = it.hub.account.meters

        async def silent(site: str) -> list[Listed]:
            return [replace(one, has_timer=None) for one in await asked(site)]

        monkeypatch.setattr(it.hub.account, "meters", silent)
        await it.hub.start()
        outcome = await box.set(DAILY)
        assert (outcome.result, outcome.reason, box.sent) == (Result.UNVERIFIED, Reason.NO_EVIDENCE, 1)
        assert not may_switch_alone(box.device.sources)


async def test_whoever_gives_up_before_it_left_has_nothing_sent_and_afterwards_it_is_watched_to_its_end() -> None:
    async with switched(Timed) as box:
        for at, sent in (("verifySePassword", 0), (COMMAND, 1)):
            box.cloud.fail("hang", at=at, acts=True)
            task = asyncio.create_task(box.set(DAILY))
            await asyncio.sleep(5)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await box.control.settle()
            assert box.sent == sent
        assert box.acts[-1].outcome == Outcome(result=Result.CONFIRMED, reason=Reason.TIMER_SHOWN, writes=1)


async def test_of_what_keeps_no_timer_none_is_set() -> None:
    cloud = cloud_at_noon()
    meter = cloud.site().add(ARCM300T, "Box")
    async with office(cloud) as it:
        box = Timed(it, meter)
        await it.hub.start()
        for timer in (DAILY, CANCEL, once(600)):
            outcome = await box.set(timer)
            assert (outcome.reason, outcome.writes) == (Reason.NOT_OFFERED, 0)
        assert cloud.effects == []


async def test_who_opens_it_is_told_that_its_own_timer_may_close_it() -> None:
    async with switched(Timed) as box:
        assert "timer" not in (await box.operate(OFF)).text()
        box.meter.timer = simulated.Timer(daily=True, close="06:00:00")
        await asyncio.sleep(70)
        assert "it may close by itself" in (await box.operate(OFF)).text()


@given(
    st.dictionaries(
        st.sampled_from(["kind", "opens", "closes", "zone", "x"]),
        st.one_of(st.none(), st.text(), st.integers(), st.sampled_from(["once", "daily", "none"]), st.lists(st.text())),
    )
)
def test_whatever_a_record_says_of_a_timer_is_a_sentence(kept: dict[str, object]) -> None:
    for language in ("en", "zh"):
        assert timer_said(kept).text(language)


def test_what_is_kept_of_a_timer_says_when_and_of_which_zone() -> None:
    at = datetime(2026, 12, 1, 22, 30, tzinfo=UTC)
    assert timer_said(Timer(kind=TimerKind.ONCE, closes=at).plain()).text() == (
        "its own timer, once (opens: –, closes: 2026-12-01 22:30:00+00:00)"
    )
    assert timer_said(Timer(kind=TimerKind.ONCE, closes=at, zone="China").plain()).text().endswith("times of China)")
    assert "each day (opens: 22:00:00, closes: 06:00:00, times of China)" in (
        timer_said(replace(DAILY, zone="China").plain()).text()
    )
    assert timer_said(CANCEL.plain()).text() == texts("en")["phrases.timer_none"]


async def test_a_cancelling_that_was_lost_is_not_confirmed_by_a_timer_that_was_never_shown() -> None:
    async with switched(Timed) as box:
        box.cloud.fail("trace", at=COMMAND)
        outcome = await box.set(CANCEL)
        assert (outcome.result, outcome.writes) == (Result.UNKNOWN, 1)


async def asked_in_turn(box: Timed, timer: Timer) -> Outcome:
    """Set a timer as Home Assistant does: in turn with operations, for as long as it takes to send it."""
    found = await in_turn(box.control, TIMER, ADA, lambda: send_timer(box.control, timer, ADA, is_confirmed=True))
    return found if isinstance(found, Outcome) else await found


async def opened_in_turn(box: Timed) -> Outcome:
    return await in_turn(box.control, OFF, ADA, lambda: box.control.operate(OFF, ADA, is_confirmed=True))


async def test_an_opening_does_not_wait_until_a_timer_is_shown() -> None:
    async with switched(Timed) as box:
        box.orders.stored_password = lambda: SECOND
        box.cloud.behaviour.command_s = 1e6
        setting = asyncio.create_task(asked_in_turn(box, DAILY))
        await asyncio.sleep(35)
        box.cloud.behaviour.command_s = 3.0
        began = asyncio.get_running_loop().time()
        assert (await opened_in_turn(box)).is_confirmed
        assert asyncio.get_running_loop().time() - began < 30
        assert (await setting).result is Result.UNKNOWN
        assert (box.sent, box.meter.closed, box.control.is_busy) == (2, False, False)


async def test_what_is_shown_after_another_order_for_it_is_not_told_of_the_one_before() -> None:
    for following, stands in ((once(600), True), (CANCEL, False)):
        cloud = cloud_at_noon()
        meter = breaker(cloud)
        async with office(cloud) as it:
            box = Timed(it, meter)
            await it.hub.start()
            box.orders.stored_password = lambda: SECOND
            cloud.behaviour.command_s = 1e6
            setting = asyncio.create_task(asked_in_turn(box, DAILY))
            await asyncio.sleep(35)
            cloud.behaviour.command_s = 3.0
            second = await asked_in_turn(box, following)
            # It may be the first one that is shown, or that is still to come.
            assert (second.result, second.reason) == (Result.UNVERIFIED, Reason.NO_EVIDENCE)
            assert "another order" in second.text()
            first = await setting
            assert (first.result, first.reason, box.sent) == (Result.UNKNOWN, Reason.NOT_WATCHED, 2)
            assert "another timer was set" in first.text()
            assert (meter.timer is not None) is stands


async def test_another_one_that_is_not_sent_takes_nothing_from_the_one_before() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    cloud.behaviour.command_s = 60.0
    async with office(cloud) as it:
        box = Timed(it, meter)
        await it.hub.start()
        box.orders.stored_password = lambda: SECOND
        setting = asyncio.create_task(asked_in_turn(box, DAILY))
        await asyncio.sleep(35)
        box.orders.stored_password = lambda: f"not {SECOND}"
        assert (await asked_in_turn(box, CANCEL)).result is Result.REFUSED
        assert (await setting).is_confirmed
        assert box.sent == 1


@pytest.mark.parametrize("zone", [None, ZoneInfo("UTC")])
async def test_where_the_servers_clock_or_zone_is_wrong_no_timer_is_set(zone: ZoneInfo | None) -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    if zone is None:
        meter.age_s = -1200.0
    async with office(cloud) as it:
        it.hub.account.zones = Zones(zone or it.hub.account.zones.usual)
        box = Timed(it, meter)
        await it.hub.start()
        for timer in (once(1200), DAILY):
            outcome = await box.set(timer)
            assert (outcome.result, outcome.reason, box.sent) == (Result.REFUSED, Reason.BAD_VALUE, 0)
            assert "later than now" in outcome.text()
        assert cloud.count("verifySePassword") == 0
        # Where there is no time, none can be wrong.
        assert (await box.set(CANCEL)).writes == 1


async def test_a_device_that_is_left_is_not_looked_for_any_more() -> None:
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    cloud.behaviour.command_s = 1e6
    async with office(cloud) as it:
        box = Timed(it, meter)
        await it.hub.start()
        setting = asyncio.create_task(box.set(DAILY))
        await asyncio.sleep(20)
        it.hub.drop(box.source)
        began = asyncio.get_running_loop().time()
        assert (await setting).result is Result.UNKNOWN
        assert asyncio.get_running_loop().time() - began < 15
