"""The account towards a simulated cloud that was written without it, in all the ways servers are known to differ."""

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
from custom_components.acrel_safety.aioacrel.cloud.errors import (
    CloudError,
    CommandDeclinedError,
    NotPermittedError,
    ProofNoneError,
    ProofWrongError,
    SiteGoneError,
)
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile
from custom_components.acrel_safety.aioacrel.cloud.records import Proof
from custom_components.acrel_safety.aioacrel.readings import PointKey
from simulator.cloud import ARCM300T, ARCM310, Cloud

USER, PASSWORD, SECOND = "owner", "pass-Word-1", "second-Word-2"
WAYS = {
    "as the app of 2021": {},
    "text": {"numbers": "text", "codes": "text"},
    "numbers": {"numbers": "number", "codes": "mixed"},
    "objects": {"json_strings": False, "plain_leakage": True},
    "more than is known": {"extra": {"fUnknown": {"deep": [1, None]}, "list2": []}},
    "an older version": {"version": "v4"},
    "events in no order": {"duplicates": True, "disorder": True},
    "one page for ever": {"endless": True},
    "only those connected": {"filters_connected": True},
    "codes with a prefix": {"prefixed_params": True},
}


class Rig:
    """A cloud with a monitor in alarm and a breaker, and an account."""

    def __init__(self, cloud: Cloud, session: aiohttp.ClientSession) -> None:
        self.cloud = cloud
        self.user = cloud.account(USER, PASSWORD, second=SECOND)
        self.site = cloud.site("Demo site")
        self.box = self.site.add(ARCM300T, "1F box")
        self.breaker = self.site.add(ARCM310, "Kitchen breaker")
        self.box.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
        self.account = Account(
            session,
            CloudAddress.parse(cloud.url, allow_http=True),
            profile("acrelcloud-1000"),
            user=USER,
            password=PASSWORD,
        )


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with Cloud() as cloud, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Rig(cloud, session)


@pytest.mark.parametrize("ways", WAYS.values(), ids=list(WAYS))
async def test_however_a_server_spells_it_the_same_is_understood(rig: Rig, ways: dict[str, object]) -> None:
    for name, value in ways.items():
        setattr(rig.cloud.behaviour, name, value)
    rig.cloud.tell(rig.box, id="7001", type="高限报警")
    rig.cloud.tell(rig.box, id="7002", type="报警恢复")
    account, now = rig.account, rig.cloud.clock.now()
    (site,) = await account.sites()
    assert (site.id, site.name) == (rig.site.id, "Demo site")
    meters = {meter.code: meter for meter in await account.meters(site.id)}
    assert meters.keys() == {rig.box.code, rig.breaker.code}
    assert meters[rig.box.code].is_alarmed is True
    assert meters[rig.breaker.code].is_alarmed is False
    assert meters[rig.breaker.code].is_closed is True
    details = await account.details(site.id, rig.box.code)
    assert details.active is not None
    assert [account.profile.alarms[name] for name in details.active] == [PointKey("1", "LgHigh")]
    values = {one.code: one for one in await account.leakage(site.id)}
    assert values[rig.breaker.code].values[PointKey("1", "Lg")] == pytest.approx(rig.breaker.values()["Lg"], rel=0.2)
    online = {one.code: one.is_online for one in await account.connections(site.id)}
    assert online == {rig.box.code: True, rig.breaker.code: True}
    events = await account.alarms(since=now - timedelta(hours=1), until=now + timedelta(minutes=1), site=site.id)
    told = {event.id: event for event in events if event.id in ("7001", "7002")}
    assert len(events) == len({event.id for event in events})
    assert {name: event.is_recovery for name, event in told.items()} == {"7001": False, "7002": True}
    day = (now - timedelta(days=2)).date()
    leakage = await account.leakage_of_day(site.id, rig.box.code, day)
    assert {one.key.code for one in leakage} == {"Lg", "TempA", "TempB", "TempC"}
    (circuit,) = [one.circuit for one in await account.circuits(site.id) if one.meter == rig.box.code]
    assert {one.key.code for one in await account.electric_of_day(site.id, circuit, day, "I")} == {"Ia", "Ib", "Ic"}
    (energy,) = await account.energy_of_day(site.id, [circuit], day)
    assert energy.start is not None
    assert energy.end is not None
    assert energy.consumed == pytest.approx(energy.end - energy.start, abs=0.02)
    assert rig.cloud.effects == []


async def test_one_that_is_away_is_not_heard(rig: Rig) -> None:
    rig.breaker.is_lost = True
    await rig.account.meters(rig.site.id)
    online = {one.code: one for one in await rig.account.connections(rig.site.id)}
    assert online[rig.breaker.code].is_online is False
    assert online[rig.breaker.code].lost is not None


