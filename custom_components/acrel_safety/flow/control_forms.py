"""The dialog "Remote control" of a device: who may operate it, what, and what its outputs drive."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_MODEL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..aioacrel.control.interlocks import LOCAL_WORDS, REMOTE_WORDS
from ..aioacrel.control.policy import Drive, Policy
from ..aioacrel.control.position import CONTROL_LEVEL
from ..aioacrel.control.rights import ADMINISTRATORS, AUTOMATIONS, Right, Rights, rights_for, user
from ..aioacrel.errors import AcrelError
from ..aioacrel.journal.entry import Kind
from ..aioacrel.points import Effect, Model
from ..aioacrel.readings import PointKey
from ..checked import UnfitError
from ..const import CONF_ALLOW_CHANGES, CONF_CONTROL, CONF_METER, CONF_SERIAL, CONF_UNIT_ID
from ..controlsettings import REMOTE_LEVEL, key_of, name_of, policy_of, sound_control, with_settings_right, written
from ..desk import desk_of
from ..devices import board_of
from ..handles import outputs_of
from ..markdown import plain
from ..model_files import model_library
from .byitself_forms import by_itself_form, by_itself_schema, with_what_acts
from .choosing import Place, circuit_options, label_of, offered, places_of
from .ending import ends_clearly
from .evidence_forms import disputed_in, evidence_fields, evidence_form, evidence_in
from .explain import FormError
from .link_forms import FormData
from .selector_texts import FlowTexts
from .steps import DeviceSteps

_MAY_CLOSE = frozenset({Effect.CLOSE, Effect.RELEASE, Effect.OUTPUT_ON, Effect.OUTPUT_OFF, Effect.UNSAID})
"""After these there may be voltage."""
CONF_ENABLED, CONF_MAY_CLOSE, CONF_USERS, CONF_USER_RIGHTS, CONF_CRITICAL = (
    *("enabled", "may_close", "users", "user_rights"),
    "critical",
)

_WHICH_DEVICE = (CONF_MODEL, CONF_UNIT_ID, CONF_SERIAL, CONF_METER)


async def async_operable(hass: HomeAssistant, data: Mapping[str, Any]) -> Model | None:
    """Return the model of a stored device that can be operated, or whose settings may be changed; None for others."""
    try:
        model = await hass.async_add_executor_job(model_library(hass).get, data.get(CONF_MODEL, ""))
    except AcrelError:
        return None
    may_set = bool(model.settable) and data.get(CONF_ALLOW_CHANGES) is True
    return model if model.operations or may_set else None


def kept_control(former: Mapping[str, Any], data: Mapping[str, Any]) -> FormData:
    """Return what stays of the owner's word when a device is changed: nothing when it is another device."""
    if CONF_CONTROL not in former or any(former.get(key) != data.get(key) for key in _WHICH_DEVICE):
        return {}
    try:
        sound_control(former[CONF_CONTROL])
    except UnfitError:
        return {}
    return {CONF_CONTROL: former[CONF_CONTROL]}


def allowed_changes(former: Mapping[str, Any], data: Mapping[str, Any]) -> FormData:
    """Return the right that comes with leave to change settings: the usual one, when it is given or another device's.

    Who may is the owner's to change afterwards; what he took away does not come back by another change.
    """
    is_new = former.get(CONF_ALLOW_CHANGES) is not True or (CONF_CONTROL in former and CONF_CONTROL not in data)
    return with_settings_right(data) if is_new and data.get(CONF_ALLOW_CHANGES) is True else {}


