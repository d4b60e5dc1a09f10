"""The plant: the same device is the same object, whoever asks for it."""

import pytest

from custom_components.acrel_safety.aioacrel.errors import SettingRefusedError
from custom_components.acrel_safety.aioacrel.plant import Plant
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.source import NEAR
from tests.aioacrel.rigs import model
from tests.aioacrel.spoken import SpokenSource

METER = model("adw300")
LIMIT = PointKey("1", "LgHighVal02")


def test_who_asks_for_the_same_device_gets_the_same_one() -> None:
    plant = Plant()
    first, _ = plant.device("a", METER)
    again, _ = plant.device("a", METER)
    other, _ = plant.device("b", METER)
    assert first is again
    assert list(plant) == [first, other]


def test_a_device_is_forgotten_when_the_last_one_has_given_it_back() -> None:
    plant = Plant()
    first, release_first = plant.device("a", METER)
    _, release_again = plant.device("a", METER)
    release_first()
    release_first()
    assert list(plant) == [first]
    release_again()
    assert list(plant) == []
    assert plant.device("a", METER)[0] is not first


async def test_who_asks_first_says_whether_it_may_be_changed() -> None:
    plant, allowed = Plant(), True
    device, _ = plant.device("a", METER, may_change=lambda: allowed)
    plant.device("a", METER, may_change=lambda: True)
    source = SpokenSource(METER, NEAR, "line", [LIMIT], orders=[LIMIT])
    device.attach(source)
    await device.change(LIMIT, 300)
    allowed = False
    with pytest.raises(SettingRefusedError):
        await device.change(LIMIT, 400)
    assert len(source.sent) == 1
