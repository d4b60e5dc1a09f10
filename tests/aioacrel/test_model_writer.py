"""A model written as a file reads back equal, and the file looks as a person would write it."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings

from custom_components.acrel_safety.aioacrel.models import ModelLibrary, read_model
from custom_components.acrel_safety.aioacrel.models.entry import Entry
from custom_components.acrel_safety.aioacrel.models.writer import write_model
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.vocabulary import Range
from tests.aioacrel.entries import with_entry
from tests.aioacrel.model_strategies import models

BUILT_IN = ModelLibrary().ids()

MONITOR = """\
# XM4: Four-circuit monitor
# From: XM4 manual p. 3

[model]
id = "xm4"
name = "XM4"
title = { en = "Four-circuit monitor" }
evidence = "manual"
source = "XM4 manual p. 3"

[line]
baudrate = 19200
parity = "E"

[read]
ranges = [[0x0000, 0x00FF]]

[[circuits]]
numbers = "0"

[circuits.points]
Fr = { at = 0x0004, scale = 0.01 }

[[circuits]]
numbers = "1-4"
name = { en = "Circuit {n}", zh = "第{n}路" }
stride = 1
needs = ["RlySta"]

[circuits.points]
Lg = { at = 0x0010, range = [0, 5000] }
LgHigh = { at = 0x0020, stride = 0, type = "bit", bit_stride = 1 }
EPI = { at = 0x0030, stride = 2, type = "u32", scale = 0.01 }

[circuits.settings]
LgHighVal02 = { at = 0x0040, limits = [6, 1000], source = "p. 4" }

[[commands]]
code = "RLYOFF"
circuit = "1"
"""


def read(text: str) -> Model:
    return read_model(text, file="model.toml")


@pytest.mark.parametrize("model_id", BUILT_IN)
def test_every_built_in_model_reads_back_equal(model_id: str) -> None:
    model = ModelLibrary().builtin(model_id)

    assert read(write_model(model)) == model


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(models())
def test_any_model_reads_back_equal(model: Model) -> None:
    assert read(write_model(model)) == model


def test_a_regular_model_is_written_as_a_person_writes_it() -> None:
    assert write_model(read(MONITOR)) == MONITOR


def test_circuits_without_a_regular_step_stand_alone() -> None:
    text = MONITOR + '\n[[circuits]]\nnumbers = "5-6"\nstride = 9\n\n[circuits.points]\nLg = { at = 0x0050 }\n'

    written = write_model(read(text))

    assert 'numbers = "1-4"' in written
    assert 'numbers = "5-6"' in written
    assert read(written) == read(text)


def test_long_lists_are_wrapped() -> None:
    written = write_model(ModelLibrary().builtin("ascb1"))

    assert max(len(line) for line in written.splitlines() if line.startswith("  ")) < 120
    assert written.count('"RlySta", "LockSta"') == 1


def changed(**changes: object) -> Model:
    model = read(MONITOR)
    key = PointKey("0", "Fr")
    entry: Entry = replace(Entry.of(model, key), **changes)  # type: ignore[arg-type]  # each test names its own field
    return with_entry(model, entry)


def test_what_a_file_has_no_words_for_is_refused() -> None:
    quantity = read(MONITOR).points[PointKey("0", "Fr")].quantity
    for model in (
        changed(scale=Fraction(1, 3)),
        changed(range=Range(low=5)),
        changed(quantity=replace(quantity, precision=7)),
        changed(quantity=replace(quantity, names={"zh": "频率"})),
    ):
        with pytest.raises(ValueError, match=r"cannot be written|no finite decimal form"):
            write_model(model)


def test_a_read_back_by_word_is_refused() -> None:
    model = read(MONITOR)
    [trip] = model.operations.values()
    trip = replace(trip, shows={PointKey("1", "RlySta"): "open"})

    with pytest.raises(ValueError, match="read-back by word"):
        write_model(replace(model, operations={trip.key: trip}))
