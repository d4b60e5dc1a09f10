"""What was done to a device, in words."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback

from .aioacrel.control.tags import Tag
from .aioacrel.points import Effect
from .aioacrel.texts import Sayable, library_language, phrase
from .aioacrel.timers import timer_said
from .deeds import Deed, What
from .entity_ids import shown_by
from .wording import cut_off_tag, place_named


def tag_said(tag: Tag) -> str:
    """Return what stands on a tag."""
    return " – ".join(filter(None, (tag.name, tag.reason)))


def operation_name(deed: Deed, language: str) -> str:
    """Return what an operation does, and how it is called."""
    language = library_language(language)
    if deed.timer:
        return timer_said(deed.timer).text(language)
    name = deed.code if deed.operation is None else deed.operation.name(language)
    match deed.effect:
        case Effect.OPEN:
            return phrase("verb_open", operation=name).text(language)
        case Effect.CLOSE:
            return phrase("verb_close", operation=name).text(language)
        case _:
            return name


def said_of(deed: Deed, language: str) -> Sayable | None:
    """Return a sentence for the logbook; None for what is no news there."""
    language = library_language(language)
    said: Sayable | None = None
    outcome = "" if deed.outcome is None else deed.outcome.text(language)
    match deed.what:
        case What.UNAUTHORIZED:
            said = phrase("log_unauthorized")
        case What.REFUSED_OFTEN:
            said = phrase("log_refused_often", count=deed.more)
        case What.BEGUN:
            said = phrase("log_operation_begun", operation=operation_name(deed, language))
        case What.ENDED | What.SELECT_REFUSED:
            said = phrase("log_operation", operation=operation_name(deed, language), outcome=outcome)
        case What.MOVED if deed.tags:
            said = phrase("log_moved_closed_tagged", tags="; ".join(map(tag_said, deed.tags)))
        case What.MOVED:
            said = phrase("log_moved_closed") if deed.position else phrase("log_moved_open")
        case What.TAG_REFUSED | What.CANCEL_REFUSED:
            said = _refused(deed.what, outcome)
        case What.TAG_HUNG if deed.tag is not None:
            said = phrase("said_tag_hung", tag=tag_said(deed.tag))
        case What.TAG_REMOVED if deed.tag is not None:
            said = phrase("said_tag_removed", tag=tag_said(deed.tag))
        case _:
            pass
    return said


def _refused(what: What, outcome: str) -> Sayable:
    if what is What.CANCEL_REFUSED:
        return phrase("log_cancel_refused", outcome=outcome)
    return phrase("said_tag_refused", outcome=outcome)


@callback
def told(hass: HomeAssistant, deed: Deed) -> dict[str, Any]:
    """Return what automations are told of it."""
    language, outcome, tag = hass.config.language, deed.outcome, deed.tag
    said = said_of(deed, language)
    payload: dict[str, Any] = {
        "board": deed.board.name,
        "circuit": deed.circuit,
        "circuit_name": deed.board.circuit_name(deed.circuit),
        "entity_id": shown_by(hass, deed.board, deed.circuit),
        "by": "" if deed.caller is None else deed.caller.name,
        "caller": None if deed.caller is None else str(deed.caller.kind),
        "title": place_named(deed.board, deed.circuit),
        "message": "" if said is None else said.text(language),
        "tag": cut_off_tag(deed.board, deed.circuit),
    }
    if outcome is not None:
        payload |= {
            "operation": deed.code,
            "effect": None if deed.effect is None else str(deed.effect),
            "outcome": str(outcome.result),
            "reason": None if outcome.reason is None else str(outcome.reason),
            "writes": outcome.writes,
        }
    if deed.timer:
        payload["timer"] = dict(deed.timer)
    if tag is not None:
        payload |= {"tag_id": tag.id, "name": tag.name, "reason": tag.reason}
    if deed.what is What.MOVED:
        payload |= {"position": "closed" if deed.position else "open", "locked_out": bool(deed.tags)}
    return payload


def logged(deed: Deed) -> Mapping[str, Any]:
    """Return the words by which automations may tell entries of the logbook apart."""
    result = None if deed.outcome is None else str(deed.outcome.result)
    return {"what": f"operation_{deed.what}" if deed.code else str(deed.what), "outcome": result}
