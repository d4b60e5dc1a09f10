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
    that is stuck.
    """

    transition_s: float
    travel_s: float
    closed: bool = True
    forced: bool = False
    forced_closed: bool = False
    # Bit 8 of the first status word: set in every healthy meter that is off.
    bit_8: bool = False
    _travelled_s: float = 0.0
    _settled_s: float = 0.0

    def command(self, mode: int, position: int) -> None:
        """Take one of `COMMANDS`; what it leads to shows in `step`."""
        self.forced = mode == FORCE
        self.forced_closed = self.forced and position == CLOSE

    def wants(self, *, own: bool) -> bool:
        """Say whether it shall be closed: forced control goes before the meter's own wish."""
        return self.forced_closed if self.forced else own

    def rest(self, *, closed: bool) -> None:
        """Stand still in a position."""
        self.closed = closed
        self.bit_8 = not closed
        self._travelled_s = self._settled_s = 0.0

    def step(self, seconds: float, *, own: bool) -> None:
        """Let time pass; `own` is what the meter itself wants."""
        wanted = self.wants(own=own)
        if wanted == self.closed:
            self._travelled_s = 0.0
        else:
            self._travelled_s += seconds
            if self._travelled_s >= self.travel_s:
                self.closed, self._travelled_s, self._settled_s = wanted, 0.0, 0.0
                # The step that moved it is not time it has rested.
                return
        if self.bit_8 is self.closed:
            self._settled_s += seconds
            if self._settled_s >= self.transition_s:
                self.bit_8, self._settled_s = not self.closed, 0.0
