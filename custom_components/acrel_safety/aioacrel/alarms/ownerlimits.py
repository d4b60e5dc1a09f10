"""The owner's limits: what may be said in one, and what the field usually sets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from math import isfinite
from typing import Any, Self

from ..errors import LimitFormError
from ..points import Model, Point
from ..readings import PointKey
from ..texts import phrase
from ..vocabulary import Kind
from .levels import Level

_LEVELS = (Level.PRE_ALARM, Level.ALARM)
_LONGEST_DELAY = 86_400.0
_LONGEST_TEXT = 100
_LARGEST = 1e9
_PHASES = ("A", "B", "C")
_MEASURED = frozenset({Kind.MEASUREMENT, Kind.QUALITY, Kind.DEMAND})


class Of(StrEnum):
    """What a limit is compared with."""

    VALUE = "value"
    """The value itself."""
    RATING = "rating"
    """The value as a percentage of the rated current of its circuit."""
    SPREAD = "spread"
    """The largest difference between the phases of a circuit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerLimit:
    """One limit: for one code or a whole family of the vocabulary, on one circuit or on all that have it."""

    family: str
    code: str | None = None
    circuit: str | None = None
    level: Level = Level.ALARM
    of: Of = Of.VALUE
    is_low: bool = False
    limit: float
    """In the unit of the quantity; for a rating in percent."""
    hysteresis: float = 0.0
    """How far back within the limit it has to go before it is over."""
    on_delay: float = 0.0
    off_delay: float = 0.0
    """Seconds."""

    @classmethod
    def read(cls, data: object) -> Self:
        """Return the limit in a mapping of plain types, such as `written` made. Raises LimitFormError."""
        if not isinstance(data, Mapping):
            raise LimitFormError(detail=phrase("limit_no_mapping"))
        known = {item.name for item in fields(cls)}
        if unknown := sorted(str(name) for name in data.keys() - known):
            raise LimitFormError(detail=phrase("limit_unknown_field", name=unknown[0]))
        limit = cls(
            family=_text(data, "family"),
            code=_optional_text(data, "code"),
            circuit=_optional_text(data, "circuit"),
            level=_word(data, "level", Level.ALARM, _LEVELS),
            of=_word(data, "of", Of.VALUE, tuple(Of)),
            is_low=_flag(data, "is_low"),
            limit=_number(data, "limit", None),
            hysteresis=_number(data, "hysteresis", 0.0),
            on_delay=_number(data, "on_delay", 0.0),
            off_delay=_number(data, "off_delay", 0.0),
        )
        for name in ("hysteresis", "on_delay", "off_delay"):
            if getattr(limit, name) < 0 or (name != "hysteresis" and getattr(limit, name) > _LONGEST_DELAY):
                raise LimitFormError(detail=phrase("limit_out_of_range", name=name))
        if limit.of is Of.RATING and limit.family != "current":
            raise LimitFormError(detail=phrase("limit_rating_of_current"))
        return limit

    def written(self) -> dict[str, Any]:
        """Return it as plain types, what is usual left out."""
        return {
            item.name: str(value) if isinstance(value, StrEnum) else value
            for item in fields(self)
            if (value := getattr(self, item.name)) != item.default
        }

    def codes_in(self, model: Model, circuit: str) -> Iterator[str]:
        """Yield the codes of a circuit that it is about; of a spread the first phase."""
        if self.circuit not in (None, circuit):
            return
        codes = [key.code for key, point in model.points.items() if key.circuit == circuit and self._is_about(point)]
        if self.of is Of.SPREAD:
            codes = codes[:1] if len(codes) > 1 else []
        yield from codes

    def keys_for(self, model: Model, circuit: str, code: str) -> Iterator[PointKey]:
        """Yield the points that are compared for one of `codes_in`."""
        if self.of is not Of.SPREAD:
            yield PointKey(circuit, code)
            return
        for key, point in model.points.items():
            if key.circuit == circuit and self._is_about(point):
                yield key

    def _is_about(self, point: Point) -> bool:
        quantity = point.quantity
        if quantity.family != self.family or quantity.kind not in _MEASURED or point.words or point.is_binary:
            return False
        if self.of is Of.SPREAD:
            return not quantity.detail and point.key.code[-1:].upper() in _PHASES
        return point.key.code == self.code if self.code is not None else not quantity.detail


def _text(data: Mapping[Any, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value or len(value) > _LONGEST_TEXT:
        raise LimitFormError(detail=phrase("limit_no_text", name=name))
    return value


def _optional_text(data: Mapping[Any, Any], name: str) -> str | None:
    return None if data.get(name) is None else _text(data, name)


def _flag(data: Mapping[Any, Any], name: str) -> bool:
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise LimitFormError(detail=phrase("limit_no_flag", name=name))
    return value


def _number(data: Mapping[Any, Any], name: str, default: float | None) -> float:
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or abs(value) > _LARGEST:
        raise LimitFormError(detail=phrase("limit_no_number", name=name))
    return float(value)


def _word[WordT: StrEnum](data: Mapping[Any, Any], name: str, default: WordT, words: tuple[WordT, ...]) -> WordT:
    value = data.get(name, default)
    if value not in words:
        raise LimitFormError(detail=phrase("limit_no_word", name=name, words=", ".join(words)))
    return next(word for word in words if word == value)
