"""Control channel: switch scenarios and ask for the truth while the cabinet runs.

One JSON object per line over TCP on loopback, one JSON object per line back: `{"ok": true, ...}` or
`{"ok": false, "error": "..."}`. Whoever can connect may do everything, so it never listens elsewhere.

    {"do": "units"}
    {"do": "scenario", "name": "leak", "unit": 7, "options": {"ma": 500}}     without unit: all units
    {"do": "truth", "unit": 7}                                                without unit: all units
    {"do": "advance", "seconds": 60}
    {"do": "hold", "unit": 7, "code": "Lg", "value": 123, "circuit": "1"}     pin a register
    {"do": "release", "unit": 7}    {"do": "reset", "unit": 7}
    {"do": "writes", "unit": 7}     {"do": "requests", "unit": 7}
    {"do": "trespasses", "unit": 5}           requests for registers that must never be touched
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from simulator.cabinet import Cabinet
from simulator.unit import Unit

LOOPBACK = "127.0.0.1"

type Message = dict[str, object]


class CommandError(ValueError):
    """A command that makes no sense; its text goes back to who sent it."""


class ControlServer:
    """The channel of one cabinet."""

    def __init__(self, cabinet: Cabinet) -> None:
        """Prepare; `start` starts to listen."""
        self._cabinet = cabinet
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> int:
        """Listen on loopback and return the real port. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, port)
        real: int = self._server.sockets[0].getsockname()[1]
        return real

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is None:
            return
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
        try:
            # A line that is too long or a client that is gone ends the connection.
            with suppress(ConnectionError, ValueError):
                while line := await reader.readline():
                    writer.write(json.dumps(self.answer(line)).encode() + b"\n")
                    await writer.drain()
        finally:
            writer.close()

    def answer(self, line: bytes | str) -> Message:
        """Carry out one command."""
        try:
            command = json.loads(line)
            if not isinstance(command, dict):
                raise CommandError("a command is a JSON object")
            return {"ok": True, **self._do(command)}
        except (ValueError, KeyError, TypeError) as error:
            return {"ok": False, "error": str(error.args[0] if error.args else error)}

    def _do(self, command: Message) -> Message:
        actions: dict[str, Callable[[Message], Message]] = {
            "units": self._units,
            "scenario": self._scenario,
            "truth": self._truth,
            "advance": self._advance,
            "hold": self._hold,
            "release": self._release,
            "reset": self._reset,
            "writes": self._writes,
            "requests": self._requests,
            "trespasses": self._trespasses,
        }
        action = actions.get(str(command.get("do")))
        if action is None:
            raise CommandError(f"no command {command.get('do')!r}; there are: {', '.join(actions)}")
        return action(command)

    def _units(self, _command: Message) -> Message:
        units = self._cabinet.units.items()
        return {"units": {unit_id: unit.model for unit_id, unit in units}}

    def _scenario(self, command: Message) -> Message:
        options = command.get("options", {})
        if not isinstance(options, dict):
            raise CommandError("options is a JSON object")
        name = str(command.get("name"))
        unit = None if command.get("unit") is None else self._unit(command).unit_id
        self._cabinet.set_scenario(name, unit, **options)
        return {}

    def _truth(self, command: Message) -> Message:
        one = "unit" in command
        return {"truth": self._unit(command).truth() if one else self._cabinet.truth()}

    def _advance(self, command: Message) -> Message:
        self._cabinet.advance(_number(command, "seconds"))
        return {"now": self._cabinet.environment.now.isoformat()}

    def _hold(self, command: Message) -> Message:
        circuit = str(command.get("circuit", "1"))
        self._unit(command).hold(str(command.get("code")), _number(command, "value"), circuit)
        return {}

    def _release(self, command: Message) -> Message:
        self._unit(command).release()
        return {}

    def _reset(self, command: Message) -> Message:
        self._unit(command).reset()
        return {}

    def _writes(self, command: Message) -> Message:
        return {"writes": [asdict(write) for write in self._unit(command).writes]}

    def _requests(self, command: Message) -> Message:
        return {"requests": [asdict(request) for request in self._unit(command).requests]}

    def _trespasses(self, command: Message) -> Message:
        return {"trespasses": [asdict(request) for request in self._unit(command).trespasses]}

    def _unit(self, command: Message) -> Unit:
        unit_id = command.get("unit")
        if not isinstance(unit_id, int) or unit_id not in self._cabinet.units:
            raise CommandError(f"no unit {unit_id!r} in this cabinet")
        return self._cabinet.units[unit_id]


def _number(command: Message, name: str) -> float:
    value = command.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CommandError(f"{name} must be a number")
    return float(value)


async def ask(port: int, command: Message) -> Message:
    """Send one command to a running simulator and return its answer. Raises OSError."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=1 << 24)
    try:
        writer.write(json.dumps(command).encode() + b"\n")
        await writer.drain()
        answer: Message = json.loads(await reader.readline())
        return answer
    finally:
        writer.close()
        await writer.wait_closed()
