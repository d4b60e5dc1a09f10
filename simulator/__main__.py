"""`python -m simulator`: run the standard cabinet until Ctrl-C, or talk to one that runs."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from simulator.cabinet import Cabinet
from simulator.channel import Channel, ChannelError
from simulator.cloud.standard import PASSWORD, SECOND, USER, CloudSite, fill
from simulator.control import ControlServer
from simulator.devices import IMPORTED, MODELS
from simulator.gateway import QUIRKS as GATEWAY_QUIRKS
from simulator.gateway import Site
from simulator.pacing import LineSettings
from simulator.parts import Part, actors
from simulator.scenarios import SCENARIOS, Option, Scenario
from simulator.uplink import DEMO, QUIRKS, Fleet
from simulator.xmlgateway import XmlSite

DEFAULT_TCP_PORT = 5020
DEFAULT_RTU_PORT = 5021
LAST_PORT = 65535
FASTEST = 1000.0
"""Simulated seconds per second: more cannot be computed in time."""


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    names = "\n".join(f"  {name:<13} {kind.meaning}" for name, kind in SCENARIOS.items())
    command = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A distribution cabinet of Acrel devices on Modbus TCP and RTU over TCP.",
        epilog=f"scenarios:\n{names}\n\nmodels:\n  {', '.join((*MODELS, *IMPORTED))}"
        f"\n\nquirks of 4G devices:\n  {', '.join(QUIRKS)}"
        f"\n\nquirks of gateways:\n  {', '.join(GATEWAY_QUIRKS)}"
        '\n\nwhile it runs: --control FILE --send \'{"do": "scenario", "name": "relay", "unit": 5}\'',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = command.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--tcp-port", type=port, default=DEFAULT_TCP_PORT, help="Modbus TCP (%(default)s; 0: free)")
    add("--rtu-port", type=port, default=DEFAULT_RTU_PORT, help="RTU over TCP (%(default)s; 0: free)")
    add("--control", type=Path, metavar="FILE", help="control channel; this new file tells who may use it")
    add("--unit", action="append", default=[], metavar="ID=MODEL", help="instead of the standard units")
    add(
        "--scenario",
        action="append",
        default=[],
        metavar="NAME[:OPTION=VALUE,...][@UNIT]",
        help="start with a scenario, such as relay:travel_s=6@5",
    )
    add("--baudrate", type=int, help="answer as slowly as a serial line of this speed")
    add("--bits-per-char", type=int, default=10, help="10 for 8N1, 11 for 8E1 (%(default)s)")
    add("--turnaround-ms", type=float, default=20.0, help="with --baudrate (%(default)s)")
    add("--seed", type=int, default=1, help="another cabinet of the same kind (%(default)s)")
    add("--speed", type=speed, default=1.0, help="simulated seconds per second (%(default)s)")
    add("--latched", action="store_true", help="hold alarms until they are reset")
    add("--dial", type=place, metavar="HOST:PORT", help="have 4G devices call here")
    add("--caller", action="append", default=[], metavar="SERIAL=MODEL[@QUIRKS]", help="instead of the standard ones")
    add("--minutes", type=int, default=5, help="between two uploads of a 4G device (%(default)s)")
    add("--broker", type=place, metavar="HOST:PORT", help="have gateways speak MQTT here")
    add("--quirks", default="good", metavar="QUIRKS", help="of the first of them (%(default)s)")
    add("--xml", type=place, metavar="HOST:PORT", help="have a gateway call here with XML")
    add("--cloud", type=port, metavar="PORT", help="be a cloud as well, on this port (0: free)")
    add(
        "--cloud-sites",
        type=sizes,
        default=(0, 0),
        metavar="SITESxDEVICES",
        help="and many more sites, such as 50x1000",
    )
    add("--seconds", type=float, default=60.0, help="between two reports of a gateway (%(default)g)")
    add("--send", metavar="JSON", help="send a command to the simulator that wrote the --control file")
    return command


def port(text: str) -> int:
    """Read a port, 0 for a free one. Raises ValueError."""
    number = int(text)
    if not 0 <= number <= LAST_PORT:
        raise ValueError(f"{text} is not a port from 0 to {LAST_PORT}")
    return number


def place(text: str) -> tuple[str, int]:
    """Read where devices call. Raises ValueError."""
    host, _, number = text.rpartition(":")
    return host, port(number)


def sizes(text: str) -> tuple[int, int]:
    """Read how many sites of how many devices. Raises ValueError."""
    sites, _, devices = text.partition("x")
    return int(sites), int(devices)


def callers(texts: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Take "20260000000001=ddsy1352@cut" apart, for each."""
    found = {}
    for text in texts:
        serial, _, rest = text.partition("=")
        model, _, quirks = rest.partition("@")
        found[serial] = model, quirks or "good"
    return found


def speed(text: str) -> float:
    """Read how fast the simulated time runs. Raises ValueError."""
    number = float(text)
    if not 0 <= number <= FASTEST:
        raise ValueError(f"{text} is not a number of seconds")
    return number


def scenario(text: str) -> tuple[str, int | None, dict[str, Option]]:
    """Take "leak", "leak@7" or "leak:ma=500@7" apart. Raises ValueError."""
    head, _, unit = text.partition("@")
    name, _, pairs = head.partition(":")
    options: dict[str, Option] = {}
    for pair in filter(None, pairs.split(",")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"{pair!r} in {text!r} is not OPTION=VALUE")
        options[key] = _value(value)
    Scenario(name=name, options=options)
    return name, int(unit) if unit else None, options


