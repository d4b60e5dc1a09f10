"""Prepaid meters: live block, relay with forced control, older meters, multi-circuit boxes."""

import asyncio
import json
import struct

import pytest
from pymodbus import FramerType

from simulator import Cabinet, Unit
from simulator.control import ControlServer
from simulator.devices.prepaid import box
from simulator.registers import RefusedError
from simulator.scenarios import Option
from tests.simulator.clients import Connect

TRIP, CLOSE, RELEASE = (1, 1), (1, 0), (0, 1)
STATUS = 0x0224


def meter(model: str = "ddsy1352", **options: Option) -> tuple[Cabinet, Unit]:
    cabinet = Cabinet.of({1: model}, frozen=True, options={1: options})
    return cabinet, cabinet.units[1]


def command(unit: Unit, values: tuple[int, int]) -> None:
    unit.write(0x10, 0x0057, values)


@pytest.mark.parametrize(("model", "code"), [("ddsy1352", 7), ("dtsy1352", 5), ("adf300", 0x000A), ("adf400l", 0x000A)])
def test_the_first_register_of_the_live_block_says_what_it_is(model: str, code: int) -> None:
    _, unit = meter(model)
    block = unit.read(3, 0x0200, 0x30)
    assert block[0] == code
    assert len(block) == 48


@pytest.mark.parametrize(
    ("code", "value", "words"),
    [
        ("Ua", 230.1, {0x0201: 2301}),
        ("Uc", 229.9, {0x0203: 2299}),
        ("Ib", 12.34, {0x0205: 1234}),
        ("Pc", -1.0, {0x0209: 0xFC18}),
        ("P", 5.5, {0x020A: 5500}),
        ("Qa", -0.001, {0x020B: 0xFFFF}),
        ("Q", 1.0, {0x020E: 1000}),
        ("PFb", 0.95, {0x0210: 950}),
        ("PF", 0.5, {0x0212: 500}),
        ("PT", 2, {0x0213: 2}),
        ("CT", 20, {0x0214: 20}),
        ("EP", 655.37, {0x0215: 1, 0x0216: 1}),
        ("EPJ", 0.02, {0x0217: 0, 0x0218: 2}),
        ("EPF", 0.03, {0x0219: 0, 0x021A: 3}),
        ("EPP", 0.04, {0x021B: 0, 0x021C: 4}),
        ("EPG", 0.05, {0x021D: 0, 0x021E: 5}),
        ("DOC_Remaining amount", 655.36, {0x021F: 1, 0x0220: 0}),
        ("DOC_Purchases", 9, {0x0221: 9}),
        ("DOC_Load-limit trips", 4, {0x0222: 4}),
        ("DOC_Allowed trips", 6, {0x0223: 6}),
        ("DOC_Base energy", 0.01, {0x0226: 0, 0x0227: 1}),
    ],
)
@pytest.mark.parametrize("model", ["dtsy1352", "adf300"])
def test_a_register_of_the_live_block_holds_the_printed_word(
    model: str, code: str, value: float, words: dict[int, int]
) -> None:
    _, unit = meter(model)
    unit.hold(code, value)
    assert {address: unit.registers[address] for address in words} == words
    assert unit.truth()["1"][code] == value


@pytest.mark.parametrize("model", ["ddsy1352", "dtsy1352"])
def test_table_and_live_block_show_the_same(model: str) -> None:
    cabinet, unit = meter(model)
    cabinet.advance(3700)
    words = unit.registers
    assert [words[n] for n in range(10)] == [words[0x0215 + n] for n in range(10)]
    assert (words[0x000B], words[0x000C]) == (words[0x0201], words[0x0204])
    assert (words[0x000D], words[0x000E], words[0x0010]) == (words[0x020A], words[0x020E], words[0x0212])
    unit.write(0x10, 0x0038, [20])
    assert unit.registers[0x0214] == 20


def test_a_single_phase_meter_has_its_values_in_phase_a() -> None:
    _, unit = meter("ddsy1352")
    words = unit.registers
    assert words[0x0207] == words[0x020A] > 1000
    assert all(words[address] == 0 for address in (0x0202, 0x0203, 0x0205, 0x0206, 0x0208, 0x0209))


def test_the_clock_stands_one_byte_each() -> None:
    cabinet, unit = meter()
    cabinet.advance(3723)
    data = struct.pack(">4H", *unit.read(3, 0x0228, 4))
    assert list(data[:7]) == [26, 3, 2, 1, 11, 2, 3]


def test_a_forced_trip_and_close_go_through_the_words_seen_in_the_field() -> None:
    """A meter without credit, as the one they were read from: E in bits 7-5."""
    cabinet, unit = meter(credit=0)
    seen = []
    for values in (CLOSE, TRIP, CLOSE):
        command(unit, values)
        seen.append(unit.registers[STATUS])
        cabinet.advance(2)
        seen.append(unit.registers[STATUS])
    assert seen == [0xE1EF, 0xE0EF, 0x00E8, 0x01E8, 0xE1EF, 0xE0EF]


