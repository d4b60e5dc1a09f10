"""`acrel gateway` on a real broker: one line per event; only meters that were named are decoded."""

import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from simulator import Cabinet
from simulator.broker import Broker
from simulator.gateway.site import AWT, BREAKER, DIRECT, OTHER_AWT, PREPAID, Site
from tests.aioacrel.cli_rigs import NOBODY, Acrel, process


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with Broker() as broker:
        yield broker


@pytest.fixture
async def site(broker: Broker) -> AsyncIterator[Site]:
    site = Site(Cabinet.of({}, frozen=True), seconds=1.0)
    for station in site.stations:
        station.quirks = replace(station.quirks, retry_s=0.3, redial_s=0.1, time_s=0.1)
    site.start(*broker.place)
    yield site
    await site.stop()


def address(broker: Broker) -> str:
    host, port = broker.place
    return f"mqtt://{host}:{port}"


async def test_each_event_is_one_line_and_only_named_meters_are_decoded(broker: Broker, site: Site) -> None:
    named = (f"{BREAKER}=ascb1", f"{PREPAID}=dtsy1352", f"{DIRECT}=adw300")
    known = [part for one in named for part in ("--device", one)]
    events: list[dict[str, Any]] = []
    values: dict[str, dict[str, object]] = {}
    async with process("gateway", address(broker), "--gateway", AWT, *known, "--json") as command:
        assert command.stdout is not None
        while not (values.keys() == {BREAKER, PREPAID, DIRECT} and "RlySta" in values[BREAKER] and strange(events)):
            events.append(json.loads(await command.stdout.readline()))
            if events[-1]["event"] == "readings":
                values.setdefault(events[-1]["serial"], {}).update(events[-1]["circuits"]["1"])
        os.kill(command.pid, signal.SIGINT)
        assert await command.wait() == 130
    assert events[0] == {"event": "connected", "broker": address(broker).removeprefix("mqtt://")}
    truth = {meter.serial: meter.units[0].truth()["1"] for station in site.stations for meter in station.meters}
    for serial, code in ((BREAKER, "RlySta"), (BREAKER, "Lg"), (PREPAID, "RlySta"), (DIRECT, "Lg")):
        assert values[serial][code] == pytest.approx(truth[serial][code]), (serial, code)
    [login] = [event for event in events if event["event"] == "login" and event["gateway"] == AWT]
    assert (login["dialect"], login["name"]) == ("platform", "awt100_4g")
    assert site.stations[1].reports == 0  # nobody named it: it was not answered
    assert "8600000" not in json.dumps(events)


def strange(events: list[dict[str, Any]]) -> bool:
    return any(event["event"] == "stranger" and event["gateway"] == OTHER_AWT for event in events)


@pytest.mark.parametrize(("language", "said"), [("en", "is not known: --gateway"), ("zh", "为未知网关")])
async def test_people_are_told_in_their_language(
    acrel: Acrel, broker: Broker, site: Site, language: str, said: str
) -> None:
    outcome = await acrel.beside("gateway", address(broker), "--count", "2", "--language", language)
    assert outcome.code == 0
    assert said in outcome.out


async def test_whoever_wants_to_see_what_there_is_answers_every_gateway(
    acrel: Acrel, broker: Broker, site: Site
) -> None:
    outcome = await acrel.beside(
        "gateway", address(broker), "--pair", "--device", f"{BREAKER}=ascb1", "--json", "--count", "12"
    )
    told = [event["circuits"]["1"] for event in outcome.documents if event["event"] == "readings"]
    assert any(circuit.get("RlySta") is True for circuit in told)


def test_a_broker_that_is_not_there_is_said(acrel: Acrel) -> None:
    outcome = acrel("gateway", NOBODY.replace("tcp", "mqtt"), "--json")
    assert outcome.error == "broker_unreachable"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mqtt://me:hunter2@host"], "ACREL_MQTT_PASSWORD"),
        (["tcp://host"], "no address of a broker"),
        (["mqtt://host:70000"], "no address of a broker"),
        (["mqtt://host", "--device", "=x"], "names no meter"),
        (["mqtt://host", "--gateway", "a/b"], "no serial number"),
    ],
)
def test_wrong_usage_is_explained_and_no_password_repeated(acrel: Acrel, arguments: list[str], said: str) -> None:
    outcome = acrel("gateway", *arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert "hunter2" not in outcome.err
