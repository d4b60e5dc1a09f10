"""Numbers of devices, SIM cards and people, as they may be shown."""

_SHOWN = 4
_HIDDEN = "…"


def masked(number: str) -> str:
    """Return the number of a device or SIM card as it may be shown: its end tells those of one owner apart."""
    number = number.strip()
    return _HIDDEN + number[-_SHOWN:] if len(number) > 2 * _SHOWN else _HIDDEN if number else ""
