"""The exit codes, so that a script knows what came of a command."""

from enum import IntEnum


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


EXPLAINED = """\
exit codes:
  0    done: all that was asked for is there, and no alarm is on
  1    nothing answered, or the device, the link or a file failed; a record was changed;
       operate: refused, or not carried out
  2    wrong usage: an option, or a model or quantity that does not exist
  3    done in part: some values could not be read; the end of a record is missing;
       operate: sent, but not confirmed
  4    an alarm or fault is on (read, cloud, and watch in its last poll); goes before 3
  130  ended by Ctrl-C
  143  operate: ended by SIGTERM; what may have been sent is said, as with Ctrl-C
"""
