"""Lock-out tags in Home Assistant: they outlive a restart, whatever became of their file, and go by whom they may."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Literal, override

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir

from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.tagmemory import TagMemory, tag_memory
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.control_rigs import USUAL, ControlRig, administrator, meter, user


@pytest.fixture
async def rig(cabinet_of: CabinetMaker, link_to: LinkMaker) -> AsyncGenerator[ControlRig]:
    async with meter(cabinet_of, link_to) as rig:
        await rig.shows("on")
        yield rig


def put_in_its_place(hass: HomeAssistant, text: str | None) -> None:
    """Put something else where the file of tags is: a text, or a folder, which nothing can be written to."""
    file = Path(hass.config.path(DOMAIN), "tags.json")
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    if text is None:
        file.mkdir()
    else:
        file.write_text(text, "utf-8")


async def test_a_tag_outlives_a_reload_and_is_put_down(hass: HomeAssistant, rig: ControlRig) -> None:
    ada = await administrator(hass)
    hung = await rig.act("hang_tag", ada, entity_id=rig.switch, reason="work on the line")
    await rig.link.reload()
    state = await rig.shows("on")
    assert state.attributes["tags"] == ["Ada: work on the line"]
    await rig.act("remove_tag", ada, tag_id=hung["tags"][0]["tag_id"])
    assert rig.state().attributes["tags"] == []
    await rig.link.reload()
    assert (await rig.shows("on")).attributes["tags"] == []
    assert [(entry["what"], entry["by"]) for entry in await rig.recorded(Kind.TAG)] == [
        *(("tag_hung", "Ada"), ("tag_removed", "Ada")),
    ]
    assert rig.writes == 0


async def test_only_an_administrator_or_who_hung_it_removes_a_tag(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    uwe, other = await user(hass), await user(hass)
    rights = {**USUAL["rights"], f"user:{uwe.id}": ["tags"], f"user:{other.id}": ["tags"]}
    async with meter(cabinet_of, link_to, {**USUAL, "rights": rights}) as rig:
        hung = await rig.act("hang_tag", uwe, entity_id=rig.switch, reason="work")
        tag_id = hung["tags"][0]["tag_id"]
        for who in (other, None):
            with pytest.raises(ServiceValidationError, match="no right"):
                await rig.act("remove_tag", who, tag_id=tag_id)
        assert [tag.id for tag in rig.operator.control.tags.all] == [tag_id]
        await rig.act("remove_tag", uwe, tag_id=tag_id)
        assert rig.operator.control.tags.all == ()


async def test_a_tag_that_cannot_be_written_is_said_and_blocks(hass: HomeAssistant, rig: ControlRig) -> None:
    put_in_its_place(hass, None)
    with pytest.raises(HomeAssistantError) as failed:
        await rig.act("hang_tag", await administrator(hass), entity_id=rig.switch, reason="work")
    assert failed.value.translation_key == "tags_not_kept"
    assert len(rig.operator.control.tags.all) == 1


async def test_a_tag_that_cannot_be_taken_off_the_disk_still_hangs(hass: HomeAssistant, rig: ControlRig) -> None:
    ada = await administrator(hass)
    hung = await rig.act("hang_tag", ada, entity_id=rig.switch, reason="work")
    put_in_its_place(hass, None)
    with pytest.raises(HomeAssistantError):
        await rig.act("remove_tag", ada, tag_id=hung["tags"][0]["tag_id"])
    assert [tag.id for tag in rig.operator.control.tags.all] == [hung["tags"][0]["tag_id"]]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"a"', "\x00"])
async def test_of_a_damaged_file_a_tag_hangs_on_every_device(hass: HomeAssistant, damage: str) -> None:
    put_in_its_place(hass, damage)
    memory = TagMemory(hass)
    await memory.async_open()
    assert memory.kept("any device")


async def test_where_there_never_was_a_tag_none_hangs(hass: HomeAssistant) -> None:
    memory = TagMemory(hass)
    await memory.async_open()
    assert memory.kept("any device") is None


class Turn(asyncio.Lock):
    """A turn that tells how many wait for it."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.waiting, self.all_wait = most, 0, asyncio.Event()

    @override
    async def acquire(self) -> Literal[True]:
        self.waiting += self.locked()
        if self.waiting == self.most:
            self.all_wait.set()
        return await super().acquire()


async def test_tags_that_waited_while_the_link_was_loaded_anew_hang(
    hass: HomeAssistant, rig: ControlRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told as hung hangs, also when the control it was asked of is over, and is lost to no other."""
    ada, memory = await administrator(hass), tag_memory(hass)
    former = rig.operator
    turn = Turn(3)
    monkeypatch.setattr(memory, "turn_of", lambda _: turn)
    await turn.acquire()
    waiting = [
        asyncio.create_task(rig.act("hang_tag", ada, entity_id=rig.switch, reason=f"work {number}"))
        for number in range(3)
    ]
    await turn.all_wait.wait()
    await rig.link.reload()
    await rig.shows("on")
    assert rig.operator is not former
    turn.release()
    told = {answer["tags"][0]["tag_id"] for answer in await asyncio.gather(*waiting)}
    later = await rig.act("hang_tag", ada, entity_id=rig.switch, reason="work after it")
    told.add(later["tags"][0]["tag_id"])
    assert {tag.id for tag in rig.operator.control.tags.all} == told
    assert len(rig.state().attributes["tags"]) == len(told) == 4
    kept = TagMemory(hass)
    await kept.async_open()
    assert {tag.id for tag in kept.tags_of(former.board.identity).all} == told
    (first, *_) = sorted(told)
    await rig.act("remove_tag", ada, tag_id=first)
    await rig.link.reload()
    assert {tag.id for tag in rig.operator.control.tags.all} == told - {first}
    assert rig.writes == 0


async def test_a_circuit_that_is_closed_under_a_tag_is_told_until_that_is_over(
    hass: HomeAssistant, rig: ControlRig
) -> None:
    ada = await administrator(hass)

    def told() -> list[str]:
        return [one.translation_key or "" for one in ir.async_get(hass).issues.values() if one.domain == DOMAIN]

    rig.move_by_hand(closed=False)
    await rig.shows("off")
    rig.move_by_hand(closed=True)
    await rig.shows("on")
    assert told() == []
    rig.move_by_hand(closed=False)
    await rig.shows("off")
    hung = await rig.act("hang_tag", ada, entity_id=rig.switch, reason="work on the line")
    assert told() == []
    rig.move_by_hand(closed=True)
    await rig.shows("on")
    assert told() == ["closed_locked_out"]
    (entry,) = [one for one in await rig.recorded(Kind.POSITION) if "tags" in one]
    assert (entry["what"], entry["position"], entry["tags"]) == ("moved", True, [hung["tags"][0]["tag_id"]])
    await rig.link.reload()
    await rig.shows("on")
    assert told() == ["closed_locked_out"]
    rig.move_by_hand(closed=False)
    await rig.shows("off")
    assert told() == []
    rig.move_by_hand(closed=True)
    await rig.shows("on")
    assert told() == ["closed_locked_out"]
    await rig.act("remove_tag", ada, tag_id=hung["tags"][0]["tag_id"])
    assert told() == []
