"""Any order of reads, writes, rests, cancellations and faults: nothing wrong is believed, nothing is written twice."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from custom_components.acrel_safety.aioacrel.errors import LinkError
from simulator.faults import Fault, Framing, Schedule, Times, faults_of
from simulator.faults.drive import BLOCKS
from simulator.faults.kinds import Dead
from simulator.faults.truth import FIRST_SETTING
from simulator.faults.virtual import VirtualLoop
from tests.aioacrel.fault_rigs import UNITS, FaultRig, fault_rig

HARSH = Times(late=(0.05, 2.5), overtaken=0.5, repeat=(0.0, 0.24), drip=(0.001, 0.1), seat=(0.05, 4.0))


class _NextFaults:
    """A plan that is told its next faults while it runs."""

    def __init__(self, seed: int) -> None:
        self.random = Schedule(seed).random
        self.times = HARSH
        self.dead = Dead()
        self.faults: list[Fault] = []

    def next(self) -> Fault:
        return self.faults.pop(0) if self.faults else Fault.NONE


class LinkMachine(RuleBasedStateMachine):
    """One link with three units; the rules are what users, neighbours and the line do."""

    framing = Framing.RTU

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self._stack = AsyncExitStack()
        self._plan = _NextFaults(0)
        self._changes = 0
        self.wrong: list[str] = []
        self._rig: FaultRig = self._run(self._enter)

    async def _enter(self) -> FaultRig:
        return await self._stack.enter_async_context(fault_rig(self.framing, self._plan))

    def _run[ResultT](self, step: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
        return self._runner.run(step())

    @rule(
        unit=st.sampled_from(UNITS),
        block=st.sampled_from(BLOCKS),
        faults=st.lists(st.sampled_from(faults_of(Framing.RTU)), max_size=3),
    )
    def read(self, unit: int, block: tuple[int, int, int], faults: list[Fault]) -> None:
        async def step() -> None:
            after = self._rig.truth.number
            try:
                words = await self._rig.read(unit, *block)
            except LinkError:
                return
            function, address, count = block
            if len(words) != count or not self._rig.truth.is_true(unit, function, address, words, after):
                self.wrong.append(f"unit {unit} {block}: {words}")

        self._plan.faults += [fault for fault in faults if fault in faults_of(self.framing)]
        self._run(step)

    @rule(unit=st.sampled_from(UNITS), after=st.floats(0, 0.1))
    def give_up(self, unit: int, after: float) -> None:
        async def step() -> None:
            task = asyncio.create_task(self._rig.read(unit, 3, 0, 10))
            await asyncio.wait([task], timeout=after)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._run(step)

    @rule(unit=st.sampled_from(UNITS), fault=st.sampled_from((Fault.NONE, *faults_of(Framing.RTU))))
    def change(self, unit: int, fault: Fault) -> None:
        async def step() -> None:
            try:
                await self._rig.units[unit].write(FIRST_SETTING, [self._changes])
            except LinkError:
                return

        # The shared link itself repeats after an explicit "busy" (06); that is its own test.
        self._plan.faults = [waiting for waiting in self._plan.faults if waiting is not Fault.BUSY]
        if fault is not Fault.BUSY and fault in (Fault.NONE, *faults_of(self.framing)):
            self._plan.faults.append(fault)
        self._changes += 1
        self._run(step)

    @rule(seconds=st.sampled_from((0.01, 0.3, 1.0, 40.0)))
    def rest(self, seconds: float) -> None:
        self._run(lambda: asyncio.sleep(seconds))

    @invariant()
    def nothing_wrong_was_believed(self) -> None:
        assert self.wrong == []

    @invariant()
    def nothing_was_written_twice(self) -> None:
        values = [values for _, _, values in self._rig.truth.writes]
        assert len(values) == len(set(values))

    @invariant()
    def at_most_one_connection_is_open(self) -> None:
        assert len(self._rig.proxy.sessions) <= 1

    def teardown(self) -> None:
        async def leave() -> int:
            await self._stack.aclose()
            await asyncio.sleep(30)
            return len(asyncio.all_tasks())

        tasks = self._run(leave)
        self._runner.close()
        assert tasks == 1, "no task is left behind"


class MbapMachine(LinkMachine):
    """The same with numbered requests."""

    framing = Framing.MBAP


TestRtuLink = LinkMachine.TestCase
TestRtuLink.settings = settings(max_examples=150, stateful_step_count=30, deadline=None, derandomize=True)
TestMbapLink = MbapMachine.TestCase
TestMbapLink.settings = settings(max_examples=100, stateful_step_count=30, deadline=None, derandomize=True)
