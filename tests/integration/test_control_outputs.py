"""The outputs of an ADW300: what one drives decides what it is here, who may, and what tells that it is done."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety import doubts as doubting
from custom_components.acrel_safety.aioacrel.control.evidence import Contact, Threshold
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.checked import UnfitError
from custom_components.acrel_safety.controlsettings import policy_of, sound_control
from tests.aioacrel.control_rigs import time_passing
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ALL, USUAL, ControlRig, administrator, user
from tests.integration.flows import change_device
from tests.integration.rigs import QUICK, is_not, is_now

UNIT = 1
STATE, MODE, SOURCE = (0x01C2, 0x01C3), (0x01E5, 0x01E8), (0x01E6, 0x01E9)
CONTACT = {"1": {"contact": "1/DI1", "closed": True}}
FREE: Mapping[str, Any] = {**USUAL, "rights": {"administrators": ALL, "automations": ALL}}

type Instruments = Callable[..., AbstractAsyncContextManager[ControlRig]]


@pytest.fixture
def instrument(cabinet_of: CabinetMaker, link_to: LinkMaker) -> Instruments:
    @asynccontextmanager
    async def make(wiring: str, drives: Mapping[str, str], **control: Any) -> AsyncGenerator[ControlRig]:  # noqa: ANN401 - whatever is stored
        cabinet = await cabinet_of({UNIT: "adw300"}, options={UNIT: {"wiring": wiring}})
        stored = {**FREE, "drives": drives, **control}
        rig = ControlRig(await link_to(cabinet, intervals=QUICK, control=stored), UNIT)
        async with time_passing(cabinet.advance):
            await rig.link.polled(UNIT)
            yield rig

    return make


@pytest.fixture
async def ada(hass: HomeAssistant) -> MockUser:
    return await administrator(hass)


def word(rig: ControlRig, address: int) -> int:
    return rig.link.cabinet.units[UNIT].registers[address]


def put(rig: ControlRig, address: int, *values: int) -> None:
    """Change something at the instrument itself; nothing is sent for it."""
    rig.link.cabinet.units[UNIT].device.write(address, list(values))


def is_breaker_closed(rig: ControlRig) -> bool:
    return rig.link.cabinet.units[UNIT].truth()["1"]["DI1"] is True


async def press(rig: ControlRig, button: str, who: MockUser | None) -> None:
    data = {"entity_id": rig.handle("button", button)}
    context = Context(user_id=None if who is None else who.id)
    await rig.hass.services.async_call("button", "press", data, blocking=True, context=context)


@pytest.mark.parametrize(("output", "mode"), [(1, "level"), (2, "level"), (1, "pulse"), (2, "pulse")])
@pytest.mark.parametrize("who", ["administrator", "automation"])
async def test_a_shunt_trip_is_a_button_and_opens_the_breaker_as_its_contact_says(
    instrument: Instruments, ada: MockUser, output: int, mode: str, who: str
) -> None:
    if output == 2:
        # The second output of the simulated board drives nothing: there the output itself tells.
        wiring, evidence = "none", {}
    else:
        wiring, evidence = "shunt_trip", CONTACT
    rights = {"administrators": ALL, "automations": ["off"]}
    async with instrument(wiring, {f"1/DO{output}": "shunt_trip"}, rights=rights, evidence=evidence) as rig:
        put(rig, MODE[output - 1], int(mode == "pulse"), 0, 1)
        await press(rig, f"1_DO{output}_remote_trip", ada if who == "administrator" else None)
        assert rig.writes == 1
        assert is_breaker_closed(rig) is (output == 2)
        (ended,) = [entry for entry in await rig.recorded() if entry["what"] == "ended"]
        assert (ended["effect"], ended["result"]) == ("open", "confirmed")
        assert rig.find("switch", f"1_DO{output}_remote_contactor") is None
        if output == 1:
            assert ended["position"] is False
        if mode == "level" and output == 1:
            await press(rig, "1_DO1_remote_trip", ada)
        elif mode == "level":
            # Once more: the output is on already, and that tells of no breaker.
            with pytest.raises(ServiceValidationError, match="its position is not known"):
                await press(rig, "1_DO2_remote_trip", ada)
        assert rig.writes == 1


async def test_the_output_of_a_shunt_trip_goes_off_again_by_a_button_of_its_own(
    instrument: Instruments, ada: MockUser
) -> None:
    async with instrument("shunt_trip", {"1/DO1": "shunt_trip"}, may_close=False, evidence=CONTACT) as rig:
        await press(rig, "1_DO1_remote_trip", ada)
        assert word(rig, STATE[0]) & 1
        await press(rig, "1_DO1_remote_trip_end", ada)
        assert not word(rig, STATE[0]) & 1
        # It opens nothing and closes nothing: the breaker is closed by hand.
        assert (rig.writes, is_breaker_closed(rig)) == (2, False)


async def test_a_contactor_that_is_held_open_by_its_output_is_on_while_that_is_off(
    instrument: Instruments, ada: MockUser
) -> None:
    async with instrument("contactor", {"1/DO1": "breaking_contactor"}, evidence=CONTACT) as rig:
        switch = rig.handle("switch", "1_DO1_remote_contactor")
        await rig.link.until(switch, is_now("on"))
        await rig.turn("off", ada, entity_id=switch)
        assert (word(rig, STATE[0]) & 1, is_breaker_closed(rig), rig.writes) == (1, False, 1)
        await rig.link.until(switch, is_now("off"))
        await rig.turn("on", ada, entity_id=switch)
        assert (word(rig, STATE[0]) & 1, is_breaker_closed(rig), rig.writes) == (0, True, 2)
        await rig.link.until(switch, is_now("on"))
        effects = [entry["effect"] for entry in await rig.recorded() if entry["what"] == "ended"]
        assert effects == ["open", "close"]


async def test_what_a_contactor_that_is_held_open_is_said_to_be_is_the_circuit_and_not_the_output(
    instrument: Instruments, ada: MockUser
) -> None:
    """Nothing but the output tells here."""
    async with instrument("contactor", {"1/DO1": "breaking_contactor", "1/DO2": "shunt_trip"}) as rig:
        switch = rig.handle("switch", "1_DO1_remote_contactor")
        for operation, word_of_it, shown in (("open", "open", "off"), ("close", "closed", "on")):
            answer = await rig.act("operate", ada, entity_id=switch, operation=operation, confirm=True)
            assert (answer["outcome"], answer["position"]) == ("confirmed", word_of_it)
            await rig.link.until(switch, is_now(shown))
        listed = (await rig.act("list_operations", ada, entity_id=switch))["devices"][0]["operations"]
        positions = {one["operation"]: one["position"] for one in listed}
        # Whether a breaker is open, its trip coil does not tell.
        assert positions == {"DO1ON": "closed", "DO1OFF": "closed", "DO2ON": None, "DO2OFF": None}


async def test_a_contactor_is_on_while_its_output_is_and_tags_keep_it_from_closing(
    instrument: Instruments, ada: MockUser
) -> None:
    async with instrument("none", {"1/DO2": "contactor"}) as rig:
        switch = rig.handle("switch", "1_DO2_remote_contactor")
        await rig.link.until(switch, is_now("off"))
        await rig.turn("on", ada, entity_id=switch)
        await rig.link.until(switch, is_now("on"))
        await rig.act("hang_tag", ada, entity_id=switch, reason="work")
        await rig.turn("off", ada, entity_id=switch)
        with pytest.raises(ServiceValidationError, match="a lock-out tag hangs on it"):
            await rig.turn("on", ada, entity_id=switch)
        assert (word(rig, STATE[1]) & 1, rig.writes) == (0, 2)


async def test_a_horn_sounds_whatever_hangs_on_the_circuit_and_whoever_may_not_close(
    instrument: Instruments, ada: MockUser
) -> None:
    rights = {"administrators": ALL, "automations": ["off"]}
    async with instrument("none", {"1/DO1": "signal"}, may_close=False, rights=rights) as rig:
        switch = rig.handle("switch", "1_DO1_remote_signal")
        await rig.link.until(switch, is_now("off"))
        await rig.act("hang_tag", ada, entity_id=switch, reason="work")
        answer = await rig.act("operate", None, entity_id=switch, operation="DO1ON", confirm=True)
        assert (answer["outcome"], answer["position"]) == ("confirmed", "on")
        assert (word(rig, STATE[0]) & 1, rig.writes) == (1, 1)
        with pytest.raises(ServiceValidationError, match="no right"):
            await rig.turn("off", await user(rig.hass), entity_id=switch)
        assert rig.writes == 1


@pytest.mark.parametrize("output", [1, 2])
async def test_an_output_that_is_not_remote_is_left_alone_and_that_is_said(
    instrument: Instruments, ada: MockUser, output: int
) -> None:
    async with instrument("none", {f"1/DO{output}": "shunt_trip"}) as rig:
        for source in range(1, 6):
            put(rig, SOURCE[output - 1], source)
            for who in (ada, None):
                with pytest.raises(ServiceValidationError, match="is not in remote mode"):
                    await press(rig, f"1_DO{output}_remote_trip", who)
        assert rig.writes == 0
        put(rig, SOURCE[output - 1], 0)
        await press(rig, f"1_DO{output}_remote_trip", None)
        assert rig.writes == 1


async def test_what_nobody_said_anything_of_is_no_entity_and_takes_every_right(
    instrument: Instruments, ada: MockUser
) -> None:
    async with instrument("none", {}, may_close=False) as rig:
        assert [entity for entity in rig.link.entities(UNIT) if "_control_" in entity.unique_id] == []
        device = rig.link.entity_id("binary_sensor", UNIT, "DI1")
        with pytest.raises(ServiceValidationError, match="ON is not allowed"):
            await rig.act("operate", ada, entity_id=device, operation="DO1ON", confirm=True)
        assert rig.writes == 0


async def test_a_breaker_whose_contact_cannot_be_read_is_not_confirmed(instrument: Instruments, ada: MockUser) -> None:
    """The output goes on, and nobody knows what the breaker did: the voltage downstream lies between both limits."""
    evidence = {"1": {"value": "1/Ua", "above": 100000.0, "below": 1.0}}
    async with instrument("none", {"1/DO1": "breaking_contactor"}, evidence=evidence) as rig:
        switch = rig.handle("switch", "1_DO1_remote_contactor")
        await rig.link.until(switch, is_now("unavailable"))
        with pytest.raises(ServiceValidationError, match="its position is not known"):
            await rig.act("operate", ada, entity_id=switch, operation="DO1OFF", confirm=True)
        assert rig.writes == 0


async def test_an_output_that_is_on_while_its_contact_is_open_is_no_position(
    instrument: Instruments, ada: MockUser
) -> None:
    """Nothing is wired: the contact stays closed, whatever the output does."""
    async with instrument("none", {"1/DO1": "breaking_contactor"}, evidence=CONTACT) as rig:
        switch = rig.handle("switch", "1_DO1_remote_contactor")
        await rig.link.until(switch, is_now("on"))
        put(rig, STATE[0], 1)
        await rig.link.until(switch, is_now("unavailable"))
        assert rig.writes == 0


async def test_one_contact_tells_of_one_output(hass: HomeAssistant, instrument: Instruments) -> None:
    both = {"1/DO1": "breaking_contactor", "1/DO2": "contactor"}
    async with instrument("contactor", both, evidence=CONTACT) as rig:
        # As an earlier version let it be stored.
        await rig.link.polled(UNIT, 3)
        for output in ("DO1", "DO2"):
            shown = hass.states.get(rig.handle("switch", f"1_{output}_remote_contactor"))
            assert shown is not None
            assert shown.state == "unavailable"
        form = await change_device(hass, rig.link.entry, rig.link.subentry(UNIT).subentry_id, "control")
        said = {"enabled": True, "may_close": False, "administrators": ["off"], "contactor": ["1/DO1"]}
        await form.answer(**said, breaking_contactor=["1/DO2"], contact_closed=["1/DI1"])
        assert form.errors == {"contact_closed": "evidence_of_several"}
        await form.answer(
            **said, breaking_contactor=["1/DO2"], downstream="1/Ua", downstream_above=9, downstream_below=5
        )
        assert form.errors == {"downstream": "evidence_of_several"}
        assert len(policy_of(rig.link.subentry(UNIT)).drives) == 2
        await form.answer(**said, signal=["1/DO2"], contact_closed=["1/DI1"])
        assert form.reason == "reconfigure_successful"
        await hass.async_block_till_done()
        await rig.link.until(rig.handle("switch", "1_DO1_remote_contactor"), is_not("on"))


async def test_its_owner_names_what_tells_the_position(hass: HomeAssistant, instrument: Instruments) -> None:
    async with instrument("shunt_trip", {}) as rig:
        subentry = rig.link.subentry(UNIT)
        said = {"enabled": True, "may_close": False, "administrators": ["off"], "shunt_trip": ["1/DO1"]}
        form = await change_device(hass, rig.link.entry, subentry.subentry_id, "control")
        await form.answer(**said, contact_closed=["1/DI1"], contact_open=["1/DI2"])
        assert form.errors == {"contact_open": "evidence_named_twice"}
        await form.answer(**said, downstream="1/Ua", downstream_above=50, downstream_below=100)
        assert form.errors == {"downstream_below": "evidence_limits"}
        await form.answer(**said, downstream="1/Ua", downstream_above=100, downstream_below=50)
        await hass.async_block_till_done()
        key = PointKey("1", "Ua")
        assert policy_of(rig.link.subentry(UNIT)).evidence == {"1": Threshold(key=key, above=100, below=50)}
        form = await change_device(hass, rig.link.entry, subentry.subentry_id, "control")
        assert (form.entered["downstream"], form.entered["downstream_below"]) == ("1/Ua", 50)
        await form.answer(**said, contact_closed=["1/DI1"])
        await hass.async_block_till_done()
        assert policy_of(rig.link.subentry(UNIT)).evidence == {"1": Contact(key=PointKey("1", "DI1"))}
        form = await change_device(hass, rig.link.entry, subentry.subentry_id, "control")
        assert form.entered["contact_closed"] == ["1/DI1"]
        assert rig.writes == 0


@pytest.mark.parametrize(
    "evidence",
    [
        7,
        {"1": None},
        {"1": {}},
        {"1": {"contact": "DI1", "closed": True}},
        {"1": {"contact": "1/DI1", "closed": 1}},
        {"1": {"contact": "1/DI1"}},
        {"1": {"value": "1/Ua", "above": 1.0, "below": 1.0}},
        {"1": {"value": "1/Ua", "above": float("inf"), "below": 1.0}},
        {"1": {"value": "1/Ua", "above": "2", "below": 1.0}},
        {"1": {"contact": "1/DI1", "closed": True, "value": "1/Ua"}},
    ],
)
def test_what_is_not_understood_of_it_is_not_taken_for_anything(evidence: object) -> None:
    with pytest.raises(UnfitError):
        sound_control({"enabled": True, "evidence": evidence})


def doubts(hass: HomeAssistant) -> list[str]:
    """Return why what is to tell a position is in doubt, as repairs say."""
    found = [one for (_, issue_id), one in ir.async_get(hass).issues.items() if "evidence_doubted" in issue_id]
    return [str((one.translation_placeholders or {})["why"]) for one in found]


async def test_what_tells_a_position_and_is_in_doubt_is_said_and_proves_nothing(
    hass: HomeAssistant, instrument: Instruments, ada: MockUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubting, "_LASTING_SECONDS", 0.2)
    both = {"1/DO1": "breaking_contactor", "1/DO2": "breaking_contactor"}
    one = {"1/DO1": "breaking_contactor"}
    async with instrument("contactor", both, evidence=CONTACT) as rig:
        for drives, evidence, why in (
            (both, CONTACT, "for several outputs"),
            (one, {"1": {"contact": "1/DI99", "closed": True}}, "not there any more"),
            (one, {"1": {"contact": "1/Ua", "closed": True}}, "of another kind"),
        ):
            await rig.allow({**FREE, "drives": drives, "evidence": evidence})
            (said,) = doubts(hass)
            assert why in said
            switch = rig.handle("switch", "1_DO1_remote_contactor")
            asked = {"entity_id": switch, "confirm": True}
            await rig.link.until(switch, is_now("unavailable"))
            writes = rig.writes
            with pytest.raises(ServiceValidationError, match="its position is not known"):
                await rig.act("operate", ada, operation="DO1OFF", **asked)
            assert rig.writes == writes
            answer = await rig.act("operate", ada, operation="DO1ON", **asked)
            assert (answer["outcome"], answer["reason"]) == ("unverified", "evidence_doubted")
            assert rig.writes == writes + 1
        # Put right, it is believed; when the contact says otherwise for long, that is said.
        put(rig, STATE[0], 0)
        await rig.allow({**FREE, "drives": one, "evidence": CONTACT})
        assert doubts(hass) == []
        switch = rig.handle("switch", "1_DO1_remote_contactor")
        await rig.link.until(switch, is_now("on"))
        rig.link.cabinet.units[UNIT].hold("DI1", 0)
        await rig.link.reported(UNIT, lambda: bool(doubts(hass)))
        assert "show different positions" in doubts(hass)[0]
        assert rig.hass.states.is_state(switch, "unavailable")
        with pytest.raises(ServiceValidationError, match="its position is not known"):
            await rig.act("operate", ada, operation="DO1OFF", entity_id=switch, confirm=True)
        rig.link.cabinet.units[UNIT].release()
        await rig.link.until(switch, is_now("on"))
        assert doubts(hass) == []
