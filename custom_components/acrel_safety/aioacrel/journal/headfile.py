"""The head outside the database: a small file that is whole, or the one before."""

import os
from pathlib import Path

from .chain import Head
from .errors import BadHeadError

_LARGEST = 200


def read_head(path: Path) -> Head | None:
    """Return the head that was kept; None if there is none, or what is there is none."""
    try:
        with path.open("rb") as file:
            return Head.parse(file.read(_LARGEST).decode("ascii"))
    except OSError, UnicodeError, BadHeadError:
        return None


def write_head(path: Path, head: Head) -> None:
    """Keep a head, on the disk.

    Raises OSError; then the one before is still there.
    """
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="ascii") as file:
        file.write(f"{head}\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
