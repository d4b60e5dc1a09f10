"""Whether what registers say can be true: rules of physics and standards, which know nothing of any model.

They find what decoding alone cannot: a value read with a wrong scale, order or address is a number like any other, but
it does not fit the others. What a rule finds is odd, not wrong: a person compares it with the device's display.
"""

from collections.abc import Iterator, Mapping, Sequence

from ..points import Model
from ..registers import Ratio
from ..registers.dump import RegisterDump
from . import alarms, energy, power, single, waves
from .seen import Finding, Oddity, Rule, Seen

RULES: Sequence[Rule] = (*single.RULES, *power.RULES, *energy.RULES, *waves.RULES, *alarms.RULES)

__all__ = ["RULES", "Oddity", "Rule", "Seen", "odd_between", "odd_values"]


def odd_values(model: Model, dump: RegisterDump, ratios: Mapping[Ratio, float] | None = None) -> list[Oddity]:
    """Return what looks odd in a dump.

    Transformer ratios that nobody told are taken as 1: what holds for primary values holds for secondary ones.
    """
    seen = Seen(model, dump, ratios)
    return [oddity for rule in RULES for oddity in _named(rule.__name__, rule(seen))]


def odd_between(
    model: Model, earlier: RegisterDump, later: RegisterDump, ratios: Mapping[Ratio, float] | None = None
) -> list[Oddity]:
    """Return what looks odd when two dumps of one device are held against each other."""
    found = energy.counters_run_forwards(Seen(model, earlier, ratios), Seen(model, later, ratios))
    return list(_named(energy.counters_run_forwards.__name__, found))


def _named(rule: str, findings: Iterator[Finding]) -> Iterator[Oddity]:
    for key, value, expected in findings:
        yield Oddity(rule=rule, key=key, value=value, expected=expected)
