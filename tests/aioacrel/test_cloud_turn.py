"""Whose turn it is towards a server: commands first, then what is, then what was."""

import asyncio

from custom_components.acrel_safety.aioacrel.cloud.turn import Turns


async def test_commands_go_first_and_history_last_and_who_leaves_takes_nobody_along() -> None:
    turns, order = Turns(), list[str]()

    async def ask(name: str, *, urgent: bool = False, patient: bool = False) -> None:
        async with turns.turn(urgent=urgent, patient=patient):
            order.append(name)

    async with asyncio.TaskGroup() as group, turns.turn():
        group.create_task(ask("history 1", patient=True))
        gone = group.create_task(ask("gone", patient=True))
        group.create_task(ask("poll 1"))
        group.create_task(ask("history 2", patient=True))
        group.create_task(ask("command", urgent=True))
        group.create_task(ask("poll 2"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
    assert order == ["command", "poll 1", "poll 2", "history 1", "history 2"]
