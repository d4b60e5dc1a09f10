"""The automatic reclosing of one device in Home Assistant: what it sees, what of it is put down, and the sensor."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .aioacrel.alarms.happening import Happening
from .aioacrel.alarms.standing import Standing
from .aioacrel.alarms.watch import Watch
from .aioacrel.control.reclose import Recloser
from .aioacrel.control.rounds import Phase, Step, saying
from .aioacrel.journal.entry import Kind
from .aioacrel.readings import DEVICE_CIRCUIT
from .coordinator import AcrelCoordinator
from .desk import desk_of
from .devices import device_info
from .logged import log_entry

if TYPE_CHECKING:
    from .operating import Operator

RECLOSING: Final = "reclosing"
"""Key of the entity's texts, and part of its unique id."""


@callback
def reclose_device(hass: HomeAssistant, operator: Operator, watch: Watch) -> CALLBACK_TYPE:
    """Begin to reclose the breakers of a device, if its owner opted in; returns what ends that."""
    policy = operator.policy
    if policy.reclosing is None or not policy.is_enabled:
        return lambda: None
    desk, identity = desk_of(hass), operator.board.identity
    recloser = Recloser(operator.control, watch, lambda: operator.policy, hass.loop.time)

    @callback
    def take(happening: Happening, standing: Standing) -> None:
        if standing.board.identity == identity:
            recloser.take(happening)

    @callback
    def put_down(step: Step) -> None:
        _put_down(hass, operator, step)

    operator.recloser = recloser
    leave = [recloser.listen(put_down), desk.listen(take)]
    recloser.start()

    @callback
    def end() -> None:
        # What is dropped by this is put down, too.
        recloser.end()
        for one in leave:
            one()
        operator.recloser = None

    return end


@callback
def _put_down(hass: HomeAssistant, operator: Operator, step: Step) -> None:
    board = operator.board
    outcome = step.outcome
    data: dict[str, Any] = {
        "what": RECLOSING,
        "site": board.site,
        "board": board.name,
        "circuit": step.circuit,
        "phase": str(step.phase),
        "tries": step.tries,
        "why": None if step.why is None else str(step.why),
        "detail": step.detail,
        "by": step.by,
    }
    if outcome is not None:
        reason = None if outcome.reason is None else str(outcome.reason)
        data |= {"result": str(outcome.result), "reason": reason, "writes": outcome.writes}
    desk_of(hass).record.put_down(Kind.COMMAND, data)
    said = saying(step.phase, step.why, step.tries).text(hass.config.language)
    place = "" if step.circuit == DEVICE_CIRCUIT else board.circuit_name(step.circuit)
    log_entry(hass, board, Kind.COMMAND, " · ".join(filter(None, (place, said))), step.by)


# -- what is shown ---------------------------------------------------------------------------------------------------


def reclosing_sensors(coordinator: AcrelCoordinator) -> Iterator[ReclosingSensor]:
    """Yield a sensor for each circuit that may be closed again by itself."""
    operator = coordinator.operator
    if operator is not None and operator.recloser is not None:
        yield from (ReclosingSensor(operator, operator.recloser, circuit) for circuit in operator.recloser.rounds)


def reclosing_ids(operator: Operator) -> Iterator[tuple[str, str]]:
    """Yield platform and unique id of all that shows it."""
    if operator.recloser is not None:
        for circuit in operator.recloser.rounds:
            yield Platform.SENSOR.value, operator.unique_id_of(circuit, RECLOSING)


class ReclosingSensor(SensorEntity):
    """Where the reclosing of a circuit stands, and why it is locked."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_device_class = SensorDeviceClass.ENUM
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_translation_key = RECLOSING

    def __init__(self, operator: Operator, recloser: Recloser, circuit: str) -> None:
        """Take what it is about."""
        coordinator = operator.coordinator
        self._recloser, self._round = recloser, recloser.rounds[circuit]
        self._circuit = circuit
        self._attr_options = [str(phase) for phase in Phase]
        self._attr_unique_id = operator.unique_id_of(circuit, RECLOSING)
        self._attr_device_info = coordinator.places.get(circuit) or device_info(coordinator.subentry)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow it."""
        self.async_on_remove(self._recloser.listen(self._look))

    @callback
    def _look(self, step: Step) -> None:
        if step.circuit == self._circuit:
            self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> str:
        """The word."""
        return str(self._round.phase)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """How often it was tried since a person acknowledged, and why it is locked."""
        why = self._round.why
        return {"tries": self._round.tries, "why": None if why is None else str(why)}
