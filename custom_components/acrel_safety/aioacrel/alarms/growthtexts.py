"""What led to a finding of slow growth, for people and for programs."""

from collections.abc import Mapping

from ..growth import Correction, Finding
from ..readings import Value
from ..texts import Sayable, phrase

_DIGITS = 3
"""More say nothing of weeks."""


def sentence_of(found: Finding, unit: str | None) -> Sayable:
    """Return from where to where it rose, how fast, and when it will be at its limit if it goes on like this."""
    said = phrase(
        "growth_figures",
        before=_short(found.before),
        now=_short(found.value),
        unit=unit or "",
        since=found.since.isoformat(),
    )
    if found.days_to_limit is not None:
        said = phrase(
            "growth_to_limit",
            rise=said,
            per_day=_short(found.per_day),
            unit=unit or "",
            limit=_short(found.limit),
            days=round(found.days_to_limit),
        )
    match found.correction:
        case Correction.AMBIENT:
            return phrase("growth_ambient", figures=said)
        case Correction.AMBIENT_AND_LOAD:
            return phrase("growth_ambient_and_load", figures=said)
        case Correction.COLDEST:
            return phrase("growth_coldest", figures=said)
        case Correction.COLDEST_AND_LOAD:
            return phrase("growth_coldest_and_load", figures=said)
        case _:
            return said


def figures_of(found: Finding) -> Mapping[str, Value]:
    """Return the figures under names that stay."""
    figures: dict[str, Value] = {
        "before": _rounded(found.before),
        "now": _rounded(found.value),
        "limit": _rounded(found.limit),
        "per_day": _rounded(found.per_day),
        "since": found.since.isoformat(),
        "found": found.found.isoformat(),
        "rule": str(found.rule),
        "window_days": found.window,
        "correction": str(found.correction),
    }
    if found.days_to_limit is not None:
        figures["days_to_limit"] = round(found.days_to_limit)
    return figures


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _short(number: float) -> str:
    return f"{_rounded(number):.15g}"
