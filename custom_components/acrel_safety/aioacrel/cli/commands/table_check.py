"""`acrel table check`: what is wrong with a register table or model file."""

from collections.abc import Sequence
from pathlib import Path

from ...errors import FileProblemsError
from ...problems import Problem, Severity
from ...texts import phrase
from .. import selecting, table_files
from ..exits import Exit
from ..language import Counted, Listed
from ..options import Options
from ..output import Console


def command(options: Options, console: Console) -> int:
    """Say what is wrong with a table or model file: one line per problem, like compilers do.

    Warnings alone do not fail the check.
    """
    try:
        if options.file.suffix.lower() == ".toml":
            problems: Sequence[Problem] = ()
            points = len(selecting.read_model_file(options.file).points)
        else:
            table = table_files.imported(options, model_id=_stem(options.file), base=None)
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
                "problems": table_files.problems_json(problems, options.language),
            }
        )
    else:
        console.lines(table_files.problem_lines(options.file, problems, options.language))
        found = Listed((Counted(points, "usable point"), table_files.counted(problems)))
        console.note(phrase("told_with_value", cause=options.file, value=found).text(options.language))
    return Exit.FAILED if failed else Exit.DONE


def _stem(path: Path) -> str:
    return path.stem.lower() or "table"
