"""A way in that is told what to say: a source without registers, and the hub that makes it."""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.aioacrel.errors import NoAnswerError, NotSentError
from custom_components.acrel_safety.aioacrel.points import Model, Point
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading, Value
from custom_components.acrel_safety.aioacrel.source import NEAR, Order, Setting, Sink, Source, Update

SPOKEN = "spoken"


class SpokenSource:
    """Shows all points of a model, with or without registers."""

    def __init__(
        self, model: Model, *, rank: int = NEAR, origin: str = SPOKEN, orders: Collection[PointKey] = ()
    ) -> None:
        self.rank = rank
        self.points: Mapping[PointKey, Point] = model.points
        self.orders: AbstractSet[PointKey] = frozenset(orders)
        self.lacking: AbstractSet[PointKey] = frozenset()
        self.wanted: AbstractSet[PointKey] = frozenset()
        self.sent: list[Setting] = []
        self.questions = 0
        self.is_started = False
        self._origin = origin
        self._sinks: list[Sink] = []
        self._values: dict[PointKey, Value] = {}

    def say(self, values: Mapping[PointKey, Value]) -> None:
        """Have these values read."""
        self._values |= values
        self._tell({key: self._reading(value, Quality.GOOD) for key, value in values.items()})

    def lose(self, *keys: PointKey) -> None:
        """Hear nothing more of some points."""
        self._tell({key: self._reading(None, Quality.NO_ANSWER) for key in keys})

    def join(self, sink: Sink) -> Callable[[], None]:
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def want(self, keys: AbstractSet[PointKey]) -> None:
        self.wanted = frozenset(keys)

    def hurry(self) -> None:
        self._tell({key: self._reading(value, Quality.GOOD) for key, value in self._values.items()})

    def question(self) -> None:
        self.questions += 1

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        if not self.is_started:
            raise NoAnswerError(unit=0, seconds="0")
        return {key: self._reading(self._values[key], Quality.GOOD) for key in keys if key in self._values}

    async def send(self, order: Order) -> None:
        if not self.is_started:
            raise NotSentError(unit=0, reason=NoAnswerError(unit=0, seconds="0"))
        if isinstance(order, Setting):
            self.sent.append(order)
            self._values[order.key] = order.value

    def figures(self) -> Mapping[str, float | None]:
        return {}

    def details(self) -> Mapping[str, object]:
        return {"wanted": len(self.wanted)}

    def _reading(self, value: Value | None, quality: Quality) -> Reading:
        return Reading(value, quality, datetime.now(UTC), self._origin)

    def _tell(self, readings: Mapping[PointKey, Reading]) -> None:
        for sink in list(self._sinks):
            sink(Update(readings=readings))


class SpokenHub:
    """Makes spoken sources."""

    kind = "Spoken"

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        self.sources: dict[str, SpokenSource] = {}

    def source(self, subentry: ConfigSubentry, model: Model) -> SpokenSource:
        settings = [key for key, point in model.points.items() if point.limits is not None]
        source = self.sources[subentry.subentry_id] = SpokenSource(model, orders=settings)
        return source

    def remove(self, source: Source) -> None:
        self.sources = {key: known for key, known in self.sources.items() if known is not source}

    async def async_start(self) -> None:
        for source in self.sources.values():
            source.is_started = True

    async def async_stop(self) -> None:
        for source in self.sources.values():
            source.is_started = False

    def figures(self) -> Mapping[str, float | None]:
        return {}

    async def async_details(self, source: Source) -> Mapping[str, object]:
        return source.details()

    def facts(self, source: Source) -> None:
        pass

    def on_facts(self, source: Source, listener: Callable[[], None]) -> Callable[[], None]:
        return lambda: None

    def on_impostor(self, source: Source, listener: Callable[[str], None]) -> Callable[[], None]:
        return lambda: None
