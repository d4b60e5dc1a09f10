"""A Home Assistant of its own: fresh configuration in a temporary folder, ended by its handle."""

import asyncio
import json
import os
import random
import shutil
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from demo.errors import DemoError
from demo.process import end, start
from demo.site import DOMAIN

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
OUTPUT = "output.log"

_INTEGRATION = ROOT / "custom_components" / DOMAIN
_BLUEPRINTS = ROOT / "blueprints"
_STOP_SECONDS = 30.0
_TAIL_LINES = 30
_PORTS = range(10_000, 32_768)  # Linux hands out higher ones

# Only what the demo shows: nothing here reaches further than this machine. Camera and FFmpeg come in with the
# frontend and complain that there is no `ffmpeg`; nobody needs it here.
_CONFIGURATION = """\
homeassistant:
  name: Acrel Safety demo
  country: {country}
  currency: EUR
  unit_system: metric
  time_zone: {time_zone}
http:
  server_host: {host}
  server_port: {port}
frontend:
config:
recorder:
  commit_interval: 1
history:
logbook:
energy:
automation: !include automations.yaml
mobile_app:
logger:
  default: warning
  logs:
    haffmpeg: critical
    homeassistant.components.camera: critical
    homeassistant.components.ffmpeg: critical
"""
_COUNTRY = "DE"


def free_port() -> int:
    """Return a free loopback port that stays free: it lies outside of those that the kernel hands out by itself."""
    while True:
        port = random.choice(_PORTS)
        with suppress(DemoError):
            ensure_free(port)
            return port


def ensure_free(port: int) -> None:
    """Raise DemoError if somebody listens on a loopback port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise DemoError(f"port {port} cannot be used ({error.strerror}); take another one with --port") from error


def local_time_zone() -> str:
    """Return this machine's time zone by name, UTC if it has none."""
    path = os.path.realpath("/etc/localtime")
    _, found, name = path.partition("/zoneinfo/")
    return name if found else "UTC"


def write_configuration(folder: Path, port: int) -> None:
    """Fill a fresh configuration folder.

    The step of Home Assistant's onboarding that adds a weather service, web radio and speech from the
    internet is marked as done beforehand; the others are done through its interface.
    """
    text = _CONFIGURATION.format(host=LOOPBACK, port=port, country=_COUNTRY, time_zone=local_time_zone())
    (folder / "configuration.yaml").write_text(text)
    (folder / "automations.yaml").write_text("[]\n")
    shutil.copytree(_BLUEPRINTS, folder / "blueprints")
    (folder / "custom_components").mkdir()
    (folder / "custom_components" / DOMAIN).symlink_to(_INTEGRATION)
    done = {"version": 4, "minor_version": 1, "key": "onboarding", "data": {"done": ["core_config"]}}
    (folder / ".storage").mkdir()
    (folder / ".storage" / "onboarding").write_text(json.dumps(done))


class Server:
    """A running Home Assistant."""

    def __init__(self, process: Process, folder: Path) -> None:
        """Take the process and its configuration folder."""
        self._process = process
        self._folder = folder

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended."""
        return self._process.returncode is not None

    @property
    def log(self) -> str:
        """All it has logged so far."""
        return (self._folder / OUTPUT).read_text(errors="replace")

    def last_lines(self) -> str:
        """Return the end of the log, for an error message."""
        return "\n".join(self.log.splitlines()[-_TAIL_LINES:])

    async def wait(self) -> int:
        """Wait until the process ends by itself; return its exit code."""
        return await self._process.wait()


@asynccontextmanager
async def running(folder: Path, *held: int) -> AsyncGenerator[Server]:
    """Run Home Assistant on a configuration folder; what is `held` stays open as long as it runs."""
    hass = Path(sys.executable).with_name("hass")
    # What makes the checkout importable for the demo would hide the folder's own `custom_components`.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["TMPDIR"] = str(folder)  # it clears a folder of a fixed name there, perhaps another one's
    with (folder / OUTPUT).open("wb") as log:
        command = (hass, "--skip-pip", "--config", folder)
        process = await start(*command, output=log, errors=log, environment=environment, held=held)
    try:
        yield Server(process, folder)
    finally:
        await asyncio.shield(end(process, _STOP_SECONDS))
