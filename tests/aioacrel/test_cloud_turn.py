"""Whose turn it is towards a server: orders first, then what somebody waits for, then what is, then what was."""

import asyncio

import pytest

from custom_components.acrel_safety.aioacrel.cloud.turn import BrokenOffError, Turns, Urgency


async def test_orders_go_first_and_history_last_and_who_leaves_takes_nobody_along() -> None:
    turns, order = Turns(), list[str]()

    async def ask(name: str, urgency: Urgency = Urgency.USUAL) -> None:
        async with turns.turn(urgency):
            order.append(name)

    async with asyncio.TaskGroup() as group, turns.turn():
        group.create_task(ask("history 1", Urgency.PATIENT))
        gone = group.create_task(ask("gone", Urgency.PATIENT))
        group.create_task(ask("poll 1"))
        group.create_task(ask("history 2", Urgency.PATIENT))
        group.create_task(ask("look", Urgency.PERSON))
        group.create_task(ask("order", Urgency.ORDER))
        group.create_task(ask("poll 2"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
    assert order == ["order", "look", "poll 1", "poll 2", "history 1", "history 2"]


@pytest.mark.parametrize(
    ("reading", "coming", "is_broken_off"),
    [
        (Urgency.PATIENT, Urgency.ORDER, True),
        (Urgency.PATIENT, Urgency.PERSON, True),
        (Urgency.PATIENT, Urgency.USUAL, False),
        (Urgency.USUAL, Urgency.ORDER, True),
        (Urgency.USUAL, Urgency.PERSON, False),
        (Urgency.PERSON, Urgency.ORDER, False),
    ],
)
@pytest.mark.parametrize("comes_before", [True, False])
async def test_a_read_on_its_way_is_broken_off_for_an_order(
    reading: Urgency, coming: Urgency, is_broken_off: bool, comes_before: bool
) -> None:
    turns, order = Turns(), list[str]()
    begin, answer = asyncio.Event(), asyncio.Event()

    async def reads() -> None:
        async with turns.turn(reading):
            await begin.wait()
            try:
                await turns.read(reading, answer.wait)
                order.append("read")
            except BrokenOffError:
                order.append("broken off")

    async def comes() -> None:
        async with turns.turn(coming):
            order.append("came")

    async with asyncio.TaskGroup() as group:
        group.create_task(reads())
        for is_coming in (comes_before, not comes_before):
            for _ in range(5):
                await asyncio.sleep(0)
            if is_coming:
                group.create_task(comes())
            else:
                begin.set()
        if not is_broken_off:
            answer.set()
    assert order == ["broken off" if is_broken_off else "read", "came"]
