"""Registers become readings: polled answers, pushed blocks, dumps and previews, all by this one decoder."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from math import prod

from ..points import Model, Point
from ..readings import PointKey, Quality, Reading, Value
from ..vocabulary import Kind
from .blocks import Block
from .dump import RegisterDump
from .layout import WORD, scaled
from .map import Place, Ratio, RegisterMap
from .plan import Read

_MOST_DECIMALS = 6
_GUARD_DIGITS = 1
_TINIEST = 1e-9
"""Any other float nearer to 0 is none that an instrument measures: it has another order, or is no number at all."""
_ALARMS = frozenset({Kind.ALARM, Kind.FAULT})
_MEASURED = frozenset({Kind.MEASUREMENT, Kind.DEMAND, Kind.QUALITY})
_LARGEST_POWER = 12
"""Of ten: no instrument's decimal point is further away, a register that says so holds something else."""


def decoded(
    point: Point,
    place: Place,
    words: Sequence[int],
    factor: float = 1,
    *,
    power: int = 0,
    is_negative: bool = False,
) -> Value | None:
    """Return what exactly `place.count` words mean; None for nothing that can be.

    What other points say of it comes with it: the ratios' product, the power of ten, the sign.
    """
    raw = place.layout.decode(words)
    if raw is None or _is_none(point, place, raw):
        return None
    if place.equals is not None:
        return raw == place.equals
    if place.any_of is not None:
        return int(raw) & place.any_of != 0
    if point.is_binary or point.words is not None:
        return point.value_of(raw)
    scale = place.scale * Fraction(10) ** power if power else place.scale
    number = scaled(-raw if is_negative else raw, scale)
    if factor != 1:
        number *= factor
    if factor != 1 or place.layout.type.is_float:
        number = _worth(point, number, exact=factor == 1)
    # There is no negative zero to be seen anywhere.
    return point.value_of(number or abs(number))


def _is_none(point: Point, place: Place, raw: float) -> bool:
    """Whether a number stands for no value: at the end of its type, or too small for any instrument.

    One at the end of its type is a value all the same if the manual prints it: in words, or within a setting's limits.
    """
    if place.layout.type.is_float:
        return 0 < abs(raw) < _TINIEST
    if raw not in place.layout.type.ends or raw == place.equals:
        return False
    if point.words is not None:
        return raw not in point.words
    return point.limits is None or not point.limits.low <= scaled(raw, place.scale) <= point.limits.high


def _worth(point: Point, number: float, *, exact: bool) -> float:
    """Return a computed or floating-point number without the digits no instrument has.

    A measured value is rounded to the decimals worth showing and one more, so that nothing is lost by rounding twice:
    the seventh digit of a float is no reading of a class 0.5 instrument, it only makes each state differ from the one
    before. A counter keeps its resolution, and whatever is set is kept as it stands.
    """
    if point.quantity.kind in _MEASURED and point.precision is not None:
        return round(number, point.precision + _GUARD_DIGITS)
    return number if exact and point.quantity.kind is not Kind.ENERGY else round(number, _MOST_DECIMALS)


def words_never_full(points: Mapping[PointKey, Point], registers: RegisterMap) -> frozenset[tuple[int, int]]:
    """Return function and address of the words of bits in which not all can be set at once.

    Of a word of which the manual does not print every bit, no bit that is not printed is set. Where all 16 are alarms
    (ADW300, AIM-R100), some contradict each other: over- and under-voltage of one phase, a loop that is open and
    short. Sixteen inputs and outputs can all be on (ARD2F), and so can the switches of a setting.
    """
    printed: dict[tuple[int, int], int] = {}
    alarming: set[tuple[int, int]] = set()
    for key, place in registers.places.items():
        kind, word = place.layout.type, (place.function, place.address)
        if kind.is_bit_field or kind.is_byte or place.is_question:
            bits = place.any_of if place.any_of is not None else ((1 << kind.bits) - 1) << place.layout.bit
            printed[word] = printed.get(word, 0) | bits
            if points[key].quantity.kind in _ALARMS:
                alarming.add(word)
    return frozenset(word for word, bits in printed.items() if bits & WORD != WORD or word in alarming)


