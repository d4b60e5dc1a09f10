"""What stands in boxes far away, end to end: a breaker behind a gateway that trips, and a meter with a SIM card."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, expect

from demo.api import Http, Json, Socket
from demo.dashboard import OVERVIEW, PATH
from demo.errors import DemoError
from demo.owner import log_in
from demo.site import DOMAIN
from demo.view import logged_in, show_dashboard
from simulator.gateway.site import BREAKER
from tests.e2e.conftest import Demo
from tests.e2e.sights import alert, photograph

_METER = "20260000000002"
_SECONDS = 120.0
_SAFETY = "sensor.archive_safety"
_LAST_FOUND = "sensor.archive_residual_current_alarm_value"
"""Reported beside what the model has: when it is there, the gateway's entry was loaded for the last time."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The demo, with its owner logged in."""

    demo: Demo
    http: Http
    socket: Socket
    page: Page

    async def until(self, entity_id: str, is_so: Callable[[Json], bool]) -> Json:
        """Return the state of an entity as soon as it is so."""
        state: Json = {}
        try:
            async with (
                asyncio.timeout(_SECONDS),
                self.socket.stream("subscribe_events", event_type="state_changed") as events,
            ):
                while True:
                    with suppress(DemoError):
                        state = await self.http.get(f"/api/states/{entity_id}")
                        if is_so(state):
                            return state
                    await anext(events)
        except TimeoutError as error:
            raise AssertionError(f"{entity_id} is {state}") from error

    async def act(self, action: str, **data: object) -> Any:  # noqa: ANN401 - whatever it answers
        """Call an action as the owner."""
        domain, _, service = action.partition(".")
        is_answered = action == f"{DOMAIN}.operate"
        answer = await self.socket.ask(
            "call_service", domain=domain, service=service, service_data=data, return_response=is_answered
        )
        return answer.get("response")

    async def operates(self, switch: str, operation: str) -> None:
        """Operate it: one write, and the position was read back."""
        answer = await self.act(f"{DOMAIN}.operate", entity_id=switch, operation=operation, confirm=True)
        position = {"close": "closed", "open": "open"}[operation]
        assert (answer["outcome"], answer["writes"], answer["position"]) == ("confirmed", 1, position)
        await self.until(switch, lambda state: state["state"] == ("on" if operation == "close" else "off"))

    async def stands(self, unit: str) -> bool:
        """Return whether a breaker is closed in the cabinet itself."""
        return bool((await self.demo.control.ask({"do": "position", "unit": unit}))["closed"])

    async def recorded(self, last: str) -> list[str]:
        """Return what the record says, as soon as this is in it."""
        told: list[str] = []
        start = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        async with (
            asyncio.timeout(_SECONDS),
            self.socket.stream("logbook/event_stream", start_time=start) as events,
        ):
            while last not in told:
                told += [one["message"] for one in (await anext(events))["events"] if "message" in one]
        return told

    def address(self, view: str = OVERVIEW) -> str:
        """Return where a view of the page is."""
        return f"{self.demo.url}/{PATH}/{view}"


@pytest.fixture
async def scene(demo: Demo) -> AsyncGenerator[Scene]:
    """Return the scene when the gateway has told all that it tells."""
    async with AsyncExitStack() as stack:
        http = Http(await stack.enter_async_context(aiohttp.ClientSession()), demo.url)
        tokens = await log_in(http)
        socket = await stack.enter_async_context(Socket.open(http))
        page = await stack.enter_async_context(logged_in(tokens))
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(error.message))
        scene = Scene(demo, http, socket, page)
        await scene.until(_LAST_FOUND, lambda state: state["state"] == "30.0")
        await scene.until(_SAFETY, lambda state: state["state"] == "safe")
        yield scene
        assert complaints == []


async def test_a_breaker_far_away_trips_and_is_closed_in_order_and_a_meter_with_a_sim_card_is_operated(
    scene: Scene,
) -> None:
    breaker = "switch.archive_breaker"
    await scene.demo.control.ask({"do": "scenario", "name": "leak", "unit": BREAKER})
    state = await scene.until(_SAFETY, lambda state: state["state"] == "tripped")
    assert state["attributes"]["cause"] == "Residual current high"
    with pytest.raises(DemoError, match="it tripped, and nobody has acknowledged that"):
        await scene.act("switch.turn_on", entity_id=breaker)
    await show_dashboard(scene.page, scene.address())
    await expect(alert(scene.page, "Archive: Tripped", "Residual current high", "not acknowledged")).to_be_visible()
    await photograph(scene.page, scene.address(), "far-away-tripped")

    await scene.demo.control.ask({"do": "scenario", "name": "normal", "unit": BREAKER})
    await scene.act(f"{DOMAIN}.acknowledge", entity_id=_SAFETY)
    await scene.act("button.press", entity_id="button.archive_reset")
    await scene.until("binary_sensor.archive_residual_current_high", lambda state: state["state"] == "off")
    assert await scene.stands(BREAKER) is False
    await scene.operates(breaker, "close")
    assert await scene.stands(BREAKER) is True
    await scene.act(f"{DOMAIN}.reset", entity_id=_SAFETY)
    await scene.until(_SAFETY, lambda state: state["state"] == "safe")

    for operation, is_closed in (("open", False), ("close", True)):
        await scene.operates("switch.holiday_house_breaker", operation)
        assert await scene.stands(_METER) is is_closed

    last = "switch on (Forced close): Done: the position was read back · Demo"
    told = await scene.recorded(last)
    on = "switch on (Close breaker)"
    for said in (
        "Tripped: Residual current high",
        f"{on}: Refused, nothing was sent: it tripped, and nobody has acknowledged that (Residual current high) · Demo",
        "acknowledged: Residual current high · Demo",
        "Reset: It was sent, but nothing proves that it is so: nothing tells the position · Demo",
        f"{on}: Done: the position was read back · Demo",
        "reset: Residual current high · Demo",
        "switch off (Forced open): Done: the position was read back · Demo",
        last,
    ):
        assert said in told
    await photograph(scene.page, scene.address("record"), "far-away-record")
