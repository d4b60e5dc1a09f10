"""The built-in models say what the documents say: no more, and nothing that could be changed by mistake."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.errors import FileProblemsError, UnknownModelError
from custom_components.acrel_safety.aioacrel.models import ModelLibrary, read_model
from custom_components.acrel_safety.aioacrel.models.entry import Entry
from custom_components.acrel_safety.aioacrel.models.limits import LARGEST_FILE
from custom_components.acrel_safety.aioacrel.points import Evidence, Model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.aioacrel.registers import (
    LineCost,
    LineSettings,
    Place,
    Ratio,
    RegisterMap,
    plan_reads,
)
from custom_components.acrel_safety.aioacrel.registers.blocks import spans_of
from custom_components.acrel_safety.aioacrel.registers.decode import decoded
from custom_components.acrel_safety.aioacrel.vocabulary import EXTRA_PREFIX, MEASURED, Kind, Pace

LIBRARY = ModelLibrary()
WITH_REGISTERS = {
    *("adw300", "adl400", "adl3000", "adl100", "ddsy1352", "dtsy1352"),
    *("asj10l", "aim-r100", "aim-m10", "ard2f", "arcm300", "dtsd1352"),
    *("adf300", "adf400l"),
}
WITHOUT_REGISTERS = {"arcm310", "aesp100", "aafd", "ascb1", "ascp200", "aisd", "ate"}
MODELS = [LIBRARY.get(model_id) for model_id in LIBRARY.ids()]

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)


def entries_of(model_id: str, *codes: str, circuit: str = "1") -> list[Entry]:
    model = LIBRARY.get(model_id)
    return [Entry.of(model, PointKey(circuit, code)) for code in codes]


def value_of(model_id: str, code: str, *words: int, circuit: str = "1", factor: float = 1) -> Value | None:
    model, key = LIBRARY.get(model_id), PointKey(circuit, code)
    return decoded(model.points[key], model.registers.places[key], words, factor)


def test_every_promised_model_is_there() -> None:
    assert {model.id for model in MODELS} == WITH_REGISTERS | WITHOUT_REGISTERS
    assert {model.id for model in MODELS if model.needs_table} == WITHOUT_REGISTERS


# -- what holds for each file ----------------------------------------------------------------------------------------


@each_model
def test_a_model_introduces_itself_in_english_and_chinese(model: Model) -> None:
    assert model.source
    for texts in (model.titles, model.notes):
        assert set(texts) == {"en", "zh"}
        assert texts["en"] != texts["zh"]
    for point in model.points.values():
        assert "zh" in point.quantity.names, point.key


@each_model
def test_no_two_values_of_a_circuit_bear_the_same_name(model: Model) -> None:
    for language in ("en", "zh"):
        names = Counter((key.circuit, point.quantity.name(language)) for key, point in model.points.items())
        assert [name for name, count in names.items() if count > 1] == []


@each_model
def test_no_read_touches_a_register_that_is_not_documented(model: Model) -> None:
    for registers in model.maps:
        assert bool(registers.ranges) == bool(model.readable)
        assert_documented(registers, list(registers.places.values()))


@given(st.data())
def test_no_choice_of_values_leads_to_a_read_of_undocumented_registers(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from([model for model in MODELS if model.readable]))
    registers = data.draw(st.sampled_from(model.maps))
    places = list(registers.places.values())
    assert_documented(registers, data.draw(st.lists(st.sampled_from(places), min_size=1)))


def assert_documented(registers: RegisterMap, places: Sequence[Place]) -> None:
    most, ranges = registers.max_registers, registers.ranges
    for read in plan_reads(spans_of(places), LineCost(), max_registers=most, ranges=ranges):
        assert read.count <= most
        assert any(low <= read.address and read.address + read.count - 1 <= high for low, high in ranges)


@each_model
def test_what_may_call_for_a_cut_off_is_polled_fast(model: Model) -> None:
    for point in model.points.values():
        if point.quantity.kind in (Kind.ALARM, Kind.FAULT) or point.key.code in ("Lg", "IsnRShow", "ArcSta", "RlySta"):
            assert point.pace is Pace.FAST, point.key
        if point.quantity.kind in (Kind.ENERGY, Kind.SETTING):
            assert point.pace is Pace.SLOW, point.key


@each_model
def test_a_probe_costs_at_most_four_short_reads(model: Model) -> None:
    assert sum(len(registers.probes) for registers in model.maps) <= 5
    for registers in model.maps:
        assert len(registers.probes) <= 4
        assert bool(registers.probes) == bool(model.readable)
        for check in registers.probes:
            assert check.count <= registers.max_registers
            # A register that only lacks in the document may well exist in a device; but one that the preferred map is
            # known by tells its devices from those of a fallback.
            assert not check.refused or check.address in {first.address for first in model.registers.probes}
            # A gateway or a device on Ethernet may answer under another unit id than the one on its keys.
            assert not check.is_unit_id


@each_model
def test_only_proved_registers_are_written(model: Model) -> None:
    for point in model.points.values():
        if point.limits is not None:
            assert point.evidence in (Evidence.MANUAL, Evidence.CODE), point.key
            assert point.limits.source
    assert model.registers.writes.keys() <= model.operations.keys()
    for key in model.registers.writes:
        assert model.operations[key].source


def test_the_settings_that_may_be_changed_are_these_and_no_others() -> None:
    writable = {
        (model.id, key.circuit, key.code): (point.limits.low, point.limits.high)
        for model in MODELS
        for key, point in model.points.items()
        if key in model.settable and point.limits
    }
    enables = ("UHighSw", "ULowSw", "IHighSw", "DOC_Under-current enable", "PHighSw", "DOC_Under-power enable")
    assert writable == {
        ("adw300", "1", "LgHighVal02"): (1, 1000),
        **{("adw300", "1", code): (0, 1) for code in enables},
        ("arcm300", "1", "LgHighVal02"): (300, 1000),
        ("asj10l", "1", "DOC_Rated residual current"): (10, 30000),
        ("asj10l", "1", "DOC_Non-driving time"): (0, 10000),
        ("aim-r100", "0", "DOC_Trip time"): (0, 60),
        **{("aim-r100", str(circuit), "LgHighVal02"): (6, 1000) for circuit in range(1, 13)},
    }


def test_only_these_commands_have_registers_and_all_of_them_can_be_confirmed() -> None:
    shown = {
        (model.id, key.code): {point.code: value for point, value in operation.shows.items()}
        for model in MODELS
        for key, operation in model.operations.items()
        if operation.shows
    }
    position, wants = "RlySta", "DOC_Forced control wants closed"
    behind_a_gateway = {"RLYOFF": 0, "RLYON": 1, "FORRLYOFF": 0, "FORRLYON": 1}
    by_code = {("ascb1", code): {position: shows} for code, shows in behind_a_gateway.items()}
    by_code |= {("ascb1", f"RLYREP{word}"): {"RlyRepSta": shows} for word, shows in (("ON", 1), ("OFF", 0))}
    assert shown == by_code | {
        (model_id, code): shows
        for model_id in ("ddsy1352", "dtsy1352")
        for code, shows in {
            "FORRLYOFF": {position: 0, "ForceCtrl": 1, wants: 0},
            "FORRLYON": {position: 1, "ForceCtrl": 1, wants: 1},
            "FORRLYREL": {"ForceCtrl": 0},
        }.items()
    } | {("adw300", f"DO{n}{code}"): {f"DO{n}": on} for n in (1, 2) for code, on in (("ON", 1), ("OFF", 0))}
    writes = {(model.id, key.code): write for model in MODELS for key, write in model.registers.writes.items()}
    assert {key: (write.address, write.registers) for key, write in writes.items()} == {
        ("ddsy1352", "FORRLYOFF"): (0x57, (1, 1)),
        ("ddsy1352", "FORRLYON"): (0x57, (1, 0)),
        ("ddsy1352", "FORRLYREL"): (0x57, (0, 1)),
        ("dtsy1352", "FORRLYOFF"): (0x57, (1, 1)),
        ("dtsy1352", "FORRLYON"): (0x57, (1, 0)),
        ("dtsy1352", "FORRLYREL"): (0x57, (0, 1)),
        **{("adw300", f"DO{n}{code}"): (0x1C1 + n, (on,)) for n in (1, 2) for code, on in (("ON", 1), ("OFF", 0))},
    }
    # Where no register shows the position, nothing is written either.
    assert not any(registers.writes for model in MODELS for registers in model.fallbacks)


@pytest.mark.parametrize("model_id", sorted(WITHOUT_REGISTERS))
def test_a_model_whose_registers_are_not_public_knows_quantities_by_code(model_id: str) -> None:
    model = LIBRARY.get(model_id)
    assert model.evidence is Evidence.UNKNOWN
    assert model.waiting
    assert not model.registers.probes
    assert all(point.evidence is Evidence.UNKNOWN for point in model.points.values())
    assert not model.registers.writes


@pytest.mark.parametrize("wrong", [{"baudrate": 0}, {"bytesize": 9}, {"parity": "X"}, {"stopbits": 3}])
def test_serial_settings_that_no_port_knows_are_refused(wrong: dict[str, int | str]) -> None:
    settings = {"baudrate": 9600, **wrong}
    with pytest.raises(ValueError, match="parity N, E or O"):
        LineSettings.of(
            baudrate=int(settings["baudrate"]),
            bytesize=int(settings.get("bytesize", 8)),
            parity=str(settings.get("parity", "N")),
            stopbits=int(settings.get("stopbits", 1)),
        )


# -- single facts ----------------------------------------------------------------------------------------------------


def test_adw300() -> None:
    assert value_of("adw300", "TempN", 105) == 10.5
    assert value_of("adw300", "TempA", 0xFF9C) == -10.0
    assert value_of("adw300", "Pa", 0xFFFF, 0xFC18) == -1.0
    assert value_of("adw300", "EPI", 0x0001, 0xE240) == 1234.56
    assert value_of("adw300", "LgHighVal02", 0, 300) == 300
    assert value_of("adw300", "PF", 1001) is None
    assert value_of("adw300", "DO1", 0xFFFE) is False
    assert value_of("adw300", "DOC_DO1 source", 2) == "any_fault_di1_di2"
    assert value_of("adw300", "DOC_DO1 source", 6) is None
    # The last harmonic of each phase ends where the next block begins.
    last = entries_of("adw300", *(f"{quantity}{phase}Hr31" for quantity in "UI" for phase in "abc"))
    assert [point.address for point in last] == [0x0097, 0x00B5, 0x00D3, 0x00F1, 0x010F, 0x012D]
    assert not LIBRARY.get("adw300").registers.asks_ratios


def test_adw300_has_no_alarm_bit_for_residual_current_and_says_so() -> None:
    model = LIBRARY.get("adw300")
    assert PointKey("1", "LgHigh") not in model.points
    assert "No bit for the residual-current alarm" in model.notes["en"]


def test_adl400_reads_primary_values_and_needs_no_ratio() -> None:
    model = LIBRARY.get("adl400")
    assert not model.registers.asks_ratios
    assert not any(place.ratios for place in model.registers.places.values())
    assert value_of("adl400", "Ua", 0x4366, 0x199A) == 230.1
    assert value_of("adl400", "EP", 0, 12345) == 1234.5
    assert value_of("adl400", "DOC_Secondary EP", 0, 12345) == 123.45
    assert entries_of("adl400", "DOC_Secondary EP")[0].quantity.kind is Kind.MEASUREMENT


@pytest.mark.parametrize("model_id", ["adl3000", "dtsd1352"])
def test_secondary_values_wait_for_the_ratios_of_the_user(model_id: str) -> None:
    assert LIBRARY.get(model_id).registers.asks_ratios == {Ratio.PT, Ratio.CT}
    volts, amps, power, energy, factor, frequency = entries_of(model_id, "Ua", "Ia", "P", "EPI", "PF", "Fr")
    assert (volts.ratios, amps.ratios) == ((Ratio.PT,), (Ratio.CT,))
    assert power.ratios == energy.ratios == (Ratio.PT, Ratio.CT)
    assert factor.ratios == frequency.ratios == ()
    assert value_of(model_id, "P", 0xFC18, factor=20) == -20
    assert LIBRARY.get(model_id).registers.max_registers == 63


def test_dtsd1352_is_an_adl3000_with_an_event_record() -> None:
    extra = set(LIBRARY.get("dtsd1352").points) - set(LIBRARY.get("adl3000").points)
    assert sorted(key.code for key in extra) == ["DOC_Last event type", "DOC_Low current B", "DOC_Low current C"]
    assert value_of("dtsd1352", "DOC_Low current B", 1 << 13) is True
    assert value_of("dtsd1352", "DOC_Low current C", 1 << 13) is False


def test_the_three_phase_prepaid_meter_trusts_its_energies_more_than_the_rest() -> None:
    energy, volts = entries_of("dtsy1352", "EP", "U")
    assert (energy.evidence, volts.evidence) == (Evidence.CODE, Evidence.EXPERIMENTAL)
    assert value_of("ddsy1352", "P", 0xFFFF) == -0.001


@pytest.mark.parametrize(
    ("word", "active"),
    [(0b000, []), (0b001, ["Lg1HIGH1"]), (0b010, ["Lg1HIGH2"]), (0b100, ["LgFauSta"])],
)
def test_asj10l_status_codes(word: int, active: list[str]) -> None:
    codes = ("Lg1HIGH1", "Lg1HIGH2", "LgFauSta")
    assert [code for code in codes if value_of("asj10l", code, word)] == active


def test_aim_r100_has_twelve_circuits_with_a_two_bit_state_each() -> None:
    model = LIBRARY.get("aim-r100")
    assert list(model.circuits) == [str(number) for number in range(13)]
    states = [entries_of("aim-r100", "DOC_Loop state", circuit=str(number))[0] for number in range(1, 13)]
    places = [(point.address, point.layout.bit) for point in states]
    assert places == [(0x0B, 6 - 2 * n) for n in range(4)] + [(0x0C, 14 - 2 * n) for n in range(8)]
    # Where a circuit's bits stand is a guess; that they are there is printed.
    assert {point.evidence for point in states} == {Evidence.EXPERIMENTAL}
    for code, raw in (("DOC_Loop short", 0b01), ("LgFauSta", 0b10), ("LgHigh", 0b11)):
        assert value_of("aim-r100", code, raw << 6) is True
        assert value_of("aim-r100", code, ~(raw << 6) & 0xFFFF) is False
    assert value_of("aim-r100", "Lg", 5001, circuit="12") is None
    assert model.circuits["3"].names["zh"] == "第3路"


def test_everything_that_is_measured_has_both_ends_but_for_numbers_of_no_known_unit() -> None:
    open_ended = set()
    for model_id in LIBRARY.ids():
        for point in LIBRARY.get(model_id).points.values():
            is_number = point.quantity.kind in MEASURED and not point.is_binary and point.words is None
            if is_number and None in (point.range.low, point.range.high):
                assert point.quantity.unit is None, point
                open_ended.add(point.key.code)
    # Words that nobody knows the meaning of, counts and money: their type alone says how far they go.
    assert {code for code in open_ended if not code.startswith("DOC_Raw ")} == {
        "DOC_Remaining amount",
        "DOC_Purchases",
        "DOC_Load-limit trips",
        "DOC_Allowed trips",
    }


def test_aim_m10_measures_within_its_printed_ranges() -> None:
    assert [value_of("aim-m10", "IsnRShow", raw) for raw in (9, 10, 999, 1000)] == [None, 10, 999, None]
    assert [value_of("aim-m10", "I", raw) for raw in (123, 501)] == [12.3, None]
    assert [value_of("aim-m10", "Temp", raw) for raw in (0xFFCE, 0xFFCD, 200, 201)] == [-50, None, 200, None]


def test_ard2f_shows_what_has_no_scale_as_raw_numbers_only() -> None:
    model = LIBRARY.get("ard2f")
    assert not {key.code for key in model.points} & {"Ia", "Ib", "Ic", "S", "P", "EP"}
    raw = [Entry.of(model, key) for key in model.points if key.code.startswith("DOC_Raw")]
    assert [(point.address, point.quantity.unit, point.quantity.detail) for point in raw] == [
        (0x02, None, True),
        (0x07, None, True),
        (0x09, None, True),
        (0x0B, None, True),
    ]
    assert [value_of("ard2f", f"DO{n}", 1 << 10) for n in range(1, 7)] == [False] * 5 + [True]


def test_arcm300_shows_its_blocks_word_by_word_to_those_who_ask() -> None:
    model = LIBRARY.get("arcm300")
    raw = [Entry.of(model, key) for key in model.points if key.code.startswith("DOC_Raw")]
    assert len(raw) == 42 + 26 + 19 + 2 + 10
    for point in raw:
        assert point.key.code == f"DOC_Raw {point.address:04X}"
        assert (point.quantity.detail, point.pace, point.evidence) == (True, Pace.SLOW, Evidence.EXPERIMENTAL)
    thresholds = entries_of("arcm300", "LgHighVal02", "T1HighVal02")
    assert {point.evidence for point in thresholds} == {Evidence.CODE}
    assert value_of("arcm300", "T1HighVal02", 80) == 80


def test_names_outside_the_vocabulary_are_marked() -> None:
    for model in MODELS:
        for key, point in model.points.items():
            assert (point.quantity.key == "extra") == key.code.startswith(EXTRA_PREFIX)


# -- the user's folder -----------------------------------------------------------------------------------------------

MINE = """
[model]
id = "asj10l"
name = "My ASJ10L"
title = { en = "Mine" }
evidence = "imported"
source = "my table"
[[circuits]]
numbers = "1"
[circuits.points]
Lg = { at = 7 }
"""


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    library = ModelLibrary(tmp_path / "models")
    assert library.ids() == LIBRARY.ids()
    assert list(library.broken()) == []


def test_a_file_of_the_user_wins_over_a_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "asj10l.toml").write_text(MINE, "utf-8")
    (tmp_path / "own.toml").write_text("\ufeff" + MINE.replace('"asj10l"', '"own"'), "utf-8")
    (tmp_path / "notes.txt").write_text("not a model")
    (tmp_path / "Not a model id.toml").write_text("?")
    library = ModelLibrary(tmp_path)
    assert set(library.ids()) == {*LIBRARY.ids(), "own"}
    assert (library.get("asj10l").name, library.builtin("asj10l").name) == ("My ASJ10L", "ASJ10L")
    assert library.get("own").name == "My ASJ10L"
    assert (library.is_users("own"), library.is_users("asj10l"), library.is_users("adw300")) == (True, True, False)
    assert "my table" in {model.source for model in library.usable()}


def test_a_broken_file_is_told_and_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[model", "utf-8")
    (tmp_path / "chinese.toml").write_bytes("名称".encode("gb18030"))
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "large.toml").write_bytes(b"#" * (LARGEST_FILE + 1))
    (tmp_path / "own.toml").write_text(MINE.replace('"asj10l"', '"own"'), "utf-8")
    library = ModelLibrary(tmp_path)
    broken = {error.file: [problem.key for problem in error.problems] for error in library.broken()}
    assert broken == {
        "broken.toml": ["not_toml"],
        "chinese.toml": ["not_utf8"],
        "folder.toml": ["unreadable"],
        "large.toml": ["too_large"],
    }
    assert {model.id for model in library.usable()} >= {*LIBRARY.ids()}
    with pytest.raises(FileProblemsError):
        library.get("broken")


def test_a_file_whose_id_is_another_ones_is_not_used(tmp_path: Path) -> None:
    """A copy in which the id was forgotten: a device of it would be read with the built-in model after a restart."""
    (tmp_path / "own.toml").write_text(MINE, "utf-8")
    library = ModelLibrary(tmp_path)
    with pytest.raises(FileProblemsError, match=r"^own\.toml:3: id: the id is 'asj10l', but .* 'own\.toml'"):
        library.get("own")
    assert [error.file for error in library.broken()] == ["own.toml"]
    assert library.get("asj10l").name == "ASJ10L"


def test_a_word_is_never_taken_for_a_number_between_two() -> None:
    text = MINE.replace("Lg = { at = 7 }", 'DOC_Mode = { at = 7, type = "f32", words = { 0 = "off", 1 = "on" } }')
    point = read_model(text, file="words.toml").points[PointKey("1", "DOC_Mode")]
    assert [point.value_of(raw) for raw in (0.0, 1.0, 1.5)] == ["off", "on", None]


@pytest.mark.parametrize("model_id", ["adw9000", "../own", ""])
def test_an_unknown_model_is_answered_with_the_known_ones(tmp_path: Path, model_id: str) -> None:
    (tmp_path / "own.toml").write_text(MINE, "utf-8")
    library = ModelLibrary(tmp_path / "models")
    for get in (library.get, library.builtin):
        with pytest.raises(UnknownModelError, match="adw300"):
            get(model_id)
