"""What a cloud account lists and shows, call by call: the requests are those that are known, the answers understood."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from custom_components.acrel_safety.aioacrel.cloud.records import Site

from .cloud_rigs import ARCM300T, ARCM310, PASSWORD, SITE, TOKEN, USER, Rig

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with Rig.running() as running:
        yield running


async def test_a_login_asks_what_the_server_wants_and_takes_its_version_and_token(rig: Rig) -> None:
    account = rig.account()
    login = await account.login()
    assert (login.version, login.user_id, login.organisation) == ("v5", "1001", "77")
    before, at_login = rig.heard
    assert (before.method, before.path, before.query) == (
        "GET",
        "main/getAppIndexSets",
        {"ip": account.address.place},
    )
    assert (at_login.method, at_login.path) == ("POST", "user/login")
    assert at_login.form == {
        "fLoginname": USER,
        "fPassword": PASSWORD,
        "deviceType": "IOS",
        "uniqueProjectip": account.address.place,
    }
    assert not any("Authorization" in one.headers for one in rig.heard)
    await account.sites()
    assert rig.heard[-1].headers["Authorization"] == TOKEN
    assert rig.heard[-1].path == "v5/getSubstationListByUser"
    assert account.login_known == login


async def test_sites_and_devices_are_listed(rig: Rig) -> None:
    account = rig.account()
    assert await account.sites() == [Site(id=SITE, name="Demo site")]
    monitor, breaker = await account.meters(SITE)
    assert (monitor.code, monitor.kind, monitor.is_alarmed, monitor.is_closed) == (ARCM300T, "1", False, None)
    assert (breaker.code, breaker.kind, breaker.is_alarmed, breaker.is_closed) == (ARCM310, "3", True, True)
    assert breaker.has_timer is False
    assert breaker.received == datetime(2026, 11, 22, 1, 2, tzinfo=UTC)
    assert [one.query for one in rig.asked("v5/selectByStationId")] == [
        {"stationId": SITE, "meterType": "1,2"},
        {"stationId": SITE, "meterType": "3"},
    ]
