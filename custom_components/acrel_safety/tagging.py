"""Hanging lock-out tags and taking them off: for whom that is allowed at that moment, and so that it lasts."""

from collections.abc import Mapping
from dataclasses import replace

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from .aioacrel.control.caller import Caller
from .aioacrel.control.outcome import Reason, refused
from .aioacrel.control.tags import Tag
from .const import DOMAIN, LOGGER
from .cutting import operators
from .deeds import What
from .desk import desk_of
from .keptfile import NOT_KEPT
from .operating import Operator
from .tagmemory import tag_memory


async def async_hang_tag(
    hass: HomeAssistant, operator: Operator, circuit: str, context: Context, reason: str, name: str
) -> Tag:
    """Hang a tag: it blocks at once, and this returns when it is on the disk. Raises HomeAssistantError."""
    caller = await operator.async_caller(context, circuit)
    tags, identity = operator.control.tags, operator.board.identity
    async with tag_memory(hass).turn_of(identity):
        tag = operator.control.hang_tag(circuit, caller, reason, name)
        if isinstance(tag, Reason):
            operator.note(operator.deed(What.TAG_REFUSED, circuit, caller, refused(tag)))
            operator.check(refused(tag))
        assert isinstance(tag, Tag)  # noqa: S101 - a refusal was raised
        _tell(hass, operator)
        await _async_keep(hass, operator, tags.kept())
    await _async_note(hass, operator, What.TAG_HUNG, tag, caller)
    return tag


async def async_remove_tag(hass: HomeAssistant, operator: Operator, tag: Tag, context: Context) -> None:
    """Take a tag off: it blocks until that is on the disk. Raises HomeAssistantError."""
    caller = await operator.async_caller(context, tag.circuit)
    tags, identity = operator.control.tags, operator.board.identity
    async with tag_memory(hass).turn_of(identity):
        found = operator.control.remove_tag(tag.id, caller)
        if isinstance(found, Reason):
            operator.note(replace(operator.deed(What.TAG_REFUSED, tag.circuit, caller, refused(found)), tag=tag))
            operator.check(refused(found))
        if found is None:
            return
        kept = tags.kept()
        # It hangs as before until it is known to be off also after a restart; nothing was waited for meanwhile.
        tags.restore([tag.kept()])
        await _async_keep(hass, operator, kept)
        tags.take_off(tag.id)
        _tell(hass, operator)
    await _async_note(hass, operator, What.TAG_REMOVED, tag, caller)


async def _async_keep(hass: HomeAssistant, operator: Operator, tags: list[Mapping[str, str]]) -> None:
    try:
        await tag_memory(hass).async_keep(operator.board.identity, tags)
    except NOT_KEPT as error:
        LOGGER.error("The lock-out tags of %s could not be written: %s", operator.board.name, error)
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="tags_not_kept",
            translation_placeholders={"board": operator.board.name},
        ) from error


@callback
def _tell(hass: HomeAssistant, operator: Operator) -> None:
    """Tell whatever shows the device now: the link may have been loaded anew while this waited for its turn."""
    for one in operators(hass):
        if one.board.identity == operator.board.identity:
            one.coordinator.async_update_listeners()


async def _async_note(hass: HomeAssistant, operator: Operator, what: What, tag: Tag, caller: Caller) -> None:
    operator.note(replace(operator.deed(what, tag.circuit, caller), tag=tag))
    await desk_of(hass).record.async_written()
