"""One link with all its units: looked at first, then polled, and asked now and then whether they are still the same."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import suppress

from ..errors import AcrelError, LinkUnreachableError
from ..points import Model
from ..registers import Ratio
from ..vocabulary import Pace
from .bus import Bus
from .guard import GuardedUnit
from .headroom import DUTY_TARGET
from .source import ModbusSource
from .unit import ORIGIN, PolledUnit

_LOGGER = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 60.0
"""How often a unit that is another device than expected, or shows no sign of life, is asked what it is."""
CHECK_SECONDS = 600.0
"""How often a unit that answers is asked whether it is still the device that is expected.

One may have been exchanged between two polls, without ever being missed.
"""


class ModbusHub:
    """Makes sources of the units on one link."""

    def __init__(
        self,
        name: str,
        *,
        origin: str = ORIGIN,
        duty_target: float = DUTY_TARGET,
        look_again_seconds: float = LOOK_AGAIN_SECONDS,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        """Take a name for the log, and the part of the time (0 to 1) for which the line is used if it can be.

        `origin` is what readings name as the way they came.
        """
        self.name = name
        self._origin = origin
        self.bus = Bus(name, duty_target=duty_target)
        self.sources: list[ModbusSource] = []
        self._look_again_seconds = look_again_seconds
        self._check_seconds = check_seconds
        self._tasks: set[asyncio.Task[None]] = set()

    def source(
        self,
        unit: GuardedUnit,
        model: Model,
        *,
        name: str | None = None,
        ratios: Mapping[Ratio, float] | None = None,
        intervals: Mapping[Pace, float] | None = None,
        session: Callable[[], object] | None = None,
    ) -> ModbusSource:
        """Return a unit as a source; it is asked from `start` on. What a `session` is, `ModbusSource` says."""
        polled = PolledUnit(unit, model, name=name, ratios=ratios, origin=self._origin)
        source = ModbusSource(polled, self.bus, intervals=intervals, spawn=self._spawn, session=session)
        self.sources.append(source)
        return source

    def remove(self, source: ModbusSource) -> None:
        """Leave a unit alone."""
        source.end()
        with suppress(ValueError):
            self.sources.remove(source)

    async def start(self, seconds: float) -> None:
        """Identify and poll every unit once, for so many seconds at most, and go on polling.

        Nothing is cancelled when the time is over, since that would put serial lines out of step. Raises
        LinkUnreachableError if the link itself cannot be reached.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        errors: dict[ModbusSource, AcrelError | None] = {}
        for source in list(self.sources):
            if asyncio.get_running_loop().time() >= deadline:
                break
            if source in self.sources:
                errors[source] = await source.identify()
        if unreachable := _unreachable(errors.values()):
            raise unreachable
        self.bus.start()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                for source in list(self.sources):
                    await source.was_read()
        for source in self.sources:
            if not source.is_wrong:
                # One that is silent now is identified when it answers.
                source.join_bus(errors.get(source))
        self._spawn(
            self._every(
                self._look_again_seconds, lambda source: source.is_wrong or source.is_dead or source.is_lifeless
            )
        )
        self._spawn(self._every(self._check_seconds, lambda source: source.is_answering))

    async def stop(self) -> None:
        """End after the request on the wire; no request is cut off."""
        for source in self.sources:
            source.end()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.bus.stop()
        for source in self.sources:
            await source.unit.unit.settle()

    def figures(self) -> Mapping[str, float | None]:
        """Return how busy the line is: polls left out, and the percentage of the time it is in use."""
        return {"overruns": self.bus.overruns, "line_duty": round(100 * self.bus.duty, 1)}

    async def _every(self, seconds: float, is_due: Callable[[ModbusSource], bool]) -> None:
        """Ask some units now and then what they are."""
        while True:
            await asyncio.sleep(seconds)
            for source in list(self.sources):
                if source in self.sources and is_due(source):
                    try:
                        await source.identify()
                    except Exception:
                        # The next one has to be looked at all the same, and this one again.
                        _LOGGER.exception("Looking at %s failed", source.unit.name)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name=f"acrel hub {self.name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (slip := task.exception()) is not None:
            _LOGGER.error("Looking after %s failed", self.name, exc_info=slip)


def _unreachable(errors: Collection[AcrelError | None]) -> LinkUnreachableError | None:
    """Return the error if it is the same for all: the link cannot be reached."""
    found = [error for error in errors if isinstance(error, LinkUnreachableError)]
    return found[0] if found and len(found) == len(errors) else None
