"""`python -m simulator.faults`: put the fault proxy before a gateway or the simulated cabinet until Ctrl-C."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from simulator.__main__ import port

from .frames import Framing
from .kinds import DEAD_METERS, Fault, Schedule, Times, faults_of
from .proxy import FaultProxy

SUMMARY_SECONDS = 10.0


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    kinds = "\n".join(f"  {fault.value:<15} {fault.meaning}" for fault in Fault if fault is not Fault.NONE)
    command = argparse.ArgumentParser(
        prog="python -m simulator.faults",
        description="A proxy that does to Modbus requests what bad lines and gateways do.",
        epilog=f"faults:\n{kinds}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = command.add_argument
    add("--listen", default="127.0.0.1:5030", metavar="HOST:PORT", help="where clients connect (%(default)s; 0: free)")
    add("--target", required=True, metavar="HOST:PORT", help="the gateway or cabinet behind")
    add("--framing", choices=[framing.value for framing in Framing], default=Framing.RTU.value, help="(%(default)s)")
    add("--seed", type=int, default=1, help="the same seed does the same faults (%(default)s)")
    add("--rate", type=float, default=0.2, help="share of requests that get a fault (%(default)s)")
    add("--faults", default="", metavar="A,B", help="only these kinds (default: all but dead meters)")
    add("--late", default="0.4:1.4", metavar="FROM:TO", help="seconds of a late answer (%(default)s)")
    return command


def endpoint(text: str) -> tuple[str, int]:
    """Take HOST:PORT apart. Raises ValueError."""
    host, colon, number = text.rpartition(":")
    if not colon or not host:
        raise ValueError(f"{text!r} is not HOST:PORT")
    return host, port(number)


def chosen_faults(text: str, framing: Framing) -> tuple[Fault, ...]:
    """Read a list of kinds; none given means all. Raises ValueError."""
    if not text:
        return faults_of(framing)
    known = {fault.value: fault for fault in (*faults_of(framing), *DEAD_METERS)}
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"{unknown[0]!r} is no fault on this framing; there are: {', '.join(known)}")
    return tuple(known[name] for name in names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C; 2 for a command line that makes no sense."""
    command = parser()
    options = command.parse_args(arguments)
    framing = Framing(options.framing)
    try:
        low, _, high = options.late.partition(":")
        schedule = Schedule(
            options.seed,
            chosen_faults(options.faults, framing),
            options.rate,
            times=Times(late=(float(low), float(high or low))),
        )
        target, listen = endpoint(options.target), endpoint(options.listen)
    except ValueError as error:
        command.error(str(error))
    return asyncio.run(_serve(FaultProxy(*target, framing, schedule, host=listen[0], port=listen[1])))


async def _serve(proxy: FaultProxy) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with proxy:
            print(f"faults on {proxy.host}:{proxy.port} before {proxy.target[0]}:{proxy.target[1]}", flush=True)
            while not stop.is_set():
                try:
                    async with asyncio.timeout(SUMMARY_SECONDS):
                        await stop.wait()
                except TimeoutError:
                    print(_summary(proxy), flush=True)
    except OSError as error:
        print(f"cannot listen on {proxy.host}:{proxy.port}: {error}", file=sys.stderr)
        return 1
    print(_summary(proxy), flush=True)
    return 0


def _summary(proxy: FaultProxy) -> str:
    counts = proxy.counts
    faults = ", ".join(f"{number} {fault.value}" for fault, number in counts.faults.most_common())
    return f"{counts.requests} requests, {counts.connections} connections, faults: {faults or 'none'}"


if __name__ == "__main__":
    sys.exit(main())
