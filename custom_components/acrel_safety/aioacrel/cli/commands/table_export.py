"""`acrel table export`: a register table of a model."""

from ...errors import AcrelError
from ...table import export_table, left_out
from ...texts import phrase
from .. import selecting
from ..exits import Exit
from ..language import Counted, both
from ..options import Options
from ..output import Console
from ..rows import named
from ..saving import save


class NothingToExportError(AcrelError):
    """A model without registers has nothing a table could hold."""

    key = "nothing_to_export"


def command(options: Options, console: Console) -> int:
    """Make a table of a model; what the format cannot hold is named."""
    model = selecting.find_model(options, options.what)
    missing = left_out(model)
    if len(missing) == len(model.points):
        raise NothingToExportError(model=model.name)
    if missing:
        points, names = Counted(len(missing), "point"), named([str(key) for key in missing])
        console.note(phrase("table_left_out", points=points, names=names).text(options.language))
    if ratios := sorted({ratio.upper() for place in model.registers.places.values() for ratio in place.ratios}):
        console.note(phrase("table_without_ratios", ratios=both(ratios)).text(options.language))
    text = export_table(model)
    rows = len(model.points) - len(missing)
    if options.output is not None:
        save(options.output, text)
    if console.as_json:
        console.json(
            {
                "rows": rows,
                "left_out": [str(key) for key in missing],
                "table": text if options.output is None else str(options.output),
            }
        )
    elif options.output is None:
        console.text(text.rstrip("\n"))
    else:
        told = phrase("told_with_value", cause=options.output, value=Counted(rows, "row"))
        console.lines([told.text(options.language)])
    return Exit.DONE
