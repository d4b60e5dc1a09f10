"""An operation is done when its position was read back; it is sent once, and what is not known is said."""

import asyncio
from collections.abc import Callable

import pytest

from custom_components.acrel_safety.aioacrel.control.evidence import Contact
from custom_components.acrel_safety.aioacrel.control.outcome import Reason, Result
from custom_components.acrel_safety.aioacrel.control.policy import Drive, Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator.devices.prepaid import PrepaidDevice
from simulator.registers import RefusedError
from tests.aioacrel.control_rigs import ADMIN, ALLOWED, OFF, ON, RELEASE, Board, board

pytestmark = pytest.mark.virtual_time

DO1_ON, DO1_OFF = PointKey("1", "DO1ON"), PointKey("1", "DO1OFF")
DO1 = PointKey("1", "DO1")
MODE, SOURCE, WIDTH = 0x01E5, 0x01E6, 0x01E7


def meter(rig: Board) -> PrepaidDevice:
    device = rig.cabinet.units[1].device
    assert isinstance(device, PrepaidDevice)
    return device


async def operate(rig: Board, key: PointKey = OFF) -> tuple[Result, Reason | None, int, bool | None]:
    outcome = await rig.device.operate(key, ADMIN, is_confirmed=True)
    assert outcome.writes == rig.writes
    assert outcome.text("en")
    assert outcome.text("zh")
    return outcome.result, outcome.reason, outcome.writes, outcome.position


def on_write(rig: Board, does: Callable[[], None]) -> None:
    """Have something done each time the unit has carried out a write."""
    device = rig.cabinet.units[1].device
    carry_out = device.write

    def write(address: int, values: list[int]) -> None:
        carry_out(address, values)
        does()

    device.write = write  # type: ignore[method-assign,assignment]  # the simulated unit is a witness here


# -- prepaid meters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model_id", ["ddsy1352", "dtsy1352"])
async def test_a_prepaid_meter_is_forced_open_and_closed_and_released(model_id: str) -> None:
    async with board(model_id) as rig:
        for number, (key, closed, forced) in enumerate(((OFF, False, True), (ON, True, True), (RELEASE, True, False))):
            outcome = await rig.device.operate(key, ADMIN, is_confirmed=True)
            assert (outcome.result, outcome.reason, outcome.writes, outcome.position) == (
                *(Result.CONFIRMED, None, 1, closed),
            )
            assert (rig.truth("RlySta"), rig.truth("ForceCtrl"), rig.writes) == (closed, forced, number + 1)


async def test_forced_control_goes_before_the_meters_own_until_it_is_released() -> None:
    async with board(options={"credit": 0.0}) as rig:
        assert rig.truth("RlySta") is False
        assert await operate(rig, ON) == (Result.CONFIRMED, None, 1, True)
        outcome = await rig.device.operate(RELEASE, ADMIN, is_confirmed=True)
        await asyncio.sleep(1)
        assert outcome.result is Result.CONFIRMED
        assert rig.truth("RlySta") is False


async def test_what_is_so_already_is_not_sent() -> None:
    async with board() as rig:
        await operate(rig)
        outcome = await rig.device.operate(OFF, ADMIN, is_confirmed=True)
        assert (outcome.result, outcome.reason, outcome.writes) == (Result.CONFIRMED, Reason.ALREADY_THERE, 0)
        assert rig.writes == 1


async def test_a_relay_that_is_open_by_itself_is_forced_open_all_the_same() -> None:
    async with board(options={"credit": 0.0}) as rig:
        assert await operate(rig) == (Result.CONFIRMED, None, 1, False)
        assert rig.truth("ForceCtrl") is True


async def test_a_relay_that_sticks_has_failed() -> None:
    async with board(options={"travel_s": 1e6}) as rig:
        assert await operate(rig) == (Result.FAILED, Reason.STUCK, 1, True)


async def test_a_relay_that_moves_after_its_deadline_moved_late() -> None:
    async with board(options={"travel_s": 5.0}) as rig:
        assert await operate(rig) == (Result.CONFIRMED, Reason.MOVED_LATE, 1, False)


@pytest.mark.parametrize("seconds", [0.05, 0.1, 2.0])
async def test_a_relay_that_falls_back_is_neither_confirmed_there_nor_said_not_to_have_moved(seconds: float) -> None:
    async with board(options={"travel_s": 0.5, "falls_back_s": seconds}) as rig:
        result, reason, _, position = await operate(rig)
        if seconds > 1:
            assert (result, position) == (Result.CONFIRMED, False)
        else:
            assert (result, reason, position) == (Result.UNVERIFIED, Reason.FELL_BACK, True)


