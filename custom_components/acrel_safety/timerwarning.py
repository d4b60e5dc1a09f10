"""A circuit that somebody takes to be off while its device says that it has a timer: it may close by itself.

A repair says so: of what was switched off from here, tripped, or has a lock-out tag, until it is closed, or no timer,
or nothing of that, is left. Nothing is switched because of it.
"""

from typing import TYPE_CHECKING, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .aioacrel.alarms.happening import Happening
from .aioacrel.alarms.standing import Standing
from .aioacrel.problems import flat
from .aioacrel.readings import DEVICE_CIRCUIT
from .aioacrel.timers import timers_by
from .const import DOMAIN, LOGGER
from .desk import desk_of
from .handles import circuit_position
from .lifetime import ends_all

if TYPE_CHECKING:
    from .coordinator import AcrelConfigEntry
    from .operating import Operator

MAY_CLOSE_ALONE: Final = "may_close_alone"
"""Key of the issue's texts, and part of its id."""


class TimerWarning:
    """Follows one device."""

    def __init__(self, hass: HomeAssistant, entry: AcrelConfigEntry, operator: Operator) -> None:
        """Take the device; nothing is said yet."""
        self._hass, self._operator = hass, operator
        self._id = f"{entry.entry_id}_{operator.coordinator.subentry.subentry_id}_{MAY_CLOSE_ALONE}"
        self._is_told = False

    @callback
    def look(self) -> None:
        """Say it, or withdraw it; that nobody knows any more whether there is a timer withdraws nothing."""
        found = timers_by(self._operator.control.device.sources)
        if found is None:
            self.end()
            return
        circuit, has_timer = found[1].circuit, found[1].has_timer
        if not self._is_taken_to_be_off(circuit) or has_timer is False:
            self.end()
        elif has_timer and not self._is_told:
            self._tell(circuit)

    def _is_taken_to_be_off(self, circuit: str) -> bool:
        control, policy = self._operator.control, self._operator.policy
        if circuit_position(control, policy, circuit) is True:
            return False
        around = control.surroundings
        return bool(control.tags.on(circuit) or around.trip(circuit) or around.is_off(circuit))

    def _tell(self, circuit: str) -> None:
        self._is_told = True
        board = self._operator.board
        place = "" if circuit == DEVICE_CIRCUIT else board.circuit_name(circuit)
        LOGGER.warning("%s, circuit %s is off, and its device has a timer of its own", board.name, circuit)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=MAY_CLOSE_ALONE,
            translation_placeholders={"place": flat(" ".join(filter(None, (board.name, place))))},
        )

    @callback
    def end(self) -> None:
        """Say it no more: whoever takes the device up next finds out anew."""
        if self._is_told:
            self._is_told = False
            ir.async_delete_issue(self._hass, DOMAIN, self._id)


@callback
def follow_timer(hass: HomeAssistant, entry: AcrelConfigEntry, operator: Operator) -> CALLBACK_TYPE:
    """Warn from now on of a device that may close by itself; returns what ends that."""
    warning = TimerWarning(hass, entry, operator)
    identity = operator.board.identity

    @callback
    def take(_: Happening, standing: Standing) -> None:
        # That it tripped is known after all have heard of its position.
        if standing.board.identity == identity:
            warning.look()

    leave = [
        operator.coordinator.async_add_listener(warning.look),
        operator.control.listen(lambda _: warning.look()),
        desk_of(hass).listen(take),
    ]
    return ends_all([warning.end, *leave])
