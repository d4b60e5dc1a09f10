"""The command line of the demo, and how it ends."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from demo.check import check
from demo.dashboard import OVERVIEW, PATH
from demo.errors import DemoError
from demo.guide import guide
from demo.server import free_port
from demo.stage import Progress, Stage, running
from demo.view import take_picture

_DEFAULT_PORT = 8123
_CHECK_SECONDS = 180.0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    command = argparse.ArgumentParser(
        prog="scripts/demo",
        description="A simulated distribution cabinet and a real Home Assistant that watches it. Ctrl-C ends both.",
        allow_abbrev=False,  # `scripts/demo` looks for whole words too
    )
    add = command.add_argument
    add("--port", type=int, help=f"where Home Assistant listens on 127.0.0.1 (default {_DEFAULT_PORT}; 0: a free one)")
    # Which environment it runs in was decided before: by `scripts/demo`.
    add("--newest", action="store_true", help="run the newest Home Assistant, see requirements/newest.txt")
    add("--check", action="store_true", help="compare entities with the simulator, exit with 0 (all agree) or 1")
    add("--screenshot", type=Path, metavar="PATH", help="write a picture of the dashboard and end")
    return command


async def run(arguments: argparse.Namespace) -> int:
    """Run what was asked for; return the exit code. Raises DemoError."""
    progress = Progress()
    passing = arguments.check or arguments.screenshot is not None
    port = arguments.port
    if port is None:
        port = 0 if passing else _DEFAULT_PORT
    limit = _CHECK_SECONDS if arguments.check else None
    try:
        async with asyncio.timeout(limit), _running(arguments, port, progress) as stage:
            return await _do(arguments, stage, progress)
    except TimeoutError as error:
        raise DemoError(f"the check did not end in {_CHECK_SECONDS:g} s") from error


def _running(arguments: argparse.Namespace, port: int, progress: Progress) -> AbstractAsyncContextManager[Stage]:
    return running(port or free_port(), progress, frozen=arguments.check)


async def _do(arguments: argparse.Namespace, stage: Stage, progress: Progress) -> int:
    good = not arguments.check or await check(stage, progress)
    if arguments.screenshot is not None:
        url = f"{stage.http.url}/{PATH}/{OVERVIEW}"
        await take_picture(stage.tokens, url, arguments.screenshot)
        progress(f"wrote {arguments.screenshot}")
    if arguments.check or arguments.screenshot is not None:
        return 0 if good else 1
    print(guide(stage), flush=True)
    await stage.server.wait(lambda: progress("Home Assistant restarts"))
    raise DemoError("Home Assistant ended by itself")


async def _until_signal(arguments: argparse.Namespace) -> int:
    """Run until the end, or until a signal asks for one: then all that was started is ended in order."""
    work = asyncio.create_task(run(arguments))
    is_asked: list[signal.Signals] = []

    def ask(number: signal.Signals) -> None:
        if not is_asked:  # whoever asks twice would cut the ending short
            is_asked.append(number)
            work.cancel()

    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        # Who starts it in the background, or with `nohup`, has had it told to ignore the first two.
        if number is signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, ask, number)
    try:
        return await work
    except asyncio.CancelledError:
        return 0 if not arguments.check else 128 + is_asked[0]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = parser().parse_args(argv)
    try:
        return asyncio.run(_until_signal(arguments))
    except DemoError as error:
        print("\n".join([f"scripts/demo: {error}", *getattr(error, "__notes__", ())]), file=sys.stderr)
        return 1