def test_the_relay_position_is_what_the_load_feels() -> None:
    cabinet, unit = meter("dtsy1352")
    command(unit, TRIP)
    cabinet.advance(2)
    truth = unit.truth()["1"]
    assert (truth["RlySta"], truth["ForceCtrl"], truth["DOC_Forced control wants closed"]) == (False, True, False)
    assert (truth["Ia"], truth["P"]) == (0, 0)
    command(unit, CLOSE)
    truth = unit.truth()["1"]
    assert (truth["RlySta"], truth["ForceCtrl"], truth["DOC_Forced control wants closed"]) == (True, True, True)
    assert truth["Ia"] > 1


def test_a_relay_that_is_stuck_keeps_its_position_bits() -> None:
    cabinet, unit = meter(travel_s=1e9)
    command(unit, TRIP)
    cabinet.advance(600)
    assert unit.registers[STATUS] & 0xE00F == 0xE008
    assert unit.truth()["1"]["I"] > 1


def test_a_slow_relay_moves_when_its_time_has_come() -> None:
    cabinet, unit = meter(travel_s=3, transition_s=1)
    command(unit, TRIP)
    words = []
    for _ in range(5):
        words.append(unit.registers[STATUS])
        cabinet.advance(1)
    assert words == [0xE008, 0xE008, 0xE008, 0x0008, 0x0108]


def test_release_gives_the_relay_back_to_the_meter() -> None:
    cabinet, unit = meter()
    command(unit, TRIP)
    cabinet.advance(2)
    command(unit, RELEASE)
    cabinet.advance(2)
    assert unit.registers[STATUS] == 0xE000


def test_without_credit_forced_control_goes_before_cost_control() -> None:
    cabinet, unit = meter(credit=0)
    truth = unit.truth()["1"]
    assert (truth["RlySta"], truth["DOC_Arrears"], truth["DOC_Cost control"]) == (False, True, True)
    assert truth["DOC_Cost control wants closed"] is False
    command(unit, CLOSE)
    cabinet.advance(60)
    assert unit.truth()["1"]["RlySta"] is True
    command(unit, RELEASE)
    cabinet.advance(60)
    assert unit.truth()["1"]["RlySta"] is False


def test_credit_is_used_up_and_warns_twice_before_the_meter_opens() -> None:
    cabinet, unit = meter(credit=21)
    codes = ("DOC_Low credit 1", "DOC_Low credit 2", "DOC_Arrears")
    seen = []
    for _ in range(14):
        truth = unit.truth()["1"]
        state = tuple(truth[code] for code in codes)
        if state not in seen:
            seen.append(state)
        cabinet.advance(3600)
    assert seen == [(False, False, False), (True, False, False), (True, True, False), (True, True, True)]
    assert unit.truth()["1"]["DOC_Remaining amount"] == 0
    assert unit.truth()["1"]["RlySta"] is False


def test_overload_is_over_the_limit() -> None:
    cabinet, unit = meter("dtsy1352")
    assert unit.truth()["1"]["DOC_Over limit"] is False
    cabinet.set_scenario("overload")
    assert unit.truth()["1"]["DOC_Over limit"] is True


def test_an_older_meter_refuses_the_live_block() -> None:
    _, unit = meter(live_block=False)
    for address, count in ((0x0200, 0x30), (STATUS, 2)):
        with pytest.raises(RefusedError) as error:
            unit.read(3, address, count)
        assert error.value.code == 2
    assert unit.read(3, 0x000B, 1)[0] > 2000
    assert "RlySta" not in unit.truth()["1"]
    command(unit, TRIP)
    assert unit.truth()["1"]["I"] == 0


@pytest.mark.parametrize("credit", [-1, True, "much"])
def test_options_that_make_no_sense_are_refused(credit: Option) -> None:
    with pytest.raises(ValueError, match="credit must be a number"):
        meter(credit=credit)


