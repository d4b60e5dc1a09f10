"""The chain: each entry's hash covers the one before, so that nothing can be changed in between unseen.

What a chain cannot show alone is an end that was cut off, or a chain that was made anew from some entry on. For that
its head, the newest sequence number and hash, is kept in other places too.
"""

import hashlib
import re
import struct
from dataclasses import dataclass

from .errors import BadHeadError

FORMAT = 1
"""The version of the file and of what is hashed."""
_HASH_BYTES = 32
_HEAD = re.compile(r"(\d{1,18}):([0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True, order=True)
class Head:
    """An entry's number and its hash, which stands for all entries up to it."""

    sequence: int
    hash: bytes

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read a head as `str` writes it.

        Raises BadHeadError.
        """
        match = _HEAD.fullmatch(text.strip())
        if match is None:
            raise BadHeadError(found=text[:100])
        return cls(int(match[1]), bytes.fromhex(match[2]))

    def __str__(self) -> str:
        """Return it as it is printed, logged and exported."""
        return f"{self.sequence}:{self.hash.hex()}"


NOTHING = Head(0, bytes(_HASH_BYTES))
"""Before the first entry."""


def linked(before: Head, text: bytes) -> Head:
    """Return the head after an entry: of version, number, the hash before it and its text to the letter."""
    sequence = before.sequence + 1
    return Head(sequence, hashlib.sha256(struct.pack(">BQ", FORMAT, sequence) + before.hash + text).digest())
