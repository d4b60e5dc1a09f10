"""Asks a unit one question at idle time (`trials.py` says which), and tells what became of points by it."""

import asyncio
from typing import TYPE_CHECKING

from ..errors import LinkError, LinkUnreachableError, RefusedError
from ..readings import Quality
from .poll import PollReport

if TYPE_CHECKING:
    from ..readings import PointKey
    from .unit import PolledUnit

PUT_OFF_SECONDS = 60.0
"""For so long nothing is tried when the way to the unit is not free."""


async def try_out(unit: PolledUnit, *, only_points: bool = False) -> PollReport | None:
    """Try one thing that is due; return a report when points are lost by it. No LinkError is raised.

    With `only_points` nothing is tried that would merely save time on the line.
    """
    trials, now = unit.trials, asyncio.get_running_loop().time
    if (trial := trials.next_point(now()) if only_points else trials.next(now())) is None:
        return None
    read = trial.read
    lost: set[PointKey] = set()
    try:
        await unit.unit.read(read.function, read.address, read.count, within=(read.address, read.end - 1))
    except RefusedError as error:
        if error.is_gateway or error.is_busy:
            trials.put_off(now(), PUT_OFF_SECONDS)
        else:
            trials.note(trial, now(), is_answered=False, code=error.code)
            lost = unit.lose(trial.keys, Quality.REFUSED)
    except LinkUnreachableError:
        trials.put_off(now(), PUT_OFF_SECONDS)
    except LinkError:
        trials.note(trial, now(), is_answered=False)
        lost = unit.lose(trial.keys)
    else:
        trials.note(trial, now(), is_answered=True)
    if not lost:
        return None
    return PollReport(
        unit=unit,
        group=unit.model.points[trial.keys[0]].pace,
        keys=frozenset(lost),
        only=frozenset(trial.keys),
        requests=1,
    )
