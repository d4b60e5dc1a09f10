"""What is put down in the record, as events for Home Assistant's logbook: each a sentence (`logbook.py` shows it)."""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import HomeAssistant, callback

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.happening import Happening, What
from .aioacrel.alarms.sayings import SAID, headed
from .aioacrel.alarms.standing import Standing
from .aioacrel.journal.entry import Kind, kind_name
from .aioacrel.texts import Sayable, phrase
from .const import DOMAIN
from .deeds import Deed
from .deedwords import logged, said_of
from .entity_ids import shown_by
from .wording import figured, place_named, place_of

RECORDED: Final = f"{DOMAIN}_recorded"
"""The event."""
_SILENT = frozenset({What.SUPPRESSED, What.UNSUPPRESSED})
"""For the record alone."""
_FIGURED = frozenset({What.MEASURED, What.ENDED})
"""Told with value and limit; at the end, with the worst value of all."""


@callback
def log_happening(hass: HomeAssistant, happening: Happening, standing: Standing) -> None:
    """Tell what became of an alarm: where, what, value and limit, and who did it."""
    if (said := _sentence(happening, standing)) is None:
        return
    what, level = str(happening.what), str(standing.level)
    about = {"what": what, "level": level, "alarm_id": standing.alarm_id, "occurrence": happening.occurrence}
    shown = shown_by(hass, standing.board, standing.circuit)
    message = _joined(said.text(hass.config.language), happening.by, happening.comment)
    _fire(hass, shown, {"name": place_of(standing), "message": message, "by": happening.by, **about})


@callback
def log_entry(hass: HomeAssistant, board: Board, kind: Kind, said: str, by: str = "", comment: str = "") -> None:
    """Tell of what a person did to a device: a limit, a setting, a test, a note."""
    message = _joined(kind_name(kind, hass.config.language), said, by, comment)
    _fire(hass, shown_by(hass, board, None), {"name": board.name, "message": message, "by": by, "what": str(kind)})


@callback
def log_deed(hass: HomeAssistant, deed: Deed) -> None:
    """Tell of what was done to a device, or refused: where, what, and who."""
    if (said := said_of(deed, hass.config.language)) is None:
        return
    by = "" if deed.caller is None else deed.caller.name
    message = _joined(said.text(hass.config.language), by)
    place = place_named(deed.board, deed.circuit)
    shown = shown_by(hass, deed.board, deed.circuit)
    _fire(hass, shown, {"name": place, "message": message, "by": by, **logged(deed)})


def _sentence(happening: Happening, standing: Standing) -> Sayable | None:
    cause = standing.alarm.name
    if happening.what is What.RAISED:
        return headed(standing.level, figured(standing))
    if happening.what is What.RETURNED:
        facts = standing.alarm.facts
        # What ends by this is told by its end.
        is_held = standing.level.is_held and not facts.is_acknowledged
        return phrase(SAID[What.RETURNED], cause=figured(standing)) if is_held or facts.is_latched else None
    key = None if happening.what in _SILENT else SAID.get(happening.what)
    if happening.what in _FIGURED:
        cause = figured(standing)
    return None if key is None else phrase(key, cause=cause)


def _joined(*texts: str | None) -> str:
    return " · ".join(filter(None, texts))


def _fire(hass: HomeAssistant, entity_id: str | None, data: Mapping[str, object]) -> None:
    # By the entity the logbook finds what belongs to a board, a circuit or a link.
    named = {} if entity_id is None else {"entity_id": entity_id}
    hass.bus.async_fire(RECORDED, {**data, **named})
