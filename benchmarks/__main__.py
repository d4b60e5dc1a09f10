"""`python -m benchmarks [NAME …]`: run measurements, print them, keep them in results/."""

import argparse
import asyncio
from collections.abc import Callable

from benchmarks import (
    alarms,
    bus,
    cloud,
    cloud_history,
    commands,
    delivered,
    faults,
    growth,
    home_assistant,
    journal,
    line_time,
    operations,
    pace,
    push,
    recorder,
    servers,
    uplink,
)
from benchmarks.report import Table


def main() -> None:
    """Run what was asked for; without a name, all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    runs: dict[str, Callable[[], Table]] = {
        "line-time": line_time.measure,
        "bus": lambda: asyncio.run(bus.measure()),
        "cloud": cloud.measure,
        "cloud-history": lambda: asyncio.run(cloud_history.measure()),
        "commands": commands.measure,
        "pace": pace.measure,
        "faults": faults.measure,
        "delivered": delivered.measure,
        "growth": growth.measure,
        "alarms": alarms.measure,
        "home-assistant": lambda: asyncio.run(home_assistant.measure()),
        "journal": lambda: asyncio.run(journal.measure()),
        "operations": operations.measure,
        "push": lambda: asyncio.run(push.measure()),
        "recorder": lambda: asyncio.run(recorder.measure(options.minutes)),
        "servers": lambda: asyncio.run(servers.measure(options.minutes)),
        "uplink": lambda: uplink.measure(options.minutes),
    }
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(runs)}")
    parser.add_argument("--minutes", type=float, metavar="N", help="how long to measure, of what takes real time")
    options = parser.parse_args()
    names = options.names or list(runs)
    for name in names:
        if name not in runs:
            parser.error(f"there is no measurement '{name}'; there are: {', '.join(runs)}")
        table = runs[name]()
        table.save()
        print(table.markdown())


if __name__ == "__main__":
    main()
