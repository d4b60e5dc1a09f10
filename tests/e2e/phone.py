"""A phone with the companion app: it registers itself, takes pushes at a server of its own, and answers its buttons."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from demo.api import Http, Socket

NAME = "Anna's phone"
_APP: Mapping[str, object] = {
    "app_id": "app",
    "app_name": "App",
    "app_version": "1",
    "device_id": "phone-1",
    "device_name": NAME,
    "manufacturer": "Maker",
    "model": "Model",
    "os_name": "Android",
    "os_version": "16",
    "supports_encryption": False,
}


class Phone:
    """Holds what was pushed, until somebody looks at it."""

    def __init__(self, http: Http) -> None:
        """Take the interface of Home Assistant, with its person logged in."""
        self._http = http
        self._pushed: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._webhook = ""
        self.device_id = ""
        """In Home Assistant's registry."""

    @classmethod
    @asynccontextmanager
    async def registered(cls, http: Http, socket: Socket) -> AsyncGenerator[Phone]:
        """Register the app, and listen for pushes."""
        phone = cls(http)
        app = web.Application()
        app.router.add_post("/push", phone._take)
        async with TestServer(app, host="127.0.0.1") as server:
            push = {"push_token": "token", "push_url": str(server.make_url("/push"))}
            answer = await http.post("/api/mobile_app/registrations", {**_APP, "app_data": push})
            phone._webhook = answer["webhook_id"]
            devices = await socket.ask("config/device_registry/list")
            phone.device_id = next(device["id"] for device in devices if device["name"] == NAME)
            yield phone

    async def next(self, seconds: float = 60) -> Mapping[str, Any]:
        """Return the next notification."""
        async with asyncio.timeout(seconds):
            return await self._pushed.get()

    async def press(self, action: str) -> None:
        """Press a button, as the app does."""
        event = {"event_type": "mobile_app_notification_action", "event_data": {"action": action}}
        await self._http.post(f"/api/webhook/{self._webhook}", {"type": "fire_event", "data": event})

    async def _take(self, request: web.Request) -> web.Response:
        self._pushed.put_nowait(await request.json())
        return web.json_response({}, status=201)
