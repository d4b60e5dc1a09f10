"""What is known of a device's control over a reload of its link and a restart, and what is not."""

import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety import lockoutmemory
from custom_components.acrel_safety.const import DOMAIN
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_breaker import BreakerRig, break_sensor, breaker
from tests.integration.control_rigs import ALL, USUAL, administrator, meter, user

FREE: Mapping[str, Any] = {**USUAL, "rights": {"administrators": ALL, "automations": ALL}}


@pytest.fixture
async def ada(hass: HomeAssistant) -> MockUser:
    return await administrator(hass)


@pytest.fixture
async def rig(hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[BreakerRig]:
    """Return a breaker that takes no command within 30 s of the one before."""
    async with breaker(hass, cabinet_of, link_to, FREE, lockout=30) as rig:
        await rig.shows("off")
        yield rig


async def restart(rig: BreakerRig) -> None:
    """Load the link anew with nothing in memory but what is on the disk."""
    await rig.hass.config_entries.async_unload(rig.link.entry.entry_id)
    for name in ("tags", "trips", "lockouts"):
        rig.hass.data.pop(f"{DOMAIN}.{name}", None)
    assert await rig.hass.config_entries.async_setup(rig.link.entry.entry_id)
    await rig.hass.async_block_till_done()


async def test_a_token_is_void_after_a_reload_and_that_is_said(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, ada: MockUser
) -> None:
    async with meter(cabinet_of, link_to, FREE) as rig:
        await rig.shows("on")
        selected = await rig.act("select", ada, entity_id=rig.switch, operation="open")
        await rig.link.reload()
        await rig.shows("on")
        with pytest.raises(ServiceValidationError, match="select it again"):
            await rig.act("operate", ada, entity_id=rig.switch, operation="open", token=selected["token"])
        assert (rig.writes, rig.is_closed) == (0, True)


async def test_a_token_is_good_once_for_who_took_it_as_long_as_nothing_moved(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, ada: MockUser
) -> None:
    uwe = await user(hass)
    rights = {"administrators": ALL, f"user:{uwe.id}": ALL}
    async with meter(cabinet_of, link_to, {**FREE, "rights": rights}) as rig:
        await rig.shows("on")

        async def select(who: MockUser) -> str:
            selected = await rig.act("select", who, entity_id=rig.switch, operation="open")
            assert (selected["operation"], selected["position"]) == ("FORRLYOFF", "closed")
            return str(selected["token"])

        async def operate(who: MockUser, operation: str, **given: object) -> Mapping[str, Any]:
            return await rig.act("operate", who, entity_id=rig.switch, operation=operation, **given)

        with pytest.raises(ServiceValidationError, match="selected first, or confirmed"):
            await operate(ada, "open")
        for who, operation in ((uwe, "open"), (ada, "close")):
            with pytest.raises(ServiceValidationError, match="select it again"):
                await operate(who, operation, token=await select(ada))
        token = await select(ada)
        assert rig.writes == 0
        assert (await operate(ada, "open", token=token))["outcome"] == "confirmed"
        with pytest.raises(ServiceValidationError, match="select it again"):
            await operate(ada, "open", token=token)
        rig.relay(closed=True)
        await rig.shows("on")
        token = await select(ada)
        rig.move_by_hand(closed=False)
        await rig.shows("off")
        with pytest.raises(ServiceValidationError, match="position changed since"):
            await operate(ada, "open", token=token)
        assert rig.writes == 1


async def test_the_lock_out_outlives_a_reload(rig: BreakerRig, ada: MockUser) -> None:
    rig.relay(closed=True)
    await rig.shows("on")
    await rig.turn("off", ada)
    await rig.link.reload()
    await rig.shows("off")
    with pytest.raises(ServiceValidationError, match="takes no other command so soon"):
        await rig.turn("on", ada)
    assert (rig.writes, rig.is_closed) == (1, False)


@pytest.mark.parametrize(("seconds", "writes"), [(10.0, 0), (31.0, 1)])
async def test_after_a_restart_the_lock_out_is_taken_to_run_as_long_as_it_may(
    rig: BreakerRig, ada: MockUser, monkeypatch: pytest.MonkeyPatch, seconds: float, writes: int
) -> None:
    """Nobody knows what the process before sent; it ended before this one began."""
    monkeypatch.setattr(lockoutmemory, "PROCESS_BEGAN", time.monotonic() - seconds)
    await restart(rig)
    await rig.shows("off")
    if writes:
        await rig.turn("on", ada)
    else:
        with pytest.raises(ServiceValidationError, match="takes no other command so soon"):
            await rig.turn("on", ada)
    assert rig.writes == writes


async def test_that_the_sensor_of_what_tripped_it_is_broken_outlives_a_restart(rig: BreakerRig, ada: MockUser) -> None:
    await break_sensor(rig, ada)
    for _ in range(2):
        with pytest.raises(ServiceValidationError, match="the sensor of what tripped it is broken"):
            await rig.turn("on", ada)
        await restart(rig)
        await rig.shows("off")
    rig.say("LgFauSta", 0)
    await rig.link.polled(1, 2)
    await rig.turn("on", ada)
    assert (rig.writes, rig.is_closed) == (1, True)


async def test_when_it_was_closed_a_sensor_that_breaks_later_is_in_nobodys_way(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, ada: MockUser
) -> None:
    async with breaker(hass, cabinet_of, link_to, FREE) as rig:
        await rig.shows("off")
        await break_sensor(rig, ada)
        rig.say("LgFauSta", 0)
        await rig.link.polled(1, 2)
        for way in ("on", "off"):
            await rig.turn(way, ada)
            await rig.shows(way)
        rig.say("LgFauSta", 1)
        await restart(rig)
        await rig.shows("off")
        await rig.turn("on", ada)
        assert (rig.writes, rig.is_closed) == (3, True)


async def test_of_a_damaged_file_any_broken_sensor_stands_in_the_way(rig: BreakerRig, ada: MockUser) -> None:
    file = Path(rig.hass.config.path(DOMAIN), "trips.json")
    await rig.hass.async_add_executor_job(file.write_text, "{")
    rig.say("LgFauSta", 1)
    await restart(rig)
    await rig.shows("off")
    await rig.link.polled(1, 2)
    with pytest.raises(ServiceValidationError, match="the sensor of what tripped it is broken"):
        await rig.turn("on", ada)
    assert rig.writes == 0
