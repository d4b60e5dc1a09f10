"""Transcripts: nobody is to be known by one, shapes and numbers stay, and a transcript plays again as a server."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile
from custom_components.acrel_safety.aioacrel.cloud.redaction import Redaction
from custom_components.acrel_safety.aioacrel.cloud.replay import Replay
from custom_components.acrel_safety.aioacrel.cloud.transcript import (
    MOST_EXCHANGES,
    Recorder,
    TranscriptError,
    read_transcript,
)
from custom_components.acrel_safety.aioacrel.errors import AcrelError

from .cloud_rigs import ARCM300T, ARCM310, PASSWORD, SECOND, SITE, TOKEN, USER, Rig, ok
from .test_cloud_fields import ANYTHING

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
PRIVATE = (
    *(USER, PASSWORD, SECOND, TOKEN, SITE, ARCM300T, ARCM310, "Demo", "Kitchen", "1F distribution", "Unheard of"),
    *("Olga", "22112200000011", "13912345678", "party-secret", "127.0.0.1", "412", "810001", "121.47", "嘉定", "4711"),
    *("Feeder", "olga"),
)
"""What stands in the answers of the rig and may stand in no transcript."""


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with Rig.running() as running:
        yield running


async def everything(account: Account) -> list[object]:
    """Ask for all there is; returns what came of it."""
    (site,) = await account.sites()
    meters = await account.meters(site.id)
    since = NOON - timedelta(days=1)
    events = await account.alarms(since=since, until=NOON, site=site.id)
    found: list[object] = [meters, events, await account.levels(), await account.leakage(site.id)]
    found += [await account.temperatures(site.id), await account.connections(site.id)]
    found += [await account.details(meter.site, meter.code) for meter in meters]
    found += [await account.circuits(site.id), await account.command_log(site.id, "arcm310", since=since, until=NOON)]
    found.append(await account.leakage_of_day(site.id, meters[0].code, NOON.date()))
    await account.confirm_alarms([event.id for event in events])
    await account.asked()
    await account.prove_by_password(SECOND)
    found.append(await account.command(meters[1].code, site.id, "3", "DO", "0"))
    await account.check_sms("123456", await account.send_sms())
    found.append(await account.energy_of_day(site.id, ["c1"], NOON.date()))
    return found


async def recorded(rig: Rig) -> tuple[str, list[object]]:
    recorder = Recorder(profile("acrelcloud-1000"), secrets=(USER, PASSWORD, rig.address.host))
    found = await everything(rig.account(on_exchange=recorder.take))
    return recorder.text(), found


async def test_nobody_is_to_be_known_by_a_transcript(rig: Rig) -> None:
    where = {"fLongitude": "121.4737", "fLatitude": 31.2304, "fAddress": "上海市嘉定区", "fContactphone": 13912345678}
    rig.answers["v5/getSubstationListByUser"] = ok({"list": [{"fSubid": SITE, "fSubname": "Demo site", **where}]})
    text, _ = await recorded(rig)
    assert [secret for secret in PRIVATE if secret in text] == []
    assert "31.23" not in text
    assert "123456" not in text
    assert "second" not in text


async def test_shapes_numbers_and_times_stay_and_what_belongs_together_still_does(rig: Rig) -> None:
    text, _ = await recorded(rig)
    exchanges = {one["call"]: one for one in json.loads(text)["exchanges"]}
    login = exchanges["login"]
    assert login["form"] == {
        "deviceType": "IOS",
        "fLoginname": "user",
        "fPassword": "secret",
        "uniqueProjectip": "host",
    }
    assert login["body"]["data"]["webAPIInfo"] == {"fVersion": "v5"}
    (row,) = exchanges["leakage"]["body"]["data"]["leakageCurrentValues"]
    assert {name: row[name] for name in ("fIl", "fTempa", "fTempb", "fUpdatetime")} == {
        "fIl": 43.5,
        "fTempa": 31.2,
        "fTempb": "30.8",
        "fUpdatetime": "2026-11-22 09:00:00",
    }
    # One device is the same one in every answer and question, as a number or a text, and so is a site.
    meter = row["fMetercode"]
    assert len(meter) == len(ARCM300T)
    assert exchanges["alarms"]["body"]["data"]["alarmEventLogList"]["list"][0]["fDevicecode"] == meter
    (site,) = exchanges["sites"]["body"]["data"]["list"]
    assert isinstance(site["fSubid"], int)
    assert exchanges["leakage"]["query"] == {"fSubid": str(site["fSubid"])}
    # What is JSON inside a text is still that.
    detail = json.loads(exchanges["details"]["body"]["data"]["meterInfo"]["meterDetail"])
    assert detail == {"temp": {"tempA": "A相温度报警"}, "iLeakage": {"iLeakage": "漏电报警"}}
    assert exchanges["control_310"]["json"][0]["type"] == "DO"


async def test_a_transcript_plays_again_as_a_server(rig: Rig) -> None:
    text, first = await recorded(rig)
    name, exchanges = read_transcript(text)
    replay = Replay(exchanges)
    other = Rig()

    async def answer(request: web.Request) -> web.StreamResponse:
        form = {key: str(value) for key, value in (await request.post()).items()}
        replayed = replay.answer(request.method, request.path, {**request.query, **form})
        assert replayed.status is not None
        return web.Response(status=replayed.status, body=replayed.body, content_type=replayed.content_type)

    other.handle = answer  # type: ignore[method-assign]
    async with Rig.serving(other):
        again = await everything(other.account(profile=profile(name), user="anybody", password="any"))  # noqa: S106 - any will do
    assert [type(one) for one in again] == [type(one) for one in first]
    assert [len(one) for one in again if isinstance(one, list)] == [len(one) for one in first if isinstance(one, list)]
    assert isinstance(again[3], list)
    assert isinstance(first[3], list)
    assert [(one.values, one.measured) for one in again[3]] == [(one.values, one.measured) for one in first[3]]


async def test_what_went_wrong_is_recorded_without_what_it_said(rig: Rig) -> None:
    rig.answers["v5/selectOne"] = lambda _: web.Response(text="<html>Olga's page</html>", content_type="text/html")
    rig.answers["v5/getMessInfoType"] = {"code": 5000, "msg": "Olga", "data": {"stackTrace": ["at com.olga.X"]}}
    rig.answers["v5/getTempABCResult"] = lambda _: web.Response(status=302, headers={"Location": "http://olga.example"})
    recorder = Recorder(profile("acrelcloud-1000"), secrets=(USER, PASSWORD))
    account = rig.account(on_exchange=recorder.take)
    for asked in (account.details(SITE, "1"), account.levels(), account.temperatures(SITE)):
        with pytest.raises(AcrelError):
            await asked
    text = recorder.text()
    assert "lga" not in text
    exchanges = {one["call"]: one for one in json.loads(text)["exchanges"]}
    assert "body" not in exchanges["details"]
    assert exchanges["details"]["content_type"] == "text/html"
    assert exchanges["levels"]["body"]["code"] == 5000
    assert exchanges["temperatures"]["error"] == "cloud_foreign"


async def test_a_transcript_is_bounded(rig: Rig) -> None:
    recorder = Recorder(profile("acrelcloud-1000"))
    account = rig.account(on_exchange=recorder.take)
    for _ in range(MOST_EXCHANGES):
        await account.levels()
    assert recorder.dropped == 2
    assert len(json.loads(recorder.text())["exchanges"]) == MOST_EXCHANGES


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": "x", "version": 1}', "[" * 10_000])
def test_another_file_is_no_transcript(text: str) -> None:
    with pytest.raises(TranscriptError):
        read_transcript(text)


WORDS = st.text(st.characters(categories=["L", "N"]), min_size=5, max_size=20).map(lambda text: f"X{text}")


@given(st.dictionaries(st.sampled_from(["fSubname", "x", "list", "meterCode", "fAlarmdesc", "c"]), WORDS, min_size=1))
def test_a_text_that_is_not_known_to_be_harmless_is_replaced_wherever_it_stands(row: dict[str, str]) -> None:
    inside = {"inside": json.dumps(row, ensure_ascii=False)}
    tree = {"data": [row, inside, list(row.values())], **dict.fromkeys(row.values(), 1)}
    text = json.dumps(Redaction().value(tree), ensure_ascii=False)
    assert [word for word in row.values() if word in text] == []


@pytest.mark.parametrize(
    "private",
    [
        {"code": 22110000000001},
        {"value": "13812345678"},
        {"value": 13812345678},
        {"value": 13812345678.0},
        {"status": "22110000000"},
        {"fValue": "22110000-13812345"},
        {"type": "Schmidt Bakery"},
        {"type": "Schmidt"},
    ],
)
def test_a_field_that_may_be_anything_at_another_server_keeps_nobodys_number_or_name(private: dict[str, Any]) -> None:
    [word] = private.values()
    text = json.dumps(Redaction().value({"code": 5000, "data": {"list": [private, {"code": 5001}]}}))
    assert [part for part in str(word).split("-") if part in text] == []
    assert "5000" in text
    assert "5001" not in text


@given(ANYTHING)
@example([{"A": None}, "A"])
@example([{"fAlarmtype": "Ab"}, "Ab"])
@example(["Ab", {"fAlarmtype": "Ab", "Ab": 1}])
def test_anything_can_be_redacted_and_keeps_its_shape(tree: Any) -> None:  # noqa: ANN401 - JSON
    redaction = Redaction(("secret",))
    found = redaction.value(tree)
    assert type(found) is type(tree)
    if isinstance(tree, list):
        assert len(found) == len(tree)
    assert json.dumps(redaction.value(tree)) == json.dumps(found)


def test_a_number_of_any_length_is_replaced_by_one_as_long() -> None:
    found = Redaction().value({"meterCode": 10**80, "fSubid": -(10**8)})
    assert (len(str(found["meterCode"])), len(str(found["fSubid"]))) == (81, 10)
