"""Two whole tables with invented addresses: a two-circuit monitor with its answer on the wire, one full of traps."""

import pytest

from custom_components.acrel_safety.aioacrel.points import Evidence
from custom_components.acrel_safety.aioacrel.problems import Severity
from custom_components.acrel_safety.aioacrel.registers import LineCost, Order, Read, plan_reads
from custom_components.acrel_safety.aioacrel.registers.blocks import spans_of
from custom_components.acrel_safety.aioacrel.table import ChoiceKind, KMode, TableImport, import_table
from tests.aioacrel.tables import HEADER, decoded, findings, key, undecided, values_of

MONITOR = f"""\
{HEADER}
1,1,Ua,V,0x0100,6,1,1,1,3,,0
2,1,Ia,A,257,6,1,2,2,3,,0
3,1,EPI,kWh,258,8,0,2,2,3,,0
4,1,TempA,℃,260,7,1,1,1,3,,0
5,1,Lg,mA,261,6,1,0,0,3,,0
6,2,Lg,mA,262,6,1,0,0,3,,0
7,1,LgFauSta,,263,1,0,0,0,3,,0
8,2,LgFauSta,,263,1,1,0,0,3,,0
9,2,DOC_Self-test result,,263,2,4,0,0,3,,0
"""
MONITOR_ANSWER = bytes.fromhex("01 03 10 08 FC 04 D2 00 01 E2 40 FF CE 00 1E 01 F4 02 02 BA 0F")

TRAPS = f"""\
\ufeff{HEADER},style,note
流水号,组号,参数名,单位,寄存器地址,数据类型,端序,采集小数位,转发小数位,功能码,计算,样式
1,x,DOC_CH3漏电流,mA,0200H,6,1,0,0,3,,0,,old export
2,1,IsnRShow,kΩ,513,6,1,0,10,3,,0,,
3,1,P,kW,514,12,0,0,0,3,,0,,
4,1,EPE,kWh,516,8,1,2,2,3,,0,,
5,1,DOC_Hour,,518,4,0,0,1,3,,0,,
6,1,DOC_Minute,,518,4,1,0,1,3,,0,,
7,1,DOC_Bad type,,519,13,0,0,0,3,,0,,
8,1,DOC_CH1-CH4 alarm,,520,6,1,0,0,3,,0,,
9,1,DOC_Scaled,V,521,6,1,1,2,3,,0,,
"""
TRAPS_WORDS = [0x0064, 0x0032, 0x3FC0, 0x0000, 0x3930, 0x0000, 0x0D2A, 0, 0, 0x0456]


def traps(*, k_mode: KMode = KMode.AUTO) -> TableImport:
    return import_table(TRAPS.encode(), file="traps.csv", model_id="traps", k_mode=k_mode)


def words_of(frame: bytes) -> list[int]:
    data = frame[3:-2]
    return [int.from_bytes(data[index : index + 2]) for index in range(0, len(data), 2)]


def test_monitor_reads_as_its_answer_says() -> None:
    monitor = import_table(MONITOR.encode(), file="monitor.csv", model_id="monitor")

    assert monitor.problems == ()
    assert decoded(monitor.model, 0x0100, words_of(MONITOR_ANSWER)) == {
        "Ua@1": 230.0,
        "Ia@1": 12.34,
        "EPI@1": 1234.56,
        "TempA@1": -5.0,
        "Lg@1": 30,
        "Lg@2": 500,
        "LgFauSta@1": False,
        "LgFauSta@2": True,
        "DOC_Self-test result@2": 2,
    }


def test_monitor_needs_one_read_of_eight_registers() -> None:
    model = import_table(MONITOR.encode(), file="monitor.csv", model_id="monitor").model

    spans = spans_of(model.registers.places.values())
    assert plan_reads(spans, LineCost(), max_registers=model.registers.max_registers) == [Read(3, 0x0100, 8)]


def test_monitor_becomes_a_model_of_its_own() -> None:
    model = import_table(MONITOR.encode(), file="monitor.csv", model_id="monitor").model

    assert (model.id, model.evidence, model.k_mode) == ("monitor", Evidence.IMPORTED, "auto")
    assert [circuit.names["en"] for circuit in model.circuits.values()] == ["Circuit 1", "Circuit 2"]
    assert {point.evidence for point in model.points.values()} == {Evidence.IMPORTED}
    assert model.points[key("TempA@1")].quantity.unit == "°C"
    assert not model.settable


