"""`acrel cloud` on a simulated cloud: what an account shows as one document, and one clear cause where it cannot."""

import asyncio
import json
import os
import pty
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.acrel_safety.aioacrel.cloud.transcript import read_transcript
from simulator.broker import Broker
from simulator.cloud import ARCM300T, ARCM310, Cloud, Feed, Meter
from tests.aioacrel.cli_rigs import ACREL, Acrel, Outcome

USER, PASSWORD, SECOND = "olga@example.org", "pass-Wörd-1", "second-Word-2"


class Rig:
    """A cloud, and the command towards it."""

    def __init__(self, cloud: Cloud, acrel: Acrel) -> None:
        self.cloud = cloud
        self.account = cloud.account(USER, PASSWORD, second=SECOND)
        self.site = cloud.site("Demo site")
        self.box = self.site.add(ARCM300T, "1F distribution box")
        self.breaker = self.site.add(ARCM310, "Kitchen breaker")
        self._acrel = acrel

    async def run(self, *more: str | Path) -> Outcome:
        return await self._acrel.beside("cloud", self.cloud.url, "--user", USER, "--allow-http", *more)

    async def devices(self, *more: str, code: int = 0) -> dict[str, Any]:
        """Return what is shown of each device, by its code."""
        outcome = await self.run("--json", *more)
        assert outcome.code == code, outcome.err
        return {one["code"]: one for site in outcome.json["sites"] for one in site["devices"]}


