"""The page follows what is operated: told at once, and anew whenever anything of it changes."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final

import probatio
from homeassistant.components.websocket_api import ActiveConnection, websocket_command
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..const import DOMAIN
from ..cutting import operators
from ..deeds import deeds_of
from ..operating import Operator
from .operations import Json, async_shown, at

OPERATIONS: Final = f"{DOMAIN}/operations"
_LOOK_SECONDS = 2.0
"""So often besides: what ends by time alone, and devices that come and go, tell nobody."""
_GATHER_SECONDS = 0.05
"""What changes together is told together."""


@websocket_command(
    {
        probatio.Required("type"): OPERATIONS,
        probatio.Optional("devices"): [str],
        probatio.Optional("language"): str,
    }
)
@callback
def follow_operations(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Tell any user where devices stand, and what that user may do; nothing is operated by it."""
    language = msg.get("language", hass.config.language)
    follower = _Follower(hass, connection, msg["id"], msg.get("devices"), language)
    task = hass.async_create_background_task(follower.run(), "acrel_safety operations of a page")
    connection.subscriptions[msg["id"]] = follower.ending(task)
    connection.send_result(msg["id"])


class _Follower:
    """Follows for one card of one page."""

    def __init__(
        self,
        hass: HomeAssistant,
        connection: ActiveConnection,
        msg_id: int,
        devices: Collection[str] | None,
        language: str,
    ) -> None:
        self._hass, self._connection, self._msg_id = hass, connection, msg_id
        self._devices, self._language = devices, language
        self._changed = asyncio.Event()
        self._leave: dict[Operator, CALLBACK_TYPE] = {}

    def ending(self, task: asyncio.Task[None]) -> Callable[[], None]:
        """Return what ends it."""
        leave = deeds_of(self._hass).listen(lambda _: self._changed.set())

        @callback
        def end() -> None:
            leave()
            task.cancel()
            self._listen([])

        return end

    async def run(self) -> None:
        """Tell it until that is ended."""
        told: Json | None = None
        while True:
            self._changed.clear()
            found = await self._async_found()
            if found != told:
                told = found
                self._connection.send_event(self._msg_id, {"devices": found})
            await asyncio.sleep(_GATHER_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._changed.wait()

    async def _async_found(self) -> Json:
        meant = {
            device_id: operator
            for operator in operators(self._hass)
            if (device_id := at(self._hass, operator)) is not None
            and (self._devices is None or device_id in self._devices)
        }
        self._listen(meant.values())
        context = self._connection.context({})
        return {
            device_id: await async_shown(self._hass, operator, context, self._language)
            for device_id, operator in meant.items()
        }

    @callback
    def _listen(self, operated: Collection[Operator]) -> None:
        for operator in [one for one in self._leave if one not in operated]:
            self._leave.pop(operator)()
        for operator in operated:
            if operator not in self._leave:
                self._leave[operator] = operator.coordinator.async_add_listener(self._changed.set)
