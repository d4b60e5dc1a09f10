"""A model file is read as it is meant, or each of its mistakes is named with line and remedy; nothing else happens."""

import re
from fractions import Fraction

import pytest

from custom_components.acrel_safety.aioacrel.errors import FileProblemsError
from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.aioacrel.models.entry import Entry
from custom_components.acrel_safety.aioacrel.models.locate import Lines
from custom_components.acrel_safety.aioacrel.points import Evidence, Model
from custom_components.acrel_safety.aioacrel.problems import Problem, Severity, shorten
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.registers import WORD, LineSettings, Order, Ratio, RegisterType, Write
from custom_components.acrel_safety.aioacrel.registers.decode import decoded
from custom_components.acrel_safety.aioacrel.vocabulary import Kind, Pace, Range

HEAD = """
[model]
id = "my-meter"
name = "My meter"
title = { en = "Meter", zh = "电表" }
evidence = "manual"
source = "its manual p. 7"
"""
CIRCUIT = """
[[circuits]]
numbers = "1"
"""
POINTS = """
[[circuits]]
numbers = "1"
[circuits.points]
"""


def model_of(text: str) -> Model:
    return read_model(text, file="my-meter.toml")


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(FileProblemsError) as caught:
        model_of(text)
    assert str(caught.value).startswith("my-meter.toml:")
    return caught.value.problems


# -- what a sound file says ------------------------------------------------------------------------------------------


def test_a_small_file_says_all_about_the_model() -> None:
    model = model_of("""
[model]
id = "rcm_2"
name = "RCM"
title = { en = "Monitor", zh = "监测仪" }
evidence = "code"
source = "a server"
covers = ["RCM-A", "RCM-B"]
note = { en = "Watch the scale." }
k_mode = "decimals"

[line]
baudrate = 4800
parity = "E"
stopbits = 2
bytesize = 7
unit = 3

[read]
function = 4
max_registers = 20
ranges = [[0x20, 0x2F], [0, 0x0F]]

[ratios]
pt = "ask"
ct = "CT@0"

[[circuits]]
numbers = "2-3"
name = { en = "Loop {n}", zh = "回路{n}" }
stride = 2
[circuits.points]
Lg = { at = 2 }
[[circuits]]
numbers = "0"
[circuits.points]
CT = { at = 0x20, function = 3 }
""")
    assert (model.id, model.name, model.evidence, model.source) == ("rcm_2", "RCM", Evidence.CODE, "a server")
    assert (model.title(), model.title("zh"), model.title("de")) == ("Monitor", "监测仪", "Monitor")
    assert (list(model.covers), model.notes["en"], model.k_mode) == (
        ["RCM-A", "RCM-B"],
        "Watch the scale.",
        "decimals",
    )
    registers = model.registers
    assert registers.line == LineSettings(baudrate=4800, parity="E", stopbits=2, bytesize=7)
    assert (registers.unit_id, registers.max_registers, registers.ranges) == (3, 20, ((0, 0x0F), (0x20, 0x2F)))
    assert list(model.circuits) == ["0", "2", "3"]
    assert model.circuits["3"].names == {"en": "Loop 3", "zh": "回路3"}
    assert list(model.points) == list(registers.places)
    assert [(key, place.address, place.function) for key, place in registers.places.items()] == [
        (("2", "Lg"), 2, 4),
        (("3", "Lg"), 4, 4),
        (("0", "CT"), 0x20, 3),
    ]
    assert registers.asks_ratios == {Ratio.PT}
    assert registers.read_ratios == {Ratio.CT: PointKey("0", "CT")}
    assert not model.needs_table
    assert not model.waiting


def test_what_is_not_said_is_as_acrel_does_it() -> None:
    model = model_of(f"{HEAD}{POINTS}Lg = {{ at = 1 }}")
    point = Entry.of(model, PointKey("1", "Lg"))
    assert model.registers.line == LineSettings(baudrate=9600, bytesize=8, parity="N", stopbits=1)
    assert (model.registers.unit_id, model.registers.max_registers) == (1, 48)
    assert (point.layout.type, point.layout.order, point.function) == (RegisterType.U16, Order.NORMAL, 3)
    assert (point.scale, point.range, point.pace, point.evidence) == (
        Fraction(1),
        Range(low=0, high=30000),
        Pace.FAST,
        Evidence.MANUAL,
    )


