"""How well links and devices do: there for who enables it, also and above all while a device is silent."""

from collections.abc import Callable
from datetime import timedelta

from homeassistant.config_entries import RELOAD_AFTER_UPDATE_DELAY
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.acrel_safety.const import DOMAIN, FIGURES_SECONDS
from simulator.faults import Fault, FaultProxy, Framing, Schedule
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import HOST, QUICK, LinkRig, device, is_now, link_data

OF_DEVICE = ("answer_time", "timeouts", "discarded_frames")
NEVER = dict.fromkeys(QUICK, 600.0)


def figures(rig: LinkRig) -> list[er.RegistryEntry]:
    """Return the figures of the link and all its devices."""
    return [entity for entity in rig.entities() if "_statistics_" in entity.unique_id]


def figure(rig: LinkRig, key: str, unit_id: int | None = None) -> str:
    """Return the entity of a figure of a unit, or of the link."""
    owner = rig.entry.entry_id if unit_id is None else rig.subentry(unit_id).subentry_id
    entity_id = er.async_get(rig.hass).async_get_entity_id("sensor", DOMAIN, f"{owner}_statistics_{key}")
    assert entity_id is not None
    return entity_id


async def enable_figures(rig: LinkRig) -> None:
    """Enable all figures, as a user would who looks for a fault; Home Assistant then loads the link anew."""
    for entity in figures(rig):
        er.async_get(rig.hass).async_update_entity(entity.entity_id, disabled_by=None)
    async_fire_time_changed(rig.hass, dt_util.utcnow() + timedelta(seconds=RELOAD_AFTER_UPDATE_DELAY + 1))
    await rig.hass.async_block_till_done()


def state_of(rig: LinkRig, key: str, unit_id: int | None = None) -> State:
    state = rig.hass.states.get(figure(rig, key, unit_id))
    assert state is not None
    return state


def number(rig: LinkRig, key: str, unit_id: int | None = None) -> float:
    return float(state_of(rig, key, unit_id).state)


