"""Whose turn it is: openings first, nobody's many before another one's first, and nobody's too many at all."""

import asyncio

import pytest

from custom_components.acrel_safety.aioacrel.control.turns import MOST_WAITING, TooManyError, Turns

pytestmark = pytest.mark.virtual_time


class Desk:
    """People who take turns, each for a second."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.served: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, who: str, name: str, patience: float = 1000.0, *, is_first: bool = False) -> None:
        async def act() -> None:
            async with self.turns.turn(who, patience, is_first=is_first):
                self.served.append(name)
                await asyncio.sleep(1)

        self.tasks.append(asyncio.create_task(act()))
        await asyncio.sleep(0)

    async def served_all(self) -> list[str]:
        await asyncio.gather(*self.tasks)
        return self.served


async def test_openings_go_first_and_callers_one_after_another() -> None:
    desk = Desk()
    await desk.come("Uwe", "on 1")
    for number in range(2, 5):
        await desk.come("Uwe", f"on {number}")
    await desk.come("Bob", "Bob's on")
    await desk.come("Uwe", "Uwe's off", is_first=True)
    await desk.come("Ada", "off", is_first=True)
    assert await desk.served_all() == ["on 1", "Uwe's off", "off", "on 2", "Bob's on", "on 3", "on 4"]


async def test_of_one_caller_only_a_few_wait_and_others_all_the_same() -> None:
    desk = Desk()
    for number in range(MOST_WAITING + 1):
        await desk.come("Uwe", f"{number}")
    assert desk.turns.waiting == MOST_WAITING
    with pytest.raises(TooManyError):
        async with desk.turns.turn("Uwe", 1000.0):
            pass
    await desk.come("Uwe", "Uwe's off", is_first=True)
    await desk.come("Ada", "Ada's")
    served = await desk.served_all()
    assert served[:3] == ["0", "Uwe's off", "1"]
    assert served[3] == "Ada's"
    assert len(served) == MOST_WAITING + 3


async def test_whoever_gives_up_keeps_nobody_waiting() -> None:
    desk = Desk()
    await desk.come("Uwe", "first")
    await desk.come("Uwe", "hasty", 0.5)
    await desk.come("Ada", "cancelled")
    await desk.come("Ada", "last")
    desk.tasks[2].cancel()
    told = await asyncio.gather(*desk.tasks, return_exceptions=True)
    assert [type(one) for one in told] == [type(None), TimeoutError, asyncio.CancelledError, type(None)]
    assert desk.served == ["first", "last"]
    async with desk.turns.turn("Bob", 0.0):
        assert desk.turns.waiting == 0


async def test_a_turn_that_comes_to_one_who_just_gave_up_is_passed_on() -> None:
    desk = Desk()
    await desk.come("Uwe", "first")
    await desk.come("Ada", "given up")
    await desk.come("Bob", "last")

    async def at_the_end() -> None:
        await desk.tasks[0]
        desk.tasks[1].cancel()

    await asyncio.gather(at_the_end(), *desk.tasks, return_exceptions=True)
    assert desk.served[-1] == "last"
    assert desk.turns.waiting == 0
