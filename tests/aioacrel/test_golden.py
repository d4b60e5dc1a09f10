"""Frames from vendor pages and public code, and frames worked out from the printed layout: read and written exactly.

Each vector of `golden_vectors.json` says where it comes from ("captured": seen literally; "derived": worked out).
"""

import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary, read_model
from custom_components.acrel_safety.aioacrel.models.entry import Entry
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.aioacrel.registers import LineCost, Read, plan_reads, unscaled
from custom_components.acrel_safety.aioacrel.registers.blocks import spans_of

READ, WRITE = 3, 16


class Decoded(TypedDict):
    """What a vector says its bytes mean."""

    unit: NotRequired[int]
    function: NotRequired[int]
    address: NotRequired[str]
    count: NotRequired[int]
    values: NotRequired[list[int]]
    right_crc: NotRequired[str]
    words: NotRequired[int]


class Vector(TypedDict):
    """One frame or a few registers."""

    name: str
    transport: str
    direction: str
    hex: str
    crc_ok: bool | None
    decoded: Decoded


VECTORS: dict[str, Vector] = {
    vector["name"]: vector for vector in json.loads(Path(__file__).with_name("golden_vectors.json").read_text("utf-8"))
}
FRAMES = [vector for vector in VECTORS.values() if vector["transport"] == "modbus_rtu"]
REQUESTS = [vector for vector in FRAMES if vector["direction"] == "request"]
LIBRARY = ModelLibrary()


def crc16(data: bytes) -> bytes:
    """Return the checksum in the order it is sent (MODBUS over Serial Line V1.02, section 6.2.2)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


def frame(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["hex"])


def words_in(data: bytes) -> list[int]:
    return list(struct.unpack(f">{len(data) // 2}H", data))


def answered(name: str) -> list[int]:
    """Return the registers in an answer to a read."""
    answer = frame(name)
    assert answer[2] == len(answer) - 5
    return words_in(answer[3:-2])


def planned(model: Model, codes: Iterable[str]) -> list[Read]:
    """Return the reads for these codes, in all circuits that have them."""
    wanted, registers = set(codes), model.registers
    spans = spans_of(place for key, place in registers.places.items() if key.code in wanted)
    return plan_reads(spans, LineCost(), max_registers=registers.max_registers, ranges=registers.ranges)


def request_for(reads: Sequence[Read], unit: int = 1) -> str:
    [read] = reads
    data = struct.pack(">BBHH", unit, read.function, read.address, read.count)
    return (data + crc16(data)).hex(" ").upper()


def write_for(address: int, values: Sequence[int], unit: int = 1) -> str:
    head = struct.pack(">BBHHB", unit, WRITE, address, len(values), 2 * len(values))
    data = head + struct.pack(f">{len(values)}H", *values)
    return (data + crc16(data)).hex(" ").upper()


def decode(model: Model, address: int, words: Sequence[int]) -> dict[PointKey, Value | None]:
    """Decode every point that lies wholly inside the registers."""
    values: dict[PointKey, Value | None] = {}
    for key, place in model.registers.places.items():
        offset = place.address - address
        if 0 <= offset <= len(words) - place.count:
            values[key] = Entry.of(model, key).value(words[offset : offset + place.count])
    return values


def encode(model: Model, **settings: float) -> tuple[int, list[int]]:
    """Return the address and registers that set neighbouring settings of circuit 1."""
    registers: dict[int, int] = {}
    for code, value in settings.items():
        place = model.registers.places[PointKey("1", code)]
        for offset, word in enumerate(place.layout.encode(float(unscaled(value, place.scale)))):
            registers[place.address + offset] = word
    assert sorted(registers) == list(range(min(registers), min(registers) + len(registers)))
    return min(registers), [registers[address] for address in sorted(registers)]


@pytest.mark.parametrize("vector", FRAMES, ids=lambda vector: vector["name"])
def test_the_checksum_is_what_the_vector_says(vector: Vector) -> None:
    data = bytes.fromhex(vector["hex"])
    assert (crc16(data[:-2]) == data[-2:]) is vector["crc_ok"]
    if right := vector["decoded"].get("right_crc"):
        assert crc16(data[:-2]).hex(" ").upper() == right


@pytest.mark.parametrize(
    "vector", [vector for vector in REQUESTS if "address" in vector["decoded"]], ids=lambda vector: vector["name"]
)
def test_the_request_says_what_the_vector_says(vector: Vector) -> None:
    data = bytes.fromhex(vector["hex"])
    decoded = vector["decoded"]
    function, address, count = struct.unpack(">BHH", data[1:6])
    assert address == int(decoded["address"], 16)
    assert data[0] == decoded.get("unit", data[0])
    assert function == decoded.get("function", function)
    if function == READ:
        assert count == decoded["count"]
    else:
        assert function == WRITE
        assert data[6] == 2 * count == len(data) - 9
        if (values := decoded.get("values")) is not None:
            assert words_in(data[7:-2]) == values


RAW_BLOCKS = {"1000": 42, "1204": 26, "121e": 19, "1300": 2, "1995": 10}


@pytest.mark.parametrize(
    ("name", "model", "codes"),
    [
        ("arcm300_read_thresholds", "arcm300", ["LgHighVal02", *(f"T{n}HighVal02" for n in range(1, 5))]),
        *(
            (
                f"arcm300_probe_{start}",
                "arcm300",
                [f"DOC_Raw {address:04X}" for address in range(int(start, 16), int(start, 16) + count)],
            )
            for start, count in RAW_BLOCKS.items()
        ),
        ("adl400_energy_request", "adl400", ["DOC_Secondary EP"]),
        ("aim_m10_read_insulation", "aim-m10", ["IsnRShow"]),
        ("aim_m10_read_live", "aim-m10", ["IsnRShow", "I", "Temp", "DOC_Insulation fault", "DOC_Overload", "THigh"]),
        ("aim_r100_currents", "aim-r100", ["Lg"]),
    ],
)
def test_the_plan_asks_what_the_vector_asks(name: str, model: str, codes: Sequence[str]) -> None:
    assert request_for(planned(LIBRARY.get(model), codes)) == VECTORS[name]["hex"]


def test_the_event_record_is_probed_as_it_is_read_in_the_field() -> None:
    probes = [Read(check.function, check.address, check.count) for check in LIBRARY.get("dtsd1352").registers.probes]
    assert VECTORS["dtsd1352_event_request"]["hex"] in [request_for([probe]) for probe in probes]


def test_the_thresholds_of_an_arcm300_are_written_as_captured() -> None:
    address, values = encode(
        LIBRARY.get("arcm300"), LgHighVal02=600, T1HighVal02=80, T2HighVal02=90, T3HighVal02=100, T4HighVal02=120
    )
    assert write_for(address, values) == VECTORS["arcm300_write_thresholds"]["hex"]


def test_the_residual_current_threshold_of_an_adw300_is_written_in_milliampere() -> None:
    address, values = encode(LIBRARY.get("adw300"), LgHighVal02=300, LgHighTim=5.0)
    assert write_for(address, values) == VECTORS["adw300_residual_threshold"]["hex"]


@pytest.mark.parametrize("model", ["ddsy1352", "dtsy1352"])
@pytest.mark.parametrize(
    ("name", "code", "unit"),
    [
        ("ddsy1352_trip_unit1", "FORRLYOFF", 1),
        ("ddsy1352_close_unit1", "FORRLYON", 1),
        ("ddsy1352_trip_unit5", "FORRLYOFF", 5),
        ("ddsy1352_close_unit7", "FORRLYON", 7),
    ],
)
def test_the_relay_of_a_prepaid_meter_is_commanded_as_in_public_code(
    model: str, name: str, code: str, unit: int
) -> None:
    [write] = [write for key, write in LIBRARY.get(model).registers.writes.items() if key.code == code]
    assert write_for(write.address, write.registers, unit) == VECTORS[name]["hex"]


def test_the_live_answer_of_an_insulation_monitor() -> None:
    values = decode(LIBRARY.get("aim-m10"), 0x0008, answered("aim_m10_live_answer"))
    assert values == {
        ("1", "IsnRShow"): 500,
        ("1", "I"): 12.3,
        ("1", "Temp"): 35,
        ("1", "DOC_Insulation fault"): False,
        ("1", "DOC_Overload"): True,
        ("1", "THigh"): False,
        ("1", "DOC_FE/KE wire break"): False,
        ("1", "DOC_Temperature sensor break"): False,
    }


def test_the_voltage_words_of_an_adw300() -> None:
    words = words_in(frame("voltage_words"))
    assert decode(LIBRARY.get("adw300"), 0x0014, words) == {("1", "Ua"): 220.5, ("1", "Ub"): 219.8, ("1", "Uc"): 221.0}


TWO_CIRCUITS = """
[model]
id = "worked-example"
name = "Two-circuit monitor"
title = { en = "Invented addresses, for tests only" }
evidence = "imported"
source = "worked example of the gateway's 12-column table"

