"""From the text in data_name to a circuit and a code: circuit numbers in names, DOC_, the vocabulary."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from ..vocabulary import EXTRA_PREFIX, Kind, vocabulary

LAST_CIRCUIT = 9999


class NameFinding(StrEnum):
    """What is worth telling about a name."""

    FROM_NAME = "group_from_name"
    AMBIGUOUS = "ambiguous_circuit"
    EMPTY = "empty_name"


class Named(NamedTuple):
    """Circuit and code of a row; the code is empty if the row has no name."""

    group: int
    code: str
    finding: NameFinding | None = None


_NUMERAL = r"(?:[0-9]+|[一二三四五六七八九十]{1,3})"
_LATIN = r"(?:channel|ch)[ _.#-]*"
_SPLITS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_LATIN}(?P<number>[0-9]+)",
        rf"第\s*(?P<number>{_NUMERAL})\s*回路",
        rf"(?P<number>{_NUMERAL})\s*[号#]\s*回路",
        rf"回路\s*(?P<number>{_NUMERAL})",
    )
)
_TO = r"\s*(?:[-~–—～至到、,，/&+和及与]|to\b)\s*"  # noqa: RUF001 - these very characters stand in such names
_RANGES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:channels|channel|ch)[ _.#-]*[0-9]+{_TO}(?:{_LATIN})?[0-9]",
        rf"第?\s*{_NUMERAL}\s*[号#]?\s*(?:回路)?{_TO}第?\s*{_NUMERAL}\s*[号#]?\s*回路",
        rf"(?:第\s*{_NUMERAL}\s*回路|{_NUMERAL}\s*[号#]\s*回路|回路\s*{_NUMERAL}){_TO}(?:回路|第)?\s*{_NUMERAL}",
    )
)
_FRACTION = re.compile(r"[.,][0-9]")
_NO_NUMERAL_BEFORE = re.compile(r"回路\s*[一二三四五六七八九十]+[相次级段端线]")
"""`回路三相电压` is the three-phase voltage of some circuit, not a quantity of circuit three."""
_SEPARATORS = " -_:：.、,，;；#/"
_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九", start=1)}
_PLAIN = str.maketrans("{}", "()")


def clean(text: str) -> str:
    """Return a name on one line; braces would be placeholders in a model file."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(shown.translate(_PLAIN).split())


@lru_cache(maxsize=4096)
def resolve(name: str, group: int) -> Named:
    """Return circuit and code of a row from its name (clean) and its group (a circuit number).

    Resolving what came out once more changes nothing.
    """
    text, is_extra = _without_prefix(name)
    if not text:
        return Named(group, "", NameFinding.EMPTY)
    if not is_extra and vocabulary().find(text):
        return Named(group, text)
    split = _split(text)
    if split is None:
        return Named(group, _code(text, is_extra=is_extra))
    number, rest = split
    if number is None or group not in (1, number):
        # A second opinion on the circuit: neither may be believed.
        return Named(group, EXTRA_PREFIX + text, NameFinding.AMBIGUOUS)
    finding = None if group == number else NameFinding.FROM_NAME
    return Named(number, _code(rest, is_extra=False), finding)


def _without_prefix(name: str) -> tuple[str, bool]:
    """Remove DOC_, also a repeated one."""
    text, is_extra = name.strip(), False
    while text.startswith(EXTRA_PREFIX):
        text, is_extra = text.removeprefix(EXTRA_PREFIX).strip(), True
    return text, is_extra


def _split(text: str) -> tuple[int | None, str] | None:
    """Return circuit and rest of a name that begins with a circuit; no circuit if it is not clear which; else None."""
    if any(regex.match(text) for regex in _RANGES) or _NO_NUMERAL_BEFORE.match(text):
        return None, text
    match = next((found for regex in _SPLITS if (found := regex.match(text))), None)
    if match is None:
        return None
    number = _number(match["number"])
    tail = text[match.end() :]
    rest, _ = _without_prefix(tail.strip(_SEPARATORS))
    if number is None or not rest or _FRACTION.match(tail) or _split(rest) is not None:
        return None, text
    return number, rest


def _number(text: str) -> int | None:
    """Read 1 to 9999, or a Chinese numeral up to 99."""
    if text.isascii():
        stripped = text.lstrip("0")
        is_number = 0 < len(stripped) <= len(str(LAST_CIRCUIT))
        return int(stripped) if is_number else None
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _DIGITS.get(ones)
    if (tens and tens not in _DIGITS) or (ones and ones not in _DIGITS):
        return None
    return _DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0)


def ambiguous_codes(code: str) -> tuple[str, ...]:
    """Return the codes that a name outside the vocabulary may mean, if they are several."""
    if not code.startswith(EXTRA_PREFIX):
        return ()
    named = vocabulary().by_english_name(code.removeprefix(EXTRA_PREFIX))
    return tuple(quantity.code for quantity in named) if len(named) > 1 else ()


def _code(text: str, *, is_extra: bool) -> str:
    """Return the code of the vocabulary that a text means, or DOC_ and the text.

    A name that already says DOC_ is looked up as a term only, Chinese or English: whoever wrote it did not mean the
    code. Nothing but its exact code makes a row a command.
    """
    known = None if is_extra else vocabulary().match(text)
    if known is None and not text.isascii():
        known = vocabulary().by_chinese_term(text)
    if known is None and len(named := vocabulary().by_english_name(text)) == 1:
        is_code = text.casefold() == named[0].code.casefold()
        known = None if is_extra and is_code else named[0]
    if known is None or (known.kind is Kind.COMMAND and known.code != text):
        return EXTRA_PREFIX + text
    return known.code
