"""Scenarios: alarms from limits and delays, faults, relays, and what is refused."""

import pytest

from simulator import Cabinet
from simulator.registers import RefusedError
from simulator.scenarios import SCENARIOS


def points(cabinet: Cabinet, unit: int, circuit: str = "1") -> dict[str, float | int | bool]:
    return cabinet.units[unit].truth()[circuit]


def write(cabinet: Cabinet, unit: int, address: int, *values: int) -> None:
    cabinet.units[unit].write(0x10, address, values)


def test_a_leak_alarms_after_the_delay_and_not_before() -> None:
    cabinet = Cabinet.of({8: "aim-r100"}, frozen=True)
    cabinet.set_scenario("leak", circuit=5)
    assert points(cabinet, 8, "5")["Lg"] == 600
    cabinet.advance(5.9)
    assert points(cabinet, 8, "5")["LgHigh"] is False
    cabinet.advance(0.2)
    assert points(cabinet, 8, "5")["LgHigh"] is True
    assert points(cabinet, 8, "5")["DOC_Loop state"] == 3
    assert points(cabinet, 8, "4")["LgHigh"] is False
    cabinet.set_scenario("normal")
    assert points(cabinet, 8, "5")["LgHigh"] is False


def test_an_over_limit_loop_is_recorded_as_newest_event() -> None:
    cabinet = Cabinet.of({8: "aim-r100"}, frozen=True)
    cabinet.set_scenario("leak", circuit=2, ma=450)
    cabinet.advance(6)
    cabinet.set_scenario("sensor_break", circuit=3)
    registers = cabinet.units[8].registers
    assert [registers[0x000D + offset] for offset in range(3)] == [3, 0xFAFA, 300]
    assert [registers[0x0013 + offset] for offset in range(3)] == [2, 450, 300]
    assert registers[0x0010] == 26 << 8 | 3  # year, month


def test_an_interrupted_leak_starts_its_delay_anew() -> None:
    cabinet = Cabinet.of({8: "aim-r100"}, frozen=True)
    for _ in range(3):
        cabinet.set_scenario("leak")
        cabinet.advance(4)
        cabinet.set_scenario("normal")
        cabinet.advance(1)
    assert points(cabinet, 8)["LgHigh"] is False


def test_the_asj10l_warns_alarms_and_recovers() -> None:
    cabinet = Cabinet.of({7: "asj10l"}, frozen=True)
    unit = cabinet.units[7]
    cabinet.set_scenario("leak", ma=200)
    assert unit.registers[0x001B] == 0b001
    cabinet.set_scenario("leak", ma=600)
    assert unit.registers[0x001B] == 0b001
    cabinet.advance(0.5)
    assert unit.registers[0x001B] == 0b010
    cabinet.set_scenario("normal")
    assert unit.registers[0x001B] == 0b000


def test_a_written_limit_takes_effect() -> None:
    cabinet = Cabinet.of({7: "asj10l", 8: "aim-r100"}, frozen=True)
    write(cabinet, 7, 0x0008, 50)
    write(cabinet, 8, 0x0008, 0)
    write(cabinet, 8, 0x0056, 6)
    cabinet.advance(1)
    assert points(cabinet, 7)["Lg1HIGH2"] is True
    assert points(cabinet, 8)["LgHigh"] is True


def test_held_alarms_wait_for_the_reset_key() -> None:
    cabinet = Cabinet.of({7: "asj10l"}, frozen=True, latched=True)
    cabinet.set_scenario("leak")
    cabinet.advance(1)
    cabinet.set_scenario("normal")
    cabinet.advance(60)
    assert points(cabinet, 7)["Lg1HIGH2"] is True
    cabinet.units[7].reset()
    assert points(cabinet, 7)["Lg1HIGH2"] is False


@pytest.mark.parametrize(
    ("scenario", "code", "delay_s"),
    [("overload", "IHigh", 5), ("overload", "PHigh", 5), ("undervoltage", "ULow", 5)],
)
def test_the_adw300_alarms_after_5_seconds(scenario: str, code: str, delay_s: float) -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    cabinet.set_scenario(scenario)
    cabinet.advance(delay_s - 0.1)
    assert points(cabinet, 1)[code] is False
    cabinet.advance(0.1)
    assert points(cabinet, 1)[code] is True


def test_a_disabled_alarm_stays_away() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    write(cabinet, 1, 0x01D0, 0)
    cabinet.set_scenario("undervoltage")
    cabinet.advance(60)
    assert points(cabinet, 1)["ULow"] is False


