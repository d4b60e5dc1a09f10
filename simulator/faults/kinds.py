"""The faults of the proxy, and which request gets which: by seed, so that a run can be repeated."""

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from .frames import Framing


class Fault(StrEnum):
    """What is done to one request and its answer."""

    NONE = "none"
    LATE = "late"
    DROP = "drop"
    LOST_REQUEST = "lost-request"
    DUPLICATE = "duplicate"
    SPLIT = "split"
    DRIP = "drip"
    MERGE = "merge"
    REORDER = "reorder"
    CUT = "cut"
    GARBAGE_BEFORE = "garbage-before"
    GARBAGE_AFTER = "garbage-after"
    NOISE = "noise"
    FLIP_UNIT = "flip-unit"
    FLIP_FUNCTION = "flip-function"
    FLIP_LENGTH = "flip-length"
    WRONG_UNIT = "wrong-unit"
    WRONG_FUNCTION = "wrong-function"
    WRONG_LENGTH = "wrong-length"
    EXCEPTION = "exception"
    BUSY = "busy"
    RESET = "reset"
    HALF_OPEN = "half-open"
    MUTE = "mute"
    SEAT_TAKEN = "seat-taken"
    OLD_CONNECTION = "old-connection"
    RENUMBER = "renumber"
    CLOSE = "close"
    UNASKED = "unasked"
    ECHO = "echo"
    TOO_LONG = "too-long"
    RETRIES = "retries"
    WEB_PAGE = "web-page"
    DEAD_ONES = "dead-ones"
    DEAD_ZEROS = "dead-zeros"
    DEAD_WORD = "dead-word"
    DEAD_FLOATS = "dead-floats"

    @property
    def meaning(self) -> str:
        """Say what the fault does."""
        return MEANINGS[self]


MEANINGS: Mapping[Fault, str] = {
    Fault.NONE: "the answer passes",
    Fault.LATE: "the answer comes after its time-out",
    Fault.DROP: "the answer is lost",
    Fault.LOST_REQUEST: "the request is lost before it reaches the device",
    Fault.DUPLICATE: "the answer comes twice; the second time later, or just when the next request was sent",
    Fault.SPLIT: "the answer comes byte by byte",
    Fault.DRIP: "the answer comes byte by byte, so slowly that it may take longer than the time-out",
    Fault.MERGE: "the answer is held back and sent in one piece with the next one",
    Fault.REORDER: "the answer is held back and sent after the next one",
    Fault.CUT: "only the beginning of the answer comes; in a TCP stream without checksum (MBAP) nothing comes after it",
    Fault.GARBAGE_BEFORE: "random bytes come before the answer",
    Fault.GARBAGE_AFTER: "random bytes come after the answer",
    Fault.NOISE: "a bit of the answer is flipped and the checksum left as it was (RTU only)",
    Fault.FLIP_UNIT: "a bit of the unit id is flipped, with a right checksum",
    Fault.FLIP_FUNCTION: "a bit of the function code is flipped, with a right checksum",
    Fault.FLIP_LENGTH: "a bit of the byte count is flipped, with a right checksum",
    Fault.WRONG_UNIT: "the answer names another unit",
    Fault.WRONG_FUNCTION: "the answer names another function",
    Fault.WRONG_LENGTH: "the answer holds more or fewer registers than asked for",
    Fault.EXCEPTION: "an exception comes instead of the answer",
    Fault.BUSY: "the exception 'busy' or 'acknowledge' comes instead of the answer",
    Fault.RESET: "the connection is reset instead of an answer",
    Fault.HALF_OPEN: "the connection stays open and nothing passes any more",
    Fault.MUTE: "the connection is reset, and the next one is accepted and says nothing",
    Fault.SEAT_TAKEN: "another client takes the only seat of the gateway: reset, and connections refused for a while",
    Fault.OLD_CONNECTION: "the connection ends, and the answer is delivered into the next one",
    Fault.RENUMBER: "the answer is numbered as if it were the next request's; as the first of a connection it is late,"
    " and all others of it are numbered so too (MBAP only)",
    Fault.CLOSE: "the answer comes, and then the connection is closed",
    Fault.UNASKED: "a burst of sound answers comes that nobody asked for",
    Fault.ECHO: "the request itself comes back before the answer",
    Fault.TOO_LONG: "an answer of more than eight registers is refused (02, 03 or 04), lost, or holds eight",
    Fault.RETRIES: "the gateway tries for seconds to reach the device, then says 0B or nothing; all others wait",
    Fault.WEB_PAGE: "a web server's text comes instead of the answer, and the connection is closed",
    Fault.DEAD_ONES: "the meter is dead and the gateway answers in its place: all registers hold FFFF",
    Fault.DEAD_ZEROS: "the meter is dead and the gateway answers in its place: all registers hold 0",
    Fault.DEAD_WORD: "the meter is dead and the gateway answers in its place: all registers hold the same word",
    Fault.DEAD_FLOATS: "the meter is dead and the gateway answers in its place: floats that cannot be",
}
DEAD_METERS = (Fault.DEAD_ONES, Fault.DEAD_ZEROS, Fault.DEAD_WORD, Fault.DEAD_FLOATS)
"""Sound answers under right numbers: nothing of the link shows that they are not the meter's."""
ALL_FAULTS = tuple(fault for fault in Fault if fault is not Fault.NONE and fault not in DEAD_METERS)
"""All that a link or gateway does to the meter's own answers."""
CHECKSUM_FAULTS = frozenset({Fault.NOISE})
"""Faults that only a checksum can show, so they make no sense where the framing has none."""
NUMBER_FAULTS = frozenset({Fault.RENUMBER})
"""Faults of the number that only one framing has."""


