"""What may have flowed through a circuit: by the power that is measured, and by the largest that was seen of it."""

from dataclasses import dataclass

POWER_FACTOR = 4.0
"""So many times the power that is measured, or was seen, may have flowed …"""
POWER_FLOOR = 1.0
"""… and so much more (kWh, kvarh, kVAh): what was switched on and off between two readings."""
LEAP_FLOOR = 10.0
"""The same where no power is measured. No smaller leap is worth a question."""
POWER_SECONDS = 900.0
"""After longer than this the power of now says nothing of what flowed."""
ORDINARY_POWER = 50.0
"""So much (kW, kvar, kVA) may be drawn from any circuit while nobody looks: a charger, an oven, a workshop."""
LEAP_PER_HOUR = 2000.0
"""The same of a circuit of which nothing was seen yet."""
PEAK_SECONDS = 600.0
"""A counter shows a power when it has gone on at it for so long, and no longer than the next …"""
_PEAK_MOST_SECONDS = 3600.0
HALF_LIFE = 30 * 86400.0
"""Seconds after which half of what was seen is forgotten."""
_ALIKE = 2.0
_HOUR = 3600.0


@dataclass(slots=True)
class Flow:
    """What is known of one circuit's power; times in seconds, powers in units per hour."""

    heard: float = 0.0
    """When the meter last said anything."""
    peak: float | None = None
    """The largest power that was seen, None as long as none was."""
    leap: float = 0.0
    """The largest leap that was right."""
    possible: float = 0.0
    """As much may have flowed unseen since the meter said anything before."""
    _power: float | None = None
    _is_known: bool = False
    """Whether the meter was heard since the start …"""
    _is_soon: bool = False
    """… and not long before."""
    _explained: float = 0.0
    """As much is explained by what was measured since the reading before …"""
    _explained_still: float = 0.0
    """… and since the counter moved last."""
    _since: float = 0.0
    _count: float = 0.0
    """When the counter said what, since when the power is seen that it shows."""

    def hear(self, now: float, power: float | None) -> None:
        """Note that the meter said something, and the power that is measured now."""
        seconds, former = max(0.0, now - self.heard), self._power
        self._is_soon, self._is_known, self.heard = self._is_known and seconds <= POWER_SECONDS, True, now
        if power is not None:
            self._power = power
            if former is not None:
                # A single one may be as wrong as any.
                self.peak = max(self.peak or 0.0, min(former, power))
        most = self.peak or 0.0 if self._power is None else max(former or 0.0, self._power)
        self._explained = POWER_FACTOR * most * seconds / _HOUR if seconds <= POWER_SECONDS else 0.0
        self._explained_still += self._explained
        self.possible = self.floor + self._fastest * seconds / _HOUR

    def explained(self, *, is_doubted: bool) -> float:
        """Return how much more a counter can say that is believed at once."""
        return self._floor_now + (self._explained if is_doubted else self._explained_still)

    def reach(self, seconds: float) -> float:
        """Return how far a counter can have moved in a time in which nobody may have looked."""
        return max(self.floor + self._fastest * seconds / _HOUR, _ALIKE * self.leap)

    def take(self, count: float, now: float, *, has_moved: bool) -> None:
        """Learn from what is believed."""
        if has_moved:
            self._explained_still = 0.0
        if (seconds := now - self._since) >= PEAK_SECONDS:
            self.age(seconds)
            if seconds <= _PEAK_MOST_SECONDS:
                self.see(abs(count - self._count), seconds)
            self.begin(count, now)

    def begin(self, count: float, now: float) -> None:
        """Begin to look how fast the counter goes from here."""
        self._since, self._count, self._explained_still = now, count, 0.0

    def see(self, growth: float, seconds: float) -> None:
        """Learn what a counter shows that has gone on for a while."""
        self.peak = max(self.peak or 0.0, growth / max(seconds, PEAK_SECONDS) * _HOUR)

    def age(self, seconds: float) -> None:
        """Forget what was seen, bit by bit."""
        share = 0.5 ** (seconds / HALF_LIFE)
        self.leap *= share
        if self.peak is not None:
            self.peak *= share

    @property
    def floor(self) -> float:
        """How much more than is known of may always have flowed."""
        return LEAP_FLOOR if self._power is None else POWER_FLOOR

    @property
    def _floor_now(self) -> float:
        return self.floor if self._is_soon else POWER_FLOOR

    @property
    def _fastest(self) -> float:
        seen = POWER_FACTOR * max(self.peak or 0.0, self._power or 0.0)
        return max(seen, LEAP_PER_HOUR if self.peak is None else ORDINARY_POWER)
