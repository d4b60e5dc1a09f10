"""Rows whose value depends on an open question, with the point each answer gives: compare them with the display."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..models.entry import Entry
from ..readings import PointKey


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
