"""What the other ways to a device show of an operation that went by one of them: it is sent on none of these.

Of several ways the nearest that is heard is believed: also against the one that carried the operation. A farther one
says something only where nothing is seen by the nearer one any more, and where it showed otherwise before. One that
anybody may speak by says nothing of it at all.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import AcrelError
from ..source import Source, doubt_of
from .evidence import Proof, Readings, Shown
from .outcome import Outcome, Reason, Result
from .tempo import Tempo

if TYPE_CHECKING:
    from ..device import Device

_FAR_SECONDS = 10.0
"""So long somebody's server is waited for: whoever operated waits, too."""


class Elsewhere:
    """The other ways of one device, from before the operation is sent."""

    def __init__(self, device: Device, source: Source, proof: Proof) -> None:
        """Take the device, the way that carries the operation, and what shows that it was done."""
        self._device = device
        self._proof = proof
        others = [one for one in device.sources if one is not source]
        self._nearer = [one for one in others if one.rank < source.rank]
        self._farther = [one for one in others if one.rank > source.rank and self._showed_otherwise(one)]

    def _showed_otherwise(self, one: Source) -> bool:
        return self._device.hears(one) and self._proof.moved(self._device.said(one)) is Shown.NOT_THERE

    async def held_against(self, outcome: Outcome) -> Outcome:
        """Return the outcome by all that is seen; of what was not sent nothing is looked for."""
        if outcome.result is Result.REFUSED or not self._proof.is_there:
            return outcome
        if (readings := await self._read(self._nearer, 0.0)) is not None:
            return self._by_nearer(outcome, readings)
        if outcome.is_confirmed or outcome.position is not None:
            return outcome
        readings = await self._read(self._farther, _FAR_SECONDS)
        if readings is None or self._proof.moved(readings) is not Shown.THERE:
            return outcome
        return self._confirmed(outcome, readings)

    def _by_nearer(self, outcome: Outcome, readings: Readings) -> Outcome:
        is_there = self._proof.moved(readings) is Shown.THERE
        if is_there is outcome.is_confirmed:
            return outcome if is_there else replace(outcome, position=self._proof.position(readings))
        if is_there:
            return self._confirmed(outcome, readings)
        return replace(outcome, result=Result.UNKNOWN, reason=Reason.SOURCES_DIFFER, position=None)

    def _confirmed(self, outcome: Outcome, readings: Readings) -> Outcome:
        position = self._proof.position(readings)
        return replace(outcome, result=Result.CONFIRMED, reason=Reason.OTHER_WAY, position=position)

    async def _read(self, sources: Sequence[Source], seconds: float) -> Readings | None:
        """Return what the nearest of some ways that is heard shows now; None where none tells."""
        for one in sources:
            if one not in self._device.sources or not self._device.hears(one) or doubt_of(one) is not None:
                continue
            try:
                async with asyncio.timeout(max(seconds, Tempo.of(one).read)):
                    readings = await one.read(self._proof.keys)
            except AcrelError, TimeoutError:
                continue
            if self._proof.moved(readings) is not Shown.UNKNOWN:
                return readings
        return None
