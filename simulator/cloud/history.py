"""What devices measured before: made of the time and a seed whenever somebody asks, so that years need no storage."""

import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING

from simulator.cloud.calls import INVALID, Call, Handler, RefusedError

if TYPE_CHECKING:
    from simulator.cloud.meters import Meter

_DAY_S, _WEEK_S = 86_400.0, 604_800.0
_EPOCH = datetime(2022, 1, 1, tzinfo=UTC)
"""When all counters stood at nothing."""
_ONE_DAY = timedelta(days=1)
_RARE = 173
"""Of so many hours one is missing, where hours are missing at all."""


class History:
    """The past of all devices of a server; the same seed is the same past."""

    def __init__(self, seed: int = 1, *, step_s: int = 900, first: datetime | None = None) -> None:
        """Take how many seconds lie between two values, and before when there is nothing."""
        self.seed = seed
        self.step_s = step_s
        self.first = first
        self.holes = True
        """Whether hours are missing here and there."""
        self.gaps: list[tuple[str, datetime, datetime]] = []
        """Times of which nothing was ever heard of a device ("": of any)."""
        self._shares: dict[tuple[object, ...], float] = {}
        self.replaced: dict[str, datetime] = {}
        """When a device was replaced, whose counter began anew then."""

    def share(self, *what: object) -> float:
        """Return a number from 0 to 1 that is always the same of the same."""
        key = (self.seed, *what)
        if (known := self._shares.get(key)) is not None:
            return known
        share = zlib.crc32(repr(key).encode()) / 2**32
        if not isinstance(what[-1], float):  # what is of one moment is not asked for again
            self._shares[key] = share
        return share

    def moments(self, code: str, begin: datetime, end: datetime, now: datetime) -> Iterator[datetime]:
        """Yield the times of which there are values of a device; aware, in UTC."""
        step = timedelta(seconds=self.step_s)
        moment = begin
        while moment < end and moment <= now:
            if not self._is_missing(code, moment):
                yield moment
            moment += step

    def _is_missing(self, code: str, moment: datetime) -> bool:
        if self.first is not None and moment < self.first:
            return True
        if any(name in ("", code) and begin <= moment < end for name, begin, end in self.gaps):
            return True
        return self.holes and zlib.crc32(f"{self.seed}{code}{moment.timestamp() // 3600}".encode()) % _RARE == 0

    def power(self, code: str, moment: datetime) -> float:
        """Return kW: what `energy` is the sum of."""
        mean, daily, weekly = self._load(code)
        seconds = moment.timestamp()
        swing = daily * math.sin(2 * math.pi * (seconds / _DAY_S + self.share(code, "day")))
        return mean * (1.0 + swing + weekly * math.sin(2 * math.pi * seconds / _WEEK_S))

    def energy(self, code: str, moment: datetime) -> float:
        """Return what the counter shows, in kWh with two decimals."""
        since = _EPOCH
        if (replaced := self.replaced.get(code)) is not None and moment >= replaced:
            since = replaced
        return round(self._sum(code, moment) - self._sum(code, since), 2)

    def _sum(self, code: str, moment: datetime) -> float:
        """Return the integral of the power since 1970, up to a constant."""
        mean, daily, weekly = self._load(code)
        seconds = moment.timestamp()
        days = math.cos(2 * math.pi * (seconds / _DAY_S + self.share(code, "day"))) * daily * _DAY_S
        weeks = math.cos(2 * math.pi * seconds / _WEEK_S) * weekly * _WEEK_S
        return mean * (seconds - (days + weeks) / (2 * math.pi)) / 3600

    def _load(self, code: str) -> tuple[float, float, float]:
        return 0.4 + 4.0 * self.share(code, "mean"), 0.5, 0.2

    def leakage(self, code: str, moment: datetime) -> float:
        """Return mA."""
        seconds = moment.timestamp()
        swing = 0.1 * math.sin(2 * math.pi * (seconds / _DAY_S + self.share(code, "day")))
        return round((20 + 60 * self.share(code, "Lg")) * (1.0 + swing + 0.04 * self.share(code, seconds)), 1)

    def temperature(self, code: str, conductor: str, moment: datetime) -> float:
        """Return °C of one of A, B, C, N."""
        seconds = moment.timestamp()
        year = 8 * math.sin(2 * math.pi * (seconds / (365.25 * _DAY_S) - 0.3))
        day = 3 * math.sin(2 * math.pi * (seconds / _DAY_S + self.share(code, "day")))
        return round(24 + year + day + 9 * self.share(code, conductor), 1)


