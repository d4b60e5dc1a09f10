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

_MOST_WAITING = 1000
"""Entries that wait while the record is closed; then the oldest are lost."""
_LONGEST_WAIT = 5.0
"""Seconds; so long a person waits for a disk that does not answer."""
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
        self._waiting = deque[tuple[Entry, Mapping[str, Json]]](maxlen=_MOST_WAITING)
        """What came while it was closed, as when the only link is loaded anew."""

    async def async_open(self) -> Mapping[str, object] | None:
        """Open it, and return what stood when it was closed; None where that cannot be read."""
        path = await self._hass.async_add_executor_job(_made, self._hass.config.path(DOMAIN))
        try:
            self.journal = await Journal.open(path, on_trouble=self._note_trouble)
            await self._take_up()
            return await self.journal.standing()
        except AcrelError as error:
            # Alarms are judged and shown all the same; that nothing is recorded is said.
            self._note_trouble(error)
            return None

    async def async_close(self) -> None:
        """Write what waits, as far as that can be done at once; what comes from now on waits until it is open again."""
        journal, self.journal = self.journal, None
        if journal is not None:
            await journal.close()

    async def _take_up(self) -> None:
        """Put down what waited, before anybody asks what stands."""
        while self._waiting and self.journal is not None:
            entry, standing = self._waiting.popleft()
            self._latest = self.journal.append(entry, standing)
        await self.async_written()

    @callback
    def put_down(self, kind: Kind, data: Mapping[str, object], standing: Mapping[str, object] = _NOTHING) -> None:
        """Put an entry down, and in the same transaction what stands now; None takes a key away.

        All of it is of plain types.
        """
        try:
            # What happened is put down, if need be with less of what was said of it.
            shorter = (fit for most in _SHORTER if fits_record(kind, fit := _shortened(data, most)))
            fitting = data if fits_record(kind, data) else next(shorter, data)
            entry = Entry(kind, cast("Mapping[str, Json]", fitting), dt_util.utcnow())
            kept = cast("Mapping[str, Json]", standing)
            if self.journal is None:
                self._waiting.append((entry, kept))
            else:
                self._latest = self.journal.append(entry, kept)
        except AcrelError as error:
            LOGGER.error("This could not be put down in the record: %s (%s)", data, error)

    async def async_written(self) -> None:
        """Return when all that was put down is on the disk; where that cannot be now, a repair says so."""
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