def test_traps_are_reported_all_at_once() -> None:
    table = traps()

    assert (len(table.rows), table.rejected) == (8, 1)
    assert findings(table.problems) == [
        (3, "group", "group_from_name"),
        (6, "endian", "order_by_default"),
        (9, "reg_type", "bad_reg_type"),
        (10, "data_name", "ambiguous_circuit"),
        (11, "k", "k_ambiguous"),
    ]
    assert [problem.severity for problem in table.errors] == [Severity.ERROR]
    assert len(table.warnings) == 4


def test_traps_read_as_they_should() -> None:
    values = decoded(traps().model, 512, TRAPS_WORDS)

    assert values == {
        "Lg@3": 100,
        "IsnRShow@1": 500,
        "P@1": 1.5,
        "EPE@1": 123.45,
        "DOC_Hour@1": 13,
        "DOC_Minute@1": 42,
        "DOC_CH1-CH4 alarm@1": 0,
        "DOC_Scaled@1": 222.0,
    }


def test_without_a_multiplier_in_the_file_the_ambiguous_row_is_not_multiplied() -> None:
    data = "\n".join(line for line in TRAPS.splitlines() if "IsnRShow" not in line).encode()

    table = import_table(data, file="traps.csv", model_id="traps")

    assert decoded(table.model, 512, TRAPS_WORDS)["DOC_Scaled@1"] == 111.0
    assert (10, "k", "k_ambiguous") in findings(table.problems)


def test_rejected_rows_are_told_and_left_out() -> None:
    assert "9: reg_type: '13' is not a data type; allowed: 1-12" in [problem.text() for problem in traps().errors]
    assert traps().model.id == "traps"


def test_preview_shows_both_meanings_side_by_side() -> None:
    order, factor = traps().choices

    assert (order.kind, order.key, order.line, order.chosen) == (ChoiceKind.ORDER, key("EPE@1"), 6, "endian 1")
    assert values_of(order, [0x3930, 0x0000]) == {"endian 0": 9594470.40, "endian 1": 123.45}
    assert (factor.kind, factor.key, factor.line, factor.chosen) == (
        ChoiceKind.FACTOR,
        key("DOC_Scaled@1"),
        11,
        "factor 2",
    )
    assert values_of(factor, [0x0456]) == {"factor 1": 111.0, "factor 2": 222.0}


def test_open_choices_are_marked_until_they_are_made() -> None:
    table = traps()
    assert undecided(table) == {key("EPE@1"), key("DOC_Scaled@1")}
    assert table.model.points[key("EPE@1")].note == "endian 1 not confirmed"
    assert table.model.points[key("DOC_Scaled@1")].note == "k 2 not confirmed"

    decided = table.with_choices(k_mode=KMode.DECIMALS, orders={key("EPE@1"): Order.NORMAL})

    assert undecided(decided) == frozenset()
    assert decided.model.k_mode == "decimals"
    assert decided.model.points[key("EPE@1")].note == ""
    assert findings(decided.warnings) == [(3, "group", "group_from_name"), (10, "data_name", "ambiguous_circuit")]
    values = decoded(decided.model, 512, TRAPS_WORDS)
    assert (values["EPE@1"], values["DOC_Scaled@1"], values["IsnRShow@1"]) == (9594470.40, 111.0, 50)
    assert [(choice.chosen, choice.is_decided) for choice in decided.choices] == [
        ("endian 0", True),
        ("factor 1", True),
    ]


def test_choices_made_one_after_the_other_add_up() -> None:
    table = traps().with_choices(orders={key("EPE@1"): Order.NORMAL}).with_choices(k_mode=KMode.MULTIPLIER)

    values = decoded(table.model, 512, TRAPS_WORDS)
    assert (values["EPE@1"], values["DOC_Scaled@1"]) == (2 * 9594470.40, 222.0)


def test_confirming_what_the_file_says_ends_the_question() -> None:
    table = traps().with_choices(orders={key("EPE@1"): Order.REVERSED})

    assert key("EPE@1") not in undecided(table)
    assert decoded(table.model, 512, TRAPS_WORDS)["EPE@1"] == 123.45


def test_an_order_the_format_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="is no order of u16"):
        traps().with_choices(orders={key("DOC_Scaled@1"): Order.REVERSED})
