"""Space kept back: a file that is given up on a full disk, so that the record can still say that it is full."""

import os
import shutil
from pathlib import Path

RESERVE_BYTES = 4 * 1024 * 1024
"""Some ten thousand entries."""


class Reserve:
    """The file that keeps space."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        """Take its place; `restore` makes it."""
        self._path = path
        self._size = size

    @property
    def is_whole(self) -> bool:
        """Whether all of it is there."""
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def release(self) -> bool:
        """Give it up; whether there was something to give up."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def restore(self) -> bool:
        """Make it, if as much would be left besides; whether it is there now."""
        if self.is_whole:
            return True
        try:
            if shutil.disk_usage(self._path.parent).free < 2 * self._size:
                return False
            with self._path.open("wb") as file:
                # Written, because a file of holes keeps no space.
                file.write(os.urandom(self._size))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.release()
            return False
        return True
