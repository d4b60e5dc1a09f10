"""Automatic reclosing in Home Assistant: only where its owner opted in, put down step by step, and given up by much."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized

from custom_components.acrel_safety.aioacrel.alarms.levels import Level
from custom_components.acrel_safety.aioacrel.control import reclose, sightings
from custom_components.acrel_safety.aioacrel.control.policy import Reclosing
from custom_components.acrel_safety.aioacrel.control.rounds import Phase
from custom_components.acrel_safety.aioacrel.control.ties import Tie
from custom_components.acrel_safety.checked import UnfitError
from custom_components.acrel_safety.controlsettings import policy_of, sound_control
from custom_components.acrel_safety.desk import desk_of
from tests.integration.byitself_rigs import MODEL, OWN_RECLOSING, RECLOSES, BreakerRig, breaker
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import USUAL, administrator, reader, user
from tests.integration.flows import change_device
from tests.integration.rigs import is_now


@pytest.fixture
async def rig(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[BreakerRig]:
    """Return a breaker that recloses, and does not wait as long as it should: that is tested in virtual time."""
    monkeypatch.setattr(reclose, "DELAYS", (0.2, 0.2, 0.2))
    for module in (reclose, sightings):
        monkeypatch.setattr(module, "AFTER_SECONDS", 0.3)
    async with breaker(hass, tmp_path, cabinet_of, link_to, RECLOSES) as rig:
        await rig.shows("on")
        yield rig


async def test_without_the_opt_in_nothing_closes_by_itself(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with breaker(hass, tmp_path, cabinet_of, link_to, USUAL) as rig:
        await rig.trip()
        await rig.shows("off")
        rig.recover()
        await rig.link.polled(5, 5)
        assert (rig.writes, rig.operator.recloser, rig.find("sensor", "1_reclosing")) == (0, None, None)


async def test_after_over_voltage_it_is_closed_once_and_each_step_is_put_down(
    hass: HomeAssistant, rig: BreakerRig
) -> None:
    ready = await rig.is_at(Phase.READY)
    assert (ready.attributes["tries"], ready.attributes["why"]) == (0, None)
    await rig.trip()
    await rig.is_at(Phase.WAITING)
    assert rig.writes == 0
    rig.recover()
    await rig.is_at(Phase.RECLOSED)
    assert (rig.writes, rig.is_closed) == (1, True)
    steps = await rig.steps("reclosing")
    assert [step["phase"] for step in steps] == ["judging", "waiting", "trying", "reclosed"]
    (ended,) = await rig.steps("ended")
    assert (ended["caller"], ended["code"], ended["result"]) == ("reclosing", "RLYON", "confirmed")
    # Nobody knows of the trip yet.
    assert [one.code for one in desk_of(hass).alarms.standing() if str(one.level) == "trip"] == ["RlySta"]


async def test_an_unknown_cause_locks_it_over_a_reload_until_a_person_knows(
    hass: HomeAssistant, rig: BreakerRig
) -> None:
    rig.open()
    state = await rig.is_at(Phase.LOCKED)
    assert state.attributes["why"] == "cause_unknown"
    await rig.link.reload()
    state = await rig.is_at(Phase.LOCKED)
    assert (state.attributes["why"], rig.writes) == ("restarted", 0)
    (trip,) = [one for one in desk_of(hass).alarms.standing() if one.code == "RlySta"]
    await rig.act("acknowledge", await administrator(hass), alarm_id=trip.alarm_id)
    await rig.is_at(Phase.READY)
    assert rig.writes == 0


async def test_a_reload_while_it_waits_drops_it_and_says_so(rig: BreakerRig) -> None:
    await rig.trip()
    await rig.is_at(Phase.WAITING)
    await rig.link.reload()
    rig.recover()
    await rig.is_at(Phase.LOCKED)
    await rig.link.polled(5, 5)
    assert (rig.writes, rig.is_closed) == (0, False)
    whys = [step["why"] for step in await rig.steps("reclosing") if step["phase"] == "locked"]
    assert whys == ["restarted", "restarted"]


async def test_a_tag_hung_while_it_waits_locks_it(hass: HomeAssistant, rig: BreakerRig) -> None:
    await rig.trip()
    await rig.is_at(Phase.WAITING)
    ada = await administrator(hass)
    hung = await rig.act("hang_tag", ada, entity_id=rig.switch, reason="work on the line")
    rig.recover()
    state = await rig.is_at(Phase.LOCKED)
    assert state.attributes["why"] == "refused"
    await rig.act("remove_tag", ada, tag_id=hung["tags"][0]["tag_id"])
    await rig.link.polled(5, 5)
    assert (rig.writes, rig.is_closed) == (0, False)
    assert [step["detail"] for step in await rig.steps("reclosing")][-1] == "tagged"


async def test_a_person_cancels_it_and_who_may_only_read_cannot(hass: HomeAssistant, rig: BreakerRig) -> None:
    await rig.trip()
    await rig.is_at(Phase.WAITING)
    uwe = await user(hass)
    with pytest.raises(Unauthorized):
        await rig.act("cancel_reclosing", await reader(hass), entity_id=rig.switch)
    with pytest.raises(ServiceValidationError, match="no right"):
        await rig.act("cancel_reclosing", uwe, entity_id=rig.switch)
    refused = [entry for entry in await rig.recorded() if entry["what"] == "cancel_refused"]
    assert [(entry["by"], entry["reason"]) for entry in refused] == [("Uwe", "no_right")]
    assert rig.operator.recloser is not None
    assert rig.operator.recloser.rounds["1"].phase is Phase.WAITING
    subentry = rig.link.subentry(5)
    given = {**RECLOSES, "rights": {**RECLOSES["rights"], f"user:{uwe.id}": ["off"]}}
    async with rig.link.entry.setup_lock:
        hass.config_entries.async_update_subentry(rig.link.entry, subentry, data={**subentry.data, "control": given})
        await rig.act("cancel_reclosing", uwe, entity_id=rig.switch)
        await rig.is_at(Phase.LOCKED)
        assert (await rig.steps("reclosing"))[-1]["by"] == "Uwe"
    await hass.async_block_till_done()
    rig.recover()
    await rig.link.polled(5, 5)
    for who in (uwe, None):
        with pytest.raises(ServiceValidationError, match="no right"):
            await rig.act("release_reclosing", who, entity_id=rig.switch)
    assert (rig.writes, rig.is_closed) == (0, False)


async def test_an_acknowledgement_by_a_person_ends_it(hass: HomeAssistant, rig: BreakerRig) -> None:
    await rig.trip()
    await rig.is_at(Phase.WAITING)
    ada = await administrator(hass)
    device = rig.link.entity_id("binary_sensor", 5, "RlySta")
    await rig.act("acknowledge", ada, entity_id=device)
    await rig.is_at(Phase.READY)
    rig.recover()
    await rig.link.polled(5, 5)
    assert (rig.writes, rig.is_closed) == (0, False)


async def test_what_a_person_opened_stays_open(hass: HomeAssistant, rig: BreakerRig) -> None:
    rig.set("DOC_Over limit", is_on=True)
    await rig.link.until(rig.link.entity_id("binary_sensor", 5, "UHigh") or "", is_now("on"))
    await rig.turn("off", await administrator(hass))
    await rig.shows("off")
    rig.recover()
    await rig.link.polled(5, 8)
    assert (rig.writes, rig.is_closed) == (1, False)
    assert await rig.steps("reclosing") == []


async def test_an_owner_opts_in_and_out_by_the_dialog(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with breaker(hass, tmp_path, cabinet_of, link_to, {"enabled": True}) as rig:
        subentry_id = rig.link.subentry(5).subentry_id
        form = await change_device(hass, rig.link.entry, subentry_id, "control")
        usual = {"reclose": False, "reclose_low": 198.0, "reclose_high": 242.0, "cut_off": [], "may_cut_alone": False}
        assert form.entered_in("by_itself") == usual
        said = {"enabled": True, "administrators": ["on", "off"]}
        wanted = {**usual, "reclose": True}
        for values, wrong in (
            ({"may_close": False, "by_itself": wanted}, "reclose_needs_on"),
            ({"may_close": True, "by_itself": {**wanted, "reclose_low": 250.0}}, "bad_voltages"),
        ):
            await form.answer(**said, **values)
            assert form.errors == {"by_itself": wrong}
        tie = {"level": "pre_alarm", "quantity": "power", "circuit": "1", "delay": 5.0, "without_asking": True}
        await form.answer(**said, may_close=True, by_itself={**wanted, "cut_off": [tie, {"level": "alarm"}]})
        assert form.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        policy = policy_of(rig.link.subentry(5))
        assert policy.reclosing == Reclosing(low=198.0, high=242.0)
        power = Tie(level=Level.PRE_ALARM, family="power", circuit="1", delay=5.0, asks=False)
        assert policy.ties == (power, Tie(level=Level.ALARM))
        await rig.is_at(Phase.READY)
        form = await change_device(hass, rig.link.entry, subentry_id, "control")
        assert form.entered_in("by_itself") == {**wanted, "cut_off": [tie, {"level": "alarm"}]}
        await form.answer(**said, may_close=True)
        await hass.async_block_till_done()
        assert policy_of(rig.link.subentry(5)).reclosing is None
        assert (rig.find("sensor", "1_reclosing"), rig.writes) == (None, 0)


async def test_what_a_breaker_recloses_itself_is_shown_and_settable_where_its_limits_are_printed(
    hass: HomeAssistant, tmp_path: Path, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    model = MODEL + OWN_RECLOSING
    async with breaker(hass, tmp_path, cabinet_of, link_to, USUAL, model=model, allow_changes=True) as rig:
        await rig.shows("on")
        await rig.link.polled(5)
        count = rig.link.state("number", 5, "RcrCnt")
        assert (count.attributes["min"], count.attributes["max"]) == (0, 3)
        # Its limits are printed nowhere: nobody sets it.
        assert rig.link.entity_id("number", 5, "RcrDly") is None
        assert rig.link.state("sensor", 5, "AlrRcrCnt", "2").state == "0"
        assert rig.writes == 0
        wanted = {"entity_id": count.entity_id, "value": 2}
        ada = Context(user_id=(await administrator(hass)).id)
        await hass.services.async_call("number", "set_value", wanted, blocking=True, context=ada)
        assert (rig.writes, rig.unit.registers[0x2000]) == (1, 2)
        assert rig.operator.recloser is None


@pytest.mark.parametrize(
    "part",
    [
        {"reclosing": True},
        {"reclosing": {"low": 207}},
        {"reclosing": {"low": 253, "high": 207}},
        {"reclosing": {"low": float("nan"), "high": 250}},
        {"reclosing": {"low": 207, "high": 253, "tries": 9}},
        {"cut_off": {"level": "alarm"}},
        {"cut_off": [{"level": "fault"}]},
        {"cut_off": [{"level": "alarm", "delay": -1}]},
        {"cut_off": [{"level": "alarm", "quantity": "humidity"}]},
        {"cut_off": [{"level": "alarm", "on": True}]},
        {"may_cut_alone": 1},
    ],
)
def test_what_is_stored_and_not_understood_allows_nothing(part: Mapping[str, Any]) -> None:
    with pytest.raises(UnfitError):
        sound_control({**USUAL, **part})
