"""Wrong values believed per 100,000 faulted reads: pymodbus, tmodbus, modbus-connection and this project's guard.

Every client asks the same questions through the same fault proxy (`simulator/faults`), in virtual time, so a million
requests take minutes. Every answer proves where it came from: it is wrong when it was taken from other registers or
another unit, or before the question was asked. What is sound on the link and yet not the meter's is in `dead.py`.

    python -m benchmarks.faults --requests 1000000 --peers 100000 --jobs 2     # the long run
"""

import argparse
import asyncio
import logging
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks import dead
from benchmarks.clients import CLIENTS, OURS, PATIENCE, SEED, UNITS
from benchmarks.report import Table
from simulator.faults import ALL_FAULTS, Fault, FaultProxy, Framing, Schedule, TruthServer, faults_of
from simulator.faults.drive import Reader, Tally, drive
from simulator.faults.virtual import run

RATE = 0.3
CANCELLED = "cancelled"
MIXED = "all of them, mixed"
DEFAULT_REQUESTS = 20_000


class _Patient:
    """Bounds each read, so that a client that waits for ever does not end the measurement."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def read(self, unit: int, function: int, address: int, count: int) -> list[int]:
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read(unit, function, address, count)


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the table: a client under one kind of fault."""

    client: str
    framing: Framing
    kind: str
    faulted: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured for a case."""

    case: Case
    tally: Tally
    faulted: int
    connections: int


async def _measure(case: Case) -> Outcome:
    faults = faults_of(case.framing) if case.kind == MIXED else (Fault(case.kind),) if case.kind != CANCELLED else ()
    schedule = Schedule(SEED, faults, RATE if faults else 0.0)
    cancelled = RATE if case.kind == CANCELLED else 0.02 if case.kind == MIXED else 0.0
    async with (
        TruthServer(case.framing, frozenset(range(1, UNITS + 1))) as truth,
        FaultProxy("127.0.0.1", truth.port, case.framing, schedule) as proxy,
        CLIENTS[case.client](proxy.port, case.framing) as reader,
    ):
        tally = await drive(
            _Patient(reader), truth, proxy, faulted=case.faulted, units=UNITS, seed=SEED, cancelled=cancelled
        )
        return Outcome(case, tally, proxy.counts.faulted + tally.cancelled, proxy.counts.connections)


def measured(case: Case) -> Outcome:
    """Measure one case, in virtual time."""
    logging.disable(logging.CRITICAL)
    return run(_measure(case))


def cases(requests: int, peers: int) -> list[Case]:
    """Share the requests of each client among the kinds; the mixture gets a third of them.

    `peers` is how many the other clients get: what they do wrong shows sooner than what is never wrong.
    """
    share = {client: requests if client == OURS else peers for client in CLIENTS}
    kinds = [(framing, kind.value) for framing in Framing for kind in ALL_FAULTS if kind in faults_of(framing)]
    kinds += [(framing, CANCELLED) for framing in Framing]
    single = [
        Case(client, framing, kind, 1 + number * 2 // 3 // len(kinds))
        for client, number in share.items()
        for framing, kind in kinds
    ]
    mixed = [Case(client, framing, MIXED, 1 + number // 6) for client, number in share.items() for framing in Framing]
    return sorted(mixed + single, key=lambda case: -case.faulted)


def tabulated(outcomes: list[Outcome], seconds: float) -> Table:
    """Return the table: a row per framing and kind, a column per client."""
    by_case = {(outcome.case.framing, outcome.case.kind, outcome.case.client): outcome for outcome in outcomes}
    totals = {
        client: (
            sum(outcome.faulted for outcome in outcomes if outcome.case.client == client),
            sum(outcome.tally.wrong for outcome in outcomes if outcome.case.client == client),
        )
        for client in CLIENTS
    }
    said = "; ".join(f"{client}: {wrong} in {faulted}" for client, (faulted, wrong) in totals.items())
    table = Table(
        "faults",
        "Wrong values believed per 100,000 faulted reads",
        "The same reads through the same fault proxy in virtual time; a value is wrong when it comes from other"
        " registers or another unit, or was taken before the question was asked. Time-out 0.5 s; each client otherwise"
        f" with its own defaults. Wrong values believed in all faulted requests: {said}. 'Faulted requests' and 'read'"
        f" (the share of reads answered with right values) are this project's. Measured in {seconds:.0f} s.",
        ["framing", "fault", "faulted requests", *CLIENTS, "read"],
    )
    for framing, kind in sorted(dict.fromkeys((outcome.case.framing, outcome.case.kind) for outcome in outcomes)):
        row: dict[str, Any] = {"framing": framing.value, "fault": kind}
        for client in CLIENTS:
            outcome = by_case[framing, kind, client]
            row[client.replace(" ", "_")] = round(100_000 * outcome.tally.wrong / outcome.faulted)
        ours = by_case[framing, kind, OURS]
        row["faulted_requests"] = ours.faulted
        row["read"] = f"{ours.tally.right / max(1, ours.tally.reads - ours.tally.cancelled):.0%}"
        table.add(**row)
    return table


def measure(
    requests: int = DEFAULT_REQUESTS, peers: int | None = None, jobs: int = 1, hours: float = dead.HOURS
) -> Table:
    """Run all cases, `requests` faulted requests per client (`peers` for the others), and return the table."""
    started = time.perf_counter()
    with ProcessPoolExecutor(jobs) as pool:
        outcomes = list(pool.map(measured, cases(requests, requests if peers is None else peers)))
        table = tabulated(outcomes, time.perf_counter() - started)
        table.sections.append(dead.table(pool, hours))
    return table


def main() -> None:
    """Measure, print, and keep the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--requests", type=int, default=DEFAULT_REQUESTS, help="faulted requests per client")
    parser.add_argument("--peers", type=int, help="faulted requests for each other client (default: the same)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--hours", type=float, default=dead.HOURS, help="of virtual time with each dead meter")
    options = parser.parse_args()
    table = measure(options.requests, options.peers, options.jobs, options.hours)
    table.save()
    print(table.markdown())


if __name__ == "__main__":
    main()
