"""Limits that are compared here: a device's own where it has no bit for it, and the owner's."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from math import inf

from ..points import Model
from ..readings import PointKey
from ..texts import Phrase, phrase
from ..vocabulary import Quantity
from .delays import Delayed, Delays
from .levels import Level
from .ownerlimits import Of, OwnerLimit
from .rules import ANY, Band, Readings, circuits_of, number_of, value_of
from .verdict import UNSAID, AlarmKey, Cause, QuantityName, Verdict
from .watched import Watched, watched_in

DERIVED = "device_limit"
OWNER = "owner_limit"


class DeviceLimitRule:
    """A limit and a delay that a device prints, compared here, because it has no bit to say that it is exceeded."""

    figures: AbstractSet[PointKey] = frozenset()

    def __init__(self, cause: Cause, watched: Watched) -> None:
        """Take the points it goes by."""
        self.cause = cause
        self._watched = watched
        self._delay = 0.0
        self._limit: float | None = None
        """That of the device, where it is used."""
        self._held = Delayed(Delays())
        self.inputs: AbstractSet[PointKey] = frozenset(
            key for key in (*watched.values, watched.limit, watched.delay, watched.switch) if key is not None
        )

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Compare what was measured with the limit that the device has now."""
        known = self._watched
        value, limit = number_of(readings, known.values[0]), number_of(readings, known.limit)
        delay = 0.0 if known.delay is None else number_of(readings, known.delay)
        is_used = True if known.switch is None else value_of(readings, known.switch)
        if value is None or limit is None or delay is None or is_used is None:
            return UNSAID
        if delay != self._delay:
            self._delay = delay
            self._held.use(Delays(on=delay))
        # A limit of 0 turns it off on meters that say what it does; a switch does where there is one.
        self._limit = limit if is_used and limit > 0 else None
        is_beyond = bool(is_used) and limit > 0 and (value < limit if known.is_low else value > limit)
        return Verdict(self._held.take(now, is_beyond=is_beyond, is_clear=not is_beyond), value, limit)

    def calm(self, key: PointKey) -> Band | None:
        """The value may be whatever is within the limit."""
        known, limit = self._watched, self._limit
        if not self._held.is_calm or key != known.values[0]:
            return None
        if limit is None:
            return ANY
        return (limit, inf) if known.is_low else (-inf, limit)

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on from what held before a restart."""
        self._held.restore(is_on=is_on)

    def memory(self) -> Mapping[str, object]:
        """Return nothing: delays begin anew."""
        return {}


def device_limit_rules(model: Model) -> Iterator[DeviceLimitRule]:
    """Yield a rule for each limit that the device shows and has no bit for."""
    for circuit in circuits_of(model):
        seen: set[PointKey] = set()
        for known in watched_in(model, circuit):
            if known.bits or known.limit is None or len(known.values) != 1 or known.limit in seen:
                continue
            seen.add(known.limit)
            value = known.values[0]
            quantity = model.points[value].quantity
            yield DeviceLimitRule(
                Cause(
                    key=AlarmKey(circuit, value.code, f"{DERIVED}_{known.level}"),
                    level=known.level,
                    name=_name(quantity, Of.VALUE, is_low=known.is_low),
                    unit=quantity.unit,
                    is_derived=True,
                    measured=value,
                    graver=AlarmKey(circuit, value.code, f"{DERIVED}_{Level.ALARM}")
                    if known.level is Level.PRE_ALARM
                    else None,
                ),
                known,
            )


@dataclass(frozen=True, slots=True)
class _Measured:
    """What an owner's limit is compared with: the points, and what they are divided by."""

    keys: tuple[PointKey, ...]
    of: Of
    rated: float | None = None


