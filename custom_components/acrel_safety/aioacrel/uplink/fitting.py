"""Which models upload what a stranger uploads: a hint for its owner, who knows what stands in the box."""

from collections.abc import Sequence

from ..points import Model


def fit(model: Model, sizes: Sequence[int]) -> int:
    """Return how well the sections of an upload, by their registers, fit what a model uploads; more is better."""
    blocks = [last - first + 1 for first, last in model.registers.uploads]
    if not blocks:
        return 0
    if not sizes:
        return 1
    found = 0
    for block in blocks:
        if found < len(sizes) and sizes[found] == block:
            found += 1
    if found < len(sizes):
        return 1
    return 3 if len(sizes) == len(blocks) else 2