async def pass_time(hass: HomeAssistant, times: int = 1) -> None:
    """Let Home Assistant believe that it is time to look again."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=times * (FIGURES_SECONDS + 1)))
    await hass.async_block_till_done()


async def test_figures_are_disabled_diagnostics_of_their_device_or_link(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({7: "asj10l", 8: "aim-r100"}))
    found = figures(rig)
    assert len(found) == 2 + 2 * 3
    assert {entity.disabled_by for entity in found} == {er.RegistryEntryDisabler.INTEGRATION}
    assert {entity.entity_category for entity in found} == {EntityCategory.DIAGNOSTIC}
    devices = dr.async_get(hass)
    homes: dict[str, list[str | None]] = {}
    for entity in found:
        home = devices.async_get(entity.device_id or "")
        assert home is not None
        homes.setdefault(str(home.name), []).append(entity.original_name)
    assert {name: sorted(map(str, names)) for name, names in homes.items()} == {
        "Cabinet": ["Line duty", "Polls left out"],
        "asj10l 7": ["Answer time", "Discarded frames", "Timeouts"],
        "aim-r100 8": ["Answer time", "Discarded frames", "Timeouts"],
    }


async def test_figures_are_enabled_one_by_one_and_say_what_they_are(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({7: "asj10l"}))
    await enable_figures(rig)
    shown = {
        key: tuple(
            state_of(rig, key, unit_id).attributes.get(name)
            for name in ("friendly_name", "device_class", "unit_of_measurement", "state_class")
        )
        for key, unit_id in (
            *((key, 7) for key in OF_DEVICE),
            *((key, None) for key in ("overruns", "line_duty")),
        )
    }
    assert shown == {
        "answer_time": ("asj10l 7 Answer time", "duration", "ms", "measurement"),
        "timeouts": ("asj10l 7 Timeouts", None, None, "total_increasing"),
        "discarded_frames": ("asj10l 7 Discarded frames", None, None, "total_increasing"),
        "overruns": ("Cabinet Polls left out", None, None, "total_increasing"),
        "line_duty": ("Cabinet Line duty", None, "%", "measurement"),
    }
    assert 0 < number(rig, "answer_time", 7) < 1000
    assert number(rig, "timeouts", 7) == number(rig, "discarded_frames", 7) == number(rig, "overruns") == 0
    assert 0 < number(rig, "line_duty") <= 100


async def test_figures_have_chinese_names_for_a_chinese_user(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    hass.config.language = "zh-Hans"
    rig = await link_to(await cabinet_of({7: "asj10l"}))
    names = {entity.unique_id.rpartition("_statistics_")[2]: entity.original_name for entity in figures(rig)}
    assert names == {
        "answer_time": "应答时间",
        "timeouts": "超时次数",
        "discarded_frames": "丢弃的报文",
        "overruns": "略过的轮询",
        "line_duty": "线路占用率",
    }


async def test_a_silent_device_counts_timeouts_and_its_figures_stay_available(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 9: "aim-m10"})
    rig = await link_to(cabinet, intervals=QUICK)
    await enable_figures(rig)
    cabinet.set_scenario("silent", 7)
    leak = rig.entity_id("sensor", 7, "Lg")
    assert leak is not None
    await rig.until(leak, is_now("unavailable"))
    await pass_time(hass)
    assert number(rig, "timeouts", 7) >= 2
    assert 0 < number(rig, "answer_time", 7) < 1000
    assert number(rig, "timeouts", 9) == 0


async def test_a_device_silent_from_the_start_has_timeouts_and_no_answer_time(
    cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    rig = await link_to(cabinet, intervals=QUICK)
    cabinet.set_scenario("silent", 7)
    await enable_figures(rig)
    assert state_of(rig, "answer_time", 7).state == "unknown"
    assert number(rig, "timeouts", 7) >= 1


async def test_a_line_too_slow_for_its_polls_shows_those_left_out_and_is_busy(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, intervals=QUICK)
    await enable_figures(rig)
    cabinet.set_scenario("slow", 8, delay_s=0.06)
    await rig.polled(8, times=10)
    await pass_time(hass)
    assert number(rig, "overruns") > 0
    assert number(rig, "line_duty") > 50
    assert number(rig, "answer_time", 8) > 30


async def test_frames_that_are_thrown_away_are_counted(
    hass: HomeAssistant, cabinet_of: CabinetMaker, any_interval: Callable[[], None]
) -> None:
    any_interval()
    cabinet = await cabinet_of({7: "asj10l"})
    plan = Schedule(seed=1, faults=[Fault.WRONG_LENGTH], rate=0.0)
    async with FaultProxy(HOST, cabinet.tcp_port or 0, Framing.MBAP, plan) as proxy:
        subentry = device(7, "asj10l", data={"intervals": QUICK})
        entry = MockConfigEntry(domain=DOMAIN, title="Cabinet", data=link_data(proxy.port), subentries_data=[subentry])
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        rig = LinkRig(hass, entry, cabinet)
        await enable_figures(rig)
        assert number(rig, "discarded_frames", 7) == 0
        plan.rate = 1.0
        leak = rig.entity_id("sensor", 7, "Lg")
        assert leak is not None
        await rig.until(leak, is_now("unavailable"))
        await pass_time(hass)
        assert number(rig, "discarded_frames", 7) >= 2
        assert number(rig, "timeouts", 7) == 0
        await hass.config_entries.async_unload(entry.entry_id)


async def test_a_figure_is_written_only_when_it_has_changed(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    rig = await link_to(await cabinet_of({7: "asj10l"}), intervals=NEVER)
    await enable_figures(rig)
    await pass_time(hass)
    others = {figure(rig, "overruns"), *(figure(rig, key, 7) for key in OF_DEVICE)}
    before = {state.entity_id: state for state in hass.states.async_all() if state.entity_id in others}
    assert len(before) == 4
    for times in (2, 3, 4):
        await pass_time(hass, times)
    for entity_id, former in before.items():
        state = hass.states.get(entity_id)
        assert state is not None
        assert state.last_reported == former.last_reported or state.state != former.state


async def test_figures_cost_no_line_time(hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker) -> None:
    cabinet = await cabinet_of({7: "asj10l"})
    rig = await link_to(cabinet, intervals=QUICK)
    for entity in rig.entities():
        if entity not in figures(rig):
            er.async_get(hass).async_update_entity(entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    await rig.reload()
    before = rig.source(7).unit.groups()
    await enable_figures(rig)
    assert len(hass.states.async_entity_ids("sensor")) >= 5
    assert rig.source(7).unit.groups() == before


async def test_figures_go_with_their_device_and_stay_with_another_model(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({7: "asj10l", 8: "aim-r100"})
    rig = await link_to(cabinet)
    before = {entity.entity_id for entity in figures(rig)}
    cabinet.set_scenario("wrong_model", 8, model="asj10l")
    subentry = rig.subentry(8)
    hass.config_entries.async_update_subentry(rig.entry, subentry, data={**subentry.data, "model": "asj10l"})
    await hass.async_block_till_done()
    assert {entity.entity_id for entity in figures(rig)} == before
    hass.config_entries.async_remove_subentry(rig.entry, subentry.subentry_id)
    await hass.async_block_till_done()
    assert len(figures(rig)) == len(before) - 3
