"""Whether a device under a known code is the one that was set up: what a server shows, and what then becomes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.hub import CloudHub
from custom_components.acrel_safety.aioacrel.cloud.identity import Identity, Recognition, Sameness
from custom_components.acrel_safety.aioacrel.cloud.moving import Expected, find
from custom_components.acrel_safety.aioacrel.cloud.records import Meter
from custom_components.acrel_safety.aioacrel.cloud.serials import Serials
from custom_components.acrel_safety.aioacrel.errors import CommandRefusedError
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.source import Command
from simulator.cloud import ARCM300T, ARCM310

from .cloud_hub_rigs import SECOND, clock, cloud_at_noon, office

SAME, UNSURE, OTHER = Sameness.SAME, Sameness.UNSURE, Sameness.OTHER
OPEN = PointKey("1", "RLYOFF")
KITCHEN = Identity(name="Kitchen", kind="3", serial="S1")


@pytest.mark.parametrize(
    ("told", "is_taken_over", "holds"),
    [
        # name, type, serial number; at another server; at the same one
        (("Kitchen", "3", "S1"), True, SAME),
        (("Kitchen", "3", ""), True, SAME),
        (("Cooker", "3", "S1"), True, SAME),
        (("Cooker", "3", ""), False, UNSURE),
        (("Cooker", "3", "S2"), False, OTHER),
        # An instrument that was replaced in the same place; at another server nobody knows.
        (("Kitchen", "3", "S2"), False, SAME),
        (("Kitchen", "1", "S1"), False, OTHER),
        (("", "3", ""), False, UNSURE),
    ],
)
def test_what_shows_that_it_is_the_same(told: tuple[str, str, str], is_taken_over: bool, holds: Sameness) -> None:
    name, kind, serial = told
    found = Identity(name=name, kind=kind, serial=serial)
    assert KITCHEN.is_shown_by(found) is is_taken_over
    assert KITCHEN.holds(found) is holds


def test_a_device_without_a_name_is_shown_by_nothing_but_its_serial_number() -> None:
    nameless = Identity(name="", kind="3")
    assert not nameless.is_shown_by(nameless)
    assert nameless.holds(nameless) is SAME


words = st.sampled_from(["", "a", "b"])
identities = st.builds(Identity, name=words, kind=st.sampled_from(["1", "3"]), serial=words)


@given(known=identities, told=st.lists(identities, max_size=4))
def test_a_device_that_is_another_one_is_never_learnt(known: Identity, told: list[Identity]) -> None:
    recognition = Recognition(known.kind)
    recognition.known = known
    for one in told:
        before = recognition.known
        recognition.take(Meter(code="1", name=one.name, site="1", kind=one.kind))
        recognition.take_serial(one.serial)
        is_same = recognition.sameness is SAME
        assert (recognition.doubt is None) is is_same
        assert recognition.known is not None
        assert is_same or recognition.known == before
        assert recognition.known.kind == known.kind


async def refusal(hub: CloudHub, code: str) -> str:
    [source] = [one for one in hub.sources if one.code == code]
    hub.orders.offer(source, OPEN, SECOND)
    with pytest.raises(CommandRefusedError) as refused:
        await source.send(Command(key=OPEN))
    return str(refused.value)


@pytest.mark.virtual_time
async def test_one_that_is_called_otherwise_is_shown_and_takes_no_order() -> None:
    cloud = cloud_at_noon()
    breaker = cloud.site().add(ARCM310, "Kitchen")
    async with office(cloud) as it:
        seen = it.watch(breaker)
        await it.hub.start()
        breaker.name = "Server room"
        await it.hub.poll()
        assert seen.value("SwitchSta") is True
        assert "“Server room”" in await refusal(it.hub, breaker.code)
        breaker.name = "Kitchen"
        await it.hub.poll()
        it.hub.orders.offer(seen.source, OPEN, SECOND)
        await seen.source.send(Command(key=OPEN))
        assert len(cloud.commands.sent) == 1


@pytest.mark.virtual_time
async def test_a_name_that_changes_while_an_order_waits_keeps_it_back() -> None:
    cloud = cloud_at_noon()
    breaker = cloud.site().add(ARCM310, "Kitchen")
    async with office(cloud) as it:
        seen = it.watch(breaker)
        await it.hub.start()
        it.hub.orders.offer(seen.source, OPEN, SECOND)

        def look(answer: object) -> object:
            breaker.name = "Server room"
            return answer

        cloud.fail("alter", at="selectByStationId", change=look)
        await seen.source.read({PointKey("1", "SwitchSta")})
        await it.hub.look(breaker.site)
        with pytest.raises(CommandRefusedError, match="Server room"):
            await seen.source.send(Command(key=OPEN))
        assert cloud.commands.sent == []


@pytest.mark.virtual_time
async def test_one_with_another_name_and_serial_number_is_not_shown_at_all() -> None:
    cloud = cloud_at_noon()
    cloud.behaviour.tells_serials = True
    breaker, box = (cloud.site().add(kind, name) for kind, name in ((ARCM310, "Kitchen"), (ARCM300T, "Box")))
    async with office(cloud) as it:
        seen, other = it.watch(breaker), it.watch(box)
        it.hub.hooks.append(Serials(it.hub).look)
        seen.source.recognition.known = Identity(name="Kitchen", kind=breaker.kind, serial=breaker.serial)
        breaker.name, breaker.serial = "Server room", "another"
        await it.hub.start()
        assert seen.quality("SwitchSta") is Quality.NO_ANSWER
        assert "another serial number" in str(seen.source.trouble)
        assert other.is_well
        await it.hub.poll()
        assert seen.quality("SwitchSta") is Quality.NO_ANSWER
        assert "another serial number" in await refusal(it.hub, breaker.code)
        asked = cloud.count("selectOne")
        await it.hub.poll()
        assert cloud.count("selectOne") == asked


@pytest.mark.virtual_time
async def test_devices_are_found_at_a_server_that_moved_and_what_differs_is_said() -> None:
    cloud = cloud_at_noon()
    cloud.behaviour.tells_serials = True
    home, shed = cloud.site("Home"), cloud.site("Shed")
    kitchen, box, moved = home.add(ARCM310, "Kitchen"), home.add(ARCM300T, "Box"), shed.add(ARCM300T, "Moved")
    numbered, refused = home.add(ARCM310, "Cooker"), cloud.site("Refused")
    async with office(cloud) as it:
        cloud.accounts["owner"].sites = {home.id, shed.id}

        def expected(site: str, code: str, name: str, kind: str, serial: str = "") -> Expected:
            return Expected(site=site, code=code, title=name, identity=Identity(name=name, kind=kind, serial=serial))

        found = await find(
            it.hub.account,
            {
                "same": expected(home.id, kitchen.code, "Kitchen", ARCM310),
                "by number": expected(home.id, numbered.code, "Former name", ARCM310, numbered.serial),
                "elsewhere": expected(home.id, moved.code, "Moved", ARCM300T),
                "name": expected(home.id, box.code, "Cellar", ARCM300T),
                "number": expected(home.id, box.code, "Box", ARCM300T, "another"),
                "type": expected(home.id, box.code, "Box", ARCM310),
                "gone": expected(refused.id, "1", "Gone", ARCM300T),
            },
            clock(),
        )
        assert found.sites == {"same": home.id, "by number": home.id, "elsewhere": shed.id}
        assert {key: str(one) for key, one in found.differences.items()} == {
            "name": "Cellar: there the code is “Box”",
            "number": "Box: there it has another serial number",
            "type": "Box: there it is of another type",
            "gone": "Gone: not listed",
        }
