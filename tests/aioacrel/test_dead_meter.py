"""A gateway answers for a meter that is dead: no value, no alarm and no quiet comes of one word over and over."""

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.errors import DeadMeterError, WrongDeviceError
from custom_components.acrel_safety.aioacrel.modbus import PolledUnit
from custom_components.acrel_safety.aioacrel.modbus.vital import Life, Vital
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.registers import LineCost, Read
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, Pace
from simulator import Cabinet
from simulator.devices import MODELS
from tests.aioacrel.rigs import LIBRARY, RATIOS, model, open_device
from tests.aioacrel.test_hub import LOOP, MONITOR, NEVER, PATIENCE, SOON, rig

ONES, ZEROS, ANY = 0xFFFF, 0x0000, 0x1234
READABLE = sorted(of for of in LIBRARY.ids() if not LIBRARY.get(of).needs_table)
QUIET_OR_ON = (Kind.ALARM, Kind.FAULT)


@pytest.mark.parametrize("word", [ONES, ZEROS, ANY])
@pytest.mark.parametrize("model_id", sorted(MODELS))
async def test_of_a_dead_meter_nothing_is_shown_from_the_poll_on_in_which_it_died(model_id: str, word: int) -> None:
    async with Cabinet.of({1: model_id}, frozen=True) as cabinet, rig(cabinet, 1, look_again=SOON) as line:
        source, heard = line.sources[1], line.heard[1]
        source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        await heard.until(lambda heard: any(reading.value is not None for reading in heard.readings.values()))
        await heard.more(5)
        alive = {key: reading.value for key, reading in heard.readings.items()}
        cabinet.set_scenario("dead", unit=1, word=word)
        heard.updates.clear()
        await heard.until(lambda heard: heard.trouble is not None)
        # Another word than zeros or ones may also be that of another device.
        assert isinstance(heard.trouble, DeadMeterError if word in (ONES, ZEROS) else WrongDeviceError)
        told = [item for update in heard.updates for item in update.readings.items()]
        assert {(key, reading.value) for key, reading in told if reading.value not in (None, alive[key])} == set()
        assert {reading.quality for reading in heard.readings.values()} == {Quality.NO_ANSWER}
        assert not source.is_answering
        cabinet.set_scenario("normal", unit=1)
        await heard.until(
            lambda heard: (
                heard.trouble is None and sum(reading.value is not None for reading in heard.readings.values()) > 0
            )
        )
        assert source.is_answering


@pytest.mark.parametrize("word", [ONES, ZEROS])
async def test_a_meter_that_was_dead_at_the_start_is_told_and_taken_up_when_it_is_back(word: int) -> None:
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR, look_again=SOON) as line:
        cabinet.set_scenario("dead", unit=MONITOR, word=word)
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        assert isinstance(heard.trouble, DeadMeterError)
        assert heard.values == {None}
        cabinet.set_scenario("normal", unit=MONITOR)
        await heard.until(lambda heard: heard.has_value(LOOP))
        assert heard.trouble is None


@pytest.mark.parametrize("model_id", READABLE)
@given(word=st.integers(0, 0xFFFF), groups=st.lists(st.sampled_from(list(Pace)), min_size=2, max_size=6))
@example(word=1, groups=[Pace.FAST, Pace.FAST])
def test_of_polls_that_bring_one_word_over_and_over_nothing_is_believed(
    model_id: str, word: int, groups: list[Pace]
) -> None:
    unit = unit_of(model_id)
    living = [index % 7 + 1 for index in range(200)]
    for group in Pace:
        poll(unit, group, living)
    for number, group in enumerate(groups):
        poll(unit, group, [word] * 200)
        # What the living meter itself said over and over is believed until it is looked for life.
        others = [block for block in unit.blocks(group) if set(living[: block.read.count]) != {word}]
        keys = {key for block in others for key in block.keys}
        assert unit.vital.is_dead or unit.vital.is_strange or unit.vital.in_question >= keys, (number, group)


def unit_of(model_id: str) -> PolledUnit:
    """Return a unit whose answers are handed to it; all that can be read is wanted."""
    unit = PolledUnit(Offline(), model(model_id), ratios=RATIOS)  # type: ignore[arg-type]  # nothing is sent
    unit.want_all()
    return unit


@dataclass(frozen=True)
class Offline:
    """As much of a guarded unit as planning needs."""

    unit_id: int = 1
    cost: LineCost = field(default_factory=LineCost)


def poll(unit: PolledUnit, group: Pace, words: list[int], at: float = 0.0) -> None:
    for block in unit.blocks(group):
        unit.vital.take(block.read, words[: block.read.count], block.keys, at)
    unit.vital.end_poll()


