"""What brokers, networks and firmware do to a gateway, in Home Assistant: nothing twice, lost or made up."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from homeassistant.components import mqtt as mqtt_integration
from homeassistant.components.mqtt import client
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.acrel_safety.aioacrel.gateway.source import GatewaySource
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.hubs.history_statistics import statistic_id
from simulator import Cabinet
from simulator.broker import Broker
from simulator.gateway import Awt, Meter, Quirks
from simulator.gateway.quirks import QUIRKS
from simulator.gateway.site import AWT, BREAKER, PREPAID, PRODUCT
from tests.integration.gateway_rigs import FAST, Ahead, GatewayRig, gateway_of, meter_data, mqtt, report
from tests.integration.rigs import is_not, is_now, states_of

pytestmark = pytest.mark.usefixtures("socket_enabled")
PERIOD, HOUR = 600, 3600
OUTAGE = 3 * HOUR
BREAKER_UNIT, METER_UNIT = 0, 1
type Hours = dict[float, float]


@dataclass
class Site:
    """A gateway with a breaker and a meter, and the broker both sides talk to."""

    rig: GatewayRig
    broker: Broker
    station: Awt
    cabinet: Cabinet
    clock: Ahead

    async def report(self) -> None:
        """Have it report a little later, whatever it had to do before."""
        await self.station.is_up.wait()
        await report(self.station, self.clock)

    async def restart_broker(self) -> None:
        """Lose all that the broker knew."""
        hass, is_back = self.rig.hass, asyncio.Event()

        @callback
        def note(is_connected: bool) -> None:
            if is_connected:
                is_back.set()

        leave = mqtt_integration.async_subscribe_connection_status(hass, note)
        await self.broker.stop()
        self.station.is_up.clear()
        await self.broker.start()
        await is_back.wait()
        await self.station.is_up.wait()
        leave()

    async def reboot(self) -> None:
        """Have the gateway forget what was agreed on."""
        self.station.is_up.clear()
        self.station.reboot()
        await self.station.is_up.wait()

    async def nothing(self) -> None:
        """Leave all as it is: it is the gateway that is strange."""

    async def outage(self) -> Hours:
        """Measure for some hours without a network, then tell it; return the counter at the end of each full hour."""
        unit = self.station.meters[METER_UNIT].units[0]
        # It ended longer ago than a report may be old and be of now, however near the full hour is.
        begin = (dt_util.utcnow().timestamp() - 3 * PERIOD) // HOUR * HOUR - OUTAGE
        self.station.lose_network()
        ends: Hours = {}
        for step in range(OUTAGE // PERIOD):
            moment = begin + step * PERIOD + PERIOD // 2
            self.clock.seconds = moment - dt_util.utcnow().timestamp()
            self.cabinet.advance(PERIOD)
            await self.station.report()
            counter = unit.truth()["1"]["EP"]
            assert isinstance(counter, float)
            ends[moment // HOUR * HOUR] = counter
        self.clock.seconds = 0.0
        source = self.rig.coordinator(PREPAID).source
        assert isinstance(source, GatewaySource)
        late = source.meter.late
        self.station.find_network()
        while source.meter.late < late + OUTAGE // PERIOD * (1 + self.station.quirks.repeats):
            await self.rig.hass.async_block_till_done()
        return ends

    async def imported(self) -> Hours:
        """Return the counter of each hour that became a statistic."""
        hass = self.rig.hass
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=30))
        await hass.async_block_till_done()
        await async_wait_recording_done(hass)
        source = self.rig.coordinator(PREPAID).source
        name = statistic_id(self.rig.subentry_id(PREPAID), source.points[PointKey("1", "EP")])
        begin = dt_util.utcnow() - timedelta(days=3)
        found = await get_instance(hass).async_add_executor_job(
            statistics_during_period, hass, begin, None, {name}, "hour", None, {"state", "sum"}
        )
        rows = found.get(name, [])
        sums = [row["sum"] or 0.0 for row in rows]
        assert sums == sorted(sums)
        assert len({row["start"] for row in rows}) == len(rows)
        return {row["start"]: row["state"] or 0.0 for row in rows}


@asynccontextmanager
async def site(hass: HomeAssistant, quirks: Quirks) -> AsyncGenerator[Site]:
    """Set up a gateway that reports when it is told to."""
    cabinet, clock = Cabinet.of({}, frozen=True), Ahead()
    built = [Meter.build(cabinet, BREAKER, "ascb1"), Meter.build(cabinet, PREPAID, "dtsy1352")]
    station = Awt(AWT, built, product=PRODUCT, quirks=quirks, seconds=float(PERIOD), clock=clock)
    named = [meter_data(one.serial, one.model) for one in built]
    async with mqtt(hass) as broker, gateway_of(hass, named) as rig:
        station.start(*broker.place)
        try:
            yield Site(rig, broker, station, cabinet, clock)
        finally:
            await station.stop()


CASES: dict[str, tuple[Quirks, Callable[[Site], Awaitable[None]]]] = {
    "broker_restarted": (Quirks(), Site.restart_broker),
    "gateway_rebooted": (Quirks(), Site.reboot),
    **{name: (QUIRKS[name], Site.nothing) for name in ("twice", "yesterday", "tomorrow", "zero", "text")},
    "all_at_once": (replace(QUIRKS["twice"], values_as_text=True, msgid="zero", compresses=True), Site.restart_broker),
}


@pytest.mark.parametrize(("quirks", "disturb"), CASES.values(), ids=CASES.keys())
async def test_nothing_is_counted_twice_no_alarm_is_lost_and_none_is_made(
    recorder_mock: object,
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    quirks: Quirks,
    disturb: Callable[[Site], Awaitable[None]],
) -> None:
    del recorder_mock  # before anything else: it makes the recorder
    monkeypatch.setattr(client, "RECONNECT_INTERVAL_SECONDS", 1.0)
    haste = {name: getattr(FAST, name) for name in ("retry_s", "redial_s", "time_s", "beats_s")}
    async with site(hass, replace(quirks, **haste)) as its, asyncio.timeout(90):
        rig = its.rig
        voltage = rig.entity_id("sensor", "1_Ua", BREAKER)
        safety = rig.entity_id("sensor", "alarms_all_safety", BREAKER)
        seen = states_of(hass, safety)
        await its.report()
        await rig.until(voltage, is_not("unavailable"))
        # What else it reports is among its points from now on: the entry is loaded anew for it.
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=60))
        await hass.async_block_till_done()
        await its.report()

        await disturb(its)
        hours = await its.outage()
        assert await its.imported() == pytest.approx(hours)
        await disturb(its)
        await its.report()
        # What was told before is told no second time, whatever was restarted or forgotten meanwhile.
        assert await its.imported() == pytest.approx(hours)
        assert not desk_of(hass).alarms.standing()
        assert {"alarm", "tripped"}.isdisjoint(seen)

        its.station.meters[BREAKER_UNIT].units[0].set_scenario("leak")
        its.cabinet.advance(10)
        await its.report()
        await rig.until(safety, is_now("tripped"))
        # It stands as long as it is so, through the next disturbance.
        await disturb(its)
        await its.report()
        await hass.async_block_till_done()
        assert hass.states.is_state(safety, "tripped")
