"""Where a record lies: its database, and the small files beside it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

BESIDE_DATABASE = ("-wal", "-shm")
"""What SQLite keeps beside a database; the second is worthless without the process that made it."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one record, all in one folder."""

    database: Path

    @property
    def head(self) -> Path:
        """Where the head is kept outside the database."""
        return self.database.with_suffix(".head")

    @property
    def lock(self) -> Path:
        """What the one writer holds."""
        return self.database.with_suffix(".lock")

    @property
    def reserve(self) -> Path:
        """The space that is given up when there is no other."""
        return self.database.with_suffix(".reserve")

    def set_aside(self) -> Path:
        """Give a damaged database another name, which is returned; nothing of it is removed."""
        name = f"{self.database.stem}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        number, aside = 1, self.database.with_name(f"{name}{self.database.suffix}")
        while aside.exists():
            number += 1
            aside = self.database.with_name(f"{name}-{number}{self.database.suffix}")
        for ending in BESIDE_DATABASE:  # first, so that they never lie beside a new database
            beside = self.database.with_name(self.database.name + ending)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + ending))
        self.database.rename(aside)
        return aside
