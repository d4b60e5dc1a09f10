"""Single registers against the printed tables: address, format, scale, as literal words."""

from collections.abc import Mapping

import pytest

from simulator import Cabinet

# unit id, circuit, code, value that is pinned, {address: word} that the printed table makes of it.
CASES: list[tuple[int, str, str, float, Mapping[int, int]]] = [
    # ADW300, manual V1.3: u16 x0.1 V, x0.01 A, s32 x0.001, u32 x0.01 kWh, s16 x0.1 °C, u16 x1 mA.
    (1, "1", "Ua", 220.5, {0x0014: 2205}),
    (1, "1", "Uca", 381.2, {0x0019: 3812}),
    (1, "1", "Ic", 12.34, {0x001C: 1234}),
    (1, "1", "DOC_Vector sum of phase currents", 0.5, {0x001D: 50}),
    (1, "1", "Pb", -1.5, {0x0020: 0xFFFF, 0x0021: 0xFA24}),
    (1, "1", "P", 70.0, {0x0024: 0x0001, 0x0025: 0x1170}),
    (1, "1", "Q", -0.001, {0x002C: 0xFFFF, 0x002D: 0xFFFF}),
    (1, "1", "S", 15.497, {0x0034: 0, 0x0035: 15497}),
    (1, "1", "PF", 0.946, {0x0039: 946}),
    (1, "1", "DI4", 1, {0x003A: 0b1001}),
    (1, "1", "Fr", 49.98, {0x003B: 4998}),
    (1, "1", "EP", 1234.56, {0x003C: 0x0001, 0x003D: 0xE240}),
    (1, "1", "EPE", 655.37, {0x0040: 0x0001, 0x0041: 0x0001}),
    (1, "1", "EQC", 1.0, {0x0044: 0, 0x0045: 100}),
    (1, "1", "EPB", 0.02, {0x0050: 0, 0x0051: 2}),
    (1, "1", "DOC_Phase C reverse reactive energy", 0.07, {0x0062: 0, 0x0063: 7}),
    (1, "1", "MEQLMD", 1.234, {0x0070: 0, 0x0071: 1234}),
    (1, "1", "IaTHD", 12.34, {0x0077: 1234}),
    (1, "1", "UaHr02", 1.0, {0x007A: 100}),
    (1, "1", "UbHr02", 1.01, {0x0098: 101}),
    (1, "1", "IaHr02", 1.02, {0x00D4: 102}),
    (1, "1", "IcHr31", 1.03, {0x012D: 103}),
    (1, "1", "EQLD", 0.5, {0x0160: 0, 0x0161: 500}),
    (1, "1", "Iub", 9.61, {0x0163: 961}),
    (1, "1", "TempN", 10.5, {0x0010: 105}),
    (1, "1", "TempA", -5.0, {0x0164: 0xFFCE}),
    (1, "1", "rssi", -71, {0x01BF: 0xFFB9}),
    (1, "1", "Lg", 321, {0x01C1: 321}),
    (1, "1", "DO2", 1, {0x01C3: 1}),
    (1, "1", "UHighSet", 264.0, {0x01D1: 2640}),
    (1, "1", "PHighTim", 5.0, {0x01DA: 500}),
    (1, "1", "UcAng", 240.0, {0x01EE: 24000}),
    (1, "1", "IcAng", 359.99, {0x0200: 35999}),
    (1, "1", "ESID", 15.0, {0x01F2: 0, 0x01F3: 15000}),
    (1, "1", "T4HighVal02", 70.0, {0x0226: 700}),
    (1, "1", "LgHighVal02", 300, {0x0244: 0, 0x0245: 300}),
    (1, "1", "LgHighTim", 5.0, {0x0246: 500}),
    (1, "1", "T3High", 1, {0x0268: 1 << 6}),
    (1, "1", "DOC_Apparent demand high", 1, {0x0269: 1 << 4}),
    # ADL400: float block primary, words secondary.
    (2, "1", "Ua", 230.0, {0x0800: 0x4366, 0x0801: 0x0000}),
    (2, "1", "Pc", -1.5, {0x0818: 0xBFC0, 0x0819: 0x0000}),
    (2, "1", "Fr", 50.0, {0x0834: 0x4248, 0x0835: 0x0000}),
    (2, "1", "EPIG", 6553.7, {0x0854: 0x0001, 0x0855: 0x0001}),
    (2, "1", "DOC_Secondary Ia", 4.99, {0x0064: 499}),
    (2, "1", "DOC_Secondary Pc", -0.145, {0x0168: 0xFFFF, 0x0169: 0xFF6F}),
    (2, "1", "CT", 20, {0x008E: 20}),
    # ADL3000-E: u32 x0.01 with tariff steps, s16 power.
    (3, "1", "EPEG", 0.01, {0x001C: 0, 0x001D: 1}),
    (3, "1", "EQCG", 655.36, {0x003A: 1, 0x003B: 0}),
    (3, "1", "Uc", 219.8, {0x0063: 2198}),
    (3, "1", "Pc", -3.015, {0x0069: 0xF439}),
    (3, "1", "P", 4.91, {0x006A: 4910}),
    (3, "1", "S", 11.608, {0x0072: 11608}),
    (3, "1", "Fr", 50.02, {0x0077: 5002}),
    (4, "1", "EQ", 19.2, {0x000A: 0, 0x000B: 1920}),
    (4, "1", "Fr", 50.0, {0x0011: 5000}),
    (5, "1", "EPG", 0.05, {0x0008: 0, 0x0009: 5}),
    (5, "1", "U", 232.1, {0x000B: 2321}),
    (5, "1", "P", -1.0, {0x000D: 0xFC18}),
    (5, "1", "PF", 0.95, {0x0010: 950}),
    (5, "1", "DOC_Deep valley energy", 655.36, {0x5030: 1, 0x5031: 0}),
    # ASJ10L, manual V1.9: mA, ms, status bits 2-0.
    (7, "1", "Lg", 30000, {0x0000: 30000}),
    (7, "1", "DOC_Non-driving time", 10000, {0x0010: 10000}),
    (7, "1", "LgFauSta", 1, {0x001B: 0b100}),
    # AIM-R100: loop currents from 004A, alarm values from 0056.
    (8, "1", "Lg", 64, {0x004A: 64}),
    (8, "12", "Lg", 5000, {0x0055: 5000}),
    (8, "12", "LgHighVal02", 1000, {0x0061: 1000}),
    (8, "1", "DOC_Loop state", 3, {0x000B: 0x10C0}),
    (8, "4", "LgFauSta", 1, {0x000B: 0x1002}),
    (8, "5", "DOC_Loop short", 1, {0x000C: 0x4000}),
    (8, "12", "LgHigh", 1, {0x000C: 0x0003}),
    (8, "0", "DOC_Trip time", 60, {0x0008: 60}),
    (9, "1", "Temp", -50, {0x000A: 0xFFCE}),
    (9, "1", "DOC_Temperature sensor break", 1, {0x000B: 1 << 5}),
    (10, "1", "Lg", 3000, {0x0003: 3000}),
    (10, "1", "DO6", 1, {0x0013: 1 << 10 | 1}),
    (10, "1", "DO1", 1, {0x0013: 1 << 11 | 1}),
    (11, "1", "T1HighVal02", 80, {0x1034: 80}),
    (12, "1", "DOC_Low current C", 1, {0x3005: 1 << 14}),
]


