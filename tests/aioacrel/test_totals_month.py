"""A month of ordinary loads, read once a minute: nobody is asked anything, and no energy is lost or added."""

from collections.abc import Callable
from random import Random

import pytest

from custom_components.acrel_safety.aioacrel.totals import Total

POLL = 60.0
STEP = 5.0
"""Seconds in which a load stays the same."""
DAYS = 30
LAPS = int(DAYS * 86_400 / POLL)

type Load = Callable[[Random, float], float]
"""The power at a time of the clock, in kW; it may be drawn anew for every step."""


def house(random: Random, time: float) -> float:
    """A fridge, and an oven at noon and in the evening."""
    hour = time % 86_400 / 3600
    oven = 3.5 if hour % 7 < 1 and random.random() < 0.5 else 0.0
    return 0.1 * (time % 3600 < 1200) + oven


def charger(random: Random, time: float) -> float:
    """22 kW on every third night, and nothing else at all."""
    del random
    return 22.0 if time // 86_400 % 3 == 1 and time % 86_400 < 4 * 3600 else 0.0


def welder(random: Random, time: float) -> float:
    """300 kW for some seconds now and then in working hours."""
    hour = time % 86_400 / 3600
    return 300.0 if 8 < hour < 17 and random.random() < 0.05 else 0.0


def hidden(random: Random, time: float) -> float:
    """300 kW for 15 s in each minute, and always between two readings."""
    del random
    return 300.0 if 20 <= time % POLL < 35 else 0.0


def rare(random: Random, time: float) -> float:
    """The same, but once a day, on a circuit at which little happens else."""
    return hidden(random, time) if time % 86_400 < POLL else 0.02


LOADS: dict[str, Load] = {load.__name__: load for load in (house, charger, welder, hidden, rare)}


def month(load: Load, seed: int, *, is_power_known: bool, step: float) -> tuple[int, float]:
    """Live through a month with silences and restarts, some for hours; return the questions, and what is left out."""
    random = Random(seed)  # noqa: S311 - no secret
    total, true, missing = Total(), 4_711.0, 0.0
    away, questions, was_asking = 0, 0, False
    for lap in range(LAPS):
        for part in range(int(POLL / STEP)):
            true += load(random, lap * POLL + part * STEP) * STEP / 3600
        now = (lap + 1) * POLL
        count = int(true / step + 1e-6) * step
        if away > 0:
            away -= 1
            if away == 0 and random.random() < 0.5:
                former, total = total.remembered(now), Total()
                total.restore(former, now)
            continue
        if random.random() < 0.001:
            away = random.choice([1, 2, 30, 600])
        power = load(random, now)
        shown = total.believe(count, now, power=power if is_power_known else None)
        if shown is not None:
            assert shown <= count
            missing = count - shown
        is_asking = total.held(now) is not None
        questions += is_asking and not was_asking
        was_asking = is_asking
    return questions, missing


@pytest.mark.parametrize("step", [0.01, 1.0])
@pytest.mark.parametrize("is_power_known", [True, False])
@pytest.mark.parametrize("name", LOADS)
def test_an_ordinary_month_asks_nothing(name: str, step: float, *, is_power_known: bool) -> None:
    questions, missing = month(LOADS[name], 1, is_power_known=is_power_known, step=step)
    assert questions == 0
    assert missing <= 10.0, "what is held at the end is shown when more has flowed"
