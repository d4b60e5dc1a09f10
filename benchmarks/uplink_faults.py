"""A DTSY1352 that dials in through all faults there are: is what it says true, and how often was it written to?

In virtual time, by seed. What is read is held against all that the simulated meter has shown, outcomes against where it
stands then.
"""

import asyncio
from dataclasses import dataclass, fields

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.control.caller import Caller as Person
from custom_components.acrel_safety.aioacrel.control.caller import CallerKind
from custom_components.acrel_safety.aioacrel.control.control import Control
from custom_components.acrel_safety.aioacrel.control.outcome import Result
from custom_components.acrel_safety.aioacrel.control.policy import Policy
from custom_components.acrel_safety.aioacrel.control.rights import Rights
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.aioacrel.uplink.hub import UplinkHub
from custom_components.acrel_safety.aioacrel.uplink.server import UplinkServer
from simulator import Cabinet
from simulator.faults import Framing, Schedule, faults_of
from simulator.faults.virtual import run
from simulator.uplink.faulty import SIM_TIMES, FaultyCaller
from simulator.uplink.quirks import Quirks

OPEN, CLOSE = PointKey("1", "FORRLYOFF"), PointKey("1", "FORRLYON")
MODEL = "dtsy1352"
SERIAL = "20260000000001"
REST_SECONDS = 30.0
STEP_SECONDS = 0.25
SEED, SESSIONS, OPERATIONS = 20_261, 6, 40
RATES = (0.05, 0.15, 0.3)
LATENCIES = (0.5, 3.0)
_WRITE = 16
_HOST = "127.0.0.1"
_PERSON = Person(kind=CallerKind.PERSON, id="benchmark", is_administrator=True)
_LEAVE = Policy(is_enabled=True, may_close=True, rights=Rights.usual())


@dataclass(slots=True)
class Tally:
    """What came of it."""

    requests: int = 0
    faulted: int = 0
    values: int = 0
    """That were looked at."""
    wrong_values: int = 0
    operations: int = 0
    confirmed: int = 0
    unknown: int = 0
    refused: int = 0
    wrongly_confirmed: int = 0
    written_twice: int = 0
    written_though_refused: int = 0
    logins: int = 0

    def add(self, other: Tally) -> None:
        """Take another one's figures."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def measure() -> Table:
    """Run sessions with fixed seeds, with more and more faults."""
    table = Table(
        name="uplink_faults",
        title="Faults",
        text=(
            "A DTSY1352 whose answers, uploads and connection get the proxy's faults, by seed and in virtual time: "
            f"{SESSIONS} sessions of {OPERATIONS} operations for each share of faulted requests, polled and uploading "
            "meanwhile. Half of the sessions have a card that takes 3 s for each answer."
        ),
        columns=(
            "faulted requests",
            "requests",
            "values",
            "wrong values",
            "operations",
            "confirmed",
            "unknown",
            "refused",
            "wrongly confirmed",
            "written twice",
            "written though refused",
            "logins",
        ),
    )
    for rate in RATES:
        tally = Tally()
        for number in range(SESSIONS):
            work = session(SEED + number, rate=rate, operations=OPERATIONS, latency=LATENCIES[number % len(LATENCIES)])
            tally.add(run(work))
        figures: dict[str, str | float | None] = {one.name: str(getattr(tally, one.name)) for one in fields(tally)}
        figures["faulted_requests"] = f"{tally.faulted / tally.requests:.0%}"
        table.add(**figures)
    return table


async def session(seed: int, *, rate: float, operations: int, latency: float = 0.5) -> Tally:
    """Have one device call in, be polled, and be operated so many times."""
    tally = Tally()
    server = UplinkServer()
    hub = UplinkHub(server)
    model = ModelLibrary().get(MODEL)
    unit = Cabinet.of({1: MODEL}, frozen=True).units[1]
    plan = Schedule(seed, faults_of(Framing.RTU), rate, SIM_TIMES)
    caller = FaultyCaller(unit, SERIAL, plan, quirks=Quirks(latency_s=latency))
    device = Device(SERIAL, model)
    device.attach(hub.source(SERIAL, model))
    device.want(model.readable)
    control = Control(device, lambda: _LEAVE)
    caller.start(_HOST, await server.start(_HOST, 0))
    hub.start()
    truth = _Truth(caller)
    passing = asyncio.create_task(truth.pass_time())
    try:
        for number in range(operations):
            await asyncio.sleep(REST_SECONDS)
            truth.look(device, tally)
            await _operate(control, OPEN if number % 2 == 0 else CLOSE, caller, tally)
    finally:
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)
        await hub.stop()
        await server.stop()
        await caller.stop()
    tally.requests, tally.faulted, tally.logins = len(caller.asked), caller.faulted, caller.logins
    return tally


class _Truth:
    """All that the simulated meter has shown; whatever else is read of it is wrong."""

    def __init__(self, caller: FaultyCaller) -> None:
        self._unit = caller.unit
        self._shown: dict[PointKey, set[Value]] = {}

    async def pass_time(self) -> None:
        """Let the meter's time go with the loop's."""
        while True:
            self._note()
            await asyncio.sleep(STEP_SECONDS)
            self._unit.advance(STEP_SECONDS)

    def _note(self) -> None:
        for circuit, codes in self._unit.truth().items():
            for code, value in codes.items():
                self._shown.setdefault(PointKey(circuit, code), set()).add(_rounded(value))

    def look(self, device: Device, tally: Tally) -> None:
        """Hold all that was read against it."""
        self._note()
        for key, reading in device.readings.items():
            if reading.value is not None and key in self._shown:
                tally.values += 1
                tally.wrong_values += _rounded(reading.value) not in self._shown[key]


def _rounded(value: Value) -> Value:
    return round(value, 4) if isinstance(value, float) else value


async def _operate(control: Control, key: PointKey, caller: FaultyCaller, tally: Tally) -> None:
    before = _writes(caller)
    outcome = await control.operate(key, _PERSON, is_confirmed=True)
    writes = _writes(caller) - before
    tally.operations += 1
    tally.confirmed += outcome.result is Result.CONFIRMED
    tally.unknown += outcome.result is Result.UNKNOWN
    tally.refused += outcome.result is Result.REFUSED
    is_closed = bool(caller.unit.truth()["1"]["RlySta"])
    tally.wrongly_confirmed += outcome.result is Result.CONFIRMED and is_closed is not (key == CLOSE)
    tally.written_twice += writes > 1
    tally.written_though_refused += outcome.result is Result.REFUSED and writes > 0


def _writes(caller: FaultyCaller) -> int:
    return sum(request[1] == _WRITE for request in caller.asked)