@pytest.mark.parametrize(("unit_id", "circuit", "code", "value", "words"), CASES)
def test_a_printed_register_holds_the_printed_word(
    cabinet: Cabinet,
    unit_id: int,
    circuit: str,
    code: str,
    value: float,
    words: Mapping[int, int],
) -> None:
    unit = cabinet.units[unit_id]
    unit.hold(code, value, circuit)
    assert {address: unit.registers[address] for address in words} == words
    assert unit.truth()[circuit][code] == value


def test_the_aim_m10_example_of_the_manual_comes_out_word_for_word(cabinet: Cabinet) -> None:
    unit = cabinet.units[9]
    for code, value in (("IsnRShow", 500), ("I", 12.3), ("Temp", 35), ("DOC_Overload", 1)):
        unit.hold(code, value)
    # 500 kΩ, 12.3 A, 35 °C, overload: 01 F4 00 7B 00 23 00 02
    assert [unit.registers[address] for address in range(8, 12)] == [0x01F4, 0x007B, 0x0023, 0x0002]


def test_the_arcm300_starts_with_the_thresholds_of_the_captured_frame(cabinet: Cabinet) -> None:
    unit = cabinet.units[11]
    words = [unit.registers[address] for address in range(0x1033, 0x1038)]
    assert words == [600, 80, 90, 100, 120]


