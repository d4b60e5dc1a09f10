"""An owner sets or takes away a limit, or the rated current it is compared with; nothing of it is sent to a device."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import probatio
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.levels import Level
from .aioacrel.alarms.limitbounds import check_can_be
from .aioacrel.alarms.ownerlimits import Of, OwnerLimit
from .aioacrel.alarms.rules import circuits_of
from .aioacrel.alarms.sayings import headed
from .aioacrel.errors import LimitFormError
from .aioacrel.journal.entry import Kind
from .aioacrel.points import Model
from .aioacrel.texts import phrase
from .const import CONF_LIMITS, CONF_RATINGS, DOMAIN
from .desk import desk_of
from .devices import board_of
from .furtherways import own_devices
from .ownersettings import LARGEST_RATING, name_of, ratings_of
from .rights import async_actor, check_may_set
from .targets import Spot, spots_of

ATTR_QUANTITY: Final = "quantity"
ATTR_CODE: Final = "code"
ATTR_LEVEL: Final = "level"
ATTR_COMPARED_WITH: Final = "compared_with"
ATTR_BELOW: Final = "below"
ATTR_LIMIT: Final = "limit"
ATTR_HYSTERESIS: Final = "hysteresis"
ATTR_ON_DELAY: Final = "on_delay"
ATTR_OFF_DELAY: Final = "off_delay"
ATTR_RATED_CURRENT: Final = "rated_current"
QUANTITIES: Final = (
    *("residual_current", "temperature", "current", "voltage", "power", "frequency", "insulation", "power_factor"),
    *("unbalance", "harmonics", "demand", "humidity"),
)
"""Families of the vocabulary that an owner may set limits for."""
_number = probatio.Coerce(float)
RATED_CURRENT: Final = probatio.All(_number, probatio.Range(min=0.001, max=LARGEST_RATING))
"""A; also in forms."""
LIMIT_FIELDS: Mapping[probatio.Marker, object] = {
    probatio.Required(ATTR_QUANTITY): probatio.In(QUANTITIES),
    probatio.Optional(ATTR_CODE): str,
    probatio.Optional(ATTR_LEVEL, default=Level.ALARM.value): probatio.In([Level.PRE_ALARM.value, Level.ALARM.value]),
    probatio.Optional(ATTR_COMPARED_WITH, default=Of.VALUE.value): probatio.In([of.value for of in Of]),
    probatio.Optional(ATTR_BELOW, default=False): bool,
    # Without one the limit is taken away.
    probatio.Optional(ATTR_LIMIT): _number,
    probatio.Optional(ATTR_HYSTERESIS, default=0.0): _number,
    probatio.Optional(ATTR_ON_DELAY, default=0.0): _number,
    probatio.Optional(ATTR_OFF_DELAY, default=0.0): _number,
    probatio.Optional(ATTR_RATED_CURRENT): RATED_CURRENT,
}


async def async_set_limit(call: ServiceCall) -> None:
    """Store a limit for all that an action names: all of it or nothing. Raises LimitFormError, HomeAssistantError."""
    hass, wanted = call.hass, call.data
    actor = await async_actor(hass, call.context)
    if not (spots := spots_of(hass, wanted)):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nothing_named")
    changes = [
        (entry, subentry, circuit, board_of(hass, entry, subentry))
        for spot in spots
        for entry, subentry, circuit in devices_at(hass, spot)
    ]
    if not changes or any(_is_awaited(hass, spot) for spot in spots):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="limit_not_loaded")
    for entry, subentry, circuit, board in changes:
        check_may_set(hass, actor, board)
        _check_is_about(entry, subentry, circuit, wanted)
    for entry, subentry, circuit, board in changes:
        _store(hass, entry, subentry, circuit, wanted)
        _put_down(hass, board, circuit, wanted, actor.name)
    await desk_of(hass).record.async_written()


async def async_take_limits(
    hass: HomeAssistant,
    entry: ConfigEntry,
    subentry: ConfigSubentry,
    limits: Sequence[OwnerLimit],
    rated_current: float | None,
) -> None:
    """Store limits that were proposed and taken; who fills in a form is not told to it."""
    board = board_of(hass, entry, subentry)
    for limit in limits:
        rated = rated_current if limit.of is Of.RATING else None
        wanted = {
            ATTR_QUANTITY: limit.family,
            ATTR_LEVEL: str(limit.level),
            ATTR_COMPARED_WITH: str(limit.of),
            ATTR_BELOW: limit.is_low,
            ATTR_LIMIT: limit.limit,
            ATTR_HYSTERESIS: limit.hysteresis,
            ATTR_ON_DELAY: limit.on_delay,
            ATTR_OFF_DELAY: limit.off_delay,
            **({} if rated is None else {ATTR_RATED_CURRENT: rated}),
        }
        _store(hass, entry, subentry, limit.circuit, wanted)
        _put_down(hass, board, limit.circuit, wanted, "")
    await desk_of(hass).record.async_written()


def devices_at(hass: HomeAssistant, spot: Spot) -> Iterator[tuple[ConfigEntry, ConfigSubentry, str | None]]:
    """Yield the device of a place, or all devices of a link."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for subentry in own_devices(entry):
            if spot.identity in (entry.entry_id, subentry.subentry_id):
                yield entry, subentry, spot.circuit


