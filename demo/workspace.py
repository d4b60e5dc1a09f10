"""The demo's folder: gone with the demo, or, when that was killed, with the next one."""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "acrel-demo-"
_HELD = "held"


@contextmanager
def workspace() -> Iterator[tuple[Path, int]]:
    """Make a folder; yields it, and a descriptor that keeps it as long as any process has it open."""
    _clear_up()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        with (folder / "new").open("x") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            (folder / "new").rename(folder / _HELD)  # now that it is held, another demo may look at it
            yield folder, file.fileno()


def _clear_up() -> None:
    """Remove the folders of demos that were killed and have no process left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                continue
            held = os.open(folder / _HELD, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)
