"""For how long somebody asks to set an alarm aside, however that is written."""

import pytest
from homeassistant.exceptions import HomeAssistantError
from probatio import Invalid

from tests.integration.alarm_rigs import SAFETY, act, context_of, leak, leaky, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker


@pytest.mark.parametrize(
    "duration", ["inf", "1e400", "-inf", "nan", float("inf"), {"hours": float("inf")}, {"days": 1e30}, {"hours": "inf"}]
)
async def test_no_shelving_is_endless(cabinet_of: CabinetMaker, link_to: LinkMaker, duration: object) -> None:
    rig = await leaky(cabinet_of, link_to)
    await leak(rig)
    with pytest.raises((Invalid, HomeAssistantError)):
        await act(rig, "shelve", context_of(rig.hass, "Wang Li"), entity_id=SAFETY, duration=duration)
    assert recorded(rig, "shelve") == []
