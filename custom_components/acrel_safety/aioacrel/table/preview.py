"""Rows whose value depends on an open question, with the point each answer gives: compare them with the display."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..models.entry import Entry
from ..readings import PointKey, Value


class ChoiceKind(StrEnum):
    """What is in question."""

    ORDER = "order"
    """The byte order: the row says one that no Acrel manual seen uses."""
    FACTOR = "factor"
    """Column k: a number of decimals or a multiplier."""
    ADDRESS = "address"
    """The register: the file may write addresses in another way than usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One question about one point.

    `alternatives` are labelled as in the file (`endian 0`, `factor 10`), or by register (`register 97 = 0061h`).
    """

    kind: ChoiceKind
    key: PointKey
    line: int
    chosen: str
    is_decided: bool
    """Whether the user has answered; until then alarms and limits on this point should wait."""
    alternatives: Mapping[str, Entry]

    def values(self, words: Sequence[int]) -> dict[str, Value | None]:
        """Return by label what each alternative makes of the point's registers; each address has its own ones."""
        return {label: entry.value(words) for label, entry in self.alternatives.items()}
