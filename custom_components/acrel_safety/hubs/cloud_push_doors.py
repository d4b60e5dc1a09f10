"""Which addresses a platform can send to: of every entry that exists and is not disabled, loaded or not.

They are none of Home Assistant's webhooks: to one that nobody has it answers 200, and so it does while it starts, for
as long as this integration does not run yet. Then nothing is there, and 404 says so.
"""

from contextlib import suppress
from http import HTTPStatus

from aiohttp.web import Request, Response
from homeassistant.components.http import KEY_HASS, HomeAssistantView
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .cloud_push_data import PATH, secret_of
from .cloud_push_door import Door

_DOORS: HassKey[dict[str, Door]] = HassKey(f"{DOMAIN}.push_doors")
"""By entry."""


@callback
def answer_pushes(hass: HomeAssistant) -> None:
    """Have all such addresses answered from now on, as their entries come, change and go."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        _look(hass, entry)
    hass.http.register_view(_Addresses())

    @callback
    def changed(_: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN:
            _look(hass, entry)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)


@callback
def door_of(hass: HomeAssistant, entry: ConfigEntry) -> Door:
    """Return the address of an entry that is being loaded, and whose data are sound."""
    _look(hass, entry)
    return hass.data[_DOORS][entry.entry_id]


def _look(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Have an entry answer at the address it has now, and at no other."""
    doors, entry_id = hass.data.setdefault(_DOORS, {}), entry.entry_id
    is_there = hass.config_entries.async_get_entry(entry_id) is not None and entry.disabled_by is None
    secret, door = secret_of(entry.data) if is_there else None, doors.get(entry_id)
    if door is not None and door.secret != secret:
        del doors[entry_id]
        door.end()
        door = None
    if secret is None:
        return
    if door is None:
        door = doors[entry_id] = Door(hass, entry, secret)
        with suppress(ValueError):
            # Where a file was edited two may have the same; the second is told when it is to be loaded.
            door.answer()
    door.look()


class _Addresses(HomeAssistantView):
    """All of them; who sends is not known to Home Assistant."""

    url = f"{PATH}/{{secret}}"
    name = f"api:{DOMAIN}:push"
    requires_auth = False

    async def post(self, request: Request, secret: str) -> Response:
        """Have the entry answer whose address it is."""
        hass = request.app[KEY_HASS]
        for door in hass.data.get(_DOORS, {}).values():
            if door.is_answered and door.secret == secret:
                return await door.respond(request)
        return Response(status=HTTPStatus.NOT_FOUND)
