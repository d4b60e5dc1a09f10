"""A generation of clouds that calls everything otherwise is a profile: its paths, fields, frame and header."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.profile import Profile
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import ProfileError, profile, profile_of_text
from custom_components.acrel_safety.aioacrel.cloud.records import Meter
from custom_components.acrel_safety.aioacrel.cloud.spelling import respelled

from .cloud_rigs import ARCM300T, SECOND, SITE, TOKEN, Heard, Rig, usual

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
FIELDS: Mapping[str, str] = {
    "index": "indexencryptAll",
    "login": "authorization userId username fCoaccountNo webAPIInfo.fVersion",
    "sites": "fSubid fSubname",
    "meters": "meterCode meterName meterType meterStatus meterCurrentValue.receiveTime meterCurrentValue.timerStatus"
    " meterCurrentValue.switchStatus",
    "details": "meterInfo.meterCode meterInfo.updateTime meterInfo.meterStatus meterInfo.meterDetail",
    "connections": "meterUseInfos meterUseInfos[].fMetername meterUseInfos[].fIsdisconnnect"
    " meterUseInfos[].fDisconnecttime meterUseInfos[].fLastcollecttime",
    "circuits": "fCircuitid fMetercode",
    "units": "fParamcode fUnitcode",
    "leakage": "fMetercode fIl fTempa fTempb fTempc fTempn fUpdatetime",
    "temperatures": "f_MeterCode a b c n timeA",
    "levels": "fMessinfotypeid fMessinfotypeexplain",
    "alarms": "fAlarmeventlogid fSubid fDevicecode fDevicename fAlarmtime fAlarmtype fAlarmdesc fMessInfoExplain"
    " fMessInfoTypeExplain fConfirmstatus",
    "asked": "validType userPhone",
    "arcm310_log": "fControltype fSendtime fUsername meterInfoname fMeterserialnumber fAcktime fResult",
    "control_310": "a",
    "leakage_of_day": "origCurrentValues origCurrentValues[].fCollecttime origCurrentValues[].fIl"
    " origEnvironmentValues origEnvironmentValues[].fCollecttime origEnvironmentValues[].fTempa"
    " origEnvironmentValues[].fTempb",
    "electric_of_day": "fCollecttime fParamcode fParamvalue",
    "energy": "fCircuitname fStartvalue fEndvalue fConsumevalue",
}
"""All that is read of the answers of AcrelCloud-1000, by call."""


ABOUT = (
    *("[profile]", 'id = "other"', 'like = "acrelcloud-1000"', 'title = { en = "Other" }', 'confidence = "low"'),
    'source = "a test"',
)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with Rig.running() as running:
        yield running


def other(name: str) -> str:
    """Return what the other generation calls something."""
    return f"x{name[::-1]}"


def said_otherwise(tree: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with all names replaced, also in JSON that is a text; alarms keep theirs: a profile lists them."""
    if isinstance(tree, list):
        return [said_otherwise(item) for item in tree]
    if isinstance(tree, str) and tree.startswith("{"):
        return json.dumps(said_otherwise(json.loads(tree)), ensure_ascii=False)
    if not isinstance(tree, dict):
        return tree
    return {other(name): tree[name] if name == "meterDetail" else said_otherwise(tree[name]) for name in tree}


def dialect() -> Profile:
    """Return the profile of the other generation: its words, and nothing else, are in it."""
    known = profile("acrelcloud-1000")
    lines = [
        *ABOUT,
        *("[frame]", 'header = "X-Token"', 'unauthorised = "Who"'),
        *(f'{ours} = "{other(name)}"' for ours, name in (("code", "code"), ("message", "msg"), ("data", "data"))),
        'token = "new"',
    ]
    for name, call in known.calls.items():
        lines.append(f"[calls.{name}]")
        lines.append(f'path = "{call.path}_next"')
        lists = [".".join(map(other, place.split("."))) if place else "" for place in call.lists]
        lines.append(f"lists = {json.dumps(lists)}")
        places = FIELDS.get(name, "").split()
        theirs = (".".join(map(other, place.rpartition("[].")[2].split("."))) for place in places)
        pairs = (f'"{ours}" = "{found}"' for ours, found in zip(places, theirs, strict=True))
        lines.append(f"fields = {{ {', '.join(pairs)} }}")
    return profile_of_text("\n".join(lines), "other.toml")


def translated(answer: Any) -> Any:  # noqa: ANN401 - what a rig answers
    """Return an answer of the rig as the other generation says it."""
    if callable(answer):
        return lambda asked: said_otherwise(answer(asked))
    return said_otherwise(answer)


