"""The blueprints that operate, as printed, in a real Home Assistant with a phone: who switches, and who does not."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, override

import pytest
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.integration.alarm_rigs import SAFETY, Fired, act, context_of, leak, recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import ALL, meter
from tests.integration.phone import Phone
from tests.integration.rigs import QUICK, LinkRig, is_now
from tests.integration.test_blueprints import blueprints, of

__all__ = ["blueprints"]

NAME = "adw300 1"
DRIVES = {"1/DO1": "breaking_contactor"}
# An ADW300 again, of which somebody says that its second output is the test of an RCD.
TESTED = """\
[model]
id = "tested"
name = "Tested"
title = { en = "RCD with a test" }
evidence = "manual"
source = "my manual"

[[circuits]]
numbers = "1"

[circuits.points]
Ua = { at = 0x0014, scale = 0.1 }

[[circuits.words]]
at = 0x01EB
[circuits.words.bits]
0 = "UHigh"

[[commands]]
code = "SELCHK"
circuit = "1"
at = 0x01C3
registers = [1]
source = "my manual p. 3"
"""


@dataclass(frozen=True)
class Scene:
    """A circuit that leaks and can be switched off, Anna with her phone, and automations."""

    link: LinkRig
    phone: Phone
    anna: Context
    automations: Fired

    @property
    def writes(self) -> int:
        return len(self.link.cabinet.units[1].writes)

    @property
    def is_open(self) -> bool:
        return self.link.cabinet.units[1].truth()["1"]["DO1"] is True

    async def load(self, blueprint: str, **inputs: object) -> None:
        assert self.anna.user_id is not None
        device = await self.phone.async_register(self.anna.user_id)
        await self.automations.load([of(blueprint, phone=device, place={"entity_id": SAFETY}, **inputs)])

    def said(self) -> str:
        """Return what Home Assistant says of a button that did nothing."""
        shown = self.link.hass.data["persistent_notification"].values()
        return "".join(one["message"] for one in shown if one["notification_id"] == "acrel_safety_button")


@pytest.fixture
def given() -> Mapping[str, list[str]]:
    """Return who may do what; "anna" is Anna."""
    return {"administrators": ALL, "anna": ["off"]}


@pytest.fixture
async def scene(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    hass_client_no_auth: ClientSessionGenerator,
    blueprints: Fired,
    given: Mapping[str, list[str]],
) -> AsyncGenerator[Scene]:
    cabinet = await cabinet_of({1: "adw300"})
    cabinet.units[1].hold("LgHighVal02", 300)
    cabinet.units[1].hold("LgHighTim", 0.1)
    anna = context_of(hass, "Anna")
    rights = {f"user:{anna.user_id}" if who == "anna" else who: what for who, what in given.items()}
    control = {"enabled": True, "may_close": True, "rights": rights, "drives": DRIVES}
    link = await link_to(cabinet, intervals=QUICK, control=control)
    for component in ("notify", "mobile_app", "persistent_notification"):
        assert await async_setup_component(hass, component, {})
    phone = Phone(hass, await hass_client_no_auth())
    yield Scene(link, phone, anna, blueprints)
    await phone.async_end()


def button(told: Mapping[str, Any], title: str) -> str:
    (found,) = [one["action"] for one in told["data"]["actions"] if one["title"] == title]
    return str(found)


class Delays(logging.Handler):
    """Tells when the run of an automation begins to wait: nothing else does."""

    def __init__(self, hass: HomeAssistant, name: str) -> None:
        super().__init__(logging.DEBUG)
        self._hass = hass
        self._entity_id = f"automation.{name}"
        self._logger = logging.getLogger(f"homeassistant.components.automation.{name}")
        self._level = self._logger.level
        self._logger.setLevel(logging.DEBUG)
        self._logger.addHandler(self)
        self._begun: asyncio.Queue[str] = asyncio.Queue()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if "Executing step delay" in said and "0:00:00" not in said:
            self._begun.put_nowait(said)

    async def end(self, **time: float) -> None:
        """Have the next one end."""
        async with asyncio.timeout(60):
            await self._begun.get()
        async_fire_time_changed(self._hass, dt_util.utcnow() + timedelta(**time))

    async def all_ended(self) -> None:
        """Return when no run is left."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)
        over = asyncio.Event()

        @callback
        def look(*_: object) -> None:
            state = self._hass.states.get(self._entity_id)
            if state is not None and not state.attributes["current"]:
                over.set()

        leave = async_track_state_change_event(self._hass, self._entity_id, look)
        look()
        async with asyncio.timeout(60):
            await over.wait()
        leave()


