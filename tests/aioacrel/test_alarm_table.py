"""Every model in every scenario, disturbed in every way at every moment: never safe by mistake, told and recorded once.

What the boards say is the simulator's truth; what has to be raised stands here, written from the scenarios' meaning.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache

import pytest

from custom_components.acrel_safety.aioacrel.alarms.happening import Happening, What
from custom_components.acrel_safety.aioacrel.alarms.notices import Why
from custom_components.acrel_safety.aioacrel.alarms.standing import Standing
from custom_components.acrel_safety.aioacrel.errors import AlarmRefusedError, WrongDeviceError
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality, Value
from simulator import Cabinet
from tests.aioacrel.alarm_rigs import Plant, PlayedBoard, inputs_of
from tests.aioacrel.rigs import MINE, model

SCENARIOS = (
    "leak", "overheat", "overload", "undervoltage", "dead", "opened", "sensor_break", "arc", "few_arcs", "limit_trip",
)  # fmt: skip
RAISED: Mapping[str, Mapping[str, str]] = {
    "adw300": {
        "leak": "alarm",
        "overheat": "alarm",
        "overload": "alarm",
        "undervoltage": "alarm",
        "dead": "tripped",
    },
    "adl400": {"dead": "tripped"},
    "ddsy1352": {"overload": "alarm", "dead": "tripped", "opened": "tripped", "limit_trip": "pre_alarm"},
    "dtsy1352": {"overload": "alarm", "dead": "tripped", "opened": "tripped"},
    "asj10l": {"leak": "alarm", "sensor_break": "fault"},
    "aim-r100": {"leak": "alarm", "sensor_break": "fault"},
    "my_aafd": {"arc": "alarm", "few_arcs": "pre_alarm"},
    "aim-m10": {"leak": "alarm", "overheat": "alarm", "overload": "alarm", "sensor_break": "fault"},
}
"""What a board has to say; a scenario that is missing shows in nothing the model prints, or in no matter of safety."""
DEAD = ("U", "Ua", "Ub", "Uc", "I", "Ia", "Ib", "Ic", "P")
"""Of a circuit whose supply is gone nothing is left of these."""
LONG = 1800.0
"""Seconds; longer than every delay of a device, and until a bad joint is hot."""
SHORT = 60.0
COUNTED = ("ArcNum", "DOC_Load-limit trips")
"""What is counted stays counted when it is over."""
type Played = Mapping[PointKey, Value]


@cache
def said(model_id: str, scenario: str) -> Played:
    """Return what a board measures in a scenario."""
    if scenario == "dead":
        return {key: 0.0 if key.code in DEAD else value for key, value in said(model_id, "normal").items()}
    if scenario == "opened":
        return {key: False if key.code == "RlySta" else value for key, value in said(model_id, "normal").items()}
    if scenario == "limit_trip":
        return {key: 1 if key.code in COUNTED else value for key, value in said(model_id, "normal").items()}
    cabinet = Cabinet.of({1: model_id.removeprefix(MINE)}, frozen=True)
    cabinet.advance(60)
    if scenario == "few_arcs":
        # A switch, or a loose contact: fewer than the detector takes for a fault.
        cabinet.set_scenario("arc", 1, per_second=5)
    else:
        cabinet.set_scenario(scenario, 1)
    cabinet.advance(SHORT if "arc" in scenario else LONG)
    readable = model(model_id).readable
    return {
        key: value
        for circuit, codes in cabinet.units[1].truth().items()
        for code, value in codes.items()
        if (key := PointKey(circuit, code)) in readable and not readable[key].words
    }


class Rig(Plant):
    """A board that plays the simulator, a neighbour on the same link, and all that is put down and sent."""

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self.raised = Counter[str]()
        self.recorded: dict[str, object] = {}
        """What stands on the disk: that which was kept with the latest happening of each alarm."""
        self.playing: Played = {}
        self.inputs = inputs_of(model(model_id))
        super().__init__()
        self.add("board", model_id, link="gateway")
        self.add("neighbour", "asj10l", link="gateway")

    @property
    def board(self) -> PlayedBoard:
        return self.boards["board"]

    def play(self, scenario: str | None = None) -> None:
        """Have the board say a scenario, and go on with the one before without any."""
        if scenario is not None:
            counted = {key: value for key, value in self.playing.items() if key.code in COUNTED}
            self.playing = {**said(self.model_id, scenario), **(counted if scenario == "normal" else {})}
        self.board.source.say(self.playing)
        self.boards["neighbour"].source.say(said("asj10l", "normal"))
        self.check()

    def last(self, seconds: float = LONG, *, is_heard: bool = True) -> None:
        """Let time pass while it goes on."""
        for _ in range(3):
            self.pass_(seconds / 3)
            if is_heard:
                self.play()
            self.check()

    def check(self) -> None:
        """Whatever happened: nothing is safe that is not known to be, or where an alarm stands."""
        board = self.board
        readings = board.device.readings
        unknown = {key for key in self.inputs if (one := readings.get(key)) is None or one.value is None}
        is_gone = board.device.trouble is not None or not board.device.is_heard
        standing = [one for one in self.alarms.standing() if one.board.name == "board"]
        words = {circuit: board.safety(circuit) for circuit in (None, *{key.circuit for key in self.inputs})}
        for circuit, word in words.items():
            is_unknown = is_gone or any(circuit in (None, key.circuit) for key in unknown)
            is_on = any(circuit in (None, one.circuit) for one in standing)
            assert not (word == "safe" and (is_unknown or is_on)), (circuit, unknown, standing)
        assert not (str(self.alarms.safety("gateway")) == "safe" and words[None] != "safe")

    def _note(self, happening: Happening, standing: Standing) -> None:
        super()._note(happening, standing)
        if happening.what is What.RAISED:
            self.raised[happening.occurrence] += 1
        self.recorded[standing.alarm_id] = self.alarms.kept_of(standing)

    def killed(self) -> None:
        """Begin again from what was on the disk when the process ended without a word."""
        self.kept = {key: value for key, value in self.recorded.items() if value is not None}
        former = list(self.boards.values())
        self.begin()
        for board in former:
            self.add(board.name, board.model.id, link=board.link)
        self.check()

    def told(self, why: Why) -> Counter[str]:
        """Return how often each occurrence was sent for a reason."""
        return Counter(one.occurrence for notice in self.notices if notice.why is why for one in notice.alarms)


# -- what disturbs ----------------------------------------------------------------------------------------------------


def silent(rig: Rig) -> None:
    rig.board.silent()
    rig.last(120, is_heard=False)


def silent_for_a_moment(rig: Rig) -> None:
    rig.board.silent()
    rig.last(6, is_heard=False)


def refused(rig: Rig) -> None:
    rig.board.source.say(dict.fromkeys(rig.playing, Quality.REFUSED))
    rig.last(120, is_heard=False)


def partly_refused(rig: Rig) -> None:
    for key in sorted(rig.inputs)[::2]:
        rig.board.source.say({key: Quality.REFUSED})
        rig.last(60, is_heard=False)


def wrong_device(rig: Rig) -> None:
    rig.board.silent(WrongDeviceError(unit=1, model="another", detail="another one"))
    rig.last(120, is_heard=False)


def gateway_down(rig: Rig) -> None:
    for board in rig.boards.values():
        board.silent()
    rig.last(120, is_heard=False)


def reconfigured(rig: Rig) -> None:
    former = [(board.name, board.model.id) for board in rig.boards.values()]
    for board in rig.boards.values():
        board.end()
    rig.pass_(5)
    for name, model_id in former:
        rig.add(name, model_id, link="gateway")
    rig.check()


def restarted(rig: Rig) -> None:
    rig.restart()
    rig.check()


def killed(rig: Rig) -> None:
    rig.killed()


def restarted_while_silent(rig: Rig) -> None:
    rig.board.silent()
    rig.last(120, is_heard=False)
    rig.restart()
    rig.board.silent()
    rig.last(120, is_heard=False)


def clock_set_on(rig: Rig) -> None:
    rig.times.wall += timedelta(days=400)
    rig.last(6)


def clock_set_back(rig: Rig) -> None:
    rig.times.wall -= timedelta(days=400)
    rig.last(6)


def clock_set_back_over_a_restart(rig: Rig) -> None:
    rig.times.wall -= timedelta(hours=1)
    rig.restart()
    rig.check()


DISTURBANCES: tuple[Callable[[Rig], None], ...] = (
    silent, silent_for_a_moment, refused, partly_refused, wrong_device, gateway_down, reconfigured, restarted, killed,
    restarted_while_silent, clock_set_on, clock_set_back, clock_set_back_over_a_restart,
)  # fmt: skip
RESTARTS = {restarted, killed, restarted_while_silent, clock_set_back_over_a_restart}


def cases() -> Iterator[tuple[str, str, str]]:
    for model_id, raised in RAISED.items():
        for scenario in SCENARIOS:
            if scenario in raised:
                yield model_id, scenario, raised[scenario]


# -- what must hold ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("disturb", DISTURBANCES, ids=lambda disturb: disturb.__name__)
@pytest.mark.parametrize("moment", ["before it", "while it lasts", "when it is over"])
@pytest.mark.parametrize(("model_id", "scenario", "expected"), cases())
def test_nothing_is_safe_by_mistake_and_each_alarm_is_recorded_and_sent_once(
    model_id: str, scenario: str, expected: str, moment: str, disturb: Callable[[Rig], None]
) -> None:
    rig = Rig(model_id)
    rig.check()
    rig.play("normal")
    assert rig.board.safety() == "safe"
    rig.last(60)
    if moment == "before it":
        disturb(rig)
    rig.play(scenario)
    rig.last()
    assert rig.board.safety() == expected
    occurrences = {one.occurrence for one in rig.alarms.standing() if str(one.level) != "not_seen"}
    if moment == "while it lasts":
        disturb(rig)
        rig.last(60)
        assert rig.board.safety() == expected
    rig.play("normal")
    if moment == "when it is over":
        disturb(rig)
    rig.last(60)
    standing = [one for one in rig.alarms.standing() if str(one.level) != "not_seen"]
    assert {one.occurrence for one in standing} == occurrences, "held until a person knows, and the same all the time"
    assert rig.board.safety() == expected

    told, again = rig.told(Why.RAISED), rig.told(Why.RESTARTED)
    for one in standing:
        assert rig.raised[one.occurrence] == 1
        assert told[one.occurrence] <= 1
        if one.alarm.cause.graver is None:
            assert again[one.occurrence] == int(disturb in RESTARTS and moment != "before it")
        # What a graver one said is sent when that is over, and is not sent a second time for a restart before.
        assert 1 <= told[one.occurrence] + again[one.occurrence] <= 2
    assert sum(told[one.occurrence] for one in standing) >= 1

    for one in standing:
        rig.alarms.acknowledge(one.alarm_id, by="Wang Li", occurrence=one.occurrence)
        try:
            rig.alarms.reset(one.alarm_id, by="Wang Li")
        except AlarmRefusedError:
            pytest.fail(f"{one.code} is over and acknowledged, but cannot be reset")
    rig.play()
    assert rig.board.safety() == "safe"
    assert max(rig.raised.values()) == 1
