"""Remote control on the newest Home Assistant, by its real interfaces: operate, be refused, tag, restart with a tag."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from demo.api import Http, Json, Socket
from demo.errors import DemoError
from demo.flows import add_device, add_link
from demo.owner import keep_address, onboard
from demo.server import LOOPBACK, Server, free_port, running, write_configuration
from demo.site import BRISK, DOMAIN, Instrument, Link
from simulator import Cabinet
from tests.aioacrel.control_rigs import time_passing
from tests.e2e.conftest import ROOT
from tests.e2e.test_kill import without_history

UNIT_ID = 5
UNIT = Instrument(unit=UNIT_ID, model="ddsy1352", name="Flat", link=Link.TCP)
NEWEST = ROOT / ".venv-newest"
_FLOWS = "/api/config/config_entries/subentries/flow"
_UP_SECONDS = 240.0
_NOT_UP_YET_SECONDS = 0.1
_RIGHTS = ["off", "on", "tags"]


@dataclass(slots=True)
class House:
    """A configuration of Home Assistant with a prepaid meter on a simulated cabinet."""

    folder: Path
    http: Http
    cabinet: Cabinet
    switch: str = ""

    @property
    def writes(self) -> int:
        """How many write requests the meter saw."""
        return len(self.cabinet.units[UNIT_ID].writes)

    @property
    def is_closed(self) -> bool:
        """What is so in the meter."""
        return self.cabinet.units[UNIT_ID].truth()["1"]["RlySta"] is True

    @asynccontextmanager
    async def lived_in(self) -> AsyncGenerator[Socket]:
        """Run Home Assistant, and be its owner."""
        async with running(self.folder) as server:
            try:
                await self._until_up(server)
                async with Socket.open(self.http) as socket:
                    yield socket
            except Exception as error:
                error.add_note(server.last_lines())
                raise

    async def _until_up(self, server: Server) -> None:
        async with asyncio.timeout(_UP_SECONDS):
            while not server.is_gone:
                with suppress(aiohttp.ClientError, DemoError):
                    await (self.http.get("/api/") if self.http.token else onboard(self.http))
                    return
                # There is nobody to listen to before the port is open.
                await asyncio.sleep(_NOT_UP_YET_SECONDS)
        raise DemoError("Home Assistant ended while it was starting")

    async def shows(self, socket: Socket, word: str) -> Json:
        """Return as soon as the switch shows a state."""
        async with (
            asyncio.timeout(_UP_SECONDS),
            socket.stream("subscribe_events", event_type="state_changed") as events,
        ):
            while True:
                with suppress(DemoError):
                    state: Json = await self.http.get(f"/api/states/{self.switch}")
                    if state["state"] == word:
                        return state
                await anext(events)

    async def act(self, socket: Socket, action: str, **data: object) -> Any:  # noqa: ANN401 - whatever it answers
        """Call an action for the owner."""
        domain, _, service = action.partition(".")
        is_answered = domain == DOMAIN and service != "remove_tag"
        answer = await socket.ask(
            "call_service", domain=domain, service=service, service_data=data, return_response=is_answered
        )
        return answer.get("response")


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[House]:
    """Return a configuration for the newest Home Assistant, and a meter."""
    assert (NEWEST / ".ready").exists(), "`scripts/bootstrap --newest` makes the environment"
    monkeypatch.setattr(sys, "executable", str(NEWEST / "bin" / "python"))
    port = free_port()
    write_configuration(tmp_path, port)
    without_history(tmp_path / "configuration.yaml")
    async with (
        aiohttp.ClientSession() as session,
        Cabinet.of({UNIT_ID: UNIT.model}, frozen=True) as cabinet,
        time_passing(cabinet.advance),
    ):
        yield House(tmp_path, Http(session, f"http://{LOOPBACK}:{port}"), cabinet)


async def settle_in(house: House, socket: Socket) -> None:
    """Add the meter, and go through the dialog "Remote control" as the owner does."""
    await keep_address(socket)
    entry_id = await add_link(house.http, Link.TCP, house.cabinet.tcp_port or 0)
    await add_device(house.http, entry_id, UNIT, BRISK)
    (subentry,) = await socket.ask("config_entries/subentries/list", entry_id=entry_id)
    begin = {"handler": [entry_id, "device"], "subentry_id": subentry["subentry_id"]}
    step = await house.http.post(_FLOWS, begin)
    step = await house.http.post(f"{_FLOWS}/{step['flow_id']}", {"next_step_id": "control"})
    answers = {"enabled": True, "may_close": True, "administrators": _RIGHTS, "automations": ["off"]}
    assert (await house.http.post(f"{_FLOWS}/{step['flow_id']}", answers))["reason"] == "reconfigure_successful"
    async with asyncio.timeout(_UP_SECONDS), socket.stream("subscribe_events") as events:
        while not house.switch:
            await anext(events)
            for one in await socket.ask("config/entity_registry/list"):
                if one["unique_id"] == f"{subentry['subentry_id']}_control_1_remote_breaker":
                    house.switch = one["entity_id"]


async def other_user(house: House, socket: Socket) -> Http:
    """Return the interface of a user without any right."""
    user = (await socket.ask("config/auth/create", name="Otto", group_ids=["system-users"]))["user"]
    login = {"username": "otto", "password": "otto's own word"}
    await socket.ask("config/auth_provider/homeassistant/create", user_id=user["id"], **login)
    http = Http(house.http.session, house.http.url)
    client = f"{http.url}/"
    step = await http.post(
        "/auth/login_flow", {"client_id": client, "handler": ["homeassistant", None], "redirect_uri": client}
    )
    done = await http.post(f"/auth/login_flow/{step['flow_id']}", {"client_id": client, **login})
    grant = {"grant_type": "authorization_code", "code": done["result"], "client_id": client}
    http.token = (await http.post_form("/auth/token", grant))["access_token"]
    return http


async def test_a_relay_is_operated_refused_and_tagged_over_a_restart(house: House) -> None:
    async with house.lived_in() as socket:
        await settle_in(house, socket)
        await house.shows(socket, "on")
        otto = await other_user(house, socket)
        for path, data in (
            ("switch/turn_off", {"entity_id": house.switch}),
            ("acrel_safety/operate", {"entity_id": house.switch, "operation": "open", "confirm": True}),
            ("acrel_safety/hang_tag", {"entity_id": house.switch, "reason": "mine"}),
        ):
            with pytest.raises(DemoError, match="whoever asks has no right to it"):
                await otto.post(f"/api/services/{path}", data)
        assert (house.writes, house.is_closed) == (0, True)
        await house.act(socket, "switch.turn_off", entity_id=house.switch)
        assert (house.writes, house.is_closed) == (1, False)
        await house.shows(socket, "off")
        selected = await house.act(socket, "acrel_safety.select", entity_id=house.switch, operation="close")
        assert (selected["operation"], selected["position"]) == ("FORRLYON", "open")
        await house.act(socket, "acrel_safety.hang_tag", entity_id=house.switch, reason="work on the line")
        with pytest.raises(DemoError, match="a lock-out tag hangs on it"):
            await house.act(socket, "switch.turn_on", entity_id=house.switch)
        with pytest.raises(DemoError, match="never toggled"):
            await house.act(socket, "homeassistant.toggle", entity_id=house.switch)

    async with house.lived_in() as socket:
        state = await house.shows(socket, "off")
        assert state["attributes"]["tags"] == ["Demo: work on the line"]
        operate = {"entity_id": house.switch, "operation": "close"}
        for how in ({"token": selected["token"]}, {"confirm": True}):
            with pytest.raises(DemoError, match="a lock-out tag hangs on it"):
                await house.act(socket, "acrel_safety.operate", **operate, **how)
        assert (house.writes, house.is_closed) == (1, False)
        (device,) = (await house.act(socket, "acrel_safety.list_operations"))["devices"]
        await house.act(socket, "acrel_safety.remove_tag", tag_id=device["tags"][0]["tag_id"])
        answer = await house.act(socket, "acrel_safety.operate", **operate, confirm=True)
        assert (answer["outcome"], answer["writes"], answer["position"]) == ("confirmed", 1, "closed")
        await house.shows(socket, "on")
        assert (house.writes, house.is_closed) == (2, True)
