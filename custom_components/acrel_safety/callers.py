"""Who asks for an operation, by the context of the call at the moment of the act."""

from collections.abc import Iterable

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser

from .aioacrel.control.caller import AUTOMATION, Caller, CallerKind
from .starters import person_behind


async def async_caller(hass: HomeAssistant, context: Context, shown_by: Iterable[str | None] = ()) -> Caller:
    """Return who asks: a person, or whatever arrives without one.

    `shown_by` are the entities that show what is to be operated: whoever may only look at them may not operate it.
    Raises UnknownUser for a person who is gone, Unauthorized for one who may not.
    """
    user_id = person_behind(hass, context)
    if user_id is None:
        return AUTOMATION
    user = await hass.auth.async_get_user(user_id)
    if user is None:
        raise UnknownUser(context=context)
    if not user.is_active:
        raise Unauthorized(context=context, user_id=user.id)
    if user.system_generated:
        # An add-on, or a voice assistant of the cloud: a user of the system's own, and no person.
        return AUTOMATION
    may = user.is_admin or user.permissions.access_all_entities(POLICY_CONTROL)
    if not may and not any(one and user.permissions.check_entity(one, POLICY_CONTROL) for one in shown_by):
        raise Unauthorized(context=context, user_id=user.id, permission=POLICY_CONTROL)
    return Caller(kind=CallerKind.PERSON, id=user.id, name=user.name or user.id, is_administrator=user.is_admin)