@pytest.fixture
async def rig(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setenv("ACREL_PASSWORD", PASSWORD)
    async with Cloud() as cloud:
        yield Rig(cloud, Acrel(capsys))


def measured(meter: Meter) -> dict[str, float]:
    wanted = ("Lg", "TempA", "TempB", "TempC", "TempN")
    return {code: value for code, value in meter.values().items() if code in wanted}


async def test_sites_devices_values_and_alarms_are_one_document(rig: Rig) -> None:
    rig.breaker.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
    rig.cloud.tick()
    rig.breaker.is_lost = True
    outcome = await rig.run("--json")
    assert outcome.code == 4
    document = outcome.json
    assert (document["profile"], document["version"]) == ("acrelcloud-1000", "v5")
    (site,) = document["sites"]
    assert (site["id"], site["name"]) == (rig.site.id, "Demo site")
    box, breaker = (
        next(one for one in site["devices"] if one["code"] == meter.code) for meter in (rig.box, rig.breaker)
    )
    assert box == {
        "code": rig.box.code,
        "name": "1F distribution box",
        "model": "arcm300",
        "online": True,
        "circuits": {"1": pytest.approx(measured(rig.box), abs=0.5)},
        "alarms": [],
    }
    assert (breaker["model"], breaker["online"]) == ("arcm310", False)
    active = breaker["alarms"][0]
    assert (active["code"], active["circuit"], active["text"]) == ("LgHigh", "1", "漏电报警")
    assert PASSWORD not in outcome.out + outcome.err


async def test_the_position_of_a_breaker_is_among_its_values_as_long_as_it_is_not_too_old(rig: Rig) -> None:
    assert (await rig.devices())[rig.breaker.code]["circuits"]["1"]["SwitchSta"] is True
    rig.breaker.age_s = 3 * 3600
    assert (await rig.devices(code=3))[rig.breaker.code]["circuits"] == {}


async def test_times_of_a_site_abroad_are_read_in_the_zone_that_is_said(rig: Rig) -> None:
    abroad = rig.cloud.site("Berlin", zone=ZoneInfo("Europe/Berlin")).add(ARCM310, "Berlin breaker")
    assert (await rig.devices(code=3))[abroad.code]["circuits"] == {}
    devices = await rig.devices("--zone", f"{abroad.site}=Europe/Berlin")
    assert devices[abroad.code]["circuits"]["1"]["SwitchSta"] is True
    assert devices[rig.breaker.code]["circuits"]["1"]["SwitchSta"] is True
    devices = await rig.devices("--zone", "Europe/Berlin", "--zone", f"{rig.site.id}=Asia/Shanghai")
    assert all(one["circuits"] for one in devices.values())


async def test_a_device_that_the_server_does_not_hear_is_not_shown_as_quiet(rig: Rig) -> None:
    rig.breaker.is_lost = True
    devices = await rig.devices(code=3)
    lost, heard = devices[rig.breaker.code], devices[rig.box.code]
    assert (lost["online"], lost["circuits"]) == (False, {})
    assert [(alarm["active"], alarm["name"]) for alarm in lost["alarms"]] == [(None, None)]
    assert heard["alarms"] == []
    people = await rig.run("--language", "zh")
    assert "是否报警未知" in people.out
    assert "closed" not in people.out
    assert "1 台设备与服务器无通信" in people.err


async def test_a_device_of_which_nobody_says_whether_it_is_in_alarm_is_not_shown_as_quiet(
    rig: Rig, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[profile]\nid = "mine"\nlike = "acrelcloud-1000"\ntitle = { en = "Mine" }\nconfidence = "low"\nsource = "me"\n'
        '[calls.meters]\nfields = { meterStatus = "elsewhere" }\nconfidence = "low"\nsource = "me"\n'
    )
    devices = await rig.devices("--profile", str(file), code=3)
    assert devices[rig.breaker.code]["circuits"]["1"]["SwitchSta"] is True
    assert [alarm["active"] for one in devices.values() for alarm in one["alarms"]] == [None, None]


async def test_nothing_is_changed_and_nothing_stays_logged_in(rig: Rig) -> None:
    await rig.devices()
    assert rig.cloud.effects == []
    assert rig.account.tokens == []


async def test_a_value_that_is_too_old_is_not_shown_as_current(rig: Rig) -> None:
    rig.box.age_s = 3 * 3600
    rig.breaker.age_s = -3600
    devices = await rig.devices(code=3)
    assert devices[rig.box.code]["circuits"] == {}
    assert devices[rig.breaker.code]["circuits"] == {}
    outcome = await rig.run("--language", "zh")
    assert "不予显示" in outcome.err


async def test_people_get_a_table(rig: Rig) -> None:
    outcome = await rig.run()
    assert outcome.code == 0
    assert "AcrelCloud-1000" in outcome.out
    assert "Kitchen breaker" in outcome.out
    assert "Lg@1" in outcome.out
    assert "SwitchSta@1 closed" in outcome.out
    assert "no live server was ever asked" in outcome.err


async def test_one_site_alone(rig: Rig) -> None:
    other = rig.cloud.site("Other site")
    other.add(ARCM310, "Another breaker")
    assert len(await rig.devices()) == 3
    assert len(await rig.devices("--site", other.id)) == 1
    unknown = await rig.run("--site", "999", "--json")
    assert unknown.error == "cloud_site_gone"
    assert "(999)" in unknown.err
    assert rig.account.tokens == []


async def test_a_wrong_password(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACREL_PASSWORD", "other-Word")
    outcome = await rig.run("--json")
    assert outcome.error == "cloud_login_refused"
    assert rig.cloud.count("login") == 1
    assert "other-Word" not in outcome.out + outcome.err
    assert "不接受此用户名和密码" in (await rig.run("--language", "zh")).err


async def test_an_expired_licence(rig: Rig) -> None:
    rig.cloud.licensed = False
    outcome = await rig.run("--json")
    assert outcome.error == "cloud_licence_over"
    assert "600" in outcome.err


@pytest.mark.parametrize("call", ["getSubstationListByUser", "selectByStationId"])
async def test_no_permission(rig: Rig, call: str) -> None:
    rig.account.refused.add(call)
    outcome = await rig.run("--json")
    assert (outcome.code, outcome.error) == (1, "cloud_not_permitted")
    assert call in outcome.err
    assert rig.account.tokens == []


async def test_a_user_who_may_not_see_all_sees_the_rest(rig: Rig) -> None:
    rig.account.refused |= {"leakageMonitor", "getAlarmEventLogList"}
    outcome = await rig.run("--json")
    assert outcome.code == 3
    assert "leakageMonitor" in outcome.err
    assert all("TempA" in one["circuits"]["1"] for one in outcome.json["sites"][0]["devices"])


async def test_a_site_that_is_refused_keeps_no_other_from_being_shown(rig: Rig) -> None:
    other = rig.cloud.site("Other site")
    other.add(ARCM310, "Another breaker")
    rig.cloud.fail("code", code=348, at="selectByStationId")
    outcome = await rig.run("--json")
    assert outcome.code == 3
    assert "348" in outcome.err
    assert [len(site["devices"]) > 0 for site in outcome.json["sites"]] == [False, True]


async def test_a_host_that_speaks_something_else(rig: Rig) -> None:
    rig.cloud.fail("html", times=None, body=b"<form action='/Home/newLogin'>")
    outcome = await rig.run("--json")
    assert outcome.error == "cloud_foreign"
    assert "ASP.NET" in outcome.err
    assert rig.cloud.count("login") == 0


async def test_a_host_that_is_not_there_and_one_that_is_not_encrypted(rig: Rig) -> None:
    nobody = await rig._acrel.beside("cloud", "https://127.0.0.1:1", "--user", USER, "--json")
    assert nobody.error == "cloud_unreachable"
    plain = await rig._acrel.beside("cloud", rig.cloud.url, "--user", USER, "--json")
    assert plain.error == "cloud_plain_http"
    assert rig.cloud.heard == []
    wrong = await rig._acrel.beside("cloud", f"https://{USER}:{PASSWORD}@cloud.example", "--user", "u", "--json")
    assert wrong.error == "bad_cloud_address"
    assert PASSWORD not in wrong.out + wrong.err


async def test_what_cannot_be_had_is_said_and_the_rest_is_shown(rig: Rig) -> None:
    rig.cloud.fail("trace", at="getTempABCResult")
    rig.cloud.fail("html", at="CommunicationStatus")
    outcome = await rig.run("--json")
    assert outcome.code == 3
    devices = outcome.json["sites"][0]["devices"]
    assert {one["online"] for one in devices} == {None}
    assert all("Lg" in one["circuits"]["1"] for one in devices)
    assert "error of its own (5000)" in outcome.err
    assert "java" not in outcome.err


async def test_a_password_that_nobody_gave_is_wrong_usage(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACREL_PASSWORD")
    outcome = await rig.run("--json")
    assert outcome.code == 2
    assert "ACREL_PASSWORD" in outcome.err
    assert rig.cloud.heard == []


async def test_a_profile_by_name_and_by_file(rig: Rig, tmp_path: Path) -> None:
    assert (await rig.run("--profile", "nobody", "--json")).code == 2
    file = tmp_path / "mine.toml"
    file.write_text(
        '[profile]\nid = "mine"\nlike = "acrelcloud-1000"\ntitle = { en = "Mine" }\nconfidence = "low"\nsource = "me"\n'
        '[server]\nprefix = "Mine"\n'
    )
    rig.cloud.behaviour.prefix = "Mine"
    outcome = await rig.run("--profile", file, "--json")
    assert outcome.json["profile"] == "mine"
    assert (await rig.run("--json")).error == "cloud_foreign"
    assert (await rig.run("--profile", tmp_path / "none.toml", "--json")).code == 1


@pytest.mark.parametrize("fails", [False, True])
async def test_what_was_said_can_be_saved_for_others_to_see(rig: Rig, tmp_path: Path, *, fails: bool) -> None:
    if fails:
        rig.cloud.fail("trace", at="selectByStationId", times=None)
    file = tmp_path / "transcript.json"
    outcome = await rig.run("--record", file)
    assert outcome.code == (1 if fails else 0)
    text = file.read_text()
    private = (USER, PASSWORD, "Demo", "Kitchen", "distribution", rig.site.id, rig.box.code, "127.0.0.1", "olga")
    assert [one for one in private if one in text] == []
    name, exchanges = read_transcript(text)
    assert name == "acrelcloud-1000"
    assert {"index", "login", "sites", "meters"} <= {one.call for one in exchanges}
    assert json.loads(text)["version"] == 1


@pytest.mark.parametrize("place", ["/dev/full", "nowhere/at/all.json"])
async def test_a_transcript_that_cannot_be_saved_loses_nothing_that_was_asked_for(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = await rig.run("--json", "--record", place)
    assert outcome.code == 1
    assert place in outcome.err
    assert len(outcome.json["sites"][0]["devices"]) == 2
    monkeypatch.setenv("ACREL_PASSWORD", "other-Word")
    assert (await rig.run("--json", "--record", place)).error == "cloud_login_refused"


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        (("--seconds", "2"), "--seconds"),
        (("--feed-user", "x"), "--feed-user"),
        (("--ca-file", "x.pem"), "--ca-file"),
        (("--feed", "--record", "x.json"), "--record"),
    ],
)
async def test_an_option_that_would_do_nothing_is_wrong_usage(rig: Rig, more: tuple[str, ...], wrong: str) -> None:
    outcome = await rig.run(*more)
    assert outcome.code == 2
    assert wrong in outcome.err
    assert rig.cloud.heard == []


async def test_nothing_secret_is_logged(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    outcome = await rig.run("--verbose", "--json")
    said = outcome.err + "".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("aiohttp.server", "asyncio"))
    )
    tokens = [one.headers["authorization"] for one in rig.cloud.heard if "authorization" in one.headers]
    assert tokens
    for secret in (PASSWORD, SECOND, USER, *tokens):
        assert secret not in said


async def test_on_a_terminal_the_password_is_asked_for_and_not_shown(rig: Rig) -> None:
    ours, theirs = pty.openpty()
    loop = asyncio.get_running_loop()
    asked = ("cloud", rig.cloud.url, "--user", USER, "--allow-http")
    free = {name: value for name, value in os.environ.items() if name != "ACREL_PASSWORD"}
    command = await asyncio.create_subprocess_exec(
        ACREL, *asked, stdin=theirs, stdout=theirs, stderr=theirs, env=free, start_new_session=True
    )
    os.close(theirs)
    seen = b""
    try:
        while b"Password" not in seen:
            seen += await loop.run_in_executor(None, os.read, ours, 4096)
        os.write(ours, f"{PASSWORD}\n".encode())
        while b"Kitchen breaker" not in seen:
            seen += await loop.run_in_executor(None, os.read, ours, 4096)
        assert await command.wait() == 0
    finally:
        if command.returncode is None:
            command.kill()
        os.close(ours)
    assert PASSWORD.encode() not in seen
    assert PASSWORD not in " ".join(asked)


# -- the feed ---------------------------------------------------------------------------------------------------------

FEEDER, FEED_PASSWORD = "feeder", "feed-Word-1"


class FeedRig:
    """The cloud's own broker, and what it publishes."""

    def __init__(self, rig: Rig, broker: Broker) -> None:
        self.rig = rig
        self.address = f"ws://127.0.0.1:{broker.websocket_port}/mqtt"

    async def hear(self, *more: str, user: str = FEEDER) -> Outcome:
        return await self.rig.run("--feed", self.address, "--feed-user", user, "--seconds", "2.5", *more)


@pytest.fixture
async def fed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FeedRig]:
    monkeypatch.setenv("ACREL_FEED_PASSWORD", FEED_PASSWORD)
    account = FEEDER, FEED_PASSWORD
    async with Broker(websockets=True, account=account) as broker:
        feed = Feed(rig.cloud, seconds=1.1)
        feed.start("127.0.0.1", broker.websocket_port, websockets=True, account=account)
        yield FeedRig(rig, broker)
        await feed.stop()


