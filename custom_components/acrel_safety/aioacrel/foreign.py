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
    errno.ENXIO: "no_such_device",
    errno.ENODEV: "no_such_device",
    errno.ENOSPC: "disk_full",
    errno.EROFS: "read_only_disk",
    errno.EDQUOT: "quota_full",
    errno.EFBIG: "file_over_limit",
    errno.ENAMETOOLONG: "name_over_limit",
    errno.ENOTDIR: "not_a_folder",
}

LINK_REASONS: Mapping[int | None, str] = {
    errno.ENOENT: "link_no_port",
    errno.EACCES: "link_port_denied",
    errno.EPERM: "link_port_denied",
    errno.EBUSY: "link_port_busy",
    errno.EAGAIN: "link_port_busy",
    errno.ENXIO: "link_port_gone",
    errno.ENODEV: "link_port_gone",
    errno.EIO: "link_port_gone",
    errno.ENOTTY: "link_not_serial",
    errno.EISDIR: "link_not_serial",
    errno.ECONNREFUSED: "link_refused",
    errno.ECONNRESET: "hung_up",
    errno.ECONNABORTED: "hung_up",
    errno.EPIPE: "hung_up",
    errno.EHOSTUNREACH: "link_no_way",
    errno.ENETUNREACH: "link_no_way",
    errno.EHOSTDOWN: "link_no_way",
    errno.ETIMEDOUT: "link_timed_out",
}
"""Why a link cannot be opened, or was lost, with what to do about it."""

LIBRARY_REASONS: Mapping[str, str] = {
    "ModbusConnectionError": "hung_up",
    "ClientClosedError": "hung_up",
    "CRCError": "bad_checksum",
    "RTUFrameError": "bad_frame",
    "FunctionCodeError": "other_function",
    "HeaderMismatchError": "other_unit",
    "ModbusDesyncError": "other_unit",
    "InvalidResponseError": "bad_frame",
    "ModbusProtocolError": "bad_frame",
    "ASCIIFrameError": "bad_frame",
    "LRCError": "bad_checksum",
    "UnknownUriScheme": "link_not_serial",
    "UnsupportedSetting": "line_unsupported",
}
"""The errors of the Modbus libraries below, by name: some of them they make themselves."""

_TAKEN = (errno.EBUSY, errno.EAGAIN)


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


def innermost(error: BaseException) -> BaseException:
    """Return the error that caused an error: the innermost of the system, if there is one, else of all."""
    of_system: OSError | UnicodeError | None = None
    while (cause := error.__cause__) is not None:
        error = cause
        if isinstance(error, (OSError, UnicodeError)):
            of_system = error
    return of_system or error


def reason_of(error: BaseException) -> Phrase:
    """Return the innermost cause of a failed request: the outer ones repeat the address, and asyncio's as a tuple.

    Of what the Modbus libraries below say, nothing is quoted: their words are for programmers.
    """
    error = innermost(error)
    if isinstance(error, (gaierror, UnicodeError)):
        return phrase("link_host_unknown")
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        key = LINK_REASONS.get(error.errno)
        return phrase(key) if key is not None else system_says(error)
    if isinstance(error, TimeoutError):
        return phrase("link_timed_out")
    return phrase(LIBRARY_REASONS.get(type(error).__name__, "no_reason"))


def is_port_taken(error: BaseException) -> bool:
    """Whether a serial port could not be opened because it is open already: nothing was sent then."""
    cause = innermost(error)
    return isinstance(cause, OSError) and cause.errno in _TAKEN


def _quoted(message: str) -> str:
    """Return what another program says; it may repeat the address of a link."""
    return shorten(without_password(message), _LONGEST)
