"""`acrel table import`: a model file of a register table."""

from ...errors import FileProblemsError, UnknownModelError
from ...models.writer import write_model
from ...points import Model
from ...table import Choice
from ...texts import Said, phrase
from .. import selecting, table_files
from ..exits import Exit
from ..language import Counted, Listed
from ..options import Options
from ..output import Console, Json
from ..saving import save


def command(options: Options, console: Console) -> int:
    """Make a model file of a table; with one bad row nothing is made, unless the user does without it."""
    table = table_files.imported(options, model_id=options.id, base=_base(options))
    if table.errors and not options.accept_rejected:
        raise FileProblemsError(file=str(options.file), problems=table.errors)
    for line in table_files.problem_lines(options.file, table.problems, options.language):
        console.note(line)
    text = write_model(table.model)
    if options.output is not None:
        save(options.output, text)
    if console.as_json:
        console.json(
            {
                "id": table.model.id,
                "points": len(table.model.readable),
                "waiting": len(table.model.waiting),
                "rejected": table.rejected,
                "problems": table_files.problems_json(table.problems, options.language),
                "choices": [_choice_json(choice) for choice in table.choices],
                "model": text if options.output is None else str(options.output),
            }
        )
    elif options.output is None:
        console.text(text.rstrip("\n"))
    else:
        usable, waiting = len(table.model.readable), len(table.model.waiting)
        parts: list[Said] = [Counted(usable, "point"), table_files.counted(table.problems)]
        parts += [phrase("table_waiting", count=waiting)] if waiting else []
        told = phrase("told_with_value", cause=options.output, value=Listed(tuple(parts)))
        console.lines([told.text(options.language)])
    return Exit.DONE


def _base(options: Options) -> Model | None:
    """Return the model that gets its addresses from the table: the one named, else a built-in one of that id."""
    if options.base is not None:
        return selecting.find_model(options, options.base)
    try:
        model = selecting.library(options).builtin(options.id)
    except UnknownModelError:
        return None
    return model if model.waiting else None


def _choice_json(choice: Choice) -> Json:
    return {
        "line": choice.line,
        "point": str(choice.key),
        "about": choice.kind,
        "chosen": choice.chosen,
        "alternatives": list(choice.alternatives),
    }
