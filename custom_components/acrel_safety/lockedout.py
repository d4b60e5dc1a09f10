"""A circuit that was closed although a lock-out tag hangs on it: a repair says so until it is open or untagged."""

from typing import TYPE_CHECKING, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .aioacrel.problems import flat
from .aioacrel.readings import DEVICE_CIRCUIT
from .const import DOMAIN, LOGGER
from .deedwords import tag_said
from .handles import circuit_position
from .markdown import plain

if TYPE_CHECKING:
    from .coordinator import AcrelConfigEntry
    from .operating import Operator

CLOSED_LOCKED_OUT: Final = "closed_locked_out"
"""Key of the issue's texts, and part of its id."""


class LockedOut:
    """Follows the circuits of one device that somebody works on, for all that can be told from here."""

    def __init__(self, hass: HomeAssistant, entry: AcrelConfigEntry, operator: Operator) -> None:
        """Take up what was told before the link was loaded anew."""
        self._hass, self._operator = hass, operator
        self._begins = f"{entry.entry_id}_{operator.coordinator.subentry.subentry_id}_{CLOSED_LOCKED_OUT}_"
        known = ir.async_get(hass)
        circuits = {key.circuit for key in operator.control.device.model.operations}
        self._told = {one for one in circuits if known.async_get_issue(DOMAIN, self._begins + one) is not None}

    @callback
    def closed(self, circuit: str) -> None:
        """Tell that a circuit was closed, by no command from here, if a tag hangs on it."""
        if not (tags := self._operator.control.tags.on(circuit)):
            return
        board = self._operator.board
        place = "" if circuit == DEVICE_CIRCUIT else board.circuit_name(circuit)
        shown = "; ".join(map(tag_said, tags))
        LOGGER.error("%s, circuit %s was closed although it is locked out: %s", board.name, circuit, shown)
        self._told.add(circuit)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._begins + circuit,
            is_fixable=False,
            severity=ir.IssueSeverity.CRITICAL,
            translation_key=CLOSED_LOCKED_OUT,
            translation_placeholders={
                "place": flat(" ".join(filter(None, (board.name, place)))),
                "tags": plain(shown),
            },
        )

    @callback
    def look(self) -> None:
        """Withdraw what is over; a position that is not known is none that is open."""
        control, policy = self._operator.control, self._operator.policy
        for circuit in [*self._told]:
            if circuit_position(control, policy, circuit) is False or not control.tags.on(circuit):
                self._told.discard(circuit)
                ir.async_delete_issue(self._hass, DOMAIN, self._begins + circuit)


@callback
def follow_locked_out(hass: HomeAssistant, entry: AcrelConfigEntry, operator: Operator) -> CALLBACK_TYPE:
    """Tell from now on of each circuit of a device that is closed under a tag; returns what ends that."""
    operator.locked_out = LockedOut(hass, entry, operator)
    return operator.coordinator.async_add_listener(operator.locked_out.look)
