"""Column k: number of decimals or multiplier."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.registers import RegisterType
from custom_components.acrel_safety.aioacrel.table import KMode
from custom_components.acrel_safety.aioacrel.table.factor import decimal_text, factor, parse_k, spell
from tests.aioacrel.tables import decoded, findings, imported, key, row, undecided

PLAIN = row(data_name="Ub", reg_add=257)
MULTIPLIED = row(data_name="Ub", reg_add=257, k=10)


@pytest.mark.parametrize(
    ("dcm", "k", "alone", "among_multipliers", "as_multiplier"),
    [
        (0, "", 1, 1, 1),
        (0, "0", 1, 1, 1),
        (1, "0.0", 1, 1, 1),
        (1, "1", 1, 1, 1),
        (3, "1", 1, 1, 1),
        (2, "2", 1, 1, 2),
        (3, "3.0", 1, 1, 3),
        (0, "0.1", "0.1", "0.1", "0.1"),
        (0, ".5", "0.5", "0.5", "0.5"),
        (1, "2.5", "2.5", "2.5", "2.5"),
        (0, "-1", -1, -1, -1),
        (0, "10", 10, 10, 10),
        (0, "1e2", 100, 100, 100),
        (0, "1E-05", "0.00001", "0.00001", "0.00001"),
        (1, "2", 1, 2, 2),
        (0, "9", 1, 9, 9),
        (3, "2", 1, 2, 2),
    ],
)
def test_rows_are_judged_one_by_one(
    dcm: int, k: str, alone: float | str, among_multipliers: float | str, as_multiplier: float | str
) -> None:
    text = row(data_name="DOC_x", dcm=dcm, k=k)

    def scale(other: str, mode: KMode) -> Fraction:
        return imported(text, other, k_mode=mode).model.registers.places[key("DOC_x@1")].scale * Fraction(10**dcm)

    assert scale(PLAIN, KMode.AUTO) == Fraction(alone)
    assert scale(MULTIPLIED, KMode.AUTO) == Fraction(among_multipliers)
    assert scale(PLAIN, KMode.MULTIPLIER) == Fraction(as_multiplier)
    assert scale(MULTIPLIED, KMode.DECIMALS) == 1


@pytest.mark.parametrize("mode", [KMode.DECIMALS, KMode.MULTIPLIER])
def test_a_chosen_mode_asks_nothing_more(mode: KMode) -> None:
    table = imported(row(dcm=1, k=2), k_mode=mode)

    assert table.problems == ()
    assert undecided(table) == frozenset()
    assert [choice.is_decided for choice in table.choices] == [True]
    assert table.model.k_mode == mode


@pytest.mark.parametrize("k", ["x", "nan", "inf", "1,5", "1e99", "1e-9", "9999999999", "--1", "1_0", "²"])
def test_a_k_that_is_no_usable_number_is_told(k: str) -> None:
    table = imported(row(k=f'"{k}"'))

    assert findings(table.problems) == [(2, "k", "bad_k")]
    assert table.model.registers.places[key("Ua@1")].scale == 1


def test_a_bit_has_no_factor() -> None:
    table = imported(row(data_name="DOC_b", reg_type=1, k=5), row(data_name="DOC_c", reg_type=1, endian=2, k=10))

    assert (table.problems, table.choices) == ((), ())
    assert decoded(table.model, 256, [0b101]) == {"DOC_b@1": False, "DOC_c@1": True}


def test_the_tens_digit_of_a_packed_number_may_have_a_factor() -> None:
    table = imported(row(data_name="DOC_ones", reg_type=3, endian=0), row(data_name="DOC_tens", reg_type=3, k=10))

    assert decoded(table.model, 256, [0x0042]) == {"DOC_ones@1": 2, "DOC_tens@1": 40}


@pytest.mark.parametrize(
    ("scale", "dcm", "k"),
    [
        ("1", 0, "1"),
        ("0.1", 1, "1"),
        ("0.001", 3, "1"),
        ("10", 0, "10"),
        ("1000", 0, "1000"),
        ("5", 1, "50"),
        ("2.5", 1, "25"),
        ("0.5", 2, "50"),
        ("0.02", 3, "20"),
        ("-1", 0, "-1"),
        ("60", 0, "60"),
    ],
)
def test_scales_are_spelled_so_that_nobody_can_misread_them(scale: str, dcm: int, k: str) -> None:
    assert spell(Fraction(scale), RegisterType.U16) == (dcm, k)


@pytest.mark.parametrize(
    ("scale", "kind"),
    [
        (Fraction(1, 3), RegisterType.U16),
        (Fraction(1, 10**12), RegisterType.U32),
        (Fraction(10**12), RegisterType.U32),
        (Fraction(5), RegisterType.BIT4),
        (Fraction(1, 3), RegisterType.BIT2),
    ],
)
def test_some_scales_cannot_be_spelled(scale: Fraction, kind: RegisterType) -> None:
    assert spell(scale, kind) is None


def test_bit_fields_are_spelled_without_decimals() -> None:
    assert spell(Fraction(1, 10), RegisterType.BIT4) == (0, "0.1")
    assert spell(Fraction(10), RegisterType.BIT4) == (0, "10")
    assert spell(Fraction(7), RegisterType.BIT) == (0, "1")


@given(st.integers(-(10**7), 10**7).filter(bool), st.integers(-3, 9), st.booleans())
def test_what_is_spelled_is_read_back_exactly(digits: int, decimals: int, uses_multipliers: bool) -> None:
    scale = Fraction(digits) / Fraction(10) ** decimals
    spelled = spell(scale, RegisterType.U32)
    if spelled is not None:
        dcm, text = spelled
        k = parse_k(text)
        assert factor(k, dcm, KMode.AUTO, uses_multipliers=uses_multipliers) / 10**dcm == scale
        assert factor(k, dcm, KMode.MULTIPLIER, uses_multipliers=uses_multipliers) / 10**dcm == scale


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-1000, max_value=1000))
def test_decimal_text_is_the_number(number: object) -> None:
    text = decimal_text(Fraction(str(number)))

    assert text is not None
    assert Fraction(text) == Fraction(str(number))
    assert "e" not in text.lower()
