"""Whatever happens to a meter, in any order: statistics never count more than flowed, and lose nothing it counted."""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custom_components.acrel_safety.aioacrel.totals import (
    DOUBT_SECONDS,
    ORDINARY_POWER,
    POWER_FACTOR,
    POWER_FLOOR,
    Answer,
    Total,
)
from tests.aioacrel.test_totals import POLL, pattern

MOST_POWER = 11.0
FIRST = 4_711.0
FAR = 10_000.0
"""No nearer is what another meter says: where it says about the same, nobody can know."""
SHRUNK = 0.9
"""Statistics take a fall to less than so much of the last value for a counter that began anew."""
SETTLING = 25
"""Readings after which nothing is in doubt any more, but what its owner is asked about."""


class Statistic:
    """What Home Assistant's statistics make of a total that only increases."""

    def __init__(self) -> None:
        self.sum = 0.0
        self.last: float | None = None

    def take(self, value: float) -> None:
        if self.last is not None:
            if value < SHRUNK * self.last:
                self.last = 0.0
            assert value >= self.last, "a fall that is no new beginning"
            self.sum += value - self.last
        self.last = value


class Life(RuleBasedStateMachine):
    """A meter, its circuit, Home Assistant, and an owner who knows what happened."""

    @initialize(seed=st.integers(0, 1_000_000), is_power_known=st.booleans())
    def begin(self, seed: int, *, is_power_known: bool) -> None:
        self.random = Random(seed)  # noqa: S311 - no secret
        self.is_power_known = is_power_known
        self.total, self.statistic = Total(), Statistic()
        self.now, self.power = 0.0, 0.0
        self.count = FIRST
        self.flowed = 0.0
        self.lost = 0.0
        """What the meters counted that went, and was not shown by then."""
        self.loose = 0.0
        """What may be shown too much: as much as can have flowed while the meter said nothing true."""
        self.heard = 0.0
        """When it last did."""
        self.is_replaced = False
        """Whether there is another meter of which the owner was not asked yet, or has not said so."""
        self.began = 0.0
        """What had flowed when it came."""
        self.is_misled = False
        """Whether a dead meter said what can have been true."""
        self.read()
        self.read()

    @rule(power=st.sampled_from([0.0, 0.02, 2.0, MOST_POWER]), laps=st.integers(1, 40))
    def draw(self, power: float, laps: int) -> None:
        """Go on drawing power, read once a minute."""
        self.power = power
        for _ in range(laps):
            self.flow(POLL)
            self.read()

    @rule(energy=st.floats(0.1, 1.2))
    def draw_unseen(self, energy: float) -> None:
        """Draw much between two readings."""
        self.flow(POLL)
        self.gain(energy)
        self.read()

    @rule(laps=st.integers(1, 60), is_constant=st.booleans())
    def die(self, laps: int, *, is_constant: bool) -> None:
        """Be dead, or torn, for a while."""
        dead, before = pattern(self.random, self.count), self.total.count
        for _ in range(laps):
            self.flow(POLL)
            self.say(dead if is_constant else pattern(self.random, self.count))
        self.is_misled |= self.total.count != before
        if self.is_replaced:
            # What another one counted before this, and before the owner said that it is another one, is not known.
            self.lost += self.flowed - self.began
            self.flow(POLL)
            self.read()
            self.flow(POLL)
            self.read()
            self.lost += 2 * self.power * POLL / 3600
            self.began = self.flowed

    @rule(minutes=st.sampled_from([0, 1, 10, 60, 600]), power=st.sampled_from([0.0, 2.0, MOST_POWER]))
    def restart(self, minutes: int, power: float) -> None:
        """Be away for a while."""
        self.power = power
        former = self.total
        self.flow(60.0 * minutes)
        self.total = Total()
        if former.value is not None:
            self.total.restore(former.remembered(self.now), self.now)

    @precondition(lambda self: self.count > FIRST / 2)
    @rule(count=st.sampled_from([0.0, 20_000.0, 150_000.0]))
    def replace(self, count: float) -> None:
        """Have another meter there; the owner is asked, and says so before anything else happens to it."""
        self.settle()
        self.flow(POLL)
        shown = self.total.count
        assert shown is not None
        self.lost += max(0.0, self.count - shown)
        if abs(count - self.count) < FAR:
            count += 2 * FAR
        self.count, self.is_replaced = count + self.random.random(), True
        self.began = self.flowed
        self.flowed += self.count - count
        if count:
            # What a used one has counted elsewhere, and until it is read here, nobody can know.
            self.lost += self.count - count
        self.read()
        self.draw(2.0, int(DOUBT_SECONDS / POLL) + 2)

    @rule()
    def settle(self) -> None:
        """Let the meter say for a while what is true, and the owner what happened."""
        self.power = 2.0
        for _ in range(2):
            for _ in range(SETTLING):
                self.flow(POLL)
                self.read()
            if (asked := self.total.held(self.now)) is not None:
                is_ahead = asked.shown > asked.said
                assert self.is_replaced or self.is_misled, "nobody is asked of what was true"
                answer = Answer.REPLACED if self.is_replaced else Answer.FAULT if is_ahead else Answer.RIGHT
                assert self.total.settle(answer, self.now, asked)
                self.show()
        while (self.total.count or 0.0) > self.count:
            # What a dead meter said can have been true, and is so by and by.
            self.flow(POLL)
            self.read()
        self.is_replaced = self.is_misled = False
        self.loose = 0.0
        assert self.total.count is not None
        assert abs(self.total.count - self.count) < 1e-6, "nothing is held for good"
        assert self.statistic.sum >= self.flowed - self.lost - 1e-6, "nothing is lost that the meter counted"
        assert self.statistic.sum <= self.flowed + 1e-6, "nothing was counted that did not flow"

    def flow(self, seconds: float) -> None:
        self.now += seconds
        self.gain(self.power * seconds / 3600)

    def gain(self, energy: float) -> None:
        self.count += energy
        self.flowed += energy

    def read(self) -> None:
        self.say(self.count)
        self.heard = self.now

    def say(self, count: float) -> None:
        fastest = max(ORDINARY_POWER, POWER_FACTOR * MOST_POWER, 2000.0 if self.total._flow.peak is None else 0.0)
        self.loose = max(self.loose, 10 * POWER_FLOOR + fastest * (self.now - self.heard) / 3600)
        self.total.believe(count, self.now, power=self.power if self.is_power_known else None)
        self.show()

    def show(self) -> None:
        if (value := self.total.value) is not None:
            self.statistic.take(value)

    @invariant()
    def counts_no_more_than_flowed(self) -> None:
        if hasattr(self, "statistic"):
            assert self.statistic.sum <= self.flowed + self.loose + 1e-6


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=20, deadline=None)