def test_a_point_may_say_everything_itself() -> None:
    model = model_of(
        HEAD
        + POINTS
        + 'P = { at = 0x1F, type = "s32", order = "low word first", scale = 0.001, ratios = ["pt", "ct"], '
        'range = [-5, 5.5], poll = "fast", evidence = "experimental", unit = "W", note = "see p. 9", detail = true, '
        'name = { en = "Power", zh = "功率" }, function = 4 }\n'
    )
    point = Entry.of(model, PointKey("1", "P"))
    assert (point.address, point.count, point.function) == (0x1F, 2, 4)
    assert (point.layout.type, point.layout.order) == (RegisterType.S32, Order.LOW_WORD_FIRST)
    assert (point.scale, point.ratios) == (Fraction(1, 1000), (Ratio.PT, Ratio.CT))
    assert (point.range, point.pace, point.evidence) == (
        Range(low=-5, high=5.5),
        Pace.FAST,
        Evidence.EXPERIMENTAL,
    )
    assert (point.quantity.unit, point.quantity.detail, point.note) == ("W", True, "see p. 9")
    assert (point.quantity.name(), point.quantity.name("zh")) == ("Power", "功率")


def test_detail_follows_the_vocabulary_unless_the_file_says_otherwise() -> None:
    points = model_of(f"{HEAD}{POINTS}Uab = {{ at = 1 }}\nUbc = {{ at = 2, detail = false }}\nUa = {{ at = 3 }}").points
    assert [point.quantity.detail for point in points.values()] == [True, False, False]


def test_bytes_and_bit_fields_lie_where_the_file_says() -> None:
    places = model_of(
        HEAD + POINTS + '"DOC_a" = { at = 0, type = "u8", byte = "high" }\n"DOC_b" = { at = 0, type = "s8" }\n'
        '"DOC_c" = { at = 0, type = "bit2", bit = 14 }\n'
    ).registers.places
    assert [place.layout.bit for place in places.values()] == [8, 0, 14]


def test_bit_fields_may_walk_through_a_register_from_circuit_to_circuit() -> None:
    text = f"""{HEAD}
[[circuits]]
numbers = "1-4"
stride = 1
[circuits.points]
"DOC_Loop state" = {{ at = 0x0B, type = "bit2", bit = 6, bit_stride = -2, stride = 0 }}
Lg = {{ at = 0x4A }}
"""
    places = model_of(text).registers.places
    assert [places[PointKey(str(n), "DOC_Loop state")].layout.bit for n in range(1, 5)] == [6, 4, 2, 0]
    assert {places[PointKey(str(n), "DOC_Loop state")].address for n in range(1, 5)} == {0x0B}
    assert [places[PointKey(str(n), "Lg")].address for n in range(1, 5)] == [0x4A, 0x4B, 0x4C, 0x4D]


def test_repeated_points_count_in_code_name_and_address() -> None:
    model = model_of(
        HEAD + POINTS + '"UaHr{nn}" = { at = 0x7A, repeat = 3, first = 9, scale = 0.01 }\n'
        '"Temp{n}" = { at = 0x10, repeat = 2, step = 4, type = "s16", unit = "K" }\n'
        '"DOC_Raw {address}" = { at = 10, repeat = 2, name = { en = "Word {address}", zh = "{n}" }, detail = true }\n'
        '"DOC_Slot {n}" = { at = 0x30, repeat = 2 }\n'
    )
    points, places = model.points, model.registers.places
    shown = [
        (key.code, places[key].address, point.quantity.name(), point.quantity.unit) for key, point in points.items()
    ]
    assert shown == [
        ("UaHr09", 0x7A, "Voltage harmonic 09 phase A", "%"),
        ("UaHr10", 0x7B, "Voltage harmonic 10 phase A", "%"),
        ("UaHr11", 0x7C, "Voltage harmonic 11 phase A", "%"),
        ("Temp1", 0x10, "Temperature 1", "K"),
        ("Temp2", 0x14, "Temperature 2", "K"),
        ("DOC_Raw 000A", 0x0A, "Word 000A", None),
        ("DOC_Raw 000B", 0x0B, "Word 000B", None),
        ("DOC_Slot 1", 0x30, "Slot 1", None),
        ("DOC_Slot 2", 0x31, "Slot 2", None),
    ]
    raw = points[PointKey("1", "DOC_Raw 000B")].quantity
    assert (raw.name("zh"), raw.detail, raw.pattern) == ("2", True, "DOC_Raw 000B")


