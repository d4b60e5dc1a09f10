"""`acrel models`: what models there are, and all that one of them has."""

from collections.abc import Sequence

from ...points import Model
from ...readings import PointKey
from .. import selecting
from ..circuits import circuit_spans
from ..exits import Exit
from ..options import Options
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


def command(options: Options, console: Console) -> int:
    """List every model, or what one of them has."""
    return _list(options, console) if options.model is None else _list_one(options, console, options.model)


def _list(options: Options, console: Console) -> int:
    """List every model; a user's file that cannot be used is named and hides no other."""
    library = selecting.library(options)
    found = list(library.usable())
    broken = list(library.broken())
    for error in broken:
        console.note(*error.lines)
    if console.as_json:
        console.json({"models": [_as_json(model, options.language) for model in found]})
    else:
        console.show(table(_COLUMNS, [_row(model, options.language) for model in found]))
    return Exit.FAILED if broken else Exit.DONE


def _list_one(options: Options, console: Console, name: str) -> int:
    """List the quantities of a model, each code once."""
    model = selecting.find_model(options, name)
    keys = in_rank(model, selecting.find_keys(model, None))
    circuits: dict[str, list[str]] = {}
    for key in keys:
        circuits.setdefault(key.code, []).append(key.circuit)
    if console.as_json:
        quantities = [_quantity_json(model, code, numbers, options.language) for code, numbers in circuits.items()]
        console.json({**_as_json(model, options.language), "quantities": quantities})
        return Exit.DONE
    rows = []
    for code, numbers in circuits.items():
        quantity = model.points[PointKey(numbers[0], code)].quantity
        name_of = quantity.name(options.language)
        rows.append((code, circuit_spans(numbers), name_of, quantity.unit or "", str(quantity.kind)))
    console.show(table(_QUANTITIES, rows))
    return Exit.DONE


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
    needs = ["register table"] if model.waiting else []
    needs += [f"--{ratio}" for ratio in sorted(model.registers.asks_ratios)]
    measured = [number for number in model.circuits if number != "0"]
    return (
        model.id,
        model.title(language),
        str(len(measured) or 1),
        str(len(model.readable)),
        model.evidence,
        ", ".join(needs),
        ", ".join(model.covers or [model.name]),
    )
