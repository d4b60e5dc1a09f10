"""`acrel table check`, `import` and `export`: register tables and model files, without a device."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import AcrelError, FileProblemsError, UnknownModelError
from ..foreign import foreign
from ..models.writer import write_model
from ..points import Model
from ..problems import Problem, Severity
from ..table import AddressMode, Choice, KMode, TableImport, export_table, import_table, left_out
from ..table.csvfile import LARGEST_TABLE
from . import selecting
from .arguments import Options
from .output import Console, Json, number_of

_MOST_NAMED = 10


class NothingToExportError(AcrelError):
    """A model without registers has nothing a table could hold."""

    key = "nothing_to_export"
    text = "{model} has no register that a table could hold"


class NotWritableError(AcrelError):
    """A model holds something that a model file has no words for."""

    key = "not_writable"
    text = "{model} cannot be written as a model file: {detail}"


def check(options: Options, console: Console) -> int:
    """Say what is wrong with a table or model file: one line per problem, like compilers do.

    Warnings alone do not fail the check.
    """
    try:
        if options.file.suffix.lower() == ".toml":
            problems: Sequence[Problem] = ()
            points = len(selecting.read_model_file(options.file).points)
        else:
            table = _imported(options, model_id=_stem(options.file), base=None)
            problems, points = table.problems, len(table.model.points)
    except FileProblemsError as error:
        problems, points = error.problems, 0
    failed = any(problem.severity is Severity.ERROR for problem in problems)
    if console.as_json:
        console.json(
            {
                "file": str(options.file),
                "ok": not failed,
                "points": points,
                "problems": _problems_json(problems, options.language),
            }
        )
    else:
        console.lines(_problem_lines(options.file, problems, options.language))
        console.note(f"{options.file}: {number_of(points, 'usable point')}, {_counted(problems)}")
    return 1 if failed else 0


def import_(options: Options, console: Console) -> int:
    """Make a model file of a table; with one bad row nothing is made, unless the user does without it."""
    table = _imported(options, model_id=options.id, base=_base(options))
    if table.errors and not options.accept_rejected:
        raise FileProblemsError(file=str(options.file), problems=table.errors)
    for line in _problem_lines(options.file, table.problems, options.language):
        console.note(line)
    text = _model_file(table.model)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    if console.as_json:
        console.json(
            {
                "id": table.model.id,
                "points": len(table.model.readable),
                "waiting": len(table.model.waiting),
                "rejected": table.rejected,
                "problems": _problems_json(table.problems, options.language),
                "choices": [_choice_json(choice) for choice in table.choices],
                "model": text if options.output is None else str(options.output),
            }
        )
    elif options.output is None:
        console.lines([text.rstrip("\n")])
    else:
        usable, waiting = len(table.model.readable), len(table.model.waiting)
        parts = [number_of(usable, "point"), _counted(table.problems)]
        parts += [f"{waiting} more wait for an address"] if waiting else []
        console.lines([f"{options.output}: {', '.join(parts)}"])
    return 0


def export(options: Options, console: Console) -> int:
    """Make a table of a model; what the format cannot hold is named."""
    model = selecting.find_model(options, options.what)
    missing = left_out(model)
    if len(missing) == len(model.points):
        raise NothingToExportError(model=model.name)
    if missing:
        named = ", ".join(map(str, missing[:_MOST_NAMED]))
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        console.note(
            f"Left out are {number_of(len(missing), 'point')} without an address or a place in the format:"
            f" {named}{more}"
        )
    if ratios := sorted({ratio.upper() for place in model.registers.places.values() for ratio in place.ratios}):
        console.note(
            f"Warning: a table cannot say that values are multiplied with {' and '.join(ratios)}:"
            " it gives them as the device does, before the transformer ratios"
        )
    text = export_table(model)
    rows = len(model.points) - len(missing)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    if console.as_json:
        console.json(
            {
                "rows": rows,
                "left_out": [str(key) for key in missing],
                "table": text if options.output is None else str(options.output),
            }
        )
    elif options.output is None:
        console.lines([text.rstrip("\n")])
    else:
        console.lines([f"{options.output}: {number_of(rows, 'row')}"])
    return 0


def _model_file(model: Model) -> str:
    """Return a model as the text of a file.

    Raises NotWritableError.
    """
    try:
        return write_model(model)
    except ValueError as error:
        raise NotWritableError(model=model.id, detail=error) from None


def _imported(options: Options, *, model_id: str, base: Model | None) -> TableImport:
    """Read the table.

    Raises FileProblemsError when nothing of it can be used.
    """
    try:
        return import_table(
            _read(options.file),
            # Alone, because it becomes part of the model as its source.
            file=options.file.name,
            model_id=model_id,
            base=base,
            k_mode=KMode(options.k_mode),
            address_mode=AddressMode(options.address_mode),
            accept_rejected=True,
        )
    except FileProblemsError as error:
        raise FileProblemsError(file=str(options.file), problems=error.problems) from None


def _base(options: Options) -> Model | None:
    """Return the model that gets its addresses from the table: the one named, else a built-in one of that id."""
    if options.base is not None:
        return selecting.find_model(options, options.base)
    try:
        model = selecting.library(options).builtin(options.id)
    except UnknownModelError:
        return None
    return model if model.waiting else None


def _read(path: Path) -> bytes:
    """Return a file's bytes, at most one more than a table may have.

    Raises FileProblemsError.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_TABLE + 1)
    except OSError as error:
        problem = Problem(key="unreadable", found=foreign(error.strerror or str(error)))
        raise FileProblemsError(file=str(path), problems=[problem]) from None


def _stem(path: Path) -> str:
    return path.stem.lower() or "table"


def _problem_lines(file: Path, problems: Sequence[Problem], language: str) -> list[str]:
    return [f"{file}:{problem.text(language)}" for problem in problems]


def _counted(problems: Sequence[Problem]) -> str:
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    return f"{number_of(errors, 'error')}, {number_of(len(problems) - errors, 'warning')}"


def _problems_json(problems: Sequence[Problem], language: str) -> list[Json]:
    return [
        {
            "line": problem.line,
            "column": problem.column,
            "severity": problem.severity,
            "key": problem.key,
            "text": problem.sentence(language),
        }
        for problem in problems
    ]


def _choice_json(choice: Choice) -> Json:
    return {
        "line": choice.line,
        "point": str(choice.key),
        "about": choice.kind,
        "chosen": choice.chosen,
        "alternatives": list(choice.alternatives),
    }