@pytest.mark.parametrize(("conductor", "code"), [("A", "T1High"), ("B", "T2High"), ("N", "T4High")])
def test_a_hot_joint_alarms_for_its_conductor_only(conductor: str, code: str) -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    cabinet.set_scenario("overheat", conductor=conductor)
    cabinet.advance(5)
    assert points(cabinet, 1)[code] is False
    cabinet.advance(600)
    alarms = {name for name in ("T1High", "T2High", "T3High", "T4High") if points(cabinet, 1)[name]}
    assert alarms == {code}
    assert points(cabinet, 1)[f"Temp{conductor}"] == pytest.approx(95, abs=1)


def test_the_insulation_monitor_sees_leak_overload_and_heat() -> None:
    cabinet = Cabinet.of({9: "aim-m10"}, frozen=True)
    faults = ["DOC_Insulation fault", "DOC_Overload", "THigh"]
    for name, expected in (("leak", 0), ("overload", 1), ("overheat", 2)):
        cabinet.set_scenario("normal")
        cabinet.advance(3000)
        cabinet.set_scenario(name)
        cabinet.advance(300)
        assert [points(cabinet, 9)[code] for code in faults] == [n == expected for n in range(3)]


def test_a_broken_sensor_is_a_fault_where_the_device_has_a_bit() -> None:
    cabinet = Cabinet.standard(frozen=True)
    cabinet.set_scenario("sensor_break")
    assert points(cabinet, 7)["LgFauSta"] is True
    assert points(cabinet, 8)["LgFauSta"] is True
    assert points(cabinet, 9)["DOC_Temperature sensor break"] is True
    cabinet.units[8].set_scenario("sensor_break", circuit=4, short=True)
    assert points(cabinet, 8)["LgFauSta"] is False
    assert points(cabinet, 8, "4")["DOC_Loop short"] is True
    cabinet.units[9].set_scenario("sensor_break", wire=True)
    assert points(cabinet, 9)["DOC_FE/KE wire break"] is True
    assert points(cabinet, 9)["DOC_Temperature sensor break"] is False


def test_the_ct_alarm_of_the_asj10l_can_be_switched_off() -> None:
    cabinet = Cabinet.of({7: "asj10l"}, frozen=True)
    cabinet.set_scenario("sensor_break")
    write(cabinet, 7, 0x001A, 0)
    assert points(cabinet, 7)["LgFauSta"] is False


def test_the_prepaid_relay_switches_the_load() -> None:
    cabinet = Cabinet.of({5: "ddsy1352"}, frozen=True)
    unit = cabinet.units[5]
    write(cabinet, 5, 0x0057, 1, 1)
    assert (points(cabinet, 5)["I"], points(cabinet, 5)["P"]) == (0, 0)
    assert points(cabinet, 5)["U"] > 200
    cabinet.set_scenario("overload")
    assert points(cabinet, 5)["I"] == 0
    write(cabinet, 5, 0x0057, 1, 0)
    assert points(cabinet, 5)["I"] > 1
    assert [one.values for one in unit.writes] == [(1, 1), (1, 0)]


@pytest.mark.parametrize(
    ("address", "values", "code"),
    [(0x0057, (0, 0), 3), (0x0057, (1, 2), 3), (0x0057, (1,), 3), (0x0058, (1,), 3)],
)
def test_no_other_relay_command_is_known(address: int, values: tuple[int, ...], code: int) -> None:
    cabinet = Cabinet.of({5: "ddsy1352"}, frozen=True)
    with pytest.raises(RefusedError) as error:
        write(cabinet, 5, address, *values)
    assert error.value.code == code
    assert points(cabinet, 5)["I"] > 1
    assert [one.accepted for one in cabinet.units[5].writes] == [False]


def test_output_1_of_the_adw300_trips_the_breaker() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    write(cabinet, 1, 0x01C2, 0xFFFF)
    assert cabinet.units[1].registers[0x01C2] == 1
    assert points(cabinet, 1)["Ia"] == 0
    assert points(cabinet, 1)["DI1"] is False
    write(cabinet, 1, 0x01C2, 0)
    assert points(cabinet, 1)["DO1"] is False
    assert points(cabinet, 1)["Ia"] == 0
    cabinet.set_scenario("normal")
    assert points(cabinet, 1)["Ia"] > 1


def test_output_1_as_contactor_switches_off_and_on() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True, options={1: {"wiring": "contactor"}})
    write(cabinet, 1, 0x01C2, 1)
    assert points(cabinet, 1)["Ia"] == 0
    write(cabinet, 1, 0x01C2, 0)
    assert points(cabinet, 1)["Ia"] > 1


def test_a_pulse_falls_back_by_itself() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True, options={1: {"wiring": "none"}})
    write(cabinet, 1, 0x01E5, 1)
    write(cabinet, 1, 0x01E7, 3)
    write(cabinet, 1, 0x01C2, 1)
    cabinet.advance(2.9)
    assert points(cabinet, 1)["DO1"] is True
    cabinet.advance(0.1)
    assert points(cabinet, 1)["DO1"] is False
    assert points(cabinet, 1)["Ia"] > 1


