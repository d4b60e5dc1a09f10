"""Entries of the record as sentences. What a person wrote stands in quotes, so that it looks like nothing else."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..alarms.facts import Word
from ..alarms.happening import What
from ..alarms.levels import Level
from ..alarms.sayings import SAID, headed, over_with_figures, with_figures
from ..control.outcome import Reason, Result, became
from ..control.requests import Cut
from ..control.rounds import Phase, Why, saying
from ..journal import Record
from ..readings import DEVICE_CIRCUIT
from ..texts import Phrase, Said, Sayable, phrase, said, say, texts
from ..timers import timer_said
from ..vocabulary import vocabulary

_CAUSES = ("above_limit", "below_limit", "above_rating", "spread_too_large", "grows_slowly", "has_counted")
"""Phrases by which rules name what is wrong with a quantity."""
_PLACE = ("site", "board", "circuit", "circuit_name")
_TESTS = ("self_test", "inspection")
_DONE: Mapping[str, Phrase] = {
    "begun": phrase("log_begun"),
    "tag_hung": phrase("log_tag_hung"),
    "tag_removed": phrase("log_tag_removed"),
}
_ELSEWHERE = frozenset({"by_id", "caller", "sentence", "writes"})
"""What is said by another field already, or is nobody's matter but a program's."""
type _Data = Mapping[str, Any]


def place_of(record: Record) -> str:
    """Return where it was, as its owner calls it."""
    data = record.data
    circuit = data.get("circuit_name") or data.get("circuit")
    parts = (data.get("site"), data.get("board"), None if circuit in (DEVICE_CIRCUIT, "*") else circuit)
    return " / ".join(str(part) for part in parts if part not in (None, ""))


def words_of(record: Record, language: str) -> str:
    """Return what happened, who did it and what was written to it."""
    data = record.data
    nothing: _Data = {}
    is_alarm, timer = _is_alarm(data), data.get("timer")
    if not is_alarm and isinstance(timer, Mapping):
        sentence, rest = _of_timer(data, timer, language)
    else:
        sentence, rest = (said(_alarm(data), language), nothing) if is_alarm else _other(record.kind, data, language)
    parts = [sentence, *_fields(rest)]
    if by := _text(data.get("by")):
        parts.append(phrase("log_by", who=_quoted(by)).text(language))
    if (comment := _text(data.get("comment"))) and data.get("what") != What.MOVED:
        parts.append(phrase("log_comment", text=_quoted(comment)).text(language))
    return " · ".join(filter(None, parts))


# -- alarms -----------------------------------------------------------------------------------------------------------


def _is_alarm(data: _Data) -> bool:
    return data.get("level") in Level and bool(_text(data.get("name")) or _text(data.get("code")))


def _alarm(data: _Data) -> Said:
    what, cause, level = data.get("what"), _Cause(data), Level(data["level"])
    value, limit, unit = data.get("value"), data.get("limit"), _text(data.get("unit"))
    is_over = data.get("over") is True
    figured = (
        over_with_figures(cause, data.get("worst_value"), value, limit, unit)
        if is_over
        else with_figures(cause, value, limit, unit)
    )
    match what:
        case What.MOVED:
            # No alarm: what its rule goes by from now on.
            about = _QuantityName(_text(data.get("code")))
            return phrase("told_with_value", cause=about, value=_quoted(_text(data.get("comment"))))
        case What.MEASURED:
            return phrase(SAID[What.MEASURED], cause=figured)
        case What.RETURNED if data.get("state") != Word.RETURNED:
            return phrase("log_over", cause=figured if is_over else cause)
        case What.RETURNED | What.ENDED if is_over:
            # Of a former version the record says nothing of the kind: then without figures, as it did.
            return phrase(SAID[What(what)], cause=figured)
        case _ if what in SAID:
            return phrase(SAID[What(str(what))], cause=cause)
        case _:
            return headed(level, figured)


class _QuantityName(Sayable):
    """The name of a code of the vocabulary; another code is its own name."""

    __slots__ = ("_code",)

    def __init__(self, code: str) -> None:
        self._code = code

    def text(self, language: str = "en") -> str:
        """Return it in a language."""
        known = vocabulary().find(self._code)
        return self._code if known is None else known.name(language)


class _Cause(Sayable):
    """What is wrong. The record has it in English; other languages have it by the code it is about."""

    __slots__ = ("_code", "_name")

    def __init__(self, data: _Data) -> None:
        self._name, self._code = _text(data.get("name")), _text(data.get("code"))

    def text(self, language: str = "en") -> str:
        """Return it in a language, in English where it is not known in that."""
        known = vocabulary().find(self._code)
        if known is not None:
            english, named = known.name(), known.name(language)
            if self._name in ("", english):
                return named
            for key in _CAUSES:
                if phrase(key, quantity=english).text() == self._name:
                    return phrase(key, quantity=named).text(language)
        for key, text in texts("en").items():
            if text == self._name and key.startswith("phrases.alarm_"):
                return say(key, language)
        return self._name or self._code


# -- all else ---------------------------------------------------------------------------------------------------------


def _other(kind: str, data: _Data, language: str) -> tuple[str, _Data]:
    """Return a sentence, and the fields that it does not say."""
    told = {*_PLACE, *_ELSEWHERE, "by", "comment"}
    what, family = _text(data.get("what")), _text(data.get("family"))
    sentence: Said = ""
    if kind == "limit" and f"phrases.family_{family}" in texts("en") and data.get("level", Level.ALARM) in Level:
        told |= {"family", "level", "limit"}
        limit = data.get("limit")
        value = "–" if limit is None else f"{limit:g}" if isinstance(limit, int | float) else _quoted(str(limit))
        cause = phrase("told_with_value", cause=phrase(f"family_{family}"), value=value)
        sentence = headed(Level(data.get("level", Level.ALARM)), cause)
    elif what in _TESTS and isinstance(data.get("passed"), bool):
        told |= {"what", "passed"}
        sentence = phrase(f"{what}_passed" if data["passed"] else f"{what}_failed")
    elif what in _TESTS and "months" in data:
        told |= {"what", "months"}
        sentence = phrase(f"{what}_every", months=data["months"])
    elif what == "device_removed" and isinstance(data.get("alarms"), list):
        told |= {"what", "alarms", "identity"}
        alarms = [_alarm(one) for one in data["alarms"] if isinstance(one, Mapping) and _is_alarm(one)]
        sentence = phrase("removed_with_alarms", alarms="; ".join(said(alarm, language) for alarm in alarms))
    elif hazard := _text(data.get("hazard")):
        told |= {"hazard", "alarm_id", "occurrence"}
        sentence = _quoted(hazard)
    elif what in _DONE:
        told |= {"what"}
        sentence = _DONE[what]
    elif what == "reclosing" and data.get("phase") in Phase:
        told |= {"what", "phase", "tries", "why", "result", "reason"}
        why = Why(data["why"]) if data.get("why") in Why else None
        tries = data.get("tries")
        sentence = _with_outcome(
            saying(Phase(data["phase"]), why, tries if isinstance(tries, int) else 0), data, language
        )
    elif what == "cut_off" and data.get("step") in Cut:
        told |= {"what", "step", "code", "name", "request_id", "occurrence", "result", "reason"}
        sentence = _with_outcome(phrase(f"cut_off_{data['step']}", cause=_Cause(data)), data, language)
    elif data.get("result") in Result:
        told |= {"result", "reason", "what"}
        sentence = _outcome(data, language)
    return said(sentence, language), {name: value for name, value in data.items() if name not in told}


def _of_timer(data: _Data, timer: _Data, language: str) -> tuple[str, _Data]:
    """Return the same of a timer that a device keeps itself."""
    told = {*_PLACE, *_ELSEWHERE, "by", "comment", "what", "code", "effect", "timer", "result", "reason", "position"}
    # A person may have edited it: what stands there looks like nothing else.
    kept = {
        name: _quoted(value) if name in ("opens", "closes", "zone") else value
        for name, value in timer.items()
        if isinstance(value, str)
    }
    done = timer_said(kept)
    begun = phrase("log_operation_begun", operation=done).text(language)
    sentence = _with_outcome(done, data, language) if data.get("result") in Result else begun
    return sentence, {name: value for name, value in data.items() if name not in told}


def _with_outcome(sentence: Said, data: _Data, language: str) -> str:
    found = said(sentence, language)
    return f"{found}; {_outcome(data, language)}" if data.get("result") in Result else found


def _outcome(data: _Data, language: str) -> str:
    reason = Reason(data["reason"]) if data.get("reason") in Reason else None
    return became(Result(data["result"]), reason, language)


def _fields(data: _Data) -> Iterator[str]:
    """Yield what no sentence says, as it is put down."""
    for name, value in data.items():
        if value not in (None, "", [], {}):
            yield (
                f"{name} {_quoted(value)}"
                if isinstance(value, str)
                else f"{name} {json.dumps(value, ensure_ascii=False)}"
            )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _quoted(text: str) -> str:
    """Return a text in quotes; quotes within it do not end it."""
    return json.dumps(text, ensure_ascii=False)
