"""What tests of alarms build on: a device that leaks, persons, and automations whose runs can be waited for."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.models import Group
from homeassistant.auth.permissions.system_policies import ADMIN_POLICY, READ_ONLY_POLICY, USER_POLICY
from homeassistant.auth.permissions.types import PolicyType
from homeassistant.core import Context, Event, HomeAssistant, State, callback
from homeassistant.helpers import condition as conditions
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety.const import DOMAIN, RECORD_FILE
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, is_now

SAFETY = "sensor.adw300_1_safety"
_FIRED = "test_fired"
_POLICIES: Mapping[str, PolicyType] = {
    GROUP_ID_ADMIN: ADMIN_POLICY,
    GROUP_ID_USER: USER_POLICY,
    GROUP_ID_READ_ONLY: READ_ONLY_POLICY,
}


async def leaky(cabinet_of: CabinetMaker, link_to: LinkMaker) -> LinkRig:
    """Return a link with an ADW300 that has a limit of 300 mA but no bit for it, and no delay worth waiting for."""
    cabinet = await cabinet_of({1: "adw300"})
    cabinet.units[1].hold("LgHighVal02", 300)
    cabinet.units[1].hold("LgHighTim", 0.1)
    return await link_to(cabinet, intervals=QUICK)


async def leak(rig: LinkRig, ma: float = 600) -> State:
    """Have a leakage above the limit, and wait until it is seen."""
    await rig.until(SAFETY, is_now("safe"))
    rig.cabinet.units[1].hold("Lg", ma)
    return await rig.until(SAFETY, is_now("alarm"))


def context_of(hass: HomeAssistant, name: str, group_id: str = GROUP_ID_USER) -> Context:
    """Return the context of a person of a group."""
    group = Group(name=group_id, policy=_POLICIES[group_id], id=group_id, system_generated=True)
    user = MockUser(name=name, groups=[group]).add_to_hass(hass)
    return Context(user_id=user.id)


async def act(rig: LinkRig, action: str, context: Context | None = None, **data: object) -> None:
    """Call an action of the integration."""
    await rig.hass.services.async_call(DOMAIN, action, data, blocking=True, context=context)


def recorded(rig: LinkRig, kind: str) -> list[Mapping[str, Any]]:
    """Return what stands in the record, read as any other program would."""
    path = Path(rig.hass.config.path(DOMAIN)) / RECORD_FILE
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as record:
        texts = [text for (text,) in record.execute("SELECT text FROM journal ORDER BY sequence")]
    found = [json.loads(text) for text in texts]
    return [entry["data"] for entry in found if entry["kind"] == kind]


def safety_of(rig: LinkRig, unit_id: int, circuit: str = "all") -> str:
    """Return the entity that says the word of a circuit, or of a device as a whole."""
    unique_id = f"{rig.subentry(unit_id).subentry_id}_alarms_{circuit}_safety"
    entity_id = er.async_get(rig.hass).async_get_entity_id("sensor", DOMAIN, unique_id)
    assert entity_id is not None
    return entity_id


class Fired:
    """Automations of a test, and what their triggers gave them."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant; nothing is loaded yet."""
        self._hass = hass
        self._queue: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._automations: list[Mapping[str, Any]] = []
        self._checkers: dict[str, Any] = {}

        @callback
        def take(event: Event[Mapping[str, Any]]) -> None:
            self._queue.put_nowait(event.data["given"])

        hass.bus.async_listen(_FIRED, take)

    async def automate(self, trigger: Mapping[str, Any]) -> None:
        """Load an automation with this trigger."""
        run = {"event": _FIRED, "event_data": {"given": "{{ dict(trigger) }}"}}
        alias = f"Automation {len(self._automations)}"
        self._automations.append({"alias": alias, "triggers": [trigger], "actions": [run], "mode": "queued", "max": 50})
        await self.load(self._automations)

    async def load(self, automations: list[Mapping[str, Any]]) -> None:
        """Load these automations, and no others."""
        if "automation" in self._hass.config.components:
            await self.end()
            self._hass.config.components.remove("automation")
        assert await async_setup_component(self._hass, "automation", {"automation": automations})
        await self._hass.async_block_till_done()

    async def next(self, seconds: float = 20) -> Mapping[str, Any]:
        """Return what the next run was given."""
        async with asyncio.timeout(seconds):
            return await self._queue.get()

    def waiting(self) -> int:
        """Return how many runs nobody asked for yet."""
        return self._queue.qsize()

    async def ask(self, asked: Mapping[str, Mapping[str, Any]]) -> Callable[[], set[str]]:
        """Return what tells which of these conditions hold."""
        for name, config in asked.items():
            checked = await conditions.async_validate_condition_config(self._hass, dict(config))
            self._checkers[name] = await conditions.async_from_config(self._hass, checked)
        return lambda: {name for name, checker in self._checkers.items() if checker.async_check()}

    async def end(self) -> None:
        """Have no automation any more."""
        if self._hass.services.has_service("automation", "turn_off"):
            entities = self._hass.states.async_entity_ids("automation")
            await self._hass.services.async_call("automation", "turn_off", {"entity_id": entities}, blocking=True)
        for checker in self._checkers.values():
            checker.async_unload()
        self._checkers.clear()
