"""What persons do about what acts by itself: confirm or dismiss a cut-off, cancel or release the reclosing."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final

import probatio
from homeassistant.core import Context, HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .aioacrel.control.outcome import Outcome, Reason, Result, refused
from .aioacrel.control.rights import Right
from .const import DOMAIN
from .cutting import find_request, operators, plain_request, requests_of
from .deeds import What
from .desk import desk_of
from .operating import Operator
from .proofs import hiding, refusing, secret_in, with_proof
from .targets import Spot, spots_of

CONFIRM_CUT_OFF: Final = "confirm_cut_off"
DISMISS_CUT_OFF: Final = "dismiss_cut_off"
CANCEL_RECLOSING: Final = "cancel_reclosing"
RELEASE_RECLOSING: Final = "release_reclosing"
LIST_CUT_OFFS: Final = "list_cut_offs"
ATTR_REQUEST_ID: Final = "request_id"
_ONE = probatio.Schema({probatio.Required(ATTR_REQUEST_ID): probatio.All(str, probatio.Length(min=1, max=100))})
_THERE = probatio.Schema({**cv.TARGET_SERVICE_FIELDS})


@callback
def register_by_itself_actions(hass: HomeAssistant) -> None:
    """Register all of them, whether any link is loaded or not."""
    register = hass.services.async_register
    register(DOMAIN, CONFIRM_CUT_OFF, _async_confirm, hiding(_ONE), supports_response=SupportsResponse.OPTIONAL)
    register(DOMAIN, DISMISS_CUT_OFF, _async_dismiss, refusing(_ONE))
    register(DOMAIN, CANCEL_RECLOSING, _async_cancel, refusing(_THERE))
    register(DOMAIN, RELEASE_RECLOSING, _async_release, refusing(_THERE))
    register(DOMAIN, LIST_CUT_OFFS, _async_list, refusing(_THERE), supports_response=SupportsResponse.ONLY)


async def async_confirm(
    hass: HomeAssistant, context: Context, request_id: str, proof: str = ""
) -> tuple[Operator, Outcome]:
    """Cut off what was asked for, for who acts. Raises HomeAssistantError, ServiceValidationError and Unauthorized.

    `proof` is what a person gave for a server's second step.
    """
    found = find_request(hass, request_id)
    if found is None:
        raise _refusal("no_such_request")
    operator, request = found
    caller = await operator.async_caller(context, request.circuit)
    # It may be over by now.
    cut_off = operator.cut_off
    through = partial(with_proof, operator, request.operation, proof)
    outcome = None if cut_off is None else await cut_off.confirm(request_id, caller, through)
    if outcome is None:
        raise _refusal("no_such_request")
    await desk_of(hass).record.async_written()
    return operator, outcome


async def _async_confirm(call: ServiceCall) -> ServiceResponse:
    operator, outcome = await async_confirm(call.hass, call.context, call.data[ATTR_REQUEST_ID], secret_in(call.data))
    if not call.return_response or outcome.result is Result.REFUSED:
        operator.check(outcome)
    if not call.return_response:
        return None
    return {
        "outcome": str(outcome.result),
        "reason": None if outcome.reason is None else str(outcome.reason),
        "text": operator.sentence(outcome),
        "writes": outcome.writes,
    }


async def _async_dismiss(call: ServiceCall) -> None:
    found = find_request(call.hass, call.data[ATTR_REQUEST_ID])
    if found is None:
        raise _refusal("no_such_request")
    operator, request = found
    caller = await operator.async_caller(call.context, request.circuit)
    if not operator.policy.may(caller, Right.OFF):
        # Whoever may not cut it off may not decide that it is not, either.
        operator.check(refused(Reason.NO_RIGHT))
    done = None if operator.cut_off is None else operator.cut_off.dismiss(request.id, caller)
    if isinstance(done, Reason):
        operator.check(refused(done))
    if not done:
        raise _refusal("no_such_request")
    await desk_of(call.hass).record.async_written()


async def _async_cancel(call: ServiceCall) -> None:
    """Cancel what is pending at each place that is named."""
    for operator, circuit in _circuits(call):
        caller = await operator.async_caller(call.context, circuit)
        if not operator.policy.may(caller, Right.OFF):
            # It keeps a circuit open, as an opening does.
            refusal = refused(Reason.NO_RIGHT)
            operator.note(operator.deed(What.CANCEL_REFUSED, circuit, caller, refusal))
            operator.check(refusal)
        if operator.recloser is not None:
            operator.recloser.cancel(circuit, caller.name)
    await desk_of(call.hass).record.async_written()


async def _async_release(call: ServiceCall) -> None:
    """Begin anew at each place that is named."""
    for operator, circuit in _circuits(call):
        caller = await operator.async_caller(call.context, circuit)
        done = None if operator.recloser is None else operator.recloser.release(circuit, caller)
        if isinstance(done, Reason):
            operator.check(refused(done))
    await desk_of(call.hass).record.async_written()


async def _async_list(call: ServiceCall) -> ServiceResponse:
    """Return what waits for a person."""
    spots = spots_of(call.hass, call.data)
    asked: list[Any] = [
        {"board": operator.board.name, **plain_request(call.hass, operator, request)}
        for operator in operators(call.hass)
        for request in requests_of(operator)
        if spots is None or any(_is_at(spot, operator, request.circuit) for spot in spots)
    ]
    return {"requests": asked}


def _circuits(call: ServiceCall) -> list[tuple[Operator, str]]:
    """Return the circuits that an action names and that may be closed again by themselves."""
    found = list(_at(call.hass, spots_of(call.hass, call.data) or ()))
    if not found:
        raise _refusal("nothing_to_reclose")
    return found


def _at(hass: HomeAssistant, spots: Iterable[Spot]) -> Iterator[tuple[Operator, str]]:
    for operator in operators(hass):
        for circuit in () if operator.recloser is None else operator.recloser.rounds:
            if any(_is_at(spot, operator, circuit) for spot in spots):
                yield operator, circuit


def _is_at(spot: Spot, operator: Operator, circuit: str) -> bool:
    board = operator.board
    return spot.identity in (board.identity, board.link) and spot.circuit in (None, circuit)


def _refusal(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
