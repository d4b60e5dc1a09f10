"""A thousand times a gateway or logger answers for a dead meter, register by register: no energy that never flowed."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from modbus_connection.mock import MockModbusConnection

from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.modbus import LinkAddress, ModbusHub
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.vocabulary import Pace
from simulator import Cabinet
from simulator.faults.virtual import run
from tests.aioacrel.rigs import RATIOS, model

ENERGY = PointKey("1", "EP")
EPISODES = 1000
LAP_SECONDS = 60.0
LINK = LinkAddress.parse("tcp://127.0.0.1:502")


@dataclass
class Meter:
    """A device of the library on registers in memory, polled by hand, with a clock of its own."""

    model_id: str
    unit_id: int = 5
    now: float = 0.0
    published: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.model = model(self.model_id)
        self.truth = dict(Cabinet.of({self.unit_id: self.model_id}, frozen=True).units[self.unit_id].registers)
        unit = MockModbusConnection().for_unit(self.unit_id)
        self.words = unit.holding
        self.words.update(self.truth)
        hub = ModbusHub("test")
        self.source = hub.source(LINK.guarded(unit, self.unit_id), self.model, ratios=RATIOS)
        self.device = Device("test", self.model, steady=lambda: self.now)
        self.device.attach(self.source)
        self.device.want(self.model.readable)

    def fill(self, word: int) -> None:
        self.words.update(dict.fromkeys(self.words, word))

    def live(self) -> None:
        self.words.update(self.truth)

    async def start(self) -> None:
        assert await self.source.identify() is None

    async def lap(self) -> None:
        self.now += LAP_SECONDS
        for group in Pace:
            self.source.take(await self.source.unit.poll(group))
            # Questions about its identity are asked beside the polls.
            for _ in range(50):
                await asyncio.sleep(0)
        await asyncio.sleep(1)
        reading = self.device.readings.get(ENERGY)
        if reading is not None and isinstance(reading.value, int | float):
            self.published.append(reading.value)

    def count(self, raw: int, address: int) -> None:
        self.truth[address], self.truth[address + 1] = raw >> 16, raw & 0xFFFF


def statistic(values: list[float]) -> float:
    """Return the energy that Home Assistant's statistics make of a growing total."""
    total, former = 0.0, values[0]
    for value in values[1:]:
        total += value - former if value >= former else value
        former = value
    return total


def episode(chance: random.Random, place: int) -> Iterator[dict[int, int] | int | None]:
    """Yield lap by lap what the registers hold: one word, some of them changed, or (None) what they held before."""
    kind = chance.choice(("zeros", "ones", "word", "torn", "stale", "mixed"))
    word = chance.randrange(1, 0xFFFF)
    for _ in range(chance.choice((1, 2, 3, 5, 8, 30))):
        now = chance.choice(("zeros", "ones", "word", "torn", "stale")) if kind == "mixed" else kind
        match now:
            case "zeros":
                yield 0
            case "ones":
                yield 0xFFFF
            case "word":
                yield word
            case "torn":
                yield {place + chance.randrange(2): chance.choice((0, 0xFFFF))}
            case _:
                yield None


async def through_episodes(seed: int, episodes: int) -> tuple[Meter, float]:
    """Return a meter that went through dead times, and the energy that flowed."""
    chance = random.Random(seed)  # noqa: S311 - the same every time
    meter = Meter("ddsy1352")
    place = meter.model.registers.places[ENERGY].address
    first = raw = 2_906_270
    meter.count(raw, place)
    meter.live()
    await meter.start()
    await meter.lap()
    await meter.lap()
    for _ in range(episodes):
        for state in episode(chance, place):
            raw += chance.randrange(8)
            meter.count(raw, place)
            match state:
                case int(word):
                    meter.fill(word)
                case dict(torn):
                    meter.live()
                    meter.words.update(torn)
            await meter.lap()
        for _ in range(3):
            meter.live()
            await meter.lap()
    for _ in range(10):
        await meter.lap()
    return meter, (raw - first) / 100


@pytest.mark.parametrize("seed", range(4))
def test_no_phantom_energy_in_a_thousand_dead_times(seed: int) -> None:
    meter, flowed = run(through_episodes(seed, EPISODES // 4))
    assert statistic(meter.published) == pytest.approx(flowed, abs=0.1)
    assert meter.published == sorted(meter.published)
