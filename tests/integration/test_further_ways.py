"""One meter, reachable on a local line and over 4G at once: one device, and each of both ways where it is needed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.dt import utcnow
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety import starting
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.uplink.uploads import ORIGIN
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.plant import plant_of
from custom_components.acrel_safety.whole import is_all_there
from simulator.uplink import Caller, Quirks
from tests.aioacrel.control_rigs import time_passing
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import USUAL, administrator
from tests.integration.flows import add_devices, change_device
from tests.integration.rigs import HOST, QUICK, LinkRig, is_not, is_now
from tests.integration.uplink_rigs import SERIAL, UplinkRig, caller_data, uplink

pytestmark = pytest.mark.usefixtures("socket_enabled")
MODEL, UNIT = "dtsy1352", 1
VOLTAGE, ENERGY = PointKey("1", "Ua"), PointKey("1", "EP")


@dataclass
class Both:
    """The meter, and both its links."""

    line: LinkRig
    street: UplinkRig
    caller: Caller

    @property
    def hass(self) -> HomeAssistant:
        return self.line.hass

    @property
    def device_id(self) -> str:
        """The id of the device: that of the subentry on the line."""
        (found,) = self.line.entry.subentries
        return found

    @property
    def device(self) -> Device:
        """The only device there is."""
        (found,) = plant_of(self.hass)
        assert found.identity == self.device_id
        return found

    @property
    def is_seen(self) -> bool:
        """Whether the alarms see it."""
        watch = self.line.coordinator(UNIT).watch
        return watch is not None and watch.is_device_seen

    @property
    def voltage(self) -> str:
        found = self.line.entity_id("sensor", UNIT, "Ua")
        assert found is not None
        return found

    @property
    def energy(self) -> float:
        """What its counter showed last."""
        found = self.device.readings[ENERGY].value
        assert isinstance(found, float)
        return found

    @property
    def switch(self) -> str:
        found = er.async_get(self.hass).async_get_entity_id(
            "switch", DOMAIN, f"{self.device_id}_control_1_remote_breaker"
        )
        assert found is not None
        return found

    @property
    def writes(self) -> int:
        """How many write requests the meter took, over both ways."""
        return len(self.caller.unit.writes)

    def further(self, which: str, platform: str = "binary_sensor") -> str:
        """Return an entity of the further way."""
        return self.street.entity_id(platform, which)

    async def cut(self) -> None:
        """Cut the local line."""
        await self.line.cabinet.stop()

    async def mend(self) -> None:
        """Mend it."""
        await self.line.cabinet.start(tcp_port=self.line.entry.data["port"], rtu_port=None)

    async def until_from(self, origin: str) -> None:
        """Return when the voltage comes by a way."""
        await self.line.reported(UNIT, lambda: self.device.readings[VOLTAGE].origin == origin)

    async def until_asked_again(self) -> None:
        """Return when voltage and counter were asked for on the line after now, and the counter is believed."""
        now, readings = utcnow(), self.device.readings
        await self.line.reported(
            UNIT,
            lambda: readings[VOLTAGE].time > now and readings[ENERGY].time > now and readings[ENERGY].value is not None,
        )

    async def report(self) -> None:
        """Have the meter report now over its card."""
        await self.caller.is_on.wait()
        self.caller.upload()

    def issues(self) -> set[str]:
        """Return the repairs there are, by the key of their texts."""
        return {str(one.translation_key) for one in ir.async_get(self.hass).issues.values() if one.domain == DOMAIN}

    async def turn(self, way: str, context: Context) -> None:
        await self.hass.services.async_call(
            "switch", f"turn_{way}", {"entity_id": self.switch}, blocking=True, context=context
        )


@asynccontextmanager
async def both(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, *, is_joined: bool = True
) -> AsyncGenerator[Both]:
    """Set up a meter on a line, and a port that the very same one calls."""
    cabinet = await cabinet_of({UNIT: MODEL})
    line = await link_to(cabinet, intervals=QUICK, control=USUAL)
    further = caller_data(same_as=line.subentry(UNIT).subentry_id, same_as_place=str(UNIT), polling=False)
    async with uplink(hass, [further] if is_joined else []) as street:
        caller = Caller(cabinet.units[UNIT], SERIAL, quirks=Quirks(redial_s=0.05), minutes=5)
        caller.start(HOST, street.port)
        try:
            async with time_passing(cabinet.advance):
                yield Both(line, street, caller)
        finally:
            await caller.stop()


async def test_one_device_has_the_local_values_and_the_far_ones_where_those_are_lost_and_each_command_goes_once(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_client: ClientSessionGenerator
) -> None:
    ada = Context(user_id=(await administrator(hass)).id)
    async with both(hass, cabinet_of, link_to, is_joined=False) as rig:
        walk = await (await add_devices(hass, rig.street.entry)).pick("caller")
        await walk.answer(serial_number=SERIAL, model=MODEL)
        assert walk.options("same_as") == {"own": "A device of its own", rig.device_id: "dtsy1352 1 (Cabinet)"}
        await walk.answer(same_as=rig.device_id, polling=False)
        assert walk.is_saved, walk.errors
        await hass.async_block_till_done()
        (further,) = rig.street.entry.subentries.values()
        stored = {"same_as": rig.device_id, "same_as_place": str(UNIT), "polling": False}
        assert further.data == {"serial_number": SERIAL, "model": MODEL, **stored}
        await rig.until_from("modbus")
        # It called before it was named, and its connection is kept: what it reported then is nobody's.
        await rig.report()
        await rig.street.until(rig.further("way_further"), is_now("on"))
        assert len(rig.device.sources) == 2
        registry = dr.async_get(hass)
        (hub,) = dr.async_entries_for_config_entry(registry, rig.street.entry.entry_id)
        assert hub.identifiers == {(DOMAIN, rig.street.entry.entry_id)}
        (board,) = [one for one in rig.line.devices() if (DOMAIN, rig.device_id) in one.identifiers]
        its = er.async_entries_for_config_entry(er.async_get(hass), rig.street.entry.entry_id)
        own = {one.unique_id.removeprefix(f"{rig.street.subentry_id()}_") for one in its if one.device_id == board.id}
        assert {"calling_online", "statistics_data_today", "way_own", "way_further", "way_now"} <= own
        await rig.street.until(rig.further("way_now", "sensor"), is_now(rig.line.entry.title))
        assert not {one.device_id for one in its} - {board.id, hub.id}
        assert not [one for one in own if "alarms" in one or "Ua" in one]

        # The local line is cut: what was reported before is older than what was known, and stands in by no means.
        await rig.until_asked_again()
        energy = rig.energy
        await rig.cut()
        await rig.line.until(rig.voltage, is_now(STATE_UNAVAILABLE))
        await rig.street.until(rig.further("way_own"), is_now("off"))
        assert rig.is_seen
        rig.caller.upload()
        await rig.street.until(rig.further("way_now", "sensor"), is_now(rig.street.entry.title))
        await rig.line.until(rig.voltage, is_not(STATE_UNAVAILABLE))
        assert rig.device.readings[VOLTAGE].origin == ORIGIN
        assert energy <= rig.energy < energy + 1
        assert not rig.device.held_counters()

        # Operated over the card, and when the line is back over the line: one write each.
        await rig.turn("off", ada)
        assert (rig.writes, rig.caller.asked != []) == (1, True)
        asked = len(rig.caller.asked)
        await rig.mend()
        await rig.until_from("modbus")
        await rig.turn("on", ada)
        await rig.turn("off", ada)
        assert (rig.writes, len(rig.caller.asked)) == (3, asked)
        # The last report said "closed", but before it was opened: no contradiction.
        rig.caller.upload()
        await rig.turn("on", ada)
        assert rig.writes == 4
        found = str(await get_diagnostics_for_config_entry(hass, hass_client, rig.street.entry))
        assert ("'is_heard': True" in found, SERIAL in found) == (True, False)


async def test_either_entry_is_loaded_anew_or_removed_and_what_is_no_way_any_more_is_said(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "TRY_AGAIN_SECONDS", 0.05)
    async with both(hass, cabinet_of, link_to) as rig:
        await rig.until_from("modbus")
        line, street = rig.line.entry, rig.street.entry
        for entry in (street, line, street):
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
            assert len(rig.device.sources) == 2
            await rig.until_from("modbus")
        # The other order: the further way is there first, and waits.
        assert await hass.config_entries.async_unload(line.entry_id)
        assert [*plant_of(hass)] == []
        assert await hass.config_entries.async_reload(street.entry_id)
        assert (rig.issues(), [*plant_of(hass)]) == (set(), [])
        # The line cannot be reached when it is set up: what the other way says is shown all the same.
        await rig.cut()
        assert await hass.config_entries.async_setup(line.entry_id)
        await hass.async_block_till_done()
        assert line.state is ConfigEntryState.LOADED
        await rig.report()
        await rig.line.until(rig.voltage, is_not(STATE_UNAVAILABLE))
        assert is_all_there(hass)

        await rig.mend()
        await rig.until_from("modbus")

        # Another model, another unit, none at all: said, and nothing is taken for it.
        stored = dict(rig.line.subentry(UNIT).data)
        for change, key, sources in (
            ({"model": "ddsy1352"}, "way_other_model", 1),
            ({"unit_id": 7}, "way_other_place", 1),
            ({"same_as": "somebody", "same_as_place": "7"}, "way_no_device", 0),
        ):
            hass.config_entries.async_update_subentry(line, line.subentries[rig.device_id], data={**stored, **change})
            await hass.async_block_till_done()
            assert key in rig.issues()
            assert sum(len(one.sources) for one in plant_of(hass)) == sources
            assert not is_all_there(hass)
            hass.config_entries.async_update_subentry(line, line.subentries[rig.device_id], data=stored)
            await hass.async_block_till_done()
            assert (rig.issues(), len(rig.device.sources)) == (set(), 2)
        assert await hass.config_entries.async_remove(line.entry_id)
        await hass.async_block_till_done()
        assert rig.issues() == {"way_gone"}
        assert [*plant_of(hass)] == []
        assert not is_all_there(hass)

        # A device of its own it becomes when its owner says so.
        walk = await change_device(hass, street, rig.street.subentry_id())
        await walk.answer(serial_number=SERIAL, model=MODEL)
        assert [*walk.options("same_as")] == ["own"]
        await walk.answer(same_as="own", polling=False, detail="normal", allow_automations=False)
        await hass.async_block_till_done()
        assert rig.issues() == set()
        await rig.report()
        await rig.street.until(rig.street.entity_id("sensor", "1_Ua"), is_not(STATE_UNAVAILABLE))
