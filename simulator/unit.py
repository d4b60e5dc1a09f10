"""A unit: one Modbus address, the instrument behind it, its scenario and what it was asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simulator.devices.base import READ_HOLDING, READ_INPUT, WRITE_MULTIPLE, Device
from simulator.pacing import Lane
from simulator.points import Value
from simulator.registers import ILLEGAL_FUNCTION, ILLEGAL_VALUE, MAX_READ, RefusedError
from simulator.scenarios import Option, Scenario

_READS = frozenset({READ_HOLDING, READ_INPUT})

# A demo runs for days: the oldest half of a record goes when it reaches this length.
_RECORD_LIMIT = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came in; `at` is the cabinet's clock in seconds since it was built."""

    function: int
    address: int
    count: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """An attempt to write, by whatever function; `accepted` if the unit carried it out."""

    function: int
    address: int
    values: tuple[int, ...]
    at: float
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that a gateway passed on by name; `accepted` if the unit knows it."""

    method: str
    payload: Mapping[str, object]
    at: float
    accepted: bool


class Unit:
    """One address on the bus."""

    def __init__(self, unit_id: int, device: Device, substitute: Callable[[str], Device]) -> None:
        """Put an instrument at an address; `substitute` builds another one for wrong_model."""
        self.unit_id = unit_id
        self.device = device
        self.scenario = Scenario()
        self.requests: list[Request] = []
        # Requests that reached for a register nobody must touch; they stay when older requests go.
        self.trespasses: list[Request] = []
        self.writes: list[Write] = []
        self.commands: list[Command] = []
        self.lane = Lane()
        self._substitute = substitute
        self._impostor: Device | None = None

    @property
    def model(self) -> str:
        """Model that belongs at this address."""
        return self.device.model

    @property
    def answering(self) -> Device:
        """Instrument that answers at the moment; another one in the scenario wrong_model."""
        return self._impostor or self.device

    @property
    def registers(self) -> Mapping[int, int]:
        """Words by address as they would be read now."""
        self.answering.refresh()
        return self.answering.registers

    @property
    def delay_s(self) -> float:
        """Seconds that the unit takes on top of the line time."""
        return self.scenario.number("delay_s", 2.0) if self.scenario.name == "slow" else 0.0

    @property
    def silent(self) -> bool:
        """Whether the unit leaves requests unanswered."""
        return self.scenario.name == "silent"

    def ignores(self, function: int, count: int) -> bool:
        """Whether a request stays unanswered."""
        return self.silent or (self._is_too_long(function, count) and self.scenario.options.get("how") == "silent")

    def _is_too_long(self, function: int, count: int) -> bool:
        if self.scenario.name != "limited" or function not in _READS:
            return False
        return count > self.scenario.whole("most", 20, 1, MAX_READ)

    def truth(self) -> dict[str, dict[str, Value]]:
        """Return circuit -> code -> value of the instrument that answers."""
        return self.answering.truth()

    def set_scenario(self, name: str, **options: Option) -> None:
        """Switch to a scenario. Raises ValueError, and changes nothing, if it does not exist."""
        scenario = Scenario(name=name, options=options)
        impostor = self._impostor_for(scenario)
        if name == "slow" and scenario.number("delay_s", 2.0) < 0:
            raise ValueError("option delay_s of scenario 'slow' must not be negative")
        for option in ("travel_s", "falls_back_s"):
            if scenario.number(option, 0.0) < 0:
                raise ValueError(f"option {option} of scenario {name!r} must not be negative")
        if name == "dead":
            scenario.whole("word", 0xFFFF, 0, 0xFFFF)
        if name == "exception":
            scenario.whole("code", 4, 1, 255)
        if name == "limited":
            scenario.whole("most", 20, 1, MAX_READ)
            if scenario.options.get("how") not in ("silent", "short"):
                scenario.whole("how", ILLEGAL_VALUE, 1, 255)
        self.device.apply(Scenario() if scenario.link else scenario)
        self._impostor = impostor
        self.scenario = scenario

    def _impostor_for(self, scenario: Scenario) -> Device | None:
        if scenario.name != "wrong_model":
            return None
        other = "adl3000" if self.model == "asj10l" else "asj10l"
        return self._substitute(str(scenario.options.get("model", other)))

    def hold(self, code: str, value: float, circuit: str = "1") -> None:
        """Pin the register of a point; alarms still follow the physics."""
        self.answering.hold(code, value, circuit)

    @property
    def closed(self) -> bool:
        """Whether current can flow through it, or where it is no breaker, past it."""
        return self.answering.feeder.closed

    def release(self) -> None:
        """End all `hold`."""
        self.device.release()

    def reset(self) -> None:
        """Press the reset key of the instrument: held alarms go."""
        self.device.reset()

    def advance(self, seconds: float) -> None:
        """Let time pass for this unit."""
        self.device.advance(seconds)
        if self._impostor is not None:
            self._impostor.advance(seconds)

    def note(self, function: int, address: int, count: int) -> None:
        """Record a request."""
        if len(self.requests) >= _RECORD_LIMIT:
            del self.requests[: _RECORD_LIMIT // 2]
        at = self.device.environment.elapsed
        request = Request(function=function, address=address, count=count, at=at)
        self.requests.append(request)
        if self.answering.forbids(address, count) and len(self.trespasses) < _RECORD_LIMIT:
            self.trespasses.append(request)

    def read(self, function: int, address: int, count: int) -> list[int]:
        """Answer a read. Raises RefusedError."""
        device = self._ready(function)
        if function not in _READS:
            raise RefusedError(ILLEGAL_FUNCTION)
        if self._is_too_long(function, count):
            if self.scenario.options.get("how") != "short":
                raise RefusedError(self.scenario.whole("how", ILLEGAL_VALUE, 1, 255))
            count = self.scenario.whole("most", 20, 1, MAX_READ)
        if self.scenario.name == "dead":
            return [self.scenario.whole("word", 0xFFFF, 0, 0xFFFF)] * count
        device.refresh()
        if self.scenario.name == "filled" and 1 <= count <= MAX_READ and not device.forbids(address, count):
            return [device.registers.get(register, 0) for register in range(address, address + count)]
        return device.registers.read(address, count)

    def write(self, function: int, address: int, values: Sequence[int]) -> None:
        """Carry out a write and record the attempt. Raises RefusedError."""
        accepted = False
        try:
            device = self._ready(function)
            if function != WRITE_MULTIPLE:
                raise RefusedError(ILLEGAL_FUNCTION)
            device.write(address, values)
            accepted = True
        finally:
            self.note_write(function, address, values, accepted=accepted)

    def obey(self, method: str, payload: Mapping[str, object]) -> bool:
        """Have a command carried out that a gateway passes on by name, and record it."""
        is_known = self.answering.obey(method, payload)
        at = self.device.environment.elapsed
        self.commands.append(Command(method=method, payload=dict(payload), at=at, accepted=is_known))
        return is_known

    def note_write(self, function: int, address: int, values: Sequence[int], *, accepted: bool) -> None:
        """Record an attempt to write."""
        at = self.device.environment.elapsed
        self.writes.append(Write(function=function, address=address, values=tuple(values), at=at, accepted=accepted))

    def _ready(self, function: int) -> Device:
        if self.scenario.name == "exception":
            raise RefusedError(self.scenario.whole("code", 4, 1, 255))
        device = self.answering
        if function not in device.functions:
            raise RefusedError(ILLEGAL_FUNCTION)
        return device
