"""What the breaker itself says, what it was sent last and who came before: nobody gets past it either."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.intent import ServiceIntentHandler
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.acrel_safety.aioacrel.control import inturn
from custom_components.acrel_safety.aioacrel.control.outcome import Reason
from custom_components.acrel_safety.aioacrel.texts import say
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_breaker import UNIT, BreakerRig, break_sensor, breaker
from tests.integration.control_callers import ADA, OTTO, PATHS, UWE, Callers, Path, Wish, gather_callers
from tests.integration.control_rigs import ALL, USUAL

FREE: Mapping[str, Any] = {**USUAL, "rights": {"administrators": ALL, "automations": ALL}}
OFF, ON = "RLYOFF", "RLYON"
ONE_OF_EACH = (
    *("dashboard", "user, WebSocket", "user, REST", "other user, WebSocket", "reader, REST", "automation", "schedule"),
    *("administrator's script", "automation's scene", "group", "light made of it", "area", "label", "voice"),
    *("satellite", "operate", "automation, operate"),
)


@dataclass(frozen=True)
class Row:
    """One thing that is in the way, by how it comes about."""

    name: str
    reason: Reason
    begin: Callable[[BreakerRig, Callers], Awaitable[None]]
    blocks_opening: bool = False
    lockout: int = 0
    is_seen: bool = True
    """Whether there is a position: Home Assistant sends nothing to a switch without one."""


def says(**values: float) -> Callable[[BreakerRig, Callers], Awaitable[None]]:
    async def begin(rig: BreakerRig, _: Callers) -> None:
        for code, value in values.items():
            rig.say(code, value)

    return begin


async def break_sensor_of_trip(rig: BreakerRig, callers: Callers) -> None:
    await break_sensor(rig, callers.users[ADA])


async def command(rig: BreakerRig, callers: Callers) -> None:
    """Send something, after which it takes no other command."""
    rig.relay(closed=True)
    await rig.shows("on")
    await rig.turn("off", callers.users[ADA])


ROWS = (
    Row("maintenance", Reason.MAINTENANCE, says(RlyRepSta=1)),
    Row("local lock", Reason.LOCAL_LOCK, says(LockSta=1)),
    Row("local only", Reason.LOCAL_ONLY, says(CtrLevel=1), blocks_opening=True),
    Row("lock unknown", Reason.LOCK_UNKNOWN, says(CtrLevel=2)),
    Row("not remote", Reason.NOT_REMOTE, says(mode=1), blocks_opening=True),
    Row("position unknown", Reason.POSITION_UNKNOWN, says(blind=1), is_seen=False),
    Row("sensor fault", Reason.SENSOR_FAULT, break_sensor_of_trip),
    Row("locked out", Reason.LOCKED_OUT, command, blocks_opening=True, lockout=30),
)

type Begin = Callable[[int], Awaitable[tuple[BreakerRig, Callers]]]


@pytest.fixture
async def table(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> AsyncGenerator[Begin]:
    """Set up a breaker with a lock-out time."""
    monkeypatch.setattr(ServiceIntentHandler, "service_timeout", 60)
    found: list[tuple[AbstractAsyncContextManager[BreakerRig], Callers]] = []

    async def begin(lockout: int) -> tuple[BreakerRig, Callers]:
        context = breaker(hass, cabinet_of, link_to, FREE, lockout=lockout)
        rig = await context.__aenter__()
        await rig.shows("off")
        callers = await gather_callers(rig, caplog, hass_client, hass_ws_client)
        found.append((context, callers))
        await rig.allow({**FREE, "rights": {**FREE["rights"], f"user:{callers.users[UWE].id}": ALL}})
        await rig.shows("off")
        return rig, callers

    yield begin
    for context, callers in found:
        await callers.end()
        await context.__aexit__(None, None, None)


def wish(rig: BreakerRig, way: str) -> Wish:
    return Wish(ON if way == "on" else OFF, rig.switch, f"switch.turn_{way}")


async def refused(rig: BreakerRig, callers: Callers, path: Path, way: str, row: Row) -> None:
    """Ask for what is refused: nothing is sent, and whoever asks is told why."""
    before, recorded = (rig.writes, rig.is_closed), len(await rig.recorded())
    said = await path.ask(callers, wish(rig, way))
    assert (rig.writes, rig.is_closed) == before, path.name
    ended = [entry for entry in (await rig.recorded())[recorded:] if entry["what"] == "ended"]
    if path.by == "Rita" or not path.reaches or not (row.is_seen or path.by_action):
        assert ended == [], path.name
        return
    reason = Reason.NO_RIGHT if path.by == OTTO else row.reason
    assert not path.says or say(f"reasons.{reason}", "en") in said, path.name
    assert [(one["by"], one["reason"], one["writes"]) for one in ended] == [(path.by, str(reason), 0)], path.name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_nobody_gets_past_what_the_breaker_says_by_any_path(table: Begin, row: Row) -> None:
    rig, callers = await table(row.lockout)
    await row.begin(rig, callers)
    if not row.is_seen:
        await rig.shows("unavailable")
    paths = [path for path in PATHS if path.name in ONE_OF_EACH]
    assert len(paths) == len(ONE_OF_EACH)
    for path in paths:
        await refused(rig, callers, path, "on", row)
    rig.relay(closed=True)
    if row.is_seen:
        await rig.shows("on")
    if row.blocks_opening:
        for path in paths:
            await refused(rig, callers, path, "off", row)
        return
    before = rig.writes
    (path,) = [path for path in PATHS if path.name == "operate"]
    await path.ask(callers, wish(rig, "off"))
    assert (rig.writes - before, rig.is_closed) == (1, False)


async def test_who_comes_while_it_is_operated_waits_and_is_refused(
    table: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The breaker sticks, so that the operation before them goes on and on."""
    monkeypatch.setattr(inturn, "OPENING_PATIENCE", 0.2)
    rig, callers = await table(0)
    rig.relay(closed=True)
    await rig.shows("on")
    rig.link.cabinet.units[UNIT].hold("DO1", 1)
    first = asyncio.create_task(
        rig.act("operate", callers.users[ADA], entity_id=rig.switch, operation=OFF, confirm=True)
    )
    begun = asyncio.Event()
    rig.operator.control.listen(lambda _: begun.set())
    await begun.wait()
    paths = [path for path in PATHS if path.name in ("user, REST", "automation", "operate")]
    # All at once: the breaker is not watched for ever.
    told = await asyncio.gather(*(path.ask(callers, wish(rig, "off")) for path in paths))
    assert [say(f"reasons.{Reason.WAITED_TOO_LONG}", "en") in said for said in told] == [True] * 3
    waited = [entry for entry in await rig.recorded() if entry.get("reason") == str(Reason.WAITED_TOO_LONG)]
    assert {(entry["by"], entry["writes"]) for entry in waited} == {(path.by, 0) for path in paths}
    assert rig.writes == 1
    rig.link.cabinet.units[UNIT].release()
    assert (await first)["outcome"] == "confirmed"
    assert rig.writes == 1


async def test_an_opening_that_waits_for_one_that_sticks_follows_it(table: Begin) -> None:
    """However long the one before takes: it is sent when that is over."""
    rig, callers = await table(0)
    rig.relay(closed=True)
    await rig.shows("on")
    rig.link.cabinet.units[UNIT].hold("DO1", 1)
    begun = asyncio.Event()
    rig.operator.control.listen(lambda _: begun.set())
    ask = {"entity_id": rig.switch, "operation": OFF, "confirm": True}
    first = asyncio.create_task(rig.act("operate", callers.users[UWE], **ask))
    await begun.wait()
    second = asyncio.create_task(rig.act("operate", callers.users[ADA], **ask))
    answer = await first
    # Where it could not be watched all the time, nobody says that it never moved.
    assert answer["outcome"] in ("failed", "unknown")
    assert rig.writes == 1
    rig.link.cabinet.units[UNIT].release()
    answer = await second
    assert answer["outcome"] == "confirmed"
    assert not rig.is_closed
