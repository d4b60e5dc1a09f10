"""A device that is reported as a source: each value that is told holds for three of the periods of its reports.

Nothing is polled. A device that whoever reports does not hear is lost at once.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace

from ..errors import AcrelError, DeviceAwayError
from ..listening import joined
from ..masking import masked
from ..points import Circuit, Model, Point
from ..readings import PointKey, Quality, Reading
from ..source import Order, Sink, Update
from .errors import NoReportError
from .holding import Holding, Told
from .meter import Meter
from .reporter import Reporter

WAKE_SECONDS = 60.0
"""So long at most it is only waited for a report before the way may do something for it again."""
SLACK_SECONDS = 60.0
"""What is reported when it is asked for may have been made so long before: stamps are those of whole minutes."""
ROUNDED_SECONDS = 1.5
"""The same after an order: what was made before it shows nothing of it, whenever it comes."""
_LEAST_PATIENCE, _MOST_PATIENCE = 120.0, 1800.0


class ReportedSource(ABC):
    """One meter."""

    def __init__(self, reporter: Reporter, meter: Meter, model: Model) -> None:
        """Take who reports, the meter, and its model."""
        self.reporter = reporter
        self.meter = meter
        self.model = model
        self._sinks: list[Sink] = []
        self._wanted: frozenset[PointKey] = frozenset()
        self._holding = Holding(lambda: reporter.period, self._expire)
        self._told = Told()
        self._aside: frozenset[PointKey] = frozenset()
        self._waiting: list[tuple[float, dict[PointKey, Reading], asyncio.Event]] = []
        """Who waits for what is reported from now on: since when, what came, and that something did."""
        self._last: Mapping[PointKey, Reading] = {}
        self._ordered = 0.0
        """When something was ordered last."""
        self._trouble: AcrelError | None = None
        self._leave = (meter.join(self._take, self._missing, self._again), reporter.listen(self._changed))

    @property
    def serial(self) -> str:
        """Serial number of the meter."""
        return self.meter.serial

    def end(self) -> None:
        """Take nothing any more."""
        for leave in self._leave:
            leave()
        self._holding.end()

    def resume(self, former: ReportedSource) -> None:
        """Go on with what holds of the same meter that was named before."""
        self.meter.resume(former.meter)
        self._holding.resume(former._holding)
        self._told.resume(former._told)

    def put_aside(self, keys: AbstractSet[PointKey]) -> None:
        """Take the owner's word that these points are not reported; the first report of one of them is believed."""
        self._aside = frozenset(keys)
        if self._holding.readings:
            self._say(self._refused(self._wanted))

    # -- as every source ----------------------------------------------------------------------------------------------

    @property
    def points(self) -> Mapping[PointKey, Point]:
        """What it shows: what the model has and a code can tell, and what else came."""
        return self.meter.codebook.points

    @property
    def extras(self) -> AbstractSet[PointKey]:
        """Points that the model does not have: they are to be off until somebody wants them."""
        return self.meter.codebook.extras

    @property
    def shown_as(self) -> Model:
        """The model with all that is known of this meter by now: what is reported in codes needs no register."""
        own, points = self.model, dict(self.points)
        numbers = own.circuits.keys() | {key.circuit for key in points}
        order = sorted(numbers, key=lambda number: (len(number), number))
        circuits = {number: own.circuits.get(number) or Circuit(number=number) for number in order}
        return replace(own, circuits=circuits, points=points, is_spoken=True)

    @property
    def held(self) -> Mapping[PointKey, Reading]:
        """What was reported and holds."""
        return self._holding.readings

    @property
    def heard(self) -> AbstractSet[PointKey]:
        """What holds now: what is reported of this meter at all."""
        return self._holding.readings.keys()

    @property
    def lacking(self) -> AbstractSet[PointKey]:
        """What only registers tell, and what the owner put aside as long as it was never reported."""
        return self.meter.codebook.lacking | self.aside

    @property
    def aside(self) -> AbstractSet[PointKey]:
        """What the owner put aside and was never reported."""
        return (self._aside & self.points.keys()) - self._told.keys

    @property
    def unreported(self) -> AbstractSet[PointKey]:
        """What the model has and no report ever told; none before several full reports came."""
        return self.points.keys() - self._told.keys - self._aside if self._told.is_all else frozenset()

    @property
    @abstractmethod
    def orders(self) -> AbstractSet[PointKey]:
        """What it can set or operate."""

    @property
    def report_seconds(self) -> float:
        """How long it may take until the meter is reported: who sleeps does so when it wakes up."""
        return min(max(1.5 * self.reporter.period, _LEAST_PATIENCE), _MOST_PATIENCE)

    def join(self, sink: Sink) -> Callable[[], None]:
        """Tell all there is to say from now on; returns what ends that."""
        return joined(self._sinks, sink)

    def want(self, keys: AbstractSet[PointKey]) -> None:
        """Have just these points from now on; what was reported is told at once."""
        former, self._wanted = self._wanted, frozenset(keys)
        news = self._wanted - former
        if told := {key: reading for key, reading in self._holding.readings.items() if key in news}:
            self._say(told | self._refused(news))

    def hurry(self) -> None:  # noqa: B027 - a way that can ask does
        """Do nothing: reports come when they come."""

    def question(self) -> None:  # noqa: B027 - there is nothing that any way could do
        """Do nothing: reports name their meters by their numbers."""

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return what is reported from now on. Raises AcrelError."""
        if not self.reporter.is_here:
            raise self._away()
        known = self._told.keys.intersection(keys)
        fresh: dict[PointKey, Reading] = {}
        came = asyncio.Event()
        waiting = self.reporter.now().timestamp(), fresh, came
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self.report_seconds):
                while not (fresh and known <= fresh.keys()):
                    seconds = await self._wake()
                    came.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(seconds):
                            await came.wait()
        except TimeoutError as error:
            if not fresh:
                raise NoReportError(serial=masked(self.serial), seconds=f"{self.report_seconds:.0f}") from error
        finally:
            self._waiting.remove(waiting)
        return {key: fresh[key] for key in keys if key in fresh}

    @abstractmethod
    async def send(self, order: Order) -> None:
        """Send an order, once at most. Raises as `Source.send` does."""

    def figures(self) -> Mapping[str, float | None]:
        """Return how well this way does."""
        offset = self.reporter.clock.offset
        return {
            "period": self.reporter.period,
            "clock_offset": None if offset is None else round(offset),
            "late_records": self.meter.late,
            "duplicates": self.meter.duplicates,
        }

    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; no serial number is in it."""
        reporter, codebook = self.reporter, self.meter.codebook
        return {
            "is_here": reporter.is_here,
            "period": reporter.period,
            "clock_offset": reporter.clock.offset,
            "trouble": None if reporter.trouble is None else str(reporter.trouble),
            "late_records": self.meter.late,
            "duplicates": self.meter.duplicates,
            "extra_codes": sorted(str(key) for key in codebook.extras),
            "codes_left_out": codebook.left_out,
        }

    # -- what a way does in its own manner ----------------------------------------------------------------------------

    @abstractmethod
    def _away(self) -> DeviceAwayError:
        """Return what is wrong where nobody reports."""

    async def _wake(self) -> float:
        """Do what can be done to have a report soon; return for how many seconds one is waited for after that."""
        return WAKE_SECONDS

    # -- what comes ---------------------------------------------------------------------------------------------------

    def _take(self, readings: Mapping[PointKey, Reading], made: float) -> None:
        aside = {} if self._holding.readings else self._refused(self._wanted)
        self._holding.take(readings)
        self._told.take(readings.keys(), made, self.reporter.period)
        self._last = readings
        self._note(readings, made)
        self._say({key: reading for key, reading in {**aside, **readings}.items() if key in self._wanted})

    def _refused(self, keys: AbstractSet[PointKey]) -> dict[PointKey, Reading]:
        """Return what is said of what the owner put aside."""
        return dict.fromkeys(
            self.aside & keys, Reading(None, Quality.REFUSED, self.reporter.now(), self.meter.codebook.origin)
        )

    def _again(self, made: float) -> None:
        self._note(self._last, made)

    def _missing(self) -> None:
        self._lose(self._holding.clear(), Quality.NO_ANSWER)

    def _changed(self) -> None:
        reporter, former = self.reporter, self._trouble
        if reporter.is_here:
            self._trouble = reporter.trouble
        elif not isinstance(former, DeviceAwayError):
            self._trouble = self._away()
        if not reporter.is_here and self._holding.readings:
            self._lose(self._holding.clear(), Quality.NO_ANSWER)
        elif former is not self._trouble:
            self._say({})

    def _note(self, readings: Mapping[PointKey, Reading], made: float) -> None:
        for asked, fresh, came in self._waiting:
            if made >= max(asked - SLACK_SECONDS, self._ordered - ROUNDED_SECONDS):
                fresh.update(readings)
                came.set()

    def _expire(self, over: AbstractSet[PointKey]) -> None:
        self._lose(over, Quality.STALE if self.reporter.is_here else Quality.NO_ANSWER)

    def _lose(self, over: AbstractSet[PointKey], quality: Quality) -> None:
        """Tell what does not hold any more; where nothing does, nothing is known of what was put aside either."""
        lost = Reading(None, quality, self.reporter.now(), self.meter.codebook.origin)
        self._note(dict.fromkeys(over, lost), self.reporter.now().timestamp())
        gone = over if self._holding.readings else over | self.aside
        self._say({key: lost for key in gone if key in self._wanted})

    def _say(self, readings: Mapping[PointKey, Reading]) -> None:
        for sink in list(self._sinks):
            sink(Update(readings=readings, trouble=self._trouble))

    @property
    def trouble(self) -> AcrelError | None:
        """What is wrong with this way as a whole."""
        return self._trouble
