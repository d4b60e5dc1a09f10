"""Who asks for an operation, by the context of the call; asked again until the moment of the act."""

from collections.abc import Callable, Iterable

from homeassistant.auth import EVENT_USER_REMOVED
from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.util.hass_dict import HassKey

from .aioacrel.control.caller import AUTOMATION, Caller, CallerKind
from .const import DOMAIN
from .starters import person_behind

_GONE: HassKey[set[str]] = HassKey(f"{DOMAIN}.gone")
"""The ids of accounts that were removed since somebody asked for something first: an account itself does not tell."""


async def async_caller(hass: HomeAssistant, context: Context, shown_by: Iterable[str | None] = ()) -> Caller:
    """Return who asks: a person, or whatever arrives without one.

    `shown_by` are the entities that show what is to be operated: whoever may only look at them may not operate it.
    Raises UnknownUser for a person who is gone, Unauthorized for one who may not, StarterForgottenError.
    """
    user_id = person_behind(hass, context)
    if user_id is None:
        return AUTOMATION
    gone = _gone(hass)
    user = await hass.auth.async_get_user(user_id)
    if user is None:
        raise UnknownUser(context=context)
    if not user.is_active:
        raise Unauthorized(context=context, user_id=user.id)
    if user.system_generated:
        # An add-on, or a voice assistant of the cloud: a user of the system's own, and no person.
        return AUTOMATION
    shown = [one for one in shown_by if one]

    def now() -> Caller | None:
        is_there = user.is_active and user.id not in gone
        return _person(user, now) if is_there and _may_control(user, shown) else None

    if (caller := now()) is None:
        raise Unauthorized(context=context, user_id=user.id, permission=POLICY_CONTROL)
    return caller


def _person(user: User, live: Callable[[], Caller | None]) -> Caller:
    return Caller(
        kind=CallerKind.PERSON, id=user.id, name=user.name or user.id, is_administrator=user.is_admin, live=live
    )


def _may_control(user: User, shown: Iterable[str]) -> bool:
    if user.is_admin or user.permissions.access_all_entities(POLICY_CONTROL):
        return True
    return any(user.permissions.check_entity(one, POLICY_CONTROL) for one in shown)


@callback
def _gone(hass: HomeAssistant) -> set[str]:
    """Return who was removed; noted from now on."""
    if (found := hass.data.get(_GONE)) is None:
        gone = found = hass.data[_GONE] = set[str]()

        async def note(event: Event[dict[str, str]]) -> None:
            # Anybody can have such an event fired: that somebody is gone is so where the accounts say so.
            user_id = event.data.get("user_id")
            if isinstance(user_id, str) and await hass.auth.async_get_user(user_id) is None:
                gone.add(user_id)

        hass.bus.async_listen(EVENT_USER_REMOVED, note)
    return found
