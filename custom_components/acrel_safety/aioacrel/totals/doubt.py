"""What a meter says that does not follow from what is believed, and whether what comes after bears it out."""

from dataclasses import dataclass, field

from .flow import LEAP_FLOOR

DOUBT_SECONDS = 600.0
"""After so long a doubt is worth a question to the owner, and no leap is sooner believed for how it goes on."""
FOLLOWING = 2
"""Readings in a row that follow from each other and move, before one is believed that can be true …"""
FOLLOWING_FROM_NOISE = 3
"""… of a meter that said one thing and another …"""
FOLLOWING_AT_REST = 10
"""… and if it does not move: a dead meter and half a reading stand still, too."""
GROWTHS = 5
"""So often a counter has to grow after a leap that was too much, before it is believed."""
_ALIKE = 2.0


@dataclass(slots=True)
class Doubt:
    """Readings each of which follows from the one before, and the first of which from nothing; times in seconds."""

    count: float
    """What was said last."""
    leap: float
    """How much more the first one was than what is believed."""
    begun: float
    """When the first one was said."""
    since: float
    """Since when the meter has been doubted."""
    origin: str = ""
    may_fall: bool = False
    is_within: bool = False
    """Whether the circuit can have moved so much by then; however long it is held, more was too much at the time."""
    is_new: bool = False
    """Whether the meter began with so little that it can have counted it since it said anything before."""
    is_noisy: bool = False
    """Whether the meter said something else before, which did not follow from what is believed either."""
    is_answered: bool = False
    """Whether the owner called it a fault."""
    counted: float = 0.0
    """What can have flowed of that by which it grew."""
    _is_lively: bool = False
    """Whether it moved when the owner said so."""
    _readings: int = 1
    _grown: int = 0
    _first: float = field(init=False)
    _steady: float = field(init=False)
    """What was said when, since it has not said anything else."""

    def __post_init__(self) -> None:
        """Begin with what is said."""
        self._first, self._steady = self.count, self.begun

    def follows(self, count: float, most: float) -> bool:
        """Whether a reading follows from the last one, as `most` may have flowed between."""
        change = count - self.count
        if self.may_fall:
            return abs(change) <= most
        return 0 <= change <= most

    def leaps_on(self, count: float) -> bool:
        """Whether a reading is about one more such leap away, where leaps are small or it moved in no other way."""
        may_leap = not self.is_within and (self.is_small or not self.counted)
        return may_leap and 0 <= count - self.count <= _ALIKE * self.leap

    def note(self, count: float, origin: str, most: float) -> None:
        """Note a reading that follows, as `most` may have flowed between."""
        self._readings += 1
        is_sure = self._readings > FOLLOWING or not self.is_noisy
        if is_sure and self.follows(count, most):
            self.counted += count - self.count
        self._grown += count != self.count
        self.count, self.origin = count, origin

    def interrupt(self, now: float) -> None:
        """Note that the meter said something else: nothing that was borne out counts."""
        self._readings, self._grown, self._first, self._steady = 0, 0, self.count, now

    def is_borne_out(self, now: float) -> bool:
        """Whether what was said since shows that the meter is right."""
        if self.is_within:
            moving = FOLLOWING_FROM_NOISE if self.is_noisy else FOLLOWING
            return self._readings >= (moving if self._grown else FOLLOWING_AT_REST)
        if (self.leap <= 0 and not self.may_fall) or now - self._steady < DOUBT_SECONDS:
            return False
        # What is dead does not move, and another meter does not leap by what it counts from one time to the next.
        is_its_way = abs(self.count - self._first) * _ALIKE >= abs(self.leap) * self._grown
        return self._grown >= (FOLLOWING if self.is_small else GROWTHS) and (self.is_small or is_its_way)

    def call_fault(self) -> None:
        """Note that the owner calls it a fault."""
        self.is_answered, self._is_lively, self._grown = True, self._grown > 0, 0

    @property
    def is_settled(self) -> bool:
        """Whether the owner said what it is, and it has not come to life since."""
        return self.is_answered and (self._is_lively or self._grown < GROWTHS)

    @property
    def is_small(self) -> bool:
        """Whether a leap is so small that it is no other meter."""
        return (self.leap > 0 or self.may_fall) and abs(self.leap) <= LEAP_FLOOR

    @property
    def is_followed(self) -> bool:
        """Whether a second reading follows from the first."""
        return self._readings >= FOLLOWING

    @property
    def is_going_on(self) -> bool:
        """Whether a third one does, too."""
        return self._readings >= FOLLOWING_FROM_NOISE

    def pace(self, now: float) -> tuple[float, float]:
        """Return how much it moved in how many seconds since it leapt."""
        return abs(self.count - self._first), now - self._steady
