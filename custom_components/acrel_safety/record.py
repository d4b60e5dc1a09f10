"""The record of what happens to alarms, limits and positions, as Home Assistant keeps it (`aioacrel/journal`)."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .aioacrel.alarms.happening import What
from .aioacrel.errors import AcrelError
from .aioacrel.journal.entry import Entry, Json, Kind, text_of
from .aioacrel.journal.journal import Journal
from .const import DOMAIN, LOGGER, RECORD_FILE
from .issues import tell_record_trouble

_LONGEST_WAIT = 5.0
"""Seconds; so long a person waits for a disk that does not answer."""
_SHORT_WAIT = 1.0
"""Seconds; so long an operation waits for it."""
_MOST_LATE = 1000
"""Entries that wait until the record can be opened."""
_SHORTER = (2000, 500, 100)
"""Characters of each text of an entry that is too long as it is."""
_NOTHING: Mapping[str, object] = {}
KINDS: Mapping[What, Kind] = {
    What.ACKNOWLEDGED: Kind.ACKNOWLEDGE,
    What.SILENCED: Kind.SILENCE,
    What.RESET: Kind.RESET,
    What.SHELVED: Kind.SHELVE,
    What.UNSHELVED: Kind.UNSHELVE,
    What.MOVED: Kind.POSITION,
}
"""In the record; all else is a change of the alarm itself."""


class SafetyRecord:
    """One file in the configuration folder; what cannot be written is said by a repair, and waits in memory."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant; nothing is opened yet."""
        self._hass = hass
        self.journal: Journal | None = None
        """None while it is not open, or cannot be opened at all."""
        self._latest: asyncio.Future[int] | None = None
        """What was put down last."""
        self._turn = asyncio.Lock()
        self._is_in_use = False
        self._late: deque[tuple[Entry, Mapping[str, object]]] = deque(maxlen=_MOST_LATE)
        """What was put down while it was closed, such as a consent that is saved while its link is loaded anew."""
        self._writing_late: asyncio.Task[None] | None = None

    async def async_open(self) -> Mapping[str, object] | None:
        """Open it, and return what stood when it was closed; None where that cannot be read."""
        async with self._turn:
            self._is_in_use = True
            return await self._async_open()

    async def _async_open(self) -> Mapping[str, object] | None:
        path = await self._hass.async_add_executor_job(_made, self._hass.config.path(DOMAIN))
        try:
            self.journal = await Journal.open(path, on_trouble=self._note_trouble)
            standing = await self.journal.standing()
        except AcrelError as error:
            # Alarms are judged and shown all the same; that nothing is recorded is said.
            self._note_trouble(error)
            standing = None
        while self._late and self.journal is not None:
            self._append(*self._late.popleft())
        return standing

    async def async_close(self) -> None:
        """Write what waits, as far as that can be done at once."""
        async with self._turn:
            self._is_in_use = False
            await self._async_close()

    async def _async_close(self) -> None:
        # What is put down from here on is kept, and written when it is open again.
        journal, self.journal = self.journal, None
        if journal is not None:
            await journal.close()

    async def _async_write_late(self) -> None:
        """Write what was put down while nobody has the record open."""
        async with self._turn:
            if self._late and not self._is_in_use:
                await self._async_open()
                await self._async_close()

    @callback
    def put_down(self, kind: Kind, data: Mapping[str, object], standing: Mapping[str, object] = _NOTHING) -> None:
        """Put an entry down, and in the same transaction what stands now; None takes a key away.

        All of it is of plain types.
        """
        # What happened is put down, if need be with less of what was said of it.
        shorter = (fit for most in _SHORTER if fits_record(kind, fit := _shortened(data, most)))
        fitting = data if fits_record(kind, data) else next(shorter, data)
        entry = Entry(kind, cast("Mapping[str, Json]", fitting), dt_util.utcnow())
        if self.journal is not None and not self._late:
            self._append(entry, standing)
            return
        # While it is being opened what came before goes first.
        if len(self._late) == _MOST_LATE:
            LOGGER.error("This could not be put down in the record: %s", self._late[0][0].data)
        self._late.append((entry, standing))
        if not self._is_in_use and (self._writing_late is None or self._writing_late.done()):
            self._writing_late = self._hass.async_create_task(self._async_write_late(), eager_start=False)

    @callback
    def _append(self, entry: Entry, standing: Mapping[str, object]) -> None:
        if self.journal is None:
            return
        try:
            self._latest = self.journal.append(entry, cast("Mapping[str, Json]", standing))
        except AcrelError as error:
            LOGGER.error("This could not be put down in the record: %s (%s)", entry.data, error)

    async def async_soon_written(self) -> None:
        """As `async_written`, but wait no longer than an operation may be kept waiting."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.async_written(), _SHORT_WAIT)

    async def async_written(self) -> None:
        """Return when all that was put down is on the disk; where that cannot be now, a repair says so."""
        if (late := self._writing_late) is not None and not late.done():
            await asyncio.wait([late], timeout=_LONGEST_WAIT)
        if (latest := self._latest) is None or self.journal is None or self.journal.trouble is not None:
            return
        with suppress(TimeoutError, AcrelError):
            await asyncio.wait_for(asyncio.shield(latest), _LONGEST_WAIT)

    @callback
    def _note_trouble(self, error: AcrelError | None) -> None:
        tell_record_trouble(self._hass, error)


def fits_record(kind: Kind, data: Mapping[str, object]) -> bool:
    """Whether the record takes an entry as it is."""
    try:
        text_of(Entry(kind, cast("Mapping[str, Json]", data), dt_util.utcnow()))
    except AcrelError:
        return False
    return True


def _shortened(data: Mapping[str, object], most: int) -> Mapping[str, object]:
    return {
        key: f"{value[:most]}…" if isinstance(value, str) and len(value) > most else value
        for key, value in data.items()
    }


def _made(folder: str) -> Path:
    """Return the path of the record, its folder made; blocks."""
    path = Path(folder)
    with suppress(OSError):
        # What is wrong there the record says itself.
        path.mkdir(exist_ok=True)
    return path / RECORD_FILE