async def test_a_relay_that_is_moved_back_by_hand_meanwhile_is_not_confirmed() -> None:
    async with board() as rig:
        device = meter(rig)
        on_write(rig, lambda: device.move_by_hand(closed=True))
        result, _, writes, position = await operate(rig)
        assert result in (Result.FAILED, Result.UNVERIFIED)
        assert (writes, position) == (1, True)


async def test_a_meter_that_declines_has_failed_and_is_not_asked_again() -> None:
    async with board() as rig:
        device = rig.cabinet.units[1].device

        def decline(address: int, values: list[int]) -> None:
            raise RefusedError(4)

        device.write = decline  # type: ignore[method-assign,assignment]  # the simulated unit is a witness here
        assert await operate(rig) == (Result.FAILED, Reason.DEVICE_REFUSED, 1, True)


async def test_a_meter_that_was_released_by_somebody_else_at_once_shows_that_it_did_not_take_it() -> None:
    async with board(options={"travel_s": 0.5}) as rig:
        relay = meter(rig).relay
        on_write(rig, lambda: relay.command(0, 1))
        assert await operate(rig) == (Result.FAILED, Reason.NOT_TAKEN, 1, True)


async def test_a_meter_that_falls_silent_leaves_its_position_unknown() -> None:
    async with board() as rig:
        on_write(rig, lambda: rig.cabinet.set_scenario("silent"))
        assert await operate(rig) == (Result.UNKNOWN, Reason.NO_ANSWER, 1, None)


async def test_nothing_is_sent_to_a_meter_that_is_silent_or_another_one() -> None:
    async with board() as rig:
        for scenario in ("silent", "wrong_model"):
            rig.cabinet.set_scenario(scenario)
            result, _, writes, position = await operate(rig)
            assert (result, writes, position) == (Result.REFUSED, 0, None)


async def test_an_older_meter_without_its_position_offers_nothing() -> None:
    async with board(options={"live_block": False}) as rig:
        assert (await operate(rig))[0] is Result.REFUSED
        assert (await operate(rig))[:2] == (Result.REFUSED, Reason.NOT_OFFERED)


async def test_one_that_says_busy_gets_no_second_request() -> None:
    """The shared link would repeat it for a minute."""
    async with board() as rig:
        device = rig.cabinet.units[1].device
        writes: list[int] = []

        def busy(address: int, values: list[int]) -> None:
            writes.append(address)
            raise RefusedError(6)

        device.write = busy  # type: ignore[method-assign,assignment]  # the simulated unit is a witness here
        assert (await operate(rig))[0] is Result.UNKNOWN
        await asyncio.sleep(70)
        assert len(writes) == rig.writes == 1


# -- one at a time, and given up ---------------------------------------------------------------------------------------


async def test_two_operations_never_overlap() -> None:
    async with board(options={"travel_s": 0.5}) as rig:
        first, second = await asyncio.gather(
            rig.device.operate(OFF, ADMIN, is_confirmed=True), rig.device.operate(ON, ADMIN, is_confirmed=True)
        )
        assert first.result is Result.CONFIRMED
        assert (second.result, second.reason) == (Result.REFUSED, Reason.BUSY)
        assert rig.writes == 1


async def test_what_is_given_up_before_it_was_sent_is_not_sent() -> None:
    async with board() as rig:
        asking = asyncio.create_task(rig.device.operate(OFF, ADMIN, is_confirmed=True))
        await asyncio.sleep(0)
        asking.cancel()
        await rig.control.settle()
        assert rig.writes == 0
        assert [act.outcome.reason for act in rig.acts if act.outcome] == [Reason.WITHDRAWN]


async def test_what_is_given_up_after_it_was_sent_is_watched_to_its_end() -> None:
    async with board(options={"travel_s": 1.0}) as rig:
        was_sent = asyncio.Event()
        on_write(rig, was_sent.set)
        asking = asyncio.create_task(rig.device.operate(OFF, ADMIN, is_confirmed=True))
        await was_sent.wait()
        asking.cancel()
        await rig.control.settle()
        assert [act.outcome.result for act in rig.acts if act.outcome] == [Result.CONFIRMED]


async def test_leave_that_is_withdrawn_while_it_waits_for_its_turn_counts() -> None:
    async with board() as rig:
        rig.control.listen(lambda _: setattr(rig, "policy", Policy()))
        outcome = await rig.device.operate(OFF, ADMIN, is_confirmed=True)
        assert (outcome.result, outcome.reason, rig.writes) == (Result.REFUSED, Reason.CONTROL_OFF, 0)


# -- outputs of an ADW300 ----------------------------------------------------------------------------------------------


async def test_an_output_goes_on_and_off() -> None:
    async with board("adw300", options={"wiring": "none"}) as rig:
        assert await operate(rig, DO1_ON) == (Result.CONFIRMED, None, 1, True)
        assert rig.truth("DO1") is True
        outcome = await rig.device.operate(DO1_OFF, ADMIN, is_confirmed=True)
        assert (outcome.result, outcome.position, rig.truth("DO1")) == (Result.CONFIRMED, False, False)


