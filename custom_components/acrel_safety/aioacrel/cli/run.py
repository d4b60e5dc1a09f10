"""Runs one command: dispatch, and what a user sees when something goes wrong."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from ..cloud.profile_reader import ProfileError
from ..errors import AcrelError, FileProblemsError, UnknownModelError
from ..foreign import system_says
from ..texts import phrase
from . import advice
from .arguments import parse
from .commands import (
    blocks,
    cloud,
    dump,
    frame,
    gateway,
    log_export,
    log_show,
    log_verify,
    models,
    operate,
    plan,
    read,
    scan,
    table_check,
    table_export,
    table_import,
    uplink,
    watch,
    xml,
)
from .commands.cloud import NoPasswordError
from .exits import Exit
from .language import language_of
from .mistyped import WRONG_USAGE as WRONG_USAGE_KEY
from .mistyped import MistypedError, wants_json
from .options import Options
from .orders import WrongOrderError
from .output import Console, escape_what_cannot_be_shown, let_go
from .ratios import IdleRatioError
from .selecting import UnknownQuantityError, UnusableFolderError

type Command = Callable[[Options, Console], int]

COMMANDS: Mapping[str, Command] = {
    "models": models.command,
    "plan": plan.command,
    "read": read.command,
    "watch": watch.command,
    "operate": operate.command,
    "scan": scan.command,
    "dump": dump.command,
    "uplink": uplink.command,
    "xml": xml.command,
    "gateway": gateway.command,
    "cloud": cloud.command,
    "blocks": blocks.command,
    "frame": frame.command,
    "table check": table_check.command,
    "table import": table_import.command,
    "table export": table_export.command,
    "log show": log_show.command,
    "log verify": log_verify.command,
    "log export": log_export.command,
}
WRONG_USAGE = (
    *(IdleRatioError, NoPasswordError, ProfileError, UnknownModelError),
    *(UnknownQuantityError, UnusableFolderError, WrongOrderError),
)
"""What was typed cannot be done, whatever the device says."""


def run(argv: Sequence[str]) -> int:
    """Run the command and return its exit code.

    A reader that goes away (`acrel watch | head`) ends the command quietly: it had enough.
    """
    language = language_of(argv)
    escape_what_cannot_be_shown()
    try:
        try:
            return _run(argv, language)
        finally:
            # Here, because at the interpreter's end a failure could only be shown as a traceback.
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
    except BrokenPipeError:
        let_go(sys.stdout, sys.stderr)
        return Exit.DONE
    except OSError as error:  # the outputs themselves, such as a full disk
        let_go(sys.stdout)
        sys.stderr.write(f"{phrase('output_unwritable', why=system_says(error)).text(language)}\n")
        return Exit.FAILED


def _run(argv: Sequence[str], language: str) -> int:
    try:
        options = parse(argv, language)
    except MistypedError as end:
        if wants_json(argv):
            Console.of_process(as_json=True).json({"error": {"key": WRONG_USAGE_KEY, "text": end.text}})
        return Exit.USAGE
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    console = Console.of_process(as_json=options.as_json)
    with _logging(verbose=options.verbose):
        try:
            return COMMANDS[options.command](options, console)
        except AcrelError as error:
            lines = error.lines_in(language) if isinstance(error, FileProblemsError) else (error.text(language),)
            _fail(console, error.key, *lines)
            for line in advice.on_error(options, error):
                console.note(line)
            return Exit.USAGE if isinstance(error, WRONG_USAGE) else Exit.FAILED
        except OSError as error:
            if error.filename is None:
                raise
            said = phrase("told_with_value", cause=error.filename, value=system_says(error))
            _fail(console, "system_error", said.text(language))
            return Exit.FAILED


def _fail(console: Console, key: str, *lines: str) -> None:
    """Tell what went wrong, a sentence or several; with --json also by a document in place of the result."""
    console.note(*lines)
    if console.as_json:
        console.json({"error": {"key": key, "text": "\n".join(lines)}})


@contextmanager
def _logging(*, verbose: bool) -> Iterator[None]:
    """Show log records on stderr, or nowhere: what matters is part of the command's own output."""
    handler = logging.StreamHandler() if verbose else logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    if verbose:
        root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
