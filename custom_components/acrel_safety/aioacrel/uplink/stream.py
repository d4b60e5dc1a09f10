"""Finds the frames in what a connection brings: cut, joined, with anything before, between and behind them.

A frame has no length and its end may occur inside it, so that only the checksum tells. The first end at which one fits
is believed, counted from the earliest beginning at which it does. Nothing depends on how the stream was cut.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..checksum import SIZE, START, advanced
from .frames import BEGIN, END, LONGEST, SHORTEST, Frame

MOST_VAIN = 1 << 16
"""Bytes thrown away, and steps of checksums that did not fit, after which a stream is given up."""
_MOST_BEGINNINGS = 64
"""Beginnings that are tried at a time; in real frames there are one or two."""
_PIECE = 1024


@dataclass(slots=True)
class _Beginning:
    """A place at which a frame may begin."""

    place: int
    done: int
    """Where its checksum ends so far."""
    crc: int = START


class FrameStream:
    """Takes what comes, gives frames; keeps never more than one of the longest frames."""

    def __init__(self) -> None:
        """Begin with an empty stream."""
        self.discarded = 0
        """Bytes that belonged to no frame."""
        self.is_hopeless = False
        """Whether so much of it is no frame that nothing more is looked for."""
        self._kept = bytearray()
        self._beginnings: list[_Beginning] = []
        self._begun = 0
        """Where the next beginning is looked for."""
        self._ended = 0
        """Where the next end is looked for."""
        self._vain = 0

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._kept)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take some bytes and yield the frames they complete."""
        for first in range(0, len(data), _PIECE):
            if self.is_hopeless:
                return
            self._kept += data[first : first + _PIECE]
            yield from self._cut()

    def _cut(self) -> Iterator[Frame]:
        while (end := self._kept.find(END, self._ended)) >= 0:
            self._ended = end + 1
            if (frame := self._ending(end)) is not None:
                yield frame
            elif self.is_hopeless:
                return
        self._ended = max(self._ended, len(self._kept) - 1)
        self._let_go()

    def _ending(self, end: int) -> Frame | None:
        """Return the frame that ends here, if there is one."""
        self._find_beginnings(end)
        for one in self._beginnings:
            size = end + len(END) - one.place
            if not SHORTEST <= size <= LONGEST:
                continue
            self._vain += end - one.done
            one.crc = advanced(one.crc, self._kept[one.done : end])
            one.done = end
            if one.crc == 0:
                return self._taken(one.place, end)
            if self._vain > MOST_VAIN:
                self._give_up()
                return None
        return None

    def _find_beginnings(self, end: int) -> None:
        while len(self._beginnings) < _MOST_BEGINNINGS:
            place = self._kept.find(BEGIN, self._begun, end)
            if place < 0:
                self._begun = max(self._begun, end - 1)
                return
            self._begun = place + 1
            self._beginnings.append(_Beginning(place, place + len(BEGIN)))

    def _taken(self, place: int, end: int) -> Frame:
        content = bytes(self._kept[place + len(BEGIN) : end - SIZE])
        self.discarded += place
        self._vain = 0
        self._drop(end + len(END))
        self._beginnings.clear()
        self._begun = self._ended = 0
        return Frame(content[0], content[1:])

    def _let_go(self) -> None:
        """Drop what can be no part of a frame any more."""
        possible = len(self._kept) - LONGEST + 1
        self._begun = max(self._begun, possible)
        self._beginnings = [one for one in self._beginnings if one.place >= possible]
        self._find_beginnings(len(self._kept))
        first = self._beginnings[0].place if self._beginnings else self._begun
        if first <= 0:
            return
        self.discarded += first
        self._vain += first
        self._drop(first)
        for one in self._beginnings:
            one.place -= first
            one.done -= first
        self._begun = max(0, self._begun - first)
        self._ended = max(0, self._ended - first)
        if self._vain > MOST_VAIN:
            self._give_up()

    def _drop(self, count: int) -> None:
        del self._kept[:count]

    def _give_up(self) -> None:
        self.is_hopeless = True
        self.discarded += len(self._kept)
        self._kept.clear()
        self._beginnings.clear()
