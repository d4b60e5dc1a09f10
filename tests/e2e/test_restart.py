"""What Home Assistant ends with to be restarted starts it again, in the demo; any other end is one."""

import sys
from asyncio.subprocess import Process
from pathlib import Path

from demo.process import start
from demo.server import Server


async def ending_with(code: int) -> Process:
    return await start(sys.executable, "-c", f"raise SystemExit({code})")


async def test_a_restart_that_a_user_asks_for_is_no_end(tmp_path: Path) -> None:
    restarts: list[str] = []
    server = Server(await ending_with(100), tmp_path, lambda: ending_with(3))
    assert await server.wait(lambda: restarts.append("again")) == 3
    assert (restarts, server.is_gone) == (["again"], True)
    await server.end()
