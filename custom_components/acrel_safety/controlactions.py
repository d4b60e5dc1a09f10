"""The actions that operate devices: select, operate, tags, and the list of what can be operated."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import config_validation as cv

from .aioacrel.control.caller import Caller
from .aioacrel.control.choice import usual
from .aioacrel.control.outcome import Outcome, Result
from .aioacrel.control.tags import LONGEST_TEXT, Tag, is_legible
from .aioacrel.control.tokens import LONGEST, SHORTEST, USUAL
from .aioacrel.points import Effect
from .aioacrel.readings import DEVICE_CIRCUIT, PointKey
from .aioacrel.texts import library_language
from .callers import async_caller
from .const import DOMAIN
from .cutting import operators
from .handles import position
from .meant import note_calls
from .often import check_person_not_too_often
from .operating import Operator
from .proofactions import register_proof_actions
from .proofs import hiding, refusing, secret_in
from .starters import StarterForgottenError, note_starters, person_behind
from .tagging import async_hang_tag, async_remove_tag
from .targets import Spot, spots_of
from .timeractions import register_timer_actions

SELECT: Final = "select"
OPERATE: Final = "operate"
HANG_TAG: Final = "hang_tag"
REMOVE_TAG: Final = "remove_tag"
LIST_OPERATIONS: Final = "list_operations"
ATTR_OPERATION: Final = "operation"
ATTR_TOKEN: Final = "token"  # noqa: S105 - no secret
ATTR_CONFIRM: Final = "confirm"
ATTR_SECONDS: Final = "seconds"
ATTR_REASON: Final = "reason"
ATTR_NAME: Final = "name"
ATTR_TAG_ID: Final = "tag_id"
_TEXT = probatio.All(str, probatio.Length(max=LONGEST_TEXT))
_SAID = probatio.All(str, probatio.Length(min=1, max=LONGEST_TEXT))
_WORDS = {"open": Effect.OPEN, "close": Effect.CLOSE}
"""Besides the codes of the vocabulary: what most people mean."""
_ONE = {**cv.TARGET_SERVICE_FIELDS, probatio.Required(ATTR_OPERATION): _SAID}
_SELECT_SCHEMA = probatio.Schema(
    {
        **_ONE,
        probatio.Optional(ATTR_SECONDS, default=USUAL): probatio.All(
            probatio.Coerce(float), probatio.Range(min=SHORTEST, max=LONGEST)
        ),
    }
)
_OPERATE_SCHEMA = probatio.Schema(
    {
        **_ONE,
        probatio.Optional(ATTR_TOKEN): _TEXT,
        probatio.Optional(ATTR_CONFIRM, default=False): cv.boolean,
    }
)
_HANG_SCHEMA = probatio.Schema(
    {
        **cv.TARGET_SERVICE_FIELDS,
        probatio.Required(ATTR_REASON): _SAID,
        probatio.Optional(ATTR_NAME, default=""): _TEXT,
    }
)


@callback
def register_control_actions(hass: HomeAssistant) -> None:
    """Register all of them, whether any link is loaded or not, and note from now on who starts automations."""
    note_starters(hass)
    note_calls(hass)
    register = hass.services.async_register
    register(DOMAIN, SELECT, _async_select, refusing(_SELECT_SCHEMA), supports_response=SupportsResponse.ONLY)
    register(DOMAIN, OPERATE, _async_operate, hiding(_OPERATE_SCHEMA), supports_response=SupportsResponse.OPTIONAL)
    register(DOMAIN, HANG_TAG, _async_hang_tag, refusing(_HANG_SCHEMA), supports_response=SupportsResponse.OPTIONAL)
    removing = probatio.Schema({probatio.Required(ATTR_TAG_ID): _SAID})
    register(DOMAIN, REMOVE_TAG, _async_remove_tag, refusing(removing))
    register_proof_actions(hass)
    register_timer_actions(hass)
    listing = probatio.Schema({**cv.TARGET_SERVICE_FIELDS})
    register(DOMAIN, LIST_OPERATIONS, _async_list, refusing(listing), supports_response=SupportsResponse.ONLY)


async def _async_select(call: ServiceCall) -> ServiceResponse:
    """Return a token to operate with once. Raises ServiceValidationError with what is in the way."""
    operator, key = _meant(call)
    found = await operator.async_select(key, call.context, call.data[ATTR_SECONDS])
    if isinstance(found, Outcome):
        operator.check(found)
        return _plain(operator, key, found)
    language = library_language(call.hass.config.language)
    operation = operator.control.operations[key]
    return {
        "token": found.token,
        "seconds": call.data[ATTR_SECONDS],
        "operation": key.code,
        "circuit": key.circuit,
        "name": operation.name(language),
        "warning": operation.warning(language),
        "position": _word(operator, key, found.position),
    }


async def _async_operate(call: ServiceCall) -> ServiceResponse:
    """Operate once; whoever takes the answer is told what became of it, unless nothing was sent."""
    operator, key = _meant(call)
    outcome = await operator.async_operate(
        key,
        call.context,
        call.data.get(ATTR_TOKEN),
        is_confirmed=call.data[ATTR_CONFIRM],
        proof=secret_in(call.data),
    )
    if not call.return_response or outcome.result is Result.REFUSED:
        operator.check(outcome)
    return _plain(operator, key, outcome) if call.return_response else None


async def _async_hang_tag(call: ServiceCall) -> ServiceResponse:
    """Hang a tag at each place that is named."""
    reason, name = call.data[ATTR_REASON].strip(), call.data[ATTR_NAME].strip()
    if not reason or not is_legible(reason + name):
        raise _refusal("tag_illegible")
    if (person := person_behind(call.hass, call.context)) is not None:
        check_person_not_too_often(call.hass, person, HANG_TAG)
    spots = spots_of(call.hass, call.data)
    found = [(operator, spot.circuit or DEVICE_CIRCUIT) for spot in spots or () for operator in _at(call.hass, spot)]
    if not found:
        raise _refusal("nothing_to_operate")
    hung: list[Any] = []
    for operator, circuit in found:
        tag = await async_hang_tag(call.hass, operator, circuit, call.context, reason, name)
        hung.append(_plain_tag(tag))
    return {"tags": hung} if call.return_response else None


async def _async_remove_tag(call: ServiceCall) -> None:
    """Take one tag off."""
    for operator in operators(call.hass):
        for tag in operator.control.tags.all:
            if tag.id == call.data[ATTR_TAG_ID]:
                await async_remove_tag(call.hass, operator, tag, call.context)
                return
    raise _refusal("tag_unknown")


async def _async_list(call: ServiceCall) -> ServiceResponse:
    """Return what can be operated, whether whoever asks may now, and what hangs where."""
    spots = spots_of(call.hass, call.data)
    found = (
        [(operator, spot.circuit) for spot in spots for operator in _at(call.hass, spot)]
        if spots is not None
        else [(operator, None) for operator in operators(call.hass)]
    )
    return {"devices": [await _async_listed(call, operator, circuit) for operator, circuit in found]}


async def _async_listed(call: ServiceCall, operator: Operator, circuit: str | None) -> dict[str, Any]:
    policy, board = operator.policy, operator.board
    circuits = {key.circuit for key in operator.control.operations if circuit in (None, key.circuit)}
    operations = [
        await _async_operation(call, operator, key) for key in operator.control.operations if key.circuit in circuits
    ]
    tags = operator.control.tags.all if circuit is None else operator.control.tags.on(circuit)
    return {
        "device": board.name,
        "enabled": policy.is_enabled,
        "operations": operations,
        "tags": [_plain_tag(tag) for tag in tags],
    }


async def _async_operation(call: ServiceCall, operator: Operator, key: PointKey) -> dict[str, Any]:
    control, policy = operator.control, operator.policy
    language = library_language(call.hass.config.language)
    operation = control.operations[key]
    caller = await _async_asker(call, operator, key)
    hindrance = None if caller is None else control.preview(key, caller)
    proof, is_told = position(control, key, policy)
    return {
        "operation": key.code,
        "circuit": key.circuit,
        "circuit_name": operator.board.circuit_name(key.circuit),
        "name": operation.name(language),
        "effect": str(policy.effect(operation)),
        "warning": operation.warning(language),
        "position": _word(operator, key, proof.position(control.device.readings)) if is_told else None,
        "allowed": caller is not None and hindrance is None,
        "reason": None if hindrance is None else str(hindrance.reason),
        "in_the_way": None if hindrance is None else operator.sentence(hindrance),
    }


async def _async_asker(call: ServiceCall, operator: Operator, key: PointKey) -> Caller | None:
    """Return who asks; None for whoever may only look. That somebody looks is not put down."""
    try:
        return await async_caller(call.hass, call.context, operator.shown_by(key.circuit))
    except Unauthorized, StarterForgottenError:
        return None


# -- what is meant ---------------------------------------------------------------------------------------------------


def _at(hass: HomeAssistant, spot: Spot) -> Sequence[Operator]:
    """Return what operates the device of a place; a link as a whole is none."""
    return [one for one in operators(hass) if one.board.identity == spot.identity]


def _meant(call: ServiceCall) -> tuple[Operator, PointKey]:
    """Return the one operation that an action names. Raises ServiceValidationError."""
    spots = spots_of(call.hass, call.data) or ()
    found = {
        (operator, key)
        for spot in spots
        for operator in _at(call.hass, spot)
        for key in _keys(operator, spot.circuit, call.data[ATTR_OPERATION])
    }
    if not found:
        raise _refusal("nothing_to_operate")
    if len(found) > 1:
        raise _refusal("several_to_operate")
    return found.pop()


def _keys(operator: Operator, circuit: str | None, operation: str) -> Iterator[PointKey]:
    operations = operator.control.operations
    if (effect := _WORDS.get(operation)) is None:
        yield from (key for key in operations if key.code == operation and circuit in (None, key.circuit))
        return
    for at in dict.fromkeys(key.circuit for key in operations):
        if circuit in (None, at) and (key := usual(operations, operator.policy, at, effect)) is not None:
            yield key


# -- what is answered ------------------------------------------------------------------------------------------------


def _plain(operator: Operator, key: PointKey, outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": str(outcome.result),
        "reason": None if outcome.reason is None else str(outcome.reason),
        "text": operator.sentence(outcome),
        "writes": outcome.writes,
        "position": _word(operator, key, outcome.position),
    }


def _plain_tag(tag: Tag) -> dict[str, Any]:
    return {
        "tag_id": tag.id,
        "circuit": tag.circuit,
        "name": tag.name,
        "reason": tag.reason,
        "time": tag.time.isoformat(),
    }


def _word(operator: Operator, key: PointKey, position: bool | None) -> str | None:  # noqa: FBT001 - a position
    """Return the word for a position: of a circuit, or of an output that is none to a circuit."""
    if position is None:
        return None
    operation = operator.control.device.model.operations[key]
    is_output = operation.effect in (Effect.OUTPUT_ON, Effect.OUTPUT_OFF)
    if is_output and operator.policy.effect(operation) not in (Effect.OPEN, Effect.CLOSE):
        return "on" if position else "off"
    return "closed" if position else "open"


def _refusal(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
