"""The small parts that messages of all dialects have: numbers that may be texts, times, descriptions."""

import math
import re
from collections.abc import Mapping
from typing import Any

from .messages import MOST_CODES, NO_NUMBER, Raw, Scalar
from .payload import Document

LONGEST_TEXT = 64
LONGEST_CODE = 40
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,2})?")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
PRIVATE = frozenset(
    {"imei", "imsi", "ccid", "iccid", "mac", "phone", "tel", "password", "pwd", "user", "username", "sim", "productkey"}
    | {"secret", "devicesecret", "productsecret", "lon", "lat", "lng", "longitude", "latitude", "location", "ip"}
)
"""Numbers of people and secrets, by code in small letters: dropped before anybody sees them."""


def number(raw: object) -> float | None:
    """Return a number, also of a text that is one; None for anything else."""
    if isinstance(raw, str):
        text = raw.strip()
        if len(text) > LONGEST_TEXT or not _NUMBER.fullmatch(text):
            return None
        raw = float(text)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        return raw if math.isfinite(raw) else None
    except OverflowError:
        return None


def text(raw: object) -> str:
    """Return a short text, empty for anything else."""
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**LONGEST_TEXT:
        raw = str(raw)
    if not isinstance(raw, str):
        return ""
    stripped = raw.strip()
    return stripped if len(stripped) <= LONGEST_TEXT and stripped.isprintable() else ""


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


def values(found: Mapping[str, Any]) -> dict[str, Raw]:
    """Return what may be values, by code: numbers and texts, nothing private, no more than a meter can have."""
    taken: dict[str, Raw] = {}
    for code, raw in found.items():
        if len(taken) >= MOST_CODES:
            break
        if len(code) > LONGEST_CODE or not _CODE.fullmatch(code) or code.casefold() in PRIVATE:
            continue
        if isinstance(raw, bool):
            taken[code] = float(raw)
        elif isinstance(raw, str):
            taken[code] = raw.strip()[:LONGEST_TEXT]
        elif (value := number(raw)) is not None:
            taken[code] = value
    return taken


def period(raw: object, unit: float = 1.0) -> float | None:
    """Return the seconds between two reports, if that can be."""
    found = number(raw)
    return found * unit if found is not None and 1 <= found * unit <= 7 * 86400 else None
