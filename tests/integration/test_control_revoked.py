"""Who asks has to be allowed to until the very moment of the act: an account may be switched off while it waits."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from custom_components.acrel_safety.aioacrel.control import turns
from custom_components.acrel_safety.tagmemory import tag_memory
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ControlRig, administrator, meter, user


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        yield rig


def switch_off(_: HomeAssistant, user: User) -> None:
    user.is_active = False


def demote(_: HomeAssistant, user: User) -> None:
    user.groups = []


def remove(hass: HomeAssistant, user: User) -> None:
    async def once() -> None:
        if await hass.auth.async_get_user(user.id) is not None:
            await hass.auth.async_remove_user(user)

    # Nothing of it waits for anything, so it is done when this returns.
    hass.async_create_task(once(), eager_start=True)


async def wait_for(queue: turns.Turns, number: int) -> None:
    """Return when so many wait; nothing but the event loop has to go on for that."""
    for _ in range(100_000):
        if queue.waiting == number:
            return
        await asyncio.sleep(0)
    pytest.fail(f"{queue.waiting} wait")


REVOKED = pytest.mark.parametrize("revoke", [switch_off, demote, remove])
type Revoke = Callable[[HomeAssistant, User], None]


@REVOKED
async def test_who_lost_the_right_directly_before_it_is_sent_is_refused(
    hass: HomeAssistant, rig: ControlRig, revoke: Revoke
) -> None:
    ada = await administrator(hass)
    rig.operator.control.listen(lambda _: revoke(hass, ada))
    with pytest.raises(ServiceValidationError, match="no right"):
        await rig.turn("off", ada)
    assert (rig.writes, rig.is_closed) == (0, True)


@REVOKED
async def test_who_lost_the_right_hangs_no_tag_and_takes_none_off(
    hass: HomeAssistant, rig: ControlRig, revoke: Revoke
) -> None:
    ada, memory = await administrator(hass), tag_memory(hass)
    hung = await rig.act("hang_tag", ada, entity_id=rig.switch, reason="work")
    (tag,) = rig.operator.control.tags.all
    assert tag.id == hung["tags"][0]["tag_id"]
    caller = await rig.operator.async_caller(Context(user_id=ada.id), tag.circuit)
    revoke(hass, ada)
    control, rights = rig.operator.control, rig.operator.policy.rights
    assert control.tags.hang(tag.circuit, caller, rights, "more work") == "no_right"
    assert control.remove_tag(tag.id, caller) == "no_right"
    assert memory.tags_of(rig.operator.board.identity).all == (tag,)


async def test_who_may_not_does_not_wait_and_who_lost_the_right_while_waiting_is_refused(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    ada, uwe = await administrator(hass), await user(hass)
    lockouts = rig.operator.control.lockouts
    async with lockouts.turns.turn("somebody", 10):
        for _ in range(3):
            with pytest.raises(ServiceValidationError, match="no right"):
                await rig.turn("off", uwe)
        assert lockouts.turns.waiting == 0
        waiting = asyncio.create_task(rig.turn("off", ada))
        await wait_for(lockouts.turns, 1)
        await hass.auth.async_update_user(ada, is_active=False)
    with pytest.raises(ServiceValidationError, match="no right"):
        await waiting
    assert (rig.writes, rig.is_closed) == (0, True)


async def test_of_one_person_only_some_wait_and_the_rest_is_refused_at_once(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    ada, otto = await administrator(hass), await administrator(hass)
    lockouts = rig.operator.control.lockouts
    ask = {"entity_id": rig.switch, "operation": "FORRLYREL", "confirm": True}
    async with lockouts.turns.turn("somebody", 10):
        waiting = [asyncio.create_task(rig.act("operate", ada, **ask)) for _ in range(turns.MOST_WAITING)]
        await wait_for(lockouts.turns, turns.MOST_WAITING)
        with pytest.raises(ServiceValidationError, match="under way"):
            await rig.act("operate", ada, **ask)
        opening = asyncio.create_task(rig.turn("off", otto))
        await wait_for(lockouts.turns, turns.MOST_WAITING + 1)
    # It goes before all that waited longer.
    await opening
    assert [entry["code"] for entry in await rig.recorded() if entry["what"] == "begun"][:1] == ["FORRLYOFF"]
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await rig.operator.control.settle()
