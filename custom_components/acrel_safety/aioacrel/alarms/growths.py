"""All that is watched for slow growth on one device: which quantities, their days, and the questions they lead to."""

import math
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from ..growth import Finding
from ..points import Model, Point
from ..readings import PointKey
from ..texts import phrase
from ..vocabulary import Kind
from .growing import GROWTH, Grown, GrowthRule
from .growthtexts import sentence_of
from .levels import Level
from .ownerlimits import Of, OwnerLimit
from .proposals import USUAL_RESIDUAL_LIMIT, USUAL_TEMPERATURE_LIMIT
from .ratios import Ratios
from .rules import Readings, farthest, present
from .verdict import AlarmKey, Cause, QuantityName
from .watched import watched_in

SAMPLE_SECONDS = 15.0
"""So often readings are taken: a tenth of a day is long, and boards are many."""
_RESIDUAL, _TEMPERATURE = ("residual_current", "mA"), ("temperature", "°C")
_USUAL_LIMITS = {_RESIDUAL: USUAL_RESIDUAL_LIMIT, _TEMPERATURE: USUAL_TEMPERATURE_LIMIT}
"""By family and unit: what is watched, and the limit it leads to where nobody set one."""
_CURRENTS = ("I", "Ia", "Ib", "Ic")
_MODEL, _RATIOS, _QUANTITIES = "model", "ratios", "quantities"


def _nowhere() -> float | None:
    """Know of no other board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A level that rose at once and stays. It is no hazard, and only a person can say whether something new is on."""

    key: AlarmKey
    name: QuantityName
    unit: str | None
    finding: Finding

    def text(self, language: str = "en") -> str:
        """Return what was seen, in a language."""
        return sentence_of(self.finding, self.unit).text(language)


class Growths:
    """The quantities of one device that may grow."""

    def __init__(
        self,
        model: Model,
        limits: Mapping[str, OwnerLimit],
        ratings: Mapping[str, float],
        points: AbstractSet[PointKey] | None = None,
        *,
        ratios: Mapping[str, float] | None = None,
        around: Callable[[], float | None] = _nowhere,
    ) -> None:
        """Take the owner's limits and the rated currents; `points` are all that is read, None for all there is.

        `ratios` are the transformer ratios that the owner set; `around` tells the coldest probe of the other boards.
        """
        self.today = date.min
        """Whoever brings readings says the day first."""
        self._taken = -math.inf
        self._model = model
        readable = model.readable.keys() if points is None else points
        self.rules = [
            GrowthRule(_cause(point), grown, lambda: self.today, around)
            for point, grown in _grown_in(model, limits, ratings, readable)
        ]
        self._probes = [key for key, point in model.points.items() if key in readable and _kind(point) == _TEMPERATURE]
        self._ratios = Ratios(model, ratios or {})

    @property
    def keys(self) -> AbstractSet[PointKey]:
        """All points that have to be read for it."""
        found = {key for rule in self.rules for key in rule.figures}
        return found | self._ratios.keys if found else found

    def coldest(self, readings: Readings) -> float | None:
        """Return the temperature of the coldest probe."""
        return farthest(readings, self._probes, min)

    def look_at_ratios(self, readings: Readings) -> None:
        """Begin anew if the device measures by another transformer than before."""
        if self._ratios.take(readings):
            self._begin_anew()

    def _begin_anew(self) -> None:
        for rule in self.rules:
            rule.begin_anew()

    def is_due(self, now: float) -> bool:
        """Whether readings are to be taken again, by the steady clock; the next ones are due some time after."""
        if not self.rules or 0 <= now - self._taken < SAMPLE_SECONDS:
            return False
        self._taken = now
        return True

    def questions(self) -> Iterator[Question]:
        """Yield what only a person can answer."""
        for rule in self.rules:
            if (found := rule.question) is not None:
                key = rule.cause.key
                quantity = self._model.points[PointKey(key.circuit, key.code)].quantity
                yield Question(key=key, name=QuantityName(quantity), unit=rule.cause.unit, finding=found)

    def answer(self, question: Question, *, is_new_appliance: bool) -> bool:
        """Take a person's answer; returns whether that was still the question."""
        for rule in self.rules:
            if rule.cause.key == question.key and rule.question == question.finding:
                rule.growth.answer(is_new_appliance=is_new_appliance)
                return True
        return False

    def kept(self) -> dict[str, object]:
        """Return what is to outlive a restart, as plain JSON."""
        return {
            _MODEL: self._model.id,
            _RATIOS: self._ratios.kept(),
            _QUANTITIES: {_name(rule): rule.kept() for rule in self.rules},
        }

    def restore(self, stored: object) -> None:
        """Go on from what was kept of the same model; what is not as `kept` writes it is left out."""
        if not isinstance(stored, Mapping) or stored.get(_MODEL) != self._model.id:
            return
        if isinstance(quantities := stored.get(_QUANTITIES), Mapping):
            for rule in self.rules:
                rule.restore_days(quantities.get(_name(rule)))
        if self._ratios.restore(stored.get(_RATIOS)):
            self._begin_anew()


