"""The action that has a server send a code to its owner's phone, because a person wants to operate by it."""

from typing import Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .aioacrel.control.caller import Caller
from .aioacrel.control.outcome import Reason, refused
from .aioacrel.errors import AcrelError
from .aioacrel.readings import DEVICE_CIRCUIT
from .aioacrel.texts import library_language
from .const import DOMAIN
from .cutting import operators
from .often import check_seldom
from .operating import Operator
from .proofs import refusing, takers
from .targets import spots_of

REQUEST_CODE: Final = "request_code"


@callback
def register_proof_actions(hass: HomeAssistant) -> None:
    """Register it, whether any account is loaded or not."""
    schema = probatio.Schema({**cv.TARGET_SERVICE_FIELDS})
    hass.services.async_register(
        DOMAIN, REQUEST_CODE, _async_request_code, refusing(schema), supports_response=SupportsResponse.OPTIONAL
    )


async def _async_request_code(call: ServiceCall) -> ServiceResponse:
    """Have a code sent; whoever may operate nothing there gets none, and nobody many."""
    spots = spots_of(call.hass, call.data) or ()
    found = {one: spot.circuit for spot in spots for one in operators(call.hass) if one.board.identity == spot.identity}
    if len(found) != 1:
        raise _refusal("several_to_operate" if found else "nothing_to_operate")
    ((operator, circuit),) = found.items()
    caller = await operator.async_caller(call.context, circuit or DEVICE_CIRCUIT)
    _check_right(operator, caller)
    ways = list(takers(operator))
    if not ways:
        raise _refusal("no_code_wanted")
    ((hub, _), *_) = ways
    # An owner pays for each: they are counted by account, whoever asks.
    check_seldom(call.hass, f"{REQUEST_CODE} {hub.account_id}")
    try:
        phone = await hub.async_send_code()
    except AcrelError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="code_not_sent",
            translation_placeholders={"error": error.text(library_language(call.hass.config.language))},
        ) from error
    if phone is None:
        raise _refusal("no_code_wanted")
    return {"phone": phone} if call.return_response else None


def _check_right(operator: Operator, caller: Caller) -> None:
    """Raise ServiceValidationError unless it is a person who may operate something there."""
    refusals = [operator.control.forbidden(key, caller) for key in operator.control.operations]
    if not caller.is_person:
        operator.check(refused(Reason.NO_RIGHT))
    elif refusals and None not in refusals:
        operator.check(next(one for one in refusals if one is not None))


def _refusal(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
