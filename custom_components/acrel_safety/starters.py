"""Who started an automation by hand: it acts for that person then, as a script does.

Home Assistant runs an automation in nobody's name, also for whoever presses *Run actions*; only the call that did so,
which its context descends from, knows the person.
"""

from collections import OrderedDict
from typing import Any

from homeassistant.const import ATTR_DOMAIN, ATTR_SERVICE, EVENT_CALL_SERVICE
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

_STARTERS: HassKey[OrderedDict[str, str]] = HassKey(f"{DOMAIN}.starters")
"""Persons, by the context of their call; the oldest go first."""
_MOST = 1000
_AUTOMATION = "automation"
_TRIGGER = "trigger"


@callback
def note_starters(hass: HomeAssistant) -> None:
    """Note from now on who starts automations by hand."""
    starters = hass.data[_STARTERS] = OrderedDict[str, str]()

    @callback
    def is_start(data: dict[str, Any]) -> bool:
        return (data.get(ATTR_DOMAIN), data.get(ATTR_SERVICE)) == (_AUTOMATION, _TRIGGER)

    @callback
    def note(event: Event[dict[str, Any]]) -> None:
        if (user_id := person_behind(hass, event.context)) is not None:
            starters[event.context.id] = user_id
            while len(starters) > _MOST:
                starters.popitem(last=False)

    hass.bus.async_listen(EVENT_CALL_SERVICE, note, event_filter=is_start)


@callback
def person_behind(hass: HomeAssistant, context: Context) -> str | None:
    """Return the id of the person in whose name something is done; None where there is none."""
    if context.user_id is not None or context.parent_id is None:
        return context.user_id
    starters = hass.data.get(_STARTERS)
    return None if starters is None else starters.get(context.parent_id)
