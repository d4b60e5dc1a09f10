"""What a search found, in the user's words: which model fits a unit, how sure that is, and why."""

from collections.abc import Iterable, Sequence

from ..aioacrel.modbus.fitting import Candidate, Verdict
from ..aioacrel.modbus.found import Found, Search
from ..aioacrel.texts import Said, said
from ..markdown import plain
from .selector_texts import FlowTexts

MOST_CANDIDATES = 6
_LONG = 1.0
"""Seconds; a gateway that tries for longer is worth a word."""


def why(unit: Found, texts: FlowTexts) -> str:
    """Return what speaks for and against each model a unit may be, as a list."""
    worth_telling = [candidate for candidate in unit.candidates if candidate.verdict is not Verdict.NO]
    lines = [_candidate(candidate, texts) for candidate in worth_telling[:MOST_CANDIDATES]]
    if unit.remark:
        lines.append(f"- {plain(said(unit.remark, texts.language))}")
    return "\n".join(lines) or f"- {texts('finding', 'nothing')}"


def _candidate(candidate: Candidate, texts: FlowTexts) -> str:
    parts = [
        texts("finding", kind, what=_list(what, texts))
        for kind, what in (
            ("for", candidate.speaks_for),
            ("against", candidate.speaks_against),
            ("unclear", candidate.unclear),
        )
        if what
    ]
    verdict = texts("finding", "fits" if candidate.verdict is Verdict.FITS else "perhaps")
    return f"- **{plain(candidate.model.name)}**: {verdict} ({'; '.join(parts)})"


def _list(what: Iterable[Said], texts: FlowTexts) -> str:
    return ", ".join(plain(said(one, texts.language)) for one in what)


def notes(search: Search, taken: Sequence[str], texts: FlowTexts) -> str:
    """Return what else is worth knowing of a search, as a list."""
    lines = []
    if taken:
        lines.append(texts("finding", "taken", names=", ".join(plain(name) for name in taken)))
    lines += [
        texts("finding", "odd", unit=unit.unit_id, what=plain(said(unit.remark, texts.language)))
        for unit in search.found
        if not unit.is_sound
    ]
    if search.gateway_says and not search.answering:
        lines.append(texts("finding", "gateway_says", what=plain(said(search.gateway_says, texts.language))))
    elif search.heard and not search.answering:
        lines.append(texts("finding", "heard", what=plain(said(search.heard, texts.language))))
    if search.tries_for >= _LONG:
        lines.append(texts("finding", "tries_for", seconds=f"{search.tries_for:.1f}"))
    if search.trouble is not None:
        lines.append(texts("finding", "trouble", what=plain(search.trouble.text(texts.language))))
    return "\n".join(f"- {line}" for line in lines)
