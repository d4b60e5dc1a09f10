"""An alarm that cannot be read while its device answers is told, and told no more when it can be."""

from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.source import NEAR
from custom_components.acrel_safety.aioacrel.unread import LASTING_SECONDS, AlarmWatch
from tests.aioacrel.rigs import model
from tests.aioacrel.spoken import SpokenSource

ALARM, OTHER, VALUE = PointKey("1", "UHigh"), PointKey("1", "ULow"), PointKey("1", "Ua")


class Rig:
    """A device of which the test says what is read, and its watch."""

    def __init__(self) -> None:
        self.seconds = 0.0
        of = model("adw300")
        self.device = Device("test", of)
        self.source = SpokenSource(of, NEAR, "test", [ALARM, OTHER, VALUE])
        self.device.attach(self.source)
        self.device.want([ALARM, OTHER, VALUE])
        self.watch = AlarmWatch(self.device, steady=lambda: self.seconds)

    def say(self, **qualities: Quality) -> frozenset[PointKey] | None:
        """Have points read, or not, and return what the watch says of it."""
        keys = {PointKey("1", code): quality for code, quality in qualities.items()}
        self.source.say({key: False if quality is Quality.GOOD else quality for key, quality in keys.items()})
        return self.watch.look(keys.keys())


def test_an_alarm_that_is_missing_for_a_moment_is_not_told() -> None:
    rig = Rig()
    assert rig.say(UHigh=Quality.GOOD, ULow=Quality.GOOD) == frozenset()
    assert rig.say(UHigh=Quality.NO_ANSWER) is None
    rig.seconds = LASTING_SECONDS - 1
    assert rig.say(ULow=Quality.GOOD) is None
    assert rig.say(UHigh=Quality.GOOD) == frozenset()


def test_an_alarm_that_cannot_be_read_is_told_until_it_can_be() -> None:
    rig = Rig()
    assert rig.say(UHigh=Quality.REFUSED, ULow=Quality.GOOD) is None
    rig.seconds = LASTING_SECONDS
    assert rig.say(Ua=Quality.GOOD) == frozenset([ALARM])
    assert rig.watch.names([ALARM], "en") == ["Over-voltage"]
    rig.seconds += 1
    assert rig.say(UHigh=Quality.GOOD) == frozenset()
    assert rig.say(Ua=Quality.GOOD) is None  # said once


def test_a_silent_device_is_told_by_its_entities_alone() -> None:
    rig = Rig()
    rig.say(UHigh=Quality.NO_ANSWER, ULow=Quality.NO_ANSWER, Ua=Quality.NO_ANSWER)
    rig.seconds = 10 * LASTING_SECONDS
    assert rig.say(UHigh=Quality.NO_ANSWER) is None


def test_nothing_is_clear_before_every_alarm_was_read() -> None:
    rig = Rig()
    assert rig.say(ULow=Quality.GOOD, Ua=Quality.GOOD) is None
    assert rig.say(UHigh=Quality.GOOD) == frozenset()


def test_what_an_older_version_lacks_and_what_nobody_wants_is_no_matter() -> None:
    rig = Rig()
    rig.source.lacking = frozenset([ALARM])
    assert rig.say(UHigh=Quality.REFUSED, ULow=Quality.GOOD) == frozenset()
