"""`acrel table export`: a register table of a model."""

from ...errors import AcrelError
from ...table import export_table, left_out
from .. import selecting
from ..exits import Exit
from ..options import Options
from ..output import Console, number_of
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
        console.note(
            f"Left out are {number_of(len(missing), 'point')} without an address or a place in the format:"
            f" {named([str(key) for key in missing])}"
        )
    if ratios := sorted({ratio.upper() for place in model.registers.places.values() for ratio in place.ratios}):
        console.note(
            f"Warning: a table cannot say that values are multiplied with {' and '.join(ratios)}:"
            " it gives them as the device does, before the transformer ratios"
        )
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
        console.lines([f"{options.output}: {number_of(rows, 'row')}"])
    return Exit.DONE
