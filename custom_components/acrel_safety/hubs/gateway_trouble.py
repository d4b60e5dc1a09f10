"""What a gateway sends and nobody can use: its owner is told in a repair, unless the next messages are sound."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from ..aioacrel.gateway.errors import AnswerNotSentError, PayloadError
from ..aioacrel.gateway.gateway import Gateway
from ..aioacrel.problems import flat
from ..aioacrel.texts import library_language
from ..const import DOMAIN
from ..markdown import plain

GATEWAY_TROUBLE = "gateway_trouble"
"""What can be wrong with a gateway; also the key of its text."""
PERIODS = 1.5
"""After so many periods of its reports it is more than one garbled message."""


class GatewayTrouble:
    """Follows one gateway."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, gateway: Gateway) -> None:
        """Take the gateway; it is followed from now on."""
        self._hass = hass
        self._entry = entry
        self._gateway = gateway
        self._waits: CALLBACK_TYPE | None = None
        self._is_told = False
        self._withdraw()
        self._leave = gateway.listen(self._look)
        self._look()

    @callback
    def end(self) -> None:
        """Follow it no more, and leave nothing behind."""
        self._leave()
        self._wait_no_more()
        self._withdraw()

    @callback
    def _look(self) -> None:
        if not isinstance(self._gateway.trouble, PayloadError | AnswerNotSentError):
            self._wait_no_more()
            if self._is_told:
                self._withdraw()
        elif self._waits is None and not self._is_told:
            tell = HassJob(self._tell, cancel_on_shutdown=True)
            self._waits = async_call_later(self._hass, PERIODS * self._gateway.period, tell)

    @callback
    def _tell(self, _: object) -> None:
        self._waits = None
        if (trouble := self._gateway.trouble) is None:
            return
        self._is_told = True
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=GATEWAY_TROUBLE,
            translation_placeholders={
                "link": flat(self._entry.title),
                "detail": plain(trouble.text(library_language(self._hass.config.language))),
            },
        )

    def _wait_no_more(self) -> None:
        if self._waits is not None:
            self._waits()
            self._waits = None

    def _withdraw(self) -> None:
        self._is_told = False
        ir.async_delete_issue(self._hass, DOMAIN, self._issue_id)

    @property
    def _issue_id(self) -> str:
        return f"{self._entry.entry_id}_{GATEWAY_TROUBLE}"
