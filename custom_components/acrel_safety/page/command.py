"""The question of the page: which boards and circuits there are, and which entities show them."""

from typing import Any, Final

import probatio
from homeassistant.components.websocket_api import ActiveConnection, websocket_command
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from .causes import causes
from .structure import structure

STRUCTURE: Final = f"{DOMAIN}/structure"


@websocket_command({probatio.Required("type"): STRUCTURE, probatio.Optional("language"): str})
@callback
def tell_structure(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Answer any user, whose language may be told: it holds names and entities, no values."""
    said = causes(hass, msg.get("language", hass.config.language))
    connection.send_result(msg["id"], {**structure(hass), "causes": said})
