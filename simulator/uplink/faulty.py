"""A device that dials in through all that can go wrong, by seed: with its answers, its uploads, its connection."""

import asyncio

from simulator.faults.frames import Frame, Framing
from simulator.faults.kinds import Fault, Plan, Times
from simulator.faults.mutate import mutated
from simulator.unit import Unit
from simulator.uplink.caller import Caller, answer_of
from simulator.uplink.quirks import Quirks
from simulator.uplink.wire import PASS, framed

SIM_TIMES = Times(late=(4.0, 25.0), repeat=(0.0, 15.0), drip=(0.01, 0.5), seat=(1.0, 60.0))
"""Around and beyond the time-out of a device that calls in."""
_ENDING = frozenset(
    {Fault.RESET, Fault.HALF_OPEN, Fault.MUTE, Fault.SEAT_TAKEN, Fault.CLOSE, Fault.WEB_PAGE, Fault.OLD_CONNECTION}
)
_LOST = frozenset({Fault.DROP, Fault.RETRIES, Fault.RESET, Fault.HALF_OPEN, Fault.MUTE, Fault.SEAT_TAKEN})
_HELD = frozenset({Fault.MERGE, Fault.REORDER, Fault.OLD_CONNECTION})
_IN_BYTES = frozenset({Fault.SPLIT, Fault.DRIP})
_OF_THE_FRAME = frozenset({Fault.NOISE, Fault.CUT, Fault.GARBAGE_BEFORE, Fault.GARBAGE_AFTER})
"""Half of these are done to the frame around it, checksum and all, and half to the Modbus inside."""


class FaultyCaller(Caller):
    """Does one fault to each answer, as a plan says, and damages some of its uploads."""

    def __init__(self, unit: Unit, serial: str, plan: Plan, *, quirks: Quirks | None = None, minutes: int = 5) -> None:
        """Take the instrument, its serial number, and what goes wrong."""
        super().__init__(unit, serial, quirks=quirks, minutes=minutes)
        self.plan = plan
        self.faulted = 0
        self._held: list[bytes] = []

    def upload(self) -> None:
        """Upload now, or something like it."""
        if self.plan.random.random() < 0.3:  # noqa: PLR2004 - of all uploads
            super().send(bytes(self.plan.random.randrange(256) for _ in range(20)) + b"{{\x91[[1-1((")
        super().upload()

    async def _answer(self, request: bytes) -> None:
        fault = self.plan.next()
        self.faulted += fault is not Fault.NONE
        await asyncio.sleep(self.quirks.latency_s)
        if fault is Fault.LOST_REQUEST or (answer := answer_of(self.unit, request)) is None:
            return
        if fault is Fault.LATE:
            await asyncio.sleep(self.plan.random.uniform(*self.plan.times.late))
        if fault not in _LOST:
            await self._deliver(self._damaged(request, answer, fault), fault)
        if fault in _ENDING:
            self.hang_up()

    def _damaged(self, request: bytes, answer: bytes, fault: Fault) -> bytes:
        """Return the frame of an answer after a fault of content."""
        random = self.plan.random
        frame = Frame(answer[0], answer[1:-2], Framing.RTU)
        if fault is Fault.ECHO:
            return framed(PASS, request) + framed(PASS, answer)
        if fault is Fault.UNASKED:
            return framed(PASS, mutated(frame, Fault.WRONG_LENGTH, random)) + framed(PASS, answer)
        if fault in _OF_THE_FRAME and random.random() < 0.5:  # noqa: PLR2004 - half of them
            whole = framed(PASS, answer)
            place = random.randrange(len(whole))
            if fault is Fault.CUT:
                return whole[:place]
            if fault is Fault.NOISE:
                return whole[:place] + bytes([whole[place] ^ 1 << random.randrange(8)]) + whole[place + 1 :]
        return framed(PASS, mutated(frame, fault, random))

    async def _deliver(self, data: bytes, fault: Fault) -> None:
        if fault in _HELD:
            self._held.append(data)
            return
        if fault in _IN_BYTES:
            gap = self.plan.random.uniform(*self.plan.times.drip) if fault is Fault.DRIP else 0.0
            for byte in data:
                self.send(bytes([byte]))
                await asyncio.sleep(gap)
        else:
            self.send(data)
        held, self._held = self._held, []
        for late in held:
            self.send(late)
        if fault is Fault.DUPLICATE:
            await asyncio.sleep(self.plan.random.uniform(*self.plan.times.repeat))
            self.send(data)
