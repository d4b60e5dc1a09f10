"""The installer's command line, `acrel`: text for people, `--json` for programs."""

import sys
from collections.abc import Sequence

from .exits import Exit

_NEEDED = "rich"
"""The extra `cli`: Home Assistant does without."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; takes the arguments of the process unless others are given.

    Returns the exit code (see `exits.py`).
    """
    try:
        # Loading the rest takes a noticeable moment, in which Ctrl-C has to be quiet too.
        from .run import run  # noqa: PLC0415  # see above

        return run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != _NEEDED:
            raise
        from ..texts import phrase  # noqa: PLC0415  # see above
        from .language import language_of  # noqa: PLC0415

        language = language_of(sys.argv[1:] if argv is None else argv)
        sys.stderr.write(f"{phrase('package_missing').text(language)}\n")
        return Exit.USAGE
