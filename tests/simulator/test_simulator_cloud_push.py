"""What a platform sends by itself, what a cloud's broker tells, and hosts that are something else."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiomqtt import Client, MqttError

from simulator import Cabinet
from simulator.broker import Broker
from simulator.cloud import ARCM310, Cloud, Feed, OtherHost, Platform, Standing
from simulator.cloud.clock import Clock
from simulator.cloud.push import GARBAGE
from tests.simulator.cloud_rigs import Json

NOW = datetime(2026, 11, 22, 1, 0, 15, tzinfo=UTC)


def at_nine() -> datetime:
    return NOW


class Hook:
    """Takes what is pushed."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.url = ""

    @property
    def last(self) -> Json:
        return json.loads(self.bodies[-1])

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    found = Hook()
    application = web.Application(client_max_size=64 << 20)
    application.router.add_post("/hook", found.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield found
    await runner.cleanup()


async def test_values_are_pushed_as_they_are_as_text_and_later(hook: Hook) -> None:
    cabinet = Cabinet.of({1: "adw300"}, frozen=True)
    async with Platform(hook.url, Clock(now=at_nine)) as platform:
        platform.add("26000001", Standing(cabinet.unit(1)))
        assert (await platform.push()).status == 200
        (record,) = hook.last
        truth = cabinet.truth()[1]["1"]
        assert (record["Ua"], record["Lg"], record["state"]) == (truth["Ua"], truth["Lg"], "ONLINE")
        assert (record["createTime"], record["timestamp"]) == ("2026-11-22 09:00:15", 1795309215)
        assert (record["gatewaySn"], record["meterSn"], record["source"]) == (
            platform.gateway,
            "26000001",
            "REALTIME",
        )
        platform.as_text = True
        cabinet.set_scenario("silent", 1)
        await platform.push()
        assert (hook.last[0]["Ua"], hook.last[0]["state"]) == (str(truth["Ua"]), "OFFLINE")
        kept = platform.kept("26000001", NOW - timedelta(hours=1), NOW)
        assert {record["source"] for record in kept} == {"HISTORY"}
        await platform.push_twice(kept)
        assert hook.bodies[-1] == hook.bodies[-2]
        count = len(hook.bodies)
        await platform.push_out_of_order(kept)
        times = [json.loads(body)[0]["timestamp"] for body in hook.bodies[count:]]
        assert sorted(times) == [record["timestamp"] for record in kept] != times


async def test_alarms_are_pushed_with_a_number_each_and_garbage_is_garbage(hook: Hook) -> None:
    async with Platform(hook.url) as platform:
        platform.add("26000001")
        alarm = platform.alarm("26000001", "PFLOW1")
        await platform.send(alarm)
        assert hook.last["list"][0]["alarmNo"] == "1"
        await platform.send(platform.alarm("26000001", "UHigh"))
        assert hook.last["list"][0]["alarmNo"] == "2"
        await platform.push_garbage()
        assert tuple(hook.bodies[2:]) == GARBAGE


def listener(broker: Broker, user: str | None = None, password: str | None = None) -> Client:
    port = broker.websocket_port
    return Client("127.0.0.1", port, username=user, password=password, transport="websockets", websocket_path="/mqtt")


async def test_a_feed_tells_all_points_over_websockets() -> None:
    cloud = Cloud(now=at_nine)
    site = cloud.site()
    meter = site.add(ARCM310)
    feed = Feed(cloud, seconds=3600)
    account = "feeder", "feed-Word-1"
    async with Broker(websockets=True, account=account) as broker, cloud:
        with pytest.raises(MqttError):
            async with listener(broker):
                pass
        async with listener(broker, *account) as app:
            await app.subscribe(f"report/allpoints/{site.id}")
            feed.start("127.0.0.1", broker.websocket_port, websockets=True, account=account)
            messages = aiter(app.messages)
            said = json.loads(bytes((await anext(messages)).payload))
            assert said["time"] == "2026-11-22 09:00:15"
            assert said["meter"][0]["id"] == meter.code
            assert said["meter"][0]["values"]["Switch"] == 1
            meter.lose()
            await feed.publish()
            said = json.loads(bytes((await anext(messages)).payload))
            assert said["meter"][0]["values"]["Switch"] == 2
            meter.find()
            feed.inverted = feed.as_text = True
            await feed.publish(site)
            said = json.loads(bytes((await anext(messages)).payload))
            assert said["meter"][0]["values"]["SwitchOff"] == "0"
            await feed.publish(site, payload=b"nonsense")
            assert bytes((await anext(messages)).payload) == b"nonsense"
        await feed.stop()


@pytest.mark.parametrize("kind", ["iot", "asp", "page"])
async def test_hosts_of_other_generations_have_no_such_calls(kind: str) -> None:
    async with OtherHost(kind) as host, aiohttp.ClientSession() as session:
        async with session.post(f"{host.url}/SubstationWEBV2/user/login", data={"fLoginname": "a"}) as response:
            text = await response.text()
        assert host.heard[-1].form == {"fLoginname": "a"}
        if kind == "iot":
            assert (response.status, json.loads(text)["success"]) == (404, "0")
            async with session.get(f"{host.url}/basic/prepayment/app/appProjectList") as response:
                assert (await response.json())["errorCode"] == "10006"
        if kind == "asp":
            assert (response.status, response.headers["X-AspNet-Version"]) == (404, "4.0.30319")
            async with session.get(host.url) as response:
                assert "/Home/newLogin" in await response.text()
        if kind == "page":
            assert (response.status, response.content_type) == (200, "text/html")


def test_a_host_that_is_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no host"):
        OtherHost("nothing")
