"""Home Assistant's public interfaces as its own frontend uses them: HTTP, and the websocket."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from demo.errors import DemoError

type Json = dict[str, Any]

_ANSWER_SECONDS = 30.0
_NOT_UP_YET_SECONDS = 0.1
_LARGEST_MESSAGE = 64 * 1024 * 1024


class Http:
    """The HTTP interface at one address; `token` is set once somebody is logged in."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Take the session to talk through and the address of Home Assistant."""
        self.session = session
        self.url = url
        self.token: str | None = None

    async def get(self, path: str) -> Any:  # noqa: ANN401 - whatever JSON that path gives
        """Return what a path gives. Raises DemoError if it gives an error."""
        return await self._answer("GET", path)

    async def post(self, path: str, body: Mapping[str, object]) -> Json:
        """Send JSON and return the answer. Raises DemoError if it is an error."""
        answer: Json = await self._answer("POST", path, json=body)
        return answer

    async def post_form(self, path: str, fields: Mapping[str, str]) -> Json:
        """Send form fields and return the answer. Raises DemoError if it is an error."""
        answer: Json = await self._answer("POST", path, data=fields)
        return answer

    async def delete(self, path: str) -> None:
        """Delete what a path stands for. Raises DemoError if that gives an error."""
        await self._answer("DELETE", path)

    async def wait_until_up(self, *, gone: Callable[[], bool]) -> None:
        """Wait until Home Assistant's web server answers. Raises DemoError when it is gone."""
        while not gone():
            with suppress(aiohttp.ClientError):
                async with self.session.get(f"{self.url}/api/onboarding") as answer:
                    if answer.ok:
                        return
            # There is nobody to listen to before the port is open.
            await asyncio.sleep(_NOT_UP_YET_SECONDS)
        raise DemoError("Home Assistant ended while it was starting")

    async def _answer(self, method: str, path: str, **body: Any) -> Any:  # noqa: ANN401 - aiohttp's arguments, any JSON
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        request = self.session.request(method, f"{self.url}{path}", headers=headers, **body)
        async with request as answer:
            if not answer.ok:
                text = (await answer.text())[:500]
                raise DemoError(f"{method} {path}: {answer.status} {answer.reason}: {text}")
            return await answer.json()


class Socket:
    """Home Assistant's websocket: commands with one answer each, and streams of events."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take a socket that has been let in."""
        self._socket = socket
        self._last_id = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._streams: dict[int, asyncio.Queue[Json]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, http: Http) -> AsyncGenerator[Socket]:
        """Open the websocket as the user who is logged in. Raises DemoError if that is refused."""
        connect = http.session.ws_connect(f"{http.url}/api/websocket", max_msg_size=_LARGEST_MESSAGE)
        async with connect as socket:
            await socket.receive_json()  # auth_required
            await socket.send_json({"type": "auth", "access_token": http.token})
            if (answer := await socket.receive_json())["type"] != "auth_ok":
                raise DemoError(f"Home Assistant's websocket: {answer.get('message', 'not let in')}")
            opened = cls(socket)
            listening = asyncio.create_task(opened._listen())
            try:
                yield opened
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening

    async def ask(self, kind: str, **fields: object) -> Any:  # noqa: ANN401 - whatever JSON that command gives
        """Send a command and return its result. Raises DemoError if it is refused."""
        return await self._ask(self._next_id(), kind, fields)

    @asynccontextmanager
    async def stream(self, kind: str, **fields: object) -> AsyncGenerator[AsyncIterator[Json]]:
        """Send a command that subscribes to something, and hand out its events one by one."""
        number = self._next_id()
        queue = self._streams[number] = asyncio.Queue()
        try:
            await self._ask(number, kind, fields)
            yield self._events(queue)
        finally:
            del self._streams[number]
            if not self._socket.closed:
                await self.ask("unsubscribe_events", subscription=number)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def _ask(self, number: int, kind: str, fields: Mapping[str, object]) -> Any:  # noqa: ANN401 - see `ask`
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send_json({"id": number, "type": kind, **fields})
            async with asyncio.timeout(_ANSWER_SECONDS):
                message = await answer
        except TimeoutError as error:
            raise DemoError(f"Home Assistant did not answer {kind} in {_ANSWER_SECONDS:g} s") from error
        finally:
            del self._answers[number]
        if not message["success"]:
            raise DemoError(f"{kind}: {message['error']['message']}")
        return message["result"]

    async def _listen(self) -> None:
        """Hand every message to who waits for it, and tell all of them when there are no more."""
        async for message in self._socket:
            data: Json = message.json()
            if data["type"] == "event" and (queue := self._streams.get(data["id"])) is not None:
                queue.put_nowait(data["event"])
            elif data["type"] == "result" and (answer := self._answers.get(data["id"])) is not None:
                answer.set_result(data)
        for answer in self._answers.values():
            answer.set_exception(DemoError("Home Assistant closed its websocket"))
        for queue in self._streams.values():
            queue.shutdown()

    @staticmethod
    async def _events(queue: asyncio.Queue[Json]) -> AsyncIterator[Json]:
        while True:
            try:
                yield await queue.get()
            except asyncio.QueueShutDown as end:
                raise DemoError("Home Assistant closed its websocket") from end
