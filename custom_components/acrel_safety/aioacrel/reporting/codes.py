"""Codes become readings: which point of a model a code means."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ..points import Evidence, Model, Point
from ..readings import DEVICE_CIRCUIT, PointKey, Quality, Reading, Value
from ..registers import READ_HOLDING, Place
from ..registers.decode import decoded
from ..vocabulary import EXTRA_PREFIX, Kind, Quantity, extra_quantity, vocabulary
from .fields import LONGEST_CODE, number
from .record import Raw
from .values import TEXTS, value_of

MOST_EXTRAS = 64
"""Points of one meter that its model does not have."""
MOST_CHANNELS = 240
_SAME: Mapping[str, str] = {"SwitchSta": "RlySta", "RlySta": "SwitchSta"}
"""Codes of the same thing: 1 is closed in both."""
_LIKE_STATE = re.compile(r"(?i).*(?:sta|state|status|mode)[0-9]*")
_WORD = 0xFFFF
_SOME_TEXT = "text"


class Codebook:
    """The points of one meter, by what they are called in its reports."""

    def __init__(self, model: Model, serial: str = "", *, origin: str) -> None:
        """Take the model, what the meter is called (no value is its own number), and the way its readings came."""
        self._serial = serial
        self.origin = origin
        self._words = {
            code: {key: place for key, place in model.registers.places.items() if _is_at(place, address)}
            for code, address in model.gateway.words.items()
        }
        told_by_words = {key for found in self._words.values() for key in found}
        self.points: dict[PointKey, Point] = {
            key: point
            for key, point in model.points.items()
            if key in told_by_words
            or (not key.code.startswith(EXTRA_PREFIX) and point.quantity.kind is not Kind.COMMAND)
        }
        """What is known so far: those of the model that a code can tell, and what else came."""
        self._model_points = frozenset(self.points)
        self.lacking = frozenset(model.points.keys() - self.points.keys())
        self.extras: set[PointKey] = set()
        self.left_out = 0
        """Codes for which there was no room, or that mean more than one point."""
        self._circuits: dict[str, list[str]] = {}
        for key in self.points:
            self._circuits.setdefault(key.code, []).append(key.circuit)
        self._only = next((circuit for circuit in model.circuits if circuit != DEVICE_CIRCUIT), DEVICE_CIRCUIT)
        self._is_single = sum(circuit != DEVICE_CIRCUIT for circuit in model.circuits) == 1
        self._found: dict[tuple[str, str], PointKey | None] = {}

    @property
    def found(self) -> Mapping[PointKey, bool]:
        """What came beside the model's own, and whether it is text: for `expect`, after a restart."""
        return {
            key: point.quantity.kind in TEXTS
            for key, point in self.points.items()
            if key in self.extras or key not in self._model_points
        }

    def expect(self, found: Mapping[PointKey, bool]) -> None:
        """Have what came before from the beginning; what cannot come any more is left out."""
        for key, is_text in found.items():
            code = key.code.removeprefix(EXTRA_PREFIX)
            base = PointKey(self._only, key.code)
            if self._is_single and base in self._model_points:
                self._repeated(base, key.circuit)
            else:
                self._extra(code, key.circuit, _SOME_TEXT if is_text else 0.0)

    def take(self, values: Mapping[str, Raw], channel: str, now: datetime) -> dict[PointKey, Reading]:
        """Return what a record says."""
        told: dict[PointKey, list[Value | None]] = {}
        for code, raw in values.items():
            if (places := self._words.get(code)) is not None:
                for told_by_it, place in places.items():
                    told.setdefault(told_by_it, []).append(self._of_word(told_by_it, place, raw))
            elif (key := self._key(code, channel, raw)) is not None:
                told.setdefault(key, []).append(value_of(self.points[key], raw, own=self._serial))
        return {key: _reading(found, now, self.origin) for key, found in told.items()}

    def _of_word(self, key: PointKey, place: Place, raw: Raw) -> Value | None:
        word = number(raw)
        if word is None or word != int(word) or not 0 <= word < _WORD:
            return None
        return decoded(self.points[key], place, (int(word),))

    def _key(self, code: str, channel: str, raw: Raw) -> PointKey | None:
        """Return the point that a code means; None for one that means none, or nobody knows which of several."""
        where = (code, channel)
        if where not in self._found:
            if len(self._found) > LONGEST_CODE * MOST_EXTRAS:
                self._found.clear()
            self._found[where] = self._of_model(code, channel)
        found = self._found[where]
        return found if found is not None else self._extra(code, channel, raw)

    def _of_model(self, code: str, channel: str) -> PointKey | None:
        known = vocabulary().match(code)
        spellings = dict.fromkeys((code, known.code if known else code, _SAME.get(known.code if known else code, "")))
        for spelled in spellings:
            circuits = self._circuits.get(spelled, [])
            if channel and channel in circuits:
                return PointKey(channel, spelled)
            if channel and self._is_single and self._only in circuits:
                return self._repeated(PointKey(self._only, spelled), channel)
            if not channel and len(circuits) == 1:
                return PointKey(circuits[0], spelled)
            if not channel and DEVICE_CIRCUIT in circuits:
                return PointKey(DEVICE_CIRCUIT, spelled)
        return None

    def _repeated(self, key: PointKey, channel: str) -> PointKey | None:
        """Return a point of a circuit that the model does not know by number: each is like the one it knows."""
        own = PointKey(channel, key.code)
        if own not in self.points:
            if not channel.isdecimal() or not 0 < int(channel) <= MOST_CHANNELS:
                return None
            self.points[own] = replace(self.points[key], key=own)
        return own

    def _extra(self, code: str, channel: str, raw: Raw) -> PointKey | None:
        """Return a point that the model does not have: it is shown as it comes, or left out."""
        known = vocabulary().match(code)
        circuit = channel or (self._only if self._is_single else DEVICE_CIRCUIT)
        key = PointKey(circuit, known.code if known is not None else EXTRA_PREFIX + code)
        if key in self.extras:
            return key
        quantity = known if known is not None else _unknown_quantity(code, raw)
        is_ambiguous = bool(self._circuits.get(key.code))
        if (
            quantity is None
            or quantity.kind is Kind.COMMAND
            or is_ambiguous
            or len(self.extras) >= MOST_EXTRAS
            or key in self.points
        ):
            self.left_out += 1
            return None
        self.extras.add(key)
        self.points[key] = Point(
            key=key,
            quantity=quantity,
            pace=quantity.pace,
            is_binary=quantity.binary,
            precision=quantity.precision,
            step=10.0 ** -(quantity.precision or 0),
            range=quantity.range,
            evidence=Evidence.EXPERIMENTAL if known is not None else Evidence.UNKNOWN,
        )
        return key


def _is_at(place: Place, address: int) -> bool:
    return place.address == address and place.function == READ_HOLDING and place.count == 1


def _unknown_quantity(code: str, raw: Raw) -> Quantity | None:
    """Return what a code outside the vocabulary is: a number, or a text where its name says that it is a state."""
    if number(raw) is not None:
        return replace(extra_quantity(EXTRA_PREFIX + code), detail=True)
    if raw and _LIKE_STATE.fullmatch(code):
        return replace(extra_quantity(EXTRA_PREFIX + code, kind=Kind.STATE), detail=True)
    return None


def _reading(found: list[Value | None], now: datetime, origin: str) -> Reading:
    """Return a reading; where two codes contradict each other nobody knows."""
    known = [value for value in found if value is not None]
    if not known:
        return Reading(None, Quality.IMPLAUSIBLE, now, origin)
    if any(value != known[0] for value in known):
        return Reading(None, Quality.INVALID, now, origin)
    return Reading(known[0], Quality.GOOD, now, origin)
