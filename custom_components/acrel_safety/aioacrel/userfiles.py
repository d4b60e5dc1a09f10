"""Files that a user names or places: read only if they are files, and never more of them than is asked for."""

import os
import stat
from pathlib import Path

from .errors import FileProblemsError
from .foreign import system_says
from .problems import Problem
from .texts import Said, phrase


def read_file(path: Path, most: int) -> bytes:
    """Return a file's bytes.

    Raises FileProblemsError when it cannot be read, has more than `most` bytes, or is a pipe or device: these may never
    end, or do something when they are opened.
    """
    try:
        _refuse_what_is_no_file(path, path.stat())
        # Meanwhile another one may have this name: it must not hold us up.
        with open(path, "rb", buffering=0, opener=_opened_at_once) as file:
            _refuse_what_is_no_file(path, os.fstat(file.fileno()))
            data = bytearray()
            while len(data) <= most and (part := file.read(most + 1 - len(data))):
                data += part
            size = max(len(data), os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise _refusal(path, "unreadable", system_says(error)) from None
    if len(data) > most:
        raise _refusal(path, "too_large", phrase("bytes", count=size), phrase("bytes", count=most))
    return bytes(data)


def read_text(path: Path, most: int) -> str:
    """Return a UTF-8 file's text.

    Raises FileProblemsError, also when it is not UTF-8.
    """
    try:
        return read_file(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        found = phrase("byte", byte=f"{error.object[error.start]:02X}")
        raise _refusal(path, "not_utf8", found, line=line) from None


def _opened_at_once(path: str, flags: int) -> int:
    """Open without waiting for whoever is at the other end of a pipe; Windows has no such pipes."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _refuse_what_is_no_file(path: Path, status: os.stat_result) -> None:
    # A folder is left to the system, which has a better sentence for it.
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise _refusal(path, "unreadable", phrase("not_a_file"))


def _refusal(path: Path, key: str, found: Said, allowed: Said = "", *, line: int | None = None) -> FileProblemsError:
    return FileProblemsError(file=path.name, problems=[Problem(key=key, line=line, found=found, allowed=allowed)])
