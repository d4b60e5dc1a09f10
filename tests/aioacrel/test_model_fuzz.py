"""No file, however hostile, makes the reader raise anything but its own error, hang or fill the memory."""

import json
import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel import models
from custom_components.acrel_safety.aioacrel.errors import FileProblemsError
from custom_components.acrel_safety.aioacrel.models import ModelLibrary, limits, read_model
from custom_components.acrel_safety.aioacrel.models.entry import Entry
from custom_components.acrel_safety.aioacrel.models.limits import LARGEST_FILE, MOST_POINTS, MOST_PROBLEMS
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.problems import Problem
from custom_components.acrel_safety.aioacrel.registers import WORD

HEAD = """
[model]
id = "my-meter"
name = "My meter"
title = { en = "Meter", zh = "电表" }
evidence = "manual"
source = "its manual p. 7"
"""
POINTS = """
[[circuits]]
numbers = "1"
[circuits.points]
"""
BUILT_IN = {
    model_id: files(models).joinpath(f"{model_id}.toml").read_text("utf-8") for model_id in ModelLibrary().ids()
}


def model_of(text: str) -> Model:
    return read_model(text, file="my-meter.toml")


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(FileProblemsError) as caught:
        model_of(text)
    return caught.value.problems


def test_a_file_that_is_too_large_is_not_even_parsed() -> None:
    [problem] = problems_of("#" * (LARGEST_FILE + 1))
    assert problem.key == "too_large"


def test_deep_nesting_is_refused() -> None:
    [problem] = problems_of(f"a = {'[' * 100_000}")
    assert (problem.key, problem.line) == ("not_toml", None)


def test_a_number_with_too_many_digits_is_refused() -> None:
    [problem] = problems_of(f"a = {'9' * 5000}")
    assert problem.key == "not_toml"


def test_a_short_file_cannot_ask_for_more_points_than_fit() -> None:
    thousand = f'{HEAD}[[circuits]]\nnumbers = "1-1000"\n'
    turns = MOST_POINTS // 1000 + 1
    [problem] = problems_of(f'{thousand}[circuits.points]\n"DOC_a{{n}}" = {{ at = 0, repeat = {turns} }}\n')
    assert problem.key == "too_many_points"
    many = "".join(f'"DOC_{index}" = {{ at = {index} }}\n' for index in range(101))
    problems = problems_of(f"{thousand}[circuits.points]\n{many}")
    assert {problem.key for problem in problems} == {"too_many_points"}
    needs = json.dumps([f"DOC_{index}" for index in range(101)])
    problems = problems_of(f"{thousand}needs = {needs}\n")
    assert {problem.key for problem in problems} == {"too_many_points"}


def test_many_mistakes_take_no_ages() -> None:
    text = HEAD + "".join(f"key{index} = {index}\n" for index in range(50_000))
    *first, last = problems_of(text)
    assert len(first) == MOST_PROBLEMS
    assert last.key == "more_problems"


CROWDED = f'{HEAD}[[circuits]]\nnumbers = "1-24"\n[circuits.points]\n'
DEMANDING = {
    "rows of points that all fail": CROWDED
    + "".join(f'"DOC_{j} {{n}}" = {{ at = 0, stride = -1, repeat = 4096 }}\n' for j in range(2000)),
    "circuits without points": HEAD + POINTS + "DOC_a = { at = 1 }\n" + '[[circuits]]\nnumbers = "1-1000"\n' * 2000,
    "long names of many circuits": f'{HEAD}[[circuits]]\nnumbers = "1-1000"\nname = {{ en = "{{n}}{"x" * 10**6}" }}\n',
    "long names of many points": f'{CROWDED}"DOC_{{n}}" = {{ at = 1, repeat = 9, name = {{ en = "{"x" * 10**6}" }} }}',
    "a long code of many points": f'{CROWDED}"DOC_{{n}}{"x" * 10**5}" = {{ at = 1, repeat = 4000 }}',
    "many points in many registers maps": f"{HEAD}{POINTS}DOC_a = {{ at = 1 }}\n"
    + '[[fallback]]\n[[fallback.circuits]]\nnumbers = "1"\n'
    '[fallback.circuits.points]\n"DOC_{n}" = { at = 0, repeat = 4096 }\n' * 100,
    "many bits of many circuits": f'{HEAD}[[circuits]]\nnumbers = "1-1000"\n'
    + '[[circuits.words]]\nat = 70\nbits = { 0 = "DOC_a", 1 = "DOC_b" }\n' * 400,
}
"""Small files; each line of them stands for thousands of copies of something."""
FEW = 5000
"""Points: enough for a line, and soon used up."""


