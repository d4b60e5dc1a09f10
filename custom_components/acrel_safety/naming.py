"""Under which translation an entity is found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from homeassistant.const import Platform

from .aioacrel.texts import library_language
from .aioacrel.vocabulary import Kind, Quantity, vocabulary

EXTRA = "extra"
"""The translation of what has no text of its own: the name comes along as a placeholder."""

NO_STATE = frozenset({Kind.COMMAND})
"""What is done, not read: no entity shows it."""


@dataclass(frozen=True, slots=True)
class Naming:
    """A translation key with the values of its placeholders."""

    key: str
    placeholders: Mapping[str, str] = field(default_factory=dict)


def natural_platforms(quantity: Quantity) -> frozenset[Platform]:
    """Return the platforms on which a quantity of the vocabulary has a text of its own."""
    if quantity.kind in NO_STATE:
        return frozenset()
    if quantity.kind is not Kind.SETTING:
        return frozenset({Platform.BINARY_SENSOR if quantity.binary else Platform.SENSOR})
    if quantity.binary:
        return frozenset({Platform.BINARY_SENSOR, Platform.SWITCH})
    return frozenset({Platform.SENSOR, Platform.NUMBER, Platform.SELECT})


def naming(quantity: Quantity, platform: Platform, language: str) -> Naming:
    """Return the translation of a quantity on a platform.

    What the vocabulary does not know, knows otherwise, or what the model file gives a name of its
    own, is shown under that name.
    """
    known = vocabulary().find(quantity.code)
    if (
        known is None
        or known.names != quantity.names
        or known.key != quantity.key
        or platform not in natural_platforms(quantity)
    ):
        return Naming(EXTRA, _placeholders(("name", quantity.name(library_language(language)))))
    return Naming(quantity.key, _placeholders(*((key, value.upper()) for key, value in quantity.placeholders.items())))


@lru_cache(maxsize=1024)
def _placeholders(*items: tuple[str, str]) -> Mapping[str, str]:
    """Return the same object for the same values: most entities share theirs with others."""
    return MappingProxyType(dict(items))
