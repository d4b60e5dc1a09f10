"""A gateway answers for a meter that is dead: no value, no alarm and no quiet comes of one word over and over."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.errors import DeadMeterError, WrongDeviceError
from custom_components.acrel_safety.aioacrel.modbus.vital import Life, Vital
from custom_components.acrel_safety.aioacrel.readings import Quality
from custom_components.acrel_safety.aioacrel.registers import Read
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, Pace
from simulator import Cabinet
from simulator.devices import MODELS
from tests.aioacrel.rigs import LIBRARY, model, open_device
from tests.aioacrel.test_hub import LOOP, MONITOR, PATIENCE, SOON, rig

ONES, ZEROS = 0xFFFF, 0x0000
READABLE = sorted(of for of in LIBRARY.ids() if not LIBRARY.get(of).needs_table)
QUIET_OR_ON = (Kind.ALARM, Kind.FAULT)


@pytest.mark.parametrize("word", [ONES, ZEROS])
@pytest.mark.parametrize("model_id", sorted(MODELS))
async def test_of_a_dead_meter_nothing_is_shown_from_the_poll_on_in_which_it_died(model_id: str, word: int) -> None:
    async with Cabinet.of({1: model_id}, frozen=True) as cabinet, rig(cabinet, 1, look_again=SOON) as line:
        source, heard = line.sources[1], line.heard[1]
        source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        await heard.until(lambda heard: any(reading.value is not None for reading in heard.readings.values()))
        cabinet.set_scenario("dead", unit=1, word=word)
        heard.updates.clear()
        await heard.until(lambda heard: heard.trouble is not None)
        assert isinstance(heard.trouble, DeadMeterError)
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
        block = device.blocks(Pace.NORMAL)[0]
        await device.poll(Pace.NORMAL)
        device.take(block, [ONES] * block.read.count)
        lost = set(block.keys)
        assert {device.readings[key].quality for key in lost} == {Quality.NO_ANSWER}
        assert not await device.is_blank()


def test_a_living_block_is_judged_in_no_time() -> None:
    of = model("adw300")
    read = Read(3, 0x0000, 48)
    vital, words = Vital(of.points, of.registers, 1), list(range(48))
    vital.take(read, words)
    started = time.perf_counter()
    for _ in range(10_000):
        vital.take(read, words)
    assert time.perf_counter() - started < 1  # 100 µs each would be dear on any machine
