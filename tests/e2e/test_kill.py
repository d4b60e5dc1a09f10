"""Home Assistant is killed in the middle of a command: when it is back it writes nothing, and shows what is."""

import asyncio
import os
import signal
from asyncio import Event, create_task
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import override

import aiohttp
import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from demo.api import Http, Socket
from demo.check import Eye
from demo.errors import DemoError
from demo.flows import add_device, add_link
from demo.inventory import Inventory
from demo.owner import keep_address, onboard
from demo.server import LOOPBACK, Server, free_port, running, write_configuration
from demo.site import BRISK, Instrument, Link
from simulator import Cabinet
from simulator.devices.base import WRITE_MULTIPLE
from simulator.unit import Request

UNIT_ID = 8
UNIT = Instrument(unit=UNIT_ID, model="aim-r100", name="Sockets", link=Link.TCP, answers={"allow_changes": True})
SETTING = "LgHighVal02"
SLOW_SECONDS = 1.0
LEAST_ENTITIES = 30
UP_SECONDS = 120.0
_NOT_UP_YET_SECONDS = 0.05


class Requests(list[Request]):
    """The record of what a unit was asked, which tells when it is to write."""

    def __init__(self) -> None:
        """Begin an empty record."""
        self.is_told_to_write = Event()

    @override
    def append(self, request: Request, /) -> None:
        super().append(request)
        if request.function == WRITE_MULTIPLE:
            self.is_told_to_write.set()


@dataclass(frozen=True, slots=True)
class House:
    """A configuration of Home Assistant with one device on a simulated cabinet."""

    folder: Path
    http: Http
    cabinet: Cabinet
    requests: Requests

    @property
    def truth(self) -> float:
        """The alarm limit of the first circuit in the device itself."""
        return float(self.cabinet.units[UNIT_ID].truth()["1"][SETTING])

    @property
    def writes(self) -> list[tuple[int, ...]]:
        """All writes the device was ever asked for."""
        return [write.values for write in self.cabinet.units[UNIT_ID].writes]

    @asynccontextmanager
    async def lived_in(self) -> AsyncGenerator[tuple[Server, Socket]]:
        """Run Home Assistant; it is ended in order unless somebody has killed it."""
        async with running(self.folder) as server:
            try:
                await self._until_up(server)
                async with Socket.open(self.http) as socket:
                    yield server, socket
            except Exception as error:
                error.add_note(server.last_lines())
                raise

    async def _until_up(self, server: Server) -> None:
        async with asyncio.timeout(UP_SECONDS):
            while not server.is_gone:
                with suppress(aiohttp.ClientError, DemoError):
                    await (self.http.get("/api/") if self.http.token else onboard(self.http))
                    return
                # There is nobody to listen to before the port is open.
                await asyncio.sleep(_NOT_UP_YET_SECONDS)
        raise DemoError("Home Assistant ended while it was starting")

    async def has_device(self, socket: Socket) -> None:
        """Wait until the entities of the device are there."""
        async with asyncio.timeout(UP_SECONDS), socket.stream("config_entries/subscribe") as changes:
            async for _ in changes:
                if len(await Inventory.read(socket)):
                    return

    async def shows_the_truth(self, socket: Socket) -> None:
        """Wait until the states of all entities are what the device holds."""
        points = ModelLibrary().get(UNIT.model).points
        eye = Eye(
            entity
            for entity in await Inventory.read(socket)
            # The simulator says numbers where Home Assistant shows words.
            if points[PointKey(entity.place.circuit, entity.place.code)].words is None
        )
        async with asyncio.TaskGroup() as group:
            following = group.create_task(eye.follow(socket))
            assert await eye.settle(self.cabinet) == []
            assert len(eye.states) > LEAST_ENTITIES
            following.cancel()

    async def kill_in_mid_command(self, server: Server, socket: Socket, value: float) -> None:
        """Tell Home Assistant to change the setting, and kill it when the device was asked and has not answered."""
        entity = (await Inventory.read(socket)).get(UNIT.unit, SETTING)
        assert entity.domain == "number"
        self.cabinet.set_scenario("slow", UNIT.unit, delay_s=SLOW_SECONDS)
        data = {"entity_id": entity.entity_id, "value": value}
        command = create_task(socket.ask("call_service", domain="number", service="set_value", service_data=data))
        async with asyncio.timeout(UP_SECONDS):
            await self.requests.is_told_to_write.wait()
        assert not command.done()
        os.kill(server._process.pid, signal.SIGKILL)
        assert await server.wait() == -signal.SIGKILL
        with pytest.raises(DemoError):
            await command
        self.cabinet.set_scenario("normal", UNIT.unit)


def without_history(configuration: Path) -> None:
    """Leave out what takes Home Assistant seconds to start and is not needed here."""
    text = configuration.read_text("utf-8")
    start, end = text.index("recorder:"), text.index("logger:")
    configuration.write_text(text[:start] + text[end:], "utf-8")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[House]:
    """Set up Home Assistant with a device that may be changed, and end it in order, so that all is on disk."""
    port = free_port()
    write_configuration(tmp_path, port)
    without_history(tmp_path / "configuration.yaml")
    async with (
        aiohttp.ClientSession() as session,
        Cabinet.of({UNIT_ID: UNIT.model}, frozen=True) as cabinet,
    ):
        requests = cabinet.units[UNIT_ID].requests = Requests()
        built = House(tmp_path, Http(session, f"http://{LOOPBACK}:{port}"), cabinet, requests)
        async with built.lived_in() as (_, socket):
            await keep_address(socket)
            entry_id = await add_link(built.http, Link.TCP, cabinet.tcp_port or 0)
            await add_device(built.http, entry_id, UNIT, BRISK)
            await built.has_device(socket)
        yield built


async def test_killed_in_mid_command_it_writes_nothing_at_start_and_shows_what_is(house: House) -> None:
    before = house.truth
    async with house.lived_in() as (server, socket):
        await house.shows_the_truth(socket)
        assert house.writes == []
        await house.kill_in_mid_command(server, socket, before + 100)
    written = house.writes
    assert len(written) == 1
    assert house.truth == before + 100

    async with house.lived_in() as (_, socket):
        await house.shows_the_truth(socket)
    assert house.truth == before + 100
    assert house.writes == written
    assert [request.function for request in house.requests].count(WRITE_MULTIPLE) == 1