def _value(text: str) -> Option:
    try:
        return float(text)
    except ValueError:
        return text == "true" if text in {"true", "false"} else text


def build(arguments: argparse.Namespace) -> Cabinet:
    """Build the cabinet that was asked for. Raises ValueError and KeyError."""
    line = None
    if arguments.baudrate is not None:
        line = LineSettings(
            baudrate=arguments.baudrate,
            bits_per_char=arguments.bits_per_char,
            turnaround_ms=arguments.turnaround_ms,
        )
    models: dict[int, str] = {}
    for text in arguments.unit:
        unit_id, _, model = text.partition("=")
        models[int(unit_id)] = model
    seed, pace, latched = arguments.seed, arguments.speed, arguments.latched
    if models:
        cabinet = Cabinet.of(models, line=line, seed=seed, speed=pace, latched=latched)
    else:
        cabinet = Cabinet.standard(line=line, seed=seed, speed=pace, latched=latched)
    for text in arguments.scenario:
        name, unit, options = scenario(text)
        if unit is not None and unit not in cabinet.units:
            raise ValueError(f"no unit {unit} in this cabinet")
        cabinet.set_scenario(name, unit, **options)
    return cabinet


def table(cabinet: Cabinet, host: str, control: Path | None, cloud: CloudSite | None = None) -> str:
    """Say what runs where."""
    lines = [
        f"Modbus TCP       {host}:{cabinet.tcp_port}",
        f"RTU over TCP     {host}:{cabinet.rtu_port}",
    ]
    if control is not None:
        lines.append(f"control channel  {control}")
    if cloud is not None:
        lines.append(f"cloud            {cloud.cloud.url}, account {USER}, {PASSWORD}, second password {SECOND}")
    if cabinet.line is not None:
        lines.append(
            f"serial line      {cabinet.line.baudrate} baud, {cabinet.line.bits_per_char} bits per"
            f" character, turnaround {cabinet.line.turnaround_ms:g} ms"
        )
    lines += ["", f"{'unit':>4}  {'model':<10}  {'scenario':<13}  points"]
    for unit_id, unit in cabinet.units.items():
        points = sum(len(codes) for codes in unit.truth().values())
        lines.append(f"{unit_id:>4}  {unit.model:<10}  {unit.scenario.name:<13}  {points}")
    lines += [f"{name:<18}  {unit.model}" for name, unit in cabinet.outside.items()]
    return "\n".join(lines)


def parts_of(cabinet: Cabinet, arguments: argparse.Namespace) -> list[tuple[Part, tuple[str, int]]]:
    """Build what calls from the cabinet, with the place that each calls. Raises ValueError."""
    found: list[tuple[Part, tuple[str, int]]] = []
    if arguments.dial is not None:
        found.append((Fleet(cabinet, callers(arguments.caller) or DEMO, minutes=arguments.minutes), arguments.dial))
    if arguments.broker is not None:
        found.append((Site(cabinet, quirks=arguments.quirks, seconds=arguments.seconds), arguments.broker))
    if arguments.xml is not None:
        found.append((XmlSite(cabinet, seconds=arguments.seconds), arguments.xml))
    return found


async def run(cabinet: Cabinet, parts: Sequence[tuple[Part, tuple[str, int]]], arguments: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError when a port cannot be had."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    cloud = None
    if arguments.cloud is not None:
        cloud = CloudSite(cabinet)
        fill(cloud.cloud, *arguments.cloud_sites)
    control = ControlServer(cabinet, actors([*(part for part, _ in parts), *([] if cloud is None else [cloud])]))
    try:
        await cabinet.start(arguments.host, arguments.tcp_port, arguments.rtu_port)
        async with AsyncExitStack() as stack:
            if arguments.control is not None:
                stack.push_async_callback(control.stop)
                (await control.start()).keep(arguments.control)
                stack.callback(arguments.control.unlink, missing_ok=True)
            for part, called in parts:
                stack.push_async_callback(part.stop)
                part.start(*called)
            if cloud is not None:
                stack.push_async_callback(cloud.cloud.stop)
                await cloud.cloud.start(arguments.host, arguments.cloud)
            print(table(cabinet, arguments.host, arguments.control, cloud), "\n\nCtrl-C ends it.", flush=True)
            await stop.wait()
    finally:
        await cabinet.stop()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 failed, 2 wrong usage."""
    command = parser()
    arguments = command.parse_args(argv)
    try:
        if arguments.send is not None:
            if arguments.control is None:
                command.error("--send needs the --control file of the running simulator")
            asked = json.loads(arguments.send)
            if not isinstance(asked, dict):
                command.error("a command is a JSON object")
            answer = asyncio.run(Channel.of(arguments.control).ask(asked))
            print(json.dumps(answer, indent=2, ensure_ascii=False))
            return 0 if answer["ok"] else 1
        cabinet = build(arguments)
        parts = parts_of(cabinet, arguments)
    except ValueError as error:
        command.error(str(error))
    except ChannelError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        asyncio.run(run(cabinet, parts, arguments))
    except OSError as error:
        print(*filter(None, (error.filename, error.strerror or str(error))), sep=": ", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
