"""What a server publishes of all points of its sites, for whoever has an account at its broker."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from aiomqtt import Client, MqttError

from simulator.cloud.meters import Meter, Site

if TYPE_CHECKING:
    from simulator.cloud.server import Cloud

TOPIC = "report/allpoints/"
OFFLINE = 2
"""What stands for the position of a device that nobody hears: neither 0 nor 1."""
_TELLS = (
    *("Ua", "Ub", "Uc", "Ia", "Ib", "Ic", "P", "Q", "S", "PF", "Fr", "EPI", "Lg"),
    *("TempA", "TempB", "TempC", "TempN", "DI1", "DI2"),
)
_AGAIN_S = 0.2


class Feed:
    """Publishes every so often; `publish` does so at once."""

    def __init__(self, cloud: Cloud, *, seconds: float = 60.0) -> None:
        """Take the server, and how many seconds lie between two messages of a site."""
        self.cloud = cloud
        self.seconds = seconds
        self.published = 0
        self.as_text = False
        """Whether numbers are text."""
        self.inverted = False
        """Whether positions are told as `SwitchOff`, for which 1 is open."""
        self.is_up = asyncio.Event()
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, host: str, port: int, *, websockets: bool = False, account: tuple[str, str] | None = None) -> None:
        """Connect to a broker, as often as it takes."""
        self.cloud.behaviour.feed = True
        user, password = account or (None, None)
        client = Client(
            host,
            port,
            username=user,
            password=password,
            transport="websockets" if websockets else "tcp",
            websocket_path="/mqtt",
        )
        self._task = asyncio.create_task(self._run(client), name="simulated cloud's feed")

    async def stop(self) -> None:
        """Be silent."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self, client: Client) -> None:
        while True:
            with suppress(MqttError):
                async with client as self._client:
                    self.is_up.set()
                    while True:
                        await self.publish()
                        with suppress(TimeoutError):
                            async with asyncio.timeout(self.seconds):
                                # Nothing comes: that the connection is lost is noticed so.
                                async for _ in client.messages:
                                    pass
            self.is_up.clear()
            self._client = None
            await asyncio.sleep(_AGAIN_S)

    async def publish(self, *sites: Site, payload: bytes | None = None) -> None:
        """Publish some sites, or all; something else instead if a payload is given. Raises MqttError."""
        if self._client is None:
            return
        for site in sites or list(self.cloud.sites.values()):
            content = payload if payload is not None else json.dumps(self.message(site)).encode()
            await self._client.publish(f"{TOPIC}{site.id}", content)
            self.published += 1

    def message(self, site: Site, meters: Sequence[Meter] | None = None) -> dict[str, object]:
        """Return what is published of a site."""
        told = [{"id": meter.code, "values": self._values(meter)} for meter in meters or site.meters.values()]
        return {"time": self.cloud.clock.text(self.cloud.clock.now()), "meter": told}

    def _values(self, meter: Meter) -> Mapping[str, float | str]:
        known = meter.values()
        values: dict[str, float] = {code: known[code] for code in _TELLS if code in known}
        if meter.closed is not None:
            name = "SwitchOff" if self.inverted else "Switch"
            values[name] = int(meter.closed is not self.inverted) if meter.is_online else OFFLINE
        plain = {code: int(value) if isinstance(value, bool) else value for code, value in values.items()}
        return {code: str(value) for code, value in plain.items()} if self.as_text else plain