async def test_events_are_acknowledged_and_taken_back(rig: Rig) -> None:
    rig.cloud.tell(rig.box, id="7001", type="高限报警")
    account, now = rig.account, rig.cloud.clock.now()
    span = now - timedelta(hours=1), now + timedelta(minutes=1)

    async def open_ones() -> set[str]:
        return {one.id for one in await account.alarms(since=span[0], until=span[1], confirmed=False)}

    assert "7001" in await open_ones()
    await account.confirm_alarms(["7001"])
    assert "7001" not in await open_ones()
    await account.unconfirm_alarm("7001")
    assert "7001" in await open_ones()


async def test_a_command_needs_its_proof_and_the_log_tells_what_came_of_it(rig: Rig) -> None:
    account, now = rig.account, rig.cloud.clock.now()
    assert (await account.asked()).proof is Proof.PASSWORD
    with pytest.raises(CommandDeclinedError):
        await account.command(rig.breaker.code, rig.site.id, "3", "DO", "0")
    with pytest.raises(ProofWrongError):
        await account.prove_by_password("another")
    await account.prove_by_password(SECOND)
    await account.command(rig.breaker.code, rig.site.id, "3", "DO", "0")
    await rig.cloud.commands.settled()
    (meter,) = [one for one in await account.meters(rig.site.id) if one.code == rig.breaker.code]
    assert meter.is_closed is False
    since, until = now - timedelta(hours=1), now + timedelta(hours=1)
    (entry,) = await account.command_log(rig.site.id, "arcm310", since=since, until=until)
    assert (entry.type, entry.result, entry.serial) == ("DO", "成功", rig.breaker.serial)
    assert entry.acknowledged is not None
    assert await account.command_log(rig.site.id, "arcm", since=since, until=until) == []
    rig.user.second = None
    with pytest.raises(ProofNoneError):
        await account.prove_by_password(SECOND)


async def test_a_code_from_the_phone(rig: Rig) -> None:
    rig.user.sms = True
    account = rig.account
    asked = await account.asked()
    assert asked.proof is Proof.SMS
    assert rig.user.phone not in repr(asked)
    message = await account.send_sms()
    with pytest.raises(ProofWrongError):
        await account.check_sms("no", message)
    await account.check_sms(rig.user.code, message)
    await account.command(rig.breaker.code, rig.site.id, "3", "reset", "1")
    await rig.cloud.commands.settled()


async def test_timers_are_set_and_cancelled(rig: Rig) -> None:
    account, timers = rig.account, rig.account.profile.timers["3"]
    await account.prove_by_password(SECOND)
    await account.command(
        rig.breaker.code, rig.site.id, "3", timers.type, timers.daily, open_time="22:00:00", close_time="06:00:00"
    )
    assert rig.breaker.timer is not None
    (meter,) = [one for one in await account.meters(rig.site.id) if one.code == rig.breaker.code]
    assert meter.has_timer is True
    await account.prove_by_password(SECOND)
    await account.command(rig.breaker.code, rig.site.id, "3", timers.type, timers.cancel)
    assert rig.breaker.timer is None


async def test_what_the_account_may_not_see_is_told_as_that(rig: Rig) -> None:
    other = rig.cloud.site("Other")
    rig.user.sites = {rig.site.id}
    with pytest.raises(SiteGoneError):
        await rig.account.leakage(other.id)
    with pytest.raises(SiteGoneError):
        await rig.account.leakage("10109999")
    rig.user.refused.add("leakageMonitor")
    for code in (147, 364):
        rig.user.refusal = code
        with pytest.raises(NotPermittedError):
            await rig.account.leakage(rig.site.id)
    assert await rig.account.sites()


async def test_two_that_throw_each_other_out_both_get_on(rig: Rig) -> None:
    rig.cloud.behaviour.single_login = True
    account = rig.account
    other = Account(account._wire._session, account.address, account.profile, user=USER, password=PASSWORD)
    for _ in range(3):
        assert await account.sites()
        assert await other.sites()
    assert rig.user.logins == 6


async def test_a_server_that_is_asked_too_much_is_left_alone(rig: Rig) -> None:
    rig.cloud.behaviour.rate = (6, 3600.0)
    rig.cloud.behaviour.retry_as_date = True
    failed = 0
    for _ in range(20):
        try:
            await rig.account.levels()
        except CloudError:
            failed += 1
    assert len(rig.cloud.heard) <= 7
    assert failed == 20 - 4
