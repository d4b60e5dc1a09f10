"""A leak that stands while all goes wrong that can: never shown as safe, the same all the time, recorded once."""

import shutil
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, callback

from custom_components.acrel_safety import desk
from custom_components.acrel_safety.aioacrel.alarms.notices import Notice, Why
from custom_components.acrel_safety.const import DOMAIN, RECORD_FILE
from custom_components.acrel_safety.desk import desk_of
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, is_not, is_now

SAFETY = "sensor.adw300_1_safety"
LEAKAGE = "sensor.adw300_1_residual_current"
type Disturbance = Callable[[LinkRig], Coroutine[Any, Any, None]]


async def silent(rig: LinkRig) -> None:
    await _scenario(rig, "silent")


async def refused(rig: LinkRig) -> None:
    rig.cabinet.set_scenario("exception", 1, code=2)
    await rig.until(LEAKAGE, lambda state: state.state in ("unknown", "unavailable"))
    assert rig.hass.states.is_state(SAFETY, "alarm")
    rig.cabinet.set_scenario("normal", 1)
    await rig.reload()


async def dead_meter(rig: LinkRig) -> None:
    rig.cabinet.set_scenario("dead", 1, word=0)
    await rig.until(LEAKAGE, is_now("unavailable"))
    rig.cabinet.set_scenario("normal", 1)
    await rig.until(LEAKAGE, is_not("unavailable"))


async def wrong_device(rig: LinkRig) -> None:
    rig.cabinet.set_scenario("wrong_model", 1)
    await rig.reload()
    assert rig.hass.states.is_state(SAFETY, "alarm")
    rig.cabinet.set_scenario("normal", 1)
    await rig.reload()


async def gateway_down(rig: LinkRig) -> None:
    port = rig.cabinet.tcp_port
    await rig.cabinet.stop()
    await rig.until(LEAKAGE, is_now("unavailable"))
    await rig.cabinet.start(tcp_port=port)
    await rig.until(LEAKAGE, is_not("unavailable"))


async def reloaded(rig: LinkRig) -> None:
    await rig.reload()


async def reconfigured(rig: LinkRig) -> None:
    entry = rig.entry
    rig.hass.config_entries.async_update_entry(entry, data={**entry.data, "turnaround_ms": 6})
    await rig.hass.async_block_till_done()


async def restarted(rig: LinkRig) -> None:
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    _forget_all(rig)
    await rig.hass.config_entries.async_setup(rig.entry.entry_id)


async def killed(rig: LinkRig) -> None:
    """Begin with the files as they lay when the process was gone: nothing was closed, nothing was said."""
    folder = Path(rig.hass.config.path(DOMAIN))
    left = folder.with_name("left")
    await desk_of(rig.hass).record.async_written()
    shutil.copytree(folder, left)
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    shutil.rmtree(folder)
    left.rename(folder)
    _forget_all(rig)
    await rig.hass.config_entries.async_setup(rig.entry.entry_id)


def _forget_all(rig: LinkRig) -> None:
    """Leave nothing in memory, as a process does that ends."""
    del rig.hass.data[desk._DESK]  # a process that ends asks nobody


async def _scenario(rig: LinkRig, name: str) -> None:
    rig.cabinet.set_scenario(name, 1)
    await rig.until(LEAKAGE, is_now("unavailable"))
    rig.cabinet.set_scenario("normal", 1)
    await rig.until(LEAKAGE, is_not("unavailable"))


@asynccontextmanager
async def never_safe(rig: LinkRig) -> AsyncGenerator[None]:
    """Fail if anything says that all is well meanwhile, for however short a time."""
    seen: list[str] = []

    @callback
    def look(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is not None and state.entity_id in (SAFETY, "sensor.cabinet_safety"):
            seen.append(state.state)

    remove = rig.hass.bus.async_listen(EVENT_STATE_CHANGED, look)
    yield
    await rig.hass.async_block_till_done()
    remove()
    assert "safe" not in seen


def raised(rig: LinkRig) -> list[str]:
    path = Path(rig.hass.config.path(DOMAIN)) / RECORD_FILE
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as record:
        rows = record.execute(
            "SELECT json_extract(text, '$.data.occurrence') FROM journal"
            " WHERE kind = 'alarm' AND json_extract(text, '$.data.what') = 'raised'"
            " AND json_extract(text, '$.data.level') = 'alarm'"
        )
        return [occurrence for (occurrence,) in rows]


@pytest.mark.parametrize(
    "disturb",
    [silent, refused, dead_meter, wrong_device, gateway_down, reloaded, reconfigured, restarted, killed],
    ids=lambda disturb: disturb.__name__,
)
async def test_an_alarm_outlives_whatever_happens_to_it(
    cabinet_of: CabinetMaker, link_to: LinkMaker, disturb: Disturbance
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    unit = cabinet.units[1]
    for code, value in {"LgHighVal02": 300, "LgHighTim": 0.1}.items():
        unit.hold(code, value)
    rig = await link_to(cabinet, intervals=QUICK)
    await rig.until(SAFETY, is_now("safe"))
    sent: list[Notice] = []
    desk_of(rig.hass).listen_to_notices(sent.append)
    unit.hold("Lg", 600)
    before = await rig.until(SAFETY, is_now("alarm"))

    async with never_safe(rig):
        await disturb(rig)
        after = await rig.until(SAFETY, is_now("alarm"))
    same = ("alarm_id", "occurrence", "since", "state", "limit")
    assert {key: after.attributes[key] for key in same} == {key: before.attributes[key] for key in same}
    await desk_of(rig.hass).record.async_written()
    assert raised(rig) == [before.attributes["occurrence"]]
    news = [notice for notice in sent if notice.why is Why.RAISED]
    assert len([one for notice in news for one in notice.alarms if str(one.level) == "alarm"]) <= 1
