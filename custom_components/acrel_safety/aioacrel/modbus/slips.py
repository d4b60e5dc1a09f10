"""Errors of ours that nobody thought of: a poller outlives each of them, and tells each kind now and then.

A poller that ended would leave values standing there as if they were fresh; one that told each would fill the log.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import BadAnswerError, LinkError
from .unit import PolledUnit

_LOGGER = logging.getLogger(__name__)

TOLD_EVERY = 600.0
"""Seconds between two lines of one kind about one device in the log: the first says all."""


class Slips:
    """What slipped on one link."""

    def __init__(self) -> None:
        """Begin with none."""
        self._told_at: dict[tuple[str, str], float] = {}

    def is_due(self, kind: str, name: str) -> bool:
        """Whether one of a kind that happened to a device is to be told: then it counts as told."""
        now = asyncio.get_running_loop().time()
        if now - self._told_at.get((kind, name), float("-inf")) < TOLD_EVERY:
            return False
        self._told_at[kind, name] = now
        return True

    @contextmanager
    def caught(self, unit: PolledUnit) -> Iterator[list[LinkError]]:
        """Outlive whatever is raised below, and yield what it means to the device."""
        slips: list[LinkError] = []
        try:
            yield slips
        except LinkError:
            raise
        except (Exception, asyncio.CancelledError) as slip:
            task = asyncio.current_task()
            if isinstance(slip, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            if self.is_due("request", unit.name):
                _LOGGER.exception("A request to %s failed unexpectedly", unit.name)
            slips.append(BadAnswerError(unit=unit.unit_id, detail=type(slip).__name__))
