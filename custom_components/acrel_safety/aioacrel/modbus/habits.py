"""What a link was seen to do: whether it echoes our numbers, and whether it hangs up after each answer.

Learnt for all units of a link together, and never for good: a gateway may be exchanged, or set otherwise.

A transaction number protects only where the gateway gives back the one it was asked with. Some number their answers
themselves; with one answer late, each answer then seems to belong to the request after its own. So the numbers count
from the moment on in which this connection has shown that it echoes them; until then answers are told apart by their
lengths, as on RTU framing (`sequence.py`).
"""

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ..texts import Phrase, phrase

_LOGGER = logging.getLogger(__name__)

SHOWS_WHEN_CLEAN = 1
"""Answers that prove the echo on a connection known from its beginning on which nothing was ever given up."""
SHOWS_OTHERWISE = 2
"""Answers in a row that prove it elsewhere, each of them told from what was given up by its length."""
CURT_CONNECTIONS = 2
"""Connections in a row that ended right after their first answer: then each request gets one of its own."""
CURT_SECONDS = 1.0
"""So soon after the answer; what ends later was idle."""
CURT_MEMORY = 600.0
"""Seconds after which it is tried again whether the gateway keeps a connection by now."""

KICKS = 3
"""Requests lost with their connection within `KICK_SECONDS`: then somebody ends it again and again."""
KICK_SECONDS = 120.0
"""So long without a further one, that is over."""


class LinkHabits:
    """What the gateway of one link does with numbers and connections; times are those of the event loop."""

    def __init__(self) -> None:
        """Begin with a link of which nothing is known, not even since when it is connected."""
        self._shown = 0
        self._needed = SHOWS_OTHERWISE
        self._on_the_wire = 0
        self._answers = 0
        self._answered_at = float("-inf")
        self._has_ended = True
        self._curt = 0
        self._curt_until = float("-inf")
        self._kicks: deque[float] = deque(maxlen=KICKS)
        self._kicked_until = float("-inf")

    # -- numbers ----------------------------------------------------------------------------------------------------

    @property
    def echoes_numbers(self) -> bool:
        """Whether this connection has shown that its answers carry the numbers of their requests."""
        return self._shown >= self._needed

    def note_given_up(self) -> None:
        """An answer may still come: an answer from now on proves more only by its length."""
        if not self.echoes_numbers:
            self._shown, self._needed = 0, SHOWS_OTHERWISE

    def note_answer(self, now: float, *, shows: bool) -> None:
        """An answer came; `shows` tells whether its length proves that it belongs to its own request."""
        self._answers += 1
        self._answered_at = now
        self._shown += shows

    # -- connections ------------------------------------------------------------------------------------------------

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Count a request that is on the wire."""
        self._on_the_wire += 1
        try:
            yield
        finally:
            self._on_the_wire -= 1

    @property
    def is_idle(self) -> bool:
        """Whether nothing of ours is on the wire."""
        return not self._on_the_wire

    @property
    def is_new(self) -> bool:
        """Whether no more than one answer came through this connection."""
        return self._answers < 2  # noqa: PLR2004 - more than one

    def note_connecting(self) -> None:
        """A connection is opened by us: what happens on it is known from its beginning."""
        self._shown, self._needed = 0, SHOWS_WHEN_CLEAN
        self._answers = 0
        self._has_ended = False

    def note_dropped(self) -> None:
        """The connection was ended by us, or nobody knows by whom."""
        self._shown, self._needed = 0, SHOWS_OTHERWISE
        self._has_ended = True

    def note_lost(self, link: str, now: float) -> None:
        """The connection was ended by the other side; each unit of the link says so."""
        if self._has_ended:
            return
        is_curt = self._answers == 1 and now - self._answered_at < CURT_SECONDS
        self._curt = self._curt + 1 if is_curt else 0
        if self._curt >= CURT_CONNECTIONS:
            if self._curt_until == float("-inf"):
                _LOGGER.info("%s closes the connection after each answer: each request gets a connection now", link)
            self._curt_until = now + CURT_MEMORY
        if not is_curt and self._on_the_wire:
            self._kicks.append(now)
            if len(self._kicks) == KICKS and now - self._kicks[0] < KICK_SECONDS:
                self._kicked_until = now + KICK_SECONDS
        self.note_dropped()

    def was_lost_after_answer(self, now: float) -> bool:
        """Whether a connection ended right after its only answer: what was sent then was not heard."""
        return self._has_ended and self._answers == 1 and now - self._answered_at < CURT_SECONDS

    def is_curt(self, now: float) -> bool:
        """Whether the gateway hangs up after each answer."""
        return now < self._curt_until

    def is_kicked(self, now: float) -> bool:
        """Whether the connection is ended in the middle of requests, again and again: somebody else wants it too."""
        return now < self._kicked_until

    def unless_kicked(self, reason: Phrase, now: float) -> Phrase:
        """Return why a connection was lost: once may be chance, again and again somebody else wants it too."""
        return phrase("kicked") if reason.key == "hung_up" and self.is_kicked(now) else reason

    def details(self, now: float) -> Mapping[str, bool]:
        """Return what was learnt, for diagnostics."""
        return {"echoes_numbers": self.echoes_numbers, "closes_after_each_answer": self.is_curt(now)}
