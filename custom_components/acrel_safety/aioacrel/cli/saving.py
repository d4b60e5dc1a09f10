"""Files that a command writes: whole, or as they were."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def save(path: Path, text: str | Iterable[str]) -> None:
    """Write a file so that a full disk leaves the old one; a pipe or device is written as it is.

    A text may come in pieces.
    Raises OSError that names the file.
    """
    pieces = (text,) if isinstance(text, str) else text
    if path.exists() and not path.is_file():
        try:
            with path.open("w", encoding="utf-8") as file:
                file.writelines(pieces)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        return
    whole = path.resolve()  # a link stays one
    try:
        handle, name = tempfile.mkstemp(prefix=f".{whole.name}-", dir=whole.parent)
        try:
            with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - there is a descriptor already
                file.writelines(pieces)
                os.fchmod(file.fileno(), _mode(whole))
            Path(name).replace(whole)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _mode(path: Path) -> int:
    """Return the permissions of the file there is, else those a new one gets."""
    if path.exists():
        return path.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