async def everything(account: Account) -> list[object]:
    """Return all that can be asked of an account."""
    await account.login()
    await account.prove_by_password(SECOND)
    day = date(2026, 11, 22)
    return [
        account.login_known and (account.login_known.version, account.login_known.user_id, account.own_names),
        await account.sites(),
        await account.meters(SITE),
        await account.details(SITE, ARCM300T),
        await account.connections(SITE),
        await account.circuits(SITE),
        await account.leakage(SITE),
        await account.temperatures(SITE),
        await account.units(),
        await account.alarms(since=NOON, until=NOON),
        await account.asked(),
        await account.command("100102", SITE, "3", "DO", "0"),
        await account.command_log(SITE, "arcm310", since=NOON, until=NOON),
        await account.leakage_of_day(SITE, ARCM300T, day),
        await account.electric_of_day(SITE, "c1", day, "I"),
        await account.energy_of_day(SITE, ["c1"], day),
    ]


async def test_a_generation_with_words_of_its_own_is_read_by_a_profile_alone(rig: Rig) -> None:
    known = await everything(rig.account())
    assert isinstance(known[2], list)
    assert all(isinstance(one, Meter) for one in known[2])
    rig.answers = {f"{path}_next": translated(answer) for path, answer in usual().items()}
    rig.heard.clear()
    assert await everything(rig.account(profile=dialect())) == known
    tokens = {one.headers.get("X-Token") for one in rig.heard[2:]}
    assert tokens == {TOKEN}
    assert {one.headers.get("Authorization") for one in rig.heard} == {None}


async def test_its_tokens_are_renewed_and_its_refusals_understood(rig: Rig) -> None:
    answers = {f"{path}_next": translated(answer) for path, answer in usual().items()}
    path = next(one for one in answers if "getSubstationListByUser" in one)
    right = answers[path]
    answers[path] = [
        {other("code"): 700, other("msg"): "", "new": "second", other("data"): None},
        {other("code"): 0, other("msg"): "WHO ", other("data"): None},
        right,
    ]
    rig.answers = answers
    assert await rig.account(profile=dialect()).sites()
    asked: list[Heard] = rig.asked(path)
    assert [one.headers["X-Token"] for one in asked] == [TOKEN, "second", TOKEN]


@pytest.mark.parametrize(
    "fields",
    [
        '{ "meterCode" = "" }',
        '{ "" = "x" }',
        '{ "a b" = "x" }',
        '{ "a" = "x[].y" }',
        '{ "a[]" = "x" }',
        '{ "." = "x" }',
        '{ "a" = 5 }',
        '{ "a.b.c.d.e.f.g.h.i" = "x" }',
    ],
)
def test_places_that_are_none_are_refused(fields: str) -> None:
    about = (
        '[profile]\nid = "other"\nlike = "acrelcloud-1000"\ntitle = { en = "O" }\nconfidence = "low"\nsource = "x"\n'
    )
    with pytest.raises(ProfileError):
        profile_of_text(f"{about}[calls.meters]\nfields = {fields}", "other.toml")
    with pytest.raises(ProfileError):
        profile_of_text(f'{about}[frame]\nheader = "X-Token: 1"', "other.toml")
    with pytest.raises(ProfileError):
        profile_of_text(f'{about}[frame]\nhead = "X-Token"', "other.toml")


NAMES = st.sampled_from(["a", "b", "c"])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just('{"a": {"b": 1}}'),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3),
    max_leaves=20,
)
PLACES = st.sampled_from(["a", "a.b", "a.b.c", "b", "a[].b", "a[].b[].c", "c.a"])


@given(TREES, st.dictionaries(PLACES, st.sampled_from(["a", "b.c", "c", "a.b"]), max_size=4))
def test_no_answer_and_no_places_do_harm_and_nothing_that_was_given_is_changed(
    tree: object, places: dict[str, str]
) -> None:
    before = json.dumps(tree)
    found = respelled(tree, places)
    assert json.dumps(tree) == before
    json.dumps(found)
    assert respelled(tree, {}) is tree


def test_what_the_server_does_not_have_is_unknown_whatever_stands_there_by_its_usual_name() -> None:
    assert respelled({"meterStatus": "0"}, {"meterStatus": "state.alarm"}) == {"meterStatus": None}
    assert respelled({"id": 5}, {".": "id"}) == 5
    assert respelled({"now": '{"on": "1"}'}, {"meterCurrentValue.switchStatus": "now.on"}) == {
        "now": '{"on": "1"}',
        "meterCurrentValue": {"switchStatus": "1"},
    }