def test_released_points_live_again(cabinet: Cabinet) -> None:
    unit = cabinet.units[7]
    before = unit.truth()["1"]["Lg"]
    unit.hold("Lg", 12345)
    assert unit.truth()["1"]["Lg"] == 12345
    unit.release()
    assert unit.truth()["1"]["Lg"] == before


def test_only_points_that_exist_can_be_pinned(cabinet: Cabinet) -> None:
    with pytest.raises(KeyError, match="no point 'Lg' in circuit '13'"):
        cabinet.units[8].hold("Lg", 1, "13")


@pytest.mark.parametrize("pt_ct", [(1, 1), (100, 20)])
def test_secondary_models_say_primary_values_in_the_truth(pt_ct: tuple[int, int]) -> None:
    pt, ct = pt_ct
    cabinet = Cabinet.of({3: "adl3000"}, frozen=True, options={3: {"pt": pt, "ct": ct}})
    unit = cabinet.units[3]
    truth, words = unit.truth()["1"], unit.registers
    assert truth["Ua"] == pytest.approx(words[0x61] * 0.1 * pt)
    assert truth["Ib"] == pytest.approx(words[0x65] * 0.01 * ct)
    assert truth["Pa"] == pytest.approx(words[0x67] * 0.001 * pt * ct)
    assert truth["EP"] == pytest.approx((words[0] << 16 | words[1]) * 0.01 * pt * ct)
    assert truth["PFa"] == pytest.approx(words[0x73] * 0.001)


def test_the_ratio_registers_of_the_adl400_relate_its_two_blocks(cabinet: Cabinet) -> None:
    truth = cabinet.units[2].truth()["1"]
    assert (truth["PT"], truth["CT"]) == (1, 20)
    assert truth["Ia"] == pytest.approx(truth["DOC_Secondary Ia"] * 20, abs=0.005 * 20)
    assert truth["Pa"] == pytest.approx(truth["DOC_Secondary Pa"] * 20, abs=0.0005 * 20)


def test_the_adw300_shows_its_ratios_and_stays_primary() -> None:
    plain = Cabinet.of({1: "adw300"}, frozen=True)
    behind = Cabinet.of({1: "adw300"}, frozen=True, options={1: {"pt": 1, "ct": 50}})
    assert behind.units[1].registers[0x000F] == 50
    for code in ("Ua", "Ia", "P", "EP"):
        assert behind.units[1].truth()["1"][code] == plain.units[1].truth()["1"][code]


def test_no_two_measurements_of_a_unit_can_be_confused(cabinet: Cabinet) -> None:
    """Equal values would hide a swapped address."""
    truth = cabinet.units[1].truth()["1"]
    codes = ["Ua", "Ub", "Uc", "Uab", "Ubc", "Uca", "EPA", "EPB", "EPC", "EP", "EPI", "EPE", "EQL"]
    values = [truth[code] for code in codes]
    assert len(set(values)) == len(values)
