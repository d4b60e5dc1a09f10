"""Counters of meters that die, are replaced or roll over: the owner decides, and the Energy dashboard stays true."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from random import Random
from typing import Any

import probatio
import pytest
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.coordinator import AcrelCoordinator
from custom_components.acrel_safety.counters import issue_id
from custom_components.acrel_safety.hubs import WAYS, Way
from tests.aioacrel.test_totals import pattern
from tests.integration.rigs import device
from tests.integration.spoken import SPOKEN, SpokenHub, SpokenSource

type Browser = TestClient[Any, Any]

ENERGY, POWER = PointKey("1", "EPI"), PointKey("1", "P")
OTHER, NET = PointKey("1", "EPE"), PointKey("1", "EP")
POLL = 60.0
KILOWATTS = 6.0
EPISODES = 1_000
PERIOD = timedelta(minutes=5)
"""Of short-term statistics."""


@dataclass
class Meter:
    """A meter that says what it is told to, and the device that is made of it; time passes as it is told."""

    hass: HomeAssistant
    entry: MockConfigEntry
    now: float = 0.0

    def __post_init__(self) -> None:
        self.coordinator.device._steady = lambda: self.now

    @property
    def coordinator(self) -> AcrelCoordinator:
        (coordinator,) = self.entry.runtime_data.coordinators.values()
        assert isinstance(coordinator, AcrelCoordinator)
        return coordinator

    @property
    def source(self) -> SpokenSource:
        (source,) = self.entry.runtime_data.hub.sources.values()
        assert isinstance(source, SpokenSource)
        return source

    def say(self, *counts: float) -> None:
        """Be read once a minute."""
        for count in counts:
            self.now += POLL
            self.source.say({POWER: KILOWATTS, ENERGY: count})

    @property
    def entity_id(self) -> str:
        (subentry_id,) = self.entry.subentries
        found = er.async_get(self.hass).async_get_entity_id("sensor", DOMAIN, f"{subentry_id}_1_EPI")
        assert found is not None
        return found

    @property
    def shown(self) -> float:
        state = self.hass.states.get(self.entity_id)
        assert state is not None
        return float(state.state)

    @property
    def issue(self) -> ir.IssueEntry | None:
        (subentry,) = self.entry.subentries.values()
        return ir.async_get(self.hass).async_get_issue(DOMAIN, issue_id(self.entry, subentry))

    @property
    def is_asking(self) -> bool:
        """Whether the owner is asked."""
        return self.issue is not None

    async def reload(self, **data: object) -> None:
        """Load the link anew, perhaps with other settings of the device."""
        (subentry,) = self.entry.subentries.values()
        if data:
            self.hass.config_entries.async_update_subentry(self.entry, subentry, data={**subentry.data, **data})
        await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done()
        self.__post_init__()


@pytest.fixture
async def meter(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Meter]:
    """Set up a meter that is reached by a spoken source."""
    anything = probatio.Schema({}, extra=probatio.ALLOW_EXTRA)
    way = Way(
        hub=SpokenHub,
        link=anything,
        device=anything,
        seat=lambda data: data["unit_id"],
        seat_field="unit_id",
        missing=lambda *_: [],
    )
    monkeypatch.setitem(WAYS, SPOKEN, way)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Spoken",
        data={"type": SPOKEN},
        subentries_data=[device(1, "adl400", "Board 3", data={"detail": "exact"})],
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    yield Meter(hass, entry)
    if entry.state is ConfigEntryState.LOADED:
        assert await hass.config_entries.async_unload(entry.entry_id)


async def answer(client: Browser, issue: ir.IssueEntry, option: str) -> dict[str, Any]:
    """Open the repair in the user interface and choose an answer; return what was shown first."""
    response = await client.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue.issue_id})
    assert response.status == HTTPStatus.OK
    shown: dict[str, Any] = await response.json()
    response = await client.post(f"/api/repairs/issues/fix/{shown['flow_id']}", json={"next_step_id": option})
    assert response.status == HTTPStatus.OK
    assert (await response.json())["type"] == "create_entry"
    return shown


@pytest.fixture
async def browser(hass: HomeAssistant, hass_client: ClientSessionGenerator, socket_enabled: None) -> Browser:
    """Return a client of the user interface."""
    assert await async_setup_component(hass, "repairs", {})
    return await hass_client()


async def test_a_dead_meter_is_held_and_what_passes_asks_nobody(meter: Meter) -> None:
    meter.say(29_062.7, 0.0, 0.0, 0.0, 0.0)
    assert meter.shown == 29_062.7
    assert meter.issue is None
    meter.say(29_063.1)
    assert meter.shown == 29_063.1


async def test_a_replaced_meter_is_taken_over_once_the_owner_says_so(meter: Meter, browser: Browser) -> None:
    meter.say(29_062.7, *[0.1 * lap for lap in range(20)])
    assert meter.shown == 29_062.7
    assert meter.issue is not None
    shown = await answer(browser, meter.issue, "replaced")
    assert shown["menu_options"] == ["replaced", "right", "fault"]
    assert "29062.7 → 1.9 kWh" in shown["description_placeholders"]["counters"]
    assert meter.shown == pytest.approx(1.9)
    assert not meter.is_asking
    meter.say(2.0)
    assert meter.shown == 2.0


async def test_a_used_meter_goes_on_from_the_last_value_over_a_restart_too(meter: Meter, browser: Browser) -> None:
    meter.say(100.0, *[5000.0] * 20)
    assert meter.issue is not None
    await answer(browser, meter.issue, "replaced")
    meter.say(5000.5)
    assert meter.shown == pytest.approx(100.5)
    await meter.reload()
    meter.say(5001.0)
    assert meter.shown == pytest.approx(101.0)
    state = meter.hass.states.get(meter.entity_id)
    assert state is not None
    assert state.attributes["meter_reading"] == 5001.0


async def test_a_fault_is_held_and_not_asked_about_again(meter: Meter, browser: Browser) -> None:
    meter.say(100.0, *[5000.0] * 20)
    assert meter.issue is not None
    await answer(browser, meter.issue, "fault")
    meter.say(*[5000.0] * 20)
    assert meter.shown == 100.0
    assert not meter.is_asking
    meter.say(100.5)
    assert meter.shown == 100.5


async def test_what_fits_again_withdraws_the_question(meter: Meter) -> None:
    meter.say(100.0, *[0.0] * 20)
    assert meter.issue is not None
    meter.say(101.0)
    assert meter.shown == 101.0
    assert not meter.is_asking


async def test_another_unit_behind_the_same_device_is_asked_about_at_once(meter: Meter) -> None:
    meter.say(29_062.7)
    await meter.reload(unit_id=2)
    meter.say(12.0)
    assert meter.shown == 29_062.7
    assert meter.issue is not None


async def test_other_intervals_are_no_other_meter(meter: Meter) -> None:
    meter.say(29_062.7)
    await meter.reload(intervals={"slow": 30.0})
    meter.say(12.0)
    assert meter.shown == 29_062.7
    assert not meter.is_asking


async def test_a_thousand_dead_meters_make_no_energy_in_the_statistics(
    recorder_mock: object, hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Meter
) -> None:
    """Each episode is one period of short-term statistics; the sum has to be what really flowed."""
    assert await async_setup_component(hass, "sensor", {})
    random = Random(20_261_126)  # noqa: S311 - no secret
    begin = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    freezer.move_to(begin)
    first = truth = 29_062.7
    for episode in range(EPISODES):
        period = begin + episode * PERIOD
        dead = pattern(random, truth)
        lasts = random.randrange(1, 4)
        for lap in range(5):
            freezer.move_to(period + timedelta(seconds=POLL * lap + 1))
            truth += KILOWATTS * POLL / 3600
            is_dead = episode > 0 and lap < lasts
            is_noise = random.random() < 0.5
            meter.say((pattern(random, truth) if is_noise else dead) if is_dead else round(truth, 2))
        freezer.move_to(period + PERIOD - timedelta(seconds=1))
        await async_wait_recording_done(hass)
        do_adhoc_statistics(hass, start=period)
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        lambda: statistics_during_period(hass, begin, None, {meter.entity_id}, "5minute", None, {"sum", "state"})
    )
    sums = [row["sum"] or 0.0 for row in found[meter.entity_id]]
    assert len(sums) == EPISODES
    assert sums == sorted(sums)
    assert sums[-1] == pytest.approx(truth - first, abs=1)


@pytest.mark.parametrize("is_answered", [True, False])
async def test_a_held_leap_is_held_over_a_reload(
    meter: Meter, browser: Browser, monkeypatch: pytest.MonkeyPatch, *, is_answered: bool
) -> None:
    # The device that is made by the reload has the meter's clock from its first moment.
    assert Device.__init__.__kwdefaults__ is not None
    monkeypatch.setitem(Device.__init__.__kwdefaults__, "steady", lambda: meter.now)
    meter.say(1000.0, *[5000.0] * 180)
    assert meter.issue is not None
    if is_answered:
        await answer(browser, meter.issue, "fault")
    await meter.reload(detail="normal")
    meter.say(*[5000.0] * 20)
    assert meter.shown == 1000.0
    assert meter.is_asking is not is_answered


async def test_a_question_does_not_outlive_what_it_asks(meter: Meter) -> None:
    meter.say(100.0, *[0.0] * 20)
    assert meter.issue is not None
    await meter.reload()
    meter.say(101.0, 101.1)
    assert meter.shown == 101.1
    assert not meter.is_asking


async def test_what_is_held_meanwhile_is_asked_about(meter: Meter, browser: Browser) -> None:
    def say(one: float, other: float, times: int = 1) -> None:
        for _ in range(times):
            meter.now += POLL
            meter.source.say({POWER: KILOWATTS, ENERGY: one, OTHER: other})

    meter.coordinator.device.want([OTHER])
    say(1000.0, 800.0)
    say(0.1, 800.0, 5)
    say(0.1, 0.1, 8)
    assert meter.issue is not None
    response = await browser.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": meter.issue.issue_id})
    flow = f"/api/repairs/issues/fix/{(await response.json())['flow_id']}"
    say(0.1, 0.1, 5)
    shown = await (await browser.post(flow, json={"next_step_id": "replaced"})).json()
    assert shown["type"] == "menu"
    assert "800" in shown["description_placeholders"]["counters"]
    assert [meter.is_asking] == [True]
    shown = await (await browser.post(flow, json={"next_step_id": "replaced"})).json()
    assert shown["type"] == "create_entry"
    assert [meter.is_asking] == [False]
    say(0.2, 0.2)
    assert not meter.coordinator.device.held_counters()


async def test_an_answered_question_is_asked_again_when_it_comes_up_again(meter: Meter, browser: Browser) -> None:
    meter.say(1000.0, *[0.1] * 20)
    assert meter.issue is not None
    await answer(browser, meter.issue, "replaced")
    meter.say(500.0, *[500.0] * 20)
    assert meter.is_asking


async def test_what_the_form_did_not_show_is_not_answered(meter: Meter, browser: Browser) -> None:
    meter.say(1000.0, *[3.0] * 20)
    assert meter.issue is not None
    response = await browser.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": meter.issue.issue_id})
    flow = f"/api/repairs/issues/fix/{(await response.json())['flow_id']}"
    meter.say(*[250_000.0] * 20)
    shown = await (await browser.post(flow, json={"next_step_id": "right"})).json()
    assert meter.shown == 1000.0
    assert shown["type"] == "menu"
    assert "250000" in shown["description_placeholders"]["counters"]
    await browser.post(flow, json={"next_step_id": "right"})
    assert meter.shown == 250_000.0


async def test_a_net_energy_falls_without_a_new_beginning_in_the_statistics(
    recorder_mock: object, hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Meter
) -> None:
    """Import less export: 1 kWh back and forth again and again, which ends 5 kWh below its beginning."""
    assert await async_setup_component(hass, "sensor", {})
    entity_id = meter.entity_id.replace("imported", "combined")
    er.async_get(hass).async_update_entity(entity_id, disabled_by=None)
    await meter.reload()
    state = hass.states.get(entity_id)
    assert state is not None
    assert state.attributes["state_class"] == "total"
    begin = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    first = 8.0
    for period in range(5):
        for lap in range(5):
            freezer.move_to(begin + period * PERIOD + timedelta(seconds=POLL * lap + 1))
            meter.now += POLL
            meter.source.say({POWER: -KILOWATTS, NET: first - period - lap % 2})
        freezer.move_to(begin + (period + 1) * PERIOD - timedelta(seconds=1))
        await async_wait_recording_done(hass)
        do_adhoc_statistics(hass, start=begin + period * PERIOD)
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        lambda: statistics_during_period(hass, begin, None, {entity_id}, "5minute", None, {"sum", "state"})
    )
    last = found[entity_id][-1]
    assert last["sum"] == pytest.approx((last["state"] or 0.0) - first)
    assert last["state"] == pytest.approx(4.0)
    assert not meter.is_asking
