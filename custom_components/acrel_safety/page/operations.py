"""What the page shows of devices that can be operated: where they stand, what one may do, and what hangs on them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import device_registry as dr

from ..aioacrel.control.caller import Caller
from ..aioacrel.control.outcome import Reason
from ..aioacrel.control.requests import Request
from ..aioacrel.control.rights import Right
from ..aioacrel.control.tags import Tag, may_remove
from ..aioacrel.points import Effect, Operation
from ..aioacrel.readings import DEVICE_CIRCUIT, PointKey
from ..aioacrel.texts import library_language, phrase
from ..callers import async_caller
from ..const import DOMAIN
from ..cutting import cut_off_ids, requests_of
from ..deeds import Deed, deeds_of
from ..handles import circuit_position, position
from ..operating import Operator
from ..proofs import wants_proof
from ..reclosing import reclosing_ids
from ..undone import UNDONE

type Json = dict[str, Any]

_WORDS = {True: "closed", False: "open", None: None}
_NO_LEAVE = frozenset({Reason.CONTROL_OFF, Reason.NO_RIGHT, Reason.NOT_OFFERED})
"""Whoever is refused so is not offered it; all else is shown with what is in its way."""
_MOVES_CIRCUIT = (Effect.OPEN, Effect.CLOSE)


@callback
def operated(operator: Operator | None) -> Sequence[str]:
    """Return the circuits of a device that the page shows a card for: those that may be operated, or are tagged."""
    if operator is None:
        return []
    tagged = {tag.circuit for tag in operator.control.tags.all}
    circuits = dict.fromkeys(key.circuit for key in operator.control.operations)
    if operator.policy.is_enabled or DEVICE_CIRCUIT in tagged:
        return [*circuits]
    return [circuit for circuit in circuits if circuit in tagged]


@callback
def by_itself(operator: Operator | None, circuits: Collection[str]) -> Iterator[tuple[Platform, str]]:
    """Yield platform and unique id of what shows, for some circuits, what closes or cuts off by itself."""
    if operator is None:
        return
    for platform, its_unique_id in (*reclosing_ids(operator), *cut_off_ids(operator)):
        if any(its_unique_id.startswith(operator.unique_id_of(circuit, "")) for circuit in circuits):
            yield Platform(platform), its_unique_id


def at(hass: HomeAssistant, operator: Operator) -> str | None:
    """Return the id of the device in the registry."""
    entry = operator.coordinator.config_entry
    identifier = (DOMAIN, operator.board.identity)
    device = dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)
    return None if device is None else device.id


async def async_shown(hass: HomeAssistant, operator: Operator, context: Context, language: str) -> Json:
    """Return all that the page shows of one device to whoever asks."""
    control, language = operator.control, library_language(language)
    callers: dict[str, Caller | None] = {}
    for circuit in {DEVICE_CIRCUIT, *(key.circuit for key in control.operations)}:
        callers[circuit] = await _async_asker(hass, operator, context, circuit)
    asker = callers[DEVICE_CIRCUIT]
    last: dict[str, Deed] = {deed.circuit: deed for deed in deeds_of(hass).ended(operator.board.identity)}
    act = control.under_way
    moving = None if act is None else {"circuit": act.key.circuit, "effect": str(act.effect)}
    return {
        "may_tag": asker is not None and asker.is_person and operator.policy.rights.may(asker, Right.TAGS),
        "tags": [_tag(operator, tag, asker) for tag in control.tags.all],
        "requests": [_request(operator, one, callers[one.circuit], language) for one in requests_of(operator)],
        "moving": moving,
        "circuits": {
            circuit: {
                "position": _WORDS[circuit_position(control, operator.policy, circuit)],
                "operations": [
                    shown
                    for key in control.operations
                    if key.circuit == circuit and (shown := _operation(operator, key, callers[circuit], language))
                ],
                "last": _last(hass, last.get(circuit), language),
            }
            for circuit in callers
            if circuit != DEVICE_CIRCUIT or any(key.circuit == DEVICE_CIRCUIT for key in control.operations)
        },
    }


async def _async_asker(hass: HomeAssistant, operator: Operator, context: Context, circuit: str) -> Caller | None:
    try:
        return await async_caller(hass, context, operator.shown_by(circuit))
    except Unauthorized:
        return None


def _operation(operator: Operator, key: PointKey, caller: Caller | None, language: str) -> Json | None:
    """Return an operation as it is offered; None to whom it is not."""
    control, policy = operator.control, operator.policy
    hindrance = None if caller is None else control.preview(key, caller)
    if caller is None or (hindrance is not None and hindrance.reason in _NO_LEAVE):
        return None
    operation = control.operations[key]
    effect = policy.effect(operation)
    return {
        "code": key.code,
        "name": operation.name(language),
        "effect": str(effect),
        "warning": operation.warning(language),
        "in_the_way": "" if hindrance is None else hindrance.why(language),
        "output": _output(operator, key, operation) if effect not in _MOVES_CIRCUIT else None,
        "wants_proof": wants_proof(operator, key),
    }


def _request(operator: Operator, request: Request, caller: Caller | None, language: str) -> Json:
    """Return what asks to be cut off, and whether whoever looks may say so, or that it stays on."""
    alarm, control = request.alarm, operator.control
    operation = control.device.model.operations[request.operation]
    is_one = caller is not None and caller.is_person and operator.policy.may(caller, Right.OFF)
    hindrance = control.preview(request.operation, caller) if caller is not None and is_one else None
    return {
        "request_id": request.id,
        "circuit": request.circuit,
        "code": request.operation.code,
        "name": operation.name(language),
        "warning": operation.warning(language),
        "cause": alarm.name.text(language),
        "value": alarm.value,
        "limit": alarm.limit,
        "unit": alarm.cause.unit,
        "time": request.time.isoformat(timespec="seconds"),
        "may_decide": is_one,
        "in_the_way": "" if hindrance is None else hindrance.why(language),
        "wants_proof": wants_proof(operator, request.operation),
    }


def _output(operator: Operator, key: PointKey, operation: Operation) -> str | None:
    """Return whether an output is on that switches no circuit, such as a horn."""
    if operation.effect not in (Effect.OUTPUT_ON, Effect.OUTPUT_OFF):
        return None
    control, policy = operator.control, operator.policy
    proof, is_told = position(control, key, policy)
    found = proof.position(control.device.readings) if is_told else None
    return {True: "on", False: "off", None: None}[found]


def _last(hass: HomeAssistant, deed: Deed | None, language: str) -> Json | None:
    if deed is None or deed.outcome is None:
        return None
    is_undone = deeds_of(hass).is_undone(deed)
    undone = phrase("deed_undone_open") if deed.effect is Effect.OPEN else phrase("deed_undone_closed")
    return {
        "name": deed.code if deed.operation is None else deed.operation.name(language),
        "effect": None if deed.effect is None else str(deed.effect),
        "outcome": UNDONE if is_undone else str(deed.outcome.result),
        "text": undone.text(language) if is_undone else deed.outcome.text(language),
        "by": "" if deed.caller is None or not deed.caller.is_person else deed.caller.name,
        "time": deed.time.isoformat(timespec="milliseconds"),
    }


def _tag(operator: Operator, tag: Tag, asker: Caller | None) -> Mapping[str, Any]:
    return {
        "tag_id": tag.id,
        "circuit": tag.circuit,
        "circuit_name": "" if tag.circuit == DEVICE_CIRCUIT else operator.board.circuit_name(tag.circuit),
        "name": tag.name,
        "reason": tag.reason,
        "time": tag.time.isoformat(timespec="seconds"),
        "may_remove": asker is not None and may_remove(tag, asker),
    }
