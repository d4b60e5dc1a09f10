"""Strangers that called a port, as cards among what Home Assistant discovered; nothing else is made of them."""

from hashlib import sha256
from typing import TypedDict

from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY, ConfigEntry, ConfigFlowContext
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.discovery_flow import async_create_flow

from ..aioacrel.masking import masked
from ..const import CONF_SERIAL, DOMAIN

MOST_CARDS = 8
"""Of one port; whoever else called is listed where devices are added."""


class FoundStranger(TypedDict):
    """What a dialog about a stranger begins with."""

    entry_id: str
    serial_number: str


def card_id(entry_id: str, serial: str) -> str:
    """Return what a card is known by, also when it is ignored: it tells no serial number."""
    return f"{entry_id}_{sha256(serial.encode()).hexdigest()[:16]}"


def title_of(what: str, serial: str, entry: str) -> dict[str, str]:
    """Return what the title of a card is made of; where Home Assistant makes none, it shows the name."""
    shown = masked(serial)
    return {"what": what, "serial": shown, "entry": entry, "name": f"{what} {shown} ({entry})"}


class StrangerCards:
    """The cards of one port."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the port."""
        self._hass = hass
        self._entry = entry

    @callback
    def show(self, serial: str) -> None:
        """Show a card for a stranger, unless it is ignored, there already, or there are too many."""
        if self._of(serial) or len(self._of()) >= MOST_CARDS:
            return
        context = ConfigFlowContext(
            source=SOURCE_INTEGRATION_DISCOVERY,
            unique_id=card_id(self._entry.entry_id, serial),
            title_placeholders=title_of("4G", serial, self._entry.title),
        )
        found = FoundStranger(entry_id=self._entry.entry_id, serial_number=serial)
        async_create_flow(self._hass, DOMAIN, context, found)

    @callback
    def take_away_known(self) -> None:
        """Take the cards of devices away that were added meanwhile, in whichever way."""
        for subentry in self._entry.subentries.values():
            self._take_away(self._of(str(subentry.data.get(CONF_SERIAL))))

    @callback
    def take_away_all(self) -> None:
        """Take all cards away: nobody listens any more."""
        self._take_away(self._of())

    def _take_away(self, flow_ids: list[str]) -> None:
        for flow_id in flow_ids:
            self._hass.config_entries.flow.async_abort(flow_id)

    def _of(self, serial: str | None = None) -> list[str]:
        """Return the dialogs about a stranger, or about all of this port."""
        start = f"{self._entry.entry_id}_" if serial is None else card_id(self._entry.entry_id, serial)
        flows = self._hass.config_entries.flow.async_progress_by_handler(
            DOMAIN, include_uninitialized=True, match_context={"source": SOURCE_INTEGRATION_DISCOVERY}
        )
        return [flow["flow_id"] for flow in flows if (flow["context"].get("unique_id") or "").startswith(start)]
