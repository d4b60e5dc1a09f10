"""Circuit numbers the way people write them."""

from collections.abc import Sequence
from itertools import pairwise


def circuit_spans(numbers: Sequence[str]) -> str:
    """Return circuits in few words: `1-12`, `0, 3`."""
    follows = [after == str(int(before) + 1) for before, after in pairwise(numbers) if before.isdecimal()]
    is_span = len(numbers) > 1 and len(follows) == len(numbers) - 1 and all(follows)
    return f"{numbers[0]}-{numbers[-1]}" if is_span else ", ".join(numbers)
