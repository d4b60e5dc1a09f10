"""What is stored of a gateway that speaks MQTT and of a meter behind it: one truth for forms, store and hub."""

from collections.abc import Mapping
from typing import Any, Literal

import probatio
from homeassistant.const import CONF_TYPE

from ..aioacrel.masking import masked
from ..aioacrel.readings import PointKey
from ..aioacrel.reporting.fields import LONGEST_SERIAL, is_serial
from ..aioacrel.reporting.heard import MOST_METERS
from ..checked import UnfitError, flag, number, one_of, text
from ..const import (
    CONF_BY_ANALOGY,
    CONF_CLOCK,
    CONF_FOUND,
    CONF_PUT_ASIDE,
    CONF_REPORTS_EVERY,
    CONF_SCALING,
    CONF_SECRET,
    CONF_SERIAL,
    TYPE_GATEWAY,
)
from ..unreported import sound_aside
from .device_data import DEVICE
from .uplink_data import Time

SECRET_LENGTH = 16
"""Characters of a product secret: it is the key of AES-128."""
SHORTEST_PERIOD, LONGEST_PERIOD = 10, 86_400
"""Seconds between two reports."""
SCALINGS: Mapping[str, Mapping[str, object]] = {
    "primary": {"multiplies_by_ct": False, "multiplies_by_pt": False},
    "current": {"multiplies_by_ct": True, "multiplies_by_pt": False},
    "both": {"multiplies_by_ct": True, "multiplies_by_pt": True},
}
"""What is said of ratios; left out, currents are multiplied, and voltages not told without a ratio of 1."""
POWER_UNITS: Mapping[str, Literal["kW", "W"]] = {"kw": "kW", "w": "W"}
"""By the key of what it is called in a form."""
CONF_RATIOS, CONF_POWER_UNIT = "ratios", "power_unit"
_MOST_FOUND = 64 + 240 * MOST_METERS


def _sound_serial(value: object) -> object:
    """Check the number that a gateway or meter names itself by."""
    if not (isinstance(value, str) and is_serial(value)):
        raise UnfitError("bad_gateway_serial", masked(str(value)), "", most=str(LONGEST_SERIAL))
    return value


def _is_secret(value: str) -> bool:
    return len(value.encode()) == SECRET_LENGTH


def _sound_scaling(value: object) -> object:
    return probatio.Schema(
        {
            probatio.Optional(CONF_RATIOS): one_of(*SCALINGS),
            probatio.Optional(CONF_POWER_UNIT): one_of(*POWER_UNITS),
        }
    )(value)


def _sound_found(value: object) -> object:
    """Check what was found: circuit, code, and whether it is text."""
    if not (isinstance(value, list) and len(value) <= _MOST_FOUND and all(map(_is_found, value))):
        raise UnfitError("wrong", value, "")
    return value


def _is_found(one: object) -> bool:
    match one:
        case [str(circuit), str(code), bool()]:
            return bool(circuit and code)
    return False


def found_in(data: Mapping[str, Any]) -> dict[PointKey, bool]:
    """Return what was found of a meter before, and whether it is text."""
    return {PointKey(circuit, code): is_text for circuit, code, is_text in data.get(CONF_FOUND, ())}


def as_found(found: Mapping[PointKey, bool]) -> list[list[object]]:
    """Return it as it is stored."""
    return [[key.circuit, key.code, is_text] for key, is_text in sorted(found.items())]


# What a later version stores beside these does no harm here.
GATEWAY = probatio.Schema(
    {
        probatio.Required(CONF_TYPE): one_of(TYPE_GATEWAY),
        probatio.Required(CONF_SERIAL): _sound_serial,
        probatio.Required(CONF_CLOCK): one_of(*map(str, Time)),
        probatio.Optional(CONF_SECRET): text("bad_secret", _is_secret),
        probatio.Optional(CONF_REPORTS_EVERY): number(
            "bad_reports_every", SHORTEST_PERIOD, LONGEST_PERIOD, is_whole=True
        ),
        probatio.Optional(CONF_BY_ANALOGY): flag,
    },
    extra=probatio.ALLOW_EXTRA,
)
GATEWAY_SERIAL = probatio.Schema({probatio.Required(CONF_SERIAL): _sound_serial})
METER = probatio.Schema(
    {
        **GATEWAY_SERIAL.schema,
        probatio.Optional(CONF_SCALING): _sound_scaling,
        probatio.Optional(CONF_FOUND): _sound_found,
        probatio.Optional(CONF_PUT_ASIDE): sound_aside,
        **DEVICE,
    },
    extra=probatio.ALLOW_EXTRA,
)
"""What is stored of a meter behind a gateway."""
