"""Which registers to read in which requests, so that the line is busy for the shortest time.

On RS-485 the line is the bottleneck, not the computer. One request for N registers takes (times in seconds; formula and
silent times: MODBUS over Serial Line V1.02, section 2.5.1)

    T(N) = (8 + 5 + 2N) · c + 2 · t35 + turnaround

with c the time of one character and t35 the silence between frames. Reading on over an unused register costs 2c; a new
request costs 13c + 2 · t35 + turnaround. The best split of the sorted registers into requests is found by dynamic
programming: because the wanted stretches do not overlap and a longer read never costs less, some best set of reads
takes the stretches in order, each read a run of neighbours.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from math import inf

from .map import LineSettings

_REQUEST_CHARACTERS = 8
_ANSWER_CHARACTERS = 5
_FAST_LINE = 19200
_FAST_T35 = 0.00175


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Registers that must come in one answer: a value is never put together from two."""

    function: int
    address: int
    count: int


@dataclass(frozen=True, slots=True, order=True)
class Read:
    """One request."""

    function: int
    address: int
    count: int

    @property
    def end(self) -> int:
        """First register behind the read."""
        return self.address + self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCost:
    """What a request costs; `turnaround` is the device's (and the gateway's) own time in seconds."""

    line: LineSettings = field(default_factory=LineSettings)
    turnaround: float = 0.02

    @property
    def silence(self) -> float:
        """The pause of 3.5 characters between frames; fixed above 19200 baud."""
        return _FAST_T35 if self.line.baudrate > _FAST_LINE else 3.5 * self.line.character_seconds

    def seconds(self, count: int) -> float:
        """Return the time a read of `count` registers takes on the line."""
        characters = _REQUEST_CHARACTERS + _ANSWER_CHARACTERS + 2 * count
        return characters * self.line.character_seconds + 2 * self.silence + self.turnaround


def line_time(reads: Iterable[Read], cost: LineCost) -> float:
    """Return the line time of a set of reads in seconds."""
    return sum(cost.seconds(read.count) for read in reads)


def plan_reads(
    spans: Iterable[Span],
    cost: LineCost,
    *,
    max_registers: int,
    ranges: Sequence[tuple[int, int]] = (),
    holes: Collection[int] = (),
) -> list[Read]:
    """Return the reads that fetch all spans in the least line time.

    A read stays within one of the `ranges` (first, last register; none given = anywhere), is at most `max_registers`
    long and holds no register of `holes` (unless a span itself does). Of equally fast plans the one with fewer reads
    is taken.
    """
    reads: list[Read] = []
    wanted = sorted(set(spans))
    forbidden = sorted(holes)
    for function in sorted({span.function for span in wanted}):
        stretches = _merged([span for span in wanted if span.function == function], max_registers)
        for run in _runs(stretches, ranges, forbidden):
            reads.extend(_split(function, run, cost, max_registers))
    return reads


def _merged(spans: Sequence[Span], max_registers: int) -> list[tuple[int, int]]:
    """Join spans that share registers, as long as one read can hold them; neighbours stay apart.

    Returns (first, end) pairs.
    """
    merged: list[tuple[int, int]] = []
    for span in spans:
        address, behind = span.address, span.address + span.count
        end = max(merged[-1][1], behind) if merged else 0
        if merged and address < merged[-1][1] and (end == merged[-1][1] or end - merged[-1][0] <= max_registers):
            merged[-1] = merged[-1][0], end
        else:
            merged.append((address, behind))
    return merged


def _runs(
    stretches: Sequence[tuple[int, int]], ranges: Sequence[tuple[int, int]], holes: Sequence[int]
) -> Iterable[list[tuple[int, int]]]:
    """Cut the stretches where no read may pass: at a border between ranges, at a hole between two stretches."""
    run: list[tuple[int, int]] = []
    for stretch in stretches:
        if run and (
            _range_of(run[-1], ranges) != _range_of(stretch, ranges) or _has_hole(run[-1][1], stretch[0], holes)
        ):
            yield run
            run = []
        run.append(stretch)
    if run:
        yield run


def _range_of(stretch: tuple[int, int], ranges: Sequence[tuple[int, int]]) -> int | None:
    for index, (low, high) in enumerate(ranges):
        if low <= stretch[0] and stretch[1] - 1 <= high:
            return index
    return None


def _has_hole(first: int, end: int, holes: Sequence[int]) -> bool:
    """Whether one of the holes, which are sorted, lies between."""
    return bisect_left(holes, first) < bisect_left(holes, end)


def _split(function: int, run: Sequence[tuple[int, int]], cost: LineCost, max_registers: int) -> Iterable[Read]:
    """Return the cheapest reads for one run: `best[i]` is the cost of the first i stretches."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    came_from: list[int] = [0]
    seconds_for = cache(cost.seconds)
    for end in range(1, len(run) + 1):
        choice = (inf, 0)
        origin = end - 1
        for start in range(end - 1, -1, -1):
            count = run[end - 1][1] - run[start][0]
            if count > max_registers and start < end - 1:
                break
            seconds, number = best[start]
            candidate = (seconds + seconds_for(count), number + 1)
            if candidate < choice:
                choice, origin = candidate, start
        best.append(choice)
        came_from.append(origin)
    cuts = [len(run)]
    while cuts[-1]:
        cuts.append(came_from[cuts[-1]])
    return [Read(function, run[start][0], run[end - 1][1] - run[start][0]) for start, end in pairwise(reversed(cuts))]
