"""Registers become readings: polled answers, pushed blocks, dumps and previews, all by this one decoder."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from math import prod

from ..points import Model, Point
from ..readings import PointKey, Quality, Reading, Value
from .blocks import Block
from .dump import RegisterDump
from .layout import scaled
from .map import Place, Ratio, RegisterMap
from .plan import Read

_MOST_DECIMALS = 6


def decoded(point: Point, place: Place, words: Sequence[int], factor: float = 1) -> Value | None:
    """Return what exactly `place.count` words mean, times the ratios' product; None for nothing that can be."""
    raw = place.layout.decode(words)
    if raw is None:
        return None
    if place.equals is not None:
        return raw == place.equals
    if place.any_of is not None:
        return int(raw) & place.any_of != 0
    if point.is_binary or point.words is not None:
        return point.value_of(raw)
    number = scaled(raw, place.scale)
    if factor != 1:
        number = round(number * factor, _MOST_DECIMALS)
    return point.value_of(number)


class Decoder:
    """Turns the answers of one device into readings; remembers the transformer ratios it has seen."""

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
        self._sources = {key: ratio for ratio, key in (registers or model.registers).read_ratios.items()}
        self._given = dict(ratios or {})
        self._read: dict[Ratio, float | None] = {}
        self._origin = origin

    def take(self, block: Block, words: Sequence[int], now: datetime) -> Mapping[PointKey, Reading]:
        """Return the readings in the answer to a planned read, in the block's order: ratios come before their users."""
        readings: dict[PointKey, Reading] = {}
        for key, place, offset in block.cells:
            reading = readings[key] = self._reading(key, place, words[offset : offset + place.count], now)
            if (ratio := self._sources.get(key)) is not None:
                self._read[ratio] = None if isinstance(reading.value, bool | str) else reading.value or None
        return readings

    def lost(self, keys: Collection[PointKey], quality: Quality, now: datetime) -> Mapping[PointKey, Reading]:
        """Return the readings of points that could not be read; a ratio among them is not known any more."""
        for key in keys:
            if (ratio := self._sources.get(key)) is not None:
                self._read[ratio] = None
        return {key: Reading(None, quality, now, self._origin) for key in keys}

    def _reading(self, key: PointKey, place: Place, words: Sequence[int], now: datetime) -> Reading:
        factors = [self._ratio(ratio) for ratio in place.ratios]
        known = [factor for factor in factors if factor is not None]
        if len(known) < len(factors):
            return Reading(None, Quality.NO_RATIO, now, self._origin)
        value = decoded(self._points[key], place, words, prod(known))
        return Reading(value, Quality.IMPLAUSIBLE if value is None else Quality.GOOD, now, self._origin)

    def _ratio(self, ratio: Ratio) -> float | None:
        """Return a transformer ratio: the user's, else the one read from the device; None while unknown or 0."""
        return self._given[ratio] if ratio in self._given else self._read.get(ratio)


def decode_dump(
    model: Model, dump: RegisterDump, ratios: Mapping[Ratio, float] | None = None
) -> Mapping[PointKey, Reading]:
    """Return what the registers of a dump mean by a model; points that are not in it are missing.

    Of several register maps that one counts which has the most points in the dump.
    """
    registers = max(model.maps, key=lambda known: _known_in(dump, known))
    places, sources = registers.places, registers.read_ratios.values()
    decoder = Decoder(model, ratios, origin="dump", registers=registers)
    readings: dict[PointKey, Reading] = {}
    for key in sorted(places, key=lambda key: key not in sources):
        place = places[key]
        read = Read(place.function, place.address, place.count)
        if (words := dump.words(read)) is not None:
            readings |= decoder.take(Block(read=read, cells=((key, place, 0),)), words, dump.taken)
    return readings


def _known_in(dump: RegisterDump, registers: RegisterMap) -> int:
    reads = (Read(place.function, place.address, place.count) for place in registers.places.values())
    return sum(dump.words(read) is not None for read in reads)
