"""What an owner sees of alarms, and what persons and automations may do to them."""

from pathlib import Path
from typing import Any, cast

import pytest
from homeassistant.auth.const import GROUP_ID_READ_ONLY
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE, EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import Context, CoreState, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety.aioacrel.alarms.notices import Notice
from custom_components.acrel_safety.aioacrel.journal import verify
from custom_components.acrel_safety.const import DOMAIN, RECORD_FILE
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.issues import RECORD_TROUBLE
from tests.integration.alarm_rigs import SAFETY, Fired, act, context_of, leak, leaky, recorded, safety_of
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, device, is_now, link_entry, until_issue

UNSAFE = "binary_sensor.adw300_1_safety_alarm"
EVENT, CONNECTION = "event.adw300_1_alarm_event", "binary_sensor.adw300_1_connection"


@pytest.fixture
async def person(hass: HomeAssistant) -> Context:
    """Return the context of a person who is no administrator."""
    return context_of(hass, "Wang Li")


@pytest.fixture
async def owner(hass: HomeAssistant, hass_admin_user: MockUser) -> Context:
    """Return the context of an administrator."""
    return Context(user_id=hass_admin_user.id)


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    """Return a link with an ADW300 that has a limit of 300 mA but no bit for it, and no delay worth waiting for."""
    return await leaky(cabinet_of, link_to)


async def listed(rig: LinkRig, **data: object) -> list[dict[str, Any]]:
    answer = await rig.hass.services.async_call(DOMAIN, "list_alarms", data, blocking=True, return_response=True)
    assert answer is not None
    return cast("list[dict[str, Any]]", answer["alarms"])


async def all_in_all(rig: LinkRig) -> object:
    """Return the word for all there is, as the list of alarms says it."""
    answer = await rig.hass.services.async_call(DOMAIN, "list_alarms", {}, blocking=True, return_response=True)
    assert answer is not None
    return answer["safety"]


async def test_a_leak_above_the_devices_own_limit_is_seen_though_the_manual_prints_no_bit_for_it(rig: LinkRig) -> None:
    state = await leak(rig)
    assert state.name == "adw300 1 Safety"
    told = state.attributes
    assert (told["cause"], told["value"], told["limit"], told["unit"]) == (
        "Residual current above the limit", 600, 300, "mA"
    )  # fmt: skip
    assert (told["board"], told["level"], told["state"], told["derived"]) == (
        "adw300 1", "alarm", "unacknowledged", True
    )  # fmt: skip
    assert told["since"]
    assert rig.hass.states.is_state(UNSAFE, "on")
    assert rig.hass.states.is_state("sensor.cabinet_safety", "alarm")
    assert rig.hass.states.is_state("binary_sensor.cabinet_safety_alarm", "on")
    event = await rig.until(EVENT, lambda state: state.attributes["event_type"] == "raised")
    assert (event.attributes["board"], event.attributes["value"]) == ("adw300 1", 600)


async def test_the_value_of_an_alarm_that_stands_is_told_on(rig: LinkRig) -> None:
    await leak(rig)
    rig.cabinet.units[1].hold("Lg", 900)
    await rig.until(SAFETY, lambda state: state.attributes["value"] == 900)


async def test_what_cannot_be_seen_is_neither_safe_nor_quiet(rig: LinkRig) -> None:
    await rig.until(SAFETY, is_now("safe"))
    rig.cabinet.set_scenario("silent", 1)
    await rig.until(SAFETY, is_now("not_seen"))
    assert rig.hass.states.is_state(UNSAFE, "unknown")
    assert rig.hass.states.is_state(CONNECTION, "off")
    assert rig.hass.states.is_state("sensor.cabinet_safety", "not_seen")
    assert rig.hass.states.is_state("binary_sensor.cabinet_connection", "off")
    rig.cabinet.set_scenario("normal", 1)
    await rig.until(SAFETY, is_now("safe"))
    assert rig.hass.states.is_state(CONNECTION, "on")


