"""The exit codes, so that a script knows what came of a command."""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from .language import in_language
from .lines import wrapped


class Exit(IntEnum):
    """What a command ends with."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    ALARM = 4
    INTERRUPTED = 130
    """After Ctrl-C, as shells know it (128 + signal 2)."""
    TERMINATED = 143
    """After SIGTERM, in the middle of a command to a device (128 + signal 15)."""


MEANINGS: Mapping[Exit, Sequence[str]] = {
    Exit.DONE: ["done: all that was asked for is there, and no alarm is on"],
    Exit.FAILED: [
        "nothing answered, or the device, the link or a file failed; a record was changed;",
        "operate: refused, or not carried out",
    ],
    Exit.USAGE: ["wrong usage: an option, or a model or quantity that does not exist"],
    Exit.INCOMPLETE: [
        "done in part: some values could not be read; the end of a record is missing;",
        "operate: sent, but not confirmed",
    ],
    Exit.ALARM: ["an alarm or fault is on (read, cloud, and watch in its last poll); goes before 3"],
    Exit.INTERRUPTED: ["ended by Ctrl-C"],
    Exit.TERMINATED: ["operate: ended by SIGTERM; what may have been sent is said, as with Ctrl-C"],
}
"""What each means, a line for each command that it means something else for."""
_INDENT = 7


def explained(language: str) -> str:
    """Return what the exit codes mean, as it stands below every help."""
    lines = [in_language("help", "exit codes:", language)]
    for code, parts in MEANINGS.items():
        said = [in_language("help", part, language) for part in parts]
        if language != "en":
            said = [line for part in said for line in wrapped(part, after=_INDENT).splitlines()]
        lines += [f"  {code.value if place == 0 else '':<5}{line}" for place, line in enumerate(said)]
    return "\n".join(lines)
