"""Replaces in what was said all that may tell whose it is: what is not known to be harmless is replaced.

The same text becomes the same stand-in wherever it stands, as a number or a text, so that what belongs together still
does. What a stand-in begins with tells what it stands for. Numbers of digits keep their length. Kept are: yes and no,
null, times, whole numbers below 1000, numbers of fields that are listed here as far as they are too short for a serial
number or a phone, and the words that are listed.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_TIME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?|\d{1,2}:\d{2}(?::\d{2})?")
_DIGITS = re.compile(r"[0-9]+")
_SMALL_DIGITS = re.compile(r"-?[0-9]{1,3}")
_MANY_DIGITS = re.compile(r"[0-9]{4}")
_LIMITS = re.compile(r"[+-]?[0-9]{1,7}(?:\.[0-9]{1,4})?(?:[,-][0-9]{1,7}(?:\.[0-9]{1,4})?){0,8}")
_KEY = re.compile(r"(?:[a-z_]|[A-Z]+[a-z0-9_]*[A-Z_]|[A-Z]{1,4}$)[A-Za-z0-9_]{0,39}")
"""Names as programs write them: `fSubid`, `MeterUseInfoList`, `EPI`; a word with a capital in front may be a name."""
_JOINTS = str.maketrans("", "", "-_., ")
_SMALL = 1000
_MEASURED = 10_000_000
"""What is measured is below; serial numbers and phones are above."""
_OUTERMOST = 1
_SHORTEST_SECRET = 3
_DEEPEST = 32
_LONGEST_WORD = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Harmless:
    """What may stand as it is."""

    numbers: frozenset[str]
    outermost: frozenset[str]
    """Fields of numbers of the answer as a whole; further in they may be anything."""
    words_of: frozenset[str]
    words: frozenset[str]
    kinds: Mapping[str, tuple[str, ...]]


@cache
def harmless() -> Harmless:
    """Return what may stand as it is; the first call reads the file."""
    said = tomllib.loads(files(__package__).joinpath("harmless.toml").read_text("utf-8"))
    return Harmless(
        numbers=frozenset(said["numbers"]),
        outermost=frozenset(said["outermost"]),
        words_of=frozenset(said["words_of"]),
        words=frozenset(said["words"]),
        kinds={kind: tuple(parts) for kind, parts in said["kinds"].items()},
    )


class Redaction:
    """What stands for what, for one transcript."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        """Begin with texts that may stand nowhere, whatever is around them."""
        self._stand_ins: dict[str, str] = {}
        self._taken: set[str] = set()
        self._shown: set[str] = set()
        self._counts: dict[str, int] = {}
        self._secrets = [one for one in secrets if len(one) >= _SHORTEST_SECRET]

    def value(self, found: Any, field: str = "", depth: int = 0) -> Any:  # noqa: ANN401 - JSON
        """Return a value of a field with all that is not harmless replaced."""
        if found is None or isinstance(found, bool):
            return found
        if depth > _DEEPEST:
            return "too-deep"
        if isinstance(found, dict):
            return {self._key(name): self.value(one, name, depth + 1) for name, one in found.items()}
        if isinstance(found, list):
            return [self.value(one, field, depth + 1) for one in found]
        is_number = field in harmless().numbers or (depth == _OUTERMOST and field in harmless().outermost)
        if isinstance(found, int | float):
            return self._number(found, field, is_listed=is_number)
        return self._text(str(found), field, depth, is_listed=is_number)

    def text(self, whole: str) -> str:
        """Return a finished text without the secrets, if one should have come through."""
        for secret in self._secrets:
            for spelled in {secret, json.dumps(secret)[1:-1]}:
                whole = whole.replace(spelled, "secret")
        return whole

    def _key(self, name: str) -> str:
        looks_like_a_field = _KEY.fullmatch(name) and not _MANY_DIGITS.search(name)
        return name if looks_like_a_field and self._may_show(name) else self._stand_in(name, "key")

    def _may_show(self, name: str) -> bool:
        """Whether what looks like the server's own word may stay: not if it was replaced before it was ever shown."""
        if name in self._stand_ins and name not in self._shown:
            return False
        self._shown.add(name)
        return True

    def _number(self, found: float, field: str, *, is_listed: bool) -> float:
        kind = _kind(field)
        if is_listed and abs(found) < _MEASURED:
            return found
        if isinstance(found, int):
            is_small = abs(found) < _SMALL and kind not in ("place", "phone")
            return found if is_small else int(self._stand_in(str(abs(found)), "id")) * (1 if found >= 0 else -1)
        # Two decimals are a measurement, more may be a place on a map.
        is_measured = abs(found) < _MEASURED and round(found, 2) == found
        return found if is_measured and kind in ("", "name") else 0.5

    def _text(self, found: str, field: str, depth: int, *, is_listed: bool) -> str:
        stripped, kind = found.strip(), _kind(field)
        if stripped[:1] in ("{", "[") and (inside := _json(stripped)) is not None:
            return json.dumps(self.value(inside, field, depth + 1), ensure_ascii=False)
        if (is_listed and kind != "secret" and _LIMITS.fullmatch(stripped)) or self._may_stand(stripped, field, kind):
            return stripped
        if kind == "secret":
            return "secret"
        if "," in stripped and all(_DIGITS.fullmatch(part) for part in stripped.split(",")):
            return ",".join(self._stand_in(part, "id") for part in stripped.split(","))
        return self._stand_in(stripped, kind or "text")

    def _may_stand(self, text: str, field: str, kind: str) -> bool:
        known = harmless()
        if not text or text in known.words or _TIME.fullmatch(text):
            return True
        if kind == "secret" or len(text) > _LONGEST_WORD:
            return False
        if field in known.words_of:
            return _is_word(text) and self._may_show(text)
        return not kind and bool(_SMALL_DIGITS.fullmatch(text))

    def _stand_in(self, found: str, kind: str) -> str:
        """Return what stands for a text, the same for the same."""
        stand_in = self._stand_ins.get(found)
        while stand_in is None or (found not in self._stand_ins and (stand_in == found or stand_in in self._taken)):
            is_digits = bool(_DIGITS.fullmatch(found))
            bucket = f"{len(found)} digits" if is_digits else kind
            count = self._counts[bucket] = self._counts.get(bucket, 0) + 1
            stand_in = f"9{str(count).zfill(len(found) - 1)}" if is_digits else f"{kind}-{count}"
        self._stand_ins[found] = stand_in
        self._taken.add(stand_in)
        return stand_in


def _kind(field: str) -> str:
    name = field.lower()
    return next((kind for kind, parts in harmless().kinds.items() if any(part in name for part in parts)), "")


def _is_word(text: str) -> bool:
    """Whether a text may be the server's own: letters, signs and few digits."""
    return text.translate(_JOINTS).isalnum() and not _MANY_DIGITS.search(text)


def _json(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        found = json.loads(text)
    except ValueError, RecursionError:
        return None
    return found if isinstance(found, dict | list) else None
