"""The distribution cabinet: units on one line, a clock, scenarios, servers."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from types import TracebackType
from typing import Self, TypedDict, Unpack

from pymodbus.framer import FramerType

from simulator.devices import CODED, IMPORTED, MODELS, Device
from simulator.pacing import Lane, LineSettings
from simulator.physics import Environment
from simulator.scenarios import Option
from simulator.server import Bus, BusServer
from simulator.unit import Unit

STANDARD_UNITS: dict[int, str] = {
    1: "adw300",
    2: "adl400",
    3: "adl3000",
    4: "adl100",
    5: "ddsy1352",
    6: "dtsy1352",
    7: "asj10l",
    8: "aim-r100",
    9: "aim-m10",
    10: "ard2f",
    11: "arcm300",
    12: "dtsd1352",
}
# The ADL400 shows its ratio in a register, so the standard cabinet gives it one that matters.
STANDARD_OPTIONS: dict[int, dict[str, Option]] = {2: {"pt": 1, "ct": 20}}

# A Monday morning: load is up and the sun is on the panels. The zone only makes it a full date;
# instruments keep a wall clock without one.
DEFAULT_START = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC)

_TICK_S = 1.0
_FINE_STEP_S = 1.0
_COARSE_STEP_S = 10.0
_FINE_UNTIL_S = 3600.0
_TOLERANCE_S = 1e-9
_MAX_UNIT_ID = 255


class CabinetOptions(TypedDict, total=False):
    """Options of a cabinet.

    `frozen` stops the clock while servers run (`advance` still moves it). `speed` is simulated
    seconds per real second. `latched` holds alarms until `Unit.reset`. `options` are constructor
    options of single units, such as `{2: {"ct": 20}}`. `absent_exception` is what the gateway
    answers on Modbus TCP for a unit id that nobody has, for example 0x0B; by default it stays
    silent, as a bus does. `absent_s` is how long it tries before, and serves nobody else.
    """

    frozen: bool
    seed: int
    line: LineSettings | None
    latched: bool
    speed: float
    start: datetime
    options: Mapping[int, Mapping[str, Option]]
    absent_exception: int | None
    absent_s: float


class Cabinet:
    """A collection of units on one line.

    `units` maps the unit id to its `Unit`. After `start`, `tcp_port` and `rtu_port` are the real
    ports.
    """

    def __init__(self, models: Mapping[int, str], **settings: Unpack[CabinetOptions]) -> None:
        """Build the units. Raises ValueError for a model, unit id or option that does not exist."""
        self.frozen = settings.get("frozen", False)
        self.seed = settings.get("seed", 1)
        self.line = settings.get("line")
        self.speed = settings.get("speed", 1.0)
        self._latched = settings.get("latched", False)
        self.environment = Environment(self.seed, settings.get("start", DEFAULT_START))
        extra = settings.get("options", {})
        strangers = sorted(set(extra) - set(models))
        if strangers:
            raise ValueError(f"options for units that are not in the cabinet: {strangers}")
        self.units = {unit_id: self._unit(unit_id, model, extra.get(unit_id, {})) for unit_id, model in models.items()}
        self._bus = Bus(self.units, self.line, settings.get("absent_exception"), settings.get("absent_s", 0.0))
        self.outside: dict[str, Unit] = {}
        """What is not on the line, but in the cabinet's time: it dials in, or stands behind a gateway. By its name."""
        self._servers: list[BusServer] = []
        self._ticker: asyncio.Task[None] | None = None
        self.tcp_port: int | None = None
        self.rtu_port: int | None = None

    @classmethod
    def standard(cls, **settings: Unpack[CabinetOptions]) -> Self:
        """Build one unit of each documented model at its fixed unit id."""
        settings.setdefault("options", STANDARD_OPTIONS)
        return cls(STANDARD_UNITS, **settings)

    @classmethod
    def of(cls, models: Mapping[int, str], **settings: Unpack[CabinetOptions]) -> Self:
        """Build any cabinet: unit id -> model id."""
        return cls(models, **settings)

    def _unit(self, unit_id: int, model: str, options: Mapping[str, Option]) -> Unit:
        if not 0 <= unit_id <= _MAX_UNIT_ID:
            raise ValueError(f"unit id {unit_id} is not 0-{_MAX_UNIT_ID}")
        return Unit(
            unit_id,
            self._device(unit_id, model, options),
            lambda other: self._device(unit_id, other, {}),
        )

    def add_outside(
        self, name: str, model: str, *, address: int = 1, options: Mapping[str, Option] | None = None
    ) -> Unit:
        """Build a unit that is not on the line, with the address that it has where it is. Raises ValueError."""
        if name in self.outside:
            raise ValueError(f"there is a unit {name!r} already")
        seed = _MAX_UNIT_ID + 1 + len(self.outside)
        factory = CODED.get(model) or self._factory(model)
        unit = Unit(
            address,
            factory(self.environment, f"{self.seed}:{seed}", latched=self._latched, options=options),
            lambda other: self._device(seed, other, {}),
        )
        self.outside[name] = unit
        return unit

    def unit(self, name: int | str) -> Unit:
        """Return a unit by its number on the line, or by the name of one outside. Raises KeyError."""
        return self.units[name] if isinstance(name, int) else self.outside[name]

    def _factory(self, model: str) -> type[Device]:
        factory = MODELS.get(model) or IMPORTED.get(model)
        if factory is None:
            raise ValueError(f"no model {model!r}; there are: {', '.join((*MODELS, *IMPORTED))}")
        return factory

    def _device(self, unit_id: int, model: str, options: Mapping[str, Option]) -> Device:
        return self._factory(model)(self.environment, f"{self.seed}:{unit_id}", latched=self._latched, options=options)

    @property
    def bus_lane(self) -> Lane:
        """Queue of the line: its computed seconds and jobs (only used when there is a `line`)."""
        return self._bus.lane

    @property
    def running(self) -> bool:
        """Whether servers are open."""
        return bool(self._servers)

    def advance(self, seconds: float) -> None:
        """Let simulated time pass: in steps of 1 s up to an hour, of 10 s beyond."""
        if not 0 <= seconds < inf:
            raise ValueError("time does not run backwards, and does not end")
        step = _FINE_STEP_S if seconds <= _FINE_UNTIL_S else _COARSE_STEP_S
        left = seconds
        while left > _TOLERANCE_S:
            part = min(step, left)
            self.environment.elapsed += part
            for unit in (*self.units.values(), *self.outside.values()):
                unit.advance(part)
            left -= part

    def set_scenario(self, name: str, unit: int | str | Iterable[int | str] | None = None, **options: Option) -> None:
        """Switch one unit, several units or the whole line to a scenario.

        Raises ValueError for an unknown name or option and KeyError for a unit that is not there.
        """
        chosen: list[int | str]
        chosen = [*self.units] if unit is None else [unit] if isinstance(unit, int | str) else [*unit]
        for unit_id in chosen:
            self.unit(unit_id).set_scenario(name, **options)

    def truth(self) -> dict[int, dict[str, dict[str, float | int | bool]]]:
        """Return unit id -> circuit -> code -> value."""
        return {unit_id: unit.truth() for unit_id, unit in self.units.items()}

    def whole_truth(self) -> dict[int | str, dict[str, dict[str, float | int | bool]]]:
        """Return the same of the units that are not on the line, too."""
        names: list[int | str] = [*self.units, *self.outside]
        return {name: self.unit(name).truth() for name in names}

    async def start(self, host: str = "127.0.0.1", tcp_port: int | None = 0, rtu_port: int | None = 0) -> None:
        """Open the servers; None leaves a port out, 0 takes a free one. Raises OSError."""
        if self.running:
            raise RuntimeError("the cabinet is running already")
        try:
            self.tcp_port = await self._open(FramerType.SOCKET, host, tcp_port)
            self.rtu_port = await self._open(FramerType.RTU, host, rtu_port)
        except OSError:
            await self.stop()
            raise
        if not self.frozen:
            self._ticker = asyncio.create_task(self._tick(), name="simulator clock")

    async def _open(self, framer: FramerType, host: str, port: int | None) -> int | None:
        if port is None:
            return None
        server = BusServer(self._bus, framer, host, port)
        self._servers.append(server)
        return await server.open()

    async def stop(self) -> None:
        """Close the servers, drop what is under way, stop the clock."""
        if self._ticker is not None:
            self._ticker.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticker
            self._ticker = None
        self._bus.close()
        for server in self._servers:
            await server.end()
        self._servers.clear()
        self.tcp_port = self.rtu_port = None

    async def __aenter__(self) -> Self:
        """Start on free loopback ports unless it runs already."""
        if not self.running:
            await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(_TICK_S)
            now = loop.time()
            self.advance((now - last) * self.speed)
            last = now
