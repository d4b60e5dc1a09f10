"""Child processes: none outlives the demo, whatever ends it."""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO


async def start(
    *command: str | Path,
    output: int | IO[bytes] = DEVNULL,
    errors: int | IO[bytes] = DEVNULL,
    environment: Mapping[str, str] | None = None,
    held: Sequence[int] = (),
) -> Process:
    """Start a program in a session of its own, so that Ctrl-C reaches only the demo, which ends it in order.

    Should the demo be killed itself, the kernel ends the program. Raises OSError if there is none.
    """
    with_parent = [] if (setpriv := shutil.which("setpriv")) is None else [setpriv, "--pdeathsig", "TERM"]
    return await asyncio.create_subprocess_exec(
        *with_parent,
        *command,
        stdin=DEVNULL,
        stdout=output,
        stderr=errors,
        env=environment,
        pass_fds=held,
        start_new_session=True,
    )


async def end(process: Process, seconds: float) -> None:
    """End a program: politely first, and after some seconds for certain."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(seconds):
            await process.communicate()  # a pipe that nobody reads would hold it up
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
