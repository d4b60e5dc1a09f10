"""Operating through an account at a cloud: with the second step, once at most, and nothing that nobody asked for."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import EVENT_CALL_SERVICE, MATCH_ALL
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
from probatio import Invalid
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.hubs.cloud import CloudEntryHub
from custom_components.acrel_safety.page.operations import async_shown
from simulator.cloud import ARCM300T, ARCM310, Cloud, Meter
from tests.integration.cloud_rigs import (
    OTHER,
    PASSWORD,
    SECOND,
    USER,
    account_entry,
    answered,
    entity_of,
    loaded,
    operated_cloud,
    polled,
    repairs,
    shown,
    stored_meter,
)
from tests.integration.control_rigs import USUAL, administrator, reader, user

pytestmark = pytest.mark.usefixtures("socket_enabled")
WRONG = f"not {SECOND}"
CONTROLS = ("send310ControlDemandHTTP", "sendMeterControlDemandHTTP")
PROOFS = ("verifySePassword", "checkSMSValid", "sendSMSValid")


@pytest.fixture
async def cloud(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cloud]:
    async with operated_cloud(monkeypatch) as running:
        yield running


@dataclass
class Rig:
    """A breaker that is reached through an account."""

    hass: HomeAssistant
    cloud: Cloud
    breaker: Meter
    entry: MockConfigEntry
    hub: CloudEntryHub
    ada: MockUser

    @property
    def switch(self) -> str:
        return entity_of(self.hass, self.entry, "switch", "control_1_remote_breaker")

    @property
    def sent(self) -> int:
        """How many commands reached the server."""
        return sum(self.cloud.count(name) for name in CONTROLS)

    @property
    def proofs(self) -> int:
        """How often something of the second step was asked or tried."""
        return sum(self.cloud.count(name) for name in PROOFS)

    async def operate(self, operation: str, who: MockUser | None = None, **data: object) -> Mapping[str, Any]:
        """Call the action, as an administrator unless somebody else is named."""
        answer = await self.hass.services.async_call(
            DOMAIN,
            "operate",
            {"entity_id": self.switch, "operation": operation, "confirm": True, **data},
            blocking=True,
            return_response=True,
            context=Context(user_id=(who or self.ada).id),
        )
        assert answer is not None
        return answer

    async def request_code(self, who: MockUser | None) -> Mapping[str, Any]:
        answer = await self.hass.services.async_call(
            DOMAIN,
            "request_code",
            {"entity_id": self.switch},
            blocking=True,
            return_response=True,
            context=Context(user_id=None if who is None else who.id),
        )
        assert answer is not None
        return answer

    async def turn(self, way: str, context: Context | None = None) -> None:
        """Press the switch, as an administrator unless something else is said."""
        context = context or Context(user_id=self.ada.id)
        await self.hass.services.async_call(
            "switch", f"turn_{way}", {"entity_id": self.switch}, blocking=True, context=context
        )


@asynccontextmanager
async def operated(
    hass: HomeAssistant,
    cloud: Cloud,
    *,
    closed: bool = True,
    control: Mapping[str, object] = USUAL,
    **data: object,
) -> AsyncGenerator[Rig]:
    """Set up an account with a breaker that may be operated."""
    ada = await administrator(hass)
    breaker = cloud.site("Mill Lane").add(ARCM310, "Kitchen breaker")
    breaker.figures.closed = closed
    entry = account_entry(cloud, stored_meter(breaker, control=control), **data)
    async with loaded(hass, entry) as hub:
        yield Rig(hass, cloud, breaker, entry, hub, ada)


@pytest.mark.parametrize(("operation", "closed"), [("open", False), ("close", True)])
async def test_with_the_second_password_it_is_operated_once_and_done_when_the_position_was_read_back(
    hass: HomeAssistant, cloud: Cloud, operation: str, *, closed: bool
) -> None:
    async with operated(hass, cloud, closed=not closed) as rig:
        before = shown(hass, rig.switch)
        answer = await rig.operate(operation, second_password=SECOND)
        await hass.async_block_till_done()
        assert (answer["outcome"], answer["writes"]) == ("confirmed", 1)
        assert rig.breaker.closed is closed
        assert (before, shown(hass, rig.switch)) == (("off", "on") if closed else ("on", "off"))
        assert (rig.sent, cloud.count("verifySePassword")) == (1, 1)


async def test_a_wrong_one_is_tried_once_nothing_is_sent_and_it_is_not_kept(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        with pytest.raises(ServiceValidationError, match="is wrong: nothing was sent to the device"):
            await rig.operate("open", second_password=WRONG)
        assert (rig.sent, cloud.count("verifySePassword")) == (0, 1)
        # Neither the wrong one nor a right one of before is used for what comes after.
        for _ in range(2):
            with pytest.raises(ServiceValidationError, match="second password"):
                await rig.operate("open")
        assert (rig.sent, cloud.count("verifySePassword"), rig.breaker.closed) == (0, 1, True)
        assert (await rig.operate("open", second_password=SECOND))["outcome"] == "confirmed"


async def test_a_right_one_that_was_not_needed_is_not_kept(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        answer = await rig.operate("close", second_password=SECOND)
        assert (answer["reason"], rig.proofs) == ("already_there", 0)
        with pytest.raises(ServiceValidationError, match="second password"):
            await rig.operate("open")
        with pytest.raises(ServiceValidationError, match="second password"):
            await rig.turn("off")
        assert (rig.sent, cloud.count("verifySePassword")) == (0, 0)


async def test_without_one_the_switch_says_what_to_do_and_nothing_is_tried(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        with pytest.raises(ServiceValidationError) as refusal:
            await rig.turn("off")
        assert refusal.value.translation_key == "operation_needs_proof"
        for word in ("page", "Operate", "settings of the account"):
            assert word in str(refusal.value)
        assert (rig.sent, rig.proofs, shown(hass, rig.switch)) == (0, 0, "on")


async def test_a_code_is_sent_by_a_persons_act_and_is_good_once(hass: HomeAssistant, cloud: Cloud) -> None:
    cloud.accounts[USER].sms = True
    async with operated(hass, cloud) as rig:
        with pytest.raises(ServiceValidationError, match="second password"):
            await rig.operate("open", second_password="123456")  # noqa: S106 - a code
        answer = await rig.request_code(rig.ada)
        phone = cloud.accounts[USER].phone
        assert answer["phone"].endswith(phone[-4:])
        assert phone not in answer["phone"]
        code = cloud.accounts[USER].code
        assert (await rig.operate("open", second_password=code))["outcome"] == "confirmed"
        assert (rig.sent, cloud.count("sendSMSValid"), cloud.count("checkSMSValid")) == (1, 1, 1)


async def test_codes_are_few_and_only_for_who_may_operate(hass: HomeAssistant, cloud: Cloud) -> None:
    cloud.accounts[USER].sms = True
    uwe, rita = await user(hass), await reader(hass)
    async with operated(hass, cloud) as rig:
        for who, error in ((uwe, ServiceValidationError), (rita, Unauthorized), (None, ServiceValidationError)):
            with pytest.raises(error):
                await rig.request_code(who)
        assert cloud.count("sendSMSValid") == 0
        for _ in range(3):
            await rig.request_code(rig.ada)
        await hass.config_entries.async_reload(rig.entry.entry_id)
        with pytest.raises(ServiceValidationError, match="at most 3 within 10 minutes"):
            await rig.request_code(rig.ada)
        assert (cloud.count("sendSMSValid"), rig.sent) == (3, 0)


async def test_where_the_password_is_wanted_no_code_is_sent(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        with pytest.raises(ServiceValidationError, match="No code was sent"):
            await rig.request_code(rig.ada)
        cloud.accounts[USER].sms = True
        cloud.fail("trace", at="sendSMSValid", times=None)
        with pytest.raises(HomeAssistantError, match="is not known"):
            await rig.request_code(rig.ada)
        assert rig.sent == 0


async def test_with_a_stored_one_the_switch_works_for_whom_the_owner_named(hass: HomeAssistant, cloud: Cloud) -> None:
    uwe = await user(hass)
    async with operated(hass, cloud, closed=False, second_password=SECOND) as rig:
        # An automation may open here, and not close; Uwe has no right at all.
        for context in (Context(), Context(user_id=uwe.id)):
            with pytest.raises(ServiceValidationError, match="right"):
                await rig.turn("on", context)
        assert (rig.sent, rig.proofs) == (0, 0)
        await rig.turn("on")
        assert (rig.sent, rig.breaker.closed) == (1, True)


async def test_with_a_stored_one_an_automation_opens(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud, second_password=SECOND) as rig:
        await rig.turn("off", Context())
        assert (rig.sent, rig.breaker.closed) == (1, False)


async def test_a_stored_one_that_is_wrong_is_not_tried_again(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud, second_password=WRONG) as rig:
        with pytest.raises(ServiceValidationError, match="is wrong"):
            await rig.turn("off")
        for _ in range(2):
            with pytest.raises(ServiceValidationError, match="second password"):
                await rig.turn("off", Context())
        assert (rig.sent, cloud.count("verifySePassword")) == (0, 1)
        # Who stored it is told.
        await polled(hass, rig.hub)
        assert "cloud_second_wrong" in repairs(hass)
        assert (await rig.operate("open", second_password=SECOND))["outcome"] == "confirmed"
    assert "cloud_second_wrong" not in repairs(hass)


async def test_who_may_not_never_reaches_the_server(hass: HomeAssistant, cloud: Cloud) -> None:
    uwe, rita = await user(hass), await reader(hass)
    async with operated(hass, cloud) as rig:
        for who, error in ((uwe, ServiceValidationError), (rita, Unauthorized)):
            with pytest.raises(error):
                await rig.operate("open", who, second_password=SECOND)
        # What they gave is nobody else's.
        with pytest.raises(ServiceValidationError, match="second password"):
            await rig.operate("open")
        assert (rig.sent, rig.proofs) == (0, 0)


@pytest.mark.parametrize("given", ["x" * 129, 12345, ["a"]])
async def test_what_cannot_be_one_is_refused_without_being_told(
    hass: HomeAssistant, cloud: Cloud, given: object
) -> None:
    async with operated(hass, cloud) as rig:
        with pytest.raises(Exception, match="128") as refusal:
            await rig.operate("open", second_password=given)
        assert str(given) not in str(refusal.value)
        assert (rig.sent, rig.proofs) == (0, 0)


async def test_what_was_given_stands_in_no_event_trace_log_record_state_or_answer(
    hass: HomeAssistant, cloud: Cloud, caplog: pytest.LogCaptureFixture, hass_ws_client: WebSocketGenerator
) -> None:
    for name in ("custom_components", "homeassistant.core", "homeassistant.components.script", "homeassistant.helpers"):
        caplog.set_level(logging.DEBUG, name)
    events: list[Event] = []
    async with operated(hass, cloud) as rig:
        # A script that was given it by its caller as a template is: what its trace keeps is what it called with.
        step = {
            "action": f"{DOMAIN}.operate",
            "target": {"entity_id": rig.switch},
            "data": {"operation": "open", "confirm": True, "second_password": "{{ SECRET }}"},
            "response_variable": "answer",
        }
        text = json.dumps(step).replace("SECRET", " ~ ".join(f"'{letter}'" for letter in SECOND))
        scripts = {"script": {"off": {"alias": "Off", "sequence": [json.loads(text)]}}}
        assert await async_setup_component(hass, "script", scripts)
        hass.bus.async_listen(MATCH_ALL, events.append)
        caplog.clear()
        await hass.services.async_call("script", "off", {}, blocking=True, context=Context(user_id=rig.ada.id))
        await hass.async_block_till_done()
        assert (rig.sent, rig.breaker.closed) == (1, False)
        assert "'" + SECOND[0] + "'" in text
        called = [one.data for one in events if one.event_type == EVENT_CALL_SERVICE and one.data["domain"] == DOMAIN]
        assert [one["service_data"]["operation"] for one in called] == ["open"]
        await desk_of(hass).record.async_written()
        kept = [path.read_text("utf-8", "replace") for path in files_below(hass.config.config_dir)]
        traces = await traces_of(hass_ws_client, hass)
        assert kept
        assert "params" in traces[0]
        states = [str(one.as_dict()) for one in hass.states.async_all()]
        told = [str(one.data) for one in events]
        for one in (*told, *states, *kept, *traces, caplog.text):
            assert SECOND not in one


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("select", {"operation": "open"}),
        ("request_code", {}),
        ("hang_tag", {"reason": "Work"}),
        ("list_operations", {}),
        ("remove_tag", {"tag_id": "1"}),
        ("dismiss_cut_off", {"request_id": "1"}),
    ],
)
async def test_given_to_an_action_that_takes_none_it_stands_nowhere_either(
    hass: HomeAssistant,
    cloud: Cloud,
    caplog: pytest.LogCaptureFixture,
    hass_ws_client: WebSocketGenerator,
    action: str,
    data: dict[str, object],
) -> None:
    caplog.set_level(logging.DEBUG, "homeassistant.core")
    async with operated(hass, cloud) as rig:
        target = {"target": {"entity_id": rig.switch}} if "_id" not in str(data) else {}
        given = {**data, "second_password": "{{ SECRET }}"}
        response = {"response_variable": "answer"} if action in ("select", "list_operations") else {}
        step = {"action": f"{DOMAIN}.{action}", "data": given, **target, **response}
        text = json.dumps(step).replace("SECRET", " ~ ".join(f"'{letter}'" for letter in SECOND))
        assert await async_setup_component(hass, "script", {"script": {"off": {"sequence": [json.loads(text)]}}})
        with pytest.raises(Invalid, match="takes none"):
            await hass.services.async_call("script", "off", {}, blocking=True, context=Context(user_id=rig.ada.id))
        traces = await traces_of(hass_ws_client, hass)
        assert "params" in traces[0]
        for one in (*traces, caplog.text):
            assert SECOND not in one
        assert (rig.sent, rig.proofs) == (0, 0)


async def traces_of(hass_ws_client: WebSocketGenerator, hass: HomeAssistant) -> list[str]:
    """Return what Home Assistant kept of the runs of the script."""
    socket = await hass_ws_client(hass)
    await socket.send_json_auto_id({"type": "trace/list", "domain": "script", "item_id": "off"})
    traces = []
    for run in (await socket.receive_json())["result"]:
        asked = {"type": "trace/get", "domain": "script", "item_id": "off", "run_id": run["run_id"]}
        await socket.send_json_auto_id(asked)
        traces.append(str(await socket.receive_json()))
    return traces


def files_below(folder: str) -> list[Path]:
    """Return all files of a configuration."""
    return [path for path in Path(folder).rglob("*") if path.is_file()]


async def test_what_two_persons_give_at_once_is_each_ones_own(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud) as rig:
        other = await administrator(hass)
        wrong = asyncio.create_task(rig.operate("open", other, second_password=WRONG))
        right = asyncio.create_task(rig.operate("open", second_password=SECOND))
        with pytest.raises(ServiceValidationError, match="is wrong"):
            await wrong
        assert (await right)["outcome"] == "confirmed"
        assert (rig.sent, rig.breaker.closed) == (1, False)


async def test_the_page_is_told_where_something_has_to_be_given(hass: HomeAssistant, cloud: Cloud) -> None:
    for wanted in (True, False):
        stored: dict[str, Any] = {} if wanted else {"second_password": SECOND}
        async with operated(hass, cloud, **stored) as rig:
            (coordinator,) = rig.entry.runtime_data.coordinators.values()
            told = await async_shown(hass, coordinator.operator, Context(user_id=rig.ada.id), "en")
            operations = told["circuits"]["1"]["operations"]
            assert {one["wants_proof"] for one in operations} == {wanted}
            assert SECOND not in str(told)
        await hass.config_entries.async_remove(rig.entry.entry_id)


async def test_a_cut_off_is_confirmed_with_the_second_password(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud, control={**USUAL, "cut_off": [{"level": "alarm"}]}) as rig:
        rig.breaker.figures.active["iLeakage"] = {"iLeakage": "漏电报警"}
        await polled(hass, rig.hub)
        ada = Context(user_id=rig.ada.id)
        asked = entity_of(hass, rig.entry, "binary_sensor", "control_0_cut_off_asked")
        state = hass.states.get(asked)
        assert state is not None
        given = {"request_id": state.attributes["requests"][0]["request_id"]}
        for more in ({}, {"second_password": WRONG}):
            with pytest.raises(ServiceValidationError, match="second password"):
                await hass.services.async_call(DOMAIN, "confirm_cut_off", {**given, **more}, blocking=True, context=ada)
        assert (rig.sent, cloud.count("verifySePassword"), shown(hass, asked)) == (0, 1, "on")
        given["second_password"] = SECOND
        await hass.services.async_call(DOMAIN, "confirm_cut_off", given, blocking=True, context=ada)
        assert (rig.sent, rig.breaker.closed) == (1, False)


async def test_nothing_is_ordered_at_start_reload_restore_reauth_or_removal(hass: HomeAssistant, cloud: Cloud) -> None:
    async with operated(hass, cloud, closed=False, second_password=SECOND) as rig:
        for _ in range(3):
            await hass.config_entries.async_reload(rig.entry.entry_id)
            await hass.async_block_till_done()
            assert rig.entry.state is ConfigEntryState.LOADED
        # It closes by hand, the server is lost and back, and the login ends.
        rig.breaker.figures.closed = True
        hub = rig.entry.runtime_data.hub
        await polled(hass, hub)
        assert shown(hass, rig.switch) == "on"
        for fault in ("trace", "close", "unauthorised", "renew"):
            cloud.fail(fault)
            await polled(hass, hub)
        cloud.accounts[USER].password = OTHER
        cloud.behaviour.renews = False
        cloud.kick_out()
        await polled(hass, hub)
        assert [one["context"]["source"] for one in hass.config_entries.flow.async_progress()] == [SOURCE_REAUTH]
        cloud.accounts[USER].password = PASSWORD
        await hass.config_entries.async_reload(rig.entry.entry_id)
        await hass.async_block_till_done()
        assert rig.entry.state is ConfigEntryState.LOADED
        await hass.config_entries.async_remove(rig.entry.entry_id)
        await hass.async_block_till_done()
        assert (cloud.effects, rig.proofs, rig.breaker.figures.obeyed) == ([], 0, [])
        rig.entry.add_to_hass(hass)
        await hass.config_entries.async_setup(rig.entry.entry_id)


async def test_loaded_anew_while_an_opening_is_on_its_way_it_is_no_trip_and_keeps_nobody_waiting(
    hass: HomeAssistant, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with operated(hass, cloud) as rig:
        cloud.behaviour.command_s = 3600.0
        sent = answered(monkeypatch, rig.hub)
        opening = asyncio.create_task(rig.operate("open", second_password=SECOND))
        async with asyncio.timeout(60):
            await sent.wait()
        await hass.config_entries.async_reload(rig.entry.entry_id)
        # By the way that was taken down nothing is seen any more, however seldom the device is heard.
        async with asyncio.timeout(60):
            assert (await opening)["reason"] == "taken_down"
            with pytest.raises(ServiceValidationError, match="no other command so soon"):
                await rig.operate("open", second_password=SECOND)
        hub = rig.entry.runtime_data.hub
        await polled(hass, hub)
        assert shown(hass, rig.switch) == "on"
        await cloud.commands.hurry()
        await polled(hass, hub)
        assert (shown(hass, rig.switch), rig.sent) == ("off", 1)
        assert [one.alarm.cause.key.rule for one in desk_of(hass).alarms.standing()] == []


@pytest.mark.parametrize("proved", [[], ["RLYOFF"], ["RLYOFF", "RLYON"]])
async def test_of_what_differs_between_servers_only_what_was_proved_is_an_operation(
    hass: HomeAssistant, cloud: Cloud, proved: list[str]
) -> None:
    ada = Context(user_id=(await administrator(hass)).id)
    box = cloud.site().add(ARCM300T, "Box")
    entry = account_entry(cloud, stored_meter(box, control=USUAL, proved=proved))
    async with loaded(hass, entry):
        given: dict[str, Any] = {"entity_id": entity_of(hass, entry, "sensor", "1_Lg")}
        found = await hass.services.async_call(
            DOMAIN, "list_operations", given, blocking=True, return_response=True, context=ada
        )
        (device,) = cast("Any", found)["devices"]
        offered = {one["operation"] for one in device["operations"]}
        # No list tells its position: what might close or trip is not sent, whoever saw it work.
        assert offered == {"RESET", "SILENCE", "SELCHK", *proved} - {"RLYON"}
        given |= {"confirm": True, "second_password": SECOND}
        for operation in {"RLYOFF", "RLYON", "open", "close"} - ({"RLYOFF", "open"} if proved else set()):
            with pytest.raises(ServiceValidationError):
                await hass.services.async_call(
                    DOMAIN, "operate", {**given, "operation": operation}, blocking=True, context=ada
                )
        assert cloud.effects == []
        if "RLYON" in proved:
            answer = await hass.services.async_call(
                DOMAIN,
                "operate",
                {**given, "operation": "RLYOFF"},
                blocking=True,
                return_response=True,
                context=ada,
            )
            # The server shows no position of it: it was sent, and is not called done.
            assert cast("Any", answer)["outcome"] == "unverified"
            await cloud.commands.settled()
            assert box.figures.obeyed == ["RLYOFF"]
