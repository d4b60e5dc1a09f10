"""The actions of the integration: what persons do to alarms, the owner's limits, and the list of what stands."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import probatio
from homeassistant.core import Context, HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.engine import Alarms
from .aioacrel.alarms.facts import Facts
from .aioacrel.alarms.standing import Standing
from .aioacrel.errors import AcrelError, AlarmRefusedError, UnknownAlarmError
from .aioacrel.texts import library_language
from .byitselfactions import register_by_itself_actions
from .const import DOMAIN
from .controlactions import register_control_actions
from .desk import AlarmDesk, desk_of
from .entity_ids import shown_by
from .limitsetting import LIMIT_FIELDS, async_set_limit, board_at
from .often import check_not_too_often
from .rights import Actor, async_actor, check_may_act, check_may_act_at, check_may_set, check_may_set_all
from .targets import spots_of
from .wording import sentence_of, summary_of, title_of

ACKNOWLEDGE: Final = "acknowledge"
SILENCE: Final = "silence"
RESET: Final = "reset"
SHELVE: Final = "shelve"
UNSHELVE: Final = "unshelve"
TAKE_OUT: Final = "take_out_of_service"
PUT_BACK: Final = "put_back_in_service"
SET_LIMIT: Final = "set_limit"
LIST_ALARMS: Final = "list_alarms"

ATTR_ALARM_ID: Final = "alarm_id"
ATTR_OCCURRENCE: Final = "occurrence"
ATTR_COMMENT: Final = "comment"
ATTR_DURATION: Final = "duration"
_LONGEST_COMMENT = 1000

type Act = Callable[[Alarms, Standing, Actor], None]
"""What is done to one alarm, by whom."""
type MayCheck = Callable[[HomeAssistant, Actor, Sequence[Standing]], None]
"""Raises where somebody may not."""
type MayCheckAt = Callable[[HomeAssistant, Actor, Board, str | None], None]
"""Likewise, of a place."""
_TEXT = probatio.All(str, probatio.Length(max=_LONGEST_COMMENT))
_ALARMS: Mapping[str | probatio.Marker, object] = {
    **cv.TARGET_SERVICE_FIELDS,
    probatio.Optional(ATTR_ALARM_ID): _TEXT,
    probatio.Optional(ATTR_OCCURRENCE): _TEXT,
}
_WITH_COMMENT: Mapping[str | probatio.Marker, object] = {**_ALARMS, probatio.Optional(ATTR_COMMENT, default=""): _TEXT}


def _duration(value: object) -> timedelta:
    """Return a time as Home Assistant reads it. Raises Invalid, also for one without an end."""
    try:
        return cv.positive_time_period(value)
    except OverflowError as error:
        raise probatio.Invalid(str(error)) from error


@callback
def register_actions(hass: HomeAssistant) -> None:
    """Register all of them, whether any link is loaded or not."""
    register = hass.services.async_register
    shelving = {**_WITH_COMMENT, probatio.Required(ATTR_DURATION): _duration}
    register(DOMAIN, ACKNOWLEDGE, _async_acknowledge, probatio.Schema({**_WITH_COMMENT}))
    register(DOMAIN, SILENCE, _async_silence, probatio.Schema({**_ALARMS}))
    register(DOMAIN, RESET, _async_reset, probatio.Schema({**_ALARMS}))
    register(DOMAIN, SHELVE, _async_shelve, probatio.Schema(shelving))
    register(DOMAIN, UNSHELVE, _async_unshelve, probatio.Schema({**_ALARMS}))
    register(DOMAIN, TAKE_OUT, _async_take_out, probatio.Schema({**_WITH_COMMENT}))
    register(DOMAIN, PUT_BACK, _async_put_back, probatio.Schema({**_ALARMS}))
    register(DOMAIN, SET_LIMIT, _async_set_limit, probatio.Schema({**cv.TARGET_SERVICE_FIELDS, **LIMIT_FIELDS}))
    listing = probatio.Schema({**cv.TARGET_SERVICE_FIELDS})
    register(DOMAIN, LIST_ALARMS, _async_list, listing, supports_response=SupportsResponse.ONLY)
    register_control_actions(hass)
    register_by_itself_actions(hass)


async def async_acknowledge(
    hass: HomeAssistant, context: Context, alarm_id: str, *, occurrence: str | None = None, comment: str = ""
) -> None:
    """Acknowledge one alarm for whoever acts; with an occurrence only that one, not the next.

    Raises HomeAssistantError in the user's language, ServiceValidationError and Unauthorized among them.
    """
    alarms = [_named(hass, desk_of(hass), alarm_id, occurrence)]
    actor = await async_actor(hass, context)
    check_may_act(hass, actor, alarms)
    await _async_act(hass, actor, alarms, _acknowledging(comment))


async def _async_acknowledge(call: ServiceCall) -> None:
    await _async_act_there(call, lambda facts: not facts.is_acknowledged, _acknowledging(call.data[ATTR_COMMENT]))


def _acknowledging(comment: str) -> Act:
    return lambda alarms, one, by: alarms.acknowledge(
        one.alarm_id,
        by=by.name,
        occurrence=one.occurrence or None,
        comment=comment,
        is_person=by.user is not None,
    )


async def _async_silence(call: ServiceCall) -> None:
    await _async_act_there(
        call, lambda facts: not facts.is_acknowledged, lambda alarms, one, by: alarms.silence(one.alarm_id, by=by.name)
    )


async def _async_reset(call: ServiceCall) -> None:
    await _async_act_there(
        call, lambda facts: facts.is_latched, lambda alarms, one, by: alarms.reset(one.alarm_id, by=by.name)
    )


async def _async_shelve(call: ServiceCall) -> None:
    seconds, comment = call.data[ATTR_DURATION].total_seconds(), call.data[ATTR_COMMENT]
    await _async_act_there(
        call,
        lambda facts: facts.stands,
        lambda alarms, one, by: alarms.shelve(one.alarm_id, seconds, by=by.name, comment=comment),
        is_counted=True,
    )


async def _async_unshelve(call: ServiceCall) -> None:
    await _async_act_there(
        call,
        lambda facts: facts.is_shelved,
        lambda alarms, one, by: alarms.unshelve(one.alarm_id, by=by.name),
        is_counted=True,
    )


async def _async_take_out(call: ServiceCall) -> None:
    comment = call.data[ATTR_COMMENT]
    await _async_act_there(
        call,
        lambda facts: not facts.is_out_of_service,
        lambda alarms, one, by: alarms.take_out(one.alarm_id, by=by.name, comment=comment),
        may=check_may_set_all,
        may_at=_check_may_set_at,
        is_counted=True,
    )


async def _async_put_back(call: ServiceCall) -> None:
    await _async_act_there(
        call,
        lambda facts: facts.is_out_of_service,
        lambda alarms, one, by: alarms.put_back(one.alarm_id, by=by.name),
        may=check_may_set_all,
        may_at=_check_may_set_at,
        is_counted=True,
    )


def _check_may_set_at(hass: HomeAssistant, actor: Actor, board: Board, circuit: str | None) -> None:
    del circuit
    check_may_set(hass, actor, board)


async def _async_act_there(
    call: ServiceCall,
    is_meant: Callable[[Facts], bool],
    act: Act,
    *,
    may: MayCheck = check_may_act,
    may_at: MayCheckAt = check_may_act_at,
    is_counted: bool = False,
) -> None:
    """Do something to the alarms that an action names; who may not is refused also where there is nothing to do."""
    hass, alarms = call.hass, _alarms_of(call, is_meant)
    actor = await async_actor(hass, call.context)
    for spot in () if alarms else spots_of(hass, call.data) or ():
        may_at(hass, actor, board_at(hass, spot), spot.circuit)
    may(hass, actor, alarms)
    if alarms and is_counted:
        check_not_too_often(hass, actor)
    await _async_act(hass, actor, alarms, act)


async def _async_act(hass: HomeAssistant, actor: Actor, alarms: Sequence[Standing], act: Act) -> None:
    """Do something to alarms, and wait until it is on the disk; what one refuses keeps no other from it."""
    desk = desk_of(hass)
    refused: AcrelError | None = None
    for standing in alarms:
        try:
            act(desk.alarms, standing, actor)
        except (AlarmRefusedError, UnknownAlarmError) as error:
            refused = refused or error
    await desk.record.async_written()
    if refused is not None:
        raise _said(hass, refused) from refused


def _alarms_of(call: ServiceCall, is_meant: Callable[[Facts], bool]) -> Sequence[Standing]:
    """Return the alarms that an action is about: the one it names, or those at its target for which it is meant."""
    desk = desk_of(call.hass)
    if (alarm_id := call.data.get(ATTR_ALARM_ID)) is not None:
        return [_named(call.hass, desk, alarm_id, call.data.get(ATTR_OCCURRENCE))]
    if (spots := spots_of(call.hass, call.data)) is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nothing_named")
    at = [one for one in desk.alarms.standing() if any(spot.has(one) for spot in spots)]
    return [one for one in at if is_meant(one.alarm.facts)]


def _named(hass: HomeAssistant, desk: AlarmDesk, alarm_id: str, occurrence: str | None) -> Standing:
    found = desk.alarms.find(alarm_id)
    if found is None or (occurrence is not None and found.occurrence != occurrence):
        raise _said(hass, error := UnknownAlarmError()) from error
    return found


def _said(hass: HomeAssistant, error: AcrelError) -> HomeAssistantError:
    """Return an error in the user's language."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=error.key,
        translation_placeholders={**error.placeholders_in(library_language(hass.config.language))},
    )


async def _async_set_limit(call: ServiceCall) -> None:
    try:
        await async_set_limit(call)
    except AcrelError as error:
        raise _said(call.hass, error) from error


@callback
def _async_list(call: ServiceCall) -> ServiceResponse:
    """Return all that stands, is set aside or out of service, what nobody knows of yet first."""
    spots = spots_of(call.hass, call.data)
    alarms = desk_of(call.hass).alarms
    found = [one for one in alarms.standing() if spots is None or any(spot.has(one) for spot in spots)]
    word = desk_of(call.hass).safety()
    summary = summary_of(found, word, call.hass.config.language)
    return {"safety": str(word), "summary": summary, "alarms": [listed(call.hass, one) for one in found]}


@callback
def listed(hass: HomeAssistant, standing: Standing) -> dict[str, Any]:
    """Return an alarm for lists: what is wrong in Home Assistant's language, and the entity that shows its place."""
    language = hass.config.language
    return {
        **standing.plain(),
        "cause": standing.text(library_language(language)),
        "title": title_of(standing, language),
        "message": sentence_of(standing, language),
        "acknowledged": standing.alarm.facts.is_acknowledged,
        "entity_id": shown_by(hass, standing.board, standing.circuit),
    }