@pytest.mark.parametrize(
    ("request_hex", "answer_hex", "prepare"),
    [
        ("01 03 02 24 00 02 85 B8", "01 03 04 E0 EF 00 00 FC 06", CLOSE),
        ("01 03 02 24 00 02 85 B8", "01 03 04 01 E8 00 00 7B FB", TRIP),
        ("01 10 00 57 00 02 04 00 00 00 01 76 B5", "01 10 00 57 00 02 F0 18", TRIP),
    ],
)
async def test_status_and_release_frames_word_for_word(
    request_hex: str, answer_hex: str, prepare: tuple[int, int]
) -> None:
    cabinet, unit = meter()
    for code in ("DOC_Arrears", "DOC_Low credit 1", "DOC_Low credit 2"):
        unit.hold(code, 1)
    command(unit, prepare)
    cabinet.advance(2)
    expected = bytes.fromhex(answer_hex)
    async with cabinet:
        reader, writer = await asyncio.open_connection("127.0.0.1", cabinet.rtu_port)
        writer.write(bytes.fromhex(request_hex))
        assert await reader.readexactly(len(expected)) == expected
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("address", "count"),
    [(0x0400, 1), (0x035F, 2), (0x03A0, 10), (0x0480, 1), (0x1000, 1), (0x1700, 4), (0x1910, 1), (0x19CC, 1)],
)
async def test_whoever_reaches_for_a_forbidden_register_is_recorded(connect: Connect, address: int, count: int) -> None:
    cabinet, unit = meter()
    async with cabinet:
        client = await connect(cabinet.tcp_port, FramerType.SOCKET)
        answer = await client.read_holding_registers(address, count=count, device_id=1)
        assert answer.exception_code == 2
        assert [(one.function, one.address) for one in unit.trespasses] == [(3, address)]
        await client.write_registers(address + count - 1, [0], device_id=1)
        assert [one.function for one in unit.trespasses] == [3, 16]
    assert all(not one.accepted for one in unit.writes)


async def test_the_control_channel_tells_of_forbidden_requests_and_of_no_others(connect: Connect) -> None:
    cabinet, _ = meter("adf400l")
    control = ControlServer(cabinet)
    async with cabinet:
        client = await connect(cabinet.tcp_port, FramerType.SOCKET)
        for address, count in ((0x0200, 0x30), (0x2000, 12), (0x0057, 2), (0x0366, 1), (0x1A00, 1)):
            await client.read_holding_registers(address, count=count, device_id=1)
        assert control.answer(json.dumps({"do": "trespasses", "unit": 1})) == {"ok": True, "trespasses": []}
        await client.read_holding_registers(0x1950, count=1, device_id=1)
    answer = control.answer(json.dumps({"do": "trespasses", "unit": 1}))
    assert answer["trespasses"] == [{"function": 3, "address": 0x1950, "count": 1, "at": 0.0}]


def test_a_box_is_one_unit_id_per_circuit() -> None:
    cabinet = Cabinet.of(box(21, 24), frozen=True)
    assert list(cabinet.units) == list(range(21, 45))
    command(cabinet.units[22], TRIP)
    closed = {number: unit.truth()["1"]["RlySta"] for number, unit in cabinet.units.items()}
    assert [number for number, is_closed in closed.items() if not is_closed] == [22]
    energies = [unit.truth()["1"]["EP"] for unit in cabinet.units.values()]
    assert len(set(energies)) == len(energies)


@pytest.mark.parametrize(
    ("model", "code", "address", "word"),
    [
        ("adf300", "DI8", 0x094E, 0x80),
        ("adf300", "DO4", 0x094F, 0x08),
        ("adf400l", "DI2", 0x200A, 0x02),
        ("adf400l", "DO4", 0x200B, 0x08),
    ],
)
def test_the_contacts_of_a_box_stand_where_they_are_printed(model: str, code: str, address: int, word: int) -> None:
    _, unit = meter(model)
    unit.hold(code, 1)
    assert unit.registers[address] == word


def test_only_a_prepaid_device_has_forbidden_registers() -> None:
    unit = Cabinet.of({1: "adw300"}, frozen=True).units[1]
    unit.note(3, 0x0400, 1)
    assert unit.trespasses == []


@pytest.mark.parametrize(
    ("options", "closed_after"),
    [
        ({}, {0.1: True, 60.0: True}),
        ({"travel_s": 6}, {5.0: True, 2.0: False, 60.0: False}),
        ({"falls_back_s": 2}, {0.1: False, 3.0: True, 60.0: True}),
    ],
    ids=["sticks", "late", "falls back"],
)
def test_the_control_channel_has_a_relay_stick_move_late_or_fall_back(
    options: dict[str, Option], closed_after: dict[float, bool]
) -> None:
    cabinet, unit = meter()
    control = ControlServer(cabinet)
    asked = {"do": "scenario", "name": "relay", "unit": 1, "options": options}
    assert control.answer(json.dumps(asked))["ok"] is True
    command(unit, TRIP)
    for seconds, closed in closed_after.items():
        cabinet.advance(seconds)
        assert unit.device.feeder.closed is closed
    cabinet.set_scenario("normal")
    command(unit, TRIP)
    cabinet.advance(0.1)
    assert unit.device.feeder.closed is False


def test_a_relay_cannot_move_before_it_is_told() -> None:
    cabinet, unit = meter()
    with pytest.raises(ValueError, match="travel_s of scenario 'relay' must not be negative"):
        cabinet.set_scenario("relay", travel_s=-1)
    assert unit.scenario.name == "normal"
