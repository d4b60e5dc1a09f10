"""Gateways that speak to a hub by hand: topics and messages as they were seen, serial numbers made up."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from custom_components.acrel_safety.aioacrel.gateway.events import Event, EventKind, HistoryValue
from custom_components.acrel_safety.aioacrel.gateway.hub import GatewayHub
from custom_components.acrel_safety.aioacrel.gateway.options import GatewayOptions
from custom_components.acrel_safety.aioacrel.gateway.overseas import Scaling
from custom_components.acrel_safety.aioacrel.gateway.source import GatewaySource
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading, Value
from custom_components.acrel_safety.aioacrel.source import Update

KEY = "MTIzNDU2Nzg5MDEyMzQ1Njc4=="
GATEWAY, METER, OTHER = "20260101000001", "22260101000011", "22260101000012"
START = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY = 86400.0


class Broker:
    """A hub, what it publishes and tells, and gateways that speak to it."""

    def __init__(self, *, number_topics: tuple[str, ...] = ()) -> None:
        self.published: list[tuple[str, dict[str, Any], int]] = []
        self.events: list[Event] = []
        self.history: list[HistoryValue] = []
        self.failure: Exception | None = None
        """What becomes of the next publishing."""
        self.tasks: list[asyncio.Task[None]] = []
        """Those of the gateways."""
        self._news = asyncio.Event()
        self._begun = asyncio.get_running_loop().time()
        self.hub = GatewayHub(
            self._publish,
            on_event=self.events.append,
            on_history=self.history.append,
            number_topics=number_topics,
            now=self.now,
        )
        self.hub.start()

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.hub.stop()

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time() - self._begun)

    @property
    def stamp(self) -> int:
        return int(self.now().timestamp())

    async def _publish(self, topic: str, payload: str, qos: int) -> None:
        if self.failure is not None:
            raise self.failure
        self.published.append((topic, json.loads(payload), qos))
        self._news.set()

    @property
    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]

    async def answer(self) -> tuple[str, dict[str, Any]]:
        """Return what was published last, when something was."""
        while not self.published:
            self._news.clear()
            await self._news.wait()
        topic, payload, _ = self.published.pop(0)
        return topic, payload

    async def settled(self) -> None:
        """Wait until all that can be published by now has been."""
        await asyncio.sleep(0.01)

    def source(
        self,
        model: str = "dtsy1352",
        serial: str = METER,
        gateway: str = GATEWAY,
        *,
        options: GatewayOptions | None = None,
        scaling: Scaling | None = None,
    ) -> Heard:
        known = ModelLibrary().get(model)
        return Heard(self.hub.source(gateway, serial, known, options=options, scaling=scaling))

    def say(self, topic: str, document: Mapping[str, object] | bytes, *, retained: bool = False) -> None:
        payload = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.hub.take(topic, payload, retained=retained)

    def system(self, method: str, *, gateway: str = GATEWAY, **fields: object) -> None:
        self.say(f"sys/dev/{KEY}/{gateway}", {"method": method, "sn": gateway, "timestamp": self.stamp} | fields)

    def login(self, period: float = 300) -> None:
        self.system("login", msgid=1, payload={"upInterval": period, "devname": "awt200", "imei": "860000"})

    def update(
        self,
        reported: Mapping[str, object],
        *,
        gateway: str = GATEWAY,
        stamp: float | None = None,
        sent: float | None = None,
        retained: bool = False,
        **fields: object,
    ) -> None:
        document: dict[str, object] = {"method": "update", "sn": gateway, "reported": reported, **fields}
        document["timestamp"] = self.stamp if stamp is None else stamp
        if sent is not None:
            document["sendtime"] = sent
        self.say(f"data/up/{KEY}/{gateway}", document, retained=retained)

    def meter(
        self,
        values: Mapping[str, object],
        serial: str = METER,
        *,
        stamp: float | None = None,
        sent: float | None = None,
        retained: bool = False,
    ) -> None:
        reported = {f"0_{serial}": {"state": "ONLINE", **values}}
        self.update(reported, stamp=stamp, sent=sent, retained=retained)


class Heard:
    """What a source says, everything wanted."""

    def __init__(self, source: GatewaySource) -> None:
        self.source = source
        self.readings: dict[PointKey, Reading] = {}
        self.updates: list[Update] = []
        source.join(self._take)
        source.want(source.points.keys())

    def _take(self, update: Update) -> None:
        self.updates.append(update)
        self.readings |= update.readings

    def want_all(self) -> None:
        """Want what came to be known meanwhile, too."""
        self.source.want(frozenset(self.source.points.keys()))

    def value(self, code: str, circuit: str = "1") -> Value | None:
        reading = self.readings.get(PointKey(circuit, code))
        return None if reading is None else reading.value

    def quality(self, code: str, circuit: str = "1") -> Quality | None:
        reading = self.readings.get(PointKey(circuit, code))
        return None if reading is None else reading.quality
