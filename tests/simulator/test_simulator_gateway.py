"""Simulated gateways on a real broker: what they insist on, what they report, what they do when told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Literal

import pytest

from simulator import Cabinet
from simulator.broker import Broker
from simulator.control import ControlServer
from simulator.gateway import QUIRKS, Awt, DirectMeter, Meter, Overseas, Quirks, Station
from simulator.gateway.site import (
    ARCS,
    AWT,
    BREAKER,
    DIRECT,
    HUB,
    OTHER_AWT,
    OTHER_BREAKER,
    OTHER_PREPAID,
    OVERSEAS,
    PREPAID,
    PRODUCT,
    RECLOSER,
    Site,
)
from simulator.parts import actors
from tests.simulator.broker_rigs import Message, Server, serving

type SwitchOn = Callable[[Station], None]

FAST = Quirks(retry_s=0.05, redial_s=0.01, time_s=0.0, beats_s=0.05)
SELDOM = 3600.0


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with Broker() as broker:
        yield broker


@pytest.fixture
async def switch_on(broker: Broker) -> AsyncIterator[SwitchOn]:
    """Start stations; all of them are stopped in the end."""
    started: list[Station] = []

    def start(station: Station) -> None:
        started.append(station)
        station.start(*broker.place)

    yield start
    for station in started:
        await station.stop()


@pytest.fixture
def cabinet() -> Cabinet:
    return Cabinet.of({}, frozen=True)


def gateway(cabinet: Cabinet, quirks: Quirks = FAST) -> Awt:
    meters = [
        Meter.build(cabinet, BREAKER, "ascb1", travel_s=2.0),
        Meter.build(cabinet, HUB, "ascb1", circuits=2),
        Meter.build(cabinet, RECLOSER, "ascb1", recloses=1, reclose_s=5.0),
        Meter.build(cabinet, ARCS, "aafd"),
        Meter.build(cabinet, PREPAID, "dtsy1352", tells_position=quirks.tells_position),
    ]
    return Awt(AWT, meters, product=PRODUCT, quirks=quirks, seconds=SELDOM)


async def reported(station: Awt, server: Server, key: str) -> Message:
    """Return what a gateway reports of one meter now."""
    await station.report()
    message = await server.next(lambda _, said: said["method"] == "update" and said["msgid"] == station.last_msgid)
    codes: Message = message["reported"][key]
    return codes


async def test_it_logs_in_again_until_it_is_answered_and_reports_only_after_all_three_steps(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn
) -> None:
    station = gateway(cabinet)
    async with serving(broker) as server:
        server.answers = False
        switch_on(station)
        for _ in range(3):
            await server.next(lambda _, said: said["method"] == "login", since=len(server.heard))
        assert not station.is_up.is_set()
        server.answers = True
        await server.update()
    steps = list(dict.fromkeys(said["method"] for _, said in server.heard))
    assert steps == ["login", "time", "topology", "update"]
    assert station.asked["login"] >= 4


@pytest.mark.parametrize(
    ("msgid", "wrong"),
    [("zero", "0"), ("zero", None), ("number", "text of it"), ("text", "number of it")],
)
async def test_it_takes_no_answer_whose_number_came_back_as_something_else(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn, msgid: Literal["number", "zero", "text"], wrong: str | None
) -> None:
    station = gateway(cabinet, replace(QUIRKS["good"], msgid=msgid, retry_s=0.05))
    async with serving(broker) as server:

        def spoil(answer: Message) -> Message:
            spoilt = {"text of it": str, "number of it": int}.get(str(wrong), lambda _: wrong)(answer["msgid"])
            return {**answer, "msgid": spoilt}

        server.alter = spoil
        switch_on(station)
        for _ in range(3):
            await server.next(lambda _, said: said["method"] == "login", since=len(server.heard))
        server.alter = lambda answer: answer
        await station.is_up.wait()
    assert station.asked["login"] >= 4


async def test_a_refused_login_is_tried_again(broker: Broker, cabinet: Cabinet, switch_on: SwitchOn) -> None:
    station = gateway(cabinet)
    async with serving(broker) as server:
        server.alter = lambda answer: {**answer, "res": 0, "errcode": "2102"}
        switch_on(station)
        await station.has_heard.wait()
        assert station.refusals[0] == "2102"
        await server.next(lambda _, said: said["method"] == "login", since=len(server.heard))
    assert not station.is_up.is_set()


async def test_a_breaker_trips_on_leakage_keeps_the_cause_and_closes_only_after_its_reset(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn
) -> None:
    station, key = gateway(cabinet), f"0_{BREAKER}"
    async with serving(broker) as server:
        switch_on(station)
        await server.update()
        before = await reported(station, server, key)
        assert (before["RlySta"], before["LgHigh"], before["state"]) == (1, 0, "ONLINE")

        cabinet.set_scenario("leak", BREAKER)
        cabinet.set_scenario("normal", BREAKER)
        tripped = await reported(station, server, key)
        assert (tripped["RlySta"], tripped["LgHigh"], tripped["Lg"], tripped["Ia"]) == (0, 1, 0, 0)
        assert tripped["openCnt"] == before["openCnt"] + 1

        answer = await server.command(AWT, BREAKER, "RLYON", msgid="4711")
        assert (answer["res"], answer["msgid"], answer["sn"]) == (1, "4711", AWT)
        cabinet.advance(60)
        assert (await reported(station, server, key))["RlySta"] == 0

        await server.command(AWT, BREAKER, "RESET")
        assert (await reported(station, server, key))["LgHigh"] == 0
        assert (await server.command(AWT, BREAKER, "RLYON"))["res"] == 1
        assert (await reported(station, server, key))["RlySta"] == 0  # it takes its time
        cabinet.advance(3)
        after = await reported(station, server, key)
        assert (after["RlySta"], after["closeCnt"]) == (1, before["closeCnt"] + 1)
    assert [command.method for command in station.received] == ["RLYON", "RESET", "RLYON"]
    assert [command.method for command in cabinet.unit(BREAKER).commands] == ["RLYON", "RESET", "RLYON"]


@pytest.mark.parametrize(
    ("scenario", "options", "cause"),
    [
        ("overload", {"factor": 3}, "PHigh"),
        ("overload", {"factor": 6}, "IHigh"),
        ("overload", {"factor": 60}, "ASSC"),
        ("overheat", {"celsius": 150}, "THigh"),
        ("undervoltage", {"factor": 0.6}, "ULow"),
        ("undervoltage", {"factor": 1.4}, "UHigh"),
    ],
)
def test_each_cause_opens_a_breaker_and_is_told(
    cabinet: Cabinet, scenario: str, options: dict[str, float], cause: str
) -> None:
    unit = cabinet.add_outside("b", "ascb1")
    cabinet.set_scenario(scenario, "b", **options)
    cabinet.advance(300)
    truth = unit.truth()["1"]
    held = [code for code in ("LgHigh", "UHigh", "ULow", "IHigh", "PHigh", "THigh", "ASSC") if truth[code]]
    assert (truth["RlySta"], held) == (False, [cause])


def test_maintenance_and_the_local_lock_keep_even_a_forced_close_away(cabinet: Cabinet) -> None:
    unit = cabinet.add_outside("b", "ascb1")
    unit.obey("RLYOFF", {})
    for keep, let in (
        (lambda: unit.obey("RLYREPON", {}), lambda: unit.obey("RLYREPOFF", {})),
        (lambda: unit.device.by_hand(locked=True), lambda: unit.device.by_hand(locked=False)),
    ):
        keep()
        for method in ("RLYON", "FORRLYON"):
            assert unit.obey(method, {})
            assert unit.truth()["1"]["RlySta"] is False
        let()
    unit.obey("RLYON", {})
    assert unit.truth()["1"]["RlySta"] is True


def test_a_breaker_closes_again_by_itself_as_often_as_it_is_set_to(cabinet: Cabinet) -> None:
    unit = cabinet.add_outside("b", "ascb1", options={"recloses": 1, "reclose_s": 5.0})
    cabinet.set_scenario("leak", "b")
    assert unit.truth()["1"]["RlySta"] is False
    cabinet.set_scenario("normal", "b")
    cabinet.advance(6)
    truth = unit.truth()["1"]
    assert (truth["RlySta"], truth["AlrRcrCnt"], truth["LgHigh"]) == (True, 1, False)
    cabinet.set_scenario("leak", "b")
    cabinet.advance(60)
    truth = unit.truth()["1"]
    assert (truth["RlySta"], truth["AlrRcrCnt"], truth["LgHigh"]) == (False, 1, True)


async def test_a_sticking_breaker_takes_a_command_over_and_does_not_move(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn
) -> None:
    station, key = gateway(cabinet), f"0_{BREAKER}"
    cabinet.set_scenario("relay", BREAKER)
    async with serving(broker) as server:
        switch_on(station)
        await server.update()
        assert (await server.command(AWT, BREAKER, "RLYOFF"))["res"] == 1
        cabinet.advance(60)
        codes = await reported(station, server, key)
        assert (codes["RlySta"], codes["RlyFauSta"]) == (1, 1)
        cabinet.set_scenario("relay", RECLOSER, travel_s=2, falls_back_s=30)
        await server.command(AWT, RECLOSER, "RLYOFF")
        positions = []
        for seconds in (1, 3, 40):
            cabinet.advance(seconds)
            positions.append((await reported(station, server, f"0_{RECLOSER}"))["RlySta"])
        assert positions == [1, 0, 1]


async def test_circuits_have_keys_of_their_own_and_a_serial_number_alone_commands_none_of_several(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn
) -> None:
    station = gateway(cabinet)
    async with serving(broker) as server:
        switch_on(station)
        first = await server.update()
        keys = {f"0_{BREAKER}", f"1_{HUB}", f"2_{HUB}", f"0_{RECLOSER}", f"1_{ARCS}", f"2_{ARCS}", f"0_{PREPAID}"}
        assert {*first["reported"]} == {*keys, "rssi"}
        assert (await server.command(AWT, HUB, "RLYOFF"))["res"] == 0
        assert (await server.command(AWT, f"2_{HUB}", "RLYOFF"))["res"] == 1
        after = await server.command(AWT, AWT, "REFRESH")
        positions = {key: codes["RlySta"] for key, codes in after["reported"].items() if "RlySta" in codes}
        assert positions[f"1_{HUB}"] == 1
        assert positions[f"2_{HUB}"] == 0


async def test_a_prepaid_meter_is_forced_and_its_status_word_shows_it(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn
) -> None:
    station, key = gateway(cabinet, replace(FAST, sleeps=True, tells_position=False)), f"0_{PREPAID}"
    cabinet.set_scenario("arc", ARCS, circuit=2)
    cabinet.advance(2)
    async with serving(broker) as server:
        switch_on(station)
        first = await server.update()
        assert first["reported"][key]["AdfState1"] == 0xE000
        assert "SwitchSta" not in first["reported"][key]
        assert (first["reported"][f"1_{ARCS}"]["ArcSta"], first["reported"][f"2_{ARCS}"]["ArcSta"]) == (0, 1)
        order = {"ForceSwitch": 0, "do1": 0, "meterName": f"p-dtsy1352-{PREPAID}"}
        # It looks for commands when it reports: nothing is answered before.
        asking = asyncio.create_task(server.command(AWT, PREPAID, "FORCESWITCH", **order))
        await station.has_command.wait()
        assert not asking.done()
        await station.report()
        assert (await asking)["res"] == 1
        cabinet.advance(2)
        assert (await reported(station, server, key))["AdfState1"] == 0x0108
    (command,) = station.received
    assert (command.method, command.payload["do1"]) == ("FORCESWITCH", 0)


async def test_what_an_outage_kept_comes_later_with_its_own_time(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn
) -> None:
    now = 1_800_000_000.0
    station = gateway(cabinet, replace(FAST, keeps_clock=True))
    station.clock = lambda: now
    async with serving(broker) as server:
        switch_on(station)
        await server.update()
        station.lose_network()
        for _ in range(2):
            now += 300
            await station.report()
        now += 300
        since = len(server.heard)
        station.find_network()
        await server.next(lambda _, said: said.get("timestamp") == 1_800_000_600 and "reported" in said, since=since)
    updates = [said for _, said in server.heard[since:] if said["method"] == "update"]
    assert [said["timestamp"] - 1_800_000_000 for said in updates] == [900, 300, 600]
    assert {said["sendtime"] for said in updates} == {1_800_000_900}
    assert station.asked["login"] >= 2


async def test_a_broker_that_restarts_is_found_again(broker: Broker, cabinet: Cabinet, switch_on: SwitchOn) -> None:
    station = gateway(cabinet)
    async with serving(broker) as server:
        switch_on(station)
        await server.update()
    await broker.stop()
    await broker.start()
    async with serving(broker) as server:
        await server.update()
    assert station.connections >= 2


async def test_an_awkward_gateway_packs_repeats_keeps_and_writes_text(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn
) -> None:
    site = Site(cabinet, seconds=SELDOM)
    station = next(station for station in site.stations if station.serial == OTHER_AWT)
    assert isinstance(station, Awt)
    station.quirks = replace(station.quirks, retains=True, retry_s=0.1)
    async with serving(broker) as server:
        switch_on(station)
        first = await server.update()
        await server.next(lambda *_: sum(said["method"] == "update" for _, said in server.heard) > 1)
    packed = [payload for topic, payload, _ in server.raw if topic == f"Data/Up/{PRODUCT}/{OTHER_AWT}"]
    assert len(packed) == 2
    assert not packed[0].startswith(b"{")
    values = first["reported"][f"0_{OTHER_BREAKER}"]
    assert all(isinstance(value, str) for value in values.values())
    assert values["RlySta"] == "1"
    assert float(values["Ua"]) == cabinet.unit(OTHER_BREAKER).truth()["1"]["Ua"]
    assert int(first["reported"][f"0_{OTHER_PREPAID}"]["AdfState1"]) == 0xE000
    assert first["msgid"] == 0
    async with serving(broker) as late:
        await late.update()
        assert late.raw[0][2] is True


async def test_the_overseas_gateway_greets_beats_and_tells_secondary_values(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn
) -> None:
    meters = [Meter.build(cabinet, "21110000009101", "adl400", ct=40), Meter.build(cabinet, "91", "adw300")]
    station = Overseas(OVERSEAS, meters, quirks=replace(FAST, zone_h=8.0), seconds=SELDOM)
    cabinet.set_scenario("silent", "91")
    async with serving(broker) as server:

        async def answer(command: str, **more: object) -> None:
            await server.next(lambda topic, _: topic == f"/gw/acrelHW/null/{command}/{OVERSEAS}")
            await server.say(f"/server/acrelHW/null/{command}/{OVERSEAS}", {"type": command, "res": 1, **more})

        switch_on(station)
        await answer("login")
        await answer("time", time="20211124101800")
        data = await server.next(lambda _, said: said.get("meterName") == "adl400")
        gone = await server.next(lambda _, said: said.get("meterName") == "adw300")
        await server.next(lambda _, said: said["type"] == "heart")
        since = len(server.heard)
        await server.say(f"/server/acrelHW/null/data/{OVERSEAS}", {"type": "data"})
        await server.next(lambda _, said: said["type"] == "data", since=since)
    assert (data["time"][:12], data["ch"], data["ct"], data["meterStatus"]) == ("202111241018", 0, 40, "normal")
    truth = cabinet.unit("21110000009101").truth()["1"]
    assert data["p"] * 40 == pytest.approx(float(truth["P"]), abs=0.05)
    assert data["wh"] * 40 == pytest.approx(float(truth["EPI"]), abs=0.5)
    assert (gone["meterStatus"], "ua" in gone) == ("missing", False)


async def test_a_direct_meter_speaks_in_numbers(broker: Broker, cabinet: Cabinet, switch_on: SwitchOn) -> None:
    station = DirectMeter(DIRECT, [Meter.build(cabinet, DIRECT, "adw300")], quirks=FAST, seconds=SELDOM)
    async with serving(broker) as server:
        switch_on(station)
        await server.next(lambda *_: True)
        await station.report()
        second = await server.next(lambda *_: True, since=1)
    first, again = (
        {point["id"]: point["val"] for point in said["data"][0]["point"]} for said in (server.heard[0][1], second)
    )
    truth = cabinet.unit(DIRECT).truth()["1"]
    assert (again[0], again[1], again[13]) == (DIRECT, truth["Ua"], truth["P"])
    assert again[40] == pytest.approx(float(truth["Lg"]) / 1000)
    assert (33 in first, 33 in again) == (True, False)


async def test_the_standard_site_stops_whatever_state_it_is_in(broker: Broker, cabinet: Cabinet) -> None:
    site = Site(cabinet, seconds=SELDOM)
    site.start(*broker.place)
    async with serving(broker) as server:
        await server.next(lambda _, said: said.get("method") == "login")
    await broker.stop()
    stations: list[Station] = [*site.stations]
    await site.stop()
    assert not any(station.is_up.is_set() for station in stations)


async def test_the_control_channel_reaches_what_is_behind_a_gateway(
    broker: Broker, cabinet: Cabinet, switch_on: SwitchOn
) -> None:
    site = Site(cabinet, quirks="sleeps", seconds=SELDOM)
    control = ControlServer(cabinet, actors([site]))

    def do(**command: object) -> Message:
        answer: Message = control.answer(json.dumps(command))
        return answer

    assert do(do="units")["outside"][f"2_{HUB}"] == "ascb1"
    assert do(do="position", unit=f"2_{HUB}") == {"ok": True, "closed": True}
    assert do(do="scenario", name="leak", unit=f"2_{HUB}") == {"ok": True}
    assert do(do="position", unit=f"2_{HUB}")["closed"] is False
    assert do(do="truth", unit=f"2_{HUB}")["truth"]["1"]["LgHigh"] is True
    assert do(do="by_hand", unit=f"2_{HUB}", closed=True, locked=True) == {"ok": True}
    assert "nothing to move by hand" in do(do="by_hand", unit=f"{ARCS}", closed=True)["error"]
    assert "true or false" in do(do="by_hand", unit=f"2_{HUB}", closed=1)["error"]
    assert "no unit" in do(do="position", unit="nobody")["error"]
    assert "it can: reboot" in do(do="act", who=AWT, what="dance")["error"]
    assert "nobody" in do(do="heard", who="nobody")["error"]
    station = next(station for station in site.stations if station.serial == AWT)
    assert isinstance(station, Awt)
    station.quirks = replace(station.quirks, redial_s=0.01)
    async with serving(broker) as server:
        switch_on(station)
        await server.update()
        asking = asyncio.create_task(server.command(AWT, f"2_{HUB}", "RLYOFF", msgid="7"))
        await station.has_command.wait()
        assert do(do="act", who=AWT, what="report") == {"ok": True}
        await asking
        logins = len([said for _, said in server.heard if said["method"] == "login"])
        assert do(do="act", who=AWT, what="reboot") == {"ok": True}
        await server.next(lambda _, said: said["method"] == "login", since=len(server.heard))
    assert logins >= 1
    (heard,) = do(do="heard", who=AWT)["heard"]
    assert (heard["method"], heard["msgid"], heard["res"]) == ("RLYOFF", "7", 1)
    (command,) = do(do="commands", unit=f"2_{HUB}")["commands"]
    assert (command["method"], command["accepted"]) == ("RLYOFF", True)
    assert do(do="position", unit=f"2_{HUB}")["closed"] is False
