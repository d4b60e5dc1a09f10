"""Numbers that know how coarsely they were measured."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    """A number that may be off by `slack`; the slack grows through sums and products."""

    value: float
    slack: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.value + other.value, self.slack + other.slack)

    def __sub__(self, other: Amount) -> Amount:
        return Amount(self.value - other.value, self.slack + other.slack)

    def __mul__(self, other: Amount) -> Amount:
        slack = abs(self.value) * other.slack + abs(other.value) * self.slack
        return Amount(self.value * other.value, slack)

    def __abs__(self) -> Amount:
        return Amount(abs(self.value), self.slack)

    def times(self, factor: float) -> Amount:
        """Return the amount in another unit."""
        return Amount(self.value * factor, self.slack * abs(factor))

    def is_near(self, other: Amount, share: float) -> bool:
        """Whether two amounts differ by no more than a share of the larger one, and what they were rounded by."""
        allowed = share * max(abs(self.value), abs(other.value)) + self.slack + other.slack
        return abs(self.value - other.value) <= allowed

    def exceeds(self, limit: Amount, share: float = 0.0) -> bool:
        """Whether an amount is above another by more than a share of that, and what they were rounded by."""
        return self.value > limit.value + share * abs(limit.value) + self.slack + limit.slack

    def __str__(self) -> str:
        return f"{self.value:.6g}"


def added(amounts: list[Amount]) -> Amount:
    """Return the sum of some amounts."""
    return sum(amounts, Amount(0.0))


def hypotenuse(*sides: Amount) -> Amount:
    """Return the root of the sum of squares."""
    return Amount(math.hypot(*(side.value for side in sides)), added(list(sides)).slack)
