"""A sequence number where RTU framing has none: the length of a read.

An RTU answer says which unit and function it comes from and how many registers it holds, nothing else. So the length is
the one thing by which a stale or repeated answer can be told from the right one, and it is ours to choose: a read may
hold a few registers more than are wanted. No two reads of a unit that follow each other faster than an answer (or a
repeat of it) can still arrive have the same length. What is read in excess costs line time (two characters a register),
so it is paid from a budget of a twentieth of the line time; where neither budget nor readable registers allow another
length, the read waits until the length is free again, which leaves the line to others. After a lost answer the budget
does not count; where even then no other length is to be had, a read of the same length is sent and thrown away first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from ..registers import MOST_REGISTERS, LineCost, Read

PADDING_SHARE = 0.05
"""Of the line time: what may be spent on registers that nobody wants."""
SAVED_REGISTERS = 8
"""The budget never grows beyond this many registers' time, so that a long rest buys no waste."""
LOST_MEMORY = 30.0
"""Seconds for which the length of an unanswered read is avoided where another can be had."""
UNREADABLE_MEMORY = 600.0
"""Seconds for which no register is added that seemed to be refused."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to send for a wanted read, and how many seconds to wait before.

    `needs_check` says that an answer of this length was lost lately and no other length is to be had: one such read is
    to be sent first, whose answer, old or new, nobody sees.
    """

    read: Read
    pause: float
    needs_check: bool = False

    def slice_of(self, words: list[int], wanted: Read) -> list[int]:
        """Return the wanted registers of the answer."""
        offset = wanted.address - self.read.address
        return words[offset : offset + wanted.count]


class LengthSequence:
    """Which lengths of one unit's reads are spoken for, until when."""

    def __init__(self, cost: LineCost) -> None:
        """Take what a read costs on the line."""
        self._cost = cost
        self._answered: dict[tuple[int, int], float] = {}
        self._lost: dict[tuple[int, int], float] = {}
        self._unreadable: dict[tuple[int, int], float] = {}
        self._latest_answer = -inf
        self._budget = 0.0

    def note_answered(self, read: Read, now: float) -> None:
        """An answer was believed; a repeat of it may follow."""
        self._answered[read.function, read.count] = self._latest_answer = now

    def note_lost(self, read: Read, now: float) -> None:
        """No answer came, or not the right one: it may still come."""
        self._lost[read.function, read.count] = now

    def note_checked(self, read: Read) -> None:
        """A read of this length was thrown away: what was lost has come with it, or will not come."""
        self._lost.pop((read.function, read.count), None)

    def note_connection_lost(self, now: float) -> None:
        """What was answered lately may come again on the next connection."""
        for key, answered in self._answered.items():
            if now - answered < LOST_MEMORY:
                self._lost[key] = max(self._lost.get(key, 0.0), answered)

    def note_unreadable(self, read: Read, wanted: Read, now: float) -> None:
        """The unit refused a read for what was added to it; not for ever, as the refusal may have been an old one."""
        for register in range(read.address, read.end):
            if not wanted.address <= register < wanted.end:
                self._unreadable[read.function, register] = now + UNREADABLE_MEMORY

    def is_wary(self, now: float) -> bool:
        """Whether an answer was lost so lately that it is looked out for."""
        return any(now - lost < LOST_MEMORY for lost in self._lost.values())

    def is_own(self, read: Read, now: float) -> bool:
        """Whether an answer of this length can only belong to this read, as no other of it was given up lately."""
        return now - self._lost.get((read.function, read.count), -inf) >= LOST_MEMORY

    def paid(self, sent: Read, wanted: Read) -> float:
        """Book a read; return the line time of what was added to it, in seconds."""
        added = self._cost.seconds(sent.count) - self._cost.seconds(wanted.count)
        most = self._cost.seconds(SAVED_REGISTERS) - self._cost.seconds(0)
        self._budget = max(0.0, min(most, self._budget + PADDING_SHARE * self._cost.seconds(wanted.count) - added))
        return added

    def choose(
        self,
        wanted: Read,
        within: tuple[int, int] | None,
        now: float,
        *,
        repeat_after: float,
        late_after: float,
    ) -> Choice:
        """Return the cheapest read that holds the wanted one and whose length is free, else the one free first.

        `within` are the first and last register that may be read, `repeat_after` and `late_after` the seconds in which
        a repeat of an answer, or an answer that was given up, can still arrive.
        """
        budget = inf if self.is_wary(now) else self._budget
        base = self._cost.seconds(wanted.count)
        best: Choice | None = None
        for read in self._candidates(wanted, within, now):
            if read.count > wanted.count and self._cost.seconds(read.count) - base > budget:
                break
            key = read.function, read.count
            answered = self._answered.get(key, -inf) + repeat_after - now
            lost = self._lost.get(key, -inf)
            if answered <= 0 and now - lost >= max(LOST_MEMORY, late_after):
                return Choice(read, 0.0)
            pause = max(0.0, answered, lost + late_after - now)
            if is_lost := now - lost < LOST_MEMORY:
                # An answer that was held back may follow the next one that passes: let it run into nothing.
                pause = max(pause, self._latest_answer + repeat_after - now)
            if best is None or pause < best.pause:
                best = Choice(read, pause, needs_check=is_lost)
        return best or Choice(wanted, 0.0)

    def _candidates(self, wanted: Read, within: tuple[int, int] | None, now: float) -> Iterator[Read]:
        """Return the reads of growing length that hold the wanted one: upwards first, then downwards."""
        low, high = within or (wanted.address, wanted.end - 1)
        first, last = wanted.address, wanted.end - 1
        yield wanted
        while last - first + 1 < MOST_REGISTERS:
            if last < high and self._unreadable.get((wanted.function, last + 1), now) <= now:
                last += 1
            elif first > low and self._unreadable.get((wanted.function, first - 1), now) <= now:
                first -= 1
            else:
                break
            yield Read(wanted.function, first, last - first + 1)
