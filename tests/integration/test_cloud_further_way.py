"""One instrument on a local line and in an account at a cloud: one device, and each of both ways where it is needed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety import lockoutmemory
from custom_components.acrel_safety.aioacrel.cloud import source as cloud_source
from custom_components.acrel_safety.aioacrel.cloud.judging import ORIGIN
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.hubs.cloud import CloudEntryHub
from custom_components.acrel_safety.plant import plant_of
from simulator.cloud import ARCM300T, ARCM310, Cloud, Meter
from simulator.cloud.control import Command
from tests.integration.cloud_rigs import SECOND, account_entry, cloud_with_owner, loaded, polled, stored_meter
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import USUAL, administrator
from tests.integration.flows import add_devices
from tests.integration.rigs import QUICK, LinkRig
from tests.integration.uplink_rigs import SERIAL, caller_data, uplink

pytestmark = pytest.mark.usefixtures("socket_enabled")
MODEL, UNIT = "adw300", 1
LEAKAGE = PointKey("1", "Lg")


@dataclass
class Both:
    """The instrument, and both ways to it."""

    line: LinkRig
    cloud: Cloud
    meter: Meter
    entry: MockConfigEntry
    hub: CloudEntryHub

    @property
    def device(self) -> Device:
        """The only device there is."""
        (found,) = plant_of(self.line.hass)
        return found

    @property
    def origin(self) -> str:
        """By which way its residual current came last."""
        return self.device.readings[LEAKAGE].origin

    @property
    def leakage(self) -> str:
        found = self.line.entity_id("sensor", UNIT, "Lg")
        assert found is not None
        return found

    async def until_from(self, origin: str) -> None:
        await self.line.reported(UNIT, lambda: self.origin == origin)

    async def poll(self) -> None:
        """Ask the server once."""
        await polled(self.line.hass, self.entry.runtime_data.hub)


@asynccontextmanager
async def both(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, model: str = MODEL
) -> AsyncGenerator[Both]:
    """Set up a device on a line, which a cloud shows as well."""
    cabinet = await cabinet_of({UNIT: model})
    line = await link_to(cabinet, intervals=QUICK, control=USUAL)
    async with cloud_with_owner() as cloud:
        site, unit = cloud.site("Mill Lane"), cabinet.units[UNIT]
        # Of an ARCM300 there is no unit that both a line and a cloud can show.
        meter = cloud.put_unit(site, unit, "Offices") if model == MODEL else site.add(ARCM300T, "Offices")
        named = {"same_as": line.subentry(UNIT).subentry_id, "same_as_place": str(UNIT)}
        entry = account_entry(cloud, stored_meter(meter, **{**named, "model": model}))
        async with loaded(hass, entry) as hub:
            yield Both(line, cloud, meter, entry, hub)


async def test_it_is_one_device_and_the_cloud_fills_the_gap_while_the_line_is_cut(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with both(hass, cabinet_of, link_to) as rig:
        await rig.until_from("modbus")
        await rig.poll()
        assert rig.origin == "modbus"
        assert len(rig.device.sources) == 2
        registry, devices = er.async_get(hass), dr.async_get(hass)
        of_cloud = er.async_entries_for_config_entry(registry, rig.entry.entry_id)
        assert not [one.unique_id for one in of_cloud if one.unique_id.endswith("_Lg")]
        (place,) = dr.async_entries_for_config_entry(devices, rig.entry.entry_id)
        assert place.identifiers == {(DOMAIN, rig.entry.entry_id)}

        # The line is cut: with the first poll after the server heard it, its value stands there, and it is the truth.
        truth = rig.line.cabinet.units[UNIT].truth()["1"]["Lg"]
        await rig.line.cabinet.stop()
        await rig.line.reported(UNIT, lambda: not rig.device.hears(rig.device.sources[0]))
        # What the server heard before is older than what was known, and stands in by no means.
        await rig.poll()
        assert rig.origin != ORIGIN
        rig.meter.age_s = 0.0
        rig.cloud.pass_time(2)
        await rig.poll()
        assert rig.origin == ORIGIN
        state = hass.states.get(rig.leakage)
        assert state is not None
        assert float(state.state) == pytest.approx(truth, abs=1)
        assert not [one for one in desk_of(hass).alarms.standing() if "unreachable" in str(one.alarm.cause.key)]

        # And back.
        await rig.line.cabinet.start(tcp_port=rig.line.entry.data["port"], rtu_port=None)
        await rig.until_from("modbus")
        await rig.poll()
        assert rig.origin == "modbus"
        assert rig.cloud.effects == []


async def test_either_entry_is_loaded_anew_and_nothing_is_ordered(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    async with both(hass, cabinet_of, link_to) as rig:
        await rig.until_from("modbus")
        for entry in (rig.entry, rig.line.entry, rig.entry):
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
            assert entry.state is ConfigEntryState.LOADED
            assert len(rig.device.sources) == 2
            await rig.until_from("modbus")
        assert rig.cloud.effects == []
        assert not rig.line.cabinet.units[UNIT].writes


async def test_what_only_the_server_can_pass_on_goes_out_once_over_the_account(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud_source, "LOOK_EVERY", 0.2)
    monkeypatch.setattr(lockoutmemory, "PROCESS_BEGAN", lockoutmemory.PROCESS_BEGAN - 3600)
    ada = Context(user_id=(await administrator(hass)).id)
    async with both(hass, cabinet_of, link_to, "arcm300") as rig:
        await rig.line.polled(UNIT)
        (subentry_id,) = rig.line.entry.subentries
        button = er.async_get(hass).async_get_entity_id(
            "button", DOMAIN, f"{subentry_id}_control_1_RESET_remote_operation"
        )
        assert button is not None
        given = {"entity_id": button, "operation": "RESET", "confirm": True}
        with pytest.raises(ServiceValidationError, match="second password"):
            await hass.services.async_call(DOMAIN, "operate", given, blocking=True, context=ada)
        assert rig.cloud.effects == []
        given["second_password"] = SECOND
        await hass.services.async_call(DOMAIN, "operate", given, blocking=True, context=ada, return_response=True)
        assert [(one.type, one.value) for one in rig.cloud.commands.sent] == [("reset", "1")]
        assert not rig.line.cabinet.units[UNIT].writes
        # As long as it takes nothing through the account, it is told nothing there: also when that is loaded anew.
        await hass.config_entries.async_reload(rig.entry.entry_id)
        await rig.poll()
        with pytest.raises(ServiceValidationError, match="no other command so soon"):
            await hass.services.async_call(
                DOMAIN, "operate", {**given, "operation": "SILENCE"}, blocking=True, context=ada
            )
        assert len(rig.cloud.commands.sent) == 1


@pytest.mark.usefixtures("socket_enabled")
async def test_a_device_whose_number_the_log_tells_is_proposed_to_be_the_one_that_calls(hass: HomeAssistant) -> None:
    caller = caller_data(model="arcm300", polling=False)
    async with cloud_with_owner() as cloud, uplink(hass, [caller]) as street:
        site = cloud.site("Mill Lane")
        known, other = site.add(ARCM310, "Breaker"), site.add(ARCM300T, "Another")
        same = site.add(ARCM300T, "The same", serial=SERIAL)
        for meter in (same, other):
            # Somebody muted it in the maker's app: its number stands in the log since.
            was = Command(meter=meter, type="silent", value="1", user="app", sent=cloud.clock.now(), is_310=False)
            cloud.commands.take(was)
        [device_id] = street.entry.subentries
        entry = account_entry(cloud, known)
        async with loaded(hass, entry):
            for meter, is_proposed in ((other, False), (same, True)):
                walk = await add_devices(hass, entry)
                await walk.answer(meter_code=meter.code)
                assert set(walk.options("same_as")) == {"own", device_id}
                # Left as it is proposed.
                await walk.answer(detail="normal", allow_automations=False)
                assert walk.is_saved, walk.errors
                await hass.async_block_till_done()
                (added,) = (one for one in entry.subentries.values() if one.unique_id == meter.code)
                assert (added.data.get("same_as") == device_id) is is_proposed
            # What was stored leads there: it is a way that the device has now, and nothing about it is broken.
            [coordinator] = street.entry.runtime_data.coordinators.values()
            assert [source.details().get("type") for source in coordinator.device.sources] == [None, ARCM300T]
            broken = [one.issue_id for one in ir.async_get(hass).issues.values() if "broken" in one.issue_id]
            assert broken == []
        assert cloud.effects == []


@pytest.mark.usefixtures("socket_enabled")
async def test_a_log_that_cannot_be_read_keeps_no_device_from_being_added(hass: HomeAssistant) -> None:
    async with cloud_with_owner() as cloud, uplink(hass, [caller_data(model="arcm300", polling=False)]):
        site = cloud.site("Mill Lane")
        known, same = site.add(ARCM310, "Breaker"), site.add(ARCM300T, "The same", serial=SERIAL)
        entry = account_entry(cloud, known)
        async with loaded(hass, entry):
            cloud.fail("html", at="getARCMControlLogList", times=None)
            walk = await add_devices(hass, entry)
            await walk.answer(meter_code=same.code)
            await walk.answer(detail="normal", allow_automations=False)
            assert walk.is_saved, walk.errors
