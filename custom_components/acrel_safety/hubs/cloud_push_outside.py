"""Who sends from outside to an address that only its own network may send to: its owner is told in a repair.

It is either the platform, which is refused then, or somebody who knows the secret address.
"""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from ..aioacrel.problems import flat
from ..const import DOMAIN
from ..issues import PUSH_FROM_OUTSIDE

QUIET_SECONDS = 24 * 3600.0
"""So long after the last such request it is over."""
_MOST_NAMED = 3
_CLOUD = "Home Assistant Cloud"
"""Whom a request comes from that has no address; a name in every language."""


class FromOutside:
    """Such requests to one address."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take the entry whose address it is."""
        self.count = 0
        self._hass = hass
        self._entry = entry
        self._issue_id = f"{entry.entry_id}_{PUSH_FROM_OUTSIDE}"
        self._senders: dict[str, None] = {}
        self._over: CALLBACK_TYPE | None = None

    @callback
    def note(self, sender: str | None) -> None:
        """Tell that one was refused."""
        self.count += 1
        if len(self._senders) < _MOST_NAMED:
            self._senders[sender or _CLOUD] = None
        self._wait_no_more()
        over = HassJob(self._is_over, cancel_on_shutdown=True)
        self._over = async_call_later(self._hass, QUIET_SECONDS, over)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=PUSH_FROM_OUTSIDE,
            translation_placeholders={"link": flat(self._entry.title), "senders": ", ".join(self._senders)},
        )

    @callback
    def withdraw(self) -> None:
        """Tell that nobody is refused for that any more."""
        self._wait_no_more()
        self._senders.clear()
        ir.async_delete_issue(self._hass, DOMAIN, self._issue_id)

    @callback
    def _is_over(self, _: object) -> None:
        self._over = None
        self._senders.clear()
        issue = ir.async_get(self._hass).async_get_issue(DOMAIN, self._issue_id)
        if issue is not None and issue.dismissed_version is None:
            # One that its owner ignored stays ignored: it is shown to nobody, and would come anew otherwise.
            ir.async_delete_issue(self._hass, DOMAIN, self._issue_id)

    def _wait_no_more(self) -> None:
        if self._over is not None:
            self._over()
            self._over = None
