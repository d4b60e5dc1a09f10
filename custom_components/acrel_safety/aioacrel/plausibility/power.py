"""Rules for voltages, currents and powers of one circuit, each held against the others.

Values of one dump may be a second apart, and meters compute each on its own: so shares of 5 to 10 % are allowed.
"""

from collections.abc import Iterator

from ..readings import PointKey
from ..registers import Ratio
from ..texts import phrase
from .amount import Amount, added, hypotenuse
from .seen import Finding, Rule, Seen

PHASES = ("a", "b", "c")
SECONDARY = "DOC_Secondary "
"""How points of secondary values are called, with the code of the primary one behind."""
_SMALL_SHARE = 0.05
_SHARE = 0.1
_DISTORTED = 0.25
_KILO = 1000


def line_voltage_fits_phases(seen: Seen) -> Iterator[Finding]:
    """A line voltage is √3 times the phase voltages; with unequal ones √(Ua² + Ub² + Ua·Ub).

    Source: the triangle of two phases 120° apart (IEC 60050-141).
    """
    for circuit in seen.circuits:
        for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
            code = f"U{one}{other}"
            phases, line = seen.amounts(circuit, f"U{one}", f"U{other}"), seen.amount(circuit, code)
            if phases is None or line is None:
                continue
            low, high = phases
            if low.value == high.value == 0:  # no neutral is connected: only line voltages are measured
                continue
            expected = Amount((low.value**2 + high.value**2 + low.value * high.value) ** 0.5, low.slack + high.slack)
            if not line.is_near(expected, _SHARE):
                yield PointKey(circuit, code), line.value, phrase("expected_by_voltages", value=expected)


def power_needs_voltage_and_current(seen: Seen) -> Iterator[Finding]:
    """|P| and |Q| of a phase, or of all, are at most the sum of U·I.

    Source: Cauchy and Schwarz; the definition of apparent power (IEEE 1459).
    """
    for circuit, suffix, product in _products(seen):
        for code in (f"P{suffix}", f"Q{suffix}"):
            power = seen.amount(circuit, code)
            if power is not None and abs(power).exceeds(product, _SMALL_SHARE):
                yield PointKey(circuit, code), power.value, phrase("expected_at_most_ui", value=product)


def apparent_power_is_voltage_times_current(seen: Seen) -> Iterator[Finding]:
    """S of a phase is U·I; the sum over the phases is the most that the total can be.

    Source: the definition of apparent power (IEEE 1459); totals may be added as vectors.
    """
    for circuit, suffix, product in _products(seen):
        power = seen.amount(circuit, f"S{suffix}")
        is_sum = not suffix and seen.amounts(circuit, *(f"U{phase}" for phase in PHASES)) is not None
        if power is not None and (power.exceeds(product, _SHARE) or not (is_sum or power.is_near(product, _SHARE))):
            yield PointKey(circuit, f"S{suffix}"), power.value, phrase("expected_ui", value=product)


def power_is_apparent_times_factor(seen: Seen) -> Iterator[Finding]:
    """|P| is |PF| times S, where S is missing times the sum of U·I.

    Source: the definition of the power factor (IEC 60050-131).
    """
    products = {(circuit, suffix): product for circuit, suffix, product in _products(seen)}
    for circuit in seen.circuits:
        for suffix in ("", *PHASES):
            apparent = seen.amount(circuit, f"S{suffix}") or products.get((circuit, suffix))
            pair = seen.amounts(circuit, f"P{suffix}", f"PF{suffix}")
            if apparent is None or pair is None:
                continue
            power, factor = pair
            expected = abs(factor) * apparent
            if not abs(power).is_near(expected, _SHARE):
                yield PointKey(circuit, f"P{suffix}"), power.value, phrase("expected_by_factor", value=expected)


def powers_make_a_triangle(seen: Seen) -> Iterator[Finding]:
    """S² is P² + Q², or more where harmonics or unequal phases add to it: up to the sum of U·I over the phases.

    Source: the power triangle (IEC 60050-131); distortion power and arithmetic apparent power (IEEE 1459).
    """
    for circuit in seen.circuits:
        is_three_phase = seen.amounts(circuit, *(f"U{phase}" for phase in PHASES)) is not None
        for suffix in ("", *PHASES):
            powers = seen.amounts(circuit, *(f"{quantity}{suffix}" for quantity in "PQS"))
            if powers is None:
                continue
            active, reactive, apparent = powers
            least = hypotenuse(active, reactive)
            # How far unequal phases raise the total is held against U times I, by another rule.
            is_too_much = apparent.exceeds(least, _DISTORTED) and not (is_three_phase and not suffix)
            if least.exceeds(apparent, _SMALL_SHARE) or is_too_much:
                yield PointKey(circuit, f"S{suffix}"), apparent.value, phrase("expected_by_triangle", value=least)


def phases_make_the_total(seen: Seen) -> Iterator[Finding]:
    """P and Q of the phases add up to the totals.

    Source: powers that flow in separate wires add (Tellegen).
    """
    for circuit in seen.circuits:
        for quantity in "PQ":
            total = seen.amount(circuit, quantity)
            phases = seen.amounts(circuit, *(f"{quantity}{phase}" for phase in PHASES))
            if total is None or phases is None:
                continue
            whole = added(phases)
            reach = Amount(0, _SMALL_SHARE * added([abs(phase) for phase in phases]).value)
            if not total.is_near(whole + reach, _SMALL_SHARE):
                yield PointKey(circuit, quantity), total.value, phrase("expected_about_phases", value=whole)


def secondary_fits_primary(seen: Seen) -> Iterator[Finding]:
    """A secondary value times its transformer ratios is the primary one.

    Source: what a ratio is; U with PT, I with CT, P and energies with both (ADL3000-E manual p. 14).
    """
    ratios = {"voltage": (Ratio.PT,), "current": (Ratio.CT,), "power": tuple(Ratio), "energy": tuple(Ratio)}
    for circuit, code in seen.readings:
        secondary, primary = seen.amount(circuit, code), seen.amount(circuit, code.removeprefix(SECONDARY))
        if not code.startswith(SECONDARY) or secondary is None or primary is None:
            continue
        family = seen.model.points[PointKey(circuit, code.removeprefix(SECONDARY))].quantity.family
        expected = secondary.times(seen.ratio(circuit, *ratios.get(family, ())))
        if not primary.is_near(expected, _SMALL_SHARE):
            yield PointKey(circuit, code), secondary.value, phrase("expected_secondary", value=primary)


def _products(seen: Seen) -> Iterator[tuple[str, str, Amount]]:
    """Yield circuit, suffix of its codes, and U·I in kVA; for the total of three phases their sum."""
    for circuit in seen.circuits:
        products = []
        for phase in PHASES:
            if (pair := seen.amounts(circuit, f"U{phase}", f"I{phase}")) is not None:
                products.append((pair[0] * pair[1]).times(1 / _KILO))
                yield circuit, phase, products[-1]
        if len(products) == len(PHASES):
            if any(product.value for product in products):
                yield circuit, "", added(products)
        elif (pair := seen.amounts(circuit, "U", "I")) is not None:
            yield circuit, "", (pair[0] * pair[1]).times(1 / _KILO)


RULES: tuple[Rule, ...] = (
    *(line_voltage_fits_phases, power_needs_voltage_and_current, apparent_power_is_voltage_times_current),
    *(power_is_apparent_times_factor, powers_make_a_triangle, phases_make_the_total, secondary_fits_primary),
)
