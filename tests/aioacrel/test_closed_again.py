"""What was switched off from here and is closed all the same: an alarm until a person knows; and the mirror of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from custom_components.acrel_safety.aioacrel.alarms.happening import What
from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.aioacrel.control.evidence import Contact, Threshold
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome, Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Drive, Policy
from custom_components.acrel_safety.aioacrel.control.signs import signs_of
from custom_components.acrel_safety.aioacrel.errors import NoAnswerError
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from tests.aioacrel.control_rigs import ADMIN
from tests.aioacrel.reclose_rigs import Breaker
from tests.aioacrel.rigs import model

pytestmark = pytest.mark.virtual_time


def about(rig: Breaker) -> Sequence[Standing]:
    """Return what stands of a circuit that is closed again."""
    return [one for one in rig.plant.alarms.standing() if one.alarm.cause.key.rule == "closed_again"]


async def operate(rig: Breaker, code: str) -> Outcome:
    outcome = await rig.control.operate(PointKey("1", code), ADMIN, is_confirmed=True)
    rig.values["RlySta"] = rig.source.held[PointKey("1", "RlySta")]
    return outcome


async def switched_off(rig: Breaker, seconds: float = 10.0) -> None:
    """Switch it off, and have that be seen for a time."""
    assert (await operate(rig, "RLYOFF")).is_confirmed
    await rig.pass_(seconds)
    assert about(rig) == []


@pytest.fixture
def rig() -> Breaker:
    return Breaker()


async def test_what_closes_after_it_was_switched_off_is_an_alarm_until_a_person_knows(rig: Breaker) -> None:
    await switched_off(rig)
    await rig.say(RlySta=True)
    (alarm,) = about(rig)
    assert (str(alarm.level), alarm.circuit, alarm.since) == ("alarm", "1", rig.plant.times.wall)
    assert alarm.text("en") == "Closed again after it was switched off"
    assert "switched off from here by Ada" in alarm.detail
    assert (rig.board.safety("1"), rig.board.safety("2"), rig.board.safety()) == ("alarm", "safe", "alarm")
    assert rig.plant.sent == []
    await rig.pass_(1)
    assert [codes for _, codes in rig.plant.sent] == [["Board: "]]
    # It opens again: it stands all the same, and the next time is told, too.
    await rig.say(RlySta=False)
    assert [str(one.word) for one in about(rig)] == ["returned_unacknowledged"]
    await rig.say(RlySta=True)
    assert (What.CAME_AGAIN, "") in rig.plant.happened
    rig.acknowledge()
    # That it opened by itself is a trip besides.
    assert (about(rig), rig.board.safety("1")) == ([], "tripped")
    # Who knows that it is closed does not believe that it is off.
    await rig.say(RlySta=False)
    await rig.say(RlySta=True)
    assert about(rig) == []


async def test_what_was_off_already_is_believed_to_be_off_from_then_on(rig: Breaker) -> None:
    await rig.say(RlySta=False)
    rig.acknowledge()
    outcome = await operate(rig, "RLYOFF")
    assert (outcome.reason, outcome.writes) == (Reason.ALREADY_THERE, 0)
    await rig.say(RlySta=True)
    assert len(about(rig)) == 1


@pytest.mark.parametrize("quality", [Quality.NO_ANSWER, Quality.INVALID, Quality.HELD])
async def test_what_cannot_be_read_between_is_not_quiet_and_hides_nothing(rig: Breaker, quality: Quality) -> None:
    await switched_off(rig)
    await rig.say(RlySta=quality)
    assert rig.board.safety("1") == "not_seen"
    await rig.say(RlySta=True)
    assert len(about(rig)) == 1
    await rig.say(RlySta=quality)
    assert [str(one.word) for one in about(rig)] == ["unacknowledged"]


async def closed_from_here(rig: Breaker) -> None:
    assert (await operate(rig, "RLYON")).is_confirmed


async def closed_late_by_an_unanswered_command(rig: Breaker) -> None:
    rig.source.refusal = NoAnswerError(unit=1)
    rig.source.is_deaf = True
    assert (await operate(rig, "RLYON")).result is Result.UNKNOWN
    rig.source.refusal = None
    await rig.pass_(20)
    await rig.say(RlySta=True)


async def acknowledged_while_open(rig: Breaker) -> None:
    await rig.say(RlySta=True)
    await rig.say(RlySta=False)
    rig.acknowledge()


@pytest.mark.parametrize(
    ("act", "is_over"),
    [(closed_from_here, True), (closed_late_by_an_unanswered_command, True), (acknowledged_while_open, False)],
)
async def test_a_closing_of_ours_is_no_alarm_nor_what_follows_it(
    rig: Breaker, act: Callable[[Breaker], Awaitable[None]], *, is_over: bool
) -> None:
    await switched_off(rig)
    await act(rig)
    await rig.pass_(10)
    assert about(rig) == []
    for position in (False, True):
        await rig.say(RlySta=position)
        rig.plant.pass_(1)
    assert len(about(rig)) == (0 if is_over else 1)


async def test_a_closing_that_was_not_sent_or_failed_explains_no_later_one(rig: Breaker) -> None:
    await switched_off(rig)
    rig.source.refusal = NoAnswerError(unit=1)
    rig.source.is_deaf = True
    assert (await operate(rig, "RLYON")).result is Result.UNKNOWN
    await rig.pass_(75)
    await rig.say(RlySta=True)
    assert len(about(rig)) == 1


async def test_a_poll_from_before_the_command_is_no_closing_and_one_that_goes_on_is(rig: Breaker) -> None:
    assert (await rig.control.operate(PointKey("1", "RLYOFF"), ADMIN, is_confirmed=True)).is_confirmed
    rig.board.say(RlySta=True)
    rig.plant.pass_(4)
    rig.board.say(RlySta=True)
    assert (about(rig), rig.board.safety("1")) == ([], "safe")
    # No poll ever saw it open: it fell back at once.
    rig.plant.pass_(2)
    rig.board.say(RlySta=True)
    assert len(about(rig)) == 1


@pytest.mark.parametrize("stood", [False, True])
async def test_over_a_restart_what_was_switched_off_is_believed_to_be_off(rig: Breaker, *, stood: bool) -> None:
    await switched_off(rig)
    if stood:
        await rig.say(RlySta=True)
        occurrence = about(rig)[0].occurrence
    rig.values["RlySta"] = True
    await rig.restart(3600)
    (alarm,) = about(rig)
    assert "by Ada" in alarm.detail
    assert not stood or alarm.occurrence == occurrence
    assert rig.writes == ["RLYOFF"]
    # Who has acknowledged it is not told again.
    rig.acknowledge()
    await rig.restart()
    assert about(rig) == []


async def test_an_opening_of_ours_that_no_poll_saw_before_a_restart_is_no_trip(rig: Breaker) -> None:
    assert (await operate(rig, "RLYOFF")).is_confirmed
    await rig.restart(3600)
    assert [*rig.plant.alarms.standing()] == []
    assert rig.board.safety("1") == "safe"


async def test_what_fell_back_while_it_was_watched_was_never_switched_off(rig: Breaker) -> None:
    class Bouncing:
        """The relay is closed again by the second look."""

        reads = 0

    read, key = rig.source.read, PointKey("1", "RlySta")

    async def look(keys: object) -> object:
        if rig.source.commands:
            Bouncing.reads += 1
            rig.source.held[key] = Bouncing.reads > 1
        return await read(keys)  # type: ignore[arg-type]

    rig.source.read = look  # type: ignore[method-assign,assignment]
    outcome = await operate(rig, "RLYOFF")
    assert (outcome.result, outcome.reason) == (Result.UNVERIFIED, Reason.FELL_BACK)
    await rig.pass_(20)
    assert about(rig) == []


# -- the mirror -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_seen", [False, True])
async def test_what_opens_after_it_was_switched_on_has_tripped(rig: Breaker, *, is_seen: bool) -> None:
    """Also where it opened before any poll saw it closed, and soon after a command to open it."""
    await switched_off(rig)
    rig.source.is_deaf = True
    await rig.say(RlySta=True)
    rig.acknowledge()
    assert (await operate(rig, "RLYOFF")).result is Result.UNKNOWN
    rig.source.is_deaf = False
    await rig.say(RlySta=False)
    assert (await rig.control.operate(PointKey("1", "RLYON"), ADMIN, is_confirmed=True)).is_confirmed
    if is_seen:
        await rig.say(RlySta=True)
    rig.board.say(RlySta=False)
    rig.plant.pass_(6)
    rig.board.say(RlySta=False)
    assert rig.board.safety("1") == "tripped"


# -- what tells -------------------------------------------------------------------------------------------------------

DO1, DI1, UA = (PointKey("1", code) for code in ("DO1", "DI1", "Ua"))


@pytest.mark.parametrize(
    ("drives", "evidence", "signs"),
    [
        ({DO1: Drive.CONTACTOR}, None, [Contact(key=DO1)]),
        ({DO1: Drive.BREAKING_CONTACTOR}, None, [Contact(key=DO1, closed=False)]),
        ({DO1: Drive.CONTACTOR}, Contact(key=DI1, closed=False), [Contact(key=DI1, closed=False)]),
        ({DO1: Drive.SHUNT_TRIP}, Threshold(key=UA, above=180, below=20), [Threshold(key=UA, above=180, below=20)]),
        ({DO1: Drive.SHUNT_TRIP}, None, []),
        # What was named is not there any more: the output itself is better than nothing.
        ({DO1: Drive.CONTACTOR}, Contact(key=PointKey("1", "DI99")), [Contact(key=DO1)]),
        ({DO1: Drive.SIGNAL}, None, None),
    ],
)
def test_what_tells_that_a_circuit_is_closed_again(
    drives: dict[PointKey, Drive], evidence: Contact | Threshold | None, signs: list[Contact | Threshold] | None
) -> None:
    policy = Policy(drives=drives, evidence={} if evidence is None else {"1": evidence})
    assert signs_of(model("adw300"), policy) == ({} if signs is None else {"1": signs})


async def test_any_sign_that_it_is_closed_is_believed(rig: Breaker) -> None:
    rig = Breaker(replace(rig.policy, evidence={"1": Threshold(key=PointKey("1", "U"), above=180, below=20)}))
    await rig.say(U=0.0)
    rig.acknowledge()
    rig.source.held[PointKey("1", "U")] = 0.0
    await switched_off(rig)
    await rig.say(U=230.0)
    assert len(about(rig)) == 1
