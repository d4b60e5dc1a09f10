"""The record as a program uses it: entries go in and are durable when that is said; pages of it come out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ..texts import phrase
from . import reading
from .chain import Head
from .entry import OWN_KINDS, Entry, Json, standing_texts, text_of, time_text
from .errors import JournalTroubleError, UnfitEntryError
from .exporting import Form, export
from .keeper import Keeper
from .places import Places
from .pruning import Bounds
from .reading import ALL, Record, Wanted
from .reserve import RESERVE_BYTES, Reserve
from .store import Line
from .verification import Verification, verify
from .waiting import MOST_BYTES, MOST_ENTRIES, Waiter, Waiting
from .writer import Writer

_NOTHING: Mapping[str, Json] = {}


def _tell_nobody(_: JournalTroubleError | None) -> None:
    """Nobody is told."""


class Journal:
    """An append-only record, and beside it what stands; this process writes it, others may read it."""

    def __init__(self, path: Path, writer: Writer) -> None:
        """Take a writer that is open: `open` makes both."""
        self.path = path
        self._writer = writer

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        bounds: Bounds | None = None,
        known: Iterable[Head] = (),
        on_trouble: Callable[[JournalTroubleError | None], None] = _tell_nobody,
        most_waiting: int = MOST_ENTRIES,
        reserve: int = RESERVE_BYTES,
    ) -> Self:
        """Open a record, and make it if it is not there; its name should end in `.db`.

        `known` are heads that were kept elsewhere. `on_trouble` is told in the event loop when the record cannot be
        written, and None when all is well again; entries wait meanwhile, and a record that cannot be written yet is
        open too.
        Raises JournalInUseError, JournalTooNewError or NotAJournalError; the file is left as it is then.
        """
        places = Places(path)
        keeper = Keeper(places, bounds=bounds or Bounds(), known=tuple(known), reserve=Reserve(places.reserve, reserve))
        writer = Writer(places, keeper, Waiting(most_waiting, MOST_BYTES), on_trouble)
        await writer.open()
        return cls(path, writer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def head(self) -> Head | None:
        """The newest entry on the disk, to be kept elsewhere too; None while the record could not be opened yet."""
        return self._writer.head

    @property
    def trouble(self) -> JournalTroubleError | None:
        """Why the record cannot be written at the moment."""
        return self._writer.trouble

    @property
    def waiting(self) -> int:
        """How many entries wait in memory."""
        return self._writer.waiting

    @property
    def commits(self) -> int:
        """How often entries were written."""
        return self._writer.commits

    def append(self, entry: Entry, standing: Mapping[str, Json] = _NOTHING) -> asyncio.Future[int]:
        """Put an entry down; what is returned is its number once it is on the disk, and need not be waited for.

        `standing` is changed in the same transaction: values by key, None takes a key away.
        Raises UnfitEntryError or JournalClosedError at once; the awaited number raises EntryLostError for an entry that
        could not be written until memory was full, or until the end.
        """
        if entry.kind in OWN_KINDS:
            raise UnfitEntryError(detail=phrase("entry_kind", kind=entry.kind))
        line = Line(text_of(entry), standing_texts(standing))
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_look_at)
        self._writer.add(Waiter(line, time_text(entry.time), future))
        return future

    async def standing(self) -> dict[str, Json]:
        """Return what stands on the disk.

        Raises JournalError.
        """
        return await asyncio.to_thread(reading.standing_of, self.path)

    async def newest(self, count: int, before: int | None = None, wanted: Wanted = ALL) -> list[Record]:
        """Return the newest entries on the disk, newest first; `before` a number for the next page.

        Raises JournalError.
        """
        return await asyncio.to_thread(reading.newest, self.path, count, before, wanted)

    async def read(self, count: int, after: int = 0, wanted: Wanted = ALL) -> list[Record]:
        """Return the entries after a number in their order: a page, from whose last number it goes on.

        Raises JournalError.
        """
        return await asyncio.to_thread(reading.read, self.path, count, after, wanted)

    async def verify(self, known: Iterable[Head] = ()) -> Verification:
        """Look at the whole record, and compare it with heads that were kept elsewhere.

        Raises JournalError.
        """
        return await asyncio.to_thread(verify, self.path, tuple(known))

    async def export(self, form: Form, wanted: Wanted = ALL) -> AsyncIterator[str]:
        """Yield the record as text, piece by piece.

        Raises JournalError.
        """
        pieces = await asyncio.to_thread(export, self.path, form, wanted)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece

    async def close(self) -> None:
        """Write what waits, as far as that can be done at once, and let go of the files."""
        await self._writer.close()


def _look_at(future: asyncio.Future[int]) -> None:
    """Look at what came of it, so that nobody has to: what was lost is put down."""
    if not future.cancelled():
        future.exception()
