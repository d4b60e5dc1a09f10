"""What was done from here and does not hold any more: whoever was told that it is done is not left believing it."""

from typing import TYPE_CHECKING, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .aioacrel.alarms.closedagain import CLOSED_AGAIN
from .aioacrel.alarms.happening import Happening, What
from .aioacrel.alarms.standing import Standing
from .deeds import deeds_of
from .desk import desk_of

if TYPE_CHECKING:
    from .operating import Operator

UNDONE: Final = "undone"
"""Stands for an outcome that does not hold any more."""


@callback
def follow_undone(hass: HomeAssistant, operator: Operator) -> CALLBACK_TYPE:
    """Have what was switched off be known as undone when it is closed again; returns what ends that."""
    identity = operator.board.identity

    @callback
    def take(happening: Happening, standing: Standing) -> None:
        is_ours = standing.board.identity == identity and happening.alarm.cause.key.rule == CLOSED_AGAIN
        if is_ours and happening.what in (What.RAISED, What.CAME_AGAIN):
            deeds_of(hass).undo(identity, standing.circuit, is_closed=True)
            operator.coordinator.async_update_listeners()

    return desk_of(hass).listen(take)
