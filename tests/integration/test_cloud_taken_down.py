"""An account that is taken down while an order is on its way: told as what it is, never repeated, and found again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from simulator.cloud import Cloud
from tests.integration.cloud_rigs import SECOND, operated_cloud, polled
from tests.integration.test_cloud_operate import Rig, operated
from tests.integration.test_cloud_timers import act, put_down

pytestmark = pytest.mark.usefixtures("socket_enabled")
COMMAND = "send310ControlDemandHTTP"
LANGUAGES = {
    "en": ("unloaded or loaded anew in the middle of it", "the account was taken down here"),
    "zh-Hans": ("执行过程中其所经条目被卸载或重新加载", "此处的账号已停用"),
}


@pytest.fixture
async def cloud(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cloud]:
    async with operated_cloud(monkeypatch) as running:
        yield running


@pytest.fixture
async def rig(hass: HomeAssistant, cloud: Cloud) -> AsyncIterator[Rig]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(operated(hass, cloud, second_password=SECOND))


async def broken_off(rig: Rig, given: Awaitable[Mapping[str, Any]], *, at: str = COMMAND) -> Mapping[str, Any]:
    """Have the account unloaded while the server has a request and does not answer; return what was answered here."""
    rig.cloud.behaviour.command_s = 0.0
    before = rig.cloud.count(at)
    rig.cloud.fail("hang", at=at, acts=True)
    asked = asyncio.ensure_future(given)
    async with asyncio.timeout(60):
        while rig.cloud.count(at) == before:
            rig.cloud.has_heard.clear()
            await rig.cloud.has_heard.wait()
        await rig.hass.config_entries.async_unload(rig.entry.entry_id)
        # As a server that hangs up then.
        rig.cloud.faults.end()
        return await asked


async def loaded_again(rig: Rig) -> None:
    rig.breaker.age_s = 0.0
    assert await rig.hass.config_entries.async_setup(rig.entry.entry_id)
    await rig.hass.async_block_till_done()


async def until_ended(rig: Rig) -> list[Mapping[str, Any]]:
    """Poll until the end was put down; return what stands in the record."""
    async with asyncio.timeout(60):
        while (found := await put_down(rig))[-1]["what"] != "ended":
            await polled(rig.hass, rig.entry.runtime_data.hub)
    return found


async def under_way(rig: Rig) -> list[str]:
    journal = desk_of(rig.hass).record.journal
    assert journal is not None
    return [key for key in await journal.standing() if key.startswith("operation/")]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_is_told_as_broken_off_and_where_it_stands_as_soon_as_it_is_loaded_again(
    hass: HomeAssistant, rig: Rig, language: str
) -> None:
    hass.config.language = language
    answer = await broken_off(rig, rig.operate("open"))
    assert (answer["outcome"], answer["reason"], answer["writes"]) == ("unknown", "taken_down", 1)
    for said in LANGUAGES[language]:
        assert said in answer["text"]
    assert "HTTP" not in answer["text"]
    rig.breaker.age_s = 3600.0
    await loaded_again(rig)
    begun, ended = await until_ended(rig)
    assert (begun["what"], ended["by"], ended["writes"]) == ("begun", "Ada", 1)
    assert (ended["result"], ended["reason"], ended["position"]) == ("unknown", "taken_down", False)
    assert (await under_way(rig), rig.sent, rig.breaker.figures.obeyed) == ([], 1, ["RLYOFF"])


async def test_what_the_server_heard_before_is_no_position_of_afterwards(hass: HomeAssistant, rig: Rig) -> None:
    await broken_off(rig, rig.operate("open"))
    rig.breaker.figures.closed = True
    await loaded_again(rig)
    rig.breaker.age_s = 60.0
    await polled(hass, rig.entry.runtime_data.hub)
    assert [one["what"] for one in await put_down(rig)] == ["begun"]
    assert len(await under_way(rig)) == 1
    rig.breaker.age_s = 0.0
    assert (await until_ended(rig))[-1]["position"] is True
    assert rig.sent == 1


async def test_it_is_found_again_after_a_restart(hass: HomeAssistant, rig: Rig) -> None:
    await broken_off(rig, rig.operate("open"))
    for name in ("desk", "tags", "trips", "lockouts", "deeds", "interrupted"):
        hass.data.pop(f"{DOMAIN}.{name}", None)
    await loaded_again(rig)
    ended = (await until_ended(rig))[-1]
    assert (ended["result"], ended["reason"], ended["position"]) == ("unknown", "interrupted", False)
    assert (await under_way(rig), rig.sent) == ([], 1)


async def test_a_timer_is_told_and_found_again_as_well(hass: HomeAssistant, rig: Rig) -> None:
    answer = await broken_off(rig, act(rig, "set", rig.ada, opens="2099-12-01 22:00"))
    assert (answer["outcome"], answer["reason"], answer["writes"]) == ("unknown", "taken_down", 1)
    await loaded_again(rig)
    begun, ended = await until_ended(rig)
    assert (ended["code"], ended["reason"], ended["timer"]) == ("TIMER", "taken_down", begun["timer"])
    assert "the server shows a timer" in ended["sentence"]
    assert (await under_way(rig), rig.sent) == ([], 1)


async def test_where_nothing_has_left_that_is_said_and_nothing_is_kept(hass: HomeAssistant, rig: Rig) -> None:
    for at, proofs in (("selectByStationId", 0), ("getControlValidType", 0), ("verifySePassword", 1)):
        with pytest.raises(ServiceValidationError, match="the account was taken down here"):
            await broken_off(rig, rig.operate("open"), at=at)
        await loaded_again(rig)
        assert await under_way(rig) == []
        # Nor does anything go out by connections that others have.
        assert (rig.proofs, rig.sent, rig.breaker.closed) == (proofs, 0, True)


async def test_of_a_device_that_is_removed_it_is_put_down_at_once(hass: HomeAssistant, rig: Rig) -> None:
    before = rig.cloud.count(COMMAND)
    rig.cloud.fail("hang", at=COMMAND, acts=True)
    asked = asyncio.ensure_future(rig.operate("open"))
    async with asyncio.timeout(60):
        while rig.cloud.count(COMMAND) == before:
            rig.cloud.has_heard.clear()
            await rig.cloud.has_heard.wait()
        (subentry_id,) = rig.entry.subentries
        hass.config_entries.async_remove_subentry(rig.entry, subentry_id)
        await hass.async_block_till_done()
        rig.cloud.faults.end()
        assert (await asked)["reason"] == "taken_down"
    assert not rig.entry.subentries
    assert [one["what"] for one in await put_down(rig)][-1] == "ended"
    assert await under_way(rig) == []


async def test_an_order_before_an_account_of_another_person_is_loaded_is_nobody_elses(
    hass: HomeAssistant, rig: Rig
) -> None:
    await broken_off(rig, rig.operate("open"))
    await loaded_again(rig)
    # Whoever asks next is not told of it, and nothing is sent again: the lock-out holds.
    with pytest.raises(ServiceValidationError, match="no other command so soon"):
        await hass.services.async_call(
            DOMAIN,
            "operate",
            {"entity_id": rig.switch, "operation": "close", "confirm": True},
            blocking=True,
            context=Context(user_id=rig.ada.id),
        )
    await until_ended(rig)
    assert rig.sent == 1
