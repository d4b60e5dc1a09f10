"""How addresses are written: what is plausible is shown in every reading before it is used, nothing is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.errors import FileProblemsError
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.models.writer import write_model
from custom_components.acrel_safety.aioacrel.registers import LAST_REGISTER
from custom_components.acrel_safety.aioacrel.table import (
    AddressMode,
    ChoiceKind,
    TableImport,
    export_table,
    import_table,
)
from custom_components.acrel_safety.aioacrel.table.addresses import register
from custom_components.acrel_safety.aioacrel.table.columns import place_of
from tests.aioacrel.tables import findings, imported, row, table, undecided

LIBRARY = ModelLibrary()


def addressed(*texts: str | int, kind: int = 6, mode: AddressMode = AddressMode.AUTO) -> TableImport:
    """Import a table of plain values at these addresses."""
    endian = 1 if kind == 6 else 0
    rows = [
        row(data_name=f"DOC_{number}", reg_add=text, reg_type=kind, endian=endian) for number, text in enumerate(texts)
    ]
    return import_table(table(*rows), file="my.csv", model_id="mine", address_mode=mode)


def addresses(made: TableImport) -> list[int]:
    return [place.address for place in made.model.registers.places.values()]


@pytest.mark.parametrize(
    ("texts", "mode", "key", "others"),
    [
        (("40098", "40099", "40001"), "data_model", "address_data_model", [97, 98, 0]),
        (("30001", "30010"), "data_model", "address_data_model", [0, 9]),
        (("0061", "0062", "1000"), "hex", "address_hex", [0x61, 0x62, 0x1000]),
        (("1", "2", "5"), "from_one", "address_from_one", [0, 1, 4]),
    ],
)
def test_both_readings_are_shown_and_the_user_decides(
    texts: tuple[str, ...], mode: str, key: str, others: list[int]
) -> None:
    made = addressed(*texts)
    taken = [int(text) for text in texts]
    assert addresses(made) == taken
    assert findings(made.warnings) == [(line, "reg_add", key) for line in range(2, 2 + len(texts))]
    for problem, usual, other in zip(made.warnings, taken, others, strict=True):
        assert place_of(usual) in problem.sentence("en")
        assert place_of(other) in problem.sentence("en")
        assert place_of(other) in problem.sentence("zh")
    assert [choice.kind for choice in made.choices] == [ChoiceKind.ADDRESS] * len(texts)
    for choice, usual, other in zip(made.choices, taken, others, strict=True):
        assert choice.chosen == f"register {place_of(usual)}"
        assert [point.address for point in choice.alternatives.values()] == [usual, other]
    assert made.address_modes == ("as_written", mode)
    assert len(undecided(made)) == len(texts)
    assert "not confirmed" in next(iter(made.model.points.values())).note

    for answer, wanted in ((AddressMode(mode), others), (AddressMode.AS_WRITTEN, taken)):
        decided = made.with_choices(address_mode=answer)
        assert addresses(decided) == wanted
        assert decided.warnings == ()
        assert undecided(decided) == frozenset()
        assert all(point.note == "" for point in decided.model.points.values())
        assert decided.address_modes == ("as_written", mode)


def test_what_can_only_be_hexadecimal_shows_how_its_neighbours_are_meant() -> None:
    made = addressed("0FFE", "1000", "1002")
    assert addresses(made) == [0x0FFE, 0x1000, 0x1002]
    assert findings(made.warnings) == [
        (2, "reg_add", "address_only_hex"),
        (3, "reg_add", "address_hex"),
        (4, "reg_add", "address_hex"),
    ]
    assert "1000 = 03E8h" in made.warnings[1].sentence()
    decided = made.with_choices(address_mode=AddressMode.AS_WRITTEN)
    assert findings(decided.errors) == [(2, "reg_add", "bad_address")]
    assert addresses(decided) == [1000, 1002]


def test_a_word_is_an_address_only_where_the_file_is_hexadecimal() -> None:
    assert findings(addressed("FACE", "100").errors) == [(2, "reg_add", "bad_address")]
    made = addressed("FACE", "1A00")
    assert addresses(made) == [0xFACE, 0x1A00]
    assert [problem.key for problem in made.warnings] == ["address_only_hex"] * 2


def test_a_padded_address_is_in_doubt_beside_any_other() -> None:
    made = addressed("0061", "12345")
    assert findings(made.warnings) == [(2, "reg_add", "address_hex")]
    assert findings(made.with_choices(address_mode=AddressMode.HEX).errors) == [(3, "reg_add", "bad_address")]


def test_a_number_of_six_digits_shows_how_its_neighbours_are_meant() -> None:
    made = addressed("400001", "40011", "17", "465536")
    assert addresses(made) == [0, 10, 17, 65535]
    assert [problem.key for problem in made.warnings] == [
        "address_only_data_model",
        "address_data_model",
        "address_only_data_model",
    ]


def test_an_address_without_a_mark_among_marked_ones() -> None:
    made = addressed("0x1000", "1002", "1004H", "4102")
    assert addresses(made) == [0x1000, 1002, 0x1004, 4102]
    assert findings(made.warnings) == [(3, "reg_add", "address_hex")]
    assert addresses(made.with_choices(address_mode=AddressMode.HEX))[:3] == [0x1000, 0x1002, 0x1004]


def test_long_values_at_odd_addresses_only_look_counted_from_one() -> None:
    made = addressed("101", "103", "105", kind=8)
    assert [problem.key for problem in made.warnings] == ["address_from_one"] * 3
    assert addresses(made.with_choices(address_mode=AddressMode.FROM_ONE)) == [100, 102, 104]
    assert addressed("101", "103", kind=8).warnings == ()
    assert addressed("101", "103", "106", kind=8).warnings == ()


@pytest.mark.parametrize(
    "texts",
    [
        ("0", "1", "2"),
        ("97", "98", "1000"),
        ("0x0061", "98", "0063H"),
        ("1", "0x0002"),
        ("29999", "50000"),
        ("7",),
    ],
)
def test_nothing_is_asked_where_one_reading_is_plausible(texts: tuple[str, ...]) -> None:
    made = addressed(*texts)
    assert made.problems == ()
    assert made.choices == ()
    assert made.address_modes == ()


@pytest.mark.parametrize(
    ("text", "mode", "line"),
    [("40000", AddressMode.DATA_MODEL, 3), ("0", AddressMode.FROM_ONE, 3), ("12345", AddressMode.HEX, 3)],
)
def test_a_row_that_means_no_register_in_a_mode_is_rejected(text: str, mode: AddressMode, line: int) -> None:
    made = addressed("40001", text, mode=mode) if text == "40000" else addressed("1", text, mode=mode)
    assert findings(made.errors) == [(line, "reg_add", "bad_address")]


def test_a_mode_in_which_no_row_is_left_refuses_the_file() -> None:
    with pytest.raises(FileProblemsError):
        addressed("70000").with_choices(address_mode=AddressMode.HEX)
    with pytest.raises(FileProblemsError):
        addressed("12345").with_choices(address_mode=AddressMode.HEX)


def test_values_that_lie_apart_in_one_reading_may_overlap_in_another() -> None:
    made = addressed("0008", "0010", kind=10)
    assert "overlap" in [problem.key for problem in made.warnings]
    decided = made.with_choices(address_mode=AddressMode.HEX)
    assert "overlap" not in [problem.key for problem in decided.warnings]


@pytest.mark.parametrize("model_id", [model.id for model in LIBRARY.usable() if not model.needs_table])
def test_a_table_of_our_own_is_read_as_it_was_written(model_id: str) -> None:
    text = export_table(LIBRARY.get(model_id))
    made = import_table(text.encode(), file="my.csv", model_id="again")
    usual = import_table(text.encode(), file="my.csv", model_id="again", address_mode=AddressMode.AS_WRITTEN)
    assert addresses(made) == addresses(usual)


TEXTS = st.one_of(
    st.integers(0, 70_000).map(str),
    st.integers(0, LAST_REGISTER).map("{:04X}".format),
    st.integers(0, LAST_REGISTER).map("{:04d}".format),
    st.integers(0, LAST_REGISTER).map("0x{:X}".format),
    st.integers(0, LAST_REGISTER).map("{:x}h".format),
    st.integers(0, LAST_REGISTER).map(lambda place: str(400_001 + place)),
    st.integers(0, 9998).map(lambda place: str(40_001 + place)),
    st.integers(0, 9998).map(lambda place: str(30_001 + place)),
    st.text("0123456789abcdefhxHX -.+", max_size=8),
    st.text(max_size=6).filter(lambda text: text.isprintable() and not set(text) & set('",')),
)


@given(TEXTS, st.sampled_from(AddressMode))
def test_every_text_is_a_register_or_none(text: str, mode: AddressMode) -> None:
    address = register(text, mode)
    assert address is None or 0 <= address <= LAST_REGISTER


@given(st.integers(0, LAST_REGISTER))
def test_every_way_of_writing_leads_back_to_the_register(place: int) -> None:
    assert register(str(place)) == place
    assert register(f"{place:04X}", AddressMode.HEX) == place
    assert register(f"{place:04X}H", AddressMode.DATA_MODEL) == place
    assert register(f"0x{place:X}", AddressMode.FROM_ONE) == place
    assert register(str(place + 1), AddressMode.FROM_ONE) == place
    assert register(str(400_001 + place), AddressMode.DATA_MODEL) == place
    assert register(str(300_001 + place), AddressMode.DATA_MODEL) == place


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_no_doubtful_address_is_used_without_a_word(texts: list[str]) -> None:
    try:
        made = addressed(*texts)
    except FileProblemsError:
        return
    told = {problem.line for problem in made.warnings if problem.key.startswith("address_")}
    for (key, place), usable in zip(made.model.registers.places.items(), made.rows, strict=True):
        assert place.address == usable.address
        if usable.readings:
            assert usable.address in usable.readings.values()
            assert key in undecided(made)
        is_other = usable.address != register(usable.written)
        assert (usable.line in told) is (bool(usable.readings) or is_other)
    for mode in made.address_modes:
        decided = made.with_choices(address_mode=mode)
        assert undecided(decided) == frozenset()
        for usable in decided.rows:
            assert usable.address == register(usable.written, mode)
    assert write_model(made.model)


def test_the_answer_about_addresses_stays_with_the_other_answers() -> None:
    made = imported(row(reg_add="0061", dcm=1, k=2), row(data_name="Ub", reg_add="0062"))
    both = made.with_choices(address_mode=AddressMode.HEX).with_choices(k_mode=made.k_mode.MULTIPLIER)
    assert (both.address_mode, both.k_mode) == ("hex", "multiplier")
    assert addresses(both) == [0x61, 0x62]
    assert undecided(both) == frozenset()