@pytest.mark.parametrize("is_gone", [False, True], ids=["a device without a model", "a link that cannot be reached"])
async def test_what_is_set_up_and_cannot_be_loaded_is_not_seen(
    rig: LinkRig, cabinet_of: CabinetMaker, is_gone: bool
) -> None:
    await rig.until(SAFETY, is_now("safe"))
    assert await all_in_all(rig) == "safe"
    other = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    entry = link_entry(other, [device(7, "asj10l"), device(8, "aim-r100" if is_gone else "no-such-model")])
    entry.add_to_hass(rig.hass)
    if is_gone:
        await other.stop()
    assert await rig.hass.config_entries.async_setup(entry.entry_id) is not is_gone
    await rig.hass.async_block_till_done()
    if not is_gone:
        await rig.until("sensor.asj10l_7_safety", is_now("safe"))
        (word,) = [
            one for one in rig.hass.states.async_entity_ids("sensor") if one.startswith("sensor.cabinet_safety_")
        ]
        assert rig.hass.states.is_state(word, "not_seen")
    assert rig.hass.states.is_state(SAFETY, "safe")
    assert await all_in_all(rig) == "not_seen"
    fired = Fired(rig.hass)
    holds = await fired.ask({"unsafe": {"condition": "acrel_safety.is_not_safe"}})
    assert holds() == {"unsafe"}
    await fired.end()


async def test_an_alarm_whose_value_is_back_is_held_until_a_person_acknowledges(rig: LinkRig, person: Context) -> None:
    await leak(rig)
    rig.cabinet.units[1].hold("Lg", 10)
    await rig.until(SAFETY, lambda state: state.attributes["state"] == "returned_unacknowledged")
    assert rig.hass.states.is_state(SAFETY, "alarm")
    await act(rig, "acknowledge", person, entity_id=SAFETY, comment="Kettle")
    await rig.until(SAFETY, is_now("safe"))
    (entry,) = recorded(rig, "acknowledge")
    assert (entry["by"], entry["comment"], entry["board"]) == ("Wang Li", "Kettle", "adw300 1")


