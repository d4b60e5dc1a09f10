"""What a gateway or logger answers for a dead meter: sound frames under right numbers, of which nothing is true."""

import asyncio
import struct
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from random import Random

from .frames import EXCEPTION_BIT, Frame
from .kinds import Dead, Fault, Times

ALL_ONES = 0xFFFF
_ODD_FLOATS = (2.3e23, -2.3e23, 3.4e38, -1e-30, 4.2e-41, float("nan"), float("inf"), float("-inf"))
"""As they are met in published logs: far too large, far too small, and no numbers at all."""


class Episodes:
    """A meter that lives and is dead in turn, for random times; while it is dead every request gets `fault`."""

    def __init__(
        self,
        seed: int,
        fault: Fault,
        *,
        alive: tuple[float, float],
        dead: tuple[float, float],
        registers: Collection[int] | None = None,
    ) -> None:
        """Take the seconds for which it lives and is dead; it begins alive."""
        self.random = Random(seed)
        self.times = Times()
        self.dead = Dead(registers=registers)
        self.count = 0
        """Episodes so far."""
        self._fault = fault
        self._limits = alive, dead
        self._until = self.random.uniform(*alive)
        self.is_dead = False

    def next(self) -> Fault:
        """Return the next request's fault."""
        now = asyncio.get_running_loop().time()
        while now >= self._until:
            self.is_dead = not self.is_dead
            self._until += self.random.uniform(*self._limits[self.is_dead])
            if self.is_dead:
                self.count += 1
                self.dead = replace(self.dead, word=self.random.randrange(1, ALL_ONES))
        return self._fault if self.is_dead else Fault.NONE


def of_dead_meter(answer: Frame, request: Frame, fault: Fault, dead: Dead, random: Random) -> Frame:
    """Return what comes instead of a meter's answer to a read; other faults, and refusals, leave it as it is."""
    fill = _FILLS.get(fault)
    if fill is None or not answer.is_data or answer.function & EXCEPTION_BIT:
        return answer
    content = answer.pdu[2:]
    count, first = len(content) // 2, int.from_bytes(request.pdu[1:3])
    words = struct.unpack(f">{count}H", content)
    filled = fill(count, dead, random)
    new = [
        filled[offset] if dead.registers is None or first + offset in dead.registers else word
        for offset, word in enumerate(words)
    ]
    return answer.change(pdu=answer.pdu[:2] + struct.pack(f">{count}H", *new))


def _floats(count: int, _: Dead, random: Random) -> list[int]:
    """Return floats, high word first, one after the other from the first register on."""
    pairs = [struct.unpack(">HH", struct.pack(">f", random.choice(_ODD_FLOATS))) for _ in range(0, count, 2)]
    return [word for pair in pairs for word in pair][:count]


_FILLS: Mapping[Fault, Callable[[int, Dead, Random], list[int]]] = {
    Fault.DEAD_ONES: lambda count, *_: [ALL_ONES] * count,
    Fault.DEAD_ZEROS: lambda count, *_: [0] * count,
    Fault.DEAD_WORD: lambda count, dead, _: [dead.word] * count,
    Fault.DEAD_FLOATS: _floats,
}
