"""What polling owes: a declined register costs itself, a slip of ours costs a moment, and nothing waits for ever."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.errors import RefusedError
from custom_components.acrel_safety.aioacrel.modbus.figures import UnitFigures
from custom_components.acrel_safety.aioacrel.modbus.schedule import (
    OVERDUE_EVERY,
    OVERDUE_SECONDS,
    Job,
    Member,
    Schedule,
)
from custom_components.acrel_safety.aioacrel.modbus.unit import PolledUnit
from custom_components.acrel_safety.aioacrel.registers import LineCost, LineSettings
from custom_components.acrel_safety.aioacrel.registers.blocks import smaller
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from tests.aioacrel.rigs import model
from tests.aioacrel.test_hub import PATIENCE, Heard, rig

ALARM_WORD = 0x0268


class Declining:
    """A unit that declines whatever holds a register."""

    def __init__(self, register: int, code: int) -> None:
        self.unit_id = 1
        self.cost = LineCost(line=LineSettings(), turnaround=0.02)
        self.figures = UnitFigures()
        self.timeout = 1.0
        self.asked: list[tuple[int, int]] = []
        self._register, self._code = register, code

    def pause_before(self, *_: object, **__: object) -> float:
        return 0.0

    async def read(self, function: int, address: int, count: int, **_: object) -> list[int]:
        self.figures.answers += 1
        self.asked.append((address, count))
        if address <= self._register < address + count:
            raise RefusedError(unit=1, address=address, count=count, code=self._code)
        return [(7 * register + 13) % 50 + 1 for register in range(address, address + count)]


async def polled(code: int) -> tuple[PolledUnit, Declining]:
    """Return an ADW300 that declines its second alarm word, polled often enough to know that."""
    of, way = model("adw300"), Declining(ALARM_WORD, code)
    unit = PolledUnit(way, of)  # type: ignore[arg-type]  # all of a guarded unit that polling uses
    unit.want([key for key, point in of.readable.items() if point.pace is not Pace.SLOW])
    for _ in range(3):
        await unit.poll(Pace.FAST)
        await unit.poll(Pace.NORMAL)
    return unit, way


@pytest.mark.parametrize("code", [2, 3, 4])
async def test_a_declined_alarm_word_costs_its_own_alarms_whatever_the_code(code: int) -> None:
    unit, _ = await polled(code)
    points = unit.model.points
    without = {
        key
        for key in unit.plan.wanted
        if points[key].pace is Pace.FAST and (key not in unit.readings or unit.readings[key].value is None)
    }
    assert without == {key for key in unit.plan.wanted if ALARM_WORD in unit.registers.places[key].addresses}


async def test_a_declined_word_of_bits_is_asked_for_as_one() -> None:
    unit, way = await polled(2)
    (block,) = [block for block in unit.blocks_for(list(unit.plan.wanted)) if block.read.address == ALARM_WORD]
    words = smaller(block)
    assert [part.read.count for part in words] == [1, 1]
    assert [smaller(part) for part in words] == [[], []]
    assert len([1 for address, count in way.asked if address <= ALARM_WORD < address + count]) <= 6


def shows(heard: Heard) -> bool:
    """Whether any value stands."""
    return any(reading.value is not None for reading in heard.readings.values())


async def test_one_slip_of_ours_takes_the_values_for_a_moment_and_polling_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Cabinet.of({1: "asj10l"}, frozen=True) as cabinet, rig(cabinet, 1) as line:
        source, heard = line.sources[1], line.heard[1]
        source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        assert shows(heard)

        def slip(*_: object) -> float:
            raise KeyError("x")

        monkeypatch.setattr("custom_components.acrel_safety.aioacrel.modbus.bus.SLIP_SECONDS", 0.01)
        with monkeypatch.context() as broken:
            broken.setattr(source.unit.trials, "due", slip)
            await heard.until(lambda heard: not shows(heard))
        await heard.until(shows)
    assert caplog.text.count("failed unexpectedly") == 1
    caplog.clear()


async def test_a_slip_that_happens_again_and_again_is_told_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Cabinet.of({1: "asj10l"}, frozen=True) as cabinet, rig(cabinet, 1) as line:
        source = line.sources[1]
        source.want(source.points.keys())
        await line.hub.start(PATIENCE)
        slipped, enough = 0, asyncio.Event()

        def slip(*_: object, **__: object) -> float:
            nonlocal slipped
            slipped += 1
            if slipped > 50:
                enough.set()
            raise KeyError("x")

        monkeypatch.setattr("custom_components.acrel_safety.aioacrel.modbus.bus.SLIP_SECONDS", 0.01)
        with monkeypatch.context() as broken:
            broken.setattr(source.unit.trials, "due", slip)
            broken.setattr(source.unit, "note_missed", slip)
            broken.setattr(source.unit, "note_silent", slip)
            async with asyncio.timeout(PATIENCE):
                await enough.wait()
    assert 1 <= len([record for record in caplog.records if record.levelno >= logging.ERROR]) <= 3
    caplog.clear()


def test_on_a_line_without_a_pause_a_declined_point_is_tried_again_all_the_same() -> None:
    schedule, tried = Schedule(), 0
    for number in range(20):
        unit: Any = SimpleNamespace(
            unit=SimpleNamespace(quiet_seconds=0.0),
            is_silent=False,
            waits=5.0 if number == 0 else float("inf"),
            blocks=lambda _: (),
        )
        unit.overdue_try = lambda unit=unit: unit.waits
        schedule.members.append(Member(unit, [Job(unit, Pace.FAST, 2.0, 0.0)], lambda _: None, base=2.0))
    for second in range(600):
        if (member := schedule.overdue_try(float(second))) is not None:
            tried += 1
            member.unit.waits = second + 60.0  # type: ignore[attr-defined]  # as it was declined once more
    assert tried >= 600 // (60 + OVERDUE_SECONDS + OVERDUE_EVERY)