@pytest.mark.parametrize("source", range(1, 6))
async def test_an_output_that_is_not_remote_is_left_alone(source: int) -> None:
    async with board("adw300", options={"wiring": "none"}) as rig:
        rig.cabinet.units[1].device.write(SOURCE, [source])
        assert (await operate(rig, DO1_ON))[:3] == (Result.REFUSED, Reason.NOT_REMOTE, 0)


async def test_a_pulse_is_confirmed_when_it_was_seen() -> None:
    async with board("adw300", options={"wiring": "none"}) as rig:
        rig.cabinet.units[1].device.write(MODE, [1, 0, 2])
        assert await operate(rig, DO1_ON) == (Result.CONFIRMED, None, 1, True)
        await asyncio.sleep(3)
        assert rig.truth("DO1") is False


async def test_a_pulse_that_nobody_saw_is_unverified() -> None:
    async with board("adw300", options={"wiring": "none", "output_s": 1e6}) as rig:
        rig.cabinet.units[1].device.write(MODE, [1, 0, 1])
        assert (await operate(rig, DO1_ON))[:3] == (Result.UNVERIFIED, Reason.PULSE_NOT_SEEN, 1)


async def test_where_the_owner_names_a_contact_it_is_what_counts() -> None:
    """A shunt trip by a pulse: the output falls back, the breaker stays open."""
    policy = Policy(
        is_enabled=True,
        rights=Rights.usual(),
        drives={DO1: Drive.SHUNT_TRIP},
        evidence={"1": Contact(key=PointKey("1", "DI1"))},
    )
    async with board("adw300", policy) as rig:
        rig.cabinet.units[1].device.write(MODE, [1, 0, 1])
        assert await operate(rig, DO1_ON) == (Result.CONFIRMED, None, 1, False)
    async with board("adw300", policy, options={"wiring": "none"}) as rig:
        rig.cabinet.units[1].device.write(MODE, [1, 0, 1])
        assert await operate(rig, DO1_ON) == (Result.FAILED, Reason.STUCK, 1, True)


async def test_a_breaker_that_sticks_has_failed_also_where_its_output_stays_on() -> None:
    policy = Policy(
        is_enabled=True,
        rights=Rights.usual(),
        drives={DO1: Drive.SHUNT_TRIP},
        evidence={"1": Contact(key=PointKey("1", "DI1"))},
    )
    async with board("adw300", policy, options={"wiring": "none"}) as rig:
        assert await operate(rig, DO1_ON) == (Result.FAILED, Reason.STUCK, 1, True)


async def test_a_relay_that_was_there_before_and_is_no_more_did_not_stick() -> None:
    """It is open by itself, is forced open, and somebody closes it before it is looked at."""
    async with board() as rig:
        meter(rig).move_by_hand(closed=False)
        on_write(rig, lambda: meter(rig).move_by_hand(closed=True))
        assert await operate(rig, OFF) == (Result.UNVERIFIED, Reason.FELL_BACK, 1, True)


async def test_an_output_of_which_nobody_said_what_it_drives_takes_leave_for_both() -> None:
    async with board("adw300", Policy(is_enabled=True, rights=Rights.usual()), options={"wiring": "none"}) as rig:
        assert (await operate(rig, DO1_ON))[:3] == (Result.REFUSED, Reason.ON_NOT_ALLOWED, 0)
        rig.policy = ALLOWED
        assert (await operate(rig, DO1_ON))[0] is Result.CONFIRMED


@pytest.mark.parametrize("word", [0, 0xFFFF])
async def test_what_a_gateway_says_for_a_dead_meter_confirms_nothing(word: int) -> None:
    """Zeros alone are what an output that is off shows, too."""
    async with board("adw300", options={"wiring": "none"}) as rig:
        await operate(rig, DO1_ON)
        await asyncio.sleep(5)
        rig.cabinet.set_scenario("dead", word=word)
        outcome = await rig.device.operate(DO1_OFF, ADMIN, is_confirmed=True)
        assert (outcome.result, outcome.position, rig.writes) == (Result.REFUSED, None, 1)


@pytest.mark.parametrize("word", [0, 0xFFFF])
async def test_a_meter_that_dies_when_it_was_told_confirms_nothing(word: int) -> None:
    async with board("adw300", options={"wiring": "none"}) as rig:
        await operate(rig, DO1_ON)
        rig.cabinet.units[1].device.options["output_s"] = 1e6
        on_write(rig, lambda: rig.cabinet.set_scenario("dead", word=word))
        outcome = await rig.device.operate(DO1_OFF, ADMIN, is_confirmed=True)
        assert outcome.result is Result.UNKNOWN
