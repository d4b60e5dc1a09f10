"""The small parts that reports of all kinds have: numbers that may be texts, serial numbers, values by code."""

import math
import re
from collections.abc import Mapping
from typing import Any

from .record import Raw

LONGEST_TEXT = 64
LONGEST_CODE = 40
LONGEST_SERIAL = 64
MOST_CODES = 512
"""Values of one meter in one message."""
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


def is_serial(text: str) -> bool:
    """Whether a text can be the serial number of a gateway or meter."""
    return 0 < len(text) <= LONGEST_SERIAL and text.isascii() and text.isprintable() and not set(text) & set("/+# ")


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
