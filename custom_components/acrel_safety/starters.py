"""Who started an automation by hand: it acts for that person then, as a script does.

Home Assistant runs an automation in nobody's name, also for whoever presses *Run actions*; only the call that did so,
which its context descends from, knows the person. So much is remembered; whom nobody knows any more is nobody, and no
automation.
"""

from collections import OrderedDict
from typing import Any

from homeassistant.const import ATTR_DOMAIN, ATTR_SERVICE, EVENT_CALL_SERVICE
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

_STARTERS: HassKey[Starters] = HassKey(f"{DOMAIN}.starters")
_MOST = 1000
_AUTOMATION = "automation"
_TRIGGER = "trigger"
_NOBODY = ""
"""Stands for a person who is not known any more."""
_ULID_LENGTH, _TIME_LENGTH = 26, 10
"""Signs of a context's id, and of the time at its beginning, which sorts as it passes."""


class StarterForgottenError(ServiceValidationError):
    """So many automations were started by hand since that nobody knows any more who started this one, if anybody."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(translation_domain=DOMAIN, translation_key="starter_forgotten")


class Starters:
    """Persons, by the context of their call; the oldest go first, and from when they are is kept."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._by_context = OrderedDict[str, str]()
        self._forgotten: str | None = None
        """The latest time of which not all are known."""

    @callback
    def note(self, context_id: str, user_id: str) -> None:
        """Note who started something."""
        self._by_context[context_id] = user_id
        while len(self._by_context) > _MOST:
            gone, _ = self._by_context.popitem(last=False)
            self._forgotten = max(self._forgotten or "", gone[:_TIME_LENGTH])

    @callback
    def person(self, context_id: str) -> str | None:
        """Return who started something, None for an automation by itself. Raises StarterForgottenError."""
        found = self._by_context.get(context_id)
        if found is None and self._forgotten is not None:
            is_later = len(context_id) == _ULID_LENGTH and context_id[:_TIME_LENGTH] > self._forgotten
            found = None if is_later else _NOBODY
        if found == _NOBODY:
            raise StarterForgottenError
        return found


@callback
def note_starters(hass: HomeAssistant) -> None:
    """Note from now on who starts automations by hand."""
    starters = hass.data[_STARTERS] = Starters()

    @callback
    def is_start(data: dict[str, Any]) -> bool:
        return (data.get(ATTR_DOMAIN), data.get(ATTR_SERVICE)) == (_AUTOMATION, _TRIGGER)

    @callback
    def note(event: Event[dict[str, Any]]) -> None:
        try:
            user_id = person_behind(hass, event.context)
        except StarterForgottenError:
            user_id = _NOBODY
        if user_id is not None:
            starters.note(event.context.id, user_id)

    hass.bus.async_listen(EVENT_CALL_SERVICE, note, event_filter=is_start)


@callback
def person_behind(hass: HomeAssistant, context: Context) -> str | None:
    """Return the id of the person in whose name something is done; None where there is none.

    Raises StarterForgottenError where that cannot be told any more.
    """
    if context.user_id is not None or context.parent_id is None:
        return context.user_id
    starters = hass.data.get(_STARTERS)
    return None if starters is None else starters.person(context.parent_id)
