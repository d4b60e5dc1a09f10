"""What persons say of self-tests and inspections: how they went, and how often they are due."""

from collections.abc import Iterator
from typing import Final

import probatio
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .aioacrel.alarms.board import Board
from .aioacrel.journal.entry import Kind
from .aioacrel.texts import phrase
from .checkups import MOST_MONTHS, Checkup, checkup_clock_of
from .const import DOMAIN
from .desk import desk_of
from .devices import board_of
from .limitsetting import devices_at
from .often import check_not_too_often
from .rights import async_actor, check_may_note, check_may_set
from .targets import Spot, spots_of

RECORD_TEST: Final = "record_test"
SET_TEST_INTERVAL: Final = "set_test_interval"
ATTR_KIND: Final = "kind"
ATTR_PASSED: Final = "passed"
ATTR_COMMENT: Final = "comment"
ATTR_MONTHS: Final = "months"
_LONGEST_COMMENT = 1000
_KIND = probatio.All(probatio.In([str(kind) for kind in Checkup]), Checkup)


async def async_begin_checkups(hass: HomeAssistant) -> None:
    """Register the actions, and look from now on what is due."""
    await checkup_clock_of(hass).async_begin()
    register = hass.services.async_register
    recording = {
        **cv.TARGET_SERVICE_FIELDS,
        probatio.Required(ATTR_KIND): _KIND,
        probatio.Required(ATTR_PASSED): cv.boolean,
        probatio.Optional(ATTR_COMMENT, default=""): probatio.All(str, probatio.Length(max=_LONGEST_COMMENT)),
    }
    setting = {
        **cv.TARGET_SERVICE_FIELDS,
        probatio.Required(ATTR_KIND): _KIND,
        probatio.Required(ATTR_MONTHS): probatio.All(probatio.Coerce(int), probatio.Range(min=0, max=MOST_MONTHS)),
    }
    register(DOMAIN, RECORD_TEST, _async_record, probatio.Schema(recording))
    register(DOMAIN, SET_TEST_INTERVAL, _async_set_interval, probatio.Schema(setting))


async def async_record_checkup(
    hass: HomeAssistant, context: Context, boards: list[Board], kind: Checkup, *, passed: bool, comment: str = ""
) -> None:
    """Put down how a test of some devices went. Raises ServiceValidationError, Unauthorized."""
    actor = await async_actor(hass, context)
    for board in boards:
        check_may_note(hass, actor, board)
    check_not_too_often(hass, actor)
    for board in boards:
        data = {"what": str(kind), "passed": passed, "comment": comment}
        said = (phrase(f"{kind}_passed") if passed else phrase(f"{kind}_failed")).text(hass.config.language)
        desk_of(hass).note(Kind.TEST, board, data, actor.name, said, comment)
        clock = checkup_clock_of(hass)
        if passed:
            clock.note_done(board.identity, kind)
        else:
            clock.note_failed(board.identity, kind, " · ".join(filter(None, (actor.name, comment))))
    await desk_of(hass).record.async_written()


def board_named(hass: HomeAssistant, identity: str) -> Board | None:
    """Return a device that is loaded, None if it is not."""
    return next((board_of(hass, found[0], found[1]) for found in devices_at(hass, Spot(identity))), None)


async def _async_record(call: ServiceCall) -> None:
    data = call.data
    boards = list(_boards(call))
    await async_record_checkup(
        call.hass, call.context, boards, data[ATTR_KIND], passed=data[ATTR_PASSED], comment=data[ATTR_COMMENT]
    )


async def _async_set_interval(call: ServiceCall) -> None:
    hass, kind, months = call.hass, call.data[ATTR_KIND], call.data[ATTR_MONTHS]
    actor = await async_actor(hass, call.context)
    boards = list(_boards(call))
    for board in boards:
        check_may_set(hass, actor, board)
    for board in boards:
        checkup_clock_of(hass).set_months(board.identity, kind, months)
        said = phrase(f"{kind}_every", months=months).text(hass.config.language)
        desk_of(hass).note(Kind.SETTING, board, {"what": str(kind), "months": months}, actor.name, said)


def _boards(call: ServiceCall) -> Iterator[Board]:
    """Yield the devices at the target of an action, each once. Raises ServiceValidationError."""
    if not (spots := spots_of(call.hass, call.data)):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nothing_named")
    found = {sub.subentry_id: (entry, sub) for spot in spots for entry, sub, _ in devices_at(call.hass, spot)}
    for entry, subentry in found.values():
        yield board_of(call.hass, entry, subentry)
