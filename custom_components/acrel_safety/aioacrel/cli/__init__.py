"""The installer's command line, `acrel`: text for people, `--json` for programs."""

import sys
from collections.abc import Sequence

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells know it (128 + signal 2)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; takes the arguments of the process unless others are given.

    Returns the exit code: 0 fine, 1 a device, link or file problem, 2 wrong usage.
    """
    try:
        # Loading the rest takes a noticeable moment, in which Ctrl-C has to be quiet too.
        from .run import run  # noqa: PLC0415  # see above

        return run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return INTERRUPTED
