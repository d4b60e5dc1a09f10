"""Small register tables for tests, and how to look at what became of them."""

from collections.abc import Mapping, Sequence

from custom_components.acrel_safety.aioacrel.models.entry import Entry
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.problems import Problem
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.aioacrel.table import Choice, KMode, TableImport, import_table

HEADER = "id,group,data_name,unit,reg_add,reg_type,endian,dcm,k,fun_num,calc,style"
COLUMNS = HEADER.split(",")


def row(**cells: object) -> str:
    """Return one row: a sound 16-bit value unless its cells say otherwise."""
    usual: dict[str, object] = {
        "id": 1,
        "group": 1,
        "data_name": "Ua",
        "unit": "",
        "reg_add": 256,
        "reg_type": 6,
        "endian": 1,
        "dcm": 0,
        "k": 1,
        "fun_num": 3,
        "calc": "",
        "style": 0,
    }
    return ",".join(str(cell) for cell in (usual | cells).values())


def table(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def imported(*rows: str, base: Model | None = None, k_mode: KMode = KMode.AUTO) -> TableImport:
    return import_table(table(*rows), file="my.csv", model_id="mine", base=base, k_mode=k_mode)


def findings(problems: Sequence[Problem]) -> list[tuple[int | None, str, str]]:
    """Return line, column and kind of each problem."""
    return [(problem.line, problem.column, problem.key) for problem in problems]


def decoded(model: Model, start: int, words: Sequence[int]) -> Mapping[str, Value | None]:
    """Return what each point of a model makes of the registers from `start` on."""
    values: dict[str, Value | None] = {}
    for key, place in model.registers.places.items():
        own = words[place.address - start :][: place.count]
        if len(own) == place.count:
            values[str(key)] = Entry.of(model, key).value(own)
    return values


def key(text: str) -> PointKey:
    code, _, circuit = text.rpartition("@")
    return PointKey(circuit, code)


def undecided(made: TableImport) -> frozenset[PointKey]:
    """Return the points with a choice the user has not made."""
    return frozenset(choice.key for choice in made.choices if not choice.is_decided)


def values_of(choice: Choice, words: Sequence[int]) -> dict[str, Value | None]:
    """Return by label what each alternative makes of a point's registers."""
    return {label: entry.value(words) for label, entry in choice.alternatives.items()}
