"""The alarms of the device a command asks: as the library judges them, with what it derives from limits."""

import time
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime

from ..alarms.alarm import Alarm
from ..alarms.board import Board
from ..alarms.clock import Clock
from ..alarms.engine import Alarms
from ..alarms.ruleset import rules_of
from ..alarms.standing import Standing
from ..device import Device
from ..errors import AcrelError
from ..points import Model, Point
from ..readings import PointKey, Reading, Value
from ..source import NEAR, Order, Sink, Update
from ..texts import Phrase, phrase
from .language import Word
from .output import Json

_UNIT = "unit"
_FIELDS = ("circuit", "code", "level", "state", "since", "value", "limit", "derived")


def alarm_inputs(model: Model) -> list[PointKey]:
    """Return all that the alarms of a model go by, in its order."""
    inputs = {key for rule in rules_of(model, {}, {}) for key in (*rule.inputs, *rule.figures)}
    return [key for key in model.readable if key in inputs]


class AlarmList:
    """Is told what each poll brought, and says which alarms stand."""

    def __init__(self, model: Model, keys: Collection[PointKey], language: str) -> None:
        """Take the points that are read: only what can be judged by them is."""
        self._language = language
        self._source = _Polled(model, keys)
        device = Device(_UNIT, model)
        device.attach(self._source)
        self._alarms = Alarms(Clock(time.monotonic, lambda: datetime.now(UTC)))
        self._watch, _ = self._alarms.watch(
            device, Board(identity=_UNIT, name=model.name), points=frozenset(keys) & model.readable.keys()
        )

    def take(self, readings: Mapping[PointKey, Reading], trouble: AcrelError | None) -> None:
        """Take what a poll brought, and what is wrong with the device as a whole."""
        self._source.say(readings, trouble)
        self._alarms.tick()

    @property
    def is_on(self) -> bool:
        """Whether an alarm is on, or something is beyond a limit for less than its delay: that is not quiet."""
        return any(alarm.facts.condition or alarm.is_pending for alarm in self._watch.alarms.values())

    def document(self) -> list[Json]:
        """Return the alarms that stand as plain types."""
        return [_plain(standing) for standing in self._alarms.standing()]

    def derived(self) -> list[str]:
        """Return a line for each alarm that no bit of the device says."""
        pending = [
            phrase("shown_pending", figures=_figures(alarm)).text(self._language)
            for alarm in self._watch.alarms.values()
            if alarm.is_pending
        ]
        return pending + [
            _line(standing).text(self._language)
            for standing in self._alarms.standing()
            if standing.is_derived and standing.is_on and standing.value is not None
        ]


def _plain(standing: Standing) -> dict[str, Json]:
    plain = standing.plain()
    return {name: plain[name] for name in _FIELDS}


def _line(standing: Standing) -> Phrase:
    level, figures = Word(standing.level.upper()), _figures(standing.alarm)
    if standing.since is None:
        return phrase("shown_alarm", level=level, figures=figures)
    since = f"{standing.since.astimezone():%H:%M:%S}"
    return phrase("shown_alarm_since", level=level, figures=figures, since=since)


def _figures(alarm: Alarm) -> Phrase:
    cause = alarm.cause
    unit = f" {cause.unit}" if cause.unit else ""
    value, limit = f"{_shown(alarm.value)}{unit}", f"{_shown(alarm.limit)}{unit}"
    return phrase(
        "shown_figures", code=cause.key.code, circuit=cause.key.circuit, cause=cause.name, value=value, limit=limit
    )


def _shown(value: Value | None) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


class _Polled:
    """What a command polled, as a way to the device."""

    rank = NEAR
    orders: AbstractSet[PointKey] = frozenset()
    lacking: AbstractSet[PointKey] = frozenset()

    def __init__(self, model: Model, keys: Collection[PointKey]) -> None:
        self.points: Mapping[PointKey, Point] = {key: model.readable[key] for key in keys if key in model.readable}
        self._sinks: list[Sink] = []

    def join(self, sink: Sink) -> Callable[[], None]:
        self._sinks.append(sink)
        return lambda: self._sinks.remove(sink)

    def say(self, readings: Mapping[PointKey, Reading], trouble: AcrelError | None) -> None:
        for sink in list(self._sinks):
            sink(Update(readings=readings, trouble=trouble))

    def want(self, keys: AbstractSet[PointKey]) -> None:
        """The command says what is read."""

    def hurry(self) -> None:
        """The command says when."""

    def question(self) -> None:
        """The command asked at its start."""

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return nothing: what was polled was told."""
        return {}

    async def send(self, order: Order) -> None:
        """Never called: it takes no orders."""

    def figures(self) -> Mapping[str, float | None]:
        """Return nothing: the command shows the link itself."""
        return {}

    def details(self) -> Mapping[str, object]:
        """Return nothing."""
        return {}
