"""Control channel: switch scenarios and ask for the truth while the cabinet runs.

One JSON object per line over TCP on loopback, one JSON object per line back: `{"ok": true, ...}` or
`{"ok": false, "error": "..."}`. Web pages and other users reach loopback too: each command bears the
token that only the file of the channel tells, and the first line that does not ends the connection.

    {"token": "...", "do": "units"}           the token is left out below
    {"do": "scenario", "name": "leak", "unit": 7, "options": {"ma": 500}}     without unit: all units
    {"do": "scenario", "name": "relay", "unit": 5, "options": {"travel_s": 6}}    without options it sticks
    {"do": "truth", "unit": 7}                                                without unit: all units
    {"do": "advance", "seconds": 60}                                          at most a day
    {"do": "hold", "unit": 7, "code": "Lg", "value": 123, "circuit": "1"}     pin a register
    {"do": "release", "unit": 7}    {"do": "reset", "unit": 7}
    {"do": "writes", "unit": 7}     {"do": "requests", "unit": 7}
    {"do": "trespasses", "unit": 5}           requests for registers that must never be touched
    {"do": "position", "unit": 5}
    {"do": "by_hand", "unit": "22110000000101", "closed": false, "locked": true, "maintenance": true}   each optional
    {"do": "commands", "unit": "22110000000101"}             what a gateway passed on to it
    {"do": "heard", "who": "23110000000001"}                 what reached a gateway, or a device that dials in
    {"do": "act", "who": "23110000000001", "what": "reboot"}       ... lose_network, find_network, report

A unit that is not on the line has the name by which others know it: its serial number, and in front of it the circuit
where there are several, as in "2_22110000000102".
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict

from simulator.cabinet import Cabinet
from simulator.channel import LOOPBACK, Channel
from simulator.parts import Actor
from simulator.unit import Unit

MOST_SECONDS = 86_400.0
"""A day is computed in a few seconds, in which nobody is answered."""
LARGEST_NUMBER = 1e9
"""Of any option of a scenario."""

type Message = dict[str, object]


class CommandError(ValueError):
    """A command that makes no sense; its text goes back to who sent it."""


class ControlServer:
    """The channel of one cabinet."""

    def __init__(self, cabinet: Cabinet, actors: Mapping[str, Actor] | None = None) -> None:
        """Take who calls from it, by name; `start` starts to listen."""
        self._cabinet = cabinet
        self._actors = actors or {}
        self._token = secrets.token_urlsafe()
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> Channel:
        """Listen on loopback and return how to reach it. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return Channel(port=port, token=self._token)

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
                while self.is_ours(line := await reader.readline()):
                    writer.write(json.dumps(self.answer(line)).encode() + b"\n")
                    await writer.drain()
        finally:
            writer.close()

    def is_ours(self, line: bytes) -> bool:
        """Whether a line is a command of somebody who was told the token."""
        try:
            command = json.loads(line)
        except ValueError, RecursionError:
            return False
        token = command.get("token") if isinstance(command, dict) else None
        return isinstance(token, str) and secrets.compare_digest(token.encode(), self._token.encode())

    def answer(self, line: bytes | str) -> Message:
        """Carry out one command, whoever sent it."""
        try:
            command = json.loads(line, parse_constant=_no_number)
            if not isinstance(command, dict):
                raise CommandError("a command is a JSON object")
            return {"ok": True, **self._do(command)}
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
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
            "position": self._position,
            "by_hand": self._by_hand,
            "commands": self._commands,
            "heard": self._heard,
            "act": self._act,
        }
        action = actions.get(str(command.get("do")))
        if action is None:
            raise CommandError(f"no command {command.get('do')!r}; there are: {', '.join(actions)}")
        return action(command)

    def _units(self, _command: Message) -> Message:
        units, outside = self._cabinet.units.items(), self._cabinet.outside.items()
        found: Message = {"units": {unit_id: unit.model for unit_id, unit in units}}
        if outside:
            found["outside"] = {name: unit.model for name, unit in outside}
        if self._actors:
            found["callers"] = {name: list(actor.acts) for name, actor in self._actors.items()}
        return found

    def _scenario(self, command: Message) -> Message:
        options = command.get("options", {})
        if not isinstance(options, dict):
            raise CommandError("options is a JSON object")
        for option, value in options.items():
            if not isinstance(value, str | bool):
                _within(option, value, -LARGEST_NUMBER, LARGEST_NUMBER)
        name = str(command.get("name"))
        if command.get("unit") is None:
            self._cabinet.set_scenario(name, **options)
        else:
            self._unit(command).set_scenario(name, **options)
        return {}

    def _truth(self, command: Message) -> Message:
        one = "unit" in command
        return {"truth": self._unit(command).truth() if one else self._cabinet.truth()}

    def _advance(self, command: Message) -> Message:
        self._cabinet.advance(_within("seconds", command.get("seconds"), 0.0, MOST_SECONDS))
        return {"now": self._cabinet.environment.now.isoformat()}

    def _hold(self, command: Message) -> Message:
        circuit = str(command.get("circuit", "1"))
        code, unit = str(command.get("code")), self._unit(command)
        value = _within("value", command.get("value"), -LARGEST_NUMBER, LARGEST_NUMBER)
        point = unit.answering.by_code.get((circuit, code))
        if point is not None and not point.holds(value):
            raise CommandError(f"the register of {code} cannot hold {value:g}")
        unit.hold(code, value, circuit)
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

    def _position(self, command: Message) -> Message:
        return {"closed": self._unit(command).closed}

    def _by_hand(self, command: Message) -> Message:
        asked = {name: command.get(name) for name in ("closed", "locked", "maintenance")}
        for name, value in asked.items():
            if value is not None and not isinstance(value, bool):
                raise CommandError(f"{name} is true or false")
        self._unit(command).device.by_hand(
            **{name: None if value is None else bool(value) for name, value in asked.items()}
        )
        return {}

    def _commands(self, command: Message) -> Message:
        return {"commands": [asdict(each) for each in self._unit(command).commands]}

    def _heard(self, command: Message) -> Message:
        return {"heard": list(self._actor(command).heard)}

    def _act(self, command: Message) -> Message:
        acts = self._actor(command).acts
        if (act := acts.get(str(command.get("what")))) is None:
            raise CommandError(f"it cannot {command.get('what')!r}; it can: {', '.join(acts)}")
        act()
        return {}

    def _actor(self, command: Message) -> Actor:
        if (actor := self._actors.get(str(command.get("who")))) is None:
            raise CommandError(f"nobody called {command.get('who')!r} calls from here")
        return actor

    def _unit(self, command: Message) -> Unit:
        name = command.get("unit")
        if isinstance(name, str) and name in self._cabinet.outside:
            return self._cabinet.outside[name]
        if isinstance(name, bool) or not isinstance(name, int) or name not in self._cabinet.units:
            raise CommandError(f"no unit {name!r} in this cabinet")
        return self._cabinet.units[name]


def _within(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CommandError(f"{name} must be a number")
    if not low <= value <= high:
        raise CommandError(f"{name} must be a number from {low:g} to {high:g}")
    return float(value)


def _no_number(constant: str) -> float:
    raise CommandError(f"{constant} is no number")
