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
from simulator.cloud.standard import BREAKER as CLOUD_BREAKER
from simulator.gateway.site import BREAKER
from tests.e2e.conftest import Demo
from tests.e2e.operating import OperateCard
from tests.e2e.sights import alert, photograph, tile

_METER = "20260000000002"
_SECONDS = 120.0
_SAFETY = "sensor.archive_safety"
_WRONG = "says that the second password, or the code from the phone, is wrong: nothing was sent to the device"
_CONFIRMED = 90_000.0
"""Milliseconds: the account is asked once a minute."""
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

    async def server(self, what: str) -> None:
        """Have something happen to the server of the account."""
        await self.demo.control.ask({"do": "act", "who": "cloud", "what": what})

    async def codes(self) -> list[str]:
        """Return the codes that came to the owner's phone, the newest last."""
        heard = (await self.demo.control.ask({"do": "heard", "who": "phone"}))["heard"]
        assert isinstance(heard, list)
        return heard

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
    await _opens_a_breaker_by_a_code_from_the_phone(scene)


async def _opens_a_breaker_by_a_code_from_the_phone(scene: Scene) -> None:
    """Cancelled, with a wrong code, with one that is over, and with the right one: only the last moves anything."""
    page, card = scene.page, OperateCard(scene.page, "Kitchen breaker")
    await scene.server("want_codes")
    await show_dashboard(page, scene.address())
    await tile(page, "Kitchen breaker", "Safe").click()
    await expect(card.stands("Closed (on)")).to_be_visible()

    await card.select("Switch off")
    await card.has_code_sent()
    [first] = await scene.codes()
    await card.enter(first)
    await card.press("Cancel")
    await expect(card.says("Nothing was sent.")).to_be_visible()

    # It was used by nobody; another one is wrong, and then none is left.
    await card.select("Switch off")
    await card.enter(_other_than(first))
    await card.hold()
    await expect(card.says(_WRONG)).to_be_visible()
    await card.select("Switch off")
    await card.enter(first)
    await card.hold()
    await expect(card.says("have one sent, each is good for one try")).to_be_visible()

    await card.select("Switch off")
    await card.has_code_sent()
    await scene.server("expire_codes")
    await card.enter((await scene.codes())[-1])
    await card.hold()
    await expect(card.says(_WRONG)).to_be_visible()
    await expect(card.stands("Closed (on)")).to_be_visible()
    assert await scene.stands(CLOUD_BREAKER) is True

    await card.select("Switch off", "far-away-code")
    await card.has_code_sent()
    codes = await scene.codes()
    await card.enter(codes[-1])
    await card.hold()
    await expect(card.says("Done: the position was read back")).to_be_visible(timeout=_CONFIRMED)
    await expect(card.stands("Open (off)")).to_be_visible()
    assert await scene.stands(CLOUD_BREAKER) is False
    assert len(codes) == 3
    await photograph(page, scene.address("record"), "far-away-code-record")
    off = "switch off (Open (trip) breaker)"
    told = await scene.recorded(f"{off}: Done: the position was read back · Demo")
    said = [one.partition(": ")[2].partition(":")[0] for one in told if one.startswith(off)]
    refused = "Refused, nothing was sent"
    assert [one for one in said if not one.startswith("begun")] == [refused] * 3 + ["Done"]
    for code in codes:
        assert code not in "".join(told)
        assert code not in await page.content()


def _other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"
