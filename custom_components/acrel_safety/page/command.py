"""The question of the page: which boards and circuits there are, and which entities show them."""

from typing import Any, Final

import probatio
from homeassistant.components.websocket_api import ActiveConnection, websocket_command
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from .structure import structure

STRUCTURE: Final = f"{DOMAIN}/structure"


@websocket_command({probatio.Required("type"): STRUCTURE})
@callback
def tell_structure(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Answer any user: it holds names and entities, no values."""
    connection.send_result(msg["id"], structure(hass))
