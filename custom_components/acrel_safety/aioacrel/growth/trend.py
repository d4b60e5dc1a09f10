"""The arithmetic of slow growth: slopes and tests that a few wild days do not move."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from statistics import median


def slope(days: Sequence[int], values: Sequence[float]) -> float:
    """Return the rise per day after Theil and Sen: the median of the slopes between any two days."""
    slopes = [
        (later - value) / (day_later - day)
        for index, (day, value) in enumerate(zip(days, values, strict=True))
        for day_later, later in zip(days[index + 1 :], values[index + 1 :], strict=True)
    ]
    return median(slopes)


def trend_score(values: Sequence[float]) -> float:
    """Return how sure a rise is after Mann and Kendall, in standard deviations; ties count as they should."""
    count = len(values)
    seen: list[float] = []
    score = 0
    for value in values:
        low = bisect_left(seen, value)
        high = low
        while high < len(seen) and seen[high] == value:
            high += 1
        score += low - (len(seen) - high)
        seen.insert(low, value)
    variance = count * (count - 1) * (2 * count + 5)
    variance -= sum(ties * (ties - 1) * (2 * ties + 5) for ties in Counter(values).values())
    if variance <= 0:
        return 0.0
    return (score - math.copysign(1, score)) / math.sqrt(variance / 18) if score else 0.0
