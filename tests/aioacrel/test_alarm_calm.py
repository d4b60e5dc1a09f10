"""What is left out because nothing can come of it changes nothing: the same readings, judged all and judged only so."""

import random
from collections.abc import Mapping
from itertools import pairwise

import pytest

from custom_components.acrel_safety.aioacrel.alarms.calm import Calm
from custom_components.acrel_safety.aioacrel.alarms.levels import Level
from custom_components.acrel_safety.aioacrel.alarms.ownerlimits import Of, OwnerLimit
from custom_components.acrel_safety.aioacrel.alarms.timetable import Timetable
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from tests.aioacrel.alarm_rigs import Plant, inputs_of, quiet
from tests.aioacrel.rigs import model

LIMITS: Mapping[str, OwnerLimit] = {
    "leakage": OwnerLimit(family="residual_current", level=Level.PRE_ALARM, limit=150.0, hysteresis=20.0, on_delay=5.0),
    "voltage": OwnerLimit(family="voltage", limit=180.0, is_low=True, off_delay=5.0),
    "load": OwnerLimit(family="current", of=Of.RATING, limit=90.0, on_delay=10.0),
    "phases": OwnerLimit(family="temperature", of=Of.SPREAD, limit=15.0),
}
VALUES: Mapping[str, tuple[float, ...]] = {
    "mA": (20.0, 100.0, 149.0, 150.0, 151.0, 200.0, 301.0, 600.0),
    "V": (230.0, 231.0, 200.0, 180.0, 179.0, 60.0, 20.0, 0.0),
    "A": (10.0, 11.0, 56.0, 57.0, 0.0),
    "°C": (30.0, 32.0, 46.0, 90.0),
}
type Said = Mapping[PointKey, Value | Quality]


def course(model_id: str, seed: int) -> list[tuple[float, Said]]:
    """Return what a board says one after the other, and the seconds between: mostly what it said before."""
    chance = random.Random(f"{model_id}{seed}")  # noqa: S311 - no secret
    of = model(model_id)
    keys = sorted(inputs_of(of) | {key for key, point in of.readable.items() if point.quantity.unit in VALUES})
    keys = [key for key in keys if key in of.readable and not of.readable[key].words]
    steps: list[tuple[float, Said]] = [(1.0, quiet(of))]
    for _ in range(150):
        said: dict[PointKey, Value | Quality] = {}
        for key in chance.sample(keys, min(len(keys), chance.choice((1, 2, 5)))):
            point = of.readable[key]
            if chance.random() < 0.08:
                said[key] = chance.choice((Quality.NO_ANSWER, Quality.INVALID, Quality.REFUSED))
            elif point.is_binary:
                said[key] = chance.random() < 0.3
            else:
                said[key] = chance.choice(VALUES.get(point.quantity.unit or "", (0.0, 1.0, 2.0, 5.0)))
        steps.append((chance.choice((0.5, 2.0, 7.0, 31.0)), said))
    return steps


def lived(model_id: str, steps: list[tuple[float, Said]]) -> list[object]:
    """Return all that the alarms said meanwhile."""
    plant = Plant()
    board = plant.add("Board", model_id, limits=LIMITS, ratings={"1": 63.0}, link="gateway")
    shown: list[object] = []
    for number, (seconds, said) in enumerate(steps):
        plant.pass_(seconds)
        board.source.say(said)
        if number % 40 == 39:
            for one in plant.alarms.standing():
                plant.alarms.acknowledge(one.alarm_id, by="Wang Li")
        standing = [(one.code, one.level, one.word, one.value, one.limit) for one in plant.alarms.standing()]
        # In which order what comes at once is judged, nobody may count on.
        shown.append((sorted(plant.happened), sorted(plant.moved), sorted(map(str, standing)), board.safety()))
        plant.happened.clear()
        plant.moved.clear()
    return shown


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("model_id", ["adw300", "aim-r100", "ddsy1352", "my_aafd", "asj10l"])
def test_only_what_nothing_can_come_of_is_left_out(model_id: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = course(model_id, seed)
    left_out = lived(model_id, steps)
    monkeypatch.setattr(Calm, "bound", lambda *_: None)
    monkeypatch.setattr("custom_components.acrel_safety.aioacrel.alarms.watch.is_calm", lambda *_: False)
    assert left_out == lived(model_id, steps)
    assert any(before != after for before, after in pairwise(left_out)), "something happened at all"


def test_a_timetable_says_the_soonest_of_what_holds_however_often_it_was_changed() -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    table, held = Timetable[int](), dict[int, float]()
    for _ in range(3000):
        key, time = chance.randrange(20), chance.choice((None, chance.uniform(0, 100)))
        table.set(key, time)
        if time is None:
            held.pop(key, None)
        else:
            held[key] = time
        if chance.random() < 0.05:
            now = chance.uniform(0, 30)
            due = sorted((known for known, due in held.items() if due <= now), key=held.__getitem__)
            assert list(table.take(now)) == due
            held = {known: due for known, due in held.items() if due > now}
        assert table.next() == min(held.values(), default=None)
