"""What twelve columns cannot say is told where a table seems to need it."""

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from tests.aioacrel.tables import findings, imported, row

VALUE = row(data_name="Ua", reg_add=512)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("DPT", "scale_elsewhere"),
        ("DOC_DCT", "scale_elsewhere"),
        ("Voltage decimal point", "scale_elsewhere"),
        ("Decimal places of current", "scale_elsewhere"),
        ("power_scale_factor", "scale_elsewhere"),
        ("电压小数点", "scale_elsewhere"),
        ("Sign of power", "sign_elsewhere"),
        ("功率符号位", "sign_elsewhere"),
        ("Data valid", "validity_elsewhere"),
        ("Invalid while starting", "validity_elsewhere"),
        ("数据有效标志", "validity_elsewhere"),
    ],
)
def test_a_register_that_other_values_depend_on(name: str, key: str) -> None:
    table = imported(VALUE, row(data_name=name, reg_add=520))

    assert findings(table.problems) == [(3, "data_name", key)]
    assert len(table.model.points) == 2


@pytest.mark.parametrize(
    "name", ["Signal strength", "Assigned address", "Design current", "Validation code", "有功功率", "Descale", "DP"]
)
def test_other_words_are_no_hint(name: str) -> None:
    assert imported(VALUE, row(data_name=name, reg_add=520)).problems == ()


@pytest.mark.parametrize("code", [10, 11])
def test_a_long_whole_number_among_floats_may_be_a_double(code: int) -> None:
    double = row(data_name="EP", unit="kWh", reg_add=0x3000, reg_type=code)
    table = imported(row(reg_add=0x2100, reg_type=12, endian=0), double)

    assert findings(table.problems) == [(3, "reg_type", "maybe_double")]
    assert imported(VALUE, double).problems == ()


def test_a_ratio_that_nothing_is_multiplied_with() -> None:
    table = imported(VALUE, row(data_name="CT", reg_add=3))
    assert findings(table.problems) == [(3, "data_name", "ratio_elsewhere")]

    waiting = next(model for model in ModelLibrary().usable() if model.needs_table)
    assert "ratio_elsewhere" not in [
        problem.key for problem in imported(VALUE, row(data_name="CT", reg_add=3), base=waiting).problems
    ]
