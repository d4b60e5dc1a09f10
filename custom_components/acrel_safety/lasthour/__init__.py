"""The picture of the last hour that a notification shows: the value of an alarm against its limit.

Home Assistant itself needs Pillow, so it is there; what is drawn is what the recorder has. Where there is nothing to
draw no picture is offered: a phone would show a broken one.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.http import KEY_HASS, HomeAssistantView, auth
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.components.recorder import entity_options
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from ..aioacrel.alarms.standing import Standing
from ..const import DOMAIN
from ..desk import desk_of
from ..entity_ids import shown_by
from ..kinds import id_of_point
from .drawing import drawn
from .past import HOUR, Course, number, read_course

_URL: Final = f"/api/{DOMAIN}/last_hour"
_VALID: Final = timedelta(hours=1)
"""For so long the address of a picture can be used by whoever has it; a phone fetches it when it is told."""


@callback
def async_serve_pictures(hass: HomeAssistant) -> None:
    """Serve the pictures; once, whichever links come and go."""
    hass.http.register_view(_Picture())


@callback
def picture_of(hass: HomeAssistant, alarms: Iterable[Standing]) -> str | None:
    """Return the signed address of a picture of the first of some alarms that there is one of, None if of none."""
    for standing in alarms:
        if _source_of(hass, standing) is not None:
            path = f"{_URL}/{standing.occurrence}"
            return auth.async_sign_path(hass, path, _VALID, use_content_user=True)
    return None


@callback
def _source_of(hass: HomeAssistant, standing: Standing) -> str | None:
    """Return the entity that has the value of an alarm, in the unit of its limit, and is recorded."""
    measured = standing.alarm.cause.measured
    if measured is None or standing.limit is None or not standing.occurrence:
        return None
    known = id_of_point(standing.board.identity, measured)
    entity_id = er.async_get(hass).async_get_entity_id(Platform.SENSOR, DOMAIN, known)
    if entity_id is None or "recorder" not in hass.config.components:
        return None
    state = hass.states.get(entity_id)
    if state is None or number(state.state) is None or not entity_options.is_entity_recorded(hass, entity_id):
        return None
    # Who shows it in another unit has a history in that unit: the limit would be a wrong one.
    return entity_id if state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) == standing.unit else None


class _Picture(HomeAssistantView):
    """One picture, for who is logged in and may read the place, or has a signed address."""

    url = f"{_URL}/{{occurrence}}"
    name = f"api:{DOMAIN}:last_hour"

    def __init__(self) -> None:
        """Draw one at a time: a phone can wait."""
        self._turn = asyncio.Lock()

    async def get(self, request: web.Request, occurrence: str) -> web.Response:
        """Return the picture of an alarm that stands."""
        hass = request.app[KEY_HASS]
        alarms = desk_of(hass).alarms.standing()
        standing = next((one for one in alarms if one.occurrence == occurrence), None)
        entity_id = None if standing is None else _source_of(hass, standing)
        state = None if entity_id is None else hass.states.get(entity_id)
        if standing is None or entity_id is None or state is None or standing.limit is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        place = shown_by(hass, standing.board, standing.circuit) or entity_id
        if not request[KEY_HASS_USER].permissions.check_entity(place, POLICY_READ):
            return web.Response(status=HTTPStatus.FORBIDDEN)
        async with self._turn:
            now = dt_util.utcnow()
            read = partial(read_course, hass, state, now - HOUR, now)
            course: Course = await get_instance(hass).async_add_executor_job(read)
            zone = dt_util.get_default_time_zone()
            draw = partial(drawn, course, standing.limit, standing.unit, (now - HOUR, now), zone)
            picture = await hass.async_add_executor_job(draw)
        if picture is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.Response(body=picture, content_type="image/png", headers={"Cache-Control": "no-store"})
