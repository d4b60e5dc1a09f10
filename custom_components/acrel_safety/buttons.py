"""The buttons of notifications: whoever presses one acts, because only the app's event knows the person."""

from collections.abc import Mapping, Sequence
from typing import Any

from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, Unauthorized

from .actions import async_acknowledge
from .aioacrel.alarms.board import Board
from .aioacrel.texts import phrase
from .buttonseal import async_load_seal, opened, sealed
from .byitselfactions import async_confirm
from .checkupactions import async_record_checkup, board_named
from .checkups import Checkup
from .const import DOMAIN, LOGGER
from .cutting import request_about
from .desk import desk_of

APP_EVENT = "mobile_app_notification_action"
"""Fired by the companion app, with the person's context."""
_ACKNOWLEDGE = "ACREL_ACK_"
_TEST = "ACREL_TEST_"
_CUT_OFF = "ACREL_CUT_"
_MOST = 20


def app_data(hass: HomeAssistant, board: Board, occurrences: Sequence[str], page: str) -> Mapping[str, Any]:
    """Return the `data` of a notification in the companion app: one per board, with two buttons.

    *Acknowledge* means these occurrences of alarms, and never the next ones. Where one of them asks for it, a third one
    cuts off.
    """
    language = hass.config.language
    action = sealed(hass, _ACKNOWLEDGE, "_".join(occurrences))
    buttons: list[dict[str, Any]] = [
        {"action": action, "title": phrase("button_acknowledge").text(language)},
        {"action": "URI", "title": phrase("button_show").text(language), "uri": page},
    ]
    if (request := request_about(hass, occurrences)) is not None:
        cut_off = {"action": sealed(hass, _CUT_OFF, request.id), "title": phrase("button_cut_off").text(language)}
        # These two are for iOS, which then asks who holds the phone.
        buttons.append({**cut_off, "destructive": True, "authenticationRequired": True})
    # A tap opens the same page: on some phones buttons do nothing (`url` is for iOS, `clickAction` for Android).
    tag = f"{DOMAIN}_{board.identity}"
    return {"tag": tag, "group": DOMAIN, "url": page, "clickAction": page, "actions": buttons}


def checkup_data(hass: HomeAssistant, board: Board, kind: Checkup) -> Mapping[str, Any]:
    """Return the `data` of a notification about a test that is due, with a button for each result."""
    buttons = [
        {
            "action": sealed(hass, _TEST, f"{result}_{board.identity}_{kind}"),
            "title": title.text(hass.config.language),
        }
        for result, title in (("PASSED", phrase("button_passed")), ("FAILED", phrase("button_failed")))
    ]
    return {"tag": f"{DOMAIN}_{kind}_{board.identity}", "group": DOMAIN, "actions": buttons}


async def async_take_buttons(hass: HomeAssistant) -> None:
    """Listen for buttons as long as Home Assistant runs, whatever becomes of the automation that sent them."""
    await async_load_seal(hass)

    @callback
    def is_ours(data: dict[str, Any]) -> bool:
        return str(data.get("action")).startswith((_ACKNOWLEDGE, _TEST, _CUT_OFF))

    async def take(event: Event[dict[str, Any]]) -> None:
        action = str(event.data["action"])
        acts = ((_TEST, _async_record_checkup), (_ACKNOWLEDGE, _async_acknowledge), (_CUT_OFF, _async_cut_off))
        for prefix, act in acts:
            if action.startswith(prefix):
                if (meant := opened(hass, prefix, action)) is None:
                    # Anybody with an account can send a notification, with any button.
                    await _async_say(hass, [phrase("button_foreign").text(hass.config.language)])
                else:
                    await act(hass, event.context, meant)

    hass.bus.async_listen(APP_EVENT, take, event_filter=is_ours)


async def _async_acknowledge(hass: HomeAssistant, context: Context, named: str) -> None:
    language = hass.config.language
    standing = {one.occurrence: one for one in desk_of(hass).alarms.standing() if one.occurrence}
    refused: list[str] = []
    for occurrence in named.split("_")[:_MOST]:
        if (found := standing.get(occurrence)) is None:
            refused.append(phrase("button_late").text(language))
            continue
        try:
            await async_acknowledge(hass, context, found.alarm_id, occurrence=occurrence)
        except HomeAssistantError as error:
            refused.append(phrase("button_refused", place=found.board.name, why=_why(error, language)).text(language))
    if refused:
        await _async_say(hass, refused)


async def _async_record_checkup(hass: HomeAssistant, context: Context, named: str) -> None:
    result, _, rest = named.partition("_")
    identity, _, kind = rest.partition("_")
    language, board = hass.config.language, board_named(hass, identity)
    if board is None or kind not in list(Checkup):
        await _async_say(hass, [phrase("button_test_unknown").text(language)])
        return
    try:
        await async_record_checkup(hass, context, [board], Checkup(kind), passed=result == "PASSED")
    except HomeAssistantError as error:
        said = phrase("button_test_refused", place=board.name, why=_why(error, language))
        await _async_say(hass, [said.text(language)])


async def _async_cut_off(hass: HomeAssistant, context: Context, request_id: str) -> None:
    language = hass.config.language
    try:
        operator, outcome = await async_confirm(hass, context, request_id)
        operator.check(outcome)
    except HomeAssistantError as error:
        await _async_say(hass, [phrase("button_not_cut_off", why=_why(error, language)).text(language)])


def _why(error: HomeAssistantError, language: str) -> str:
    return phrase("button_forbidden").text(language) if isinstance(error, Unauthorized) else str(error)


async def _async_say(hass: HomeAssistant, refused: Sequence[str]) -> None:
    """Say in Home Assistant that a button did nothing: the phone shows no answer."""
    LOGGER.warning("A button of a notification did nothing: %s", "; ".join(refused))
    data = {"message": "\n\n".join(dict.fromkeys(refused)), "notification_id": f"{DOMAIN}_button"}
    await hass.services.async_call("persistent_notification", "create", data)
