"""Somebody at the broker who plays the server, and remembers all that was said."""

import asyncio
import json
import time
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiomqtt import Client

from simulator.broker import Broker
from simulator.gateway.site import PRODUCT

type Message = dict[str, Any]
type Heard = tuple[str, Message]


class Server:
    """Plays the server of dialect A; what it says may be changed."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.heard: list[Heard] = []
        self.raw: list[tuple[str, bytes, bool]] = []
        self.answers = True
        self.alter: Callable[[Message], Message | None] = lambda answer: answer
        self._news = asyncio.Condition()

    async def listen(self) -> None:
        async for message in self.client.messages:
            topic, payload = message.topic.value, bytes(message.payload)
            if "/server/" in f"/{topic.lower()}":
                continue
            self.raw.append((topic, payload, bool(message.retain)))
            plain = json.loads(payload if payload.startswith(b"{") else zlib.decompress(payload))
            if self.answers and topic.lower().startswith("sys/dev/"):
                await self._answer(topic, plain)
            async with self._news:
                self.heard.append((topic, plain))
                self._news.notify_all()

    async def _answer(self, topic: str, asked: Message) -> None:
        now = int(time.time())
        answer = {"sn": asked["sn"], "method": asked["method"], "msgid": asked["msgid"], "timestamp": now, "res": 1}
        if asked["method"] == "time":
            answer |= {"timezone": "8", "timezoneMin": "00", "devicesend": asked["devicesend"]}
            answer |= {"serverreceive": now, "serversend": now}
        if (altered := self.alter(answer)) is not None:
            await self.say("sys/server" + topic[len("sys/dev") :], altered)

    async def say(self, topic: str, message: Mapping[str, object]) -> None:
        await self.client.publish(topic, json.dumps(message), qos=1)

    async def command(self, serial: str, address: str, method: str, msgid: object = "1001", **more: object) -> Message:
        """Send a command to a gateway of the standard site and return its answer."""
        payload = {"method": method, "addr": address, **more}
        message = {"method": "operate", "msgid": msgid, "sn": serial, "timestamp": int(time.time()), "payload": payload}
        count = len(self.heard)
        await self.say(f"indicate/server/{PRODUCT}/{serial}", message)
        return await self.next(lambda topic, _: topic.lower().startswith("indicate/dev/"), since=count)

    async def next(self, fits: Callable[[str, Message], bool], *, since: int = 0) -> Message:
        """Return the first message that fits of those heard since a count, however long it takes."""
        async with self._news:
            while True:
                for topic, message in self.heard[since:]:
                    if fits(topic, message):
                        return message
                await self._news.wait()

    async def update(self, since: int = 0) -> Message:
        return await self.next(lambda _, message: message.get("method") == "update", since=since)


@asynccontextmanager
async def serving(broker: Broker, topic: str = "#") -> AsyncIterator[Server]:
    """Listen at a broker."""
    async with Client(*broker.place, identifier="server") as client:
        await client.subscribe(topic, qos=1)
        server = Server(client)
        task = asyncio.create_task(server.listen())
        try:
            yield server
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
