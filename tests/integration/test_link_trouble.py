"""What is wrong with a link as a whole while it runs: a repair says what and what to do, and goes when it is over."""

import json
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

import custom_components.acrel_safety as integration
from custom_components.acrel_safety.aioacrel.modbus import cause as causes
from custom_components.acrel_safety.aioacrel.modbus import habits, pulse
from custom_components.acrel_safety.aioacrel.texts import say
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.markdown import plain
from simulator import Cabinet
from simulator.faults import Fault, FaultProxy, Framing
from simulator.faults.kinds import Dead, Times
from tests.integration.rigs import QUICK, device, link_data, until_issue

SOON = 5.0
"""Seconds that stand for the minutes after which a link is looked at, and after which kicks are forgotten."""


class Switch:
    """Does one fault to every request; which one, can be changed."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.random = random.Random(1)  # noqa: S311 - which bit is flipped, no secret
        self.times = Times()
        self.dead = Dead()

    def next(self) -> Fault:
        """Return the next request's fault."""
        return self.fault


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((causes, "UNHEARD_SECONDS"), (pulse, "UNHEARD_SECONDS"), (habits, "KICK_SECONDS")):
        monkeypatch.setattr(module, name, SOON)


@asynccontextmanager
async def running(hass: HomeAssistant, framing: Framing, language: str) -> AsyncGenerator[SimpleNamespace]:
    """Run an entry whose gateway can be spoilt."""
    hass.config.language = language
    kind: Literal["tcp", "rtu_tcp"] = "tcp" if framing is Framing.MBAP else "rtu_tcp"
    plan = Switch()
    async with Cabinet.of({8: "aim-r100"}, frozen=True) as cabinet:
        port = cabinet.tcp_port if framing is Framing.MBAP else cabinet.rtu_port
        assert port is not None
        async with FaultProxy("127.0.0.1", port, framing, plan) as proxy:
            entry = MockConfigEntry(
                domain=DOMAIN,
                title="Board",
                data=link_data(proxy.port, kind),
                subentries_data=[device(8, "aim-r100", data={"intervals": QUICK})],
            )
            entry.add_to_hass(hass)
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
            try:
                yield SimpleNamespace(entry=entry, plan=plan, issue=f"{entry.entry_id}_link_unusable")
            finally:
                if entry.state is ConfigEntryState.LOADED:
                    await hass.config_entries.async_unload(entry.entry_id)
                await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("framing", "fault", "cause", "language"),
    [
        (Framing.MBAP, Fault.ECHO, "mirrors", "en"),
        (Framing.RTU, Fault.CUT, "speaks_otherwise", "zh-Hans"),
    ],
)
async def test_a_wrong_peer_is_said_and_the_repair_goes_when_it_is_over(
    hass: HomeAssistant,
    socket_enabled: None,
    any_interval: Callable[[], None],
    framing: Framing,
    fault: Fault,
    cause: str,
    language: str,
) -> None:
    any_interval()
    async with running(hass, framing, language) as rig:
        assert ir.async_get(hass).async_get_issue(DOMAIN, rig.issue) is None
        rig.plan.fault = fault
        await until_issue(hass, rig.issue, seconds=40)
        issue = ir.async_get(hass).async_get_issue(DOMAIN, rig.issue)
        assert issue is not None
        assert issue.translation_placeholders == {"link": "Board", "detail": plain(say(f"phrases.{cause}", language))}
        rig.plan.fault = Fault.NONE
        await until_issue(hass, rig.issue, is_there=False, seconds=40)


async def test_a_connection_that_is_ended_again_and_again_is_said_and_the_repair_tries_it_anew(
    hass: HomeAssistant, socket_enabled: None, any_interval: Callable[[], None], hass_client: ClientSessionGenerator
) -> None:
    any_interval()
    async with running(hass, Framing.MBAP, "en") as rig:
        assert await async_setup_component(hass, "repairs", {})
        client = await hass_client()

        async def submit() -> dict[str, object]:
            asked = await client.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": rig.issue})
            flow = (await asked.json())["flow_id"]
            answer = await client.post(f"/api/repairs/issues/fix/{flow}", json={})
            return dict(await answer.json())

        rig.plan.fault = Fault.RESET
        await until_issue(hass, rig.issue, seconds=40)
        issue = ir.async_get(hass).async_get_issue(DOMAIN, rig.issue)
        assert issue is not None
        assert issue.translation_placeholders == {"link": "Board", "detail": plain(say("phrases.kicked", "en"))}
        assert (await submit())["reason"] == "still_there"
        assert ir.async_get(hass).async_get_issue(DOMAIN, rig.issue) is not None
        rig.plan.fault = Fault.NONE
        assert (await submit())["type"] == "create_entry"
        assert ir.async_get(hass).async_get_issue(DOMAIN, rig.issue) is None


def test_the_repair_has_its_texts_in_both_languages() -> None:
    folder = Path(integration.__file__).parent / "translations"
    for language in ("en", "zh-Hans"):
        issue = json.loads((folder / f"{language}.json").read_text("utf-8"))["issues"]["link_unusable"]
        assert "{link}" in issue["title"]
        assert "{detail}" in issue["fix_flow"]["step"]["confirm"]["description"]
