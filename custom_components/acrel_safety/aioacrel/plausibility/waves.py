"""Rules for harmonics and angles."""

from collections import defaultdict
from collections.abc import Iterator

from ..readings import PointKey
from ..texts import phrase
from .amount import Amount, hypotenuse
from .power import PHASES
from .seen import Finding, Rule, Seen
from .single import LOWEST_VOLTAGE

_SHARE = 0.15
_ABOUT = 0.5
_TURN = 360.0
_THIRD = 120.0
_ASKEW = 30.0


def distortion_is_made_of_harmonics(seen: Seen) -> Iterator[Finding]:
    """The total distortion is the root of the sum of squares of the harmonics.

    Source: its definition (IEC 61000-4-7).
    """
    harmonics: dict[PointKey, list[Amount]] = defaultdict(list)
    for circuit, code in seen.readings:
        wave, is_harmonic, _ = code.partition("Hr")
        amount = seen.amount(circuit, code)
        if is_harmonic and amount is not None:
            harmonics[PointKey(circuit, f"{wave}THD")].append(amount)
    for key, parts in harmonics.items():
        total, expected = seen.amount(*key), hypotenuse(*parts)
        if total is not None and not total.is_near(Amount(expected.value, _ABOUT), _SHARE):
            yield key, total.value, phrase("expected_by_harmonics", value=expected)


def phases_are_a_third_of_a_turn_apart(seen: Seen) -> Iterator[Finding]:
    """The voltages of a three-phase system are 120° apart, in either sequence.

    Source: what a three-phase system is (IEC 60050-141).
    """
    for circuit in seen.circuits:
        voltages = seen.amounts(circuit, *(f"U{phase}" for phase in PHASES))
        angles = seen.amounts(circuit, *(f"U{phase}Ang" for phase in PHASES))
        if voltages is None or angles is None or min(voltage.value for voltage in voltages) < LOWEST_VOLTAGE:
            continue
        for index, phase in enumerate(PHASES):
            apart = abs(angles[index].value - angles[index - 1].value) % _TURN
            if abs(min(apart, _TURN - apart) - _THIRD) > _ASKEW:
                yield PointKey(circuit, f"U{phase}Ang"), angles[index].value, phrase("expected_apart")


RULES: tuple[Rule, ...] = (distortion_is_made_of_harmonics, phases_are_a_third_of_a_turn_apart)