@pytest.mark.parametrize("text", DEMANDING.values(), ids=DEMANDING)
def test_what_a_file_asks_for_is_counted_before_it_is_made(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_POINTS", FEW)
    made: list[Entry] = []
    init = Entry.__init__

    def counted(self: Entry, **values: object) -> None:
        made.append(self)
        init(self, **values)  # type: ignore[arg-type]  # whatever it is given

    monkeypatch.setattr(Entry, "__init__", counted)
    problems = problems_of(text)
    assert problems[-1].key == "too_many_points"
    # Each point is made once more as a template.
    assert len(made) <= 2 * FEW


LISTS = {
    "ranges": f"{HEAD}[read]\nranges = [{'[0, 1], ' * 600}]\n{POINTS}DOC_a = {{ at = 1 }}",
    "never": f"{HEAD}[read]\nnever = [{'[8, 9], ' * 600}]\n{POINTS}DOC_a = {{ at = 1 }}",
    "probe": f"{HEAD}{POINTS}DOC_a = {{ at = 1 }}\n" + "[[probe]]\nat = 1\n" * 600,
    "fallback": f"{HEAD}{POINTS}DOC_a = {{ at = 1 }}\n" + "[[fallback]]\n" * 600,
    "invalid_while": f"{HEAD}{POINTS}DOC_a = {{ at = 1, invalid_while = {json.dumps(['DOC_b'] * 20)} }}",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_all_points_are_compared_with_is_short(name: str) -> None:
    [problem] = problems_of(LISTS[name])
    assert problem.key == "too_many"
    assert problem.column == name


def test_a_key_of_endless_parts_is_not_even_parsed() -> None:
    for text in (f"{'a.' * 500_000}a = 1", f"[{'a . ' * 500_000}a]", f"{'"a".' * 500_000}a = 1"):
        [problem] = problems_of(f"{HEAD}{text}\n")
        assert (problem.key, problem.line) == ("not_toml", 8)
        assert "too many parts" in problem.sentence()


@pytest.mark.parametrize("piece", ["a", "a-", '"', "'", '"a', ". ", "a .", " ", '"."'])
def test_looking_for_such_keys_takes_no_ages(piece: str) -> None:
    problems_of(f"x = {piece * (LARGEST_FILE // len(piece) - 10)}")


KNOWN_WORDS = sorted(
    {
        *re.findall(r"[a-z_]+(?= =)", HEAD),
        *(
            "model",
            "line",
            "read",
            "ratios",
            "uplink",
            "blocks",
            "circuits",
            "points",
            "settings",
            "words",
            "bits",
            "needs",
            "commands",
            "fallback",
        ),
        *(
            "probe",
            "at",
            "type",
            "order",
            "bit",
            "byte",
            "scale",
            "unit",
            "range",
            "limits",
            "source",
            "ratios",
            "kind",
        ),
        *(
            "poll",
            "function",
            "repeat",
            "first",
            "step",
            "stride",
            "bit_stride",
            "equals",
            "any_of",
            "exponent",
            "decimals",
            "sign",
            "invalid_while",
            "never",
            "evidence",
            "note",
            "detail",
        ),
        *(
            "name",
            "en",
            "zh",
            "0",
            "15",
            "99",
            "pt",
            "ct",
            "max_registers",
            "ranges",
            "baudrate",
            "parity",
            "registers",
        ),
        *("read_back", "value", "within", "code", "count", "mask", "allowed", "is_unit_id", "refused", "numbers"),
        *("Lg", "Ua", "Lg{n}", "DOC_Raw {address}", "UaHr{nn}", "UHighSw", "RLYOFF", "DOC_", "", "id", "covers"),
    }
)
VALUES = [
    *("manual", "imported", "unknown", "u32", "s8", "bit2", "f32", "low word first", "reversed", "high", "1", "1-12"),
    *("0", "ask", "CT", "E", "fast", "setting", "alarm", "Lg", "DOC_x", "RLYOFF", "{n}", "{", "}", "my-meter"),
]


def toml_of(value: object) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"{json.dumps(key)} = {toml_of(item)}" for key, item in value.items()) + " }"
        case list():
            return "[" + ", ".join(toml_of(item) for item in value) + "]"
        case str() | bool():
            return json.dumps(value)
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


SCALARS = st.one_of(
    st.sampled_from(VALUES),
    st.integers(-3, 70_000),
    st.integers(-(2**63), 2**63),
    st.floats(),
    st.booleans(),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x4E10, exclude_characters="\x7f"), max_size=6),
    st.just(datetime(2026, 3, 2, tzinfo=UTC)),
)
KEYS = st.one_of(st.sampled_from(KNOWN_WORDS), st.text("abn{}0", max_size=3))
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
TABLES = st.dictionaries(KEYS, TREES, max_size=6)
POINT_TABLES = st.dictionaries(KEYS, st.one_of(st.dictionaries(KEYS, SCALARS, max_size=6), TREES), max_size=4)
CIRCUITS = st.fixed_dictionaries(
    {"numbers": st.one_of(st.sampled_from(["0", "1", "1-3"]), SCALARS)},
    optional={
        "points": POINT_TABLES,
        "settings": POINT_TABLES,
        "words": st.lists(st.dictionaries(KEYS, TREES, max_size=4), max_size=2),
        "needs": TREES,
        "stride": SCALARS,
        "name": TREES,
    },
)
WHOLE_FILES = st.fixed_dictionaries(
    {"circuits": st.lists(CIRCUITS, max_size=3)},
    optional={
        "line": TABLES,
        "read": TABLES,
        "ratios": TABLES,
        "uplink": TABLES,
        "commands": st.lists(TABLES, max_size=2),
        "probe": st.lists(TABLES, max_size=2),
        "fallback": st.lists(
            st.fixed_dictionaries(
                {"circuits": st.lists(CIRCUITS, max_size=2)},
                optional={"probe": st.lists(TABLES, max_size=2), "ranges": SCALARS},
            ),
            max_size=2,
        ),
        "other": TREES,
    },
)