class ControlSteps(DeviceSteps):
    """The steps that ask for it, of the dialog that changes a device."""

    @ends_clearly
    async def async_step_what(self, _: FormData | None = None) -> SubentryFlowResult:
        """Ask what is to be changed of a device that can be operated, or whose settings may be changed."""
        model = await async_operable(self.hass, self._get_reconfigure_subentry().data)
        return self.async_show_menu(
            step_id="what",
            menu_options=["change", "control" if model is not None and model.operations else "rights"],
            description_placeholders={"device": plain(self._get_reconfigure_subentry().title)},
        )

    @ends_clearly
    async def async_step_control(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask who may operate the device; nothing is sent to it."""
        return await self._async_ask_rights("control", user_input)

    @ends_clearly
    async def async_step_rights(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask who may change settings of a device that cannot be operated; nothing is sent to it."""
        return await self._async_ask_rights("rights", user_input)

    async def _async_ask_rights(self, step_id: str, user_input: FormData | None) -> SubentryFlowResult:
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        model = await async_operable(self.hass, subentry.data)
        texts = await FlowTexts.load(self.hass)
        users = await _users(self.hass)
        board = board_of(self.hass, entry, subentry)
        schema = _schema(model, texts, users, places_of(model, board, texts.language))
        errors: dict[str, str] = {}
        found: Mapping[str, str] = {}
        if user_input is None:
            values = offered(schema, _form(policy_of(subentry) if _is_sound(subentry.data) else Policy()))
        else:
            values = user_input
            try:
                policy = _policy(user_input, model)
            except FormError as wrong:
                errors, found = wrong.error.errors(), wrong.error.placeholders
            else:
                self._abort_if_changed()
                data = {key: value for key, value in subentry.data.items() if key != CONF_CONTROL}
                if control := written(policy):
                    data[CONF_CONTROL] = control
                note = {"what": "control", "site": board.site, "board": board.name, "control": dict(control)}
                desk_of(self.hass).record.put_down(Kind.SETTING, note)
                return self.async_update_and_abort(entry, subentry, data=data)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors=errors,
            description_placeholders={**found, "device": plain(subentry.title)},
        )


async def _users(hass: HomeAssistant) -> Mapping[str, str]:
    """Return the names of persons who may be given rights."""
    return {
        one.id: one.name or one.id
        for one in await hass.auth.async_get_users()
        if one.is_active and not one.system_generated
    }


def _is_sound(data: Mapping[str, Any]) -> bool:
    try:
        sound_control(data.get(CONF_CONTROL, {}))
    except UnfitError:
        return False
    return True


def _schema(model: Model | None, texts: FlowTexts, users: Mapping[str, str], place: Place) -> probatio.Schema:
    """Return the form for a model: only what it has."""
    operations = model.operations if model is not None else {}
    effects = {one.effect for one in operations.values()}
    rights = _rights_selector(model, effects)
    persons = _several([SelectOptionDict(value=user_id, label=name) for user_id, name in users.items()])
    fields: dict[probatio.Marker, object] = {}
    if operations:
        fields[probatio.Required(CONF_ENABLED, default=False)] = BooleanSelector()
    if effects & _MAY_CLOSE:
        fields[probatio.Required(CONF_MAY_CLOSE, default=False)] = BooleanSelector()
    fields |= {
        probatio.Optional(ADMINISTRATORS): rights,
        probatio.Optional(AUTOMATIONS): rights,
        probatio.Optional(CONF_USERS): persons,
        probatio.Optional(CONF_USER_RIGHTS): rights,
    }
    if model is not None and operations:
        fields[probatio.Optional(CONF_CRITICAL)] = _several(circuit_options(model, place))
        if _has_levels(model):
            fields[probatio.Optional(REMOTE_LEVEL)] = NumberSelector(
                NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX)
            )
        if outputs := outputs_of(operations):
            options = [SelectOptionDict(value=name_of(key), label=_label(model, key, texts, place)) for key in outputs]
            fields |= {probatio.Optional(drive.value): _several(options) for drive in Drive}
        fields |= {**evidence_fields(model, texts.language, place), **by_itself_schema(model, place)}
    return probatio.Schema(fields)


