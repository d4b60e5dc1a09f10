"""TOML spellings of texts, numbers, lists and inline tables: Python reads TOML, but does not write it."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from ..texts import Phrase, phrase

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_WIDTH = 100
_MOST_DECIMALS = 20


class NoWordsError(ValueError):
    """Something cannot be written in a model file; `reason` says what."""

    def __init__(self, reason: Phrase) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


def text(value: str) -> str:
    """Return a basic string."""
    return '"' + "".join(_ESCAPES.get(char) or (char if char.isprintable() else _escaped(char)) for char in value) + '"'


def _escaped(char: str) -> str:
    number = ord(char)
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"  # noqa: PLR2004 - TOML's short form has four digits


def key(name: str) -> str:
    """Return a key, quoted where it must be."""
    return name if _BARE.fullmatch(name) else text(name)


def number(value: float | Fraction) -> str:
    """Return a number in full, without exponent.

    Raises NoWordsError when its decimals never end.
    """
    exact = value if isinstance(value, Fraction) else Fraction(Decimal(str(value)))
    for digits in range(_MOST_DECIMALS + 1):
        if (exact * 10**digits).denominator == 1:
            return f"{Decimal(exact.numerator * 10**digits // exact.denominator).scaleb(-digits):f}"
    raise NoWordsError(phrase("endless_decimals", value=value))


def register(address: int) -> str:
    """Return an address the way manuals print it."""
    return f"0x{address:04X}"


def inline(pairs: Iterable[str]) -> str:
    """Return an inline table of `key = value` pairs."""
    inner = ", ".join(pairs)
    return f"{{ {inner} }}" if inner else "{}"


def texts(values: Mapping[str, str]) -> str:
    """Return texts by language."""
    return inline(f"{key(language)} = {text(value)}" for language, value in values.items())


def array(items: Iterable[str]) -> str:
    """Return a list, on several lines if it is long."""
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) + 2 > _WIDTH:
            lines.append(line)
            line = ""
        line += f"{', ' if line else ''}{item}"
    if not lines:
        return f"[{line}]"
    return "[\n" + "".join(f"  {part},\n" for part in (*lines, line)) + "]"
