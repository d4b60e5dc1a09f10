"""What of a device's registers goes into no dump, and how reads go around it."""

from collections.abc import Collection, Iterable, Iterator

from ..points import Model
from .plan import Read


def private_registers(models: Iterable[Model]) -> frozenset[int]:
    """Return the registers that are secret in any of some models, whichever function reads them."""
    return frozenset().union(*(model.private_registers for model in models))


def around(reads: Iterable[Read], private: Collection[int]) -> Iterator[Read]:
    """Yield the reads without the private registers: these are not even asked for."""
    for read in reads:
        first = read.address
        for address in range(read.address, read.end + 1):
            if address == read.end or address in private:
                if address > first:
                    yield Read(read.function, first, address - first)
                first = address + 1
