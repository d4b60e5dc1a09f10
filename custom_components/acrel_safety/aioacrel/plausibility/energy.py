"""Rules for counters of energy: what they add up to, and that they do not run backwards."""

from collections.abc import Iterator

from ..readings import PointKey
from ..texts import phrase
from ..vocabulary import Kind
from .amount import added
from .seen import Finding, Rule, Seen

TOTALS = ("EP", "EPI", "EPE", "EQ", "EQL", "EQC")
TARIFFS = ("J", "F", "P", "G")
"""Sharp, peak, flat, valley, in the vocabulary's letters."""
DEEP_VALLEY = "DOC_Deep valley energy"
PHASES = ("A", "B", "C")
OF_A_PHASE = {
    "EP": "EP{}",
    "EPI": "DOC_Phase {} imported energy",
    "EQL": "DOC_Phase {} forward reactive energy",
    "EQC": "DOC_Phase {} reverse reactive energy",
}
_SHARE = 0.01
_PHASE_SHARE = 0.02


def tariffs_make_the_total(seen: Seen) -> Iterator[Finding]:
    """The tariffs add up to the total: to no more than it where a tariff is not shown, or a deep valley one is.

    Source: each kilowatt-hour is counted in one tariff (DL/T 645-2007).
    """
    for circuit in seen.circuits:
        for code in TOTALS:
            total = seen.amount(circuit, code)
            shown = [seen.amount(circuit, f"{code}{tariff}") for tariff in TARIFFS]
            tariffs = [tariff for tariff in shown if tariff is not None]
            if total is None or not tariffs:
                continue
            whole = added(tariffs)
            deep = [seen.amount(circuit, f"{code}SG"), seen.amount(circuit, DEEP_VALLEY) if code == "EP" else None]
            most = added([whole, *(amount for amount in deep if amount is not None)])
            is_all = len(tariffs) == len(TARIFFS)
            if whole.exceeds(total, _SHARE) or (is_all and total.exceeds(most, _SHARE)):
                yield PointKey(circuit, code), total.value, phrase("expected_of_tariffs", value=whole)


def import_and_export_make_the_total(seen: Seen) -> Iterator[Finding]:
    """The combined energy is import plus export, import less export, or import alone, as the meter is set.

    Source: combined energy (组合有功, 组合无功) of DL/T 645-2007, where what counts into it, and its sign, can be set.
    """
    for circuit in seen.circuits:
        for code, parts in (("EP", ("EPI", "EPE")), ("EQ", ("EQL", "EQC"))):
            total, pair = seen.amount(circuit, code), seen.amounts(circuit, *parts)
            if total is None or pair is None:
                continue
            forward, back = pair
            if not any(total.is_near(sum_, _SHARE) for sum_ in (forward + back, abs(forward - back), forward)):
                expected = phrase("expected_sum", value=forward + back, one=parts[0], two=parts[1])
                yield PointKey(circuit, code), total.value, expected


def phase_energies_make_the_total(seen: Seen) -> Iterator[Finding]:
    """Where nothing is exported, the energies of the phases add up to the total.

    Source: energies that flow in separate wires add; with export they need not, as meters net the phases differently.
    """
    for circuit in seen.circuits:
        exported, total = seen.amount(circuit, "EPE"), seen.amount(circuit, "EP")
        if total is not None and exported is not None and exported.value > _SHARE * total.value:
            continue
        for code, of_phase in OF_A_PHASE.items():
            total = seen.amount(circuit, code)
            phases = seen.amounts(circuit, *(of_phase.format(phase) for phase in PHASES))
            if total is not None and phases is not None and not total.is_near(added(phases), _PHASE_SHARE):
                yield PointKey(circuit, code), total.value, phrase("expected_of_phases", value=added(phases))


def counters_run_forwards(earlier: Seen, later: Seen) -> Iterator[Finding]:
    """A counter of energy holds no less than it did before.

    Source: what a counter is. A replaced or reset meter is another device.
    """
    for key, reading in later.readings.items():
        before, now = earlier.amount(*key), later.amount(*key)
        is_counter = later.model.points[key].quantity.kind is Kind.ENERGY
        if is_counter and before is not None and now is not None and now.value < before.value:
            yield key, reading.value, phrase("expected_as_before", value=before)


RULES: tuple[Rule, ...] = (
    tariffs_make_the_total,
    import_and_export_make_the_total,
    phase_energies_make_the_total,
)
