"""A meter behind a gateway as a source: what is polled through the gateway, and where that fails what it reports."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from ..errors import AcrelError, DeviceAwayError, MissingTableError, WrongDeviceError
from ..listening import joined
from ..modbus.source import ModbusSource
from ..modbus.unit import utcnow
from ..points import Model, Point
from ..readings import PointKey, Quality, Reading
from ..source import BETWEEN, Order, Sink, Update
from ..texts import phrase
from .clock import TOLERANCE, GatewayClock, Judged, zoned
from .gateway import MeterLine
from .history import Record, Told
from .messages import MeterReport, Report
from .values import ORIGIN, ReportDecoder

PERIODS = 2.5
"""So many periods of its reports a meter may be silent before what was reported holds no more."""
USUAL_SECONDS = 900.0
"""The period that is taken for granted until two reports have shown it."""
UNMEASURED_SECONDS = 2.0
"""How long an answer may take of a meter that gave none yet."""
_LEAST_PERIOD = 60.0
_GAPS = 4

type Past = Callable[[MeterSource, Sequence[Record]], None]
"""Takes what was reported late."""


class MeterSource:
    """One meter."""

    rank = BETWEEN

    def __init__(
        self,
        line: MeterLine,
        model: Model,
        polled: ModbusSource | None,
        clock: GatewayClock,
        *,
        now: Callable[[], datetime] = utcnow,
        on_past: Past = lambda source, records: None,
    ) -> None:
        """Take the way to it, what it is, how it is polled (None: no register is known), and the gateway's clock."""
        self.line = line
        self.model = model
        self.polled = polled
        self.decoder = ReportDecoder(model)
        self.taken = 0
        """Reports of the present."""
        self.resent = 0
        """Reports that came late."""
        self._clock = clock
        self._now = now
        self._on_past = on_past
        self._told_past = Told()
        self._newest: Judged | None = None
        self._came = 0.0
        self._gaps: deque[float] = deque(maxlen=_GAPS)
        """Seconds between the latest reports: what belongs together may come in several."""
        self._sinks: list[Sink] = []
        self._wanted: frozenset[PointKey] = frozenset()
        self._reported: dict[PointKey, Reading] = {}
        """What was reported and holds."""
        self._polled: dict[PointKey, Reading] = {}
        """What was polled last."""
        self._told: dict[PointKey, Reading] = {}
        self._expiry: asyncio.TimerHandle | None = None
        self._away = DeviceAwayError(link=f"XML {line.gateway.name.shown}", detail=phrase("device_away"))
        self._leave = [line.gateway.join(self._take_report, self._changed)]
        if polled is not None:
            self._leave.append(polled.join(self._take_polled))

    def end(self) -> None:
        """Take nothing any more."""
        for leave in self._leave:
            leave()
        if self._expiry is not None:
            self._expiry.cancel()

    # -- as every source ----------------------------------------------------------------------------------------------

    @property
    def points(self) -> Mapping[PointKey, Point]:
        """What it shows: what can be polled, and what was reported besides; of a meter without registers all of it."""
        model = self.model
        if self.polled is None:
            return {**model.points, **self.decoder.extras}
        besides = {key: model.points[key] for key in self._reported if key in model.points}
        return {**besides, **self.polled.points, **self.decoder.extras}

    @property
    def shown_as(self) -> Model:
        """The model as it is reached: of a meter without registers its codes are all there is, and need none."""
        return self.model if self.polled is not None else replace(self.model, is_spoken=True)

    @property
    def extras(self) -> AbstractSet[PointKey]:
        """Points that the model does not have: they are to be off until somebody wants them."""
        return self.decoder.extras.keys()

    @property
    def lacking(self) -> AbstractSet[PointKey]:
        """What the register map of this device does not have, and is not reported either."""
        return frozenset() if self.polled is None else self.polled.lacking - self._reported.keys()

    @property
    def orders(self) -> AbstractSet[PointKey]:
        """What it can set or operate."""
        return frozenset() if self.polled is None else self.polled.orders

    def join(self, sink: Sink) -> Callable[[], None]:
        """Tell all there is to say from now on; returns what ends that."""
        return joined(self._sinks, sink)

    def want(self, keys: AbstractSet[PointKey]) -> None:
        """Have just these points from now on; what was reported is told at once."""
        former, self._wanted = self._wanted, frozenset(keys)
        for key in former - self._wanted:
            self._told.pop(key, None)
            self._polled.pop(key, None)
        if self.polled is not None:
            self.polled.want(keys)
        self._say(self._wanted - former)

    def hurry(self) -> None:
        """Have what is wanted polled soon."""
        if self.polled is not None:
            self.polled.hurry()

    def question(self) -> None:
        """Have it looked soon whether this is still the device it is taken for."""
        if self.polled is not None:
            self.polled.question()

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return fresh readings, asked for now. Raises AcrelError."""
        return await self._asked().read(keys)

    async def send(self, order: Order) -> None:
        """Send an order, once at most; raises as `ModbusSource.send` does."""
        await self._asked().send(order)

    @property
    def answer_seconds(self) -> float:
        """How long an answer takes through the gateway: what the slowest twentieth of the latest took."""
        seconds = None if self.polled is None else self.polled.unit.unit.figures.slow_answer_time
        return UNMEASURED_SECONDS if seconds is None else seconds

    def figures(self) -> Mapping[str, float | None]:
        """Return how well this way does."""
        return {} if self.polled is None else self.polled.figures()

    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; nothing that tells this gateway from all others is in it."""
        gateway = self.line.gateway
        return {
            **({} if self.polled is None else self.polled.details()),
            "is_here": gateway.is_here,
            "late_answers": gateway.late,
            "clock_offset": round(self._clock.offset),
            "reports": {
                "taken": self.taken,
                "resent": self.resent,
                "period": round(self.period),
                "besides": sorted(key.code for key in self.decoder.extras),
                "left_out": self.decoder.left_out,
            },
        }

    def _asked(self) -> ModbusSource:
        if self.polled is None:
            raise MissingTableError(model=self.model.name, needs=len(self.model.waiting))
        return self.polled

    # -- what comes ---------------------------------------------------------------------------------------------------

    @property
    def trouble(self) -> AcrelError | None:
        """What is wrong with this way as a whole."""
        if self.polled is not None:
            return self.polled.trouble
        return None if self.line.is_here else self._away

    @property
    def period(self) -> float:
        """Seconds between two reports, as far as they have shown it."""
        return max(_LEAST_PERIOD, *self._gaps) if self._gaps else USUAL_SECONDS

    def _take_report(self, report: Report) -> None:
        mine = [one for one in report.meters if one.meter == self.line.meter]
        if not mine:
            return
        now = self._now()
        if report.is_resent:
            if report.time is not None:
                self._take_past(mine, zoned(report.time, self._clock.zone, now))
            return
        judged = self._clock.judge(report.time, now)
        if not judged.is_current or self._is_older(judged):
            self._take_past(mine, judged.time)
            return
        self._newest = judged
        self._take_present(mine, judged.time, now)

    def _is_older(self, judged: Judged) -> bool:
        newest = self._newest
        return newest is not None and newest.era == judged.era and judged.time < newest.time

    def _take_present(self, mine: Sequence[MeterReport], time: datetime, now: datetime) -> None:
        self.taken += 1
        came = asyncio.get_running_loop().time()
        if self.taken > 1:
            self._gaps.append(came - self._came)
        self._came = came
        if isinstance(self.trouble, WrongDeviceError):
            return
        for one in mine:
            # What was so then is not told as a record of the past later on.
            self._told_past.news(self.decoder.take(one, time))
            self._reported.update(self.decoder.take(one, now))
        self._hold_on()
        self._say(self._reported.keys())

    def _take_past(self, mine: Sequence[MeterReport], time: datetime) -> None:
        self.resent += 1
        if (time - self._now()).total_seconds() > TOLERANCE:
            # No past: there the clock was wrong.
            return
        records = [record for one in mine for record in self._told_past.news(self.decoder.take(one, time))]
        if records:
            self._on_past(self, records)

    def _take_polled(self, update: Update) -> None:
        if isinstance(update.trouble, WrongDeviceError):
            self._lose(Quality.NO_ANSWER)
        self._polled.update(update.readings)
        self._say(update.readings.keys(), is_news=not update.readings)

    def _changed(self) -> None:
        if self.polled is None:
            self._say((), is_news=True)

    def _hold_on(self) -> None:
        """Let what was reported hold from now on."""
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(PERIODS * self.period, self._expire)

    def _expire(self) -> None:
        """Let what was reported hold no more, as nothing was reported for too long."""
        self._expiry = None
        self._lose(Quality.STALE if self.line.is_here else Quality.NO_ANSWER)

    def _lose(self, quality: Quality) -> None:
        self._reported = dict.fromkeys(self._reported, Reading(None, quality, self._now(), ORIGIN))
        self._say(self._reported.keys())

    def _say(self, keys: Collection[PointKey], *, is_news: bool = False) -> None:
        """Tell of these points what is wanted and was not told yet."""
        readings: dict[PointKey, Reading] = {}
        for key in keys:
            reading = self._best(key) if key in self._wanted else None
            if reading is not None and self._told.get(key) is not reading:
                readings[key] = reading
        if not readings and not is_news:
            return
        self._told.update(readings)
        for sink in list(self._sinks):
            sink(Update(readings=readings, trouble=self.trouble))

    def _best(self, key: PointKey) -> Reading | None:
        """Return what was polled, unless it is lost and something was reported."""
        polled, reported = self._polled.get(key), self._reported.get(key)
        if polled is None or (polled.quality.is_lost and reported is not None):
            return reported
        return polled