def faults_of(framing: Framing) -> tuple[Fault, ...]:
    """Return the faults that exist on a framing."""
    others = NUMBER_FAULTS if framing is Framing.RTU else CHECKSUM_FAULTS
    return tuple(fault for fault in ALL_FAULTS if fault not in others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long the faults take, in seconds; the defaults suit a time-out of half a second."""

    late: tuple[float, float] = (0.4, 1.4)
    """An answer is this much late: around and beyond the time-out, within time-out and quiet time."""
    overtaken: float = 0.0
    """Share of late answers that others may overtake; the rest holds up what comes behind it, as on a line."""
    repeat: tuple[float, float] = (0.0, 0.2)
    """A second copy comes this long after the first."""
    drip: tuple[float, float] = (0.002, 0.05)
    """Between two bytes of a dripping answer."""
    seat: tuple[float, float] = (0.1, 3.0)
    """How long the other client stays."""
    mute: tuple[float, float] = (0.1, 5.0)
    """How long a connection says nothing; then it works."""
    retries: tuple[float, float] = (0.6, 4.0)
    """How long a gateway tries to reach a device that does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """How a dead meter is answered for."""

    word: int = 0x1234
    """The word that is repeated, where it is neither all ones nor all zeros."""
    registers: Collection[int] | None = None
    """Only these hold something else than before; all, if none are named."""


class Plan(Protocol):
    """Tells what happens to the next request."""

    random: random.Random
    times: Times
    dead: Dead

    def next(self) -> Fault:
        """Return the next request's fault."""


@dataclass(slots=True)
class Schedule:
    """Faults by seed: each request gets one of `faults` with probability `rate`."""

    seed: int
    faults: Sequence[Fault] = ALL_FAULTS
    rate: float = 0.5
    times: Times = field(default_factory=Times)
    dead: Dead = field(default_factory=Dead)
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Begin the sequence."""
        self.random = random.Random(self.seed)

    def next(self) -> Fault:
        """Return the next request's fault."""
        if self.random.random() >= self.rate:
            return Fault.NONE
        return self.random.choice(self.faults)


class Script:
    """A list of faults, one per request; then none."""

    def __init__(self, faults: Iterable[Fault], *, seed: int = 0, times: Times | None = None) -> None:
        """Take the list; `seed` decides the details, such as which bit is flipped."""
        self._faults: Iterator[Fault] = iter(list(faults))
        self.random = random.Random(seed)
        self.times = times or Times()
        self.dead = Dead()

    def next(self) -> Fault:
        """Return the next request's fault."""
        return next(self._faults, Fault.NONE)