class OwnerLimitRule:
    """A limit of the owner's, on anything that is measured."""

    figures: AbstractSet[PointKey] = frozenset()

    def __init__(self, cause: Cause, limit: OwnerLimit, keys: tuple[PointKey, ...], rated: float | None) -> None:
        """Take the limit and the points it is about; `rated` is the rated current of the circuit, in A."""
        self.cause = cause
        self._limit = limit
        self._measured = _Measured(keys, limit.of, rated)
        self._held = Delayed(Delays(on=limit.on_delay, off=limit.off_delay))
        self.inputs: AbstractSet[PointKey] = frozenset(keys)

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Compare what was measured with the limit."""
        value = self._figure(readings)
        if value is None:
            return UNSAID
        limit, room = self._limit.limit, self._limit.hysteresis
        if self._limit.is_low:
            is_beyond, is_clear = value < limit, value >= limit + room
        else:
            is_beyond, is_clear = value > limit, value <= limit - room
        return Verdict(self._held.take(now, is_beyond=is_beyond, is_clear=is_clear), value, limit)

    def _figure(self, readings: Readings) -> float | None:
        measured = self._measured
        if measured.of is Of.VALUE:
            return number_of(readings, measured.keys[0])
        numbers = [number_of(readings, key) for key in measured.keys]
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers):
            # Of phases the one that cannot be read may be the hot one.
            return None
        if measured.of is Of.SPREAD:
            return max(known) - min(known)
        return 100 * known[0] / measured.rated if measured.rated else None

    def calm(self, key: PointKey) -> Band | None:
        """The value may be whatever is within the limit."""
        limit, measured = self._limit.limit, self._measured
        if not self._held.is_calm or measured.of is Of.SPREAD:
            return None
        if measured.of is Of.RATING:
            if not measured.rated:
                return None
            limit *= measured.rated / 100
        return (limit, inf) if self._limit.is_low else (-inf, limit)

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on from what held before a restart."""
        self._held.restore(is_on=is_on)

    def memory(self) -> Mapping[str, object]:
        """Return nothing: delays begin anew."""
        return {}


def owner_limit_rules(
    model: Model, limits: Mapping[str, OwnerLimit], ratings: Mapping[str, float]
) -> Iterator[OwnerLimitRule]:
    """Yield a rule for each limit, circuit and point it is about; of two for one level the closer one holds.

    `limits` are by a name that stays, `ratings` are the rated currents by circuit, in A.
    """
    chosen: dict[tuple[str, str, Level, bool, Of], tuple[str, OwnerLimit]] = {}
    for name, limit in limits.items():
        for circuit in circuits_of(model):
            for code in limit.codes_in(model, circuit):
                at = (circuit, code, limit.level, limit.is_low, limit.of)
                if at not in chosen or (chosen[at][1].circuit is None and limit.circuit is not None):
                    chosen[at] = name, limit
    for (circuit, code, level, is_low, of), (_, limit) in chosen.items():
        keys = tuple(limit.keys_for(model, circuit, code))
        quantity = model.points[keys[0]].quantity
        side = "low" if is_low else "high"
        cause = Cause(
            key=AlarmKey(circuit, code, f"{OWNER}_{of}_{side}_{level}"),
            level=level,
            name=_name(quantity, of, is_low=is_low),
            unit="%" if of is Of.RATING else quantity.unit,
            measured=keys[0] if of is Of.VALUE else None,
        )
        graver = replace(cause, level=Level.ALARM) if level is Level.PRE_ALARM else None
        if graver is not None and (circuit, code, Level.ALARM, is_low, of) in chosen:
            cause = replace(cause, graver=AlarmKey(circuit, code, f"{OWNER}_{of}_{side}_{Level.ALARM}"))
        yield OwnerLimitRule(cause, limit, keys, ratings.get(circuit))


def _name(quantity: Quantity, of: Of, *, is_low: bool) -> Phrase:
    named = QuantityName(quantity)
    match of:
        case Of.SPREAD:
            return phrase("spread_too_large", quantity=named)
        case Of.RATING:
            return phrase("above_rating", quantity=named)
        case _ if is_low:
            return phrase("below_limit", quantity=named)
        case _:
            return phrase("above_limit", quantity=named)
