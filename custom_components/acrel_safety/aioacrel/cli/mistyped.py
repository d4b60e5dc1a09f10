"""What is wrong with what was typed, for whoever waits for a document: a command that did not begin has no console."""

import argparse
from collections.abc import Sequence
from contextlib import suppress

WRONG_USAGE = "wrong_usage"
"""What the error is called in a document."""


class MistypedError(SystemExit):
    """Ends the command as argparse does, after what is wrong was said on stderr."""

    def __init__(self, code: int, text: str) -> None:
        """Take the exit code, and what is wrong."""
        super().__init__(code)
        self.text = text


def wants_json(argv: Sequence[str]) -> bool:
    """Whether `--json` was typed, wherever it stands, whatever is wrong with the rest."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--json", action="store_true")
    with suppress(argparse.ArgumentError):
        return bool(parser.parse_known_args(argv)[0].json)
    return False
