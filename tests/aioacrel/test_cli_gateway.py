"""`acrel gateway` on a real broker: one line per event; only meters that were named are decoded."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from simulator import Cabinet
from simulator.broker import Broker
from simulator.gateway.site import AWT, BREAKER, DIRECT, OTHER_AWT, PREPAID, Site
from tests.aioacrel.cli_rigs import NOBODY, Acrel


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
        station.quirks = replace(station.quirks, **FAST)
    site.start(*broker.place)
    yield site
    await site.stop()


FAST = {"retry_s": 0.3, "redial_s": 0.1, "time_s": 0.1}


def address(broker: Broker) -> str:
    host, port = broker.place
    return f"mqtt://{host}:{port}"


async def test_each_event_is_one_line_and_only_named_meters_are_decoded(
    acrel: Acrel, broker: Broker, site: Site
) -> None:
    known = ("--gateway", AWT, "--device", f"{BREAKER}=ascb1", "--device", f"{PREPAID}=dtsy1352", "--device")
    outcome = await acrel.beside("gateway", address(broker), *known, f"{DIRECT}=adw300", "--json", "--count", "40")
    assert outcome.code == 0
    connected, *events = outcome.documents
    assert connected == {"event": "connected", "broker": address(broker).removeprefix("mqtt://")}
    values: dict[str, dict[str, object]] = {}
    for event in events:
        if event["event"] == "readings":
            values.setdefault(event["serial"], {}).update(event["circuits"]["1"])
    assert values.keys() == {BREAKER, PREPAID, DIRECT}
    awt = site.stations[0]
    truth = {meter.serial: meter.units[0].truth()["1"] for meter in awt.meters if len(meter.units) == 1}
    assert values[BREAKER]["RlySta"] is truth[BREAKER]["RlySta"]
    assert values[BREAKER]["Lg"] == truth[BREAKER]["Lg"]
    assert values[PREPAID]["RlySta"] is truth[PREPAID]["RlySta"] is True
    assert values[DIRECT]["Lg"] == pytest.approx(site.stations[3].meters[0].units[0].truth()["1"]["Lg"])
    [login] = [event for event in events if event["event"] == "login" and event["gateway"] == AWT]
    assert (login["dialect"], login["name"]) == ("platform", "awt100_4g")
    assert OTHER_AWT in {event["gateway"] for event in events if event["event"] == "stranger"}
    assert site.stations[1].reports == 0  # nobody named it: it was not answered
    assert "8600000" not in outcome.out


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