async def test_who_presses_switch_off_switches_and_the_phone_is_told_what_came_of_it(scene: Scene) -> None:
    await scene.load("cut_off", lasting={"seconds": 0})
    await leak(scene.link)
    asked = await scene.phone.next()
    assert asked["title"] == f"Alarm: {NAME}"
    assert asked["message"].startswith("Residual current above the limit: 600 mA, limit 300 mA")
    assert [one["title"] for one in asked["data"]["actions"]] == ["Switch off now", "Acknowledge", "Show"]
    press = button(asked, "Switch off now")
    await scene.phone.press(press.replace("OFF_", "OFF_0"))
    assert (scene.writes, "not made here" in scene.said()) == (0, True)
    await scene.phone.press(press)
    told = await scene.phone.next()
    assert (told["title"], told["data"]["tag"]) == (NAME, asked["data"]["tag"])
    assert told["message"] == "switch off (Output 1 on): Done: the position was read back · Anna"
    assert (scene.is_open, scene.writes) == (True, 1)
    assert [entry["by"] for entry in recorded(scene.link, "command")] == ["Anna", "Anna"]
    # Later the leakage is over: the same button switches nothing any more.
    scene.link.cabinet.units[1].hold("Lg", 5)
    await scene.link.until(SAFETY, lambda state: state.attributes["state"] == "returned_unacknowledged")
    await scene.phone.press(press)
    assert (scene.writes, "nothing was switched" in scene.said()) == (1, True)


@pytest.mark.parametrize("given", [{"administrators": ALL}])
async def test_who_has_no_right_switches_nothing_by_a_button(scene: Scene) -> None:
    await scene.load("cut_off", lasting={"seconds": 0})
    await leak(scene.link)
    await scene.phone.press(button(await scene.phone.next(), "Switch off now"))
    assert "whoever asks has no right to it" in (await scene.phone.next())["message"]
    assert "adw300 1 was not switched off by a button" in scene.said()
    assert (scene.is_open, scene.writes) == (False, 0)


@pytest.mark.parametrize(
    ("given", "acknowledges", "is_cut"),
    [
        ({"automations": ["off"]}, False, True),
        ({"automations": ["off"]}, True, False),
        ({"anna": ["off"]}, False, False),
    ],
    ids=["allowed", "answered", "not allowed"],
)
async def test_without_an_answer_it_is_cut_off_only_where_automations_may(
    scene: Scene, acknowledges: bool, is_cut: bool
) -> None:
    delays = Delays(scene.link.hass, "cut_off")
    await scene.load("cut_off", lasting={"seconds": 0}, alone=5)
    await leak(scene.link)
    asked = await scene.phone.next()
    assert [one["title"] for one in asked["data"]["actions"]][:2] == ["Switch off now", "Acknowledge"]
    if acknowledges:
        await act(scene.link, "acknowledge", scene.anna, entity_id=SAFETY)
    assert scene.writes == 0
    await delays.end(minutes=6)
    if is_cut or not acknowledges:
        outcome = "Done: the position was read back" if is_cut else "whoever asks has no right to it"
        assert outcome in (await scene.phone.next())["message"]
    await delays.all_ended()
    assert (scene.is_open, scene.writes) == (is_cut, int(is_cut))


async def test_what_does_not_last_is_not_asked_about(scene: Scene) -> None:
    delays = Delays(scene.link.hass, "cut_off")
    await scene.load("cut_off", lasting={"seconds": 30})
    await leak(scene.link)
    scene.link.cabinet.units[1].hold("Lg", 5)
    await scene.link.until(SAFETY, lambda state: state.attributes["state"] == "returned_unacknowledged")
    await delays.end(seconds=31)
    await delays.all_ended()
    assert scene.phone.waiting() == 0