class Decoder:
    """Turns the answers of one device into readings; remembers the points that others cannot be understood without."""

    def __init__(
        self,
        model: Model,
        ratios: Mapping[Ratio, float] | None = None,
        *,
        origin: str = "",
        registers: RegisterMap | None = None,
    ) -> None:
        """Take the model, the user's answers for `asks_ratios`, and what readings name as their origin.

        `registers` is the register map of the device, if it is not the model's preferred one.
        """
        self._points = model.points
        self._map = registers or model.registers
        self._given = dict(ratios or {})
        self._qualified = frozenset(key for key, place in self._map.places.items() if place.qualifiers.keys)
        self._never_full = words_never_full(model.points, self._map)
        self._known: dict[PointKey, Value | None] = {}
        self._origin = origin

    def take(self, block: Block, words: Sequence[int], now: datetime) -> Mapping[PointKey, Reading]:
        """Return the readings in the answer to a planned read: first what others cannot be understood without."""
        companions = self._map.companions
        readings: dict[PointKey, Reading] = {}
        cells = sorted(block.cells, key=lambda cell: cell[0] not in companions) if companions else block.cells
        for key, place, offset in cells:
            reading = readings[key] = self._reading(key, place, words[offset : offset + place.count], now)
            if key in companions:
                self._known[key] = reading.value
        return readings

    def lost(self, keys: Collection[PointKey], quality: Quality, now: datetime) -> Mapping[PointKey, Reading]:
        """Return the readings of points that could not be read; for others too they are not known any more."""
        self.forget(keys)
        return {key: Reading(None, quality, now, self._origin) for key in keys}

    def forget(self, keys: Iterable[PointKey]) -> None:
        """Take nothing for known any more that was read of some points."""
        for key in keys:
            self._known.pop(key, None)

    def _reading(self, key: PointKey, place: Place, words: Sequence[int], now: datetime) -> Reading:
        ratio = self._ratios_of(place) if place.ratios else 1
        quality = self._objection(place) if key in self._qualified else None
        if words[0] == WORD and place.count == 1 and (place.function, place.address) in self._never_full:
            # Neither an alarm nor the quiet of one.
            return Reading(None, quality or Quality.IMPLAUSIBLE, now, self._origin)
        if quality is Quality.INVALID and self._points[key].quantity.kind is Kind.ALARM:
            # Of a broken sensor no quiet is believed; an alarm all the same is one.
            quality = None if decoded(self._points[key], place, words) is True else quality
        if quality is not None or ratio is None:
            return Reading(None, quality or Quality.NO_RATIO, now, self._origin)
        sign = place.qualifiers.sign
        value = decoded(
            self._points[key],
            place,
            words,
            ratio,
            power=self._power(place) or 0,
            is_negative=sign is not None and self._known[sign] is True,
        )
        return Reading(value, Quality.IMPLAUSIBLE if value is None else Quality.GOOD, now, self._origin)

    def _objection(self, place: Place) -> Quality | None:
        """Return why a value cannot be understood for what qualifies it, None when it can be."""
        qualifiers = place.qualifiers
        if any(self._known.get(key) is None for key in qualifiers.keys) or self._power(place) is None:
            return Quality.INCOMPLETE
        is_invalid = any(self._known[key] is True for key in qualifiers.invalid_while)
        return Quality.INVALID if is_invalid else None

    def _power(self, place: Place) -> int | None:
        """Return the power of ten a value is to be multiplied with; None while unknown or none that can be."""
        power = 0
        for key, way in ((place.qualifiers.exponent, 1), (place.qualifiers.decimals, -1)):
            if key is None:
                continue
            number = self._number(key)
            if number is None or abs(number) > _LARGEST_POWER or number != int(number):
                return None
            power += way * int(number)
        return power

    def _ratios_of(self, place: Place) -> float | None:
        """Return the product of a value's transformer ratios; None while one is unknown."""
        factors = [self._ratio(ratio) for ratio in place.ratios]
        known = [factor for factor in factors if factor is not None]
        return prod(known) if len(known) == len(factors) else None

    def _ratio(self, ratio: Ratio) -> float | None:
        """Return a transformer ratio: the user's, else the one read from the device; None while unknown or 0."""
        if ratio in self._given:
            return self._given[ratio]
        source = self._map.read_ratios.get(ratio)
        return None if source is None else self._number(source) or None

    def _number(self, key: PointKey) -> float | None:
        value = self._known.get(key)
        return None if isinstance(value, bool | str) else value


def decode_dump(
    model: Model, dump: RegisterDump, ratios: Mapping[Ratio, float] | None = None
) -> Mapping[PointKey, Reading]:
    """Return what the registers of a dump mean by a model; points that are not in it are missing."""
    registers = map_in(model, dump)
    places = registers.places
    decoder = Decoder(model, ratios, origin="dump", registers=registers)
    readings: dict[PointKey, Reading] = {}
    for key in sorted(places, key=lambda key: key not in registers.companions):
        place = places[key]
        read = Read(place.function, place.address, place.count)
        if (words := dump.words(read)) is not None:
            readings |= decoder.take(Block(read=read, cells=((key, place, 0),)), words, dump.taken)
    return readings


def map_in(model: Model, dump: RegisterDump) -> RegisterMap:
    """Return the register map of a model that has the most points in a dump."""
    return max(model.maps, key=lambda registers: _known_in(dump, registers))


def _known_in(dump: RegisterDump, registers: RegisterMap) -> int:
    reads = (Read(place.function, place.address, place.count) for place in registers.places.values())
    return sum(dump.words(read) is not None for read in reads)
