"""Rules for one value by itself."""

from collections.abc import Iterator

from ..readings import PointKey, Quality
from ..registers import Ratio
from ..texts import phrase
from ..vocabulary import Kind
from .seen import Finding, Rule, Seen

PHASE_VOLTAGES = frozenset({"Ua", "Ub", "Uc", "U", "UPA"})
LINE_VOLTAGES = frozenset({"Uab", "Ubc", "Uca", "ULA"})
HIGHEST_PHASE_VOLTAGE = 500.0
HIGHEST_LINE_VOLTAGE = 866.0
LOWEST_VOLTAGE = 40.0
MOST_DISTORTION = 30.0
HIGHEST_RATIO = 10_000.0
_COUNTED = frozenset({Kind.MEASUREMENT, Kind.ENERGY, Kind.DEMAND, Kind.QUALITY})
_WORD_BITS = 16


def has_a_meaning(seen: Seen) -> Iterator[Finding]:
    """Every word is known and every number within the range of its point.

    Source: the model file (`words`, `range`) and the vocabulary's ranges; what fails is thrown away by the decoder.
    """
    for key, reading in seen.readings.items():
        if reading.quality is Quality.IMPLAUSIBLE:
            point = seen.model.points[key]
            low, high = point.range.low, point.range.high
            allowed = ", ".join(point.words.values()) if point.words else phrase("interval", low=low, high=high)
            yield key, " ".join(f"{word:04X}h" for word in seen.words(key)), allowed


def voltage_is_that_of_a_mains(seen: Seen) -> Iterator[Finding]:
    """A phase voltage is 0 (absent) to 500 V, any other voltage at most √3 times that; times the ratio of a PT.

    Source: IEC 60038, the highest low-voltage system is 400/690 V, plus 10 %; the rest is reserve.
    """
    for point, value in seen.points():
        if point.quantity.unit != "V" or isinstance(value, bool | str) or value is None:
            continue
        highest = HIGHEST_PHASE_VOLTAGE if point.key.code in PHASE_VOLTAGES else HIGHEST_LINE_VOLTAGE
        highest *= seen.ratio(point.key.circuit, Ratio.PT)
        if not 0 <= value <= highest:
            yield point.key, value, phrase("interval", low=0, high=f"{highest:g} V")


def frequency_has_a_voltage(seen: Seen) -> Iterator[Finding]:
    """Where a frequency is measured there is a voltage of more than 40 V to measure it from.

    Source: 100/√3 V is the lowest rated secondary phase voltage of voltage transformers (IEC 61869-3); 70 % of it.
    """
    for circuit in seen.circuits:
        frequency = seen.amount(circuit, "Fr")
        voltages = {
            PointKey(circuit, code): amount.value
            for code in sorted(PHASE_VOLTAGES | LINE_VOLTAGES)
            if (amount := seen.amount(circuit, code)) is not None
        }
        if frequency is None or not frequency.value or not voltages:
            continue
        key = max(voltages, key=lambda key: voltages[key])
        if voltages[key] < LOWEST_VOLTAGE:
            yield key, voltages[key], phrase("expected_voltage", value=f"{LOWEST_VOLTAGE:g}")


def frequency_is_that_of_a_mains(seen: Seen) -> Iterator[Finding]:
    """A frequency is 45 to 65 Hz, or 0 without a voltage.

    Source: 50 and 60 Hz (IEC 60038); the rest is reserve.
    """
    yield from _outside(seen, "Hz", 45, 65, or_zero=True)


def power_factor_is_one(seen: Seen) -> Iterator[Finding]:
    """A power factor lies from -1 to 1.

    Source: its definition, P / S (IEC 60050-131).
    """
    for point, value in seen.points():
        is_factor = point.quantity.family == "power_factor" and point.quantity.kind is Kind.MEASUREMENT
        if is_factor and isinstance(value, float | int) and not -1 <= value <= 1:
            yield point.key, value, phrase("interval", low=-1, high=1)


def temperature_is_that_of_a_conductor(seen: Seen) -> Iterator[Finding]:
    """A temperature (and a limit for one) lies from -50 to 200 °C.

    Source: the widest range printed for a sensor of these instruments (AIM-M10 manual, table 7.3).
    """
    yield from _outside(seen, "°C", -50, 200)


def residual_current_can_be_measured(seen: Seen) -> Iterator[Finding]:
    """A residual current (and a limit for one) lies from 0 to 60 000 mA.

    Source: ASJ series manual, up to 30 000 mA; ADW300 manual, up to 1000 mA with a multiplier of up to 60.
    """
    yield from _outside(seen, "mA", 0, 60_000)


def energy_is_not_negative(seen: Seen) -> Iterator[Finding]:
    """A counter of energy holds 0 or more.

    Source: what a counter is; import and export are counted apart.
    """
    for point, value in seen.points():
        if point.quantity.kind is Kind.ENERGY and isinstance(value, float | int) and value < 0:
            yield point.key, value, phrase("or_more", low=0)


def voltage_distortion_is_small(seen: Seen) -> Iterator[Finding]:
    """Harmonics and unbalance of a voltage stay below 30 %.

    Source: EN 50160 allows a total of 8 % harmonics and 2 % unbalance; the rest is reserve.
    """
    for point, value in seen.points():
        is_share = point.quantity.unit == "%" and point.quantity.kind is Kind.QUALITY
        if is_share and point.key.code.startswith("U") and isinstance(value, float | int) and value > MOST_DISTORTION:
            yield point.key, value, phrase("interval", low=0, high=f"{MOST_DISTORTION:g} %")


def ratio_is_one_or_more(seen: Seen) -> Iterator[Finding]:
    """A transformer ratio lies from 1 to 10 000.

    Source: measuring transformers step down (IEC 61869); without one the ratio is 1.
    """
    for point, value in seen.points():
        if point.quantity.kind is Kind.RATIO and isinstance(value, float | int) and not 1 <= value <= HIGHEST_RATIO:
            yield point.key, value, phrase("interval", low=1, high=f"{HIGHEST_RATIO:g}")


def setting_is_within_its_limits(seen: Seen) -> Iterator[Finding]:
    """A setting has a value that it could be set to.

    Source: the limits printed in the manual, as the model file quotes them.
    """
    for point, value in seen.points():
        if point.limits is not None and isinstance(value, float | int) and not isinstance(value, bool):
            low, high = point.limits.low, point.limits.high
            if not low <= value <= high:
                yield point.key, value, phrase("interval", low=f"{low:g}", high=f"{high:g}")


def _outside(seen: Seen, unit: str, low: float, high: float, *, or_zero: bool = False) -> Iterator[Finding]:
    """Yield the values of a unit that do not lie from `low` to `high`."""
    allowed = phrase("interval", low=f"{low:g}", high=f"{high:g} {unit}")
    for point, value in seen.points():
        if point.quantity.unit != unit or isinstance(value, bool | str) or value is None:
            continue
        if not low <= value <= high and not (or_zero and value == 0):
            yield point.key, value, phrase("expected_zero_or", other=allowed) if or_zero else allowed


RULES: tuple[Rule, ...] = (
    *(has_a_meaning, voltage_is_that_of_a_mains, frequency_has_a_voltage, frequency_is_that_of_a_mains),
    *(power_factor_is_one, temperature_is_that_of_a_conductor, residual_current_can_be_measured),
    *(energy_is_not_negative, voltage_distortion_is_small, ratio_is_one_or_more, setting_is_within_its_limits),
)
