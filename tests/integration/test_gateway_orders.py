"""Orders through a gateway from Home Assistant: over a real broker, each once, and done when it was read back."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from homeassistant.components.mqtt import client
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlowContext
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from custom_components.acrel_safety import lifetime
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.hubs import gateway_broker
from simulator import Cabinet
from simulator.broker import Broker
from simulator.gateway import Awt, Meter
from simulator.gateway.site import AWT, BREAKER, PREPAID, PRODUCT
from simulator.unit import Unit
from tests.aioacrel.control_rigs import time_passing
from tests.integration.control_rigs import USUAL, administrator
from tests.integration.flows import Walk
from tests.integration.gateway_rigs import FAST, GatewayRig, gateway_of, meter_data, mqtt
from tests.integration.rigs import is_not, is_now, states_of

pytestmark = pytest.mark.usefixtures("socket_enabled")
SECONDS = 1.0
"""Between two reports: control waits for a gateway as long as that takes, and it may be an hour."""
BY_NAME = {"RLYON", "RLYOFF"}


@dataclass
class OrderRig:
    """A gateway with a breaker and a prepaid meter, and who may operate them."""

    gateway: GatewayRig
    broker: Broker
    station: Awt
    ada: Context

    @property
    def hass(self) -> HomeAssistant:
        return self.gateway.hass

    def unit(self, serial: str) -> Unit:
        """Return what stands behind the gateway."""
        (found,) = (meter.units[0] for meter in self.station.meters if meter.serial == serial)
        return found

    def is_closed(self, serial: str) -> bool:
        """What is so at the instrument."""
        return self.unit(serial).truth()["1"]["RlySta"] is True

    def switch(self, serial: str) -> str | None:
        """Return the switch of a breaker."""
        unique_id = f"{self.gateway.subentry_id(serial)}_control_1_remote_breaker"
        return er.async_get(self.hass).async_get_entity_id("switch", DOMAIN, unique_id)

    def ordered(self) -> list[tuple[str, Mapping[str, object]]]:
        """Return the orders that reached the gateway: method and what else it said."""
        return [(one.method, one.payload) for one in self.station.received if one.method != "REFRESH"]

    async def turn(self, way: str, serial: str) -> None:
        """Switch a breaker, and wait for what came of it."""
        data = {"entity_id": self.switch(serial)}
        await self.hass.services.async_call("switch", f"turn_{way}", data, blocking=True, context=self.ada)

    async def allow(self, *, by_analogy: bool) -> None:
        """Have the owner opt in for the methods of which no layout is proved, or out again."""
        flow, entry = self.hass.config_entries.flow, self.gateway.entry
        context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry.entry_id)
        walk = Walk(flow, await flow.async_init(DOMAIN, context=context))
        await walk.answer(clock="vendor", by_analogy=by_analogy)
        assert walk.reason == "reconfigure_successful", walk.errors
        await self.hass.async_block_till_done()

    def standing(self) -> list[str]:
        """Return the alarms that stand, by rule or code."""
        return [str(one.alarm.cause.key) for one in desk_of(self.hass).alarms.standing()]


@asynccontextmanager
async def orders(hass: HomeAssistant, **control: object) -> AsyncGenerator[OrderRig]:
    """Set up a gateway on a broker of its own; both of its meters may be operated."""
    cabinet = Cabinet.of({}, frozen=True)
    built = [Meter.build(cabinet, BREAKER, "ascb1"), Meter.build(cabinet, PREPAID, "dtsy1352")]
    station = Awt(AWT, built, product=PRODUCT, quirks=FAST, seconds=SECONDS)
    named = [meter_data(one.serial, one.model, control={**USUAL, **control}) for one in built]
    ada = Context(user_id=(await administrator(hass)).id)
    async with mqtt(hass) as broker, gateway_of(hass, named) as gateway, time_passing(cabinet.advance):
        station.start(*broker.place)
        try:
            await station.is_up.wait()
            rig = OrderRig(gateway, broker, station, ada)
            for serial in (BREAKER, PREPAID):
                await gateway.until(gateway.entity_id("sensor", "1_Ua", serial), is_not(STATE_UNAVAILABLE))
            yield rig
        finally:
            await station.stop()


async def test_a_meter_is_opened_and_closed_by_forced_switching_once_each_and_read_back(hass: HomeAssistant) -> None:
    async with orders(hass) as rig:
        switch = rig.switch(PREPAID)
        assert switch is not None
        assert hass.states.is_state(switch, STATE_ON)
        for way, wanted, shown in (("off", 0, STATE_OFF), ("on", 1, STATE_ON)):
            await rig.turn(way, PREPAID)
            assert hass.states.is_state(switch, shown)
            assert rig.is_closed(PREPAID) is bool(wanted)
            method, payload = rig.ordered()[-1]
            assert (method, payload["ForceSwitch"], payload["addr"]) == ("FORCESWITCH", wanted, PREPAID)
        assert len(rig.ordered()) == 2


async def test_a_breaker_is_operated_by_name_only_after_the_owner_opted_in_and_no_more_when_he_opts_out(
    hass: HomeAssistant,
) -> None:
    async with orders(hass, remote_level=1) as rig:
        assert rig.switch(BREAKER) is None
        await rig.allow(by_analogy=True)
        switch = rig.switch(BREAKER)
        assert switch is not None
        await rig.gateway.until(switch, is_now(STATE_ON))
        for way, method, is_closed in (("off", "RLYOFF", False), ("on", "RLYON", True)):
            await rig.turn(way, BREAKER)
            await rig.gateway.until(switch, is_now(STATE_ON if is_closed else STATE_OFF))
            assert rig.is_closed(BREAKER) is is_closed
            assert rig.ordered()[-1] == (method, {"method": method, "addr": BREAKER})
        assert len(rig.ordered()) == 2

        await rig.allow(by_analogy=False)
        assert rig.switch(BREAKER) is None
        # What is proved is offered as before.
        await rig.turn("off", PREPAID)
        assert [method for method, _ in rig.ordered()] == ["RLYOFF", "RLYON", "FORCESWITCH"]
        assert not rig.standing()


async def test_a_gateway_is_heard_again_after_somebody_made_up_that_home_assistant_stops(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_broker, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(lifetime, "MEND_SECONDS", 1.0)
    async with orders(hass) as rig:
        gateway, switch = rig.gateway, rig.switch(PREPAID)
        assert switch is not None
        voltage, safety = (gateway.entity_id("sensor", one, PREPAID) for one in ("1_Ua", "alarms_all_safety"))
        seen = states_of(hass, safety)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await gateway.until(voltage, is_now(STATE_UNAVAILABLE))
        await gateway.until(voltage, is_not(STATE_UNAVAILABLE))
        await gateway.until(switch, is_now(STATE_ON))
        assert rig.ordered() == []
        assert "alarm" not in seen
        await rig.turn("off", PREPAID)
        assert (rig.is_closed(PREPAID), len(rig.ordered())) == (False, 1)


async def test_while_the_broker_is_away_nothing_is_known_nothing_is_sent_and_no_alarm_is_made(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_broker, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(client, "RECONNECT_INTERVAL_SECONDS", 1.0)
    async with orders(hass) as rig:
        gateway, switch = rig.gateway, rig.switch(PREPAID)
        assert switch is not None
        voltage, safety = (gateway.entity_id("sensor", one, PREPAID) for one in ("1_Ua", "alarms_all_safety"))
        seen = states_of(hass, safety)
        await rig.broker.stop()
        await gateway.until(voltage, is_now(STATE_UNAVAILABLE))
        await gateway.until(switch, is_now(STATE_UNAVAILABLE))
        with pytest.raises(HomeAssistantError, match="nothing was sent"):
            await hass.services.async_call(
                DOMAIN,
                "operate",
                {"entity_id": safety, "operation": "open", "confirm": True},
                blocking=True,
                context=rig.ada,
                return_response=True,
            )
        await rig.broker.start()
        await gateway.until(voltage, is_not(STATE_UNAVAILABLE))
        await gateway.until(switch, is_now(STATE_ON))
        assert rig.ordered() == []
        assert rig.standing() == []
        assert "alarm" not in seen
        await rig.turn("off", PREPAID)
        assert (rig.is_closed(PREPAID), len(rig.ordered())) == (False, 1)
