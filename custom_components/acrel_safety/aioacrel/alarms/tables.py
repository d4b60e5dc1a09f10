"""The tables of this room, read before they are needed where nothing may wait for a disk."""

from .bitlevels import read_levels
from .counts import read_counted
from .watched import read_watched


def read_alarm_tables() -> None:
    """Read all of them; blocks."""
    read_levels()
    read_watched()
    read_counted()
