"""A breaker that is operated through an account at a simulated cloud."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from custom_components.acrel_safety.aioacrel.cloud.ordering import Ordering
from custom_components.acrel_safety.aioacrel.control.caller import Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Outcome
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator.cloud import ARCM310, Cloud, Meter

from .cloud_hub_rigs import SECOND, Office, Seen, cloud_at_noon, office

POSITION = PointKey("1", "SwitchSta")
OFF, ON, RESET = PointKey("1", "RLYOFF"), PointKey("1", "RLYON"), PointKey("1", "RESET")
ME = Caller(kind=CallerKind.PERSON, id="me", is_administrator=True)
CONTROLS = ("send310ControlDemandHTTP", "sendMeterControlDemandHTTP")


class Switched:
    """A breaker that is operated through an account."""

    def __init__(self, it: Office, meter: Meter, *, proved: frozenset[PointKey] = frozenset()) -> None:
        self.cloud, self.hub, self.meter = it.cloud, it.hub, meter
        self.seen: Seen = it.watch(meter, proved=proved)
        self.source = self.seen.source
        self.device = Device("box", self.source.shown_as)
        self.device.attach(self.source)
        self.policy = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
        self.control = Control(self.device, lambda: self.policy)

    @property
    def orders(self) -> Ordering:
        return self.hub.orders

    @property
    def sent(self) -> int:
        """How many commands reached the server."""
        return sum(self.cloud.count(name) for name in CONTROLS)

    async def operate(self, key: PointKey, password: str | None = SECOND) -> Outcome:
        if password is not None:
            self.orders.offer(self.source, key, password)
        return await self.control.operate(key, ME, is_confirmed=True)


async def until(holds: Callable[[], object]) -> None:
    while not holds():  # noqa: ASYNC110 - the server tells nobody what reached it
        await asyncio.sleep(0.1)


def breaker(cloud: Cloud) -> Meter:
    cloud.behaviour.command_s = 3.0
    return cloud.site().add(ARCM310, "Kitchen breaker")


@asynccontextmanager
async def switched[Breaker: Switched](of: Callable[[Office, Meter], Breaker]) -> AsyncIterator[Breaker]:
    """Have one that is closed, at a cloud that was asked once."""
    cloud = cloud_at_noon()
    meter = breaker(cloud)
    async with office(cloud) as it:
        box = of(it, meter)
        await it.hub.start()
        yield box
