"""What may go to a terminal: nothing that moves its cursor, colours it or turns its writing around."""

import unicodedata

_JOINERS = ("\N{ZERO WIDTH NON-JOINER}", "\N{ZERO WIDTH JOINER}")
"""Parts of words in some scripts."""


def printable(text: str) -> str:
    """Return a text on one line; what a hostile file or file name could do to the terminal is escaped."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs":
        return character
    return repr(character)[1:-1]
