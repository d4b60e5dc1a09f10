"""Something that lives on a broker: connects, connects again, reports every period, keeps what it could not send."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from aiomqtt import Client, MqttError

from simulator.gateway.meters import Meter, Told
from simulator.gateway.quirks import Quirks

_MOST_STORED = 2000
_QOS = 1


type Measured = dict[str, dict[str, Told]]
"""Codes and values by the key of meter and circuit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A command as it came in; `res` is what was answered."""

    method: str
    address: str
    payload: Mapping[str, object]
    msgid: object
    at: float
    res: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was measured at one moment of the station's clock."""

    moment: float
    values: Measured


class Station(ABC):
    """One client of a broker, with the instruments behind it."""

    def __init__(
        self,
        serial: str,
        meters: Sequence[Meter],
        *,
        quirks: Quirks | None = None,
        seconds: float = 300.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what it calls itself, and how many seconds lie between two reports."""
        self.serial = serial
        self.meters = meters
        self.quirks = quirks or Quirks()
        self.seconds = seconds
        self.received: list[Received] = []
        """The commands that reached it."""
        self.reports = 0
        """Telemetry that left, each moment once."""
        self.connections = 0
        self.is_up = asyncio.Event()
        """Set while it may report."""
        self.has_heard = asyncio.Event()
        """Set by each message that it took."""
        self.clock = clock
        self._wrong_s = self.quirks.clock_s
        self._stored: deque[Record] = deque(maxlen=_MOST_STORED)
        self._network = asyncio.Event()
        self._network.set()
        self._lost = asyncio.Event()
        self._client: Client | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def moment(self) -> float:
        """Its clock, in unix seconds."""
        return self.clock() + self._wrong_s

    @property
    def acts(self) -> Mapping[str, Callable[[], None]]:
        """What can happen to it, by name."""
        return {
            "reboot": self.reboot,
            "lose_network": self.lose_network,
            "find_network": self.find_network,
            "report": self.report_soon,
        }

    @property
    def heard(self) -> Sequence[object]:
        """The commands that reached it."""
        return [asdict(command) for command in self.received]

    def start(self, host: str, port: int) -> None:
        """Switch it on."""
        self._tasks = [
            asyncio.create_task(self._live(host, port), name=f"simulated station {self.serial}"),
            asyncio.create_task(self._report_for_ever(), name=f"reports of {self.serial}"),
        ]

    async def stop(self) -> None:
        """Switch it off."""
        tasks, self._tasks = list(self._tasks), []
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def reboot(self) -> None:
        """Lose the connection and what was agreed on, and come back."""
        self._lost.set()

    def lose_network(self) -> None:
        """Have an outage: it goes on measuring, and stores."""
        self.is_up.clear()
        self._network.clear()
        self._lost.set()

    def find_network(self) -> None:
        """End the outage."""
        self._network.set()

    def measured(self) -> Measured:
        """Return what the instruments say now."""
        return {key: codes for meter in self.meters for key, codes in meter.reported().items()}

    def report_soon(self) -> None:
        """Have it report now."""
        task = asyncio.create_task(self.report(), name=f"report of {self.serial}")
        self._tasks.append(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        with suppress(ValueError):
            self._tasks.remove(task)

    async def report(self) -> None:
        """Measure now, and send it or store it."""
        record = Record(moment=self.moment, values=self.measured())
        if not self.is_up.is_set():
            self._stored.append(record)
            return
        try:
            await self._send(record, is_late=False)
        except MqttError:
            self._stored.append(record)

    async def say(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        """Publish. Raises MqttError."""
        if self._client is None:
            raise MqttError(f"{self.serial} is not connected")
        await self._client.publish(topic, payload, qos=_QOS, retain=retain)

    # What a dialect defines.

    @property
    @abstractmethod
    def topics(self) -> Sequence[str]:
        """What it listens to."""

    @abstractmethod
    async def shake_hands(self) -> None:
        """Do whatever comes before it may report. Raises MqttError."""

    @abstractmethod
    async def take(self, topic: str, payload: bytes) -> None:
        """Take a message. Raises MqttError."""

    @abstractmethod
    async def publish(self, record: Record, *, is_late: bool) -> None:
        """Send one record; a late one is from before an outage. Raises MqttError."""

    async def attend(self) -> None:
        """Do whatever goes on beside the reports as long as it is connected. Raises MqttError."""

    # The connection.

    async def _live(self, host: str, port: int) -> None:
        while True:
            await self._network.wait()
            self._lost.clear()
            with suppress(MqttError):
                # It keeps nothing on the broker: what is sent to it while it is away is lost.
                async with Client(host, port, identifier=self.serial, clean_session=True) as self._client:
                    self.connections += 1
                    await self._client.subscribe([(topic, _QOS) for topic in self.topics])
                    await self._talk(self._client)
            self.is_up.clear()
            self._client = None
            await asyncio.sleep(self.quirks.redial_s)

    async def _talk(self, client: Client) -> None:
        """Listen and greet until either fails, or the connection is to be lost."""
        works = [
            asyncio.create_task(self._listen(client)),
            asyncio.create_task(self._greet()),
            asyncio.create_task(self._fail()),
        ]
        try:
            await asyncio.wait(works, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            self.is_up.clear()
            for work in works:
                work.cancel()
            for outcome in await asyncio.gather(*works, return_exceptions=True):
                if isinstance(outcome, Exception) and not isinstance(outcome, MqttError):
                    raise outcome

    async def _fail(self) -> None:
        await self._lost.wait()
        raise MqttError(f"{self.serial} loses its connection")

    async def _listen(self, client: Client) -> None:
        async for message in client.messages:
            if isinstance(message.payload, bytes | bytearray):
                await self.take(message.topic.value, bytes(message.payload))
                self.has_heard.set()
        raise MqttError("no more messages")

    async def _greet(self) -> None:
        await self.shake_hands()
        self.is_up.set()
        await self.report()
        while self._stored and self.is_up.is_set():
            record = self._stored.popleft()
            try:
                await self._send(record, is_late=True)
            except MqttError:
                self._stored.appendleft(record)
                raise
        await self.attend()

    async def _send(self, record: Record, *, is_late: bool) -> None:
        for _ in range(2 if self.quirks.repeats else 1):
            await self.publish(record, is_late=is_late)
        self.reports += 1

    async def _report_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            await self.report()
