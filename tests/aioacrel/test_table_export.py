"""What is exported imports back equal, for any model; ten thousand rows take seconds."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.models import ModelLibrary, read_model
from custom_components.acrel_safety.aioacrel.models.entry import Entry
from custom_components.acrel_safety.aioacrel.models.writer import write_model
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers import Layout, Order, RegisterType, scaled
from custom_components.acrel_safety.aioacrel.table import TableImport, export_table, import_table, left_out
from tests.aioacrel.entries import with_entry
from tests.aioacrel.model_strategies import models
from tests.aioacrel.tables import HEADER, decoded, imported, key, row, table

PLAIN = read_model(
    """
[model]
id = "xm"
name = "XM"
title = { en = "Meter" }
evidence = "manual"
source = "manual p. 1"

[[circuits]]
numbers = "0"
needs = ["RlySta"]
[circuits.points]
Fr = { at = 9, scale = 0.01 }
Lg = { at = 8 }

[[circuits]]
numbers = "1-2"
stride = 1
[circuits.points]
Lg = { at = 1 }
P = { at = 0x100, stride = 2, type = "s32", order = "low word first", scale = 5, unit = "W" }
"DOC_Hour, local" = { at = 5, type = "u8", byte = "high" }
LgFauSta = { at = 7, stride = 0, type = "bit", bit = 3, bit_stride = 1 }
""",
    file="xm.toml",
)


def again(model: Model) -> TableImport:
    return import_table(export_table(model).encode(), file="xm.csv", model_id="xm")


def test_an_export_reads_like_a_table_written_by_hand() -> None:
    assert (
        export_table(PLAIN)
        == f"""\
{HEADER}
1,1,Lg,mA,1,6,1,0,1,3,,0
2,1,"DOC_Hour, local",,5,4,0,0,1,3,,0
3,1,LgFauSta,,7,1,3,0,1,3,,0
4,1,Fr,Hz,9,6,1,2,1,3,,0
5,1,P,kW,256,9,2,4,50,3,,0
6,2,Lg,mA,2,6,1,0,1,3,,0
7,2,"DOC_Hour, local",,6,4,0,0,1,3,,0
8,2,LgFauSta,,7,1,4,0,1,3,,0
9,2,P,kW,258,9,2,4,50,3,,0
"""
    )


def test_what_a_table_cannot_hold_is_named() -> None:
    assert set(left_out(PLAIN)) == {key("RlySta@0"), key("Lg@0")}


@pytest.mark.parametrize(
    "changes",
    [
        {"layout": Layout(type=RegisterType.U64, order=Order.LOW_WORD_FIRST)},
        {"layout": Layout(type=RegisterType.BIT2, bit=3)},
        {"layout": Layout(type=RegisterType.BIT2, bit=4), "equals": 2},
        {"layout": Layout(type=RegisterType.BIT, bit=4), "equals": 0},
        {"any_of": 0xE000},
        {"scale": Fraction(1, 10**12)},
    ],
)
def test_points_the_format_cannot_say_are_left_out(changes: dict[str, object]) -> None:
    fr = key("Fr@0")
    entry: Entry = replace(Entry.of(PLAIN, fr), **changes)  # type: ignore[arg-type]  # each case names its own fields
    model = with_entry(PLAIN, entry)

    assert fr in left_out(model)
    assert "Fr" not in export_table(model)


def test_a_bit_that_means_yes_when_set_is_exported() -> None:
    fault = key("LgFauSta@1")
    model = with_entry(PLAIN, replace(Entry.of(PLAIN, fault), equals=1))

    assert fault not in left_out(model)


@pytest.mark.parametrize("model_id", ModelLibrary().ids())
def test_built_in_models_survive_the_way_through_a_table(model_id: str) -> None:
    model = ModelLibrary().builtin(model_id)
    if model.needs_table:
        assert export_table(model) == HEADER + "\n"
        return
    table = again(model)

    assert table.errors == ()
    assert export_table(table.model) == export_table(model)
    places = model.registers.places
    unsaid = {key for key, place in places.items() if place.is_question or place.qualifiers.keys}
    assert not {key for key in left_out(model) if key in places} - unsaid


WORDS = st.lists(st.integers(0, 0xFFFF), min_size=4, max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(models(), WORDS)
def test_what_is_exported_imports_back_equal(model: Model, words: list[int]) -> None:
    text = export_table(model)
    lost = set(left_out(model))
    kept = [Entry.of(model, key) for key in model.points if key not in lost]
    if not kept:
        assert text == HEADER + "\n"
        return
    table = again(model)

    assert table.rejected == 0
    assert export_table(table.model) == text
    assert again(table.model).rows == table.rows
    back = {key: Entry.of(table.model, key) for key in table.model.points}
    places = {(entry.address, entry.function, entry.layout) for entry in kept}
    assert {(entry.address, entry.function, entry.layout) for entry in back.values()} == places
    for entry in kept:
        same, own = back.get(entry.key), words[: entry.count]
        raw = entry.layout.decode(own)
        if same is None or raw is None or same.quantity.unit != entry.quantity.unit or entry.layout != same.layout:
            continue  # under another key or in another unit; the same code may also come from the device as a whole
        if entry.layout.type is not RegisterType.BIT:
            assert scaled(raw, same.scale) == scaled(raw, entry.scale)
        elif same.is_binary == entry.is_binary and same.quantity.kind is entry.quantity.kind:
            assert same.value(own) == replace(entry, equals=None, words=None).value(own)


NAMES = st.lists(st.text(max_size=10), min_size=1, max_size=5)


@given(NAMES)
def test_imported_names_survive_export_and_file(names: list[str]) -> None:
    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""').replace("\0", "") + '"'

    data = table(*(row(data_name=quoted(name), reg_add=index) for index, name in enumerate(names)))
    first = import_table(data.replace(b"\0", b""), file="my.csv", model_id="mine")

    second = import_table(export_table(first.model).encode(), file="my.csv", model_id="mine")
    assert set(second.model.points) == set(first.model.points)
    assert read_model(write_model(first.model), file="mine.toml") == first.model


def test_ten_thousand_rows_are_taken_whole() -> None:
    rows = [
        row(data_name=f"DOC_{number % 250} 参数", group=number // 250 + 1, reg_add=number * 2, reg_type=8, dcm=2, k=2)
        for number in range(10_000)
    ]
    model = imported(*rows).model
    text = write_model(model)
    same = read_model(text, file="mine.toml")
    csv = export_table(model)

    assert same == model
    assert csv.count("\n") == 10_001
    assert len(decoded(model, 0, [0] * 20_000)) == 10_000


def test_a_point_has_the_same_key_after_the_way_through_a_table() -> None:
    model = again(PLAIN).model

    assert set(model.points) == {*PLAIN.readable} - {key("Fr@0"), key("Lg@0")} | {PointKey("1", "Fr")}
    assert decoded(model, 0x100, [0, 0, 0xFFFF, 0xFFFF])["P@2"] == -0.005
