"""`acrel log export`: a record as CSV, or with `--json` as JSON lines."""

from ...journal import Form, export
from ..exits import Exit
from ..options import Options
from ..output import Console
from ..saving import save
from .log_show import wanted


def command(options: Options, console: Console) -> int:
    """Save or print all entries that are asked for; the newest entry's hash stands with them."""
    pieces = export(options.file, Form.JSON_LINES if console.as_json else Form.CSV, wanted(options))
    if options.output is not None:
        save(options.output, pieces)
        return Exit.DONE
    for piece in pieces:
        if console.page.is_terminal:  # what somebody wrote into an entry does nothing to it
            console.lines(piece.splitlines())
        else:
            console.text(piece.removesuffix("\n"))
        if not console.has_reader:
            break
    return Exit.DONE