[[circuits]]
numbers = "1"
[circuits.points]
Ua = { at = 0x0100, scale = 0.1 }
Ia = { at = 257, scale = 0.01 }
EPI = { at = 258, type = "u32", scale = 0.01 }
TempA = { at = 260, type = "s16", scale = 0.1 }
Lg = { at = 261 }
LgFauSta = { at = 263, type = "bit", bit = 0 }

[[circuits]]
numbers = "2"
[circuits.points]
Lg = { at = 262 }
LgFauSta = { at = 263, type = "bit", bit = 1 }
"DOC_Self-test result" = { at = 263, type = "bit2", bit = 8 }
"""


def test_the_worked_example_of_a_register_table() -> None:
    model = read_model(TWO_CIRCUITS, file="worked-example.toml")
    reads = planned(model, {key.code for key in model.readable})
    assert request_for(reads) == VECTORS["register_table_example1_request"]["hex"]
    values = decode(model, reads[0].address, answered("register_table_example1_answer"))
    assert values == {
        ("1", "Ua"): 230.0,
        ("1", "Ia"): 12.34,
        ("1", "EPI"): 1234.56,
        ("1", "TempA"): -5.0,
        ("1", "Lg"): 30,
        ("2", "Lg"): 500,
        ("1", "LgFauSta"): False,
        ("2", "LgFauSta"): True,
        ("2", "DOC_Self-test result"): 2,
    }


def test_a_long_answer_is_taken_apart_whole() -> None:
    assert len(answered("tariff_table_response")) == VECTORS["tariff_table_response"]["decoded"]["words"]
