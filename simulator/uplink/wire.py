"""The 4G frames as a device sends and reads them, written from the vendor's page and from captured frames."""

import struct

from simulator.faults.frames import checksum

LOGIN, SET_VALUES, PASS, DATA, TIME, BEAT = 0x84, 0x89, 0x90, 0x91, 0x93, 0x94
_SHORTEST = 7


def framed(command: int, body: bytes = b"") -> bytes:
    """Return a frame."""
    content = bytes([command]) + body
    return b"\x7b\x7b" + content + checksum(content) + b"\x7d\x7d"


def login(serial: str, iccid: str, minutes: int, *, rssi: int = 26) -> bytes:
    """Return the frame in which a device says who it is."""
    body = serial.encode().ljust(20, b"\0") + iccid.encode().ljust(30, b"\0")
    return framed(LOGIN, body + bytes([rssi, 1, 0, 1, 0, 1, 0, minutes]))


def section(name: str, unit: int, words: list[int], *, sealed: bool) -> bytes:
    """Return one section of an upload."""
    answer = bytes([unit, 3, 2 * len(words)]) + struct.pack(f">{len(words)}H", *words)
    return b"[[" + name.encode() + b"((" + answer + (checksum(answer) if sealed else b"") + b"))]]"


def taken_apart(buffer: bytearray) -> list[tuple[int, bytes]]:
    """Take the whole frames out of what a server sent; it sends nothing but frames."""
    frames = []
    end = 0
    while (end := buffer.find(b"\x7d\x7d", end)) >= 0:
        content = bytes(buffer[2:end])
        if end + 2 >= _SHORTEST and checksum(content[:-2]) == content[-2:]:
            frames.append((content[0], content[1:-2]))
            del buffer[: end + 2]
            end = 0
        else:
            end += 1
    return frames
