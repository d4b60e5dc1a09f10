"""What is wrong with a user's file: where, what was found, what is allowed; in English and Chinese.

A problem is found in a model file or a register table, so it names line and column. Its sentence stands in `texts`,
section `problems`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .texts import Phrase, Said, said, say

_LONGEST_FOUND = 60
_LONGEST_PHRASE = 240
"""Characters: a phrase has words of ours around what it quotes."""


class Severity(StrEnum):
    """Whether the row or file can be used all the same."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding; `key` names its sentence, `found` is what stands in the file.

    What is said in words, not in the syntax of the file, is a phrase: it is rendered in the sentence's language.
    """

    key: str
    line: int | None = None
    column: str = ""
    found: Said = ""
    allowed: Said = ""
    severity: Severity = Severity.ERROR
    details: Mapping[str, Said] = field(default_factory=dict)

    def sentence(self, language: str = "en") -> str:
        """Return what is wrong and what to do, without the place."""
        limit = _LONGEST_PHRASE if isinstance(self.found, Phrase) else _LONGEST_FOUND
        own = {"found": shorten(said(self.found, language), limit), "allowed": self.allowed, "column": self.column}
        return say(f"problems.{self.key}", language, **{**own, **self.details})

    def text(self, language: str = "en") -> str:
        """Return the place and the sentence, the way compilers do: `line: column: sentence`."""
        place = f"{self.line}: " if self.line is not None else " "
        finding = f"{shorten(self.column)}: " if self.column else ""
        finding += self.sentence(language)
        if self.severity is Severity.WARNING:
            finding = say("phrases.warning", language, finding=finding)
        return f"{place}{finding}"


def shorten(found: str, limit: int = _LONGEST_FOUND) -> str:
    """Keep what a hostile file can put into a message short and on one line."""
    line = flat(found)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def flat(text: str) -> str:
    """Return a text on one line, without what moves a cursor or turns writing around."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
