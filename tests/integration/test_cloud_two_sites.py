"""The same device code in two sites of an account: two devices, each with what is its own."""

from collections.abc import AsyncIterator

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.acrel_safety.aioacrel.cloud.fields import CHINA
from custom_components.acrel_safety.aioacrel.cloud.history import Calendar, Progress, Theme
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.hubs.cloud_history import CloudHistory, history_store
from custom_components.acrel_safety.hubs.cloud_seats import Seat, subjects_of
from simulator.cloud import ARCM300T, ARCM310, Cloud
from tests.aioacrel.rigs import model
from tests.integration.cloud_rigs import account_entry, cloud_with_owner, entity_of, loaded, polled, repairs, shown
from tests.integration.flows import add_devices, change_device
from tests.integration.test_cloud import at_the_devices

pytestmark = pytest.mark.usefixtures("socket_enabled")
CODE = "100101"


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with cloud_with_owner() as running:
        yield running


async def test_both_are_offered_and_each_shows_its_own(hass: HomeAssistant, cloud: Cloud) -> None:
    mill = cloud.site("Mill Lane").add(ARCM300T, "Mill box", code=CODE)
    farm = cloud.site("Farm").add(ARCM300T, "Farm box", code=CODE)
    mill.figures.set["Lg"], farm.figures.set["Lg"] = 12.0, 77.0
    walk = await at_the_devices(hass, cloud)
    assert len(walk.options("devices")) == 2
    await walk.answer(devices=[*walk.options("devices")])
    assert walk.is_saved
    entry = walk.result["result"]
    await hass.async_block_till_done()
    titles = [one.title for one in entry.subentries.values()]
    assert sorted(titles) == ["Farm box", "Mill box"]
    assert len({one.unique_id for one in entry.subentries.values()}) == 2
    assert {one.data["meter_code"] for one in entry.subentries.values()} == {CODE}
    at_mill, at_farm = titles.index("Mill box"), titles.index("Farm box")
    assert shown(hass, entity_of(hass, entry, "sensor", "1_Lg", at_mill)) == "12.0"
    assert shown(hass, entity_of(hass, entry, "sensor", "1_Lg", at_farm)) == "77.0"
    farm.figures.active = {"iLeakage": {"iLeakage": "漏电报警"}}
    cloud.tell(farm, description="漏电流 412 mA")
    await polled(hass, entry.runtime_data.hub)
    assert {one.board.name for one in desk_of(hass).alarms.standing()} == {"Farm box"}
    assert shown(hass, entity_of(hass, entry, "binary_sensor", "1_LgHigh", at_mill)) == "off"
    assert (await add_devices(hass, entry)).reason == "no_more_meters"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_second_can_be_added_later_and_both_can_be_changed(hass: HomeAssistant, cloud: Cloud) -> None:
    mill = cloud.site("Mill Lane").add(ARCM310, "Mill box", code=CODE)
    entry = account_entry(cloud, mill)
    async with loaded(hass, entry) as hub:
        farm = cloud.site("Farm").add(ARCM310, "Farm box", code=CODE)
        walk = await add_devices(hass, entry)
        assert [*walk.options("meter_code")] == [f"{farm.site}/{CODE}"]
        await walk.answer(meter_code=next(iter(walk.options("meter_code"))))
        await walk.answer(detail="normal", allow_automations=False)
        await hass.async_block_till_done()
        stored = [(one.title, one.data["site"], one.data["meter_code"]) for one in entry.subentries.values()]
        assert stored == [("Mill box", mill.site, CODE), ("Farm box", farm.site, CODE)]
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        for one, meter in zip([*entry.subentries.values()], (mill, farm), strict=True):
            walk = await change_device(hass, entry, one.subentry_id)
            if walk.step != "cloud_meter":
                await walk.pick("change")
            assert len(walk.options("meter_code")) == 1
            assert walk.entered["meter_code"] == next(iter(walk.options("meter_code")))
            await walk.answer(**walk.entered)
            assert walk.step == "cloud_meter_settings", walk.errors
            await walk.answer(**walk.entered)
            await hass.async_block_till_done()
            after = entry.subentries[one.subentry_id].data
            assert (after["site"], after["meter_code"]) == (meter.site, CODE)
    async with loaded(hass, entry) as hub:
        await polled(hass, hub)
        await polled(hass, hub)
        assert repairs(hass).keys() <= {"cloud_http"}


async def test_a_device_that_was_moved_to_another_site_is_found_when_it_is_changed(
    hass: HomeAssistant, cloud: Cloud
) -> None:
    before, after = cloud.site("Mill Lane"), cloud.site("Farm")
    box = before.add(ARCM300T, "Box", code=CODE)
    other = before.add(ARCM300T, "Other")
    entry = account_entry(cloud, box, other)
    async with loaded(hass, entry) as hub:
        del before.meters[CODE]
        after.add(ARCM300T, "Box", code=CODE)
        for _ in range(3):
            await polled(hass, hub)
        assert repairs(hass)["cloud_gone_devices"] == "Box"
        await hub.async_look_around()
        (one, *_) = entry.subentries.values()
        walk = await change_device(hass, entry, one.subentry_id)
        assert walk.entered["meter_code"] in walk.options("meter_code")
        await walk.answer(**walk.entered)
        await walk.answer(**walk.entered)
        await hass.async_block_till_done()
        assert entry.subentries[one.subentry_id].data["site"] == after.id


async def test_the_past_of_each_is_its_own(hass: HomeAssistant, cloud: Cloud) -> None:
    meters = [cloud.site(name).add(ARCM300T, f"{name} box", code=CODE) for name in ("Mill Lane", "Farm")]
    entry = account_entry(cloud, *meters)
    async with loaded(hass, entry) as hub:
        circuits = [one for meter in meters for one in await hub.account.circuits(meter.site)]
        seats = [
            Seat(site=meter.site, code=CODE, subentry_id=meter.site, title=meter.name, model=model("adw300"))
            for meter in meters
        ]
        found = {subject for subject in subjects_of(seats, circuits) if subject.theme is Theme.ENERGY}
        assert {(one.site, one.meter) for one in found} == {(meter.site, CODE) for meter in meters}
        history = CloudHistory(hass, entry, hub.account, Calendar(zone=CHINA, now=dt_util.utcnow, months=1))
        backfill = await history.async_prepare(seats, circuits)
        await history.keep(Progress())
        kept = await history_store(hass, entry).async_load()
        assert kept is not None
        assert kept["seats"] == {f"{meter.site}/{CODE}": meter.site for meter in meters}
        assert backfill.figures.total > 0