@pytest.mark.parametrize("allowed", [False, True])
async def test_automations_acknowledge_only_where_the_owner_allows_it(
    cabinet_of: CabinetMaker, link_to: LinkMaker, allowed: bool
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    cabinet.units[1].hold("LgHighVal02", 300)
    cabinet.units[1].hold("LgHighTim", 0.1)
    rig = await link_to(cabinet, intervals=QUICK, allow_automations=allowed)
    await leak(rig)
    if allowed:
        await act(rig, "acknowledge", Context(), entity_id=SAFETY)
    else:
        with pytest.raises(ServiceValidationError, match="are for persons"):
            await act(rig, "acknowledge", Context(), entity_id=SAFETY)
    state = rig.hass.states.get(SAFETY)
    assert state is not None
    assert state.attributes["state"] == ("acknowledged" if allowed else "unacknowledged")
    assert [entry["by"] for entry in recorded(rig, "acknowledge")] == (["automation"] if allowed else [])


async def test_a_person_who_may_only_look_acknowledges_nothing(rig: LinkRig) -> None:
    await leak(rig)
    with pytest.raises(Unauthorized):
        await act(rig, "acknowledge", context_of(rig.hass, "Guest", GROUP_ID_READ_ONLY), entity_id=SAFETY)
    assert [alarm["state"] for alarm in await listed(rig)] == ["unacknowledged"]


async def test_the_list_says_where_and_how_much(rig: LinkRig, person: Context) -> None:
    assert await listed(rig) == []
    await leak(rig)
    (alarm,) = await listed(rig, entity_id=SAFETY)
    assert (alarm["board"], alarm["code"], alarm["value"], alarm["entity_id"]) == ("adw300 1", "Lg", 600, SAFETY)
    with pytest.raises(ServiceValidationError, match="no such alarm"):
        await act(rig, "acknowledge", person, alarm_id=alarm["alarm_id"], occurrence="of yesterday")
    await act(rig, "acknowledge", person, alarm_id=alarm["alarm_id"], occurrence=alarm["occurrence"])
    assert [(one["state"], one["acknowledged"]) for one in await listed(rig)] == [("acknowledged", True)]


async def test_an_action_that_names_nothing_of_ours_says_so(rig: LinkRig, person: Context) -> None:
    for data in ({}, {"entity_id": "light.kitchen"}):
        with pytest.raises(ServiceValidationError, match="Name an alarm"):
            await act(rig, "acknowledge", person, **data)


async def test_a_shelved_alarm_is_still_no_safety_and_nothing_is_shelved_for_ever(
    rig: LinkRig, person: Context
) -> None:
    await leak(rig)
    with pytest.raises(ServiceValidationError, match="8"):
        await act(rig, "shelve", person, entity_id=SAFETY, duration={"hours": 9})
    await act(rig, "shelve", person, entity_id=SAFETY, duration={"hours": 2})
    (alarm,) = await listed(rig)
    assert (alarm["state"], bool(alarm["shelved_until"])) == ("shelved", True)
    assert rig.hass.states.is_state(SAFETY, "alarm")
    await act(rig, "unshelve", person, entity_id=SAFETY)
    assert [one["state"] for one in await listed(rig)] == ["unacknowledged"]


async def test_an_alarm_out_of_service_is_still_no_safety_and_only_administrators_take_it_out(
    rig: LinkRig, owner: Context, person: Context
) -> None:
    await leak(rig)
    with pytest.raises(Unauthorized):
        await act(rig, "take_out_of_service", person, entity_id=SAFETY)
    with pytest.raises(ServiceValidationError, match="are for persons"):
        await act(rig, "take_out_of_service", Context(), entity_id=SAFETY)
    await act(rig, "take_out_of_service", owner, entity_id=SAFETY, comment="New cable")
    assert [one["state"] for one in await listed(rig)] == ["out_of_service"]
    rig.cabinet.units[1].hold("Lg", 10)
    await rig.until(SAFETY, lambda state: state.attributes["value"] == 10)
    assert not rig.hass.states.is_state(SAFETY, "safe")
    await act(rig, "put_back_in_service", owner, entity_id=SAFETY)
    assert [one["state"] for one in await listed(rig)] == ["returned_unacknowledged"]


async def test_all_that_stands_at_a_place_is_told_in_short_besides_the_gravest(rig: LinkRig, owner: Context) -> None:
    await act(rig, "set_limit", owner, quantity="residual_current", level="pre_alarm", limit=150, entity_id=SAFETY)
    state = await leak(rig)
    (other,) = state.attributes["others"]
    assert (other["level"], other["limit"], other["cause"]) == ("pre_alarm", 150, "Residual current above the limit")
    assert (state.attributes["limit"], state.attributes["others_count"], state.attributes["unacknowledged"]) == (
        300, 1, 2
    )  # fmt: skip


async def test_an_owners_limit_raises_its_alarm_and_is_gone_when_it_is_taken_away(
    rig: LinkRig, owner: Context, person: Context
) -> None:
    await rig.until(SAFETY, is_now("safe"))
    limit = {"quantity": "residual_current", "level": "pre_alarm", "entity_id": SAFETY}
    with pytest.raises(Unauthorized):
        await act(rig, "set_limit", person, **limit, limit=1)
    with pytest.raises(ServiceValidationError, match="nothing that adw300 1 measures"):
        await act(rig, "set_limit", owner, **{**limit, "quantity": "humidity"}, limit=1)
    assert await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    with pytest.raises(ServiceValidationError, match="No limit was changed"):
        await act(rig, "set_limit", owner, **limit, limit=1)
    assert await rig.hass.config_entries.async_setup(rig.entry.entry_id)
    await rig.until(SAFETY, is_now("safe"))
    rig.cabinet.units[1].hold("Lg", 100)
    await act(rig, "set_limit", owner, **limit, limit=50)
    await rig.hass.async_block_till_done()
    state = await rig.until(SAFETY, is_now("pre_alarm"))
    assert (state.attributes["value"], state.attributes["limit"]) == (100, 50)
    assert rig.hass.states.is_state(UNSAFE, "off")
    (entry,) = recorded(rig, "limit")
    assert (entry["limit"], entry["family"], entry["board"]) == (50, "residual_current", "adw300 1")
    await act(rig, "set_limit", owner, **limit)
    await rig.hass.async_block_till_done()
    await rig.until(SAFETY, is_now("safe"))


async def test_what_was_acknowledged_stays_so_over_a_reload_and_is_recorded_once(rig: LinkRig, person: Context) -> None:
    await leak(rig)
    await act(rig, "acknowledge", person, entity_id=SAFETY)
    (before,) = await listed(rig)
    await rig.reload()
    await rig.until(SAFETY, is_now("alarm"))
    (after,) = await listed(rig)
    assert {key: after[key] for key in ("occurrence", "state", "since")} == {
        key: before[key] for key in ("occurrence", "state", "since")
    }
    assert [entry["what"] for entry in recorded(rig, "alarm")] == ["raised"]


async def test_each_circuit_of_a_board_has_its_own_word_and_event(cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, intervals=QUICK)
    words = {
        circuit: er.async_get(rig.hass).async_get_entity_id(
            "sensor", DOMAIN, f"{rig.subentry(8).subentry_id}_alarms_{circuit}_safety"
        )
        for circuit in ("2", "3", "all")
    }
    second, third, whole = (words[circuit] for circuit in ("2", "3", "all"))
    assert second is not None
    assert third is not None
    assert whole is not None
    await rig.until(whole, is_now("safe"))
    cabinet.set_scenario("leak", 8, circuit="2")
    cabinet.advance(60)
    state = await rig.until(second, is_now("alarm"))
    assert state.attributes["board"] == "aim-r100 8"
    assert state.attributes["circuit_name"] == "Circuit 2"
    assert rig.hass.states.is_state(third, "safe")
    assert rig.hass.states.is_state(whole, "alarm")
    assert {alarm["circuit"] for alarm in await listed(rig, entity_id=second)} == {"2"}
    assert await listed(rig, entity_id=third) == []


# -- starts, ends, and what is wrong with them ----------------------------------------------------------------------


async def test_what_is_on_already_at_the_start_is_told_when_there_is_somebody_to_tell(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    for code, value in {"LgHighVal02": 300, "LgHighTim": 0.1, "Lg": 600}.items():
        cabinet.units[1].hold(code, value)
    hass.set_state(CoreState.starting)
    sent: list[Notice] = []
    desk_of(hass).listen_to_notices(sent.append)
    rig = await link_to(cabinet, intervals=QUICK)
    await rig.until(SAFETY, is_now("alarm"))
    event = await rig.until(EVENT, lambda state: state.attributes["event_type"] == "raised")
    assert event.attributes["value"] == 600
    # Longer than what comes of one cause is waited for.
    await rig.polled(1, times=10)
    assert sent == []
    # Whoever has an account can fire that, too early.
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await rig.polled(1, times=10)
    assert sent == []
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    # Automations that begin together are waited for.
    while not sent:
        await rig.polled(1)
    assert [[one.code for one in notice.alarms] for notice in sent] == [["Lg"]]


async def test_the_record_is_whole_when_home_assistant_has_ended(rig: LinkRig, person: Context) -> None:
    await leak(rig)
    await act(rig, "acknowledge", person, entity_id=SAFETY)
    rig.hass.set_state(CoreState.final_write)
    rig.hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await rig.hass.async_block_till_done()
    assert desk_of(rig.hass).record.journal is None
    found = verify(Path(rig.hass.config.path(DOMAIN)) / RECORD_FILE)
    assert found.is_whole
    assert [len(recorded(rig, kind)) for kind in ("start", "acknowledge", "stop")] == [1, 1, 1]


async def test_a_record_that_cannot_be_kept_is_a_repair_and_ends_no_alarm(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, person: Context
) -> None:
    folder = Path(hass.config.path(DOMAIN))
    await hass.async_add_executor_job(folder.write_text, "in the way")
    cabinet = await cabinet_of({1: "adw300"})
    cabinet.units[1].hold("LgHighVal02", 300)
    cabinet.units[1].hold("LgHighTim", 0.1)
    rig = await link_to(cabinet, intervals=QUICK)
    await leak(rig)
    await until_issue(hass, RECORD_TROUBLE)
    await act(rig, "acknowledge", person, entity_id=SAFETY)
    assert [alarm["state"] for alarm in await listed(rig)] == ["acknowledged"]
    await rig.reload()
    await rig.until(SAFETY, is_now("alarm"))
    assert [alarm["state"] for alarm in await listed(rig)] == ["acknowledged"], "kept in memory meanwhile"


async def test_an_alarm_whose_entity_a_person_disabled_is_not_watched_and_that_is_said(rig: LinkRig) -> None:
    entity_id = rig.entity_id("binary_sensor", 1, "UHigh")
    assert entity_id is not None
    er.async_get(rig.hass).async_update_entity(entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await rig.reload()
    state = await rig.until(SAFETY, is_now("safe"))
    assert state.attributes["not_watched"] == ["Over-voltage"]
    rig.cabinet.units[1].hold("UHigh", value=True)
    await rig.polled(1, times=3)
    assert rig.hass.states.is_state(SAFETY, "safe")


async def test_a_disabled_device_is_no_alarm_and_its_entities_come_back_with_it(rig: LinkRig) -> None:
    registry, devices = er.async_get(rig.hass), dr.async_get(rig.hass)
    device = devices.async_get_device_by_identifier((DOMAIN, rig.subentry(1).subentry_id), rig.entry.entry_id)
    assert device is not None
    before = {entity.entity_id for entity in rig.entities()}
    devices.async_update_device(device.id, disabled_by=dr.DeviceEntryDisabler.USER)
    await rig.reload()
    assert rig.source(1).unit.groups() == []
    assert await listed(rig) == []
    assert {entity.entity_id for entity in rig.entities()} == before
    devices.async_update_device(device.id, disabled_by=None)
    await rig.reload()
    await rig.until(SAFETY, is_now("safe"))
    assert registry.async_get(EVENT) is not None


async def test_of_a_device_that_was_removed_nothing_stands_any_more(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300", 7: "asj10l"})
    cabinet.units[1].hold("LgHighVal02", 300)
    cabinet.units[1].hold("LgHighTim", 0.1)
    rig = await link_to(cabinet, intervals=QUICK)
    await leak(rig)
    rig.hass.config_entries.async_remove_subentry(rig.entry, rig.subentry(1).subentry_id)
    await rig.hass.async_block_till_done()
    assert await listed(rig) == []
    record = desk_of(rig.hass).record
    await record.async_written()
    assert record.journal is not None
    assert await record.journal.standing() == {}
    await rig.until("sensor.cabinet_safety", is_now("safe"))


async def test_the_demos_trip_of_a_prepaid_meter_is_seen_as_one_until_it_is_reset(
    cabinet_of: CabinetMaker, link_to: LinkMaker, person: Context
) -> None:
    cabinet = await cabinet_of({5: "ddsy1352"})
    rig = await link_to(cabinet, intervals=QUICK)
    safety = safety_of(rig, 5)
    await rig.until(safety, is_now("safe"))
    cabinet.set_scenario("trip", 5)
    await rig.until(safety, is_now("tripped"))
    cabinet.set_scenario("normal", 5)
    await rig.until(safety, lambda state: state.attributes["state"] == "returned_unacknowledged")
    await act(rig, "acknowledge", person, entity_id=safety)
    await act(rig, "reset", person, entity_id=safety)
    await rig.until(safety, is_now("safe"))
