"""The record in Home Assistant's logbook: who did what, where, with the figures."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.acrel_safety.logged import RECORDED
from tests.integration.alarm_rigs import SAFETY, act, context_of, leak, leaky
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import LinkRig


class Said:
    """What is told to the logbook, as it comes."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen from now on."""
        self._queue: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

        @callback
        def take(event: Event[Mapping[str, Any]]) -> None:
            self._queue.put_nowait(event.data)

        hass.bus.async_listen(RECORDED, take)

    async def next(self) -> tuple[str, str, str | None]:
        """Return place, sentence and entity."""
        async with asyncio.timeout(60):
            data = await self._queue.get()
        return data["name"], data["message"], data.get("entity_id")


async def test_an_alarm_is_told_from_its_first_sign_to_its_end_with_who_did_what(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    said = Said(hass)
    rig = await leaky(cabinet_of, link_to)
    await leak(rig)
    what = "Residual current above the limit"
    assert await said.next() == ("adw300 1", f"Alarm: {what}: 600 mA, limit 300 mA", SAFETY)
    person = context_of(hass, "Wang Li")
    await act(rig, "acknowledge", person, entity_id=SAFETY, comment="Old pump")
    assert await said.next() == ("adw300 1", f"acknowledged: {what} · Wang Li · Old pump", SAFETY)
    rig.cabinet.units[1].hold("Lg", 10)
    assert await said.next() == ("adw300 1", f"ended: {what}: at worst 600 mA, now 10 mA, limit 300 mA", SAFETY)
    await act(rig, "record_test", person, entity_id=SAFETY, kind="self_test", passed=False, comment="Button stuck")
    assert await said.next() == ("adw300 1", "test · Self-test failed · Wang Li · Button stuck", SAFETY)
    admin = context_of(hass, "Owner", GROUP_ID_ADMIN)
    await act(rig, "set_limit", admin, entity_id=SAFETY, quantity="residual_current", limit=200)
    assert await said.next() == ("adw300 1", "limit changed · Alarm: Residual current: 200 · Owner", SAFETY)


async def test_an_alarm_that_nobody_acknowledged_is_told_to_be_over(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    said = Said(hass)
    rig = await leaky(cabinet_of, link_to)
    await leak(rig)
    await said.next()
    rig.cabinet.units[1].hold("Lg", 10)
    _, message, _ = await said.next()
    over = "over, not acknowledged or reset yet: Residual current above the limit"
    assert message == f"{over}: at worst 600 mA, now 10 mA, limit 300 mA"


async def test_the_logbook_finds_it_by_the_place(
    recorder_mock: object,
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    hass_ws_client: WebSocketGenerator,
) -> None:
    assert await async_setup_component(hass, "logbook", {})
    rig = await leaky(cabinet_of, link_to)
    await leak(rig)
    rows = await _rows(rig, hass_ws_client, SAFETY)
    (row,) = [row for row in rows if row.get("state") == RECORDED]
    assert row["name"] == "adw300 1"
    assert row["message"] == "Alarm: Residual current above the limit: 600 mA, limit 300 mA"
    assert "entity_id" not in row
    # What somebody fired is not shown as an entry of the record.
    hass.bus.async_fire(RECORDED, {"message": "reset", "entity_id": SAFETY}, context=context_of(hass, "Rita"))
    rows = await _rows(rig, hass_ws_client, SAFETY)
    assert [one["message"] for one in rows if one.get("state") == RECORDED] == [row["message"]]
    assert [one["message"] for one in rows if one.get("domain") == "acrel_safety" and one.get("state") != RECORDED] == [
        "no entry of the safety record: somebody fired this event"
    ]
    other = await _rows(rig, hass_ws_client, "sensor.cabinet_safety")
    assert [one for one in other if one.get("state") == RECORDED] == []


async def _rows(rig: LinkRig, client: WebSocketGenerator, entity_id: str) -> Sequence[Mapping[str, Any]]:
    """Return what the logbook has of an entity."""
    await get_instance(rig.hass).async_block_till_done()
    socket = await client(rig.hass)
    begin = dt_util.utcnow() - timedelta(hours=1)
    asked = {"start_time": begin.isoformat(), "entity_ids": [entity_id]}
    await socket.send_json_auto_id({"type": "logbook/get_events", **asked})
    answer = await socket.receive_json()
    assert answer["success"], answer
    rows: Sequence[Mapping[str, Any]] = answer["result"]
    return rows
