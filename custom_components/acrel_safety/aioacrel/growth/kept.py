"""What is stored of a watched quantity: plain JSON, checked when it comes back, because a person may have edited it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from itertools import islice

from .correction import Correction
from .days import day_of
from .finding import Figures, Finding, FindingKind, Rule

_MOST_ROWS = 1000
_MOST = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is stored of one quantity."""

    values: Mapping[date, float]
    learnt: int
    lasting: int
    quiet: Mapping[FindingKind, int]
    correction: Correction
    finding: Finding | None


def kept_growth(kept: Kept) -> dict[str, object]:
    """Return it as plain JSON."""
    return {
        "days": [[day.isoformat(), value] for day, value in kept.values.items()],
        "learnt": kept.learnt,
        "lasting": kept.lasting,
        "quiet": {kind.value: left for kind, left in kept.quiet.items()},
        "correction": kept.correction.value,
        "finding": None if kept.finding is None else _kept_finding(kept.finding),
    }


def sound_growth(stored: Mapping[str, object]) -> Kept:
    """Return the part that is as `kept_growth` writes it."""
    correction = _word(Correction, stored.get("correction"))
    rows = stored.get("days")
    if correction is None or not isinstance(rows, list):
        return Kept(values={}, learnt=0, lasting=0, quiet={}, correction=Correction.NONE, finding=None)
    values: dict[date, float] = {}
    for row in islice(reversed(rows), _MOST_ROWS):
        match row:
            case [text, number] if (day := day_of(text)) is not None and (value := _number(number)) is not None:
                values.setdefault(day, max(value, 0.0))
            case _:
                pass
    quiet = stored.get("quiet")
    return Kept(
        values=dict(reversed(values.items())),
        learnt=_count(stored.get("learnt")),
        lasting=_count(stored.get("lasting")),
        quiet={
            kind: left
            for kind in FindingKind
            if (left := _count(quiet.get(kind.value) if isinstance(quiet, Mapping) else None))
        },
        correction=correction,
        finding=_sound_finding(stored.get("finding"), correction),
    )


def _kept_finding(finding: Finding) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, date) else value.value if isinstance(value, StrEnum) else value
        for name, value in asdict(finding).items()
    }


def _sound_finding(stored: object, correction: Correction) -> Finding | None:
    """Return a stored finding, or nothing where anything of it is amiss: what still grows is found again."""
    if not isinstance(stored, Mapping) or not isinstance(figures := stored.get("figures"), Mapping):
        return None
    kind, rule = _word(FindingKind, stored.get("kind")), _word(Rule, stored.get("rule"))
    since, found = day_of(stored.get("since")), day_of(stored.get("found"))
    numbers = {name: _number(stored.get(name)) for name in ("value", "before", "limit", "per_day")}
    shown = {name: _number(figures.get(name)) for name in ("rise", "of_limit", "score", "at_once", "step")}
    known = {name: number for name, number in (numbers | shown).items() if number is not None}
    if kind is None or rule is None or since is None or found is None or len(known) < len(numbers) + len(shown):
        return None
    return Finding(
        kind=kind,
        rule=rule,
        value=known["value"],
        before=known["before"],
        limit=known["limit"],
        per_day=known["per_day"],
        days_to_limit=_number(stored.get("days_to_limit")),
        since=since,
        found=found,
        window=_count(stored.get("window")),
        correction=correction,
        figures=Figures(
            rise=known["rise"],
            of_limit=known["of_limit"],
            ratio=_number(figures.get("ratio")),
            score=known["score"],
            at_once=known["at_once"],
            step=known["step"],
            days=_count(figures.get("days")),
        ),
    )


def _number(stored: object) -> float | None:
    if isinstance(stored, bool) or not isinstance(stored, int | float):
        return None
    return float(stored) if math.isfinite(stored) and abs(stored) <= _MOST else None


def _count(stored: object) -> int:
    number = _number(stored)
    return 0 if number is None or not 0 <= number <= _MOST_ROWS else int(number)


def _word[Word: StrEnum](kind: type[Word], stored: object) -> Word | None:
    return kind(stored) if isinstance(stored, str) and stored in {word.value for word in kind} else None
