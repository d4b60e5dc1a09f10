"""What comes to nothing pushes nothing out of the record, and nobody hangs more tags than a person would."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.acrel_safety import often, vain
from custom_components.acrel_safety.aioacrel.control.tags import MOST_OF_ONE, MOST_ON_CIRCUIT
from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import USUAL, ControlRig, administrator, meter, reader, user

MORE = 5


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        yield rig


async def test_of_what_is_refused_again_and_again_only_the_number_is_put_down(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    ada, uwe, rita = await administrator(hass), await user(hass), await reader(hass)
    ask = {"entity_id": rig.switch, "operation": "open"}
    for _ in range(vain.MOST_A_MINUTE + MORE):
        with pytest.raises(ServiceValidationError, match="no right"):
            await rig.act("operate", uwe, **ask, confirm=True)
        with pytest.raises(Unauthorized):
            await rig.act("select", rita, **ask)
    await rig.turn("off", ada)
    told = [(entry["what"], entry["by"]) for entry in await rig.recorded()]
    assert told.count(("ended", "Uwe")) == told.count(("unauthorized", rita.id)) == vain.MOST_A_MINUTE
    # Nobody else's is left out.
    assert told[-2:] == [("begun", "Ada"), ("ended", "Ada")]
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=61))
    await hass.async_block_till_done()
    often_refused = [entry for entry in await rig.recorded() if entry["what"] == "refused_often"]
    assert {(entry["by"], entry["more"]) for entry in often_refused} == {("Uwe", MORE), (rita.id, MORE)}
    assert len(often_refused) == 2


async def test_their_number_is_put_down_when_home_assistant_stops_and_not_when_that_is_made_up(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    uwe = await user(hass)
    for _ in range(vain.MOST_A_MINUTE + MORE):
        with pytest.raises(ServiceValidationError, match="no right"):
            await rig.act("operate", uwe, entity_id=rig.switch, operation="open", confirm=True)
    for state, numbers in ((hass.state, []), (CoreState.stopping, [MORE])):
        hass.set_state(state)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
        assert [one["more"] for one in await rig.recorded() if one["what"] == "refused_often"] == numbers


async def test_a_tag_says_who_hung_it_whatever_he_calls_himself(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    uwe = await user(hass)
    rights = {**USUAL["rights"], f"user:{uwe.id}": ["tags"]}
    async with meter(cabinet_of, link_to, {**USUAL, "rights": rights}) as rig:
        await rig.shows("on")
        await rig.act("hang_tag", uwe, entity_id=rig.switch, reason="removed soon", name="Ada")
        await rig.act("hang_tag", uwe, entity_id=rig.switch, reason="work")
        assert rig.state().attributes["tags"] == ["Uwe (Ada): removed soon", "Uwe: work"]
        for number in range(2, MOST_OF_ONE):
            await rig.act("hang_tag", uwe, entity_id=rig.switch, reason=f"{number}")
        with pytest.raises(HomeAssistantError, match="as many lock-out tags"):
            await rig.act("hang_tag", uwe, entity_id=rig.switch, reason="one more")
        # Others can always hang theirs, until there are enough of them.
        ada, otto = await administrator(hass), await administrator(hass)
        for number in range(MOST_ON_CIRCUIT - MOST_OF_ONE):
            await rig.act("hang_tag", ada, entity_id=rig.switch, reason=f"{number}")
        with pytest.raises(HomeAssistantError, match="as many lock-out tags"):
            await rig.act("hang_tag", otto, entity_id=rig.switch, reason="one more")
        assert len(rig.operator.control.tags.all) == MOST_ON_CIRCUIT


async def test_nobody_hangs_tags_like_a_program(hass: HomeAssistant, rig: ControlRig) -> None:
    ada = await administrator(hass)
    for number in range(often.MOST_A_MINUTE):
        hung = await rig.act("hang_tag", ada, entity_id=rig.switch, reason=f"{number}")
        await rig.act("remove_tag", ada, tag_id=hung["tags"][0]["tag_id"])
    with pytest.raises(ServiceValidationError, match="within a minute"):
        await rig.act("hang_tag", ada, entity_id=rig.switch, reason="one more")
    assert rig.operator.control.tags.all == ()


async def test_a_tag_is_what_it_looks_like(hass: HomeAssistant, rig: ControlRig) -> None:
    ada = await administrator(hass)
    for text in ("a\x00b", "\u202e" * 3, "]]>\n\n# h", "\u2066work", "\ufeffwork", "\u200bwork"):
        for data in ({"reason": text}, {"reason": "work", "name": text}):
            with pytest.raises(ServiceValidationError, match="visible signs"):
                await rig.act("hang_tag", ada, entity_id=rig.switch, **data)
    with pytest.raises(ServiceValidationError, match="visible signs"):
        await rig.act("hang_tag", ada, entity_id=rig.switch, reason="   ")
    await rig.act("hang_tag", ada, entity_id=rig.switch, reason=" 检修 – café 🔧 ")
    assert rig.state().attributes["tags"] == ["Ada: 检修 – café 🔧"]
    assert [entry["what"] for entry in await rig.recorded(Kind.TAG)] == ["tag_hung"]
