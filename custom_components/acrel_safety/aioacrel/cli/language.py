"""The language in which the command line speaks, and its own words: English in the code, Chinese in the catalogue.

Whole sentences of ours stand in `texts` in both languages, as those of the library do. What is written where it is used
(help, headings, a word in a table, what is counted) is looked up in `texts/cli.zh.toml` by its English.
"""

import argparse
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import files

from .. import texts
from ..texts import LANGUAGES, Said, Sayable, library_language, phrase, said

LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Where a system says in which language its user reads messages; the first that is set holds."""


def language_of(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Return one of `LANGUAGES`: that of `--language`, wherever it was typed, else that of the environment."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--language")
    with suppress(argparse.ArgumentError):  # what is wrong with it is said by the parser of the command
        if (typed := parser.parse_known_args(argv)[0].language) in LANGUAGES:
            return str(typed)
    known = os.environ if environment is None else environment
    return library_language(next((known[name] for name in LOCALE if known.get(name)), ""))


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return the Chinese of what stands in English in the code, by section; the first call reads the file."""
    return tomllib.loads(files(texts).joinpath("cli.zh.toml").read_text("utf-8"))


def in_language(section: str, english: str, language: str) -> str:
    """Return a text of the catalogue in a language; one that it does not have is better in English than not at all."""
    return catalogue()[section].get(english, english) if library_language(language) == "zh" else english


@dataclass(frozen=True, slots=True)
class Word(Sayable):
    """The heading of a column, or a word that stands for a value."""

    english: str

    def text(self, language: str = "en") -> str:
        """Return it in a language."""
        return in_language("words", self.english, language)


@dataclass(frozen=True, slots=True)
class Counted(Sayable):
    """How many there are of something: `1 row`, `2 rows`."""

    count: int
    what: str

    def text(self, language: str = "en") -> str:
        """Return it in a language."""
        if library_language(language) == "zh":
            return f"{self.count} {in_language('counted', self.what, language)}"
        return f"{self.count} {self.what}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Listed(Sayable):
    """Several things, one after the other."""

    parts: tuple[Said, ...]

    def text(self, language: str = "en") -> str:
        """Return them in a language."""
        joint = "，" if library_language(language) == "zh" else ", "
        return joint.join(said(part, language) for part in self.parts)


def both(parts: Iterable[Said]) -> Said:
    """Return some things, of which there is at least one, with `and` between them."""
    return reduce(lambda one, two: phrase("both", one=one, two=two), parts)
