"""The dialog "Remote control" of a device: what is stored by it, what it allows, and who may open it."""

import asyncio
from contextlib import nullcontext

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.control.policy import Drive, Policy
from custom_components.acrel_safety.aioacrel.control.rights import Right
from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.checked import UnfitError
from custom_components.acrel_safety.controlsettings import policy_of, sound_control
from custom_components.acrel_safety.desk import desk_of
from tests.integration.alarm_rigs import recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_breaker import breaker
from tests.integration.control_rigs import USUAL, administrator, meter, user
from tests.integration.flows import change_device


async def test_an_owner_gives_rights_and_takes_them_back(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    uwe = await user(hass)
    async with meter(cabinet_of, link_to, None) as rig:
        assert rig.find("switch", "1_remote_breaker") is None
        form = await change_device(hass, rig.link.entry, rig.link.subentry(5).subentry_id, "control")
        assert form.step == "control"
        assert form.entered["enabled"] is False
        await form.answer(
            enabled=True, may_close=True, administrators=["on", "off"], users=[uwe.id], user_rights=["off"]
        )
        assert form.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        await rig.shows("on")
        await rig.turn("off", uwe)
        assert (rig.writes, rig.is_closed) == (1, False)
        form = await change_device(hass, rig.link.entry, rig.link.subentry(5).subentry_id, "control")
        assert (form.entered["users"], form.entered["user_rights"]) == ([uwe.id], ["off"])
        await form.answer(enabled=False, may_close=False)
        await hass.async_block_till_done()
        assert "control" not in rig.link.subentry(5).data
        assert rig.find("switch", "1_remote_breaker") is None
        assert rig.writes == 1


async def test_what_an_output_drives_is_said_once(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    link = await link_to(await cabinet_of({1: "adw300"}))
    form = await change_device(hass, link.entry, link.subentry(1).subentry_id, "control")
    said = {"enabled": True, "may_close": False, "administrators": ["off"]}
    await form.answer(**said, shunt_trip=["1/DO1"], signal=["1/DO1"])
    assert form.errors == {"signal": "output_named_twice"}
    await form.answer(**said, shunt_trip=["1/DO1"], signal=["1/DO2"])
    assert form.reason == "reconfigure_successful"
    await hass.async_block_till_done()
    policy = policy_of(link.subentry(1))
    assert policy.drives == {PointKey("1", "DO1"): Drive.SHUNT_TRIP, PointKey("1", "DO2"): Drive.SIGNAL}
    operated = {entity.translation_key for entity in link.entities() if "_control_" in entity.unique_id}
    assert operated == {"remote_trip", "remote_trip_end", "remote_signal"}
    assert [unit.writes for unit in link.cabinet.units.values()] == [[]]


RECLOSE = {"reclose": True, "reclose_low": 198.0, "reclose_high": 242.0}
BEHIND = {"downstream": "1/Ua", "downstream_above": 100, "downstream_below": 50}


async def test_what_cannot_be_is_said_at_its_field_and_nothing_of_it_is_saved(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    uwe = await user(hass)
    link = await link_to(await cabinet_of({1: "adw300"}), control={"enabled": False, "may_close": True})
    before = dict(link.subentry(1).data)
    form = await change_device(hass, link.entry, link.subentry(1).subentry_id, "control")
    said = {"enabled": True, "may_close": False, "administrators": ["off"]}
    # No sentence is missing in either language, nor what is filled in: `Walk` looks.
    for values, errors in (
        ({"users": [uwe.id]}, {"user_rights": "users_without_rights"}),
        ({"user_rights": ["off"]}, {"users": "rights_without_users"}),
        ({"downstream_above": 100}, {"downstream": "evidence_no_value"}),
        ({"downstream_below": 0}, {"downstream": "evidence_no_value"}),
        ({"downstream": "1/Ua", "downstream_below": 50}, {"downstream_above": "evidence_limits"}),
        ({"downstream": "1/Ua", "downstream_above": 50}, {"downstream_below": "evidence_limits"}),
        ({**BEHIND, "downstream_below": 100}, {"downstream_below": "evidence_limits"}),
        ({**BEHIND, "downstream_below": -1}, {"downstream_below": "evidence_range"}),
        ({**BEHIND, "downstream_above": 1e9}, {"downstream_above": "evidence_range"}),
        ({"by_itself": {"cut_off": [{"level": "alarm", "delay": -1}]}}, {"by_itself": "bad_delay"}),
        ({"by_itself": {"cut_off": [{"level": "alarm"}, {"level": "trip", "delay": 1e6}]}}, {"by_itself": "bad_delay"}),
    ):
        await form.answer(**said, **values)
        assert form.errors == errors
        assert dict(link.subentry(1).data) == before
    assert (form.placeholders["line"], form.placeholders["value"]) == ("2", "1000000.0")
    await form.answer(**said, **BEHIND, users=[uwe.id], user_rights=["off"])
    assert form.reason == "reconfigure_successful"
    await hass.async_block_till_done()


async def test_at_which_control_level_a_breaker_may_be_closed_is_the_owners_to_say_where_nobody_else_does(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with breaker(hass, cabinet_of, link_to, USUAL, explains_levels=False) as rig:
        ada = await administrator(hass)
        rig.say("CtrLevel", 2)
        rig.relay(closed=False)
        await rig.shows("off")
        for level, refusal in ((None, "CtrLevel@1 is 2"), (1, "CtrLevel@1 is 2"), (2, None)):
            form = await change_device(hass, rig.link.entry, rig.link.subentry(1).subentry_id, "control")
            rights = {"administrators": ["off", "on"], "enabled": True, "may_close": True}
            await form.answer(**rights, **({} if level is None else {"remote_level": level}))
            assert form.reason == "reconfigure_successful"
            await hass.async_block_till_done()
            await rig.shows("off")
            writes = rig.writes
            with pytest.raises(HomeAssistantError, match=refusal) if refusal else nullcontext():
                await rig.turn("on", ada)
            assert rig.writes - writes == (refusal is None)
        form = await change_device(hass, rig.link.entry, rig.link.subentry(1).subentry_id, "control")
        assert form.entered["remote_level"] == 2
        form.abandon()


async def test_only_what_the_model_has_is_offered_by_the_names_of_its_circuits(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    stored = {**USUAL, "rights": {"administrators": ["off", "tests"], "user:nobody": ["off"]}}
    link = await link_to(await cabinet_of({1: "adw300", 5: "ddsy1352", 8: "aim-r100"}), control=stored)
    for unit, rights in ((1, {"off", "on", "settings", "tags"}), (5, {"off", "on", "tags"})):
        form = await change_device(hass, link.entry, link.subentry(unit).subentry_id, "control")
        for grantee in ("administrators", "automations", "user_rights"):
            assert {*form.options(grantee)} == rights
        # What cannot be chosen any more does not stand in a field either: it would refuse the whole form.
        assert (form.entered["administrators"], form.entered["users"]) == (["off"], [])
        assert form.options("critical") == {"1": link.subentry(unit).title}
        assert ("reclose" in form.entered_in("by_itself")) is False
        form.abandon()
    # Nothing of it can be operated, and nobody may change its settings: there is nothing to give a right to.
    form = await change_device(hass, link.entry, link.subentry(8).subentry_id)
    assert form.step == "reconfigure"


async def test_of_another_device_in_its_place_nothing_is_allowed(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({5: "ddsy1352", 6: "ddsy1352"})
    link = await link_to(cabinet, {5: "ddsy1352"}, control=USUAL)
    subentry_id = link.subentry(5).subentry_id
    form = await change_device(hass, link.entry, subentry_id)
    await form.answer(unit_id=5, model="ddsy1352", name="Flat 3")
    await form.answer(**form.entered)
    assert "control" in link.entry.subentries[subentry_id].data
    form = await change_device(hass, link.entry, subentry_id)
    await form.answer(unit_id=6, model="ddsy1352", name="Flat 4")
    await form.answer(**form.entered)
    await hass.async_block_till_done()
    assert link.entry.subentries[subentry_id].data["unit_id"] == 6
    assert "control" not in link.entry.subentries[subentry_id].data


async def test_who_is_no_administrator_cannot_open_it(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "config", {})
    async with meter(cabinet_of, link_to, None) as rig:
        client = await hass_client()
        await administrator(hass)
        for one in await hass.auth.async_get_users():
            await hass.auth.async_update_user(one, group_ids=["system-users"])
        answer = await client.post(
            "/api/config/config_entries/subentries/flow",
            json={
                "handler": [rig.link.entry.entry_id, "device"],
                "subentry_id": rig.link.subentry(5).subentry_id,
            },
        )
        assert answer.status in (401, 403)


@pytest.mark.parametrize(
    "control",
    [
        7,
        {"enabled": "yes"},
        {"rights": {"everybody": ["off"]}},
        {"rights": {"user:": ["off"]}},
        {"rights": {"administrators": ["all"]}},
        {"rights": {"administrators": "off"}},
        {"drives": {"1/DO1": "pump"}},
        {"drives": {"DO1": "signal"}},
        {"critical": "1"},
        {"evidence": {"1": {"value": "1/Ua", "above": 1e9, "below": 1}}},
        {"evidence": {"1": {"value": "1/Ua", "above": 100, "below": -1}}},
        {"remote_level": "2"},
        {"remote_level": True},
        {"only_by_day": True},
    ],
)
async def test_what_is_stored_and_not_understood_allows_nothing(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, control: object
) -> None:
    with pytest.raises(UnfitError):
        sound_control(control)
    link = await link_to(await cabinet_of({5: "ddsy1352"}), control=control)
    assert link.entry.state is ConfigEntryState.LOADED
    assert link.entry.runtime_data.coordinators == {}


async def test_what_is_not_said_is_not_allowed(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    link = await link_to(await cabinet_of({5: "ddsy1352"}), control={"enabled": True})
    policy = policy_of(link.subentry(5))
    assert policy == Policy(is_enabled=True)
    assert not [right for right in Right for rights in policy.rights.given.values() if right in rights]


async def test_each_consent_is_put_down_also_while_its_link_is_loaded_anew(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits between the dialogs, and something comes when there is no link any more."""
    units = (5, 6, 7)
    link = await link_to(await cabinet_of(dict.fromkeys(units, "ddsy1352")))
    forms = [await change_device(hass, link.entry, link.subentry(unit).subentry_id, "control") for unit in units]
    await asyncio.gather(*(form.answer(enabled=True, may_close=False, administrators=["off"]) for form in forms))
    await hass.async_block_till_done()
    record = desk_of(hass).record
    await hass.config_entries.async_unload(link.entry.entry_id)
    record.put_down(Kind.NOTE, {"what": "after the last link"})
    await record.async_written()
    consents = [entry for entry in recorded(link, Kind.SETTING) if entry["what"] == "control"]
    assert len(consents) == len(units)
    assert [entry["what"] for entry in recorded(link, Kind.NOTE)] == ["after the last link"]
    assert record.journal is None
    assert "could not be put down" not in caplog.text
