"""Every code of the vocabulary is found by its spelling, and only by a spelling that means it."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety import aioacrel
from custom_components.acrel_safety.aioacrel.vocabulary import (
    MEASURED,
    Kind,
    Pace,
    Range,
    extra_quantity,
    parse_range,
    unit_range,
    vocabulary,
)

ROWS = list(csv.DictReader(files(aioacrel).joinpath("vocabulary.csv").read_text("utf-8").splitlines()))
WORDS = vocabulary()


def members(row: dict[str, str]) -> list[str]:
    """Spell out a family with its own reading of the column `series`."""
    names, values = [], []
    for part in row["series"].split():
        name, _, series = part.partition("=")
        names.append(name)
        if ".." in series:
            first, last = series.split("..")
            width = len(first) if first.startswith("0") else 1
            values.append([f"{number:0{width}d}" for number in range(int(first), int(last) + 1)])
        else:
            values.append(series.split(","))
    return [row["code"].format(**dict(zip(names, choice, strict=True))) for choice in product(*values)]


CODES = {code: row for row in ROWS for code in members(row)}
BY_CASE = defaultdict(set)
for known in CODES:
    BY_CASE[known.casefold()].add(known)


def test_no_code_belongs_to_two_rows() -> None:
    assert len(CODES) == sum(len(members(row)) for row in ROWS)


def test_every_code_is_found_as_itself() -> None:
    for code, row in CODES.items():
        found = WORDS.find(code)
        assert found is not None, code
        assert found.code == code
        assert found.pattern == row["code"]
        assert found.kind == row["kind"]
        assert found.unit == (row["unit"] or None)
        assert WORDS.match(code) == found


def test_every_row_is_complete() -> None:
    keys = [row["key"] for row in ROWS]
    assert len(set(keys)) == len(keys)
    for quantity in WORDS:
        assert quantity.names["en"], quantity
        assert quantity.names["zh"], quantity
        if quantity.kind in (Kind.ALARM, Kind.FAULT):
            assert quantity.binary, quantity
        if quantity.kind is Kind.ENERGY:
            assert quantity.unit in ("kWh", "kvarh", "kVAh"), quantity


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase])
def test_another_case_matches_only_where_one_code_fits(change: object) -> None:
    assert callable(change)
    for code in CODES:
        spelling = change(code)
        if spelling in CODES:
            continue
        fitting = BY_CASE[code.casefold()]
        found = WORDS.match(spelling)
        assert (found.code if found else None) == (code if fitting == {code} else None), spelling


def test_codes_that_differ_only_in_case_are_never_guessed() -> None:
    assert {frozenset(codes) for codes in BY_CASE.values() if len(codes) > 1} == {
        frozenset({"MEPIMDM", "MEPIMDm"}),
        frozenset({"FrHigh", "FrHIGH"}),
        frozenset({"FrLow", "FrLOW"}),
        frozenset({"Switch", "SWITCH"}),
    }
    assert WORDS.match("mepimdm") is None
    assert WORDS.match("frhigh") is None


def test_an_alarm_of_two_levels_is_not_one_of_one_level() -> None:
    lowercase = WORDS.match("lg1high1")
    assert lowercase is not None
    assert lowercase.code == "Lg1HIGH1"
    assert (WORDS.quantity("Lg1High").key, WORDS.quantity("Lg1HIGH1").key) == (
        "residual_current_n_high",
        "residual_current_n_high_pre_alarm",
    )


def test_aliases_mean_their_code() -> None:
    for row in ROWS:
        for alias in row["aliases"].split():
            found = WORDS.match(alias)
            assert found is not None
            assert found.code == row["code"]


def test_chinese_terms() -> None:
    residual = WORDS.by_chinese_term("漏电流")
    assert residual is not None
    assert residual.code == "Lg"
    total = WORDS.by_chinese_term("正向有功总电能")
    assert total is not None
    assert total.code == "EPI"
    assert WORDS.by_chinese_term("过压") is None  # two codes bear this name
    assert WORDS.by_chinese_term("无此量") is None


@pytest.mark.parametrize("code", ["Lg17", "Lg0", "Lg01", "UaHr2", "UaHr32", "Uahr02x", "", "UdHr02", "lg"])
def test_what_is_no_member_of_a_family_is_not_found(code: str) -> None:
    assert WORDS.find(code) is None


def test_a_family_fills_in_its_placeholders() -> None:
    harmonic = WORDS.quantity("UbHr07")
    assert harmonic.placeholders == {"p": "b", "nn": "07"}
    assert harmonic.name() == "Voltage harmonic 07 phase B"
    assert harmonic.name("zh") == "B相电压07次谐波含量"
    assert harmonic.name("fr") == harmonic.name("en")


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("Lg", Pace.FAST),
        ("Lg7", Pace.FAST),
        ("TempA", Pace.FAST),
        ("RlySta", Pace.FAST),
        ("UHigh", Pace.FAST),
        ("LgFauSta", Pace.FAST),
        ("IsnRShow", Pace.FAST),
        ("ArcNum", Pace.FAST),
        ("Ua", Pace.NORMAL),
        ("P", Pace.NORMAL),
        ("Fr", Pace.NORMAL),
        ("EPI", Pace.SLOW),
        ("EPID", Pace.SLOW),
        ("UaTHD", Pace.SLOW),
        ("LgHighVal02", Pace.SLOW),
        ("CT", Pace.SLOW),
    ],
)
def test_what_may_call_for_a_cut_off_is_read_often(code: str, group: Pace) -> None:
    assert WORDS.quantity(code).pace is group


def test_a_code_outside_the_vocabulary_is_kept_as_it_is() -> None:
    extra = WORDS.quantity("DOC_Oil level")
    assert (extra.code, extra.key, extra.name(), extra.name("zh")) == (
        "DOC_Oil level",
        "extra",
        "Oil level",
        "Oil level",
    )
    assert (extra.kind, extra.binary) == (Kind.MEASUREMENT, False)
    assert extra_quantity("DOC_").name() == "DOC_"
    assert extra_quantity("DOC_Fire", kind=Kind.ALARM, names={"zh": "火警"}).binary
    assert extra_quantity("DOC_Fire", names={"zh": "火警"}).name("zh") == "火警"


@given(st.text())
def test_no_spelling_is_too_odd_to_look_up(spelling: str) -> None:
    found = WORDS.match(spelling)
    assert found is None or found.code in CODES
    assert WORDS.quantity(spelling).code == spelling
    assert isinstance(WORDS.quantity(f"DOC_{spelling}").name("zh"), str)
    assert isinstance(extra_quantity("DOC_x", names={"zh": spelling}).name("zh"), str)
    WORDS.by_chinese_term(spelling)


def test_ranges_are_closed_and_may_be_open_ended() -> None:
    assert parse_range("0..") == Range(low=0)
    assert parse_range("-1..1") == Range(low=-1, high=1)
    assert parse_range("") == Range()
    assert 0 in parse_range("0..")
    assert -0.1 not in parse_range("0..")
    assert 1 in parse_range("-1..1")
    assert 1.001 not in parse_range("-1..1")
    assert 1e12 in Range()


def test_every_measured_quantity_has_both_ends_and_so_has_any_other_in_a_known_unit() -> None:
    for quantity in WORDS:
        if quantity.kind in MEASURED and not quantity.binary:
            assert quantity.range.low is not None, quantity.code
            assert quantity.range.high is not None, quantity.code
            assert quantity.range.low < quantity.range.high, quantity.code
        if quantity.kind in MEASURED and quantity.unit is not None:
            other = extra_quantity("DOC_Something", unit=quantity.unit)
            assert None not in (other.range.low, other.range.high), quantity.unit
    assert extra_quantity("DOC_Rated voltage", kind=Kind.SETTING, unit="V").range == Range()
    assert extra_quantity("DOC_Something").range == Range()


@pytest.mark.parametrize(
    ("code", "fits", "cannot_be"),
    [
        ("Ua", [0, 400, 35_000], [-1, 6_553_500]),
        ("Temp", [-40, 0, 125, 200], [-50.1, 214.7, 3276.7]),
        ("Fr", [0, 49.9, 60], [-0.01, 327.67, 655.35]),
        ("PF", [-1, 0, 0.95, 1], [1.001, 65.535]),
        ("UaTHD", [0, 2.5, 180], [-0.1, 6553.5]),
        ("Uub", [0, 1.2, 200], [-0.1, 327.67, 655.35]),
        ("Humi", [0, 55, 100], [-1, 127, 255]),
        ("Battery", [0, 55, 100], [-1, 127, 255]),
        ("DOC_Something", [1e12, -1e12], []),
    ],
)
def test_what_no_instrument_can_have_measured_is_out_of_range(
    code: str, fits: Sequence[float], cannot_be: Sequence[float]
) -> None:
    found = WORDS.quantity(code).range
    assert [number for number in fits if number not in found] == []
    assert [number for number in cannot_be if number in found] == []


def test_a_range_belongs_to_its_unit() -> None:
    power = WORDS.quantity("P")
    assert power.in_unit("kW") is power
    assert power.in_unit("W").range == Range(low=-2e9, high=2e9)
    assert WORDS.quantity("Temp").in_unit("°F").range == Range()
    assert WORDS.quantity("LgHighVal02").in_unit("A").range == Range()
    assert unit_range("mA") == Range(low=-1e8, high=1e8)
