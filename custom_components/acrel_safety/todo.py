"""The hazard list of a link: ticking acknowledges, comments and due dates are kept."""

from datetime import datetime
from typing import Any, override

# Listed as exported from 2026.11 on.
from homeassistant.components.todo import TodoItem, TodoListEntity  # type: ignore[attr-defined, unused-ignore]
from homeassistant.components.todo.const import TodoItemStatus, TodoListEntityFeature
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import CALLBACK_TYPE, Context, Event, HassJob, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .actions import async_acknowledge
from .aioacrel.alarms.board import Board
from .aioacrel.alarms.happening import Happening
from .aioacrel.alarms.standing import Standing
from .aioacrel.journal.entry import Kind
from .aioacrel.texts import phrase
from .asking import AskedEntity
from .checkupactions import async_record_checkup, board_named
from .checkups import checkup_clock_of
from .const import DOMAIN
from .coordinator import AcrelConfigEntry
from .desk import desk_of
from .devices import board_of, hub_info
from .duedates import is_reasonable
from .entity_ids import hazards_id
from .furtherways import own_devices
from .hazards import LONGEST_TEXT, Hazard, Hazards
from .issues import tell_overdue_hazards
from .logged import log_entry
from .often import check_not_too_often
from .record import fits_record
from .rights import Actor, async_actor, check_may_act, check_may_note

PARALLEL_UPDATES = 0

_KEY = "hazards"


