"""A way to a device by which the test itself speaks."""

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from itertools import count

from custom_components.acrel_safety.aioacrel.errors import AcrelError, CommandRefusedError, NoAnswerError
from custom_components.acrel_safety.aioacrel.points import Model, Point
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Reading, Value
from custom_components.acrel_safety.aioacrel.source import Command, Order, Setting, Sink, Update

_START = datetime(2026, 3, 2, 10, tzinfo=UTC)
_SECONDS = count()


def reading(
    value: Value | None, quality: Quality = Quality.GOOD, origin: str = "", time: datetime | None = None
) -> Reading:
    """Return a reading, without a `time` a second later than the one before."""
    return Reading(value, quality, time or next_second(), origin)


def next_second() -> datetime:
    """Return a time that is a second later than the one before."""
    return _START + timedelta(seconds=next(_SECONDS))


class SpokenSource:
    """Says what it is told to say, and keeps what is asked of it."""

    def __init__(
        self, model: Model, rank: int, origin: str, keys: Iterable[PointKey], *, orders: Iterable[PointKey] = ()
    ) -> None:
        self.rank = rank
        self.origin = origin
        self.points: Mapping[PointKey, Point] = {key: model.points[key] for key in keys}
        self.orders: AbstractSet[PointKey] = frozenset(orders)
        self.lacking: AbstractSet[PointKey] = frozenset()
        self.wanted: AbstractSet[PointKey] = frozenset()
        self.hurries = 0
        self.questions = 0
        self.sent: list[Setting] = []
        self.commands: list[Command] = []
        """What was sent of operations; the values of the operation come to lie in `held`."""
        self.model = model
        self.held: dict[PointKey, Value] = {}
        """What `read` returns; an order that is sent comes to lie here."""
        self.refusal: AcrelError | None = None
        """What becomes of the next order."""
        self.silence: AcrelError | None = None
        """Why nothing can be read now."""
        self.is_deaf = False
        """Whether commands are sent, and neither answered nor carried out."""
        self._sinks: list[Sink] = []

    def join(self, sink: Sink) -> Callable[[], None]:
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def want(self, keys: AbstractSet[PointKey]) -> None:
        self.wanted = frozenset(keys)

    def hurry(self) -> None:
        self.hurries += 1

    def question(self) -> None:
        self.questions += 1

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        if self.silence is not None:
            raise self.silence
        return {key: reading(self.held[key], origin=self.origin) for key in keys if key in self.held}

    async def send(self, order: Order) -> None:
        if isinstance(order, Command):
            self._carry_out(order)
            return
        self.sent.append(order)
        if self.refusal is not None:
            raise self.refusal
        self.held[order.key] = order.value

    def _carry_out(self, order: Command) -> None:
        if (detail := order.hindrance()) is not None:
            raise CommandRefusedError(name=order.key, detail=detail)
        self.commands.append(order)
        if self.refusal is not None:
            raise self.refusal
        if self.is_deaf:
            raise NoAnswerError(unit=1)
        for key, value in self.model.operations[order.key].shows.items():
            self.held[key] = bool(value) if self.model.points[key].is_binary else value

    def figures(self) -> Mapping[str, float | None]:
        return {}

    def details(self) -> Mapping[str, object]:
        return {}

    def say(self, values: Mapping[PointKey, Value | Quality], trouble: AcrelError | None = None) -> None:
        """Say values, or why there are none: all of one read, so of one time."""
        time = next_second()
        readings = {
            key: reading(None, value, self.origin, time)
            if isinstance(value, Quality)
            else reading(value, origin=self.origin, time=time)
            for key, value in values.items()
        }
        for sink in list(self._sinks):
            sink(Update(readings=readings, trouble=trouble))
