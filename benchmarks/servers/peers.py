"""The servers of others: how each is begun, and what to install when it is not there. Nothing is installed here."""

import asyncio
import os
import shutil
import socket
import sys
import tempfile
import tty
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator import Cabinet
from simulator.pacing import LineSettings

HERE = Path(__file__).parent
NODE_MODULES = HERE.parents[1] / "build" / "servers" / "node_modules"
HOST = "127.0.0.1"
_START_SECONDS = 60.0
_LOOK_SECONDS = 0.1
SILENT_GATEWAY_SECONDS = 2.1
"""How long the gateway tries for a unit that is not there: three times 0.7 s, with mbusd's default retries in mind."""
GATEWAY_TARGET_FAILED = 0x0B


class NotThereError(Exception):
    """What a server needs is not installed; the text says how to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs: where, and what it cannot have at its units."""

    address: str
    units: Sequence[int]
    absent: Sequence[int] = ()
    allowance: float = 0.0
    """Seconds by which its own tries for an absent unit lengthen the bus cycle."""


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def image_of(cabinet: Cabinet, unit_ids: Sequence[int]) -> str:
    """Return the registers of units, as `libmodbus.c` describes it."""
    return "".join(
        f"{unit_id} {address} {word}\n"
        for unit_id in unit_ids
        for address, word in cabinet.units[unit_id].registers.items()
        if word
    )


def _tool(name: str, cure: str) -> str:
    if (path := shutil.which(name)) is None:
        raise NotThereError(cure)
    return path


@asynccontextmanager
async def _process(
    command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> AsyncIterator[None]:
    """Run a server until it is left; it has begun when its port can be opened."""
    server = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **(environment or {})},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _until_open(port, server)
        yield
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()


async def _until_open(port: int, server: asyncio.subprocess.Process) -> None:
    """Return when a server can be reached. Raises NotThereError if it ends, or does not begin."""
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while server.returncode is None and asyncio.get_running_loop().time() < deadline:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(_LOOK_SECONDS)
            continue
        writer.close()
        return
    raise NotThereError("a server that begins: run its command by hand to see why it does not")


@asynccontextmanager
async def _image(cabinet: Cabinet, unit_ids: Sequence[int]) -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        path.write_text(image_of(cabinet, unit_ids), "ascii")
        yield str(path)


@asynccontextmanager
async def libmodbus(cabinet: Cabinet) -> AsyncIterator[Served]:
    """A server of libmodbus, compiled for this."""
    cure = "Debian packages libmodbus-dev, gcc and pkg-config"
    compiler, config = _tool("gcc", cure), _tool("pkg-config", cure)
    asked = await asyncio.create_subprocess_exec(
        config, "--cflags", "--libs", "libmodbus", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    flags, _ = await asked.communicate()
    if asked.returncode:
        raise NotThereError(cure)
    units, port = list(cabinet.units), free_port()
    async with _image(cabinet, units) as image:
        binary = f"{image}.server"
        built = await asyncio.create_subprocess_exec(
            compiler, "-O1", "-o", binary, str(HERE / "libmodbus.c"), *flags.decode().split()
        )
        if await built.wait():
            raise NotThereError(cure)
        async with _process([binary, str(port), image], port):
            yield Served(address=f"tcp://{HOST}:{port}", units=units)


@asynccontextmanager
async def _on_node(cabinet: Cabinet, package: str, script: str, units: Sequence[int]) -> AsyncIterator[Served]:
    node = _tool("node", "Debian package nodejs")
    if not (NODE_MODULES / package).is_dir():
        raise NotThereError(f"npm install --prefix build/servers {package}")
    port = free_port()
    async with _image(cabinet, units) as image:
        command = [node, str(HERE / script), str(port), image]
        async with _process(command, port, {"NODE_PATH": str(NODE_MODULES)}):
            yield Served(address=f"tcp://{HOST}:{port}", units=units)


@asynccontextmanager
async def modbus_serial(cabinet: Cabinet) -> AsyncIterator[Served]:
    """A server of modbus-serial."""
    async with _on_node(cabinet, "modbus-serial", "modbus_serial.js", list(cabinet.units)) as served:
        yield served


@asynccontextmanager
async def jsmodbus(cabinet: Cabinet) -> AsyncIterator[Served]:
    """A server of jsmodbus; it has the same registers at every unit."""
    async with _on_node(cabinet, "jsmodbus", "jsmodbus.js", [min(cabinet.units)]) as served:
        yield served


@asynccontextmanager
async def pymodbus(cabinet: Cabinet) -> AsyncIterator[Served]:
    """A server of pymodbus, with its own datastore and request handler."""
    units, port = list(cabinet.units), free_port()
    async with _image(cabinet, units) as image:
        command = [sys.executable, str(HERE / "pymodbus_server.py"), str(port), image]
        async with _process(command, port):
            yield Served(address=f"tcp://{HOST}:{port}", units=units)


@asynccontextmanager
async def _serial_port(cabinet: Cabinet) -> AsyncIterator[str]:
    """Offer a cabinet at a pseudo-terminal; yields its path."""
    near, far = os.openpty()
    tty.setraw(far)
    reader, writer = await asyncio.open_connection(HOST, cabinet.rtu_port)
    loop = asyncio.get_running_loop()
    loop.add_reader(near, lambda: writer.write(os.read(near, 1024)))

    async def back() -> None:
        while data := await reader.read(1024):
            os.write(near, data)

    answering = asyncio.create_task(back())
    try:
        yield os.ttyname(far)
    finally:
        loop.remove_reader(near)
        answering.cancel()
        writer.close()
        os.close(near)
        os.close(far)


@asynccontextmanager
async def ser2net(cabinet: Cabinet) -> AsyncIterator[Served]:
    """RTU over TCP by ser2net, from a pseudo-terminal with the simulator's RTU behind it."""
    program = shutil.which("ser2net", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise NotThereError("Debian package ser2net")
    async with AsyncExitStack() as stack:
        device = await stack.enter_async_context(_serial_port(cabinet))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        port = free_port()
        settings = Path(folder) / "ser2net.yaml"
        settings.write_text(
            "%YAML 1.1\n---\nconnection: &line\n"
            f"  accepter: tcp,{HOST},{port}\n  connector: serialdev,{device},9600n81,local\n"
            "  options:\n    kickolduser: true\n",
            "ascii",
        )
        await stack.enter_async_context(_process([program, "-d", "-u", "-c", str(settings)], port))
        yield Served(address=f"rtu+tcp://{HOST}:{port}", units=list(cabinet.units))


@asynccontextmanager
async def retrying_gateway(cabinet: Cabinet) -> AsyncIterator[Served]:
    """A gateway of our own that tries for an absent unit before it gives up, and serves nobody meanwhile."""
    models = {unit_id: unit.model for unit_id, unit in cabinet.units.items()}
    async with Cabinet.of(
        models,
        frozen=True,
        line=LineSettings(baudrate=9600),
        absent_exception=GATEWAY_TARGET_FAILED,
        absent_s=SILENT_GATEWAY_SECONDS,
    ) as gateway:
        yield Served(
            address=f"tcp://{HOST}:{gateway.tcp_port}",
            units=list(cabinet.units),
            absent=[max(cabinet.units) + 5],
            allowance=SILENT_GATEWAY_SECONDS,
        )


SERVERS = {
    "ser2net": ser2net,
    "libmodbus": libmodbus,
    "modbus-serial": modbus_serial,
    "jsmodbus": jsmodbus,
    "pymodbus": pymodbus,
    "gateway that retries": retrying_gateway,
}
