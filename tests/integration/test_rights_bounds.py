"""What is refused at the door: too much of one person, limits that mean nothing, and who may not, whatever is to do."""

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY
from homeassistant.exceptions import ServiceValidationError, Unauthorized

from custom_components.acrel_safety import often
from tests.integration.alarm_rigs import SAFETY, act, context_of, leak, leaky, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import is_now


async def test_one_person_cannot_push_everything_else_out_of_the_record(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await leaky(cabinet_of, link_to)
    state = await leak(rig)
    call = rig.hass.services.async_call
    item = {"entity_id": "todo.cabinet_hazards", "item": state.attributes["occurrence"]}
    hasty, other = context_of(rig.hass, "Wang Li"), context_of(rig.hass, "Anna")
    test = {"entity_id": SAFETY, "kind": "self_test", "passed": True}
    for number in range(often.MOST_A_MINUTE):
        await act(rig, "record_test", hasty, **test, comment=f"{number}" * 500)
    for action, data in (("record_test", test), ("shelve", {"entity_id": SAFETY, "duration": {"hours": 1}})):
        with pytest.raises(ServiceValidationError, match="within a minute at most 30 entries"):
            await act(rig, action, hasty, **data)
    with pytest.raises(ServiceValidationError, match="within a minute"):
        await call("todo", "update_item", {**item, "description": "x"}, blocking=True, context=hasty)
    assert len(recorded(rig, "test")) == often.MOST_A_MINUTE
    assert recorded(rig, "shelve") == recorded(rig, "note") == []
    # Nobody else is kept from anything, and nobody from acknowledging.
    await act(rig, "record_test", other, **test)
    await act(rig, "acknowledge", hasty, entity_id=SAFETY, comment="seen")
    assert [entry["comment"] for entry in recorded(rig, "acknowledge")] == ["seen"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"quantity": "residual_current", "limit": -5}, "between 0 and"),
        ({"quantity": "residual_current", "limit": 1e8}, "never be met"),
        ({"quantity": "residual_current", "limit": 300, "hysteresis": 1e9}, "300 at most"),
        ({"quantity": "residual_current", "limit": 300, "hysteresis": 301}, "300 at most"),
        ({"quantity": "temperature", "limit": 3000}, "never be met"),
        ({"quantity": "voltage", "limit": 200, "below": True, "hysteresis": 1e8}, "at most"),
        ({"quantity": "residual_current", "limit": 300, "on_delay": 1e8}, "on_delay"),
        ({"quantity": "residual_current", "limit": 300, "off_delay": -1}, "off_delay"),
        ({"quantity": "current", "compared_with": "rating", "rated_current": 63, "limit": -90}, "between 0 and 1000"),
        ({"quantity": "current", "compared_with": "spread", "limit": -1}, "between 0 and"),
    ],
)  # fmt: skip
async def test_limits_that_no_value_can_be_beyond_are_refused(
    cabinet_of: CabinetMaker, link_to: LinkMaker, wanted: dict[str, object], said: str
) -> None:
    rig = await leaky(cabinet_of, link_to)
    chief = context_of(rig.hass, "Chief", GROUP_ID_ADMIN)
    with pytest.raises(ServiceValidationError, match=said):
        await act(rig, "set_limit", chief, entity_id=SAFETY, **wanted)
    assert "limits" not in rig.subentry(1).data
    assert recorded(rig, "limit") == []


async def test_who_may_not_is_refused_also_where_there_is_nothing_to_do(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await leaky(cabinet_of, link_to)
    await rig.until(SAFETY, is_now("safe"))
    guest, person = context_of(rig.hass, "Guest", GROUP_ID_READ_ONLY), context_of(rig.hass, "Wang Li")
    for target in (SAFETY, "sensor.cabinet_safety"):
        for action in ("acknowledge", "silence", "reset", "unshelve", "put_back_in_service", "take_out_of_service"):
            with pytest.raises(Unauthorized):
                await act(rig, action, guest, entity_id=target)
            with pytest.raises(ServiceValidationError, match="automations"):
                await act(rig, action, entity_id=target)
        with pytest.raises(Unauthorized):
            await act(rig, "shelve", guest, entity_id=target, duration={"hours": 1})
        for action in ("acknowledge", "silence", "reset", "unshelve"):
            await act(rig, action, person, entity_id=target)
        for action in ("put_back_in_service", "take_out_of_service"):
            with pytest.raises(Unauthorized):
                await act(rig, action, person, entity_id=target)