def _name(rule: GrowthRule) -> str:
    return f"{rule.cause.key.code}@{rule.cause.key.circuit}"


def _cause(point: Point) -> Cause:
    quantity = point.quantity
    is_temperature = quantity.family == _TEMPERATURE[0]
    return Cause(
        key=AlarmKey(*point.key, GROWTH),
        level=Level.PRE_ALARM,
        name=phrase("grows_slowly", quantity=QuantityName(quantity)),
        # Temperatures are compared as differences.
        unit="K" if is_temperature else quantity.unit,
        is_derived=True,
    )


def _grown_in(
    model: Model, limits: Mapping[str, OwnerLimit], ratings: Mapping[str, float], readable: AbstractSet[PointKey]
) -> Iterator[tuple[Point, Grown]]:
    def usable(circuit: str, codes: tuple[str, ...]) -> list[PointKey]:
        return [key for key in present(model, circuit, codes) if key in readable]

    probes = [key for key, point in model.points.items() if key in readable and _kind(point) == _TEMPERATURE]
    for key, point in model.points.items():
        if key not in readable or (kind := _kind(point)) not in _USUAL_LIMITS:
            continue
        others = [probe for probe in probes if probe != key] if kind == _TEMPERATURE else []
        is_temperature = kind == _TEMPERATURE
        yield (
            point,
            Grown(
                own=key,
                others=others,
                # Alone it cannot be told from the season.
                is_alone=is_temperature and not others,
                currents=usable(key.circuit, _CURRENTS) if is_temperature else [],
                rated=ratings.get(key.circuit),
                limit=_device_limit(model, key, readable),
                owner_limit=_owner_limit(model, key, limits),
                usual_limit=_USUAL_LIMITS[kind],
            ),
        )


def _kind(point: Point) -> tuple[str, str | None] | None:
    """Return family and unit of what is measured."""
    quantity = point.quantity
    if quantity.kind is not Kind.MEASUREMENT or quantity.detail or point.words or point.is_binary:
        return None
    return quantity.family, quantity.unit


def _device_limit(model: Model, key: PointKey, readable: AbstractSet[PointKey]) -> PointKey | None:
    for known in watched_in(model, key.circuit):
        if known.level is Level.ALARM and not known.is_low and key in known.values and known.limit in readable:
            return known.limit
    return None


def _owner_limit(model: Model, key: PointKey, limits: Mapping[str, OwnerLimit]) -> float | None:
    """Return the owner's limit; that of the circuit before that of all."""
    found = [
        limit
        for limit in limits.values()
        if limit.level is Level.ALARM
        and limit.of is Of.VALUE
        and not limit.is_low
        and key.code in limit.codes_in(model, key.circuit)
    ]
    own = [limit for limit in found if limit.circuit is not None] or found
    return min((limit.limit for limit in own), default=None)
