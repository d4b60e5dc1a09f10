"""The numbers that name a device and its SIM card, as they stand in frames."""

from ..masking import masked

__all__ = ["ICCID_SIZE", "SERIAL_SIZE", "is_serial", "masked", "serial_bytes", "serial_of"]

SERIAL_SIZE = 20
ICCID_SIZE = 30
_NUL = b"\0"


def serial_of(data: bytes) -> str | None:
    """Return the serial number in its 20 bytes; None if that is no text a device could be named by."""
    plain = data.rstrip(_NUL)
    if len(data) != SERIAL_SIZE or not plain or not all(0x20 < byte < 0x7F for byte in plain):  # noqa: PLR2004 - ASCII
        return None
    return plain.decode("ascii")


def serial_bytes(serial: str) -> bytes:
    """Return the 20 bytes of a serial number, none for none. Raises ValueError for one that does not fit."""
    data = serial.encode("ascii").ljust(SERIAL_SIZE, _NUL) if serial else b""
    if serial and serial_of(data) != serial:
        raise ValueError("not a serial number of a frame")
    return data


def is_serial(text: str) -> bool:
    """Whether a text can be the serial number of a device."""
    try:
        return bool(serial_bytes(text))
    except ValueError:
        return False
