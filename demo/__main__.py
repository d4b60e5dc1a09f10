"""`python -m demo`, started by `scripts/demo`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from demo import server, stage
from demo.errors import DemoError
from demo.owner import PASSWORD, USER

_DEFAULT_PORT = 8123


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = argparse.ArgumentParser(
        prog="scripts/demo",
        description="A simulated distribution cabinet and a real Home Assistant that watches it. Ctrl-C ends both.",
    )
    add = command.add_argument
    add("--port", type=int, help=f"where Home Assistant listens on 127.0.0.1 (default {_DEFAULT_PORT}; 0: a free one)")
    add("--check", action="store_true", help="compare entities with the simulator, exit with 0 (all agree) or 1")
    add("--screenshot", metavar="PATH", help="write a picture of the dashboard, taken in headless Chromium")
    return command


async def run(arguments: argparse.Namespace) -> int:
    progress = stage.Progress()
    port = arguments.port or server.free_port()
    async with stage.running(port, progress, frozen=arguments.check) as running:
        for e in running.inventory:
            print(e.entity_id, e.place, e.name)
        await running.server.wait()
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    return asyncio.run(run(arguments))


if __name__ == "__main__":
    sys.exit(main())
