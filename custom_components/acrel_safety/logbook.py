"""How Home Assistant's logbook shows what was put down in the record."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
    LOGBOOK_ENTRY_STATE,
)
from homeassistant.core import HomeAssistant, callback

from .aioacrel.texts import phrase
from .const import DOMAIN
from .logged import RECORDED

_ICONS: Mapping[str, str] = {
    "raised": "mdi:alert",
    "came_again": "mdi:alert",
    "acknowledged": "mdi:check-circle-outline",
    "reset": "mdi:restore-alert",
    "ended": "mdi:shield-check",
    "operation_begun": "mdi:electric-switch",
    "operation_ended": "mdi:electric-switch",
    "operation_select_refused": "mdi:hand-back-left",
    "unauthorized": "mdi:hand-back-left",
    "tag_hung": "mdi:lock",
    "tag_removed": "mdi:lock-open-variant",
    "tag_refused": "mdi:hand-back-left",
    "refused_often": "mdi:hand-back-left",
    "moved": "mdi:electric-switch",
}
_ICON = "mdi:clipboard-text-clock"


class Logged(Protocol):
    """An event as the logbook hands it over."""

    data: Mapping[str, Any]

    @property
    def context_user_id(self) -> str | None:
        """The person in whose name it was fired."""

    @property
    def context_parent_id(self) -> str | None:
        """What led to it."""


type Describe = Callable[[Logged], dict[str, str]]


@callback
def async_describe_events(hass: HomeAssistant, async_describe_event: Callable[[str, str, Describe], None]) -> None:
    """Say how each event reads."""

    @callback
    def describe(event: Logged) -> dict[str, str]:
        if event.context_user_id is not None or event.context_parent_id is not None:
            # Ours belong to nobody's call; whoever has an account can fire another one by a phone.
            message = phrase("logged_by_others").text(hass.config.language)
            return {LOGBOOK_ENTRY_NAME: "Acrel", LOGBOOK_ENTRY_MESSAGE: message, LOGBOOK_ENTRY_ICON: _ICON}
        data = event.data
        return {
            LOGBOOK_ENTRY_NAME: str(data.get("name", "")),
            LOGBOOK_ENTRY_MESSAGE: str(data.get("message", "")),
            LOGBOOK_ENTRY_ICON: _ICONS.get(str(data.get("what")), _ICON),
            # By this a logbook card can be limited to these rows: `state_filter: [acrel_safety_recorded]`.
            LOGBOOK_ENTRY_STATE: RECORDED,
        }

    async_describe_event(DOMAIN, RECORDED, describe)
