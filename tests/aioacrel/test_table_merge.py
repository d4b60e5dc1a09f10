"""A table brings the addresses a built-in model lacks; what the model knows stays, what no row speaks of waits."""

from dataclasses import replace

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary, read_model
from custom_components.acrel_safety.aioacrel.models.entry import Entry
from custom_components.acrel_safety.aioacrel.models.writer import write_model
from custom_components.acrel_safety.aioacrel.points import Evidence, Limits, Model
from custom_components.acrel_safety.aioacrel.registers import Ratio
from custom_components.acrel_safety.aioacrel.table import export_table, import_table
from custom_components.acrel_safety.aioacrel.vocabulary import Range
from tests.aioacrel.tables import decoded, findings, imported, key, row

KNOWN = """\
[model]
id = "xb1"
name = "XB1"
title = { en = "Breaker", zh = "断路器" }
evidence = "unknown"
source = "codes only"
covers = ["XB1", "XB1LE"]
note = { en = "import its table" }

[line]
baudrate = 19200
parity = "E"

[[circuits]]
numbers = "0"
needs = ["Fr", "DOC_Self-test"]

[[circuits]]
numbers = "1-2"
name = { en = "Way {n}" }
needs = ["Lg"]

[circuits.points]
TempA = { range = [0, 90], poll = "slow", words = { 0 = "cold" }, note = "clamp" }

[circuits.settings]
LgHighVal02 = { limits = [6, 1000], source = "leaflet" }

[[commands]]
code = "RLYOFF"
circuit = "1"
"""

PLACED = """\
[model]
id = "xm"
name = "XM"
title = { en = "Meter" }
evidence = "manual"
source = "manual p. 1"

[read]
ranges = [[0, 15], [32, 47]]

[[circuits]]
numbers = "1"

[circuits.points]
Ua = { at = 0, scale = 0.1, ratios = ["pt"], range = [0, 400] }
Ub = { at = 1, scale = 0.1, ratios = ["pt"], range = [0, 400] }

[circuits.settings]
LgHighVal02 = { at = 4, limits = [6, 1000], source = "p. 2" }
"""


def model(text: str) -> Model:
    return read_model(text, file="base.toml")


def test_the_base_model_keeps_what_it_knows() -> None:
    table = imported(row(data_name="Lg", unit="mA"), row(data_name="DOC_New", reg_add=257, group=3), base=model(KNOWN))

    merged = table.model
    assert (merged.id, merged.name, merged.title("zh"), merged.covers) == ("mine", "XB1", "断路器", ("XB1", "XB1LE"))
    assert (merged.registers.line.baudrate, merged.registers.line.parity) == (19200, "E")
    assert (merged.evidence, merged.source) == (Evidence.IMPORTED, "codes only; register table my.csv")
    assert merged.operations == model(KNOWN).operations
    assert [circuit.names["en"] for circuit in merged.circuits.values() if circuit.names] == [
        "Way 1",
        "Way 2",
        "Circuit 3",
    ]


def test_codes_the_table_does_not_bring_go_on_waiting() -> None:
    merged = imported(row(data_name="Lg"), base=model(KNOWN)).model

    assert not merged.needs_table
    assert set(merged.readable) == {key("Lg@1")}
    assert set(merged.waiting) == {
        key(text)
        for text in ("Fr@0", "DOC_Self-test@0", "Lg@2", "TempA@1", "TempA@2", "LgHighVal02@1", "LgHighVal02@2")
    }


def test_a_quantity_keeps_its_plausible_range_polling_and_words() -> None:
    table = imported(row(data_name="TempA", dcm=1), base=model(KNOWN))

    point = Entry.of(table.model, key("TempA@1"))
    assert (point.range.low, point.range.high, point.pace, point.note) == (0, 90, "slow", "clamp")
    assert point.words == {0: "cold"}
    assert (point.address, point.evidence) == (256, Evidence.IMPORTED)


def test_a_plausible_range_does_not_outlive_its_unit() -> None:
    table = imported(row(data_name="TempA", dcm=1, unit="°F"), base=model(KNOWN))

    point = Entry.of(table.model, key("TempA@1"))
    assert (point.quantity.unit, point.range) == ("°F", Range())


def test_a_table_never_makes_a_setting_writable() -> None:
    merged = imported(row(data_name="LgHighVal02"), base=model(KNOWN)).model

    assert merged.registers.places[key("LgHighVal02@1")].address == 256
    assert not merged.settable


def test_what_belongs_to_the_device_as_a_whole_comes_as_group_1() -> None:
    merged = imported(
        row(data_name="Fr"),
        row(data_name="DOC_Self-test", reg_add=257),
        row(data_name="Fr", reg_add=258, group=2),
        base=model(KNOWN),
    ).model

    assert set(merged.readable) == {key("Fr@0"), key("DOC_Self-test@0"), key("Fr@2")}


