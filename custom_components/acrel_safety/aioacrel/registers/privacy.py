"""What of a device's registers goes into no dump, and how reads go around it."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from ..points import Model
from ..readings import PointKey
from .map import Place
from .plan import Read


def private_registers(models: Iterable[Model]) -> frozenset[int]:
    """Return the registers that are secret in any of some models, whichever function reads them."""
    return frozenset(
        register
        for model in models
        for stretch in (
            *(range(first, last + 1) for first, last in (*model.registers.leave_out, *model.registers.forbidden)),
            *(places[key].addresses for places in _places(model) for key in model.private if key in places),
        )
        for register in stretch
    )


def _places(model: Model) -> Iterator[Mapping[PointKey, Place]]:
    return (registers.places for registers in model.maps)


def around(reads: Iterable[Read], private: Collection[int]) -> Iterator[Read]:
    """Yield the reads without the private registers: these are not even asked for."""
    for read in reads:
        first = read.address
        for address in range(read.address, read.end + 1):
            if address == read.end or address in private:
                if address > first:
                    yield Read(read.function, first, address - first)
                first = address + 1
