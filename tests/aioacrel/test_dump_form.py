"""The form of a dump: what is written reads back, what people send is found, anything else is refused."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.registers import Read
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump

WORDS = st.integers(0, 0xFFFF)
READS = st.builds(Read, st.sampled_from((3, 4)), st.integers(0, 0xFF00), st.integers(1, 125))
DUMPS = st.builds(
    RegisterDump,
    model=st.text(),
    unit_id=st.integers(0, 255),
    taken=st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0)),
    registers=st.dictionaries(st.sampled_from((3, 4)), st.dictionaries(WORDS, WORDS, min_size=1)),
    refused=st.dictionaries(READS, st.integers(1, 255), max_size=3),
    library=st.text(),
    evidence=st.text(),
    framing=st.sampled_from(("", "mbap", "rtu")),
    baudrate=st.integers(0, 115200),
    home_assistant=st.text(),
)
OLD = {"model": "meter", "unit": 1, "taken": "2026-03-02T10:00:00+00:00", "registers": {}, "refused": []}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


@given(DUMPS)
def test_what_is_written_reads_back(dump: RegisterDump) -> None:
    assert RegisterDump.from_json(dump.as_json()) == dump


@given(st.lists(DUMPS, min_size=1, max_size=3))
def test_every_dump_in_downloaded_diagnostics_is_found(dumps: list[RegisterDump]) -> None:
    devices = [{"settings": {}, "dump": dump.as_dict(), "odd": []} for dump in dumps]
    download = {"home_assistant": {"version": "2026.10.0"}, "data": {"devices": [*devices, {"dump": None}]}}
    assert RegisterDump.all_in(json.dumps(download)) == dumps


def test_a_dump_of_an_older_version_is_read() -> None:
    dump = RegisterDump.from_json(json.dumps(OLD))
    assert dump == RegisterDump(model="meter", unit_id=1, taken=datetime(2026, 3, 2, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        "[]",
        "{}",
        json.dumps(OLD | {"registers": {"3": {"0000": ["10000"]}}}),
        json.dumps(OLD | {"registers": {"3": {"FFFF": ["0000", "0000"]}}}),
        json.dumps(OLD | {"registers": {"3": {"0000": [7]}}}),
        json.dumps(OLD | {"registers": {"3": {"0000": "0007"}}}),
        json.dumps(OLD | {"registers": []}),
        json.dumps(OLD | {"taken": 7}),
        json.dumps(OLD | {"unit": 1e999}),
        json.dumps(OLD | {"refused": [{"function": 3, "address": "0000", "count": 0, "exception": 2}]}),
    ],
    ids=lambda text: text[:60],
)
def test_what_is_no_dump_is_refused(text: str) -> None:
    for read in (RegisterDump.from_json, RegisterDump.all_in):
        with pytest.raises(ValueError, match=r"."):
            read(text)


@given(JSON, st.sampled_from(sorted(OLD)))
def test_no_file_does_anything_but_read_or_be_refused(value: object, key: str) -> None:
    for document in (value, OLD | {key: value}):
        try:
            dump = RegisterDump.from_json(json.dumps(document))
        except ValueError:
            continue
        assert RegisterDump.from_json(dump.as_json()) == dump
