"""Is a device there, and which of its polling groups? Counts missed polls and logs loss and return, each once."""

import logging

from ..errors import LinkError
from ..vocabulary import Pace

_LOGGER = logging.getLogger(__name__)

MISSES_FORGIVEN = 1
"""Polls a group may miss in a row before its values are gone: one lost frame is no outage."""


class Presence:
    """Counts what becomes of the polls of one unit; whether a value can be believed, its reading alone says."""

    def __init__(self, name: str) -> None:
        """Take the name the log knows the device by."""
        self._name = name
        self._misses: dict[Pace, int] = {}
        self._answered: set[Pace] = set()
        self._misses_in_a_row = 0
        self._lost: set[Pace] = set()
        self.is_silent = False
        """Whether nothing at all was answered for so long that asking in full is a waste of the line."""

    @property
    def is_doubtful(self) -> bool:
        """Whether the latest poll of all was missed."""
        return self._misses_in_a_row > 0

    def answered(self, group: Pace) -> None:
        """Note that a poll of a group was answered."""
        self._misses[group] = self._misses_in_a_row = 0
        self._answered.add(group)
        if self.is_silent:
            self.is_silent = False
            self._lost.clear()
            _LOGGER.info("%s answers again", self._name)
        elif group in self._lost:
            self._lost.discard(group)
            _LOGGER.info("%s answers again for its %s values", self._name, group)

    def missed(self, group: Pace, error: LinkError) -> bool:
        """Note that a poll of a group was not answered; return whether values are gone by this."""
        self._misses[group] = self._misses.get(group, 0) + 1
        self._misses_in_a_row += 1
        # What never answered has nothing to be forgiven: on a shared line its time-outs are the others' time.
        is_gone = self._misses_in_a_row > MISSES_FORGIVEN or not self._answered
        if is_gone and not self.is_silent:
            self.is_silent = True
            _LOGGER.warning("%s was lost: %s", self._name, error)
        elif self._misses[group] > MISSES_FORGIVEN and not self.is_silent and group not in self._lost:
            self._lost.add(group)
            _LOGGER.warning("%s gives no %s values: %s", self._name, group, error)
        return self.is_silent or self._misses[group] > MISSES_FORGIVEN
