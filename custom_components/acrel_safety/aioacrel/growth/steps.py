"""What rose at once and stayed: a step in a row of daily values, told from a slope.

Of two neighbouring weeks of a straight slope, the lower days of the later one are hardly above the higher days of the
former; of a step, they are nearly as far above as the weeks themselves are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

SIDE_DAYS = 7
"""Known on either side: a step of yesterday may be the first day of anything."""
STEP_SHARE = 0.4
"""Of the rise; smaller steps may stay in it."""
SHARP = 0.55
"""So much of the height lies between the second lowest day after and the second highest day before."""
MOST_STEPS = 3
MOST_DAYS_UNSEEN = 5
"""Of the days before and after; nobody knows whether what rose unseen came at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step."""

    at: int
    """The place of the first value after it."""
    height: float


def steps_in(days: Sequence[int], series: Sequence[float], rise: float) -> tuple[list[Step], list[float]]:
    """Return the steps that make a good part of a rise, and the values as if they had always been there."""
    steps: list[Step] = []
    level = list(series)
    while len(steps) < MOST_STEPS:
        found = [
            step
            for at in range(SIDE_DAYS, len(level) - SIDE_DAYS + 1)
            if days[at + SIDE_DAYS - 1] - days[at - SIDE_DAYS] < 2 * SIDE_DAYS + MOST_DAYS_UNSEEN
            and (step := _step(level, at)) is not None
            and step.height >= STEP_SHARE * rise
        ]
        if not found:
            break
        highest = max(found, key=lambda step: step.height)
        steps.append(highest)
        level[: highest.at] = [value + highest.height for value in level[: highest.at]]
    return steps, level


def _step(series: Sequence[float], at: int) -> Step | None:
    former, later = sorted(series[at - SIDE_DAYS : at]), sorted(series[at : at + SIDE_DAYS])
    height = median(later) - median(former)
    return Step(at=at, height=height) if height > 0 and later[1] - former[-2] >= SHARP * height else None
