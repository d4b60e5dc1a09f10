"""The actions that set and cancel the timer that a device keeps itself."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from functools import partial
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from .aioacrel.control.outcome import Outcome, Result
from .aioacrel.control.timing import forbidden, heard_lately, send_timer
from .aioacrel.readings import DEVICE_CIRCUIT
from .aioacrel.timers import TIMER, Timer, TimerKind, timers_by
from .const import DOMAIN
from .cutting import operators
from .deeds import What
from .operating import Operator
from .proofs import hiding, secret_in
from .targets import spots_of

SET_DEVICE_TIMER: Final = "set_device_timer"
CANCEL_DEVICE_TIMER: Final = "cancel_device_timer"
ATTR_OPENS: Final = "opens"
ATTR_CLOSES: Final = "closes"
ATTR_DAILY: Final = "daily"
ATTR_CONFIRM_CLOSING: Final = "confirm_closing"
_TIME = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")
_ZONE = r"Z|[+-][0-9]{2}(?::?[0-9]{2})?"
_MOMENT = re.compile(
    rf"[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}[T ]{_TIME.pattern}(?:\.[0-9]{{1,9}})?(?: ?(?:{_ZONE}))?", re.IGNORECASE
)
_ANYTHING = object
"""What cannot be a time is refused with the sentence that says what can: YAML makes a number of 22:00."""
_CANCEL_SCHEMA = probatio.Schema({**cv.TARGET_SERVICE_FIELDS})
_SET_SCHEMA = probatio.Schema(
    {
        **cv.TARGET_SERVICE_FIELDS,
        probatio.Optional(ATTR_OPENS): _ANYTHING,
        probatio.Optional(ATTR_CLOSES): _ANYTHING,
        probatio.Optional(ATTR_DAILY, default=False): cv.boolean,
        probatio.Optional(ATTR_CONFIRM_CLOSING, default=False): cv.boolean,
    }
)


@callback
def register_timer_actions(hass: HomeAssistant) -> None:
    """Register them, whether any account is loaded or not."""
    register, optional = hass.services.async_register, SupportsResponse.OPTIONAL
    register(DOMAIN, SET_DEVICE_TIMER, _async_set, hiding(_SET_SCHEMA), supports_response=optional)
    register(DOMAIN, CANCEL_DEVICE_TIMER, _async_cancel, hiding(_CANCEL_SCHEMA), supports_response=optional)


async def _async_set(call: ServiceCall) -> ServiceResponse:
    """Have a device open, close, or both, by itself. Raises ServiceValidationError where nothing was sent."""
    written = {name: _written(call.data, name) for name in (ATTR_OPENS, ATTR_CLOSES)}
    operator = _meant(call)
    opens, closes = (_of_account(operator, name, one) for name, one in written.items())
    kind = TimerKind.DAILY if call.data[ATTR_DAILY] else TimerKind.ONCE
    timer = Timer(kind=kind, opens=opens, closes=closes)
    return await _async_asked(call, operator, timer, is_confirmed=call.data[ATTR_CONFIRM_CLOSING])


async def _async_cancel(call: ServiceCall) -> ServiceResponse:
    """Have a device forget its timer. Raises ServiceValidationError where nothing was sent."""
    return await _async_asked(call, _meant(call), Timer(kind=TimerKind.NONE))


async def _async_asked(
    call: ServiceCall, operator: Operator, timer: Timer, *, is_confirmed: bool = False
) -> ServiceResponse:
    control, found = operator.control, timers_by(operator.control.device.sources)
    timer = timer if found is None else found[1].own(timer)
    caller = await operator.async_caller(call.context, DEVICE_CIRCUIT if found is None else found[1].circuit)
    outcome = forbidden(control, timer, caller, is_confirmed=is_confirmed) or await heard_lately(control)
    if outcome is None:
        act = partial(send_timer, control, timer, caller, is_confirmed=is_confirmed)
        outcome = await operator.async_in_turn(TIMER, caller, secret_in(call.data), act)
    else:
        deed = replace(operator.of_key(What.ENDED, TIMER, caller, outcome), timer=timer.plain())
        outcome = await operator.async_refuse(deed, outcome)
    if not call.return_response or outcome.result is Result.REFUSED:
        operator.check(outcome)
    return _plain(operator, outcome) if call.return_response else None


def _plain(operator: Operator, outcome: Outcome) -> dict[str, Any]:
    found = timers_by(operator.control.device.sources)
    return {
        "outcome": str(outcome.result),
        "reason": None if outcome.reason is None else str(outcome.reason),
        "text": operator.sentence(outcome),
        "writes": outcome.writes,
        "has_timer": None if found is None else found[1].has_timer,
        "zone": None if found is None else found[1].zone,
    }


def _meant(call: ServiceCall) -> Operator:
    """Return what operates the one device that is named. Raises ServiceValidationError."""
    named = {spot.identity for spot in spots_of(call.hass, call.data) or ()}
    found = {one for one in operators(call.hass) if one.board.identity in named}
    if len(named) > 1:
        # Also where the others cannot be operated now: nobody meant just the one that can.
        raise _refusal("several_to_operate")
    if len(found) != 1:
        raise _refusal("several_to_operate" if found else "nothing_to_operate")
    return found.pop()


# -- times ------------------------------------------------------------------------------------------------------------


def _written(data: Mapping[str, Any], name: str) -> datetime | time | None:
    """Return a time as it was given; None where none was. Raises ServiceValidationError."""
    if name not in data:
        return None
    given = data[name]
    is_daily: bool = data[ATTR_DAILY]
    if (found := _daily(given) if is_daily else _once(given)) is None:
        raise _no_time(name, is_daily=is_daily)
    return found


def _of_account(operator: Operator, name: str, written: datetime | time | None) -> datetime | time | None:
    """Return it in the zone of the server's times, which the account has, unless it names another.

    Of an hour that comes twice or never there nobody knows which is meant. Raises ServiceValidationError.
    """
    found = timers_by(operator.control.device.sources)
    # Where no timer can be set, it is refused for that.
    if not isinstance(written, datetime) or written.tzinfo is not None or found is None:
        return written
    if (moment := found[1].moment(written)) is None:
        raise _no_time(name, is_daily=False)
    return moment


def _no_time(name: str, *, is_daily: bool) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="timer_time_daily" if is_daily else "timer_time_once",
        translation_placeholders={"field": name},
    )


def _once(given: object) -> datetime | None:
    """Return a date and time, with the zone that it names, if it names one."""
    try:
        # A date alone would be midnight, and minutes of one digit, or 24:00, are as likely a slip.
        is_whole = isinstance(given, str) and _MOMENT.fullmatch(given) is not None
        found = dt_util.parse_datetime(given) if isinstance(given, str) and is_whole else given
    except ValueError:
        # The 30th of February.
        return None
    return found.replace(microsecond=0) if isinstance(found, datetime) else None


def _daily(given: object) -> time | None:
    found = given
    if isinstance(given, str):
        # Not all of ISO 8601: what has no colon is as likely a slip.
        found = time.fromisoformat(given.zfill(5 if given.count(":") == 1 else 8)) if _TIME.fullmatch(given) else None
    return found.replace(microsecond=0) if isinstance(found, time) and found.tzinfo is None else None


def _refusal(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
