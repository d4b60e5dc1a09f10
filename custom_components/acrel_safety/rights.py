"""Who may act on an alarm: persons may; automations only where the owner of the device allows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.standing import Standing
from .const import DOMAIN
from .entity_ids import SAFETY, id_of
from .furtherways import own_devices
from .ownersettings import may_automate
from .starters import person_behind

AUTOMATION = "automation"
"""Who acts, in the record, where it is no person."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, or (without one) an automation."""

    context: Context
    user: User | None

    @property
    def name(self) -> str:
        """Return what the record says."""
        return AUTOMATION if self.user is None else self.user.name or self.user.id


async def async_actor(hass: HomeAssistant, context: Context) -> Actor:
    """Return who acts.

    Raises UnknownUser for a person who is gone, Unauthorized for one whose account is off, StarterForgottenError.

    Home Assistant lets nobody log in with such an account, but a phone that was registered with it still sends.
    """
    user_id = person_behind(hass, context)
    if user_id is None:
        return Actor(context, None)
    user = await hass.auth.async_get_user(user_id)
    if user is None:
        raise UnknownUser(context=context)
    if not user.is_active:
        raise Unauthorized(context=context, user_id=user.id)
    # An add-on is a user of the system's own, and no person.
    return Actor(context, None if user.system_generated else user)


@callback
def check_may_act(hass: HomeAssistant, actor: Actor, alarms: Iterable[Standing]) -> None:
    """Raise ServiceValidationError or Unauthorized if somebody may not act on one of these alarms."""
    for standing in alarms:
        if actor.user is None:
            _check_automation(hass, standing.board)
        else:
            _check_person(hass, actor, actor.user, standing)


@callback
def check_may_act_at(hass: HomeAssistant, actor: Actor, board: Board, circuit: str | None) -> None:
    """Raise ServiceValidationError or Unauthorized if somebody may not act on what stands, or may stand, at a place."""
    if actor.user is None:
        _check_automation(hass, board)
    else:
        _check_control(hass, actor, actor.user, board, (circuit, None))


@callback
def check_may_note(hass: HomeAssistant, actor: Actor, board: Board) -> None:
    """Raise ServiceValidationError or Unauthorized if somebody may not say what was tested on a device."""
    if actor.user is None:
        _check_automation(hass, board)
    else:
        _check_control(hass, actor, actor.user, board, (None,))


@callback
def check_may_set(hass: HomeAssistant, actor: Actor, board: Board) -> None:
    """Raise ServiceValidationError or Unauthorized if somebody may not change what is an alarm."""
    if actor.user is None:
        _check_automation(hass, board)
    elif not actor.user.is_admin:
        raise Unauthorized(context=actor.context)


@callback
def check_may_set_all(hass: HomeAssistant, actor: Actor, alarms: Iterable[Standing]) -> None:
    """Raise ServiceValidationError or Unauthorized if somebody may not say whether these are alarms at all."""
    for standing in alarms:
        check_may_set(hass, actor, standing.board)


def _check_automation(hass: HomeAssistant, board: Board) -> None:
    devices = _devices_of(hass, board)
    if not devices or not all(map(may_automate, devices)):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_for_automations",
            translation_placeholders={"board": board.name},
        )


def _devices_of(hass: HomeAssistant, board: Board) -> Sequence[ConfigSubentry]:
    """Return the device that a board stands for, or all devices of a link."""
    entry = hass.config_entries.async_get_entry(board.link or board.identity)
    if entry is None:
        return []
    devices = own_devices(entry)
    return [one for one in devices if one.subentry_id == board.identity] if board.link else devices


def _check_person(hass: HomeAssistant, actor: Actor, user: User, standing: Standing) -> None:
    _check_control(hass, actor, user, standing.board, (standing.circuit, None))


def _check_control(hass: HomeAssistant, actor: Actor, user: User, board: Board, circuits: Iterable[str | None]) -> None:
    """Raise Unauthorized for who may control none of the entities that show the word of these places."""
    if user.is_admin or user.permissions.access_all_entities(POLICY_CONTROL):
        return
    registry = er.async_get(hass)
    shown_by = [
        registry.async_get_entity_id(Platform.SENSOR, DOMAIN, id_of(board.identity, circuit, SAFETY))
        for circuit in circuits
    ]
    if not any(entity is not None and user.permissions.check_entity(entity, POLICY_CONTROL) for entity in shown_by):
        raise Unauthorized(context=actor.context, permission=POLICY_CONTROL)
