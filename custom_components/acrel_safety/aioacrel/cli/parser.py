"""The parser of what is typed: help, headings and what is wrong with it in the user's language.

argparse speaks English. What it is given (help, descriptions) is looked up before it gets it, what it says itself
(headings, errors) when it has said it; of it only what is public is used.
"""

import argparse
import functools
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..addresses import without_passwords
from ..texts import LANGUAGES, said
from .exits import Exit
from .language import catalogue, in_language
from .lines import beside_options, wrapped
from .mistyped import MistypedError
from .printable import printable
from .typed import WrongValueError


class Parser(argparse.ArgumentParser):
    """Speaks one language, and repeats what was typed in a form that does nothing to the terminal."""

    def __init__(self, *, language: str, description: str | None = None, **settings: Any) -> None:  # noqa: ANN401 - those of argparse
        """Take the language, a description in it, and what else argparse takes."""
        self.language = language
        is_english = language == "en"
        super().__init__(
            description=description if is_english or description is None else wrapped(description),
            # Where a line of Chinese ends argparse does not know: it leaves the lines as they are.
            formatter_class=argparse.RawDescriptionHelpFormatter if is_english else argparse.RawTextHelpFormatter,
            suggest_on_error=True,
            add_help=False,
            **settings,
        )
        self.add_argument("-h", "--help", action="help", help="show this help message and exit")
        self.add_argument(
            "--language",
            choices=LANGUAGES,
            default=language,
            help="language of all that is said (default: that of LC_ALL, LC_MESSAGES or LANG: zh, else en)",
        )

    def add_argument(self, *names: str, **settings: Any) -> argparse.Action:  # noqa: ANN401 - as argparse does
        """Add an argument; its help, and what its type says of a wrong value, are in the language."""
        if (text := settings.get("help")) is not None:
            settings["help"] = helping(text, self.language)
        if (read := settings.get("type")) is not None:
            settings["type"] = _speaking(read, self.language)
        return super().add_argument(*names, **settings)

    def format_help(self) -> str:
        """Return the help."""
        return self._headed(super().format_help())

    def format_usage(self) -> str:
        """Return how it is typed."""
        return self._headed(super().format_usage())

    def error(self, message: str) -> NoReturn:
        """Explain wrong usage and end; a link that stands at the wrong place may hold a password."""
        self.print_usage(sys.stderr)
        explained = printable(without_passwords(_explained(message, self.language)))
        told = in_language("usage", "{program}: error: {message}", self.language)
        sys.stderr.write(f"{told.format(program=self.prog, message=explained)}\n")
        raise MistypedError(Exit.USAGE, explained)

    def _headed(self, text: str) -> str:
        """Return a text of argparse's with its headings in the language."""
        if self.language == "en":
            return text
        for heading, chinese in catalogue()["argparse"].items():
            text = text.replace(heading, chinese, 1)
        return text


def helping(text: str, language: str) -> str:
    """Return what an option or a command does, in a language."""
    return text if language == "en" else beside_options(in_language("help", text, language))


def _speaking[Value](read: Callable[[str], Value], language: str) -> Callable[[str], Value]:
    """Return a reader of values that says in a language what is wrong."""

    def reading(text: str) -> Value:
        try:
            return read(text)
        except WrongValueError as error:
            raise argparse.ArgumentTypeError(said(error.said, language)) from None

    return reading


def _explained(message: str, language: str) -> str:
    """Return what argparse says is wrong in a language."""
    for pattern, chinese in () if language == "en" else _patterns().items():
        if found := pattern.fullmatch(message):
            parts = found.groupdict()
            if "rest" in parts:
                parts["rest"] = _explained(parts["rest"], language)
            return chinese.format_map(parts)
    return message


@functools.cache
def _patterns() -> Mapping[re.Pattern[str], str]:
    """Return the sentences of argparse's, each with the Chinese one."""
    return {
        re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*?)", re.escape(english)), re.DOTALL): chinese
        for english, chinese in catalogue()["usage"].items()
    }
