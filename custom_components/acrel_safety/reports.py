"""What somebody else's log tells of a device, and what a person acknowledged of it here: both are brought together.

An account at a cloud keeps such a log, and a platform sends it by itself. What a person acknowledges here is confirmed
there, each in its own log, once; what an automation acknowledges is not, for that has an effect for everybody. What was
confirmed there is acknowledged here.
"""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .aioacrel.alarms.happening import Happening
from .aioacrel.alarms.reported import REPORTED, REPORTED_WARNING, Report
from .aioacrel.alarms.standing import Standing
from .aioacrel.alarms.watch import Watch
from .aioacrel.errors import AcrelError, LinkUnreachableError
from .aioacrel.source import Source
from .const import LOGGER
from .desk import desk_of

if TYPE_CHECKING:
    from .coordinator import AcrelCoordinator

_RULES = frozenset({REPORTED, REPORTED_WARNING})


@runtime_checkable
class TellsReports(Protocol):
    """What an entry's hub is as well that reads somebody else's log."""

    def on_reports(
        self, source: Source, take: Callable[[Sequence[Report]], None], oldest: Callable[[], datetime | None]
    ) -> Callable[[], None]:
        """Tell what the log says of a device; returns what ends that.

        `oldest` says of when the first report is that nobody knows of here.
        """

    async def async_confirm(self, source: Source, numbers: Sequence[str]) -> None:
        """Confirm reports in that log, because a person acknowledged them here. Raises AcrelError."""


@callback
def follow_reports(
    hass: HomeAssistant, entry: ConfigEntry, source: Source, coordinator: AcrelCoordinator
) -> Callable[[], None]:
    """Have the alarms of a device follow the log of one of its ways; returns what ends that."""
    hub, watch = entry.runtime_data.hub, coordinator.watch
    if watch is None or not isinstance(hub, TellsReports):
        return lambda: None
    confirming = _Confirming(hass, entry, partial(hub.async_confirm, source), watch)

    @callback
    def take(reports: Sequence[Report]) -> None:
        if reports or watch.logs.owes(entry.entry_id):
            watch.note_reports(reports, way=entry.entry_id, by=entry.title)
            confirming.look()

    @callback
    def happened(happening: Happening, standing: Standing) -> None:
        is_ours = standing.board.identity == coordinator.subentry.subentry_id
        if is_ours and standing.alarm.cause.key.rule in _RULES:
            confirming.look()

    leave = (
        confirming.end,
        hub.on_reports(source, take, lambda: watch.logs.oldest(entry.entry_id)),
        desk_of(hass).listen(happened),
    )

    @callback
    def end() -> None:
        for one in leave:
            one()

    return end


class _Confirming:
    """Confirms in one log what a person acknowledged here; what is left when it ends is kept with the alarm."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        confirm: Callable[[Sequence[str]], Coroutine[None, None, None]],
        watch: Watch,
    ) -> None:
        """Take the log, as what confirms numbers of it, and the alarms of a device."""
        self._hass = hass
        self._entry = entry
        self._confirm = confirm
        self._watch = watch
        self._under_way: set[str] = set()
        self._has_ended = False

    @callback
    def look(self) -> None:
        """Confirm what is to be confirmed now, each number once."""
        numbers = [one for one in self._watch.logs.owed(self._entry.entry_id) if one not in self._under_way]
        if numbers and not self._has_ended:
            self._under_way |= {*numbers}
            name = f"{self._entry.title} confirms"
            self._entry.async_create_background_task(self._hass, self._async_confirm(numbers), name)

    @callback
    def end(self) -> None:
        """Confirm no more."""
        self._has_ended = True

    async def _async_confirm(self, numbers: Sequence[str]) -> None:
        way, given_up = self._entry.entry_id, numbers
        why: AcrelError | None = None
        try:
            await self._confirm(numbers)
        except LinkUnreachableError as error:
            given_up, why = (), error
            if not self._has_ended:
                given_up = self._watch.logs.note_untold(way, numbers)
        except AcrelError as error:
            why = error
            self._note_told(numbers)
        else:
            given_up = ()
            self._note_told(numbers)
        finally:
            self._under_way.difference_update(numbers)
        if why is not None:
            # It is acknowledged here; it is for the person, not for us, to try it there for ever.
            later = "it is tried again when its log is read" if not given_up else "it is not tried again"
            said = "What was acknowledged here could not be confirmed in the log of the cloud: %s; %s"
            LOGGER.warning(said, why, later)

    @callback
    def _note_told(self, numbers: Sequence[str]) -> None:
        if not self._has_ended:
            self._watch.logs.note_told(self._entry.entry_id, numbers)