async def async_setup_entry(
    hass: HomeAssistant, entry: AcrelConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the list of a link."""
    hazards = Hazards(hass, entry.entry_id)
    await hazards.async_load()
    async_add_entities([HazardList(entry, hazards)])


class HazardList(AskedEntity, TodoListEntity):
    """All alarms of a link's devices that a person has to see to."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_translation_key = _KEY
    # Nothing is added or deleted by hand: what is done goes by itself, after a year.
    _attr_supported_features = (
        TodoListEntityFeature.UPDATE_TODO_ITEM
        | TodoListEntityFeature.SET_DUE_DATE_ON_ITEM
        | TodoListEntityFeature.SET_DUE_DATETIME_ON_ITEM
        | TodoListEntityFeature.SET_DESCRIPTION_ON_ITEM
    )

    def __init__(self, entry: AcrelConfigEntry, hazards: Hazards) -> None:
        """Take the link and what is kept of it."""
        self._attr_unique_id = hazards_id(entry.entry_id)
        self._attr_device_info = hub_info(entry)
        self._entry = entry
        self._hazards = hazards
        self._cancel: CALLBACK_TYPE | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the alarms, beginning with those that stand."""
        await super().async_added_to_hass()
        desk = desk_of(self.hass)
        self._close_removed()
        for standing in desk.alarms.standing():
            if self._is_here(standing):
                self._hazards.take(standing)
                self._hazards.rename(standing)
        self.async_on_remove(desk.listen(self._take))
        self.async_on_remove(checkup_clock_of(self.hass).listen_to_changes(self._take_checkups))
        for renamed in (dr.EVENT_DEVICE_REGISTRY_UPDATED, EVENT_CORE_CONFIG_UPDATE):
            self.async_on_remove(self.hass.bus.async_listen(renamed, self._rename))
        self.async_on_remove(self._disarm)
        self._look_at_checkups(dt_util.utcnow())
        self._look()

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Write what waits: after a reload the file is read before a second is over."""
        await self._hazards.async_save()

    def _is_here(self, standing: Standing) -> bool:
        return self._entry.entry_id in (standing.board.link, standing.board.identity)

    @callback
    def _take(self, happening: Happening, standing: Standing) -> None:
        if self._is_here(standing) and self._hazards.take(standing, happening.what):
            self._look()
            self.async_write_ha_state()

    @callback
    def _rename(self, _: Event[Any]) -> None:
        """Call what is open as it is called now: persons rename places, and choose another language."""
        here = [standing for standing in desk_of(self.hass).alarms.standing() if self._is_here(standing)]
        if [standing for standing in here if self._hazards.rename(standing)]:
            self._look()
            self.async_write_ha_state()

    def _close_removed(self) -> None:
        for hazard in self._hazards.close_removed({self._entry.entry_id, *self._entry.subentries}):
            self._put_down(hazard, "", phrase("hazard_of_removed").text(self.hass.config.language))

    @callback
    def _take_checkups(self, now: datetime) -> None:
        if self._look_at_checkups(now):
            self._look()
            self.async_write_ha_state()

    def _look_at_checkups(self, now: datetime) -> bool:
        """Take which tests of the link's devices are outstanding; return whether that changed the list."""
        clock, has_changed = checkup_clock_of(self.hass), False
        for one in own_devices(self._entry):
            outstanding = clock.outstanding(one.subentry_id, now)
            has_changed |= self._hazards.take_checkups(board_of(self.hass, self._entry, one), outstanding)
        return has_changed

    # -- what persons do ----------------------------------------------------------------------------------------------

    @override
    async def async_update_todo_item(self, item: TodoItem) -> None:
        """Do what differs from what is kept: the page sends the whole item back."""
        if (context := self.take_asker()) is None:
            # Nothing is done in the name of nobody.
            raise _refusal("hazard_by_nobody")
        hazard = self._hazards.find(item.uid)
        if hazard is None:
            raise _refusal("hazard_unknown")
        if item.summary is not None and item.summary != hazard.summary:
            raise _refusal("hazard_name_fixed")
        ticked = item.status is not None and (item.status == TodoItemStatus.COMPLETED) is not hazard.is_done
        if ticked and hazard.is_done:
            raise _refusal("hazard_stays_done")
        actor = await async_actor(self.hass, context)
        noted = self._noted(hazard, item, actor)
        if ticked:
            # First: who may not do that has changed nothing.
            await self._async_see_to(hazard, context)
        if noted is not None:
            hazard.description, hazard.due = noted
            self._put_down(hazard, actor.name, *noted)
        await self._hazards.async_save()
        self._look()
        self.async_write_ha_state()
        await desk_of(self.hass).record.async_written()

    def _noted(self, hazard: Hazard, item: TodoItem, actor: Actor) -> tuple[str, str | None] | None:
        """Return the comment and due date that somebody gives, None where they stay; refuse what cannot be kept."""
        due = None if item.due is None else item.due.isoformat()
        description = hazard.written_in(item.description or "")
        if (description, due) == (hazard.description, hazard.due):
            return None
        self._check_may_note(hazard, actor)
        note = self._note(hazard, actor.name, description, due)
        if len(description) > LONGEST_TEXT or not fits_record(Kind.NOTE, note):
            raise _refusal("hazard_comment_too_long")
        if item.due is not None and due != hazard.due and not is_reasonable(item.due):
            raise _refusal("hazard_due_unreasonable")
        check_not_too_often(self.hass, actor)
        return description, due

    def _check_may_note(self, hazard: Hazard, actor: Actor) -> None:
        found = desk_of(self.hass).alarms.find(hazard.alarm_id)
        if found is not None:
            check_may_act(self.hass, actor, [found])
            return
        link = Board(identity=self._entry.entry_id, name=self._entry.title)
        check_may_note(self.hass, actor, board_named(self.hass, hazard.identity) or link)

    async def _async_see_to(self, hazard: Hazard, context: Context) -> None:
        """Do what ticking means: an alarm is acknowledged, a test has passed."""
        about = hazard.checkup
        if about is not None and (board := board_named(self.hass, about[0])) is not None:
            await async_record_checkup(self.hass, context, [board], about[1], passed=True, comment=hazard.summary)
        found = desk_of(self.hass).alarms.find(hazard.alarm_id)
        if found is not None and found.occurrence == hazard.occurrence:
            await async_acknowledge(self.hass, context, hazard.alarm_id, occurrence=hazard.occurrence)
        if not hazard.is_done:
            # Its alarm is over, or not watched any more: there is nothing left but to say that somebody saw to it.
            actor = await async_actor(self.hass, context)
            self._check_may_note(hazard, actor)
            self._hazards.close(hazard)
            self._put_down(hazard, actor.name)

    def _put_down(self, hazard: Hazard, by: str, comment: str = "", due: str | None = None) -> None:
        desk_of(self.hass).record.put_down(Kind.NOTE, self._note(hazard, by, comment, due))
        link = Board(identity=self._entry.entry_id, name=self._entry.title)
        log_entry(self.hass, link, Kind.NOTE, f"{hazard.summary} {due or ''}".rstrip(), by, comment)

    @staticmethod
    def _note(hazard: Hazard, by: str, comment: str, due: str | None) -> dict[str, object]:
        note = {"alarm_id": hazard.alarm_id, "occurrence": hazard.occurrence, "hazard": hazard.summary, "by": by}
        return {**note, "comment": comment, "due": due or ""}

    # -- what is overdue ----------------------------------------------------------------------------------------------

    @callback
    def _look(self, now: datetime | None = None) -> None:
        """Show the list, raise the repair about what is overdue, and look again when the next one is due."""
        self._attr_todo_items = [_item(hazard) for hazard in self._hazards.all()]
        now = now or dt_util.utcnow()
        due = [(at, one) for one in self._hazards.all() if not one.is_done and (at := one.overdue_at()) is not None]
        tell_overdue_hazards(self.hass, self._entry, [one.summary for at, one in due if at <= now])
        self._disarm()
        if later := [at for at, _ in due if at > now]:
            self._cancel = async_track_point_in_utc_time(
                self.hass, HassJob(self._tick, cancel_on_shutdown=True), min(later)
            )

    @callback
    def _tick(self, now: datetime) -> None:
        self._cancel = None
        self._look(now)

    @callback
    def _disarm(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None


def _item(hazard: Hazard) -> TodoItem:
    return TodoItem(
        uid=hazard.occurrence,
        summary=hazard.summary,
        status=TodoItemStatus.COMPLETED if hazard.is_done else TodoItemStatus.NEEDS_ACTION,
        due=hazard.due_at,
        description=hazard.text,
        completed=None if hazard.done is None else dt_util.parse_datetime(hazard.done),
    )


def _refusal(key: str) -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
