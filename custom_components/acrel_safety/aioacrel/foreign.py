"""What other programs say, as phrases: the system's common reasons in our own words, anything else quoted as it is."""

import errno
import tomllib
from collections.abc import Mapping
from socket import gaierror

from .addresses import without_password
from .problems import shorten
from .texts import Phrase, phrase

_LONGEST = 120
"""Characters of a quotation; what a parser says may repeat half a hostile file."""

SYSTEM_REASONS: Mapping[int | None, str] = {
    errno.ENOENT: "no_such_file",
    errno.EACCES: "no_permission",
    errno.EISDIR: "is_directory",
    errno.EIO: "input_output",
    errno.EBUSY: "device_busy",
    errno.ECONNREFUSED: "connection_refused",
    errno.ECONNRESET: "connection_reset",
    errno.EPIPE: "connection_reset",
    errno.EHOSTUNREACH: "no_route",
    errno.ENETUNREACH: "no_network",
    errno.ETIMEDOUT: "timed_out",
}


def python_says(error: Exception) -> Phrase:
    """Return what a parser of Python's own says about a file, with the place in it where it says one."""
    if isinstance(error, tomllib.TOMLDecodeError):
        return phrase("python_says_at", line=error.lineno, column=error.colno, message=shorten(error.msg, _LONGEST))
    return phrase("python_says", message=_quoted(str(error)))


def system_says(error: OSError) -> Phrase:
    """Return why the operating system refused."""
    if (key := SYSTEM_REASONS.get(error.errno)) is not None:
        return phrase(key)
    return phrase("system_says", message=_quoted(error.strerror or str(error)))


def reason_of(error: BaseException) -> Phrase:
    """Return the innermost cause of a failed request: the outer ones repeat the address, and asyncio's as a tuple."""
    reason = str(error)
    while (cause := error.__cause__) is not None:
        error = cause
        reason = str(error) or reason
    if isinstance(error, gaierror):
        return phrase("host_unknown")
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return system_says(error)
    if isinstance(error, TimeoutError):
        return phrase("timed_out")
    return phrase("quoted", message=_quoted(reason or type(error).__name__))


def _quoted(message: str) -> str:
    """Return what another program says; it may repeat the address of a link."""
    return shorten(without_password(message), _LONGEST)