async def test_a_feed_is_a_line_for_each_device_of_each_message(fed: FeedRig) -> None:
    rig = fed.rig
    rig.box.figures.set |= {"Ua": 231.5, "Ia": 4.25}
    rig.breaker.lose()
    outcome = await fed.hear("--json")
    assert (outcome.code, outcome.err) == (0, "")
    connected, *told = outcome.documents
    assert connected["event"] == "connected"
    assert {one["code"] for one in told} == {rig.box.code, rig.breaker.code}
    assert {one["site"] for one in told} == {rig.site.id}
    values = next(one["values"] for one in told if one["code"] == rig.box.code)
    assert (values["Ua"], values["Ia"]) == (231.5, 4.25)
    assert next(one["values"]["Switch"] for one in told if one["code"] == rig.breaker.code) is None
    people = await fed.hear()
    assert f"{rig.site.id} {rig.box.code}: Ua 231.5 V, Ia 4.25 A" in people.out
    assert "Switch ?" in people.out
    assert "Ctrl-C" in people.err
    assert (await fed.hear("--json", "--site", "10100099")).error == "cloud_site_gone"
    assert rig.account.tokens == []
    assert rig.cloud.effects == []
    for secret in (PASSWORD, FEED_PASSWORD, FEEDER, USER):
        assert secret not in people.out + people.err


async def test_what_stands_in_the_way_of_a_feed_is_one_clear_error(
    fed: FeedRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await fed.hear("--json", user="somebody")).error == "cloud_feed_refused"
    assert (await fed.rig.run("--json", "--feed", "ws://127.0.0.1:1")).error == "cloud_feed_unreachable"
    assert (await fed.rig.run("--json", "--feed", "mqtt://x")).error == "bad_feed_address"
    fed.rig.cloud.behaviour.feed = False
    assert (await fed.hear("--json")).error == "cloud_feed_off"
    fed.rig.cloud.fail("trace", at="startOpenMqtt", times=None)
    unsure = await fed.hear("--json")
    assert (unsure.code, "does not say whether" in unsure.err) == (0, True)
    monkeypatch.setenv("ACREL_PASSWORD", "wrong")
    assert (await fed.hear("--json")).error == "cloud_login_refused"