def test_the_bits_of_an_alarm_word() -> None:
    model = model_of(f"""{HEAD}{CIRCUIT}
[[circuits.words]]
at = 0x01EB
[circuits.words.bits]
0 = "UHigh"
15 = {{ code = "DOC_Lid open", name = {{ en = "Lid open", zh = "盖板打开" }} }}
[[circuits.words]]
at = 0x01D0
kind = "setting"
source = "manual p. 12"
[circuits.words.bits]
0 = "UHighSw"
1 = "DOC_Lid alarm enable"
""")
    lid = Entry.of(model, PointKey("1", "DOC_Lid open"))
    assert (lid.address, lid.layout.bit, lid.quantity.kind, lid.quantity.name("zh")) == (
        0x01EB,
        15,
        Kind.ALARM,
        "盖板打开",
    )
    assert lid.is_binary
    assert model.settable == {PointKey("1", code) for code in ("UHighSw", "DOC_Lid alarm enable")}
    assert model.points[PointKey("1", "DOC_Lid alarm enable")].value_of(1) is True


def test_a_setting_is_writable_only_with_limits() -> None:
    model = model_of(f"""{HEAD}{CIRCUIT}
[circuits.settings]
LgHighVal02 = {{ at = 1, limits = [6, 1000], source = "manual p. 20" }}
LgHighTim = {{ at = 2, scale = 0.01 }}
"DOC_Mode" = {{ at = 3, words = {{ 0 = "level", 1 = "pulse" }} }}
""")
    value, _, mode = model.points.values()
    assert model.settable == {value.key}
    assert value.limits is not None
    assert (value.limits.low, value.limits.high, value.limits.source) == (6, 1000, "manual p. 20")
    assert (mode.quantity.kind, mode.value_of(1), mode.value_of(2)) == (Kind.SETTING, "pulse", None)


def test_commands_and_probes() -> None:
    model = model_of(f"""{HEAD}{POINTS}
RlySta = {{ at = 4, type = "bit" }}
[[commands]]
code = "RLYOFF"
circuit = "1"
at = 0x57
registers = [1, 1]
within = 2.5
source = "manual p. 15"
[commands.read_back]
code = "RlySta"
value = 0
[[commands]]
code = "RESET"
[[probe]]
at = 0x0B
mask = 0xF000
allowed = [[0x1000, 0x1000]]
[[probe]]
at = 0x10
count = 3
function = 4
refused = true
[[probe]]
at = 0
is_unit_id = true
""")
    trip, reset = model.operations.values()
    assert (trip.key, trip.within, trip.shows) == (("1", "RLYOFF"), 2.5, {("1", "RlySta"): 0})
    assert (reset.key, reset.shows) == (("0", "RESET"), {})
    assert model.registers.writes == {trip.key: Write(address=0x57, registers=(1, 1))}
    kind, gone, unit = model.registers.probes
    assert (kind.mask, kind.allowed, kind.count) == (0xF000, ((0x1000, 0x1000),), 1)
    assert (gone.count, gone.function, gone.refused, unit.is_unit_id) == (3, 4, True, True)


def test_a_command_may_be_confirmed_by_several_values_and_have_a_name_of_its_own() -> None:
    model = model_of(f"""{HEAD}{POINTS}Lg = {{ at = 1 }}
[[commands]]
code = "DOC_Release"
name = {{ en = "Release", zh = "解除" }}
read_back = [{{ code = "RlySta", circuit = "1", value = 1 }}, {{ code = "ForceCtrl", value = 0 }}]
""")
    [release] = model.operations.values()
    assert release.shows == {("1", "RlySta"): 1, ("0", "ForceCtrl"): 0}
    assert release.names == {"en": "Release", "zh": "解除"}


def test_a_model_may_have_a_second_register_map() -> None:
    model = model_of(f"""{HEAD}[read]
ranges = [[0, 9]]
never = [[100, 199]]
[[probe]]
at = 0
{POINTS}EP = {{ at = 0, type = "u32" }}
RlySta = {{ at = 2, any_of = 0xE000 }}
[[fallback]]
ranges = [[20, 29]]
function = 4
max_registers = 5
[[fallback.probe]]
at = 0
function = 3
refused = true
[[fallback.circuits]]
numbers = "1-2"
stride = 2
[fallback.circuits.points]
EP = {{ at = 20, type = "u32", scale = 0.1 }}
[[commands]]
code = "RESET"
at = 50
registers = [1]
source = "p. 1"
""")
    old = model.fallbacks[0]
    assert model.maps == (model.registers, old)
    assert {(key.circuit, key.code): place.address for key, place in old.places.items()} == {
        ("1", "EP"): 20,
        ("2", "EP"): 22,
    }
    assert {place.function for place in old.places.values()} == {4}
    assert (old.ranges, old.max_registers, old.forbidden, old.writes) == (((20, 29),), 5, ((100, 199),), {})
    assert [(check.address, check.function, check.refused) for check in old.probes] == [(0, 3, True)]
    assert list(model.readable) == [("1", "EP"), ("1", "RlySta"), ("2", "EP")]
    assert model.registers.places.keys() == {("1", "EP"), ("1", "RlySta")}
    # What a point is, is said once.
    assert model.points[PointKey("1", "EP")].precision == 0


