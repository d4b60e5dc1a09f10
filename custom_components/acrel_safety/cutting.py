"""The cut-off by limit of one device in Home Assistant: what it sees, what is put down, and what it asks of persons."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .aioacrel.alarms.happening import Happening
from .aioacrel.alarms.links import id_of as alarm_id_of
from .aioacrel.alarms.notices import GROUP_SECONDS
from .aioacrel.alarms.standing import Standing
from .aioacrel.alarms.watch import Watch
from .aioacrel.control.cutoff import CutOff
from .aioacrel.control.requests import Cut, Request, Step
from .aioacrel.journal.entry import Kind
from .aioacrel.readings import DEVICE_CIRCUIT
from .aioacrel.texts import library_language, phrase
from .const import DOMAIN
from .coordinator import AcrelCoordinator
from .desk import desk_of
from .devices import device_info
from .logged import log_entry

if TYPE_CHECKING:
    from .operating import Operator

CUT_OFF_ASKED: Final = "cut_off_asked"
"""Key of the entity's texts, and part of its unique id."""


@callback
def cut_off_device(hass: HomeAssistant, operator: Operator, watch: Watch) -> CALLBACK_TYPE:
    """Begin to cut off circuits of a device by what its owner tied to alarms; returns what ends that."""
    policy = operator.policy
    if not policy.ties or not policy.is_enabled:
        return lambda: None
    desk, identity = desk_of(hass), operator.board.identity
    cut_off = CutOff(operator.control, watch, lambda: operator.policy, hass.loop.time, dt_util.utcnow)

    @callback
    def take(happening: Happening, standing: Standing) -> None:
        if standing.board.identity == identity:
            cut_off.take(happening)

    @callback
    def put_down(step: Step) -> None:
        _put_down(hass, operator, step)
        if step.what is Cut.ASKED and step.request is not None:
            _remind(hass, operator, step.request)

    operator.cut_off = cut_off
    leave = [cut_off.listen(put_down), desk.listen(take)]
    cut_off.start()

    @callback
    def end() -> None:
        # What is dropped by this is put down, too.
        cut_off.end()
        for one in leave:
            one()
        operator.cut_off = None

    return end


@callback
def _remind(hass: HomeAssistant, operator: Operator, request: Request) -> None:
    """Have the alarm sent to people again, now with the button that cuts off."""
    alarms = desk_of(hass).alarms

    @callback
    def send(_: datetime) -> None:
        alarms.tick()

    alarms.notices.remind(alarm_id_of(operator.board, request.alarm.cause.key), hass.loop.time())
    async_call_later(hass, GROUP_SECONDS, HassJob(send, cancel_on_shutdown=True))


@callback
def _put_down(hass: HomeAssistant, operator: Operator, step: Step) -> None:
    board, alarm, outcome = operator.board, step.alarm, step.outcome
    circuit = alarm.cause.key.circuit
    data: dict[str, Any] = {
        "what": "cut_off",
        "site": board.site,
        "board": board.name,
        "circuit": circuit,
        "step": str(step.what),
        "code": alarm.cause.key.code,
        "name": alarm.cause.name.text(),
        "occurrence": step.occurrence,
        "value": alarm.value,
        "limit": alarm.limit,
        "by": step.by,
    }
    if step.request is not None:
        data |= {"request_id": step.request.id}
    if outcome is not None:
        reason = None if outcome.reason is None else str(outcome.reason)
        data |= {"result": str(outcome.result), "reason": reason, "writes": outcome.writes}
    desk_of(hass).record.put_down(Kind.COMMAND, data)
    language = hass.config.language
    said = [phrase(f"cut_off_{step.what}", cause=alarm.cause.name).text(language)]
    if outcome is not None:
        said.append(operator.sentence(outcome))
    place = "" if circuit == DEVICE_CIRCUIT else board.circuit_name(circuit)
    log_entry(hass, board, Kind.COMMAND, " · ".join(filter(None, (place, *said))), step.by)


# -- who asks for what -----------------------------------------------------------------------------------------------


def operators(hass: HomeAssistant) -> Iterator[Operator]:
    """Yield what operates each device."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for coordinator in entry.runtime_data.coordinators.values():
            if coordinator.operator is not None:
                yield coordinator.operator


def requests_of(operator: Operator) -> Iterable[Request]:
    """Return what waits for a person on a device."""
    return () if operator.cut_off is None else tuple(operator.cut_off.requests.values())


def request_about(hass: HomeAssistant, occurrences: Iterable[str]) -> Request | None:
    """Return the request to cut off by one of these occurrences of alarms."""
    named = {*occurrences}
    asked = (request for operator in operators(hass) for request in requests_of(operator))
    return next((request for request in asked if request.occurrence in named), None)


def find_request(hass: HomeAssistant, request_id: str) -> tuple[Operator, Request] | None:
    """Return a request that stands, and what operates its device."""
    for operator in operators(hass):
        for request in requests_of(operator):
            if request.id == request_id:
                return operator, request
    return None


def plain_request(hass: HomeAssistant, operator: Operator, request: Request) -> dict[str, Any]:
    """Return a request as plain types."""
    alarm, circuit = request.alarm, request.circuit
    language = library_language(hass.config.language)
    return {
        "request_id": request.id,
        "circuit": circuit,
        "circuit_name": "" if circuit == DEVICE_CIRCUIT else operator.board.circuit_name(circuit),
        "operation": request.operation.code,
        "cause": alarm.cause.name.text(language),
        "value": alarm.value,
        "limit": alarm.limit,
        "unit": alarm.cause.unit,
        "time": request.time.isoformat(),
        "why": None if request.why is None else operator.sentence(request.why),
        "alarm_id": alarm_id_of(operator.board, alarm.cause.key),
        "occurrence": request.occurrence,
    }


# -- what is shown ---------------------------------------------------------------------------------------------------


def cut_off_sensors(coordinator: AcrelCoordinator) -> Iterator[CutOffAsked]:
    """Yield what shows whether a person is to confirm a cut-off of a device."""
    operator = coordinator.operator
    if operator is not None and operator.cut_off is not None:
        yield CutOffAsked(operator, operator.cut_off)


def cut_off_ids(operator: Operator) -> Iterator[tuple[str, str]]:
    """Yield platform and unique id of it."""
    if operator.cut_off is not None:
        yield Platform.BINARY_SENSOR.value, operator.unique_id_of(DEVICE_CIRCUIT, CUT_OFF_ASKED)


class CutOffAsked(BinarySensorEntity):
    """Whether a person is to confirm a cut-off; what and why stands in its attributes."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_translation_key = CUT_OFF_ASKED

    def __init__(self, operator: Operator, cut_off: CutOff) -> None:
        """Take the device's cut-off."""
        self._operator, self._cut_off = operator, cut_off
        self._attr_unique_id = operator.unique_id_of(DEVICE_CIRCUIT, CUT_OFF_ASKED)
        self._attr_device_info = device_info(operator.coordinator.subentry)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow it."""
        self.async_on_remove(self._cut_off.listen(self._look))

    @callback
    def _look(self, _: Step) -> None:
        self.async_write_ha_state()

    @property
    @override
    def is_on(self) -> bool:
        """Whether anything is asked."""
        return bool(self._cut_off.requests)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What is asked."""
        return {"requests": [plain_request(self.hass, self._operator, one) for one in requests_of(self._operator)]}
