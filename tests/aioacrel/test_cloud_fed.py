"""What devices show of a feed: newer replaces older whichever way it came, and what is not told is not shown."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.errors import CloudAwayError
from custom_components.acrel_safety.aioacrel.cloud.fed import Fed
from custom_components.acrel_safety.aioacrel.cloud.feed import SILENT_SECONDS, Feed, topic_of
from custom_components.acrel_safety.aioacrel.cloud.feeding import SLOW_FACTOR
from custom_components.acrel_safety.aioacrel.cloud.records import Values
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from simulator.cloud import ADW300, ARCM300T, ARCM310, Meter
from simulator.cloud import Feed as Published

from .cloud_hub_rigs import START, Office, clock, cloud_at_noon, office

pytestmark = pytest.mark.virtual_time
POLL = 70.0
VALUES = "leakageMonitor"
FED_ONLY = {"Ua", "Ub", "Uc", "Ia", "Ib", "Ic"}


class Told:
    """A feed that an account takes, as its server publishes it."""

    def __init__(self, it: Office, feed: Feed) -> None:
        self.it = it
        self.feed = feed
        self.published = Published(it.cloud)

    @classmethod
    async def begin(cls, it: Office) -> Told:
        return cls(it, it.hub.feeding.begin(await it.hub.account.units(), it.hub.account.zone_of))

    def whole(self) -> None:
        """Publish all that the server knows."""
        for site in self.it.cloud.sites.values():
            self.feed.take(topic_of(site.id), json.dumps(self.published.message(site)).encode())

    def say(self, meter: Meter, values: Mapping[str, float], *, late: float = 0.0, site: str = "") -> None:
        """Publish something of one device."""
        time = self.it.cloud.clock.text(clock() - timedelta(seconds=late))
        message = {"time": time, "meter": [{"id": meter.code, "values": values}]}
        self.feed.take(topic_of(site or meter.site), json.dumps(message).encode())


async def test_what_only_a_feed_tells_is_there_with_a_feed_alone_and_never_missed_without() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Kitchen breaker")
    async with office(cloud) as it:
        seen = it.watch(box)
        await it.hub.start()
        assert not FED_ONLY & {key.code for key in seen.source.points}
    async with office(cloud, has_feed=True) as it:
        seen = it.watch(box)
        await it.hub.start()
        codes = {key.code for key in seen.source.points}
        # What the model of the device does not have stays out, whatever the feed tells.
        assert codes >= FED_ONLY
        assert not {"P", "EPI", "Switch"} & codes
        assert (seen.value("Ua"), seen.quality("Ua")) == (None, Quality.NO_ANSWER)
        await asyncio.sleep(4 * POLL)
        assert not FED_ONLY & {key.code for key in seen.source.unreported}
        assert seen.value("Lg") is not None
        told = await Told.begin(it)
        for _ in range(3):
            told.say(box, {"Ua": 231.5, "Zz": 5.0, "P": 4.0})
            await asyncio.sleep(5)
        assert seen.value("Ua") == 231.5
        assert FED_ONLY - {"Ua"} <= {key.code for key in seen.source.unreported}


async def test_newer_replaces_older_whichever_way_it_came() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    box.figures.set["Lg"] = 20.0
    async with office(cloud, has_feed=True) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        told.say(box, {"Lg": 31.0}, late=40)
        # What the list said is 20 s old.
        assert seen.value("Lg") == 20.0
        told.say(box, {"Lg": 32.0}, late=5)
        assert seen.value("Lg") == 32.0
        before = seen.readings[PointKey("1", "Lg")].time
        await it.hub.poll()
        assert seen.value("Lg") == 32.0
        assert seen.readings[PointKey("1", "Lg")].time == before
        box.figures.set["Lg"] = 21.0
        await asyncio.sleep(SLOW_FACTOR * POLL)
        assert seen.value("Lg") == 21.0
        # Nothing that cannot be: it is unknown, and of later than now it is nothing.
        told.say(box, {"Lg": -5.0})
        assert (seen.value("Lg"), seen.quality("Lg")) == (None, Quality.IMPLAUSIBLE)
        told.say(box, {"Lg": 33.0}, late=-600)
        assert seen.value("Lg") is None
        await asyncio.sleep(5)
        told.say(box, {"Lg": 34.0})
        assert seen.value("Lg") == 34.0


async def test_a_feed_that_ends_leaves_nothing_that_is_too_old() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with office(cloud, has_feed=True, stale_after=900) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        told.say(box, {"Ua": 231.5, "Lg": 30.0})
        told.feed.lost()
        it.hub.feeding.end()
        await asyncio.sleep(800)
        assert seen.value("Ua") == 231.5
        await asyncio.sleep(200)
        assert (seen.value("Ua"), seen.quality("Ua")) == (None, Quality.STALE)
        assert seen.value("Lg") is not None


async def test_a_feed_that_repeats_a_device_that_the_server_does_not_hear_shows_nothing_of_it() -> None:
    cloud = cloud_at_noon()
    site = cloud.site()
    box, other = site.add(ARCM300T, "Box"), site.add(ARCM300T, "Other")
    async with office(cloud, has_feed=True, stale_after=900) as it:
        seen, beside = it.watch(box), it.watch(other)
        await it.hub.start()
        told = await Told.begin(it)
        told.say(box, {"Ua": 231.5})
        box.lose()
        await it.hub.poll()
        told.say(box, {"Ua": 231.5, "Lg": 30.0})
        assert (seen.quality("Ua"), seen.quality("Lg")) == (Quality.NO_ANSWER, Quality.NO_ANSWER)
        assert not seen.source.is_here
        box.find()
        await it.hub.poll()
        # What came meanwhile may have been of long ago.
        assert seen.value("Ua") is None
        told.say(box, {"Ua": 229.0}, late=-1)
        assert seen.value("Ua") == 229.0
        # Nobody says any more whether the server hears it: by its own times that is long ago.
        cloud.fail("trace", at="CommunicationStatus", times=None)
        box.age_s = 1200
        it.hub.feeding.end()
        told = await Told.begin(it)
        for _ in range(20):
            await asyncio.sleep(POLL)
            told.say(other, {"Ua": 230.0})
        assert beside.value("Ua") == 230.0


async def test_a_device_that_the_feed_calls_off_line_is_lost_until_something_newer_says_otherwise() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Kitchen breaker")
    async with office(cloud, has_feed=True) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        told.say(box, {"Switch": 1, "Ua": 231.5})
        assert (seen.value("SwitchSta"), seen.value("Ua")) == (True, 231.5)
        await asyncio.sleep(1)
        told.say(box, {"Switch": 2, "Ua": 231.5, "Lg": 20.0})
        for code in ("SwitchSta", "Ua", "Lg", "LgHigh"):
            assert seen.quality(code) is Quality.NO_ANSWER, code
        assert [type(update.trouble) for update in seen.updates[-1:]] == [CloudAwayError]
        assert not seen.source.is_here
        # The list heard it later than that.
        await asyncio.sleep(POLL)
        assert seen.value("SwitchSta") is True
        assert seen.is_well
        assert seen.value("Ua") is None
        # What is told first may be of before: the list knows the position.
        told.say(box, {"Switch": 0, "Ua": 230.0})
        assert (seen.value("SwitchSta"), seen.value("Ua")) == (True, 230.0)


async def test_what_a_feed_tells_first_hides_nothing_that_a_list_knows() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    box.figures.set["Lg"] = 400.0
    box.age_s = 1200
    async with office(cloud, has_feed=True) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        told.say(box, {"Lg": 20.0, "Ua": 230.0})
        assert (seen.value("Lg"), seen.value("Ua")) == (400.0, 230.0)
        await asyncio.sleep(1)
        told.say(box, {"Lg": 412.0})
        assert seen.value("Lg") == 412.0


def test_a_device_that_a_feed_calls_not_heard_stays_so_until_something_newer_says_that_it_is() -> None:
    fed = Fed()
    fed.take(Values(code="1", measured=START, values={PointKey("1", "Switch"): None}))
    assert fed.says_lost(START - timedelta(minutes=10))
    assert not fed.says_lost(START + timedelta(seconds=1))


async def test_a_position_is_of_the_time_that_is_stated_and_unknown_where_contacts_contradict_each_other() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Kitchen breaker")
    key = PointKey("1", "SwitchSta")
    async with office(cloud, has_feed=True) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        told.say(box, {"SwitchOff": 0}, late=60)
        assert seen.value("SwitchSta") is True
        told.say(box, {"SwitchOff": 1}, late=4)
        assert seen.value("SwitchSta") is False
        assert seen.readings[key].time == clock().replace(microsecond=0) - timedelta(seconds=4)
        told.say(box, {"SwitchOff": 1, "Switch": 1}, late=2)
        assert (seen.value("SwitchSta"), seen.quality("SwitchSta")) == (None, Quality.INVALID)
        told.say(box, {"SwitchOff": 0, "Switch": 1}, late=1)
        assert seen.value("SwitchSta") is True


async def test_values_of_a_foreign_device_never_land() -> None:
    cloud = cloud_at_noon()
    box, far = cloud.site("Mill Lane").add(ARCM300T, "Box"), cloud.site("Harbour").add(ARCM300T, "Far")
    async with office(cloud, has_feed=True) as it:
        seen, other = it.watch(box), it.watch(far)
        await it.hub.start()
        told = await Told.begin(it)
        told.say(box, {"Ua": 231.5}, site=far.site)
        assert (seen.value("Ua"), other.value("Ua")) == (None, None)
        assert it.hub.feeding.foreign == 1
        told.say(box, {"Ua": 230.5})
        assert (seen.value("Ua"), other.value("Ua")) == (230.5, None)
        # Its code was given to a device of another type.
        box.figures.kind = ADW300
        await it.hub.poll()
        told.say(box, {"Ua": 229.0}, late=-1)
        assert seen.value("Ua") is None


async def test_only_a_position_that_changed_is_taken_for_a_read_back() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Kitchen breaker")
    key = PointKey("1", "SwitchSta")
    async with office(cloud, has_feed=True) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        # The server heard it long ago, and its feed repeats that with a new time.
        box.lose()
        box.is_lost = False
        cloud.fail("trace", at="CommunicationStatus", times=None)
        box.age_s = 600
        await asyncio.sleep(POLL)
        told.say(box, {"Switch": 1})
        reading = asyncio.create_task(seen.source.read([key]))
        await asyncio.sleep(30)
        told.say(box, {"Switch": 1})
        await asyncio.sleep(30)
        assert not reading.done()
        told.say(box, {"Switch": 0})
        assert (await reading)[key].value is False
        # Of anything else of the device that says nothing.
        wider = asyncio.create_task(seen.source.read([key, PointKey("1", "LgHigh")]))
        await asyncio.sleep(30)
        assert not wider.done()
        wider.cancel()
        seen.source.ordered()
        again = asyncio.create_task(seen.source.read([key]))
        await asyncio.sleep(30)
        told.say(box, {"Switch": 0})
        await asyncio.sleep(15)
        assert not again.done()
        told.say(box, {"Switch": 1})
        assert (await again)[key].value is True


async def test_a_value_that_is_repeated_hides_none_that_the_device_told_later() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    box.figures.set["Lg"] = 20.0
    async with office(cloud, has_feed=True) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        told.say(box, {"Lg": 20.5})
        box.figures.set["Lg"] = 412.0
        await asyncio.sleep(POLL)
        # The feed knows nothing of it, and says so with a new time.
        told.say(box, {"Lg": 20.5})
        assert seen.value("Lg") == 412.0
        told.say(box, {"Lg": 415.0}, late=-1)
        assert seen.value("Lg") == 415.0


async def test_a_position_that_is_repeated_is_no_newer_than_when_it_was_told_first() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM310, "Kitchen breaker")
    key = PointKey("1", "SwitchSta")
    async with office(cloud, has_feed=True) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        # A server whose feed knows nothing of what the device said last.
        told.say(box, {"Switch": 0})
        assert seen.value("SwitchSta") is True
        await asyncio.sleep(POLL)
        told.say(box, {"Switch": 0})
        assert seen.value("SwitchSta") is True
        seen.source.ordered()
        # What it says proves nothing of the order, though it is of later than what the device itself told.
        reading = await asyncio.gather(seen.source.read([key]), _repeated(told, box))
        assert reading[0][key].value is True


async def _repeated(told: Told, box: Meter) -> None:
    for _ in range(6):
        await asyncio.sleep(10)
        told.say(box, {"Switch": 0})


async def test_only_values_are_asked_more_seldom_and_at_once_again_when_the_feed_ends() -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with office(cloud, has_feed=True) as it:
        it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)

        async def polls(count: int, tell: Callable[[], None]) -> list[int]:
            cloud.forget()
            for _ in range(count):
                await asyncio.sleep(1)
                tell()
                await it.hub.poll()
            return [cloud.count(name) for name in (VALUES, "selectByStationId", "CommunicationStatus")]

        def live() -> None:
            box.figures.set["Lg"] = 30.0 + clock().second
            told.whole()

        live()
        assert await polls(2 * SLOW_FACTOR, live) == [2, 4 * SLOW_FACTOR, 2 * SLOW_FACTOR]
        # What the lists tell and the feed does not is asked as ever.
        await asyncio.sleep(SILENT_SECONDS + 10)
        assert (await polls(4, lambda: told.say(box, {"Lg": 30.0})))[0] == 4


async def test_a_feed_that_only_repeats_makes_nothing_later() -> None:
    cloud = cloud_at_noon()
    site = cloud.site()
    box = site.add(ARCM300T, "Box")
    box.figures.set["Lg"] = 20.0
    async with office(cloud, has_feed=True) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        frozen = told.published.message(site)

        def repeat() -> None:
            message = json.dumps({**frozen, "time": cloud.clock.text(clock())})
            told.feed.take(topic_of(site.id), message.encode())

        for _ in range(3):
            repeat()
            await asyncio.sleep(POLL)
        box.figures.set["Lg"], box.age_s = 400.0, 0
        await asyncio.sleep(POLL)
        repeat()
        assert seen.value("Lg") == 400.0


def test_contacts_that_contradict_each_other_in_two_messages_are_no_movement() -> None:
    fed = Fed()
    for second, code in enumerate(("SwitchOn", "SwitchOff")):
        time = START + timedelta(seconds=second)
        fed.take(Values(code="1", measured=time, values={PointKey("1", code): True}))
    assert fed.position is not None
    assert (fed.position.value, fed.turned) == (None, None)


@pytest.mark.parametrize("how", ["lost", "ended", "silent"])
async def test_a_feed_that_is_not_there_any_more_is_asked_instead_of_at_once(how: str) -> None:
    cloud = cloud_at_noon()
    box = cloud.site().add(ARCM300T, "Box")
    async with office(cloud, has_feed=True, every=3600) as it:
        seen = it.watch(box)
        await it.hub.start()
        told = await Told.begin(it)
        for number in range(2):
            box.figures.set["Lg"] = 30.0 + number
            told.whole()
            await asyncio.sleep(1)
        await it.hub.poll()
        cloud.forget()
        box.figures.set["Lg"], box.age_s = 77.0, 0
        await asyncio.sleep(3)
        if how == "lost":
            told.feed.lost()
        elif how == "ended":
            it.hub.feeding.end()
        await asyncio.sleep(SILENT_SECONDS + 5 if how == "silent" else 2)
        assert cloud.count(VALUES) == 1
        assert seen.value("Lg") == 77.0
        await asyncio.sleep(1200)
        assert cloud.count(VALUES) == 1


NUMBERS = st.none() | st.booleans() | st.floats(0, 300)
TOLD = st.tuples(st.integers(-400, 400), st.dictionaries(st.sampled_from(("Ua", "Lg", "Switch", "SwitchOff")), NUMBERS))


@given(st.lists(TOLD, max_size=12))
def test_whatever_comes_in_whatever_order_nothing_older_replaces_anything(
    messages: list[tuple[int, dict[str, float | None]]],
) -> None:
    fed = Fed()
    newest = -1000
    stands: dict[str, tuple[int, float | None]] = {}
    for seconds, values in messages:
        keys = {PointKey("1", code): value for code, value in values.items()}
        is_taken = fed.take(Values(code="1", measured=START + timedelta(seconds=seconds), values=keys))
        assert is_taken is (seconds > newest)
        if not is_taken:
            continue
        newest = seconds
        if any(values.get(code, 0) is None for code in ("Switch", "SwitchOff")):
            stands.clear()
            assert fed.says_lost(None)
        else:
            stands |= {code: (seconds, value) for code, value in values.items() if code in ("Ua", "Lg")}
    for code in ("Ua", "Lg"):
        told = fed.get(PointKey("1", code))
        expected = stands.get(code)
        assert (None if told is None else (told.time, told.value)) == (
            None if expected is None else (START + timedelta(seconds=expected[0]), expected[1])
        )