@pytest.mark.parametrize("rights", [["off"], ["off", "on"]], ids=["off only", "on too"])
async def test_a_stall_is_off_outside_its_hours_and_nothing_that_was_missed_is_made_up_for(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, blueprints: Fired, rights: list[str]
) -> None:
    control = {"enabled": True, "may_close": True, "rights": {"automations": rights}}
    async with meter(cabinet_of, link_to, control) as rig:
        await rig.shows("on")
        missed: list[Event[Mapping[str, Any]]] = []
        hass.bus.async_listen("missed", missed.append)
        also = [{"event": "missed", "event_data": {"wanted": "{{ wanted }}", "message": "{{ message }}"}}]
        hours = "schedule.stall"
        inputs = {"hours": hours, "circuit": rig.switch, "mornings": True, "also": also}
        await blueprints.load([of("opening_hours", **inputs)])
        # As after a start: that it is off already, or could not be told meanwhile, is no time that came.
        for state in ("off", "unavailable", "off", "unknown", "on"):
            await _is(hass, hours, state)
        assert rig.writes == 0
        await _is(hass, hours, "off")
        await rig.shows("off")
        assert (rig.writes, rig.is_closed, missed) == (1, False, [])
        await _is(hass, hours, "on")
        is_allowed = "on" in rights
        assert (rig.writes, rig.is_closed) == ((2, True) if is_allowed else (1, False))
        assert [event.data["wanted"] for event in missed] == ([] if is_allowed else ["close"])
        assert all("whoever asks has no right to it" in event.data["message"] for event in missed)


async def _is(hass: HomeAssistant, entity_id: str, state: str) -> None:
    hass.states.async_set(entity_id, state)
    await hass.async_block_till_done()


@pytest.mark.parametrize("is_told", [True, False], ids=["told to", "only reminded"])
async def test_a_self_test_is_carried_out_where_it_can_be_and_a_person_says_how_it_went(
    hass: HomeAssistant,
    tmp_path: Path,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    hass_client_no_auth: ClientSessionGenerator,
    blueprints: Fired,
    is_told: bool,
) -> None:
    folder = Path(hass.config.path("acrel_safety")) / "models"
    await hass.async_add_executor_job(_write, folder, TESTED)
    control = {"enabled": True, "rights": {"automations": ["tests"] if is_told else []}}
    rig = await link_to(await cabinet_of({1: "adw300"}), {1: "tested"}, intervals=QUICK, control=control)
    for component in ("notify", "mobile_app"):
        assert await async_setup_component(hass, component, {})
    phone = Phone(hass, await hass_client_no_auth())
    anna = context_of(hass, "Anna")
    assert anna.user_id is not None
    unique_id = f"{rig.subentry(1).subentry_id}_alarms_all_safety"
    safety = er.async_get(hass).async_get_entity_id("sensor", "acrel_safety", unique_id)
    assert safety is not None
    await rig.until(safety, is_now("safe"))
    device = await phone.async_register(anna.user_id)
    delays = Delays(hass, "self_test")
    await blueprints.load([of("self_test", phone=device, place={"entity_id": safety}, runs=True, time="10:30:00")])
    ten = (dt_util.now() + timedelta(days=190)).replace(hour=10, minute=0, second=0, microsecond=500000)
    async_fire_time_changed(hass, ten)
    if is_told:
        await delays.end(days=192)
    asked = await phone.next()
    assert asked["title"] == "Self-test due: tested 1"
    assert ("nothing tells the position" in asked["message"]) is is_told
    assert len(rig.cabinet.units[1].writes) == int(is_told)
    await delays.all_ended()
    await phone.press(button(asked, "Passed"))
    (entry,) = recorded(rig, "test")
    assert (entry["by"], entry["passed"]) == ("Anna", True)
    await phone.async_end()


def _write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tested.toml").write_text(text, "utf-8")


async def test_only_a_circuit_that_can_be_switched_off_is_asked_about(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, blueprints: Fired
) -> None:
    del blueprints
    fired = Fired(hass)
    async with meter(cabinet_of, link_to, None) as rig:
        await fired.automate({"trigger": "acrel_safety.alarm_raised", "options": {"level": ["trip"]}})
        device: Any = rig.link.cabinet.units[5].device
        device.move_by_hand(closed=False)
        told = await fired.next()
        assert (told["level"], told["cut_off"]) == ("trip", None)
        await fired.end()
