"""A phone with the companion app, as Home Assistant sees one: pushes arrive at a server, buttons by its webhook."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

_REGISTERED: Mapping[str, object] = {
    "app_id": "app",
    "app_name": "App",
    "app_version": "1",
    "device_id": "phone-1",
    "device_name": "Anna's phone",
    "manufacturer": "Maker",
    "model": "Model",
    "os_name": "Android",
    "os_version": "16",
    "supports_encryption": False,
    "webhook_id": "of-the-phone",
}


class Phone:
    """Takes notifications, and answers them for its owner."""

    def __init__(self, hass: HomeAssistant, client: TestClient[Any, Any]) -> None:
        """Take Home Assistant, and what reaches its webhooks."""
        self._hass = hass
        self._client = client
        self._pushed: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._entry: MockConfigEntry | None = None

    async def async_register(self, user_id: str) -> str:
        """Register the app for a person; return its device."""
        app = web.Application()
        app.router.add_post("/push", self._take)
        self.server = TestServer(app, host="127.0.0.1")
        await self.server.start_server()
        url = str(self.server.make_url("/push"))
        self._entry = entry = MockConfigEntry(
            domain="mobile_app",
            title="Anna's phone",
            data={**_REGISTERED, "app_data": {"push_token": "token", "push_url": url}, "user_id": user_id},
        )
        entry.add_to_hass(self._hass)
        assert await self._hass.config_entries.async_setup(entry.entry_id)
        await self._hass.async_block_till_done()
        device = dr.async_get(self._hass).async_get_device_by_identifier(("mobile_app", "phone-1"), entry.entry_id)
        assert device is not None
        return device.id

    async def _take(self, request: web.Request) -> web.Response:
        self._pushed.put_nowait(cast("Mapping[str, Any]", await request.json()))
        return web.json_response({}, status=201)

    async def next(self, seconds: float = 20) -> Mapping[str, Any]:
        """Return the next notification."""
        async with asyncio.timeout(seconds):
            return await self._pushed.get()

    def waiting(self) -> int:
        """Return how many notifications nobody looked at."""
        return self._pushed.qsize()

    async def press(self, action: str) -> None:
        """Press a button, as the app does."""
        await self.fire("mobile_app_notification_action", action=action)

    async def fire(self, event_type: str, **data: object) -> None:
        """Fire any event, as whoever registered the app can."""
        event = {"event_type": event_type, "event_data": data}
        answer = await self._client.post("/api/webhook/of-the-phone", json={"type": "fire_event", "data": event})
        assert answer.status == 200
        await self._hass.async_block_till_done()

    async def async_end(self) -> None:
        """Take the server down."""
        if self._entry is not None:
            await self._hass.config_entries.async_unload(self._entry.entry_id)
            await self.server.close()
