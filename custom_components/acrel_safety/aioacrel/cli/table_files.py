"""Register tables as files: read one, and say what is wrong with it."""

from collections.abc import Sequence
from pathlib import Path

from ..errors import FileProblemsError
from ..points import Model
from ..problems import Problem, Severity
from ..table import AddressMode, KMode, TableImport, import_table
from ..table.csvfile import LARGEST_TABLE
from ..userfiles import read_file
from .language import Counted, Listed
from .options import Options
from .output import Json


def imported(options: Options, *, model_id: str, base: Model | None) -> TableImport:
    """Read the table.

    Raises FileProblemsError when nothing of it can be used.
    """
    try:
        return import_table(
            read_file(options.file, LARGEST_TABLE),
            # Alone, because it becomes part of the model as its source.
            file=options.file.name,
            model_id=model_id,
            base=base,
            k_mode=KMode(options.k_mode),
            address_mode=AddressMode(options.address_mode),
        )
    except FileProblemsError as error:
        raise FileProblemsError(file=str(options.file), problems=error.problems) from None


def problem_lines(file: Path, problems: Sequence[Problem], language: str) -> list[str]:
    """Return a line per problem, as compilers write them."""
    return [f"{file}:{problem.text(language)}" for problem in problems]


def counted(problems: Sequence[Problem]) -> Listed:
    """Return how many errors and warnings there are."""
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    return Listed((Counted(errors, "error"), Counted(len(problems) - errors, "warning")))


def problems_json(problems: Sequence[Problem], language: str) -> list[Json]:
    """Return problems for programs."""
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
