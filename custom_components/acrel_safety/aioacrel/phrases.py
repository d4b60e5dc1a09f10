"""Short texts filled into a sentence, in the language of that sentence: reasons, and what a file holds or may hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .wordings import PHRASES

type Said = str | Phrase
"""A text that is the same in every language (a name, a number, the syntax of a file), or a phrase."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One text; `key` names its wording in `PHRASES`. Its details may be phrases themselves."""

    key: str
    details: Mapping[str, Said] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """Return the wording in a language."""
        return filled(PHRASES[self.key], self.details, language)

    def __str__(self) -> str:
        """Return the English wording."""
        return self.text()


def phrase(key: str, /, **details: object) -> Phrase:
    """Return a phrase with what is filled into its wording."""
    return Phrase(key, {name: value if isinstance(value, Phrase) else str(value) for name, value in details.items()})


def said(value: object, language: str) -> str:
    """Return a phrase in a language, anything else as it is."""
    return value.text(language) if isinstance(value, Phrase) else str(value)


def filled(wordings: Mapping[str, str], details: Mapping[str, object], language: str) -> str:
    """Return the wording in a language (English where there is none), with its details in the same language."""
    wording = wordings.get(language) or wordings["en"]
    return wording.format_map({name: said(value, language) for name, value in details.items()})
