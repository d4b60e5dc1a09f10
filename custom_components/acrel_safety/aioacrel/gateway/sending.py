"""All that is published: short answers, and orders, each of them once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from ..bucket import Bucket
from ..errors import DeviceAwayError
from ..foreign import system_says
from ..masking import masked
from ..texts import phrase
from .errors import NotPublishedError, PublishedPerhapsError
from .gateway import Gateway
from .messages import Answer
from .orders import OrderNumbers, refresh
from .topics import Channel

ANSWER_QOS, ORDER_QOS = 1, 0
"""An order goes at most once: with 1 a broker may deliver it twice, or hours later, when a sleeping device is back."""
PUBLISH_SECONDS = 10.0
_MOST_ANSWERS = 64
"""Answers under way at a time."""
_ANSWERS, _ANSWERS_PER_SECOND = 30.0, 0.5
"""Answers to one device at once, and a second."""
_MOST_BUCKETS = 512


class Publish(Protocol):
    """Publishes one message, never retained.

    Raises ConnectionError where it certainly did not leave and never will: a client that keeps messages until there is
    a connection again must not be given any. After every other exception it may have left.
    """

    def __call__(self, topic: str, payload: str, qos: int, /) -> Awaitable[None]:
        """Publish."""


class Sender:
    """Publishes for all gateways of one broker."""

    def __init__(self, publish: Publish, now: Callable[[], datetime]) -> None:
        """Take who publishes, and the wall clock."""
        self._publish = publish
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self._buckets: dict[str, Bucket] = {}
        self._numbers = OrderNumbers(now().timestamp())

    async def settle(self) -> None:
        """Wait for what is being published."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def forget(self, serial: str) -> None:
        """Know nothing any more of how often a device was answered."""
        self._buckets.pop(serial, None)

    # -- answers ------------------------------------------------------------------------------------------------------

    def answer(self, serial: str, topic: str, payload: str, done: Callable[[Exception | None], None]) -> None:
        """Have an answer published soon, unless the device asks too often; `done` is told what became of it."""
        if len(self._tasks) >= _MOST_ANSWERS or not self._bucket(serial).take(self._steady()):
            return
        task = asyncio.get_running_loop().create_task(self._answer(topic, payload, done), name="acrel gateway answer")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, topic: str, payload: str, done: Callable[[Exception | None], None]) -> None:
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await self._publish(topic, payload, ANSWER_QOS)
        except Exception as error:  # noqa: BLE001 - whatever a client of MQTT raises
            done(error)
        else:
            done(None)

    def _bucket(self, serial: str) -> Bucket:
        if (known := self._buckets.get(serial)) is not None:
            return known
        now = self._steady()
        if len(self._buckets) >= _MOST_BUCKETS:
            self._buckets = {one: bucket for one, bucket in self._buckets.items() if not bucket.is_full(now)}
        if len(self._buckets) >= _MOST_BUCKETS:
            del self._buckets[next(iter(self._buckets))]
        bucket = self._buckets[serial] = Bucket(_ANSWERS, _ANSWERS_PER_SECOND, now)
        return bucket

    # -- orders -------------------------------------------------------------------------------------------------------

    async def refresh(self, gateway: Gateway, serial: str) -> None:
        """Ask a meter to report now. Raises LinkError."""
        payload = refresh(gateway.serial, serial, self._numbers.next(), self._now().timestamp())
        await self._send(gateway, serial, payload, ANSWER_QOS)

    async def operate(self, gateway: Gateway, message: Callable[[str], str]) -> asyncio.Future[Answer]:
        """Publish an order, once, and return what will hold its answer. Raises LinkError."""
        given = self._numbers.next()
        answer = gateway.expects(given)
        try:
            await self._send(gateway, gateway.serial, message(given), ORDER_QOS)
        except DeviceAwayError as error:
            answer.cancel()
            raise NotPublishedError(serial=gateway.shown, reason=error) from error
        except BaseException:
            answer.cancel()
            raise
        return answer

    async def _send(self, gateway: Gateway, serial: str, payload: str, qos: int) -> None:
        topic = gateway.topic(Channel.COMMAND)
        if topic is None or not gateway.is_here:
            raise DeviceAwayError(link=f"MQTT {gateway.shown}", detail=phrase("gateway_silent"))
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await self._publish(topic, payload, qos)
        except ConnectionError as error:
            raise NotPublishedError(serial=masked(serial), reason=system_says(error)) from error
        except Exception as error:
            raise PublishedPerhapsError(serial=masked(serial), detail=str(error)) from error

    @staticmethod
    def _steady() -> float:
        return asyncio.get_running_loop().time()