def day_of(text: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the beginning and the end of a day of the server's zone, in UTC. Raises ValueError."""
    day = date.fromisoformat(text)
    begin, end = (datetime.combine(one, time(), zone) for one in (day, day + _ONE_DAY))
    return begin.astimezone(UTC), end.astimezone(UTC)


def _day(call: Call) -> tuple[datetime, datetime]:
    try:
        return day_of(call.text("time"), call.site().clock.zone)
    except ValueError as error:
        raise RefusedError(INVALID, "time 参数错误") from error


async def _leakage(call: Call) -> object:
    site, history = call.site(), call.cloud.history
    text = site.clock.text
    meter = call.meter(call.text("fMetercode"))
    if meter.site != site.id:
        raise RefusedError(INVALID, "设备不存在")
    moments = list(history.moments(meter.code, *_day(call), call.cloud.clock.now()))
    currents = [{"fCollecttime": text(moment), "fIl": history.leakage(meter.code, moment)} for moment in moments]
    surroundings = [
        {
            "fCollecttime": text(moment),
            **{f"fTemp{name.lower()}": history.temperature(meter.code, name, moment) for name in "ABC"},
        }
        for moment in moments
    ]
    return {"leakageCurrentAndTempValues": [{"origCurrentValues": currents, "origEnvironmentValues": surroundings}]}


def _circuits(call: Call, text: str) -> list[Meter]:
    site = call.site()
    found = [site.circuits[circuit] for circuit in text.split(",") if circuit in site.circuits]
    if not found:
        raise RefusedError(INVALID, "回路不存在")
    return found


type Measure = Callable[[History, str, datetime], float]


def _power(past: History, code: str, moment: datetime) -> float:
    return round(past.power(code, moment), 3)


def _current(phase: str, past: History, code: str, moment: datetime) -> float:
    return round(past.power(code, moment) / 0.66 * (0.9 + 0.2 * past.share(code, phase)), 2)


def _voltage(phase: str, past: History, code: str, moment: datetime) -> float:
    return round(228 + 4 * past.share(code, phase) + past.share(code, phase, moment.timestamp()), 1)


_MEASURES: Mapping[str, Mapping[str, Measure]] = {
    "P": {"P": _power},
    "I": {f"I{phase}": partial(_current, phase) for phase in "abc"},
    "U": {f"U{phase}": partial(_voltage, phase) for phase in "abc"},
}


async def _electric(call: Call) -> object:
    (meter,) = _circuits(call, call.text("fCircuitid"))[:1]
    measures = _MEASURES.get(call.text("EnergyKind"), {})
    asked = {name.removeprefix("f") for name in call.text("fPhase", "").split("-") if name}
    text, prefix = call.site().clock.text, "f" if call.behaviour.prefixed_params else ""
    rows = [
        {
            "fCollecttime": text(moment),
            "fParamcode": f"{prefix}{code}",
            "fParamvalue": measure(call.cloud.history, meter.code, moment),
        }
        for moment in call.cloud.history.moments(meter.code, *_day(call), call.cloud.clock.now())
        for code, measure in measures.items()
        if not asked or code in asked
    ]
    return {"CircuitValueByDate": rows}


async def _consumed(call: Call) -> object:
    read, now = call.site().clock.read, call.cloud.clock.now()
    begin, end = read(call.text("startTime")), read(call.text("endTime"))
    if begin is None or end is None or begin > end:
        raise RefusedError(INVALID, "时间参数错误")
    meters = _circuits(call, call.text("fCircuitids"))
    return {"list": list(_reports(call.cloud.history, meters, min(begin, now), min(end, now)))}


def _reports(history: History, meters: Iterable[Meter], begin: datetime, end: datetime) -> Iterator[dict[str, object]]:
    for meter in meters:
        first, last = history.energy(meter.code, begin), history.energy(meter.code, end)
        yield {
            "fCircuitname": meter.name,
            "fStartvalue": first,
            "fEndvalue": last,
            "fConsumevalue": round(last - first, 2),
        }


CALLS: dict[str, tuple[str, Handler]] = {
    "/energySecurity/leakageCurrentAndTemp": ("GET", _leakage),
    "/powerMonitoring/ElectricData": ("GET", _electric),
    "/powerAnalysis/ConsumeEnergyReport": ("GET", _consumed),
}
