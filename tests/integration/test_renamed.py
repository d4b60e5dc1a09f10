"""Names and language change while alarms stand: whatever is said from then on uses those of now."""

from collections.abc import Mapping
from typing import Any, cast

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from tests.integration.alarm_rigs import leak, leaky
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig, is_now
from tests.integration.test_hazards import LIST, hazards


async def listed(rig: LinkRig) -> Mapping[str, Any]:
    call = rig.hass.services.async_call
    answer = await call(DOMAIN, "list_alarms", {}, blocking=True, return_response=True)
    (alarm,) = cast("dict[str, Any]", answer)["alarms"]
    return cast("Mapping[str, Any]", alarm)


async def test_a_board_renamed_while_it_alarms_is_called_so_at_once(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await leaky(cabinet_of, link_to)
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    (device,) = [one for one in rig.devices() if (DOMAIN, rig.subentry(1).subentry_id) in one.identifiers]
    dr.async_get(hass).async_update_device(device.id, name_by_user="Offices")
    await hass.async_block_till_done()
    alarm = await listed(rig)
    assert (alarm["board"], alarm["title"]) == ("Offices", "Alarm: Offices")
    assert (await hazards(rig))[0]["summary"] == "Offices · Residual current above the limit · #1"
    (standing,) = desk_of(hass).alarms.unacknowledged(rig.subentry(1).subentry_id)
    assert standing.board.name == "Offices"


async def test_another_language_is_spoken_at_once_and_not_mixed(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await leaky(cabinet_of, link_to)
    await leak(rig)
    await rig.until(LIST, is_now("1"))
    await hass.config.async_update(language="zh-Hans")
    await hass.async_block_till_done()
    alarm = await listed(rig)
    assert alarm["title"] == "报警：adw300 1"
    assert alarm["message"].startswith("剩余电流超过限值：600 mA，限值 300 mA（自 ")
    assert (await hazards(rig))[0]["summary"] == "adw300 1 · 剩余电流超过限值 · #1"
