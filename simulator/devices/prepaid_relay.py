"""Load relay of a prepaid meter: who wants it closed, how it moves, what the status words say."""

from dataclasses import dataclass

FORCE = 1
RELEASE = 0
OPEN = 1
CLOSE = 0

# The payloads of the command pair that a source shows: (forced control, position).
COMMANDS = frozenset({(FORCE, OPEN), (FORCE, CLOSE), (RELEASE, OPEN)})


@dataclass(slots=True, kw_only=True)
class Relay:
    """A relay with its forced control.

    Field values show two transitions: 00E8 (position bits off, bit 8 not yet set) and E1EF (position
    bits on, bit 8 not yet gone). So bit 8 follows the position, `transition_s` later; how long that
    takes is not printed. `travel_s` delays the position bits themselves; a large number is a relay
    that is stuck. One that falls back is in the commanded position for `falls_back_s` and then in the
    other one again, whatever is wanted (0: it stays). Moved by hand it stays where it was put until
    the next command.
    """

    transition_s: float
    travel_s: float
    falls_back_s: float = 0.0
    closed: bool = True
    forced: bool = False
    forced_closed: bool = False
    # Bit 8 of the first status word: set in every healthy meter that is off.
    bit_8: bool = False
    _travelled_s: float = 0.0
    _settled_s: float = 0.0
    # Seconds until it falls back; None while it does not.
    _falls_in_s: float | None = None
    # Where a hand, or a fall, left it: it obeys nothing but the next command.
    _obeys: bool = True

    def command(self, mode: int, position: int) -> None:
        """Take one of `COMMANDS`; what it leads to shows in `step`."""
        self.forced = mode == FORCE
        self.forced_closed = self.forced and position == CLOSE
        self._obeys, self._falls_in_s = True, None

    def move_by_hand(self, *, closed: bool) -> None:
        """Put it into a position and leave it there."""
        self.closed, self._obeys, self._falls_in_s = closed, False, None
        self._travelled_s = self._settled_s = 0.0

    def wants(self, *, own: bool) -> bool:
        """Say whether it shall be closed: forced control goes before the meter's own wish."""
        return self.forced_closed if self.forced else own

    def rest(self, *, closed: bool) -> None:
        """Stand still in a position."""
        self.closed = closed
        self.bit_8 = not closed
        self._obeys, self._falls_in_s = True, None
        self._travelled_s = self._settled_s = 0.0

    def step(self, seconds: float, *, own: bool) -> None:
        """Let time pass; `own` is what the meter itself wants."""
        wanted = self.wants(own=own) if self._obeys else self.closed
        if self._falls_in_s is not None:
            self._falls_in_s -= seconds
            if self._falls_in_s <= 0:
                self.move_by_hand(closed=not self.closed)
                return
        if wanted == self.closed:
            self._travelled_s = 0.0
        else:
            self._travelled_s += seconds
            if self._travelled_s >= self.travel_s:
                self.closed, self._travelled_s, self._settled_s = wanted, 0.0, 0.0
                self._falls_in_s = self.falls_back_s if self.falls_back_s > 0 else None
                # The step that moved it is not time it has rested.
                return
        if self.bit_8 is self.closed:
            self._settled_s += seconds
            if self._settled_s >= self.transition_s:
                self.bit_8, self._settled_s = not self.closed, 0.0
