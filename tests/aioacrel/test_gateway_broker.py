"""Simulated gateways on a real broker, each with its oddities: no value lost, none wrong, none twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiomqtt import Client

from custom_components.acrel_safety.aioacrel.control.caller import Caller, CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.gateway.events import HistoryValue
from custom_components.acrel_safety.aioacrel.gateway.hub import GatewayHub
from custom_components.acrel_safety.aioacrel.gateway.options import GatewayOptions
from custom_components.acrel_safety.aioacrel.gateway.source import GatewaySource
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from custom_components.acrel_safety.aioacrel.source import Update
from simulator import Cabinet
from simulator.broker import Broker
from simulator.gateway import QUIRKS, Awt, Meter
from simulator.gateway.site import AWT, BREAKER, PREPAID, PRODUCT, TERMINAL

ME = Caller(kind=CallerKind.PERSON, id="me", is_administrator=True)
OFF, ON = PointKey("1", "FORRLYOFF"), PointKey("1", "FORRLYON")


class Server:
    """A hub at a broker."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.history: list[HistoryValue] = []
        self.hub = GatewayHub(self._publish, on_history=self.history.append)
        self.news = asyncio.Condition()

    async def _publish(self, topic: str, payload: str, qos: int) -> None:
        await self._client.publish(topic, payload, qos)

    async def listen(self) -> None:
        async for message in self._client.messages:
            assert isinstance(message.payload, bytes)
            self.hub.take(message.topic.value, message.payload, retained=bool(message.retain))
            async with self.news:
                self.news.notify_all()

    async def until(self, value: Value, source: GatewaySource, code: str) -> None:
        async with self.news:
            await self.news.wait_for(lambda: self.holds(source, code) == value)

    @staticmethod
    def holds(source: GatewaySource, code: str, circuit: str = "1") -> Value | None:
        reading = source.held.get(PointKey(circuit, code))
        return reading.value if reading is not None and reading.quality is Quality.GOOD else None


@asynccontextmanager
async def serving(broker: Broker) -> AsyncIterator[Server]:
    async with Client(*broker.place) as client:
        server = Server(client)
        for topic in server.hub.subscriptions():
            await client.subscribe(topic, qos=1)
        server.hub.start()
        task = asyncio.create_task(server.listen())
        try:
            yield server
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await server.hub.stop()


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with Broker() as broker:
        yield broker


@asynccontextmanager
async def gateway(broker: Broker, quirks: str = "good") -> AsyncIterator[Awt]:
    cabinet = Cabinet.of({}, frozen=True)
    chosen = replace(QUIRKS[quirks], retry_s=0.1, redial_s=0.01)
    meters = [
        Meter.build(cabinet, BREAKER, "ascb1"),
        Meter.build(cabinet, TERMINAL, "aesp100"),
        Meter.build(cabinet, PREPAID, "dtsy1352", tells_position=chosen.tells_position),
    ]
    station = Awt(AWT, meters, product=PRODUCT, quirks=chosen, seconds=3600)
    station.start(*broker.place)
    try:
        yield station
    finally:
        await station.stop()


def source(server: Server, serial: str, model: str, options: GatewayOptions | None = None) -> GatewaySource:
    return server.hub.source(AWT, serial, ModelLibrary().get(model), options=options)


@pytest.mark.parametrize("quirks", QUIRKS)
async def test_a_gateway_of_every_kind_is_greeted_and_read(broker: Broker, quirks: str) -> None:
    async with serving(broker) as server:
        breaker, meter = source(server, BREAKER, "ascb1"), source(server, PREPAID, "dtsy1352")
        async with gateway(broker, quirks) as station:
            told: list[Update] = []
            breaker.join(told.append)
            await station.is_up.wait()
            await server.until(True, breaker, "RlySta")
            await server.until(True, meter, "RlySta")
            truth = station.meters[0].units[0].truth()["1"]
            for code in ("Ua", "Ia", "Lg", "P", "EPI"):
                assert Server.holds(breaker, code) == pytest.approx(truth[code], abs=0.006), code
            assert server.history == []


async def test_what_was_stored_in_an_outage_is_history_once_and_no_state(broker: Broker) -> None:
    async with serving(broker) as server:
        breaker = source(server, BREAKER, "ascb1")
        async with gateway(broker, "twice") as station:
            await server.until(True, breaker, "RlySta")
            now = station.clock

            def earlier(hours: int) -> Callable[[], float]:
                return lambda: now() - hours * 3600

            station.lose_network()
            for hours in (5, 4):
                station.clock = earlier(hours)
                await station.report()
            station.clock = now
            station.find_network()
            async with server.news:
                # Each of the two leaves twice.
                await server.news.wait_for(lambda: breaker.meter.late >= 4)
            await server.until(True, breaker, "RlySta")
            times = [one.time for one in server.history if one.key.code == "RlySta"]
            assert len(times) == len(set(times)) == 2


@pytest.mark.parametrize("quirks", ["good", "text", "yesterday"])
async def test_a_prepaid_meter_is_opened_and_closed_and_each_order_comes_once(broker: Broker, quirks: str) -> None:
    async with serving(broker) as server:
        meter = source(server, PREPAID, "dtsy1352")
        device = Device("meter", meter.model)
        device.attach(meter)
        policy = Policy(is_enabled=True, may_close=True, rights=Rights.usual())
        control = Control(device, lambda: policy)
        async with gateway(broker, quirks) as station:
            await server.until(True, meter, "RlySta")
            for key, wanted in ((OFF, False), (ON, True)):
                act = asyncio.create_task(control.operate(key, ME, is_confirmed=True))
                while not act.done():
                    # It goes on reporting, also what it was before its relay has moved.
                    await asyncio.wait({act}, timeout=0.5)
                    await station.report()
                outcome = act.result()
                assert (outcome.result, outcome.position, outcome.writes) == (Result.CONFIRMED, wanted, 1)
            switched = [one.payload["ForceSwitch"] for one in station.received if one.method == "FORCESWITCH"]
            assert switched == [0, 1]
