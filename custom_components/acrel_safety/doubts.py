"""What is to tell the position of a circuit, and is ambiguous or contradicted: a repair says so as long as it is."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .aioacrel.control.named import Doubt, doubt_about
from .aioacrel.problems import flat
from .aioacrel.readings import DEVICE_CIRCUIT
from .aioacrel.texts import library_language, phrase
from .const import DOMAIN, LOGGER
from .handles import is_contradicted

if TYPE_CHECKING:
    from .coordinator import AcrelConfigEntry
    from .operating import Operator

EVIDENCE_DOUBTED: Final = "evidence_doubted"
"""Key of the issue's texts, and part of its id."""
_LASTING_SECONDS = 10.0
"""So long what is named and the device itself have to differ: a contact follows its output, and polls its contact."""
_PHRASES = {Doubt.SHARED: phrase("evidence_shared"), Doubt.LOST: phrase("evidence_lost")}


class Doubts:
    """Follows what the owner of one device named."""

    def __init__(
        self, hass: HomeAssistant, entry: AcrelConfigEntry, operator: Operator, steady: Callable[[], float]
    ) -> None:
        """Say at once what is in doubt whatever is read."""
        self._hass, self._operator, self._steady = hass, operator, steady
        self._begins = f"{entry.entry_id}_{operator.coordinator.subentry.subentry_id}_{EVIDENCE_DOUBTED}_"
        self._since: dict[str, float] = {}
        """By circuit since when both differ."""
        self._told: set[str] = set()
        policy, model = operator.policy, operator.control.device.model
        for circuit in self._circuits():
            if (doubt := doubt_about(policy, model, circuit)) is not None:
                self._tell(circuit, _PHRASES[doubt].text(self._language))

    @property
    def _language(self) -> str:
        return library_language(self._hass.config.language)

    def _circuits(self) -> Iterable[str]:
        return self._operator.policy.evidence

    @callback
    def look(self) -> None:
        """Compare what is named with the device's own word; what cannot be read ends nothing."""
        policy, control = self._operator.policy, self._operator.control
        for circuit in self._circuits():
            differs = is_contradicted(control, policy, circuit)
            if differs is False:
                self._since.pop(circuit, None)
                self._withdraw(circuit)
            elif differs and self._steady() - self._since.setdefault(circuit, self._steady()) >= _LASTING_SECONDS:
                self._tell(circuit, phrase("evidence_contradicted").text(self._language))

    def _tell(self, circuit: str, why: str) -> None:
        if circuit in self._told:
            return
        self._told.add(circuit)
        board = self._operator.board
        place = "" if circuit == DEVICE_CIRCUIT else board.circuit_name(circuit)
        LOGGER.warning("What tells the position of %s, circuit %s, is in doubt: %s", board.name, circuit, why)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._begins + circuit,
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key=EVIDENCE_DOUBTED,
            translation_placeholders={"place": flat(" ".join(filter(None, (board.name, place)))), "why": why},
        )

    def _withdraw(self, circuit: str) -> None:
        if circuit in self._told:
            self._told.discard(circuit)
            ir.async_delete_issue(self._hass, DOMAIN, self._begins + circuit)

    @callback
    def end(self) -> None:
        """Say it no more: whoever takes the device up next finds out anew."""
        for circuit in [*self._told]:
            self._withdraw(circuit)


@callback
def follow_doubts(hass: HomeAssistant, entry: AcrelConfigEntry, operator: Operator) -> CALLBACK_TYPE:
    """Say from now on what is in doubt of a device; returns what ends that."""
    doubts = Doubts(hass, entry, operator, hass.loop.time)
    unlisten = operator.coordinator.async_add_listener(doubts.look)

    @callback
    def end() -> None:
        unlisten()
        doubts.end()

    return end
