"""Entities that operate a breaker, relay or output: each act goes through the device's control, with who asks."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.button import ButtonEntity
from homeassistant.components.switch import SwitchEntity
from homeassistant.components.switch.const import SwitchDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioacrel.control.control import Act
from .aioacrel.control.outcome import Outcome, Reason, Result, refused
from .aioacrel.points import Effect
from .aioacrel.readings import PointKey
from .aioacrel.texts import library_language
from .asking import AskedEntity
from .const import DOMAIN
from .coordinator import AcrelConfigEntry
from .deeds import deeds_of
from .devices import device_info
from .handles import Handle, position
from .meant import objection
from .operating import Operator
from .undone import UNDONE

_UNDONE_BY = {Effect.OPEN: "closed_again", Effect.CLOSE: "opened_again"}
_MOVING = {True: "closing", False: "opening"}


@callback
def add_remotes(
    entry: AcrelConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback, *, is_pressed: bool
) -> None:
    """Add what operates the devices of a link: the buttons, or the switches."""
    for subentry_id, coordinator in entry.runtime_data.coordinators.items():
        if (operator := coordinator.operator) is None:
            continue
        make = RemoteButton if is_pressed else RemoteSwitch
        handles = [handle for handle in operator.handles if handle.is_pressed is is_pressed]
        async_add_entities([make(operator, handle) for handle in handles], config_subentry_id=subentry_id)


class RemoteEntity(AskedEntity):
    """One handle of a device."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    # Keeps it out of what is meant by an area, of voice assistants and of dashboards that are made by themselves,
    # unless a person puts it there.
    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, operator: Operator, handle: Handle) -> None:
        """Take what operates the device, and what of it this is."""
        coordinator = operator.coordinator
        self.operator, self.handle = operator, handle
        self._attr_unique_id = operator.unique_id(handle)
        self._attr_translation_key = handle.what.value
        self._attr_device_info = coordinator.places.get(handle.circuit) or device_info(coordinator.subentry)
        name = handle.name
        if handle.on is not None and handle.output is None and handle.is_pressed:
            language = library_language(coordinator.hass.config.language)
            name = operator.control.operations[handle.on].name(language)
        self._attr_translation_placeholders = {"name": name}
        self._shown: object = None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the device and its control; nothing is taken over from before."""
        coordinator = self.operator.coordinator
        self.async_on_remove(coordinator.async_add_listener(self._look))
        self.async_on_remove(self.operator.control.listen(self._take))

    @callback
    def _take(self, _: Act) -> None:
        self._look()

    @callback
    def _look(self) -> None:
        if (shown := self.shown()) != self._shown:
            self._shown = shown
            self.async_write_ha_state()

    def shown(self) -> object:
        """Return all that the state is made of."""
        return self.available

    @property
    @override
    def available(self) -> bool:
        """Whether the device is heard."""
        return self.operator.coordinator.device.is_heard

    async def _async_operate(self, key: PointKey | None) -> None:
        """Operate for whoever asked. Raises HomeAssistantError unless it was confirmed."""
        context = self.take_asker()
        outcome: Outcome = refused(Reason.NOT_OFFERED)
        if context is None:
            # Nobody knows who asks: not an action of Home Assistant, which always says so.
            outcome = refused(Reason.NO_RIGHT)
        elif key is not None:
            closes = self.operator.control.effect(key).may_close
            not_meant = objection(self.hass, context, self.entity_id, closes=closes)
            outcome = await self.operator.async_operate(key, context, is_confirmed=True, objection=not_meant)
        self.operator.check(outcome)


class RemoteSwitch(RemoteEntity, SwitchEntity):
    """A breaker, relay, contactor or output: on is closed, as it was read."""

    _attr_device_class = SwitchDeviceClass.SWITCH

    def __init__(self, operator: Operator, handle: Handle) -> None:
        """Find out what tells its position."""
        super().__init__(operator, handle)
        self._proof, self._is_told = position(operator.control, handle.keys[0], operator.policy)
        self._attr_assumed_state = not self._is_told
        self._last: Act | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Have its position read from now on."""
        self.async_on_remove(self._want())
        await super().async_added_to_hass()

    def _want(self) -> CALLBACK_TYPE:
        return self.operator.coordinator.device.want([*self._proof.keys])

    @property
    @override
    def is_on(self) -> bool | None:
        """Whether it is closed; None while that is not known."""
        return self._proof.position(self.operator.coordinator.device.readings) if self._is_told else None

    @property
    @override
    def available(self) -> bool:
        """Whether its position is known; where nothing tells it, whether the device is heard."""
        return super().available and (self.is_on is not None or not self._is_told)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """What is under way, what came of the last operation, and what hangs on it."""
        control, last = self.operator.control, self._last
        outcome = None if last is None else last.outcome
        tags = control.tags.on(self.handle.circuit)
        return {
            "movement": self._movement(),
            "last_outcome": None if outcome is None else UNDONE if self._is_undone else str(outcome.result),
            "last_reason": self._last_reason(),
            "last_by": None if last is None else last.caller.name,
            "tags": [f"{tag.name}: {tag.reason}" if tag.reason else tag.name for tag in tags],
        }

    @property
    def _is_undone(self) -> bool:
        """Whether what was done last does not hold any more."""
        operator = self.operator
        return self._last is not None and deeds_of(self.hass).is_last_undone(operator.board.identity, self._last.key)

    def _last_reason(self) -> str | None:
        if self._last is None or (outcome := self._last.outcome) is None:
            return None
        if self._is_undone:
            return _UNDONE_BY.get(self._last.effect)
        return None if outcome.reason is None else str(outcome.reason)

    def _movement(self) -> str | None:
        act = self.operator.control.under_way
        if act is None or act.key not in self.handle.keys:
            return None
        return _MOVING[act.key == self.handle.on]

    @callback
    @override
    def _take(self, act: Act) -> None:
        # What was refused is told to whoever asked, and says nothing of the breaker.
        if act.key in self.handle.keys and act.outcome is not None and act.outcome.result is not Result.REFUSED:
            self._last = act
        super()._take(act)

    @override
    def shown(self) -> object:
        """Return all that the state is made of."""
        return self.available, self.is_on, self.extra_state_attributes

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Close it, if whoever asks may and nothing is in the way."""
        await self._async_operate(self.handle.on)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Open it, if whoever asks may and nothing is in the way."""
        await self._async_operate(self.handle.off)

    @override
    async def async_toggle(self, **kwargs: Any) -> None:
        """Refuse: whoever switches mains says which way."""
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_toggle")


class RemoteButton(RemoteEntity, ButtonEntity):
    """Releases, tests, resets, or trips by an output."""

    @override
    async def async_press(self) -> None:
        """Operate, if whoever asks may and nothing is in the way."""
        await self._async_operate(self.handle.on)
