"""Runs one command: dispatch, and what a user sees when something goes wrong."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from ..errors import AcrelError, NoAnswerError
from . import catalogue, dumping, reading, scan, tables, watching
from .arguments import Options, parse
from .output import Console, let_go

type Command = Callable[[Options, Console], int]

COMMANDS: Mapping[str, Command] = {
    "models": catalogue.models,
    "plan": catalogue.plan,
    "read": reading.read,
    "watch": watching.watch,
    "scan": scan.scan,
    "dump": dumping.dump,
    "table check": tables.check,
    "table import": tables.import_,
    "table export": tables.export,
}
WHAT_TO_CHECK = (
    "Check unit id, baud rate, parity and the wires A and B. A serial server that passes bytes on"
    " needs rtu+tcp:// instead of tcp://, a Modbus TCP gateway tcp://. What is slow needs a longer --timeout."
)
"""Said when nobody answered: the device itself cannot tell which of these it was."""
FAILED = 1
"""Exit code of a device, link or file problem."""


def run(argv: Sequence[str]) -> int:
    """Run the command and return its exit code.

    A reader that goes away (`acrel watch | head`) ends the command quietly: it had enough.
    """
    try:
        try:
            return _run(argv)
        finally:
            # Here, because at the interpreter's end a failure could only be shown as a traceback.
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
    except BrokenPipeError:
        let_go(sys.stdout, sys.stderr)
        return 0
    except OSError as error:  # the outputs themselves, such as a full disk
        let_go(sys.stdout)
        sys.stderr.write(f"the output cannot be written: {error.strerror}\n")
        return FAILED


def _run(argv: Sequence[str]) -> int:
    try:
        options = parse(argv)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    console = Console.of_process(as_json=options.as_json)
    with _logging(verbose=options.verbose):
        try:
            return COMMANDS[options.command](options, console)
        except AcrelError as error:
            code = _fail(console, error.key, str(error))
            if isinstance(error, NoAnswerError):
                console.note(WHAT_TO_CHECK)
            return code
        except OSError as error:
            if error.filename is None:
                raise
            return _fail(console, "system_error", f"{error.filename}: {error.strerror}")


def _fail(console: Console, key: str, text: str) -> int:
    """Tell what went wrong: a sentence, with --json also a document in place of the result."""
    console.note(text)
    if console.as_json:
        console.json({"error": {"key": key, "text": text}})
    return FAILED


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