def test_a_merged_model_can_be_saved_and_read() -> None:
    merged = imported(row(data_name="Lg"), row(data_name="TempA", reg_add=257), base=model(KNOWN)).model

    assert read_model(write_model(merged), file="xb1.toml") == merged


@pytest.mark.parametrize("model_id", ModelLibrary().ids())
def test_every_built_in_model_takes_a_table(model_id: str) -> None:
    base = ModelLibrary().builtin(model_id)
    rows = [
        row(data_name=point.code, group=max(1, int(point.circuit)), reg_add=0xA000 + number)
        for number, point in enumerate(base.waiting)
    ]
    merged = imported(*rows, row(data_name="DOC_mine", reg_add=0xB000), base=base).model

    assert merged.waiting == []
    assert set(merged.points) == {*base.points, key("DOC_mine@1")}
    assert read_model(write_model(merged), file="merged.toml") == merged


def test_the_same_register_keeps_its_finer_knowledge() -> None:
    base = model(PLACED)
    table = imported(row(data_name="Ua", reg_add=0, dcm=1), row(data_name="LgHighVal02", reg_add=4), base=base)

    assert table.model.points == base.points
    assert table.model.registers.places == base.registers.places


def test_another_register_takes_the_place_of_the_known_one() -> None:
    base = model(PLACED)
    table = imported(
        row(data_name="Ua", reg_add=32, reg_type=12, endian=0), row(data_name="LgHighVal02", reg_add=5), base=base
    )

    voltage, limit = (Entry.of(table.model, key(text)) for text in ("Ua@1", "LgHighVal02@1"))
    assert (voltage.address, voltage.ratios, voltage.range.high) == (32, (), 400)
    assert (limit.address, limit.limits) == (5, None)
    assert Entry.of(table.model, key("Ub@1")) == Entry.of(base, key("Ub@1"))


def test_a_corrected_scale_is_believed() -> None:
    place = imported(row(data_name="Ua", reg_add=0, dcm=2), base=model(PLACED)).model.registers.places[key("Ua@1")]

    assert (place.scale.denominator, place.ratios) == (100, (Ratio.PT,))


def test_a_value_across_a_border_of_the_base_model_is_rejected() -> None:
    table = imported(
        row(data_name="EPI", reg_add=15, reg_type=8, endian=0),
        row(data_name="EPE", reg_add=31, reg_type=8, endian=0),
        row(data_name="Uc", reg_add=2),
        base=model(PLACED),
    )

    assert findings(table.problems) == [(2, "reg_add", "over_border"), (3, "reg_add", "over_border")]
    assert table.problems[0].found == "EPI@1 (000Fh-0010h)"
    assert table.rejected == 2


def test_registers_beyond_the_known_stretches_become_stretches_of_their_own() -> None:
    table = imported(
        row(data_name="Uc", reg_add=2),
        row(data_name="Ia", reg_add=101),
        row(data_name="EPI", reg_add=99, reg_type=8, endian=0),
        row(data_name="Ic", reg_add=103),
        row(data_name="DOC_next to the border", reg_add=16),
        base=model(PLACED),
    )

    assert table.model.registers.ranges == ((0, 15), (16, 16), (32, 47), (99, 101), (103, 103))
    assert read_model(write_model(table.model), file="x.toml") == table.model


def test_values_are_brought_into_the_base_models_unit() -> None:
    base = model(KNOWN.replace('needs = ["Fr", "DOC_Self-test"]', '[circuits.points]\n"DOC_Load" = { unit = "kW" }'))

    table = imported(row(data_name="DOC_Load", unit="W"), base=base)

    assert findings(table.problems) == [(2, "unit", "unit_converted")]
    assert decoded(table.model, 256, [1500]) == {"DOC_Load@0": 1.5}


def test_importing_again_over_an_imported_model_names_the_table_once() -> None:
    first = imported(row(data_name="Lg"), base=model(KNOWN)).model

    assert imported(row(data_name="Fr"), base=first).model.source == first.source


def test_a_models_own_export_imports_over_it_unchanged() -> None:
    base = model(PLACED)
    table = import_table(export_table(base).encode(), file="xm.csv", model_id="xm", base=base)

    assert table.problems == ()
    assert table.model.points == base.points
    assert table.model.registers.places == base.registers.places
    limit = table.model.points[key("LgHighVal02@1")].limits
    assert limit == Limits(low=6, high=1000, source="p. 2")
    assert replace(table.model, source=base.source, evidence=base.evidence, k_mode=None) == base
