"""What waits for an automation is told once per board, whatever the reasons why it waits."""

import asyncio
from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.acrel_safety.aioacrel.alarms.notices import Notice, Why
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.outbox import Outbox
from tests.integration.alarm_rigs import SAFETY, leak, leaky
from tests.integration.conftest import CabinetMaker, LinkMaker


async def test_what_waits_of_one_board_is_one_notice(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await leaky(cabinet_of, link_to)
    await leak(rig)
    rig.cabinet.set_scenario("overheat", 1, conductor="A")
    rig.cabinet.advance(600)
    await rig.until(SAFETY, lambda state: state.attributes["others_count"] > 0)
    alarms = desk_of(hass).alarms.unacknowledged(rig.subentry(1).subentry_id)
    outbox, told = Outbox(hass, desk_of(hass).alarms), asyncio.Queue[Notice]()
    for standing, why in zip(alarms, (Why.RESTARTED, Why.RAISED), strict=False):
        outbox.send(Notice(why=why, alarms=(standing,)))

    leave = outbox.listen(told.put_nowait)
    # What comes while they are gathered goes with them.
    outbox.send(Notice(why=Why.RAISED, alarms=tuple(alarms)))
    assert told.empty()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2))
    await hass.async_block_till_done()
    notice = told.get_nowait()
    assert {one.alarm_id for one in notice.alarms} == {one.alarm_id for one in alarms}
    assert len(alarms) > 1
    assert told.empty()
    leave()
