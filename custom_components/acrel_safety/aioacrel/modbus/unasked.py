"""Against a peer that sends answers nobody asked for: a few are borne, then the connection is ended.

The shared link's transport (tmodbus) takes in all that comes and writes a line into the log for each answer that nobody
waits for; a peer that goes on sending fills the memory and the disk. A filter on that logger lets a line pass now and
then, and ends the connection out of which too many come: the context in which a transport reads is that of the request
that opened it, so it is known whose connection it is. What other integrations opened is only told less often.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MOST_AT_ONCE = 16
"""Unasked answers that are borne: late ones come one by one, and a gateway may have kept a few."""
PER_SECOND = 1.0
"""So fast they are forgiven."""
PER_ANSWER = 2.0
"""So many with each answer that was asked for."""
TOLD_EVERY = 60.0
"""Seconds between two lines about it in the log."""
_LOGGERS = ("tmodbus.transport.async_tcp", "tmodbus.transport.async_rtu")
_COUNTED = ("Received unexpected", "Receive buffer exceeded")
"""How the lines about what nobody asked for are known; faster than any serial line, on RTU framing."""
_UNCOUNTED = "with no pending requests"
_KINDS = (*_COUNTED, _UNCOUNTED, "to resynchronize", "connection lost due to error")
"""Those, and what is told now and then only: on a serial line another master's traffic is heard as well."""


class Allowance:
    """How many unasked answers one peer has left."""

    def __init__(self) -> None:
        """Begin with all of them."""
        self._left = float(MOST_AT_ONCE)
        self._latest = 0.0

    def take(self, now: float) -> bool:
        """Count one; return whether it is still borne."""
        self._left = min(MOST_AT_ONCE, self._left + PER_SECOND * (now - self._latest)) - 1
        self._latest = now
        return self._left >= 0

    def forgive(self) -> None:
        """A fitting answer came: some gateways repeat theirs."""
        self._left = min(MOST_AT_ONCE, self._left + PER_ANSWER)


class Unasked:
    """What one link got without asking."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the event loop's clock."""
        self._clock = clock
        self._allowance = Allowance()
        self._flooded_at = float("-inf")
        self.ends_floods = False
        """Whether a connection is ended for it: on a serial line another master's traffic is heard as well."""
        self.is_late = False
        """Whether anything came that no request waited for, and nothing since that one did: answers may be late."""

    def note(self) -> bool:
        """Count an answer that nobody asked for; return whether the connection may stay."""
        now, self.is_late = self._clock(), True
        if self._allowance.take(now) or not self.ends_floods:
            return True
        self._flooded_at = now
        return False

    def forgive(self) -> None:
        """A fitting answer came."""
        self.is_late = False
        self._allowance.forgive()

    def was_flooded_since(self, when: float) -> bool:
        """Whether a connection was ended for it after that time."""
        return self._flooded_at >= when


_ASKING: ContextVar[Unasked | None] = ContextVar("acrel_link_that_asks", default=None)


@contextmanager
def asking(unasked: Unasked) -> Iterator[None]:
    """Answer for what comes through a connection that is opened meanwhile."""
    token = _ASKING.set(unasked)
    try:
        yield
    finally:
        _ASKING.reset(token)


class _Filter(logging.Filter):
    """Lets a line about unasked answers pass now and then, and ends connections that send too many."""

    def __init__(self) -> None:
        super().__init__()
        self.users = 0
        self._told_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        text = str(record.msg)
        kind = next((kind for kind in _KINDS if kind in text), None)
        if kind is None or record.levelno < logging.WARNING:
            return True
        unasked = _ASKING.get()
        if unasked is not None:
            if kind == _UNCOUNTED:
                unasked.is_late = True
            elif kind in _COUNTED and not unasked.note():
                # The transport that is reading ends its connection for an OSError, without a word.
                raise ConnectionAbortedError("answers that nobody asked for")
        is_due = record.created - self._told_at.get(kind, float("-inf")) >= TOLD_EVERY
        if is_due:
            self._told_at[kind] = record.created
        return is_due


_FILTER = _Filter()


def watch_unasked() -> Callable[[], None]:
    """Look at what comes unasked from now on; returns what ends it."""
    if not _FILTER.users:
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(_FILTER)
    _FILTER.users += 1
    is_over = False

    def end() -> None:
        nonlocal is_over
        if is_over:
            return
        is_over = True
        _FILTER.users -= 1
        if not _FILTER.users:
            for name in _LOGGERS:
                logging.getLogger(name).removeFilter(_FILTER)

    return end
