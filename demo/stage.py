"""Bring everything up in order, and take it down again whatever happens."""

import asyncio
import time
from collections.abc import AsyncGenerator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from demo import server
from demo.api import Http, Socket
from demo.calling import Calling, shown
from demo.dashboard import create_dashboards, set_up_energy
from demo.errors import DemoError
from demo.flows import add_device, add_link, allow_control, connect_broker, hear_feed
from demo.inventory import Inventory, wait_for_values
from demo.owner import Tokens, keep_address, onboard
from demo.past import Past, first_moment, import_past, live_through
from demo.site import BRISK, DOMAIN, EXACT, SITE, WIRING, Link
from demo.workspace import workspace
from simulator import Cabinet
from simulator.cabinet import STANDARD_OPTIONS
from simulator.control import ControlServer
from simulator.parts import actors

_LOADING_SECONDS = 60.0
_VALUES_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that runs."""

    cabinet: Cabinet
    control: Path
    server: server.Server
    http: Http
    socket: Socket
    tokens: Tokens
    inventory: Inventory
    past: Past
    calling: Calling


@dataclass(frozen=True, slots=True)
class Progress:
    """Tells the user what happens, with the seconds since the start."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self, text: str) -> None:
        """Print a line."""
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", flush=True)


@asynccontextmanager
async def running(port: int, progress: Progress, *, frozen: bool) -> AsyncGenerator[Stage]:
    """Run cabinet and Home Assistant, with all devices added; end both afterwards. Raises DemoError.

    A `frozen` cabinet's clock stands still unless it is moved by hand.
    """
    server.ensure_free(port)
    async with AsyncExitStack() as stack:
        folder, held = stack.enter_context(workspace())
        server.write_configuration(folder, port)
        progress("starting Home Assistant")
        hass = await stack.enter_async_context(server.running(folder, held))
        try:
            yield await _set_up(stack, hass, folder, port, progress, frozen=frozen)
        except Exception as error:
            error.add_note(f"The end of Home Assistant's log:\n{hass.last_lines()}")
            raise
        finally:
            progress("ending what was started")


async def _set_up(
    stack: AsyncExitStack, hass: server.Server, folder: Path, port: int, progress: Progress, *, frozen: bool
) -> Stage:
    cabinet = Cabinet.standard(frozen=frozen, start=first_moment(), options={**STANDARD_OPTIONS, **WIRING})
    calling = Calling(cabinet, strangers=not frozen)
    past = await asyncio.to_thread(live_through, cabinet)
    await stack.enter_async_context(cabinet)
    if no_broker := await calling.prepare(stack):
        progress(f"no gateways over MQTT: {no_broker}")
    control = ControlServer(cabinet, actors(calling.parts))
    stack.push_async_callback(control.stop)
    control_file = folder / "control"
    (await control.start()).keep(control_file)
    progress(f"the cabinet's {len(cabinet.units)} instruments answer")

    # The address is an IP address, and for those aiohttp keeps no cookies; nothing here needs any.
    session = await stack.enter_async_context(aiohttp.ClientSession())
    http = Http(session, f"http://{server.LOOPBACK}:{port}")
    await http.wait_until_up(gone=lambda: hass.is_gone)
    tokens = await onboard(http)
    socket = await stack.enter_async_context(Socket.open(http))
    await keep_address(socket)
    progress("Home Assistant is up and has its owner")

    pace = {Link.TCP: BRISK, Link.RTU_TCP: BRISK}  # what calls in is not asked more often than it bears
    ports = {Link.TCP: cabinet.tcp_port or 0, Link.RTU_TCP: cabinet.rtu_port or 0, **calling.ports}
    if calling.broker is not None:
        await connect_broker(http, *calling.broker)
    ours: dict[str, str] = {}
    for link, link_port in ports.items():
        entry_id = await add_link(http, link, link_port)
        there = await _subentries(socket, entry_id)
        for instrument in shown([link]):
            same_as = None if instrument.same_as is None else ours[str(instrument.same_as)]
            if str(instrument.unit) not in there:  # those of an account are chosen when it is added
                await add_device(http, entry_id, instrument, pace.get(link, EXACT) if frozen else {}, same_as=same_as)
            progress(f"added {instrument.name} ({instrument.model}, {instrument.unit}, {link})")
        ours |= await _subentries(socket, entry_id)
        await _allow_control(socket, http, entry_id)
        if link is Link.CLOUD and calling.feed is not None:
            await hear_feed(http, entry_id, link_port, calling.feed)
    await calling.start(stack)
    progress("what calls in is there")
    inventory = await _all_entities(
        socket, {instrument.unit for instrument in shown(ports) if instrument.same_as is None}
    )
    truth = cabinet.whole_truth()
    told = [
        entity for entity in inventory if entity.place.code in truth[entity.place.unit].get(entity.place.circuit, ())
    ]
    await wait_for_values(socket, told, _VALUES_SECONDS)
    progress(f"{len(inventory)} entities")
    count = await import_past(socket, inventory, past)
    progress(f"yesterday's statistics of {count} of them")
    await set_up_energy(socket, inventory)
    await create_dashboards(socket, inventory)
    return Stage(
        cabinet=cabinet,
        control=control_file,
        server=hass,
        http=http,
        socket=socket,
        tokens=tokens,
        inventory=inventory,
        past=past,
        calling=calling,
    )


async def _allow_control(socket: Socket, http: Http, entry_id: str) -> None:
    """Let those instruments of a link be operated for which the demo shows it."""
    allowed = {str(instrument.unit): instrument.control for instrument in SITE if instrument.control}
    for unit, subentry_id in (await _subentries(socket, entry_id)).items():
        if (control := allowed.get(unit)) is not None:
            await allow_control(http, entry_id, subentry_id, control)


async def _subentries(socket: Socket, entry_id: str) -> dict[str, str]:
    """Return the ids of a link's devices, by what tells them apart there."""
    found = await socket.ask("config_entries/subentries/list", entry_id=entry_id)
    return {subentry["unique_id"]: subentry["subentry_id"] for subentry in found}


async def _all_entities(socket: Socket, units: Collection[int | str]) -> Inventory:
    """Wait until the links are loaded with all their devices; return the entities. Raises DemoError.

    Each new device makes its link load again, and Home Assistant tells of every such step.
    """
    try:
        async with asyncio.timeout(_LOADING_SECONDS), socket.stream("config_entries/subscribe") as changes:
            async for _ in changes:
                entries = await socket.ask("config_entries/get", domain=DOMAIN)
                if not all(entry["state"] == "loaded" for entry in entries):
                    continue
                inventory = await Inventory.read(socket)
                if {*units} == {entity.place.unit for entity in inventory}:
                    return inventory
    except TimeoutError as error:
        raise DemoError(f"the devices did not show up in {_LOADING_SECONDS:g} s") from error
    raise AssertionError("a stream ends with an error only")