def test_a_model_without_registers_waits_for_its_table() -> None:
    model = model_of(
        HEAD.replace('"manual"', '"unknown"')
        + CIRCUIT
        + 'needs = ["Lg", "DOC_Fan speed"]\n[circuits.points]\n"DOC_Overload" = { kind = "alarm" }\n'
    )
    assert model.needs_table
    assert sorted(model.waiting) == [("1", "DOC_Fan speed"), ("1", "DOC_Overload"), ("1", "Lg")]
    assert {point.evidence for point in model.points.values()} == {Evidence.UNKNOWN}
    assert model.points[PointKey("1", "DOC_Overload")].quantity.kind is Kind.ALARM


def test_an_imported_table_may_hold_codes_nobody_knows() -> None:
    points = model_of(HEAD.replace('"manual"', '"imported"') + POINTS + "Foo17 = { at = 1 }\n").points
    assert points[PointKey("1", "Foo17")].quantity.name() == "Foo17"


# -- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "raw", "value"),
    [
        ("Lg = { at = 1 }", 30000, 30000),
        ("Lg = { at = 1 }", 30001, None),
        ("Lg = { at = 1, range = [0, 5000] }", 5001, None),
        ("Lg = { at = 1, scale = 0.1 }", 3, 0.3),
        ('Lg = { at = 1, type = "bit2", equals = 3 }', 3, True),
        ('Lg = { at = 1, type = "bit2", equals = 3 }', 2, False),
        ('Lg = { at = 1, words = { 0 = "normal", 2 = "high" } }', 2, "high"),
        ('Lg = { at = 1, words = { 0 = "normal", 2 = "high" } }', 1, None),
    ],
)
def test_a_raw_number_becomes_a_value_or_nothing(line: str, raw: int, value: object) -> None:
    entry = Entry.of(model_of(f"{HEAD}{POINTS}{line}\n"), PointKey("1", "Lg"))
    assert entry.value([raw]) == value
    assert type(entry.value([raw])) is type(value)


def test_a_state_that_is_neither_0_nor_1_has_no_value_but_an_alarm_stands() -> None:
    points = model_of(f"{HEAD}{POINTS}RlySta = {{ at = 1 }}\nLgHigh = {{ at = 2 }}\n").points
    state, alarm = points.values()
    assert [state.value_of(raw) for raw in (0, 1, 2, WORD)] == [False, True, None, None]
    assert [alarm.value_of(raw) for raw in (0, 1, 2)] == [False, True, True]


def test_ratios_multiply_without_leaving_binary_dust() -> None:
    model, key = model_of(f'{HEAD}{POINTS}P = {{ at = 1, scale = 0.001, ratios = ["pt", "ct"] }}\n'), PointKey("1", "P")
    point, place = model.points[key], model.registers.places[key]
    assert decoded(point, place, [1], 3) == 0.003
    assert decoded(point, place, [1234], 20) == 24.68
    assert point.precision == 3


@pytest.mark.parametrize(
    ("line", "precision"),
    [
        ("Ua = { at = 1, scale = 0.1 }", 1),
        ("Ua = { at = 1, scale = 0.05 }", 2),
        ("Ua = { at = 1 }", 0),
        ("Ua = { at = 1, scale = 20 }", 0),
        ('Ua = { at = 1, type = "f32" }', 1),
        ('Ua = { at = 1, scale = 0.1, ratios = ["pt"] }', 1),
        ("Ua = { at = 1, scale = 0.00000001 }", 6),
    ],
)
def test_as_many_decimals_are_shown_as_the_register_tells_apart(line: str, precision: int) -> None:
    assert model_of(f"{HEAD}{POINTS}{line}\n").points[PointKey("1", "Ua")].precision == precision


# -- mistakes --------------------------------------------------------------------------------------------------------

