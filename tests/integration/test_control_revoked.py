"""Who asks has to be allowed to until the very moment of the act: an account may be switched off while it waits."""

from collections.abc import AsyncGenerator, Callable

import pytest
from homeassistant.auth import EVENT_USER_REMOVED
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError

from custom_components.acrel_safety.tagmemory import tag_memory
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ControlRig, administrator, meter


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
    hass.bus.async_fire(EVENT_USER_REMOVED, {"user_id": user.id})


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
