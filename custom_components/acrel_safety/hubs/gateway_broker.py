"""All gateways on Home Assistant's broker: its `mqtt` integration carries the messages, one hub of the library reads.

Every entry is one gateway; what they say is subscribed once, as long as any of them is loaded.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from ..aioacrel.gateway.errors import NoBrokerError
from ..aioacrel.gateway.events import Event, HistoryValue
from ..aioacrel.gateway.hub import GatewayHub
from ..const import DOMAIN, LOGGER
from ..lifetime import after_false_stop, at_stop

GRACE_SECONDS = 30.0
"""So long the broker may be away before everything behind it is."""
SUBSCRIBE_SECONDS = 5.0
_QOS = 1
_GREETINGS = "sys/"
_AWAY = "MQTT"
REJOIN_SECONDS = 20.0
"""So long a gateway is remembered whose entry was taken down: most often it is loaded anew."""


class Listener(Protocol):
    """Who is told what happens at one gateway."""

    def takes(self, event: Event) -> None:
        """Take what happened."""

    def takes_before(self, value: HistoryValue) -> None:
        """Take a value of before."""


class Broker:
    """What is shared by all entries."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant; nothing is subscribed yet."""
        self._hass = hass
        self.hub = GatewayHub(self._publish, on_event=self._tell, on_history=self._tell_before)
        self._listeners: dict[str, Listener] = {}
        self._leave: list[CALLBACK_TYPE] = []
        self._away: CALLBACK_TYPE | None = None

    async def async_join(self, serial: str, listener: Listener) -> Callable[[], None]:
        """Hear one gateway from now on; returns what ends that. Raises NoBrokerError."""
        if not await mqtt.async_wait_for_mqtt_client(self._hass):
            raise NoBrokerError
        is_first = not self._leave
        self._listeners[serial] = listener
        if is_first:
            try:
                await self._async_begin()
            except HomeAssistantError as error:
                del self._listeners[serial]
                self._end()
                raise NoBrokerError from error
        return partial(self._part, serial)

    async def _async_begin(self) -> None:
        self.hub.start()
        self._leave.append(at_stop(self._hass, self._stop))
        self._leave.append(after_false_stop(self._hass, _connect_again))
        self._leave.append(mqtt.async_subscribe_connection_status(self._hass, self._connected))
        # Whoever is answered reports at once: by then its reports have to come here.
        greetings = [topic for topic in self.hub.subscriptions() if topic.casefold().startswith(_GREETINGS)]
        await self._async_subscribe([topic for topic in self.hub.subscriptions() if topic not in greetings])
        await self._async_subscribe(greetings)
        if not mqtt.is_connected(self._hass):
            self._connected(is_connected=False)

    async def _async_subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe topics, and wait until the broker knows it, unless it is away."""
        left = set(topics)
        is_done = asyncio.Event()

        @callback
        def done(topic: str) -> None:
            left.discard(topic)
            if not left:
                is_done.set()

        for topic in topics:
            self._leave.append(await mqtt.async_subscribe(self._hass, topic, self._take, qos=_QOS, encoding=None))
        watches = [mqtt.async_on_subscribe_done(self._hass, topic, _QOS, partial(done, topic)) for topic in topics]
        try:
            if mqtt.is_connected(self._hass):
                async with asyncio.timeout(SUBSCRIBE_SECONDS):
                    await is_done.wait()
        except TimeoutError:
            LOGGER.debug("The broker did not say that it took %s", ", ".join(left))
        finally:
            for end in watches:
                end()

    @callback
    def _part(self, serial: str) -> None:
        """Hear one gateway no more, unless it is loaded anew within a moment: it would have to speak again first."""
        if self._listeners.pop(serial, None) is None:
            return
        gone = HassJob(partial(self._is_gone, serial), cancel_on_shutdown=True)
        async_call_later(self._hass, REJOIN_SECONDS, gone)

    @callback
    def _is_gone(self, serial: str, _: object) -> None:
        if serial not in self._listeners:
            self._hass.async_create_task(self.hub.forget(serial), "acrel gateway is left alone")
        if not self._listeners:
            self._end()

    async def _stop(self, _: HomeAssistant) -> None:
        self._end()

    @callback
    def _end(self) -> None:
        """Hear nothing any more; who was here has to speak again before it is spoken to."""
        for leave in self._leave:
            leave()
        self._leave.clear()
        self._back()
        self.hub.pause()

    @callback
    def _take(self, message: mqtt.ReceiveMessage) -> None:
        payload = message.payload
        self.hub.take(
            message.topic, payload if isinstance(payload, str) else bytes(payload), retained=bool(message.retain)
        )

    async def _publish(self, topic: str, payload: str, qos: int, /) -> None:
        """Publish; what the client would keep until there is a connection again is not given to it."""
        try:
            if not mqtt.is_connected(self._hass):
                raise ConnectionError(_AWAY)
        except KeyError:
            raise ConnectionError(_AWAY) from None
        await mqtt.async_publish(self._hass, topic, payload, qos=qos, retain=False)

    @callback
    def _connected(self, is_connected: bool) -> None:  # noqa: FBT001 - Home Assistant calls it so
        if is_connected:
            self._back()
        elif self._away is None:
            away = HassJob(self._is_away, cancel_on_shutdown=True)
            self._away = async_call_later(self._hass, GRACE_SECONDS, away)

    @callback
    def _is_away(self, _: object) -> None:
        self._away = None
        self.hub.lose_all()

    @callback
    def _back(self) -> None:
        if self._away is not None:
            self._away()
            self._away = None

    @callback
    def _tell(self, event: Event) -> None:
        if (listener := self._listeners.get(event.gateway)) is not None:
            listener.takes(event)

    @callback
    def _tell_before(self, value: HistoryValue) -> None:
        if (listener := self._listeners.get(value.gateway)) is not None:
            listener.takes_before(value)


@callback
def _connect_again(hass: HomeAssistant) -> None:
    """Have Home Assistant connect to the broker again: when it hears that it stops, it leaves, and for good."""
    for entry in hass.config_entries.async_loaded_entries(mqtt.DOMAIN):
        if not mqtt.is_connected(hass):
            hass.config_entries.async_schedule_reload(entry.entry_id)


_BROKER: HassKey[Broker] = HassKey(f"{DOMAIN}.broker")


@callback
def broker_of(hass: HomeAssistant) -> Broker:
    """Return what all gateways share; made for who asks first."""
    return hass.data.get(_BROKER) or hass.data.setdefault(_BROKER, Broker(hass))


async def async_forget_gateway(hass: HomeAssistant, serial: str) -> None:
    """Know a gateway no more, whose entry is gone."""
    await broker_of(hass).hub.forget(serial)


@callback
def known_meters(hass: HomeAssistant, serial: str) -> Mapping[str, tuple[str, ...]]:
    """Return the meters that a gateway reports and nobody named, with codes that came of each."""
    gateway = broker_of(hass).hub.gateways.get(serial)
    return {} if gateway is None else {meter.serial: tuple(meter.codes) for meter in gateway.heard}