def _is_awaited(hass: HomeAssistant, spot: Spot) -> bool:
    """Whether a place is set up, but nothing of it is loaded now."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
    is_known = any(spot.identity in (entry.entry_id, *entry.subentries) for entry in entries)
    return is_known and not any(devices_at(hass, spot))


def board_at(hass: HomeAssistant, spot: Spot) -> Board:
    """Return the device or link of a place, also if nothing of it is loaded."""
    if (entry := hass.config_entries.async_get_entry(spot.identity)) is not None:
        return Board(identity=entry.entry_id, name=entry.title)
    found = next((board_of(hass, entry, subentry) for entry, subentry, _ in devices_at(hass, spot)), None)
    return found or Board(identity=spot.identity, name=spot.identity)


def _limit_of(wanted: Mapping[str, Any], circuit: str | None) -> OwnerLimit:
    """Return the limit that an action describes; where it takes one away, with any figure. Raises LimitFormError."""
    return OwnerLimit.read(
        {
            "family": wanted[ATTR_QUANTITY],
            "code": wanted.get(ATTR_CODE),
            "circuit": circuit,
            "level": wanted[ATTR_LEVEL],
            "of": wanted[ATTR_COMPARED_WITH],
            "is_low": wanted[ATTR_BELOW],
            "limit": wanted.get(ATTR_LIMIT, 0.0),
            "hysteresis": wanted[ATTR_HYSTERESIS],
            "on_delay": wanted[ATTR_ON_DELAY],
            "off_delay": wanted[ATTR_OFF_DELAY],
        }
    )


def _check_is_about(
    entry: ConfigEntry, subentry: ConfigSubentry, circuit: str | None, wanted: Mapping[str, Any]
) -> None:
    limit = _limit_of(wanted, circuit)
    coordinator = entry.runtime_data.coordinators.get(subentry.subentry_id)
    model: Model | None = coordinator.device.model if coordinator is not None else None
    if model is None or not any(any(limit.codes_in(model, known)) for known in circuits_of(model)):
        raise LimitFormError(detail=phrase("limit_about_nothing", device=subentry.title))
    if ATTR_LIMIT in wanted:
        for one in circuits_of(model):
            check_can_be(limit, model, one)
    if limit.of is Of.RATING and ATTR_LIMIT in wanted and ATTR_RATED_CURRENT not in wanted:
        known = ratings_of(subentry)
        circuits = (
            [circuit] if circuit is not None else [one for one in circuits_of(model) if any(limit.codes_in(model, one))]
        )
        if any(one not in known for one in circuits):
            raise LimitFormError(detail=phrase("limit_needs_rating"))


def _store(
    hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry, circuit: str | None, wanted: Mapping[str, Any]
) -> None:
    """Store it beside the device: that loads the device anew, with its alarms as they are."""
    subentry = entry.subentries[subentry.subentry_id]
    limit = _limit_of(wanted, circuit)
    limits = {**subentry.data.get(CONF_LIMITS, {})}
    if ATTR_LIMIT in wanted:
        limits[name_of(limit)] = limit.written()
    else:
        limits.pop(name_of(limit), None)
    ratings = ratings_of(subentry)
    if (rated := wanted.get(ATTR_RATED_CURRENT)) is not None:
        model: Model = entry.runtime_data.coordinators[subentry.subentry_id].device.model
        ratings |= dict.fromkeys(circuits_of(model) if circuit is None else [circuit], rated)
    data = {key: value for key, value in subentry.data.items() if key not in (CONF_LIMITS, CONF_RATINGS)}
    hass.config_entries.async_update_subentry(
        entry,
        subentry,
        data={
            **data,
            **({CONF_LIMITS: limits} if limits else {}),
            **({CONF_RATINGS: ratings} if ratings else {}),
        },
    )


def _put_down(hass: HomeAssistant, board: Board, circuit: str | None, wanted: Mapping[str, Any], by: str) -> None:
    limit = _limit_of(wanted, circuit)
    written = {**limit.written(), "circuit": circuit or "*"}
    if ATTR_LIMIT not in wanted:
        written["limit"] = None
    if (rated := wanted.get(ATTR_RATED_CURRENT)) is not None:
        written["rated_current"] = rated
    shown = f"{limit.limit:g}" if ATTR_LIMIT in wanted else "–"
    said = headed(limit.level, phrase("told_with_value", cause=phrase(f"family_{limit.family}"), value=shown))
    desk_of(hass).note(Kind.LIMIT, board, written, by, said.text(hass.config.language))
