"""All that the library says: one file of texts per language.

Their sections are `errors` and `problems` (whole sentences), `phrases` (what is filled into them), `results` and
`reasons` (of operations), `evidence` and `entries` (the kinds of entries of the record).
"""

import tomllib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

LANGUAGES = ("en", "zh")
"""English, and Simplified Chinese."""

type Said = str | Sayable
"""A text that is the same in every language (a name, a number, the syntax of a file), or one that is not."""


class Sayable(ABC):
    """Something that is filled into a sentence in the language of that sentence."""

    __slots__ = ()

    @abstractmethod
    def text(self, language: str = "en") -> str:
        """Return it in a language."""

    def __str__(self) -> str:
        """Return it in English."""
        return self.text()


@dataclass(frozen=True, slots=True)
class Phrase(Sayable):
    """A text filled into a sentence, in the language of that sentence. Its details may be phrases themselves."""

    key: str
    details: Mapping[str, Said] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """Return the text in a language."""
        return say(f"phrases.{self.key}", language, **self.details)


def phrase(key: str, /, **details: object) -> Phrase:
    """Return a phrase with what is filled into it."""
    return Phrase(key, {name: value if isinstance(value, Sayable) else str(value) for name, value in details.items()})


def say(key: str, language: str, /, **placeholders: object) -> str:
    """Return the text `section.key` in a language, with what is filled into it in the same language."""
    text = texts(library_language(language))[key]
    return text.format_map({name: said(value, language) for name, value in placeholders.items()})


def said(value: object, language: str) -> str:
    """Return a phrase or an error in a language, anything else as it is."""
    return value.text(language) if isinstance(value, Sayable) else str(value)


def library_language(language: str) -> str:
    """Return the one of `LANGUAGES` in which a speaker of any language (`de`, `zh-Hans`) is answered."""
    return "zh" if language.startswith("zh") else "en"


@cache
def texts(language: str) -> Mapping[str, str]:
    """Return all texts of one of `LANGUAGES`, not filled in; the first call reads the file."""
    sections = tomllib.loads(files(__package__).joinpath(f"{language}.toml").read_text("utf-8"))
    return {f"{section}.{key}": text for section, group in sections.items() for key, text in group.items()}


def read_texts() -> None:
    """Read the files now: in an event loop nothing may wait for a disk."""
    for language in LANGUAGES:
        texts(language)
