"""The small parts that messages of all dialects have: numbers of messages, and how often something is reported."""

from ..reporting.fields import LONGEST_TEXT, number
from .messages import NO_NUMBER, Scalar
from .payload import Document


def scalar(raw: object) -> Scalar:
    """Return what can be sent back as it came; None for anything that cannot."""
    if isinstance(raw, str):
        return raw if len(raw) <= LONGEST_TEXT else None
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw if abs(raw) < 10**LONGEST_TEXT else None
    return raw if isinstance(raw, bool | float) else None


def message_number(document: Document) -> object:
    """Return the number of a message as it came, 0 included, or NO_NUMBER."""
    return scalar(document["msgid"]) if "msgid" in document else NO_NUMBER


def period(raw: object, unit: float = 1.0) -> float | None:
    """Return the seconds between two reports, if that can be."""
    found = number(raw)
    return found * unit if found is not None and 1 <= found * unit <= 7 * 86400 else None