def assert_sound_or_refused(text: str) -> None:
    try:
        model = model_of(text)
    except FileProblemsError as error:
        refusal = error
    else:
        assert_usable(model)
        return
    assert refusal.problems
    for problem in refusal.problems:
        assert problem.line is None or 1 <= problem.line <= text.count("\n") + 1
        assert "\n" not in problem.text("zh")


def assert_usable(model: Model) -> None:
    assert model.points
    for key, point in model.points.items():
        assert isinstance(point.quantity.name("zh"), str)
        entry = Entry.of(model, key)
        assert entry.address is None or 0 <= entry.address <= entry.address + entry.count - 1 <= WORD
        entry.value([WORD] * entry.count)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    assert_sound_or_refused(text)
    assert_sound_or_refused(HEAD + POINTS + text)


@given(WHOLE_FILES)
def test_anything_shaped_like_a_model_is_read_or_refused(file: dict[str, object]) -> None:
    assert_sound_or_refused("".join(f"{key} = {toml_of(value)}\n" for key, value in file.items()) + HEAD)


@given(POINT_TABLES)
def test_any_points_are_read_or_refused(points: dict[str, object]) -> None:
    lines = "".join(f"{json.dumps(code)} = {toml_of(value)}\n" for code, value in points.items())
    assert_sound_or_refused(HEAD + POINTS + lines)


@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    model_id = data.draw(st.sampled_from(("aim-r100", "asj10l", "ascb1")))
    text = BUILT_IN[model_id]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    assert_sound_or_refused(text[:start] + data.draw(st.text(max_size=5)) + text[end:])
