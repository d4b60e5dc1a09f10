"""Sites and the devices of each, as a server keeps them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.cloud.clock import Clock
from simulator.cloud.instruments import ARCM310, MODELS, Alarms, Figures, Instrument


@dataclass(slots=True, kw_only=True)
class Timer:
    """When an ARCM310 switches by itself: once (aware times), or each day (times of day, `HH:mm:ss`)."""

    daily: bool
    open: str = ""
    close: str = ""


class Meter:
    """One device of a site."""

    def __init__(self, code: str, name: str, site: str, instrument: Instrument, clock: Clock) -> None:
        """Take what the server calls it, and what it is."""
        self.code = code
        self.name = name
        self.site = site
        self.instrument = instrument
        self.serial = f"2026{code:0>10}"
        """What is printed on it."""
        self.place = "1"
        self.gateway = f"{site}001"
        self.state = "1"
        """`fState`: 0 unused, 1 used, 2 debug, 3 test."""
        self.age_s = 20.0
        """How old its values are while it is heard."""
        self.timer: Timer | None = None
        self.is_lost = False
        """Whether the server hears nothing of it, whatever the instrument says."""
        self.sent: datetime | None = None
        """When it was commanded last."""
        self.told: dict[str, str] = {}
        """The alarms that stand in the log of events and are not over: dotted name, text."""
        self._clock = clock
        self._lost_at: datetime | None = None
        self._last: tuple[Mapping[str, float], Alarms, bool] | None = None

    @property
    def kind(self) -> str:
        """The server's number of its type."""
        return self.instrument.kind

    @property
    def model(self) -> str:
        """Which model that is."""
        return MODELS[self.kind]

    @property
    def circuit(self) -> str:
        """The circuit of the energy reports that it measures."""
        return f"C{self.code}"

    @property
    def figures(self) -> Figures:
        """The numbers that it is made of. Raises TypeError if it is a unit of the cabinet."""
        if not isinstance(self.instrument, Figures):
            raise TypeError(f"{self.name} is a unit of the cabinet")
        return self.instrument

    @property
    def is_online(self) -> bool:
        """Whether the server hears it."""
        return not (self.is_lost or self.instrument.is_silent)

    @property
    def lost_at(self) -> datetime | None:
        """When the server heard it last before it was lost; None while it is heard."""
        self.look()
        return self._lost_at

    @property
    def heard(self) -> datetime:
        """When it was heard last."""
        return self.lost_at or self._clock.now() - timedelta(seconds=self.age_s)

    def look(self) -> None:
        """Notice whether it is still there."""
        if self.is_online:
            self._lost_at = self._last = None
        elif self._lost_at is None:
            self._lost_at = self._clock.now() - timedelta(seconds=self.age_s)
            self._last = self.instrument.values(), self.instrument.alarms(), self.instrument.closed

    def lose(self, at: datetime | None = None) -> None:
        """Hear nothing of it any more, since a time."""
        self.is_lost = True
        self.look()
        self._lost_at = at or self._lost_at

    def find(self) -> None:
        """Hear it again."""
        self.is_lost = False
        self.look()

    def values(self) -> Mapping[str, float]:
        """Return what the server knows: of one that is lost, what it said last."""
        self.look()
        return self.instrument.values() if self._last is None else self._last[0]

    def alarms(self) -> Alarms:
        """Return its active alarms, as far as the server knows."""
        self.look()
        return self.instrument.alarms() if self._last is None else self._last[1]

    @property
    def closed(self) -> bool | None:
        """The position that the server knows; None where the list shows none."""
        if self.kind != ARCM310:
            return None
        self.look()
        return self.instrument.closed if self._last is None else self._last[2]


@dataclass(slots=True)
class Site:
    """A place with devices; `add` and `fill` put some there."""

    id: str
    name: str
    clock: Clock
    meters: dict[str, Meter] = field(default_factory=dict)
    circuits: dict[str, Meter] = field(default_factory=dict)
    _next: int = 1

    def add(self, instrument: Instrument | str, name: str = "", *, code: str = "", serial: str = "") -> Meter:
        """Add a device, or a made-up one of a type. Raises ValueError if there is one of that code."""
        code = code or f"{self.id}{self._next:04}"
        self._next += 1
        if code in self.meters:
            raise ValueError(f"there is a device {code} already")
        if isinstance(instrument, str):
            instrument = Figures(instrument, code, lambda: self.clock.now().timestamp())
        meter = Meter(code, name or f"Box {code}", self.id, instrument, self.clock)
        meter.serial = serial or meter.serial
        self.meters[code] = self.circuits[meter.circuit] = meter
        return meter

    def fill(self, count: int, kind_of: Callable[[int], str] = lambda index: str(index % 3 + 1)) -> Iterator[Meter]:
        """Add many made-up devices."""
        for index in range(count):
            yield self.add(kind_of(index))
