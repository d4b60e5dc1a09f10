"""What a rule says of one cause at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from ..readings import PointKey, Value
from ..texts import Said, Sayable, library_language
from ..vocabulary import Quantity
from .levels import Level


class AlarmKey(NamedTuple):
    """Names one alarm of a device: the circuit, the code it is about, and the rule that watches it."""

    circuit: str
    code: str
    rule: str

    def __str__(self) -> str:
        """Spell it as `code@circuit/rule`."""
        return f"{self.code}@{self.circuit}/{self.rule}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the key that is spelled so; what is no key becomes one that nothing has."""
        at, _, rule = text.rpartition("/")
        code, _, circuit = at.rpartition("@")
        return cls(circuit, code, rule)


@dataclass(frozen=True, slots=True)
class QuantityName(Sayable):
    """The name of a quantity."""

    quantity: Quantity

    def text(self, language: str = "en") -> str:
        """Return it in a language."""
        return self.quantity.name(library_language(language))

    def __str__(self) -> str:
        """Return it in English."""
        return self.text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What an alarm is about; the same for as long as it is watched."""

    key: AlarmKey
    level: Level
    name: Sayable
    """What is wrong, without where."""
    unit: str | None = None
    """Of value and limit."""
    is_derived: bool = False
    """Whether we compare, because the device has no bit for it."""
    measured: PointKey | None = None
    """The one point of which its value is, where there is one."""
    graver: AlarmKey | None = None
    """The alarm that says it already while it stands."""


_NOTHING: Mapping[str, Value] = {}


class Verdict(NamedTuple):
    """Whether it is so (None: that cannot be said now), and the figures that led to it.

    With a value, None means that it has been beyond its limit for less than its delay, since it was read first.
    """

    is_on: bool | None
    value: Value | None = None
    limit: float | None = None
    detail: Said = ""
    """More: codes or positions, which are of no language, or a sentence."""
    figures: Mapping[str, Value] = _NOTHING
    """What else led to it, by names that stay."""
    is_complete: bool = True
    """Whether value and limit are what can be known of it; otherwise a reading that is awaited brings them."""
    name: Sayable | None = None
    """What is wrong by the device's own word, where it tells; otherwise as its cause is called."""


UNSAID = Verdict(None)
