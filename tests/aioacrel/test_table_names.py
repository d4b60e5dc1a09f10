"""Names: circuit numbers in them, DOC_, the vocabulary; and units in their many spellings."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.table.names import clean, resolve
from custom_components.acrel_safety.aioacrel.table.units import canonical
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, vocabulary
from tests.aioacrel.tables import decoded, findings, imported, key, row


@pytest.mark.parametrize(
    ("name", "group", "point"),
    [
        ("Ua", 1, "Ua@1"),
        ("Ua", 7, "Ua@7"),
        ("ua", 1, "Ua@1"),
        ("UAC", 1, "Uca@1"),
        ("Lg2", 1, "Lg2@1"),
        ("漏电流", 1, "Lg@1"),
        ("DOC_漏电流", 4, "Lg@4"),
        ("A相电压", 1, "Ua@1"),
        ("switch", 1, "DOC_switch@1"),
        ("FRHIGH", 1, "DOC_FRHIGH@1"),
        ("FrHigh", 1, "FrHigh@1"),
        ("FrHIGH", 1, "FrHIGH@1"),
        ("MEPIMDm", 1, "MEPIMDm@1"),
        ("MEPIMDM", 1, "MEPIMDM@1"),
        ("Lg1High", 1, "Lg1High@1"),
        ("Lg1HIGH1", 1, "Lg1HIGH1@1"),
        ("RLYOFF", 1, "RLYOFF@1"),
        ("rlyoff", 1, "DOC_rlyoff@1"),
        ("reset", 1, "DOC_reset@1"),
        ("Something else", 1, "DOC_Something else@1"),
        ("DOC_Self-test", 1, "DOC_Self-test@1"),
        ("DOC_Ua", 1, "DOC_Ua@1"),
        ("DOC_DOC_x", 1, "DOC_x@1"),
        ("DOC_ DOC_ x", 1, "DOC_x@1"),
        ("  a \t b\u3000c ", 1, "DOC_a b c@1"),
        ("a\u0007b{n}", 1, "DOC_a b(n)@1"),
    ],
)
def test_names_become_codes(name: str, group: int, point: str) -> None:
    table = imported(row(data_name=name, group=group))

    assert table.problems == ()
    assert [str(known) for known in table.model.points] == [point]


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("CH6Ua", "Ua@6"),
        ("CH6 Ua", "Ua@6"),
        ("ch06_Ua", "Ua@6"),
        ("CH-6: Ua", "Ua@6"),
        ("CH6A相电压", "Ua@6"),
        ("DOC_CH6漏电流", "Lg@6"),
        ("Channel 6 Lg", "Lg@6"),
        ("CHANNEL6Lg", "Lg@6"),
        ("CH6 Self-test", "DOC_Self-test@6"),
        ("DOC_CH6 DOC_Self-test", "DOC_Self-test@6"),
        ("第六回路Lg", "Lg@6"),
        ("第6回路漏电流", "Lg@6"),
        ("第 6 回路 漏电流", "Lg@6"),
        ("6号回路漏电流", "Lg@6"),
        ("六号回路漏电流", "Lg@6"),
        ("6#回路漏电流", "Lg@6"),
        ("回路6漏电流", "Lg@6"),
        ("回路六漏电流", "Lg@6"),
        ("DOC_回路6自检", "DOC_自检@6"),
        ("第十回路漏电流", "Lg@10"),
        ("第十二回路漏电流", "Lg@12"),
        ("第二十回路漏电流", "Lg@20"),
        ("第二十三回路漏电流", "Lg@23"),
        ("第九十九回路漏电流", "Lg@99"),
        ("CH9999 x", "DOC_x@9999"),
    ],
)
def test_a_circuit_in_the_name_goes_into_the_group(name: str, point: str) -> None:
    table = imported(row(data_name=name, group=1))

    assert findings(table.problems) == [(2, "group", "group_from_name")]
    assert [str(known) for known in table.model.points] == [point]


def test_a_circuit_in_the_name_that_the_group_says_too_needs_no_word() -> None:
    table = imported(row(data_name="CH6Lg", group=6))

    assert table.problems == ()
    assert [*table.model.points] == [key("Lg@6")]


@pytest.mark.parametrize(
    ("name", "group", "point"),
    [
        ("CH1-CH16 alarm", 1, "DOC_CH1-CH16 alarm@1"),
        ("CH1-16 alarm", 1, "DOC_CH1-16 alarm@1"),
        ("CH1~CH4", 1, "DOC_CH1~CH4@1"),
        ("Channels 1 to 4 alarm", 1, "DOC_Channels 1 to 4 alarm@1"),
        ("CH1/2 alarm", 2, "DOC_CH1/2 alarm@2"),
        ("CH1 CH2 alarm", 1, "DOC_CH1 CH2 alarm@1"),
        ("CH1.5 alarm", 1, "DOC_CH1.5 alarm@1"),
        ("第1至第16回路报警", 1, "DOC_第1至第16回路报警@1"),
        ("第一至十六回路报警", 1, "DOC_第一至十六回路报警@1"),
        ("第1回路至第16回路报警", 1, "DOC_第1回路至第16回路报警@1"),
        ("1-16号回路报警", 1, "DOC_1-16号回路报警@1"),
        ("回路1-16报警", 1, "DOC_回路1-16报警@1"),
        ("CH2", 1, "DOC_CH2@1"),
        ("DOC_第二回路", 1, "DOC_第二回路@1"),
        ("CH2: -", 1, "DOC_CH2: -@1"),
        ("CH0 Ua", 1, "DOC_CH0 Ua@1"),
        ("CH10000 Ua", 1, "DOC_CH10000 Ua@1"),
        ("第一二回路漏电流", 1, "DOC_第一二回路漏电流@1"),
        ("第三四十回路漏电流", 1, "DOC_第三四十回路漏电流@1"),
        ("第十三四回路漏电流", 1, "DOC_第十三四回路漏电流@1"),
        ("回路三相电压", 1, "DOC_回路三相电压@1"),
        ("CH6Ua", 2, "DOC_CH6Ua@2"),
    ],
)
def test_a_circuit_that_is_not_clear_is_left_alone(name: str, group: int, point: str) -> None:
    table = imported(row(data_name=name, group=group))

    assert findings(table.problems) == [(2, "data_name", "ambiguous_circuit")]
    assert [str(known) for known in table.model.points] == [point]


@pytest.mark.parametrize("name", ["CHARGE", "Chiller 6", "回路电压", "第六路漏电流", "DOC_6"])
def test_other_words_name_no_circuit(name: str) -> None:
    table = imported(row(data_name=name))

    assert table.problems == ()
    assert {point.circuit for point in table.model.points} == {"1"}


@pytest.mark.parametrize("group", ["x", "", "0", "-1", "1.5", "10000", "\uff19"])
def test_a_group_that_is_no_circuit_counts_as_circuit_1(group: str) -> None:
    table = imported(row(group=group))

    assert findings(table.problems) == [(2, "group", "group_assumed")]
    assert [*table.model.points] == [key("Ua@1")]


def test_a_circuit_in_the_name_makes_up_for_a_bad_group() -> None:
    table = imported(row(data_name="CH3Ua", group="x"), row(data_name="CH1 Ub", group="x", reg_add=257))

    assert findings(table.problems) == [(2, "group", "group_from_name"), (3, "group", "group_assumed")]
    assert [*table.model.points] == [key("Ua@3"), key("Ub@1")]


def test_points_without_a_name_are_kept_under_their_place() -> None:
    table = imported(
        row(data_name=""),
        row(data_name="DOC_", reg_add=0x1AB),
        row(data_name=" ", reg_add=0x300, reg_type=1, endian=3),
        row(data_name="DOC_DOC_", reg_add=0x300, reg_type=1, endian=4),
    )

    assert findings(table.problems) == [(line, "data_name", "empty_name") for line in (2, 3, 4, 5)]
    assert [str(known) for known in table.model.points] == [
        "DOC_0100h@1",
        "DOC_01ABh@1",
        "DOC_0300h.3@1",
        "DOC_0300h.4@1",
    ]


PIECES = st.one_of(
    st.sampled_from(
        ["DOC_", "CH", "Channel", "6", "12", "第", "六", "十", "回路", "号", "-", " ", "至", ".", "Ua", "漏电流"]
    ),
    st.text(max_size=3),
)


@given(st.lists(PIECES, max_size=7), st.integers(1, 9999))
def test_what_a_name_was_understood_as_is_understood_the_same_again(pieces: list[str], group: int) -> None:
    first = resolve(clean("".join(pieces)), group)
    second = resolve(clean(first.code), first.group)

    assert (second.group, second.code) == (first.group, first.code)


@given(st.sampled_from([quantity.code for quantity in vocabulary() if "{" not in quantity.code]), st.integers(1, 9999))
def test_every_code_of_the_vocabulary_stays_itself(code: str, group: int) -> None:
    assert resolve(code, group) == (group, code, None)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", ""),
        ("-", ""),
        ("/", ""),
        ("无", ""),
        ("N/A", ""),
        ("℃", "°C"),
        ("C", "°C"),
        ("KWH", "kWh"),
        ("kW·h", "kWh"),
        ("MWh", "MWh"),
        ("mA", "mA"),
        ("MA", "MA"),
        ("ma", "mA"),
        ("K\u2126", "kΩ"),
        ("M\u2126", "MΩ"),
        ("Kvar", "kvar"),
        ("HZ", "Hz"),
        ("\uff05", "%"),
        ("\u03bcA", "µA"),
        ("次", "次"),
        ("m³ / h", "m³ / h"),
    ],
)
def test_units_in_their_usual_spelling(text: str, unit: str) -> None:
    assert canonical(text) == unit


@pytest.mark.parametrize(
    ("code", "unit", "raw", "value", "taken"),
    [
        ("Lg", "A", 3, 3000, "mA"),
        ("Lg", "µA", 3000, 3, "mA"),
        ("P", "W", 1500, 1.5, "kW"),
        ("P", "MW", 2, 2000, "kW"),
        ("EPI", "Wh", 2500, 2.5, "kWh"),
        ("EPI", "MWh", 2, 2000, "kWh"),
        ("Ua", "kV", 10, 10000, "V"),
        ("IR", "Ω", 2500, 2.5, "kΩ"),
        ("IR", "MΩ", 1, 1000, "kΩ"),
        ("LgHighTim", "ms", 500, 0.5, "s"),
        ("PF", "%", 98, 0.98, "1"),
    ],
)
def test_values_are_brought_into_the_unit_they_have_everywhere(
    code: str, unit: str, raw: int, value: float, taken: str
) -> None:
    table = imported(row(data_name=code, unit=unit))

    assert findings(table.problems) == [(2, "unit", "unit_converted")]
    assert table.problems[0].sentence() == f"the unit is {unit}; values are converted to {taken}, as everywhere else"
    assert decoded(table.model, 256, [raw]) == {f"{code}@1": value}


@pytest.mark.parametrize(("code", "unit"), [("TempA", "°F"), ("Ua", "A"), ("Lg", "MA"), ("Ua", "V AC")])
def test_a_unit_that_does_not_fit_stays_and_is_told(code: str, unit: str) -> None:
    table = imported(row(data_name=code, unit=unit))

    assert findings(table.problems) == [(2, "unit", "unit_differs")]
    assert table.model.points[key(f"{code}@1")].quantity.unit == unit


def test_a_unit_the_vocabulary_does_not_state_is_kept() -> None:
    table = imported(row(data_name="ArcNum", unit="次"), row(data_name="DOC_x", unit="A", reg_add=257))

    assert table.problems == ()
    assert [point.quantity.unit for point in table.model.points.values()] == ["次", "A"]


MEMBERS = sorted(
    member
    for quantity in vocabulary()
    for member in vocabulary().members(quantity)
    if quantity.kind is not Kind.COMMAND
)


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("Phase A voltage", "Ua@1"),
        ("phase a VOLTAGE", "Ua@1"),
        ("Phase_B-voltage", "Ub@1"),
        ("  Phase  C   voltage ", "Uc@1"),
        ("DOC_Phase A voltage", "Ua@1"),
        ("Combined active energy sharp", "EPJ@1"),
        ("Over-temperature 3 trips the breaker", "T3HighRlyOff@1"),
        ("Residual current", "Lg@1"),
        ("Forced close", "DOC_Forced close@1"),
        ("Phase A kw", "DOC_Phase A kw@1"),
        ("DOC_Hour", "DOC_Hour@1"),
    ],
)
def test_the_english_names_of_quantities_are_understood(name: str, point: str) -> None:
    table = imported(row(data_name=name))

    assert table.problems == ()
    assert [str(known) for known in table.model.points] == [point]


def test_an_english_name_after_a_circuit() -> None:
    table = imported(row(data_name="CH6 residual current"))

    assert [*table.model.points] == [key("Lg@6")]


def test_a_name_of_several_quantities_is_told_and_not_guessed() -> None:
    table = imported(row(data_name="forced open / close"))

    assert findings(table.problems) == [(2, "data_name", "ambiguous_name")]
    assert "(ForceControl, FORCESWITCH)" in table.problems[0].sentence()
    assert [str(known) for known in table.model.points] == ["DOC_forced open / close@1"]


@given(st.sampled_from(MEMBERS), st.sampled_from([str, str.upper, str.lower, str.title]), st.sampled_from(" _-"))
def test_every_english_name_means_its_own_quantity_or_is_reported(
    code: str, spelling: Callable[[str], str], joiner: str
) -> None:
    quantity = vocabulary().quantity(code)
    table = imported(row(data_name=f'"{spelling(quantity.name()).replace(" ", joiner)}"'))
    (found,) = table.model.points
    told = [problem for problem in table.problems if problem.key == "ambiguous_name"]

    assert found == key(f"{code}@1") or [code in problem.sentence() for problem in told] == [True]