MISTAKES = {
    "not TOML": ("not_toml", f"{HEAD}{POINTS}Lg = {{ at = }} # here"),
    "the same table twice": ("not_toml", f'{HEAD}\n[line]\nbaudrate = 9600\n[line] # here\nparity = "E"'),
    "no points": ("no_points", HEAD + CIRCUIT),
    "no model table": ("missing", f"{POINTS}Lg = {{ at = 1 }}"),
    "no evidence": ("missing", HEAD.replace('evidence = "manual"\n', "").replace("[model]", "[model] # here")),
    "no source": (
        "missing",
        HEAD.replace('source = "its manual p. 7"\n', "").replace("[model]", "[model] # here"),
    ),
    "no title": (
        "missing",
        HEAD.replace('title = { en = "Meter", zh = "电表" }\n', "").replace("[model]", "[model] # here"),
    ),
    "no english title": ("missing", HEAD.replace('{ en = "Meter", zh = "电表" }', '{ zh = "电表" } # here')),
    "a title without language": ("wrong_type", HEAD.replace('{ en = "Meter", zh = "电表" }', '"Meter" # here')),
    "an id that is no file name": ("wrong_type", HEAD.replace('"my-meter"', '"../My Meter" # here')),
    "a number as name": ("wrong_type", HEAD.replace('"My meter"', "7 # here")),
    "an unknown evidence": ("unknown_word", HEAD.replace('"manual"', '"hearsay" # here')),
    "a misspelt key": ("unknown_word", f"{HEAD}maker = 1 # here"),
    "a misspelt table": ("unknown_word", f"{HEAD}[lines] # here\nbaudrate = 9600"),
    "covers that are no list": ("wrong_type", f'{HEAD}covers = "ADL300" # here'),
    "an odd parity": ("unknown_word", f'{HEAD}[line]\nparity = "X" # here'),
    "a baud rate out of reach": ("out_of_range", f'{HEAD}[line]\nparity = "N"\nbaudrate = 1 # here'),
    "a baud rate in words": ("wrong_type", f'{HEAD}[line]\nbaudrate = "fast" # here'),
    "ranges that are none": ("wrong_type", f"{HEAD}[read]\nranges = [[5, 2]] # here"),
    "true as a range": ("wrong_type", f"{HEAD}[read]\nranges = [[true, 2]] # here"),
    "a line in place of a table": ("wrong_type", f"line = 9600 # here\n{HEAD}"),
    "too long a read": ("out_of_range", f"{HEAD}[read]\nmax_registers = 126 # here"),
    "a ratio nobody reads": ("missing", f'{HEAD}[ratios]\nct = "CT" # here'),
    "circuits that are no list of tables": ("wrong_type", f"circuits = 5 # here\n{HEAD}"),
    "no circuit numbers": ("missing", f"{HEAD}[[circuits]] # here\nstride = 1"),
    "circuits in words": ("bad_circuits", f'{HEAD}[[circuits]]\nnumbers = "all" # here'),
    "circuits backwards": ("bad_circuits", f'{HEAD}[[circuits]]\nnumbers = "4-1" # here'),
    "a point that is no table": ("wrong_type", f"{HEAD}{POINTS}Lg = 5 # here"),
    "a point without address": ("missing", f"{HEAD}{POINTS}Ua = {{ at = 1 }}\nLg = {{ scale = 0.1 }} # here"),
    "an address past the end": ("out_of_range", f"{HEAD}{POINTS}Lg = {{ at = 65536 }} # here"),
    "a negative address": ("out_of_range", f"{HEAD}{POINTS}Lg = {{ at = -1 }} # here"),
    "a value that ends past the end": ("past_end", f'{HEAD}{POINTS}EP = {{ at = 65535, type = "u32" }} # here'),
    "circuits past the end": (
        "past_end",
        f'{HEAD}[[circuits]]\nnumbers="1-9"\nstride=1\n[circuits.points]\nLg = {{ at = 65530 }} # here',
    ),
    "bits that walk out of the register": (
        "past_end",
        f'{HEAD}[[circuits]]\nnumbers="1-9"\n[circuits.points]\nLg = {{ at = 1, type = "bit", bit_stride = 2 }} # here',
    ),
    "a value across a border": (
        "over_border",
        f'{HEAD}[read]\nranges = [[0, 9], [10, 20]]\n{POINTS}EP = {{ at = 9, type = "u32" }} # here',
    ),
    "an unknown type": ("unknown_word", f'{HEAD}{POINTS}Lg = {{ at = 1, type = "u24" }} # here'),
    "an order that makes no sense": (
        "bad_order",
        f'{HEAD}{POINTS}Lg = {{ at = 1, order = "low word first" }} # here',
    ),
    "a bit beyond the register": ("out_of_range", f'{HEAD}{POINTS}Lg = {{ at = 1, type = "bit", bit = 16 }} # here'),
    "half of a whole": ("unknown_word", f'{HEAD}{POINTS}Lg = {{ at = 1, byte = "high" }} # here'),
    "a middle byte": ("unknown_word", f'{HEAD}{POINTS}Lg = {{ at = 1, type = "u8", byte = "middle" }} # here'),
    "scale zero": ("out_of_range", f"{HEAD}{POINTS}Lg = {{ at = 1, scale = 0 }} # here"),
    "scale in words": ("wrong_type", f'{HEAD}{POINTS}Lg = {{ at = 1, scale = "0.1" }} # here'),
    "scale infinite": ("wrong_type", f"{HEAD}{POINTS}Lg = {{ at = 1, scale = inf }} # here"),
    "scale beyond all measure": ("wrong_type", f"{HEAD}{POINTS}Lg = {{ at = 1, scale = 1e999999999 }} # here"),
    "scale below all measure": ("wrong_type", f"{HEAD}{POINTS}Lg = {{ at = 1, scale = 1e-999999999 }} # here"),
    "a number too long to print": ("out_of_range", f"{HEAD}{POINTS}Lg = {{ at = 0x{'F' * 5000} }} # here"),
    "true as a number": ("wrong_type", f"{HEAD}{POINTS}Lg = {{ at = 1, scale = true }} # here"),
    "a flag that is none": ("wrong_type", f"{HEAD}{POINTS}Lg = {{ at = 1, detail = 1 }} # here"),
    "a range upside down": ("wrong_type", f"{HEAD}{POINTS}Lg = {{ at = 1, range = [9, 1] }} # here"),
    "a range that is not a number": ("wrong_type", f"{HEAD}{POINTS}Lg = {{ at = 1, range = [nan, 1] }} # here"),
    "a range of three": ("wrong_type", f"{HEAD}{POINTS}Lg = {{ at = 1, range = [1, 2, 3] }} # here"),
    "an unknown ratio": ("unknown_word", f'{HEAD}{POINTS}Lg = {{ at = 1, ratios = ["xt"] }} # here'),
    "an unknown kind": ("unknown_word", f'{HEAD}{POINTS}Lg = {{ at = 1, kind = "mood" }} # here'),
    "limits without source": (
        "no_evidence",
        f"{HEAD}{CIRCUIT}[circuits.settings]\nLgHighVal02 = {{ at = 1, limits = [6, 1000] }} # here",
    ),
    "an unknown code": ("unknown_code", f"{HEAD}{POINTS}Lgg = {{ at = 1 }} # here"),
    "an unknown need": ("unknown_code", f'{HEAD}{CIRCUIT}needs = ["Lg", "Lgg"] # here'),
    "a repetition past the family's end": (
        "unknown_code",
        f'{HEAD}{POINTS}"Lg{{n}}" = {{ at = 1, repeat = 17 }} # here',
    ),
    "repeat without placeholder": ("bad_placeholder", f"{HEAD}{POINTS}Lg = {{ at = 1, repeat = 2 }} # here"),
    "placeholder without repeat": ("bad_placeholder", f'{HEAD}{POINTS}"Lg{{n}}" = {{ at = 1 }} # here'),
    "an enumeration with spaces": ("wrong_type", f'{HEAD}{POINTS}Lg = {{ at = 1, words = {{ 0 = "A b" }} }} # here'),
    "an enumeration by name": ("wrong_type", f'{HEAD}{POINTS}Lg = {{ at = 1, words = {{ off = "off" }} }} # here'),
    "the same point twice": (
        "duplicate_point",
        f'{HEAD}{POINTS}Lg = {{ at = 1 }}\n[[circuits]]\nnumbers = "1-2"\n[circuits.points]\nLg = {{ at = 2 }} # here',
    ),
    "a word without address": (
        "missing",
        f'{HEAD}{CIRCUIT}[[circuits.words]] # here\n[circuits.words.bits]\n0 = "UHigh"',
    ),
    "a word with a wrong address": (
        "out_of_range",
        f'{HEAD}{CIRCUIT}[[circuits.words]]\nat = 70000 # here\n[circuits.words.bits]\n0 = "UHigh"',
    ),
    "a word without bits": ("missing", f"{HEAD}{CIRCUIT}[[circuits.words]] # here\nat = 1"),
    "bit 16": ("wrong_type", f'{HEAD}{CIRCUIT}[[circuits.words]]\nat = 1\n[circuits.words.bits]\n16 = "UHigh" # here'),
    "a bit without code": (
        "missing",
        f'{HEAD}{CIRCUIT}[[circuits.words]]\nat = 1\n[circuits.words.bits]\n1 = {{ name = {{ en = "x" }} }} # here',
    ),
    "a bit that is a number": (
        "wrong_type",
        f"{HEAD}{CIRCUIT}[[circuits.words]]\nat = 1\n[circuits.words.bits]\n1 = 5 # here",
    ),
    "a bit that is empty": (
        "wrong_type",
        f'{HEAD}{CIRCUIT}[[circuits.words]]\nat = 1\n[circuits.words.bits]\n1 = "" # here',
    ),
    "a bit with an unknown code": (
        "unknown_code",
        f'{HEAD}{CIRCUIT}[[circuits.words]]\nat = 1\n[circuits.words.bits]\n0 = "UHigh"\n1 = "UHuge" # here',
    ),
    "a ratio without a register": (
        "missing",
        HEAD.replace('"manual"', '"unknown"') + POINTS + 'Ua = { ratios = ["ct"] } # here\n',
    ),
    "one of several values without a register": (
        "missing",
        HEAD.replace('"manual"', '"unknown"') + POINTS + "UHigh = { equals = 2 } # here\n",
    ),
    "the same command twice": (
        "duplicate_point",
        f'{HEAD}[[commands]]\ncode = "RLYOFF"\n[[commands]]\ncode = "RLYOFF" # here',
    ),
    "a command that is none": ("unknown_word", f'{HEAD}[[commands]]\ncode = "Lg" # here'),
    "a command without registers": (
        "missing",
        f'{HEAD}[[commands]] # here\ncode = "RLYOFF"\nat = 1\nsource = "manual"',
    ),
    "a command without source": ("missing", f'{HEAD}[[commands]] # here\ncode = "RLYOFF"\nat = 1\nregisters = [1]'),
    "registers too large": (
        "wrong_type",
        f'{HEAD}[[commands]]\ncode = "RLYOFF"\nat = 1\nsource = "manual"\nregisters = [65536] # here',
    ),
    "a read-back without value": (
        "missing",
        f'{HEAD}[[commands]]\ncode = "RLYOFF"\n[commands.read_back] # here\ncode = "RlySta"',
    ),
    "a probe without address": ("missing", f"{HEAD}[[probe]] # here\ncount = 2"),
    "a probe past the end": ("past_end", f"{HEAD}[[probe]]\nat = 65535\ncount = 2 # here"),
    "a probe with half a range": ("wrong_type", f"{HEAD}[[probe]]\nat = 1\nallowed = [[1, 2], [4]] # here"),
    "bits that the type has not": (
        "out_of_range",
        f'{HEAD}{POINTS}RlySta = {{ at = 1, type = "u8", any_of = 0x1FF }} # here',
    ),
    "a bit of a float": ("unknown_word", f'{HEAD}{POINTS}RlySta = {{ at = 1, type = "f64", any_of = 1 }} # here'),
    "a decimal point that is none": ("wrong_type", f'{HEAD}{POINTS}Ua = {{ at = 1, exponent = "LgHigh" }} # here'),
    "a sign that is none": ("wrong_type", f'{HEAD}{POINTS}Ua = {{ at = 1, sign = "Ub" }} # here'),
    "a sign of a yes": (
        "wrong_type",
        f'{HEAD}{POINTS}LgHigh = {{ at = 1 }}\nULow = {{ at = 2, sign = "LgHigh" }} # here',
    ),
    "a decimal point with a decimal point": (
        "wrong_type",
        f'{HEAD}{POINTS}Ia = {{ at = 1, exponent = "Ib" }} # here\nIb = {{ at = 2, sign = "LgHigh" }}',
    ),
    "two questions at once": ("unknown_word", f"{HEAD}{POINTS}RlySta = {{ at = 1, any_of = 1, equals = 2 }} # here"),
    "a forbidden point": (
        "forbidden",
        f'{HEAD}[read]\nnever = [[2, 3]] # here\n{POINTS}EP = {{ at = 1, type = "u32" }}',
    ),
    "uploaded blocks of one size": (
        "blocks_alike",
        f"{HEAD}[uplink]\nblocks = [[0, 3], [8, 11]] # here\n{POINTS}Lg = {{ at = 1 }}",
    ),
    "an uploaded block that is too long": (
        "out_of_range",
        f"{HEAD}[uplink]\nblocks = [[0, 125]] # here\n{POINTS}Lg = {{ at = 1 }}",
    ),
    "too many uploaded blocks": (
        "too_many",
        f"{HEAD}[uplink]\nblocks = {[[0, n] for n in range(9)]} # here\n{POINTS}Lg = {{ at = 1 }}",
    ),
    "a forbidden probe": (
        "forbidden",
        f"{HEAD}[read]\nnever = [[2, 3]] # here\n{POINTS}Lg = {{ at = 1 }}\n[[probe]]\nat = 3",
    ),
    "a forbidden command": (
        "forbidden",
        (
            f"{HEAD}[read]\nnever = [[2, 3]] # here\n{POINTS}Lg = {{ at = 1 }}\n"
            '[[commands]]\ncode = "RESET"\nat = 1\nregisters = [1, 1]\nsource = "p. 1"'
        ),
    ),
    "a word here, a number there": (
        "differs_in_fallback",
        (
            f"{HEAD}{POINTS}RlySta = {{ at = 1, any_of = 3 }}\n[[fallback]] # here\n[[fallback.circuits]]\n"
            'numbers = "1"\n[fallback.circuits.points]\nRlySta = { at = 2, words = { 0 = "open" } }'
        ),
    ),
    "an extra command without a name": (
        "missing",
        f'{HEAD}{POINTS}Lg = {{ at = 1 }}\n[[commands]] # here\ncode = "DOC_x"',
    ),
}