def test_what_may_be_of_a_dead_meter_is_believed_once_it_lived_before_and_after() -> None:
    vital, calm, rest = vital_of("adf300"), Read(3, 0x094E, 2), Read(3, 0x0201, 32)
    keys = frozenset({PointKey("1", "DI1")})

    def heard(read: Read, words: list[int], at: float) -> frozenset[PointKey]:
        vital.take(read, words, keys if read is calm else (), at)
        vital.end_poll()
        return frozenset(vital.in_question)

    living = [*range(1, 33)]
    assert heard(rest, living, 0.0) == frozenset()
    assert heard(calm, [0, 0], 1.0) == keys
    assert heard(rest, living, 2.0) == frozenset(), "within 2.5 s nothing dies and comes back"
    assert heard(calm, [0, 0], 60.0) == frozenset(), "it is known to say that"
    assert heard(calm, [7, 7], 61.0) == keys
    assert heard(rest, living, 90.0) == keys, "it may have been dead between"
    assert vital.asks_again()
    assert heard(calm, [7, 7], 91.0) == keys
    assert heard(rest, living, 120.0) == frozenset(), "twice the same, each time followed by a sign of life"


def test_what_a_dead_meter_left_behind_is_not_believed_when_it_is_back() -> None:
    vital, calm = vital_of("adf300"), Read(3, 0x094E, 2)
    keys = frozenset({PointKey("1", "DI1")})
    vital.take(calm, [0, 0], keys, 0.0)
    vital.end_poll()
    vital.vouch(30.0)
    assert vital.in_question == keys, "it was vouched for later, not then"


def vital_of(model_id: str) -> Vital:
    return Vital(model(model_id).points, model(model_id).registers, 1)


@pytest.mark.parametrize("model_id", READABLE)
@given(words=st.data())
def test_no_block_of_ones_of_any_model_is_taken_for_an_answer(model_id: str, words: st.DataObject) -> None:
    of = model(model_id)
    registers = of.registers
    place = words.draw(st.sampled_from(sorted(registers.places.values(), key=lambda place: place.address)))
    read = Read(place.function, place.address, words.draw(st.integers(8, 48)))
    vital = Vital(of.points, registers, 1)
    assert vital.take(read, [ONES] * read.count) is not Life.ALIVE


async def test_a_circuit_without_power_is_no_dead_meter_and_is_asked_about_once() -> None:
    async with Cabinet.of({1: "asj10l"}, frozen=True) as cabinet, rig(cabinet, 1) as line:
        source, heard = line.sources[1], line.heard[1]
        calm = {key for key, point in source.points.items() if point.quantity.kind in QUIET_OR_ON}
        source.want(calm)
        await line.hub.start(PATIENCE)
        await heard.until(lambda heard: heard.readings.keys() >= calm)
        await heard.more(3)
        assert {heard.readings[key].value for key in calm} == {False}
        assert heard.trouble is None


@pytest.mark.parametrize(("check", "look_again"), [(0.3, NEVER), (NEVER, 0.3)])
async def test_a_board_that_shows_nothing_but_zeros_and_dies_is_found_out_soon(
    check: float, look_again: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.acrel_safety.aioacrel.modbus.source.LIFELESS_SECONDS", 0.5)
    async with (
        Cabinet.of({1: "adw300"}, frozen=True) as cabinet,
        rig(cabinet, 1, check=check, look_again=look_again) as line,
    ):
        source, heard = line.sources[1], line.heard[1]
        alarms = [key for key, point in source.points.items() if point.quantity.kind is Kind.ALARM]
        source.want(frozenset(alarms))
        await line.hub.start(PATIENCE)
        await heard.until(lambda heard: all(heard.has_value(key) for key in alarms))
        cabinet.set_scenario("dead", unit=1, word=0)
        await heard.until(lambda heard: isinstance(heard.trouble, DeadMeterError))
        assert not any(heard.has_value(key) for key in alarms)


async def test_the_exchange_of_a_device_is_seen_in_the_poll_that_reads_its_type() -> None:
    # No check by the clock: what is read anyway shows it.
    async with Cabinet.standard(frozen=True) as cabinet, rig(cabinet, MONITOR) as line:
        source, heard = line.sources[MONITOR], line.heard[MONITOR]
        source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        assert heard.has_value(LOOP)
        cabinet.set_scenario("wrong_model", unit=MONITOR, model="aim-m10")
        await heard.until(lambda heard: heard.trouble is not None)
        assert isinstance(heard.trouble, WrongDeviceError)
        assert heard.readings[LOOP].value is None


async def test_one_block_of_ones_of_a_living_device_costs_its_own_values_only() -> None:
    async with Cabinet.of({1: "adl400"}, frozen=True) as cabinet, open_device(cabinet, 1) as device:
        device.want_all()
        block = max(device.blocks(Pace.NORMAL), key=lambda block: block.read.count)
        await device.poll(Pace.NORMAL)
        device.take(block, [ONES] * block.read.count)
        lost = set(block.keys)
        assert {device.readings[key].quality for key in lost} == {Quality.NO_ANSWER}
        assert not await device.is_blank()
