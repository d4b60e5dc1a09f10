"""`acrel models`: what models there are, and all that one of them has."""

from collections.abc import Iterable, Mapping, Sequence

from ...points import Model, Operation
from ...readings import PointKey
from ...texts import said
from .. import selecting
from ..circuits import circuit_spans
from ..exits import Exit
from ..language import Word
from ..options import Options
from ..orders import limits_of
from ..output import Column, Console, Json, table
from ..ranks import in_rank

_COLUMNS = (
    Column("MODEL"),
    Column("WHAT IT IS", gives_way=True),
    Column("CIRCUITS", is_right=True),
    Column("POINTS", is_right=True),
    Column("EVIDENCE"),
    Column("NEEDS", gives_way=True),
    Column("PRINTED ON IT", gives_way=True),
)
_QUANTITIES = (Column("CODE"), Column("CIRCUITS"), Column("NAME", gives_way=True), Column("UNIT"), Column("KIND"))
_COMMANDS = (
    Column("COMMAND"),
    Column("CIRCUITS"),
    Column("WHAT IT DOES", gives_way=True),
    Column("TO KNOW", gives_way=True),
)
_SETTINGS = (Column("MAY BE CHANGED"), Column("CIRCUITS"), Column("NAME", gives_way=True), Column("--value"))


def command(options: Options, console: Console) -> int:
    """List every model, or what one of them has."""
    return _list(options, console) if options.model is None else _list_one(options, console, options.model)


def _list(options: Options, console: Console) -> int:
    """List every model; a user's file that cannot be used is named and hides no other."""
    library, language = selecting.library(options), options.language
    found = list(library.usable())
    broken = list(library.broken())
    for error in broken:
        console.note(*error.lines_in(options.language))
    if console.as_json:
        console.json({"models": [_as_json(model, language) for model in found]})
    else:
        console.show(table(_COLUMNS, [_row(model, language) for model in found], language=language))
    return Exit.FAILED if broken else Exit.DONE


def _list_one(options: Options, console: Console, name: str) -> int:
    """List the quantities of a model, each code once, and what `acrel operate` can do to it."""
    model = selecting.find_model(options, name)
    circuits = _by_code(in_rank(model, selecting.find_keys(model, None)))
    operations = {key: one for key, one in model.operations.items() if key in model.registers.writes}
    if console.as_json:
        quantities = [_quantity_json(model, code, numbers, options.language) for code, numbers in circuits.items()]
        commands = [_command_json(one, options.language) for one in operations.values()]
        console.json({**_as_json(model, options.language), "quantities": quantities, "commands": commands})
        return Exit.DONE
    rows, language = [], options.language
    for code, numbers in circuits.items():
        quantity = model.points[PointKey(numbers[0], code)].quantity
        kind = Word(quantity.kind).text(language)
        rows.append((code, circuit_spans(numbers), quantity.name(language), quantity.unit or "", kind))
    console.show(table(_QUANTITIES, rows, language=language))
    if operations:
        console.lines([""])
        told = [_command_row(operations, one, language) for one in _by_code(operations).items()]
        console.show(table(_COMMANDS, told, language=language))
    if settable := _by_code(sorted(model.settable)):
        console.lines([""])
        told = [_setting_row(model, one, language) for one in settable.items()]
        console.show(table(_SETTINGS, told, language=language))
    return Exit.DONE


def _by_code(keys: Iterable[PointKey]) -> dict[str, list[str]]:
    """Return the circuits of each code."""
    circuits: dict[str, list[str]] = {}
    for key in keys:
        circuits.setdefault(key.code, []).append(key.circuit)
    return circuits


def _command_row(
    operations: Mapping[PointKey, Operation], found: tuple[str, Sequence[str]], language: str
) -> tuple[str, ...]:
    code, circuits = found
    operation = operations[PointKey(circuits[0], code)]
    return code, circuit_spans(circuits), operation.name(language), operation.warning(language)


def _setting_row(model: Model, found: tuple[str, Sequence[str]], language: str) -> tuple[str, ...]:
    code, circuits = found
    point = model.points[PointKey(circuits[0], code)]
    return code, circuit_spans(circuits), point.quantity.name(language), said(limits_of(point), language)


def _command_json(operation: Operation, language: str) -> Json:
    return {
        "code": operation.key.code,
        "circuit": operation.key.circuit,
        "name": operation.name(language),
        "effect": operation.effect,
        "warning": operation.warning(language),
    }


def _quantity_json(model: Model, code: str, circuits: Sequence[str], language: str) -> Json:
    quantity = model.points[PointKey(circuits[0], code)].quantity
    return {
        "code": code,
        "circuits": list(circuits),
        "name": quantity.name(language),
        "unit": quantity.unit,
        "kind": quantity.kind,
    }


def _as_json(model: Model, language: str) -> dict[str, Json]:
    return {
        "id": model.id,
        "name": model.name,
        "title": model.title(language),
        "covers": list(model.covers),
        "evidence": model.evidence,
        "source": model.source,
        "circuits": list(model.circuits),
        "points": len(model.readable),
        "waiting": len(model.waiting),
        "needs_table": model.needs_table,
        "asks_ratios": sorted(model.registers.asks_ratios),
    }


def _row(model: Model, language: str) -> tuple[str, ...]:
    needs = [Word("register table").text(language)] if model.waiting else []
    needs += [f"--{ratio}" for ratio in sorted(model.registers.asks_ratios)]
    measured = [number for number in model.circuits if number != "0"]
    return (
        model.id,
        model.title(language),
        str(len(measured) or 1),
        str(len(model.readable)),
        Word(model.evidence).text(language),
        ", ".join(needs),
        ", ".join(model.covers or [model.name]),
    )