@pytest.mark.parametrize(("key", "text"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_is_named_with_its_line_and_what_is_allowed(key: str, text: str) -> None:
    problems = problems_of(text)
    place = next((number for number, line in enumerate(text.split("\n"), start=1) if "# here" in line), None)
    problem = next(problem for problem in problems if (problem.key, problem.line) == (key, place))
    for language in ("en", "zh"):
        assert len(problem.sentence(language)) > 3
        assert not re.search(r"\{(found|allowed|column)\}", problem.sentence(language))
    assert problem.text().startswith(f"{place}: " if place else " ")


def test_all_mistakes_are_found_in_one_go_and_in_the_order_of_the_file() -> None:
    text = f"""{HEAD}
[line]
baudrate = 1
[read]
max_registers = 0
{POINTS}
Lg = {{ at = "0" }}
Ua = {{ at = 1, scale = 0, typ = "u16" }}
"""
    problems = problems_of(text)
    assert [problem.key for problem in problems] == [
        "out_of_range",
        "out_of_range",
        "wrong_type",
        "out_of_range",
        "unknown_word",
    ]
    lines = [problem.line for problem in problems]
    assert lines == sorted(line for line in lines if line is not None)


def test_a_repeated_mistake_is_told_once() -> None:
    problems = problems_of(f'{HEAD}{POINTS}"Foo{{n}}" = {{ at = 1, repeat = 4000 }}\n')
    assert [problem.key for problem in problems] == ["unknown_code"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{HEAD}[read]\nranges = [\n  [0x0000, 0x0001],\n  [0x0004, 0x0008]\n]\nmax_registers = 0 # here\n", None),
        (f"{HEAD}[read] # a comment\nmax_registers = 0 # here\n", None),
        (f"{HEAD}\r\n[read]\r\nmax_registers = 0 # here\r\n", None),
        (f"{HEAD}read.max_registers = 0 # here\n".replace(HEAD, "") + HEAD, None),
        (f"{HEAD}[ \"read\" ]\n'max_registers' = 0 # here\n", None),
        (f'{HEAD}source2 = "\u2028 \u0085"\n[read]\nmax_registers = 0 # here\n', None),
    ],
)
def test_the_line_is_right_however_the_file_is_laid_out(text: str, line: None) -> None:
    [problem] = [problem for problem in problems_of(text) if problem.key == "out_of_range"]
    assert problem.line == next(number for number, row in enumerate(text.split("\n"), start=1) if "# here" in row)


def test_lines_of_nested_arrays_of_tables() -> None:
    lines = Lines(
        "[[a]]\nx = 1\n[[a.b]]\ny = 1\n[[a.b]]\ny = 2\n[[a]]\nx = 2\n[[a.b]]\ny = 3\n[a.c.'d.e']\nz = 1\n[a.c.\"f\"]\n"
    )
    assert lines.of(("a", 0, "x")) == 2
    assert lines.of(("a", 0, "b", 1, "y")) == 6
    assert lines.of(("a", 1, "x")) == 8
    assert lines.of(("a", 1, "b", 0, "y")) == 10
    assert lines.of(("a", 1, "c", "d.e", "z", "deeper", 3)) == 12
    assert lines.of(("a", 1, "c", "f")) == 13
    assert lines.of(("nowhere",)) is None
    assert lines.of(()) is None


# -- sentences -------------------------------------------------------------------------------------------------------


def test_what_is_quoted_from_a_hostile_file_stays_short_and_on_one_line() -> None:
    problem = Problem(key="unknown_code", line=3, column="a\nb" * 100, found="x\r\n\x1b[31m" * 100)
    assert "\n" not in problem.text()
    assert "\x1b" not in problem.text()
    assert len(problem.text()) < 300
    assert shorten("short") == "short"
    assert len(shorten("x" * 100)) == 60


def test_a_warning_says_that_it_is_one() -> None:
    problem = Problem(key="no_points", severity=Severity.WARNING)
    assert problem.text() == " warning: no usable row or point is left; a table needs at least one"
    assert problem.text("zh").startswith(" 警告")
    assert problem.sentence("fr") == problem.sentence("en")
