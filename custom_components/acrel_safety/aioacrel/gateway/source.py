"""A meter behind a gateway as a source: what is reported, and orders in the platform dialect.

Nothing is polled: the gateway reports by itself, and can be asked to do so now. Each value that it says holds for three
of its periods. A meter that it does not hear is lost at once.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from ..errors import AcrelError, CommandRefusedError, DeviceAwayError, OrderDeclinedError, SettingRefusedError
from ..masking import masked
from ..points import Circuit, Model, Point
from ..readings import PointKey, Quality, Reading
from ..source import BETWEEN, Command, Order, Sink, Update
from ..texts import phrase
from . import orders
from .codes import ORIGIN
from .errors import NoReportError, NotPublishedError
from .gateway import Gateway
from .holding import Holding, Told
from .messages import Answer
from .meter import Meter
from .topics import Dialect

REFRESH_EVERY = 60.0
"""Seconds after which a meter is asked again to report now."""
LOOKS, LOOK_EVERY = 3, 3.0
"""So often, and after so many seconds each, it is asked sooner where somebody waits for it."""
SLACK_SECONDS = 60.0
"""What is reported when it is asked for may have been made so long before: stamps are those of whole minutes."""
ROUNDED_SECONDS = 1.5
"""The same after an order: what was made before it shows nothing of it, whenever it comes."""
ANSWER_SECONDS = 20.0
"""So long the answer to an order is waited for: it only tells that it was taken over."""
_LEAST_PATIENCE, _MOST_PATIENCE = 120.0, 1800.0


class Orders(Protocol):
    """How a source has something published."""

    async def refresh(self, gateway: Gateway, serial: str) -> None:
        """Ask a meter to report now. Raises LinkError."""

    async def operate(self, gateway: Gateway, message: Callable[[str], str]) -> asyncio.Future[Answer]:
        """Publish an order, once, and return what will hold its answer. Raises LinkError."""


class GatewaySource:
    """One meter."""

    rank = BETWEEN

    def __init__(self, gateway: Gateway, meter: Meter, model: Model, sender: Orders) -> None:
        """Take the gateway, the meter, its model, and who publishes orders."""
        self.gateway = gateway
        self.meter = meter
        self.model = model
        self._sender = sender
        self._sinks: list[Sink] = []
        self._wanted: frozenset[PointKey] = frozenset()
        self._holding = Holding(lambda: gateway.period, self._expire)
        self._told = Told()
        self._aside: frozenset[PointKey] = frozenset()
        self._refreshed: float | None = None
        self._looks = 0
        """How often it may be asked sooner."""
        self._waiting: list[tuple[float, dict[PointKey, Reading], asyncio.Event]] = []
        """Who waits for what is reported from now on: since when, what came, and that something did."""
        self._last: Mapping[PointKey, Reading] = {}
        self._ordered = 0.0
        """When something was ordered last."""
        self._trouble: AcrelError | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._leave = (meter.join(self._take, self._missing, self._again), gateway.listen(self._changed))

    @property
    def serial(self) -> str:
        """Serial number of the meter."""
        return self.meter.serial

    def end(self) -> None:
        """Take nothing any more."""
        for leave in self._leave:
            leave()
        self._holding.end()
        for task in list(self._tasks):
            task.cancel()

    def resume(self, former: GatewaySource) -> None:
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
        """The model with all that is known of this meter by now: what its gateway names needs no register."""
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
        """What holds now: what the gateway reports of this meter at all."""
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
        """What the model has and the gateway never told; none before several full reports came."""
        return self.points.keys() - self._told.keys - self._aside if self._told.is_all else frozenset()

    @property
    def orders(self) -> AbstractSet[PointKey]:
        """What it can operate."""
        if self.gateway.dialect in (Dialect.OVERSEAS, Dialect.NUMBERS) or self.meter.has_several:
            # Names are known, no layout is; and none that names one of several circuits.
            return frozenset()
        return orders.offered(self.model, by_analogy=self.gateway.options.methods_by_analogy)

    @property
    def by_analogy(self) -> AbstractSet[PointKey]:
        """Those of the orders that no document shows on this way."""
        return frozenset(key for key in self.orders if not orders.is_proved(self.model, key))

    @property
    def report_seconds(self) -> float:
        """How long it may take until the meter reports: a gateway that sleeps does when it wakes up."""
        return min(max(1.5 * self.gateway.period, _LEAST_PATIENCE), _MOST_PATIENCE)

    def join(self, sink: Sink) -> Callable[[], None]:
        """Tell all there is to say from now on; returns what ends that."""
        self._sinks.append(sink)

        def leave() -> None:
            with suppress(ValueError):
                self._sinks.remove(sink)

        return leave

    def want(self, keys: AbstractSet[PointKey]) -> None:
        """Have just these points from now on; what was reported is told at once."""
        former, self._wanted = self._wanted, frozenset(keys)
        news = self._wanted - former
        if told := {key: reading for key, reading in self._holding.readings.items() if key in news}:
            self._say(told | self._refused(news))

    def hurry(self) -> None:
        """Have the meter asked to report, unless it was a moment ago."""
        if not self._may_refresh():
            return
        task = asyncio.get_running_loop().create_task(self._refresh_quietly(), name="acrel gateway refresh")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def question(self) -> None:
        """Do nothing: a gateway names its meters by their numbers."""

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return what is reported from now on, asked for as often as it takes. Raises AcrelError."""
        self._check_here()
        known = self._told.keys.intersection(keys)
        self._looks = LOOKS
        fresh: dict[PointKey, Reading] = {}
        came = asyncio.Event()
        waiting = self.gateway.now().timestamp(), fresh, came
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self.report_seconds):
                while not (fresh and known <= fresh.keys()):
                    if self._may_refresh():
                        await self._refresh()
                    came.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._refresh_every):
                            await came.wait()
        except TimeoutError as error:
            if not fresh:
                raise NoReportError(serial=masked(self.serial), seconds=f"{self.report_seconds:.0f}") from error
        finally:
            self._waiting.remove(waiting)
        return {key: fresh[key] for key in keys if key in fresh}

    async def send(self, order: Order) -> None:
        """Publish an order, once at most; that it is taken over proves nothing: read back.

        Raises as `Source.send` does.
        """
        if not isinstance(order, Command) or order.key not in self.orders:
            name = order.key
            if isinstance(order, Command):
                raise CommandRefusedError(name=name, detail=phrase("read_only", model=self.model.name))
            raise SettingRefusedError(name=name, detail=phrase("read_only", model=self.model.name))
        if not self.gateway.is_here:
            raise NotPublishedError(serial=masked(self.serial), reason=self._away())
        if (hindrance := order.hindrance()) is not None:
            raise CommandRefusedError(name=order.key, detail=hindrance)
        gateway, serial = self.gateway, self.serial
        self._ordered = now = gateway.now().timestamp()
        answer = await self._sender.operate(
            gateway, lambda given: orders.order(gateway.serial, serial, self.model, order.key, given, now)
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                said = await answer
        except TimeoutError:
            # Silence is usual: it may be asleep.
            return
        if said.is_taken is False:
            raise OrderDeclinedError(serial=masked(serial))

    def figures(self) -> Mapping[str, float | None]:
        """Return how well this way does."""
        offset = self.gateway.clock.offset
        return {
            "period": self.gateway.period,
            "signal": self.gateway.signal,
            "clock_offset": None if offset is None else round(offset),
            "late_records": self.meter.late,
            "duplicates": self.meter.duplicates,
        }

    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; no serial number is in it."""
        gateway, codebook = self.gateway, self.meter.codebook
        login = gateway.login
        return {
            "is_here": gateway.is_here,
            "dialect": None if gateway.dialect is None else gateway.dialect.value,
            "period": gateway.period,
            "clock_offset": gateway.clock.offset,
            "version": None if login is None else login.version,
            "compresses": None if login is None else login.algorithm,
            "encrypts": None if login is None else login.is_encrypted,
            "trouble": None if gateway.trouble is None else str(gateway.trouble),
            "unread_messages": gateway.unread,
            "other_messages": gateway.others,
            "late_records": self.meter.late,
            "duplicates": self.meter.duplicates,
            "extra_codes": sorted(str(key) for key in codebook.extras),
            "codes_left_out": codebook.left_out,
            "methods_by_analogy": gateway.options.methods_by_analogy,
        }

    # -- what comes ---------------------------------------------------------------------------------------------------

    def _take(self, readings: Mapping[PointKey, Reading], made: float) -> None:
        aside = {} if self._holding.readings else self._refused(self._wanted)
        self._holding.take(readings)
        self._told.take(readings.keys(), made, self.gateway.period)
        self._last = readings
        self._note(readings, made)
        self._say({key: reading for key, reading in {**aside, **readings}.items() if key in self._wanted})

    def _refused(self, keys: AbstractSet[PointKey]) -> dict[PointKey, Reading]:
        """Return what is said of what the owner put aside."""
        return dict.fromkeys(self.aside & keys, Reading(None, Quality.REFUSED, self.gateway.now(), ORIGIN))

    def _again(self, made: float) -> None:
        self._note(self._last, made)

    def _missing(self) -> None:
        self._lose(self._holding.clear(), Quality.NO_ANSWER)

    def _changed(self) -> None:
        gateway, former = self.gateway, self._trouble
        if gateway.is_here:
            self._trouble = gateway.trouble
        elif not isinstance(former, DeviceAwayError):
            self._trouble = self._away()
        if not gateway.is_here and self._holding.readings:
            self._lose(self._holding.clear(), Quality.NO_ANSWER)
        elif former is not self._trouble:
            self._say({})

    def _note(self, readings: Mapping[PointKey, Reading], made: float) -> None:
        for asked, fresh, came in self._waiting:
            if made >= max(asked - SLACK_SECONDS, self._ordered - ROUNDED_SECONDS):
                fresh.update(readings)
                came.set()

    def _expire(self, over: AbstractSet[PointKey]) -> None:
        self._lose(over, Quality.STALE if self.gateway.is_here else Quality.NO_ANSWER)

    def _lose(self, over: AbstractSet[PointKey], quality: Quality) -> None:
        """Tell what does not hold any more; where nothing does, nothing is known of what was put aside either."""
        lost = Reading(None, quality, self.gateway.now(), ORIGIN)
        self._note(dict.fromkeys(over, lost), self.gateway.now().timestamp())
        gone = over if self._holding.readings else over | self.aside
        self._say({key: lost for key in gone if key in self._wanted})

    def _say(self, readings: Mapping[PointKey, Reading]) -> None:
        for sink in list(self._sinks):
            sink(Update(readings=readings, trouble=self._trouble))

    @property
    def trouble(self) -> AcrelError | None:
        """What is wrong with this way as a whole."""
        return self._trouble

    # -- asking -------------------------------------------------------------------------------------------------------

    def _check_here(self) -> None:
        if not self.gateway.is_here:
            raise self._away()

    def _away(self) -> DeviceAwayError:
        return DeviceAwayError(link=f"MQTT {self.gateway.shown}", detail=phrase("gateway_silent"))

    def _may_refresh(self) -> bool:
        now = asyncio.get_running_loop().time()
        is_due = self._refreshed is None or now - self._refreshed >= self._refresh_every
        return is_due and self.gateway.is_here and self.gateway.dialect is Dialect.PLATFORM

    @property
    def _refresh_every(self) -> float:
        return LOOK_EVERY if self._looks else REFRESH_EVERY

    async def _refresh(self) -> None:
        self._refreshed = asyncio.get_running_loop().time()
        self._looks = max(0, self._looks - 1)
        await self._sender.refresh(self.gateway, self.serial)

    async def _refresh_quietly(self) -> None:
        with suppress(Exception):
            await self._refresh()