def _has_levels(model: Model) -> bool:
    """Whether a control level is a number of which the model file does not say what it means."""
    levels = (point for point in model.points.values() if point.quantity.key == CONTROL_LEVEL)
    return any({*(point.words or {}).values()}.isdisjoint(LOCAL_WORDS | REMOTE_WORDS) for point in levels)


def _rights_selector(model: Model | None, effects: AbstractSet[Effect]) -> SelectSelector:
    """Let those rights be given that something of the model takes."""
    taken = {right for effect in effects for right in rights_for(effect)}
    texts = "right_and_maintenance" if Right.SETTINGS in taken else "right"
    taken |= {Right.TAGS} if effects else set()
    taken |= {Right.SETTINGS} if model is not None and model.settable else set()
    return _several([str(right) for right in Right if right in taken], texts)


def _several(options: Sequence[str] | Sequence[SelectOptionDict], texts: str | None = None) -> SelectSelector:
    config = SelectSelectorConfig(options=[*options], multiple=True, mode=SelectSelectorMode.DROPDOWN)
    if texts is not None:
        config["translation_key"] = texts
    return SelectSelector(config)


def _label(model: Model, key: PointKey, texts: FlowTexts, place: Place) -> str:
    point = model.points.get(key)
    return f"{key.code} ({place(key.circuit)})" if point is None else label_of(point, texts.language, place)


def _policy(form: FormData, model: Model | None) -> Policy:
    """Return what a form says. Raises FormError."""
    if bool(form.get(CONF_USERS)) is not bool(form.get(CONF_USER_RIGHTS)):
        has_users = bool(form.get(CONF_USERS))
        raise FormError(
            "users_without_rights" if has_users else "rights_without_users",
            at=CONF_USER_RIGHTS if has_users else CONF_USERS,
        )
    given = {name: _rights(form.get(name)) for name in (ADMINISTRATORS, AUTOMATIONS)}
    given |= {user(one): _rights(form.get(CONF_USER_RIGHTS)) for one in form.get(CONF_USERS, ())}
    drives: dict[PointKey, Drive] = {}
    for drive in Drive:
        for name in form.get(drive.value, ()):
            if (key := key_of(name)) in drives:
                raise FormError("output_named_twice", at=drive.value)
            drives[key] = drive
    policy = Policy(
        is_enabled=form.get(CONF_ENABLED, False),
        may_close=form.get(CONF_MAY_CLOSE, False),
        rights=Rights({name: rights for name, rights in given.items() if rights}),
        critical=frozenset(form.get(CONF_CRITICAL, ())),
        drives=drives,
        evidence=evidence_in(form, model),
        remote_level=form.get(REMOTE_LEVEL),
    )
    if (at := disputed_in(form, policy, model)) is not None:
        raise FormError("evidence_of_several", at=at)
    return replace(policy, **with_what_acts(policy, form))


def _rights(chosen: Sequence[str] | None) -> frozenset[Right]:
    return frozenset(map(Right, chosen or ()))


def _form(policy: Policy) -> FormData:
    """Return the form that would say so; chosen users who have different rights are shown what all of them have."""
    prefix, given = user(""), policy.rights.given
    users = {name.removeprefix(prefix): rights for name, rights in given.items() if name.startswith(prefix)}
    return {
        CONF_ENABLED: policy.is_enabled,
        CONF_MAY_CLOSE: policy.may_close,
        ADMINISTRATORS: sorted(given.get(ADMINISTRATORS, ())),
        AUTOMATIONS: sorted(given.get(AUTOMATIONS, ())),
        CONF_USERS: [*users],
        CONF_USER_RIGHTS: sorted(frozenset.intersection(*map(frozenset, users.values()))) if users else [],
        CONF_CRITICAL: sorted(policy.critical),
        **{drive.value: [name_of(key) for key, one in policy.drives.items() if one is drive] for drive in Drive},
        **({} if policy.remote_level is None else {REMOTE_LEVEL: policy.remote_level}),
        **evidence_form(policy.evidence),
        **by_itself_form(policy),
    }