@pytest.mark.parametrize(("source", "expected"), [(1, False), (2, True), (3, True), (4, False), (5, True)])
def test_an_output_with_another_source_ignores_commands(source: int, expected: bool) -> None:
    """DI1 is closed and there is no fault: sources 2, 3 and 5 hold the output on."""
    cabinet = Cabinet.of({1: "adw300"}, frozen=True, options={1: {"wiring": "none"}})
    write(cabinet, 1, 0x01E9, source)
    write(cabinet, 1, 0x01C3, 0 if expected else 1)
    assert points(cabinet, 1)["DO2"] is expected


def test_any_fault_can_drive_an_output() -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    write(cabinet, 1, 0x01E9, 1)
    cabinet.set_scenario("undervoltage")
    cabinet.advance(5)
    assert points(cabinet, 1)["DO2"] is True


@pytest.mark.parametrize(
    ("unit", "address", "values"),
    [
        (1, 0x0001, (5,)),
        (1, 0x0004, (0x0300,)),
        (1, 0x01E6, (6,)),
        (7, 0x0008, (9,)),
        (7, 0x0008, (30001,)),
        (7, 0x0010, (10001,)),
        (8, 0x0008, (61,)),
        (8, 0x0056, (5,)),
        (8, 0x0061, (1001,)),
        (9, 0x0004, (0x090D,)),
        (11, 0x1033, (299,)),
        (11, 0x1033, (1001, 80, 90, 100, 120)),
    ],
)
def test_printed_ranges_are_enforced(cabinet: Cabinet, unit: int, address: int, values: tuple[int, ...]) -> None:
    before = cabinet.units[unit].truth()
    with pytest.raises(RefusedError) as error:
        write(cabinet, unit, address, *values)
    assert error.value.code == 3
    assert cabinet.units[unit].truth() == before


def test_another_model_answers_with_its_own_map(cabinet: Cabinet) -> None:
    unit = cabinet.units[1]
    unit.set_scenario("wrong_model", model="aim-r100")
    assert unit.model == "adw300"
    assert 0x0014 in unit.registers
    assert 0x01C1 not in unit.registers
    assert set(unit.truth()) == {"0", *map(str, range(1, 13))}
    unit.set_scenario("normal")
    assert "Ua" in unit.truth()["1"]


@pytest.mark.parametrize(
    ("name", "options", "match"),
    [
        ("fire", {}, "no scenario 'fire'"),
        ("leak", {"volts": 3}, "no option volts; allowed: circuit, kohm, ma"),
        ("leak", {"circuit": 2}, "whole number 1-1"),
        ("overload", {"factor": "big"}, "must be a number"),
        ("overheat", {"conductor": "X"}, "A, B, C or N"),
        ("exception", {"code": 0}, "whole number 1-255"),
        ("wrong_model", {"model": "abb"}, "no model 'abb'"),
        ("slow", {"delay_s": -1}, "must not be negative"),
    ],
)
def test_a_scenario_that_makes_no_sense_changes_nothing(
    cabinet: Cabinet, name: str, options: dict[str, float | str], match: str
) -> None:
    unit = cabinet.units[1]
    unit.set_scenario("trip")
    before = unit.truth()
    with pytest.raises(ValueError, match=match):
        unit.set_scenario(name, **options)
    assert unit.scenario.name == "trip"
    assert unit.truth() == before


def test_the_whole_cabinet_takes_every_scenario(cabinet: Cabinet) -> None:
    for name in SCENARIOS:
        cabinet.set_scenario(name)
        cabinet.advance(30)
        assert all(cabinet.truth().values())
    cabinet.set_scenario("normal", [1, 2])
    assert {unit_id for unit_id, unit in cabinet.units.items() if unit.scenario.name == "normal"} == {1, 2}


@pytest.mark.parametrize(
    ("models", "options", "match"),
    [
        ({1: "nothing"}, {}, "no model 'nothing'; there are: adw300"),
        ({256: "adw300"}, {}, "unit id 256 is not 0-255"),
        ({1: "adw300"}, {2: {"ct": 1}}, "not in the cabinet"),
        ({1: "asj10l"}, {1: {"ct": 1}}, "has no option ct"),
        ({1: "adw300"}, {1: {"ct": 0}}, "ct must be a whole number"),
        ({1: "adw300"}, {1: {"wiring": "magic"}}, "wiring 'magic' is not one of"),
    ],
)
def test_a_cabinet_that_cannot_be_built_says_why(
    models: dict[int, str], options: dict[int, dict[str, float | str]], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        Cabinet.of(models, options=options)
