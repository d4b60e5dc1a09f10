"""What goes wrong with the answers of a simulated cloud when it is told to."""

import json

import aiohttp
import pytest

from simulator.cloud import ARCM310, Cloud
from tests.simulator.cloud_rigs import App, called

LEVELS = "/getMessInfoType"


async def status_type_and_text(app: App) -> tuple[int, str, str]:
    async with await app.raw("GET", LEVELS) as response:
        return response.status, response.content_type, await response.text()


async def test_a_fault_spoils_so_many_answers_of_the_call_that_it_is_meant_for() -> None:
    cloud = Cloud()
    async with called(cloud) as app:
        fault = cloud.fail("code", at="getMessInfoType", code="393", msg="no", times=2, after=1)
        answers = [(await app.whole("GET", LEVELS))["code"] for _ in range(4)]
        assert answers == [200, "393", "393", 200]
        assert fault.hits == 2
        cloud.fail("trace", times=None)
        assert "stackTrace" in (await app.whole("GET", LEVELS))["data"]
        cloud.faults.clear()
        assert (await app.whole("GET", LEVELS))["code"] == 200
        with pytest.raises(ValueError, match="no fault"):
            cloud.fail("nonsense")


async def test_tokens_are_refused_or_exchanged_in_the_middle() -> None:
    cloud = Cloud()
    async with called(cloud) as app:
        cloud.fail("unauthorised", code="500")
        answer = await app.whole("GET", LEVELS)
        assert (answer["code"], answer["msg"]) == ("500", "Unauthorized")
        cloud.fail("renew")
        old = app.token
        answer = await app.whole("GET", LEVELS)
        assert answer["code"] == "700"
        assert (await app.whole("GET", LEVELS))["msg"] == "Unauthorized"
        app.token = answer["token"]
        assert app.token != old
        assert (await app.whole("GET", LEVELS))["code"] == 200


async def test_answers_of_other_kinds() -> None:
    cloud = Cloud()
    async with called(cloud) as app:
        cloud.fail("http")
        assert (await status_type_and_text(app))[:2] == (502, "text/html")
        cloud.fail("http", status=429, headers={"Retry-After": "7"}, body=b"")
        async with await app.raw("GET", LEVELS) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "7")
        cloud.fail("html")
        assert (await status_type_and_text(app))[:2] == (200, "text/html")
        cloud.fail("type", content_type="text/plain")
        _, kind, text = await status_type_and_text(app)
        assert (kind, json.loads(text)["code"]) == ("text/plain", 200)
        cloud.fail("huge")
        assert len((await status_type_and_text(app))[2]) > 10 * 1024 * 1024
        cloud.fail("deep")
        assert "[" * 100_000 in (await status_type_and_text(app))[2]
        cloud.fail("raw", body=b"{")
        assert (await status_type_and_text(app))[2] == "{"
        cloud.fail("alter", change=lambda answer: {**answer, "data": [answer["data"]]})
        assert isinstance(json.loads((await status_type_and_text(app))[2])["data"], list)


async def test_connections_that_end_or_hang() -> None:
    cloud = Cloud()
    async with called(cloud) as app:
        cloud.fail("cut")
        with pytest.raises(aiohttp.ClientPayloadError):
            await app.get(LEVELS)
        cloud.fail("close", times=2)  # aiohttp repeats a GET once by itself on a connection that was used before
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await app.get(LEVELS)
        for kind in ("hang", "slow"):
            cloud.fail(kind, seconds=60.0)
            with pytest.raises(TimeoutError):
                await app.raw("GET", LEVELS, timeout=aiohttp.ClientTimeout(total=0.05))


async def test_a_command_may_be_carried_out_though_its_answer_is_lost() -> None:
    cloud = Cloud()
    meter = cloud.site().add(ARCM310)
    cloud.behaviour.needs_proof = False
    async with called(cloud) as app:
        cloud.fail("code", at="send310ControlDemandHTTP", code=5000)
        assert (await app.command(meter, "DO", "0"))["code"] == 5000
        assert meter.figures.obeyed == []
        cloud.fail("code", at="send310ControlDemandHTTP", code=5000, acts=True)
        assert (await app.command(meter, "DO", "0"))["code"] == 5000
        assert meter.figures.obeyed == ["RLYOFF"]
        cloud.fail("close", at="send310ControlDemandHTTP", acts=True)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await app.command(meter, "DO", "1")
        assert meter.figures.obeyed == ["RLYOFF", "RLYON"]


async def test_it_stops_though_somebody_waits_and_listens_on_the_same_port_again() -> None:
    cloud = Cloud()
    async with called(cloud) as app:
        cloud.fail("hang")
        with pytest.raises(TimeoutError):
            await app.raw("GET", LEVELS, timeout=aiohttp.ClientTimeout(total=0.05))
        url = cloud.url
        await cloud.stop()
        with pytest.raises(aiohttp.ClientConnectorError):
            await app.raw("GET", LEVELS)
        await cloud.start()
        assert cloud.url == url
        assert (await app.whole("GET", LEVELS))["code"] == 200
        cloud.fail("hang")
        with pytest.raises(TimeoutError):
            await app.raw("GET", LEVELS, timeout=aiohttp.ClientTimeout(total=0.05))
