"""The buttons of notifications: whoever presses one acts, because only the app's event knows the person."""

from collections.abc import Mapping, Sequence
from typing import Any

from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, Unauthorized

from .actions import async_acknowledge
from .aioacrel.alarms.board import Board
from .aioacrel.alarms.standing import Standing
from .aioacrel.control.choice import usual
from .aioacrel.control.outcome import Reason, refused
from .aioacrel.points import Effect
from .aioacrel.readings import PointKey
from .aioacrel.texts import library_language, phrase
from .buttonseal import async_load_seal, opened, sealed
from .byitselfactions import async_confirm
from .checkupactions import async_record_checkup, board_named
from .checkups import Checkup
from .const import DOMAIN, LOGGER
from .cutting import operators, request_about
from .desk import desk_of
from .entity_ids import page_of, shown_by
from .operating import Operator
from .wording import cut_off_tag, place_of

APP_EVENT = "mobile_app_notification_action"
"""Fired by the companion app, with the person's context."""
_ACKNOWLEDGE = "ACREL_ACK_"
_TEST = "ACREL_TEST_"
_CUT_OFF = "ACREL_CUT_"
"""Confirms a request of the integration's own."""
_SWITCH_OFF = "ACREL_OFF_"
"""Answers an automation that asks."""
_MOST = 20


def app_data(
    hass: HomeAssistant, board: Board, occurrences: Sequence[str], page: str, picture: str | None = None
) -> Mapping[str, Any]:
    """Return the `data` of a notification in the companion app: one per board, with two buttons.

    *Acknowledge* means these occurrences of alarms, and never the next ones. Where one of them asks for it, a third one
    cuts off. An empty picture would be a broken one: without any nothing is said of it.
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
    shown = {} if picture is None else {"image": picture}
    return {"tag": tag, "group": DOMAIN, "url": page, "clickAction": page, "actions": buttons, **shown}


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


def cut_off_data(hass: HomeAssistant, standing: Standing) -> Mapping[str, Any] | None:
    """Return the `data` of a notification that asks a person to switch a circuit off; None where nothing can.

    Its button means this occurrence of the alarm, and who presses it is who switches.
    """
    found = _opening(hass, standing.board.identity, standing.circuit)
    if found is None or not standing.occurrence:
        return None
    language, occurrence = hass.config.language, standing.occurrence
    page = page_of(shown_by(hass, standing.board, standing.circuit))
    buttons = [
        {
            "action": sealed(hass, _SWITCH_OFF, f"{occurrence}_{standing.board.identity}_{standing.circuit}"),
            "title": phrase("button_switch_off").text(language),
            # On a locked phone it asks who it is.
            "authenticationRequired": True,
            "destructive": True,
        },
        {"action": sealed(hass, _ACKNOWLEDGE, occurrence), "title": phrase("button_acknowledge").text(language)},
        {"action": "URI", "title": phrase("button_show").text(language), "uri": page},
    ]
    tag = cut_off_tag(standing.board, standing.circuit)
    return {"tag": tag, "group": DOMAIN, "url": page, "clickAction": page, "actions": buttons}


async def async_take_buttons(hass: HomeAssistant) -> None:
    """Listen for buttons as long as Home Assistant runs, whatever becomes of the automation that sent them."""
    await async_load_seal(hass)

    @callback
    def is_ours(data: dict[str, Any]) -> bool:
        return str(data.get("action")).startswith((_ACKNOWLEDGE, _TEST, _CUT_OFF, _SWITCH_OFF))

    async def take(event: Event[dict[str, Any]]) -> None:
        action = str(event.data["action"])
        acts = (
            (_TEST, _async_record_checkup),
            (_ACKNOWLEDGE, _async_acknowledge),
            (_CUT_OFF, _async_cut_off),
            (_SWITCH_OFF, _async_switch_off),
        )
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
    undone: list[str] = []
    for occurrence in named.split("_")[:_MOST]:
        if (found := standing.get(occurrence)) is None:
            undone.append(phrase("button_late").text(language))
            continue
        try:
            await async_acknowledge(hass, context, found.alarm_id, occurrence=occurrence)
        except HomeAssistantError as error:
            undone.append(phrase("button_refused", place=found.board.name, why=_why(error, language)).text(language))
    if undone:
        await _async_say(hass, undone)


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


async def _async_switch_off(hass: HomeAssistant, context: Context, named: str) -> None:
    """Open a circuit for whoever pressed, as long as what raised that very alarm is so."""
    occurrence, _, rest = named.partition("_")
    identity, _, circuit = rest.partition("_")
    language = hass.config.language
    alarms = desk_of(hass).alarms.standing()
    standing = next((one for one in alarms if one.occurrence == occurrence and one.alarm.facts.condition), None)
    if standing is None or (standing.board.identity, standing.circuit) != (identity, circuit):
        await _async_say(hass, [phrase("button_cut_late").text(language)])
        return
    place = place_of(standing)
    if (found := _opening(hass, identity, circuit)) is None:
        why: str = refused(Reason.NOT_OFFERED).text(library_language(language))
    else:
        operator, key = found
        try:
            outcome = await operator.async_operate(key, context, is_confirmed=True)
        except HomeAssistantError as error:
            why = _why(error, language)
        else:
            if outcome.is_confirmed:
                return
            why = operator.sentence(outcome)
    await _async_say(hass, [phrase("button_cut_refused", place=place, why=why).text(language)])


def _opening(hass: HomeAssistant, identity: str, circuit: str) -> tuple[Operator, PointKey] | None:
    """Return what opens a circuit."""
    operator = next((one for one in operators(hass) if one.board.identity == identity), None)
    if operator is None or not operator.policy.is_enabled:
        return None
    key = usual(operator.control.operations, operator.policy, circuit, Effect.OPEN)
    return None if key is None else (operator, key)


async def _async_cut_off(hass: HomeAssistant, context: Context, request_id: str) -> None:
    language = hass.config.language
    try:
        operator, outcome = await async_confirm(hass, context, request_id)
        operator.check(outcome)
    except HomeAssistantError as error:
        await _async_say(hass, [phrase("button_not_cut_off", why=_why(error, language)).text(language)])


def _why(error: HomeAssistantError, language: str) -> str:
    return phrase("button_forbidden").text(language) if isinstance(error, Unauthorized) else str(error)


async def _async_say(hass: HomeAssistant, undone: Sequence[str]) -> None:
    """Say in Home Assistant that a button did nothing: the phone shows no answer."""
    LOGGER.warning("A button of a notification did nothing: %s", "; ".join(undone))
    data = {"message": "\n\n".join(dict.fromkeys(undone)), "notification_id": f"{DOMAIN}_button"}
    await hass.services.async_call("persistent_notification", "create", data)
