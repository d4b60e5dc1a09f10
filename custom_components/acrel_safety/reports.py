"""What somebody else's log tells of a device, and what a person acknowledged of it here: both are brought together.

An account at a cloud keeps such a log, and a platform sends it by itself. What is acknowledged here is confirmed there,
once, because a person did it; what was confirmed there is acknowledged here.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .aioacrel.alarms.happening import Happening, What
from .aioacrel.alarms.reported import REPORTED, REPORTED_WARNING, Report
from .aioacrel.alarms.standing import Standing
from .aioacrel.errors import AcrelError
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

    @callback
    def take(reports: Sequence[Report]) -> None:
        watch.note_reports(reports, by=entry.title)

    @callback
    def happened(happening: Happening, standing: Standing) -> None:
        key = standing.alarm.cause.key
        is_ours = standing.board.identity == coordinator.subentry.subentry_id and key.rule in _RULES
        # They are asked for while they stand still: directly afterwards they are settled.
        if is_ours and happening.what is What.ACKNOWLEDGED and happening.by and (numbers := watch.reports(key)):
            entry.async_create_background_task(hass, _async_confirm(hub, source, numbers), f"{entry.title} confirms")

    leave = (
        hub.on_reports(source, take, lambda: watch.oldest_report),
        desk_of(hass).listen(happened),
    )

    @callback
    def end() -> None:
        for one in leave:
            one()

    return end


async def _async_confirm(hub: TellsReports, source: Source, numbers: Sequence[str]) -> None:
    try:
        await hub.async_confirm(source, numbers)
    except AcrelError as error:
        # It is acknowledged here; it is for the person, not for us, to try it there again.
        LOGGER.warning("What was acknowledged here could not be confirmed in the log of the cloud: %s", error)
