"""`python -m benchmarks [NAME …]`: run measurements, print them, keep them in results/."""

import argparse
import asyncio
from collections.abc import Callable

from benchmarks import bus, faults, home_assistant, line_time, pace
from benchmarks.report import Table


def main() -> None:
    """Run what was asked for; without a name, all."""
    runs: dict[str, Callable[[], Table]] = {
        "line-time": line_time.measure,
        "bus": lambda: asyncio.run(bus.measure()),
        "pace": pace.measure,
        "faults": faults.measure,
        "home-assistant": lambda: asyncio.run(home_assistant.measure()),
    }
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(runs)}")
    names = parser.parse_args().names or list(runs)
    for name in names:
        if name not in runs:
            parser.error(f"there is no measurement '{name}'; there are: {', '.join(runs)}")
        table = runs[name]()
        table.save()
        print(table.markdown())


if __name__ == "__main__":
    main()
