"""Every interlock × operation × caller in a real Home Assistant, with the write requests that the cabinet saw.

Each row sets up one Home Assistant with one thing in the way; then everybody asks by every path.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from homeassistant.helpers.intent import ServiceIntentHandler
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.acrel_safety import vain
from custom_components.acrel_safety.aioacrel.control.outcome import Reason
from custom_components.acrel_safety.aioacrel.texts import say
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_callers import (
    ADA,
    NOBODY,
    OTTO,
    PATHS,
    RITA,
    TOGGLES,
    UWE,
    Callers,
    Path,
    Wish,
    gather_callers,
)
from tests.integration.control_rigs import ALL, USUAL, ControlRig, meter

FREE: Mapping[str, Any] = {**USUAL, "rights": {"administrators": ALL, "automations": ALL}}
OFF, ON, RELEASE = "FORRLYOFF", "FORRLYON", "FORRLYREL"
CLOSING = (ON, RELEASE)
FEW = ("dashboard", "automation", "user, operate")
"""Who tries what the other rows do not keep from him: each success takes its time."""


@dataclass(frozen=True)
class Row:
    """One thing that is in the way: how it comes about, and whom it keeps from what."""

    name: str
    reason: Reason | None
    blocks: Callable[[str, str], bool]
    """By operation and caller."""
    begin: Callable[[Callers], Awaitable[None]]
    control: Mapping[str, Any]
    gives_user: bool = True
    """Whether a chosen user was given all rights."""

    def allowed(self, user_id: str) -> Mapping[str, Any]:
        """Return what the owner says."""
        rights = {**self.control["rights"], **({f"user:{user_id}": ALL} if self.gives_user else {})}
        return {**self.control, "rights": rights}


async def nothing(_: Callers) -> None:
    """Leave everything as it is."""


async def tag(callers: Callers) -> None:
    await callers.rig.act("hang_tag", callers.users[ADA], entity_id=callers.rig.switch, reason="work on the line")


async def tag_device(callers: Callers) -> None:
    device = callers.rig.link.entity_id("sensor", callers.rig.unit_id, "U")
    assert device is not None
    await callers.rig.act("hang_tag", callers.users[ADA], entity_id=device, reason="work on the board")


async def trip(callers: Callers) -> None:
    """Have the relay open by itself, as for a cause that nobody has looked at yet."""
    rig = callers.rig
    rig.relay(closed=True)
    await rig.shows("on")
    rig.move_by_hand(closed=False)
    await rig.shows("off")


ROWS = (
    Row("nothing", None, lambda operation, by: False, nothing, FREE),
    Row("no right to anything", Reason.NO_RIGHT, lambda operation, by: True, nothing, {**FREE, "rights": {}}, False),
    Row(
        "the usual rights",
        Reason.NO_RIGHT,
        lambda operation, by: by == UWE or (by == NOBODY and operation in CLOSING),
        nothing,
        USUAL,
        False,
    ),
    Row(
        "ON not allowed",
        Reason.ON_NOT_ALLOWED,
        lambda operation, by: operation in CLOSING,
        nothing,
        {**FREE, "may_close": False},
    ),
    Row(
        "critical load",
        Reason.CRITICAL_LOAD,
        lambda operation, by: operation != ON and by == NOBODY,
        nothing,
        {**FREE, "critical": ["1"]},
    ),
    Row("tagged", Reason.TAGGED, lambda operation, by: operation in CLOSING, tag, FREE),
    Row("the board tagged", Reason.TAGGED, lambda operation, by: operation in CLOSING, tag_device, FREE),
    Row("tripped", Reason.TRIPPED, lambda operation, by: operation in CLOSING, trip, FREE),
)


@pytest.fixture
async def table(
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> AsyncGenerator[Callable[[Row], Awaitable[Callers]]]:
    """Set up what a row needs."""
    # An assistant that does not wait for what comes of it says nothing of it either, and would here by the load.
    monkeypatch.setattr(ServiceIntentHandler, "service_timeout", 60)
    rigs: list[AbstractAsyncContextManager[ControlRig]] = []
    found: list[Callers] = []

    async def begin(row: Row) -> Callers:
        rigs.append(meter(cabinet_of, link_to, FREE))
        rig = await rigs[-1].__aenter__()
        await rig.shows("on")
        found.append(await gather_callers(rig, caplog, hass_client, hass_ws_client))
        # What is to be closed is open first.
        await rig.turn("off", found[-1].users[ADA])
        await rig.allow(row.allowed(found[-1].users[UWE].id))
        await rig.shows("off")
        await row.begin(found[-1])
        return found[-1]

    yield begin
    for callers in found:
        await callers.end()
    for rig in rigs:
        await rig.__aexit__(None, None, None)


def wishes(rig: ControlRig) -> Mapping[str, Wish]:
    """Return what can be asked for of a prepaid meter."""
    release = rig.handle("button", "1_FORRLYREL_remote_operation")
    return {
        OFF: Wish(OFF, rig.switch, "switch.turn_off"),
        ON: Wish(ON, rig.switch, "switch.turn_on"),
        RELEASE: Wish(RELEASE, release, "button.press"),
    }


def expected(row: Row, operation: str, path: Path) -> Reason | None:
    """Return why it is refused; None if it is not."""
    if path.by == OTTO:
        return Reason.NO_RIGHT
    return row.reason if row.blocks(operation, path.by) else None


async def refused(callers: Callers, path: Path, wish: Wish, reason: Reason) -> Mapping[str, Any] | None:
    """Ask for what is refused; return what has to be in the record."""
    before = callers.rig.writes
    said = await path.ask(callers, wish)
    assert callers.rig.writes == before, path.name
    if not path.reaches:
        return None
    if path.by == RITA:
        # Home Assistant refuses it before it comes to us, or we do.
        assert not path.says or "nauthorized" in said or "401" in said, path.name
        return None
    if path.says:
        assert say(f"reasons.{reason}", "en") in said, path.name
    return {"by": path.by, "code": wish.operation, "result": "refused", "reason": str(reason), "writes": 0}


async def done(callers: Callers, path: Path, wish: Wish, *, is_closed: bool) -> None:
    """Ask for what is allowed: one request leaves, and the relay is there."""
    rig = callers.rig
    before = rig.writes
    assert await path.ask(callers, wish) == "", path.name
    assert (rig.writes - before, rig.is_closed) == (1, is_closed), (path.name, wish.operation)
    begun, ended = (await rig.recorded())[-2:]
    assert [entry["what"] for entry in (begun, ended)] == ["begun", "ended"]
    assert (ended["by"], ended["code"], ended["result"], ended["writes"]) == (path.by, wish.operation, "confirmed", 1)
    # Whoever asks next finds it as it is.
    if wish.operation != RELEASE:
        await rig.shows("on" if is_closed else "off")


async def ready_to_open(rig: ControlRig) -> None:
    """Have the relay closed, by nobody's command."""
    rig.relay(closed=True)
    await rig.shows("on")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_nobody_gets_past_what_is_in_the_way_by_any_path(
    table: Callable[[Row], Awaitable[Callers]], row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So many in a minute are else put down as a number.
    monkeypatch.setattr(vain, "MOST_A_MINUTE", 10_000)
    callers = await table(row)
    rig, asked = callers.rig, wishes(callers.rig)
    recorded = len(await rig.recorded())
    told: list[Mapping[str, Any]] = []
    for operation in (ON, RELEASE, OFF):
        if operation == OFF:
            await ready_to_open(rig)
        for path in PATHS:
            wish, reason = asked[operation], expected(row, operation, path)
            if (path.is_for_buttons or wish.way) and (reason is not None or path.by == RITA or not path.reaches):
                told += filter(None, [await refused(callers, path, wish, reason or Reason.SLIP)])
    assert rig.is_closed
    ended = [entry for entry in (await rig.recorded())[recorded:] if entry["what"] != "unauthorized"]
    assert [{name: entry[name] for name in told[0]} for entry in ended] == told
    for path in PATHS:
        if path.name in FEW and expected(row, OFF, path) is None:
            await ready_to_open(rig)
            await done(callers, path, asked[OFF], is_closed=False)


async def test_what_somebody_may_is_done_once_by_every_path(table: Callable[[Row], Awaitable[Callers]]) -> None:
    callers = await table(ROWS[0])
    rig, asked = callers.rig, wishes(callers.rig)
    await ready_to_open(rig)
    may = [path for path in PATHS if path.reaches and path.by not in (OTTO, RITA)]
    assert {path.by for path in may} == {ADA, UWE, NOBODY}
    for path in may:
        await done(callers, path, asked[OFF], is_closed=False)
        await done(callers, path, asked[ON], is_closed=True)
        if path.is_for_buttons:
            await done(callers, path, asked[RELEASE], is_closed=True)


async def test_nobody_toggles_a_breaker(table: Callable[[Row], Awaitable[Callers]]) -> None:
    callers = await table(ROWS[0])
    before = callers.rig.writes
    for path in TOGGLES:
        assert "never toggled" in await path.ask(callers, wishes(callers.rig)[ON])
    assert callers.rig.writes == before


async def test_where_leave_is_withdrawn_there_is_nothing_to_switch_by_any_path(
    table: Callable[[Row], Awaitable[Callers]],
) -> None:
    callers = await table(ROWS[0])
    rig = callers.rig
    asked, before = wishes(rig), rig.writes
    device = rig.link.entity_id("sensor", rig.unit_id, "U")
    assert device is not None
    await rig.allow({**FREE, "enabled": False})
    for path in PATHS:
        if path.by_action:
            said = await path.ask(callers, Wish(ON, device, ""))
            assert path.by == RITA or say("reasons.control_off", "en") in said, path.name
        else:
            await path.ask(callers, asked[ON])
    assert (rig.writes, rig.is_closed) == (before, False)
