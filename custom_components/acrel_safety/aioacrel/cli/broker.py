"""The connection of a command to a broker of MQTT."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from getpass import getpass
from pathlib import Path

from aiomqtt import Client, MqttError

from ..errors import AcrelError
from ..foreign import python_says
from ..texts import phrase
from .typed import BrokerAddress

PASSWORD, SECRET = "ACREL_MQTT_PASSWORD", "ACREL_MQTT_SECRET"
"""Where the password of the broker and the product secret of gateways that encrypt are taken from."""
AGAIN_SECONDS = 3.0
"""After a connection was lost, it is tried anew so often."""

type Take = Callable[[str, bytes, bool], None]
"""Topic, message, and whether the broker had kept it."""


class BrokerUnreachableError(AcrelError):
    """There is no connection to the broker."""

    key = "broker_unreachable"


class Broker:
    """One broker, as long as a command runs."""

    def __init__(self, address: BrokerAddress, ca_file: Path | None, language: str) -> None:
        """Take where it is; asks for a password where a user is named and none is set."""
        self._address = address
        password = os.environ.get(PASSWORD)
        if password is None and address.user is not None and sys.stdin is not None and sys.stdin.isatty():
            password = getpass(phrase("ask_mqtt_password").text(language))
        self._password = password
        self._tls = ssl.create_default_context(cafile=ca_file) if address.is_secure else None
        self._client: Client | None = None

    @property
    def place(self) -> str:
        """Where it is, without who asks."""
        return f"{self._address.host}:{self._address.port}"

    async def publish(self, topic: str, payload: str, qos: int, /) -> None:
        """Publish, and wait until the broker has it. Raises ConnectionError when there is no connection."""
        client = self._client
        if client is None:
            raise ConnectionError(str(BrokerUnreachableError(place=self.place, detail="")))
        await client.publish(topic, payload, qos)

    async def listen(
        self, topics: Sequence[str], take: Take, connected: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        """Hand over what comes, until cancelled; a connection that is lost is made anew.

        Raises BrokerUnreachableError where there was none from the beginning.
        """
        was_there = False
        while True:
            try:
                async with self._connected(topics) as client:
                    was_there = True
                    connected()
                    async for message in client.messages:
                        payload = message.payload
                        if isinstance(payload, bytes | bytearray):
                            take(message.topic.value, bytes(payload), bool(message.retain))
            except MqttError as error:
                if not was_there:
                    raise BrokerUnreachableError(place=self.place, detail=python_says(error)) from error
                lost()
                await asyncio.sleep(AGAIN_SECONDS)

    @asynccontextmanager
    async def _connected(self, topics: Sequence[str]) -> AsyncIterator[Client]:
        address = self._address
        client = Client(
            address.host,
            address.port,
            username=address.user,
            password=self._password,
            tls_context=self._tls,
            max_queued_outgoing_messages=0,
        )
        async with client:
            for topic in topics:
                await client.subscribe(topic, qos=1)
            self._client = client
            try:
                yield client
            finally:
                self._client = None
