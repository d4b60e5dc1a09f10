"""What is stored of a port that 4G devices call and of such a device: one truth for forms, store and hub."""

from collections.abc import Hashable, Mapping
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any

import probatio
from homeassistant.const import CONF_PORT, CONF_TYPE

from ..aioacrel.masking import masked
from ..aioacrel.uplink.fields import is_serial
from ..aioacrel.uplink.hub import Polling
from ..aioacrel.uplink.moment import WeekdayRule
from ..aioacrel.vocabulary import Pace
from ..checked import UnfitError, flag, is_host, number, one_of, text
from ..const import (
    CONF_CLOCK,
    CONF_INTERVALS,
    CONF_LISTEN,
    CONF_NETWORKS,
    CONF_POLLING,
    CONF_RELAY_HOST,
    CONF_RELAY_PORT,
    CONF_SERIAL,
    CONF_WEEKDAY,
    TYPE_UPLINK,
)
from .device_data import DEVICE

EVERYWHERE = "all"
"""Stands for all addresses of this machine."""
MOST_NETWORKS = 64
INTERVALS: Mapping[Pace, tuple[float, float]] = {
    Pace.FAST: (30, 86_400),
    Pace.NORMAL: (60, 86_400),
    Pace.SLOW: (60, 604_800),
}
"""Seconds; less would use up a usual SIM card's data in days."""
DEFAULT_INTERVALS = Polling().intervals


class Time(StrEnum):
    """Which time devices are told."""

    VENDOR = "vendor"
    """That of the vendor's server, UTC+8."""
    LOCAL = "local"
    """That of Home Assistant."""
    UTC = "utc"


def sound_address(value: object) -> object:
    """Check an address to listen at; names are looked up differently each time."""
    try:
        if value == EVERYWHERE or (isinstance(value, str) and str(ip_address(value)) == value):
            return value
    except ValueError:
        pass
    raise UnfitError("bad_listen", value, EVERYWHERE)


def network(text: str) -> str:
    """Return a network as it is stored. Raises UnfitError."""
    try:
        return str(ip_network(text))
    except ValueError:
        raise UnfitError("bad_network", text, "10.0.0.0/8", value=text) from None


def sound_networks(value: object) -> object:
    """Check the networks from which connections are taken."""
    if not (isinstance(value, list | tuple) and 0 < len(value) <= MOST_NETWORKS):
        raise UnfitError("bad_network", value, "10.0.0.0/8", value=str(value))
    for one in value:
        network(str(one))
    return value


def _sound_serial(value: object) -> object:
    """Check the number that a device names itself by."""
    if not (isinstance(value, str) and is_serial(value)):
        raise UnfitError("bad_serial", masked(str(value)), "")
    return value


def _intervals(value: object) -> object:
    limits = {probatio.Optional(pace.value): number(f"bad_{pace}_interval", *INTERVALS[pace]) for pace in INTERVALS}
    return probatio.Schema(limits)(value)


# What a later version stores beside these does no harm here.
UPLINK = probatio.Schema(
    {
        probatio.Required(CONF_TYPE): one_of(TYPE_UPLINK),
        probatio.Required(CONF_LISTEN): sound_address,
        probatio.Required(CONF_PORT): number("bad_port", 1, 65535, is_whole=True),
        probatio.Optional(CONF_NETWORKS): sound_networks,
        probatio.Inclusive(CONF_RELAY_HOST, "relay"): text("bad_host", is_host),
        probatio.Inclusive(CONF_RELAY_PORT, "relay"): number("bad_port", 1, 65535, is_whole=True),
        probatio.Required(CONF_CLOCK): one_of(*map(str, Time)),
        probatio.Required(CONF_WEEKDAY): one_of(*map(str, WeekdayRule)),
    },
    extra=probatio.ALLOW_EXTRA,
)
SERIAL_NUMBER = probatio.Schema({probatio.Required(CONF_SERIAL): _sound_serial})
CALLER = probatio.Schema(
    {
        **SERIAL_NUMBER.schema,
        probatio.Optional(CONF_POLLING): flag,
        probatio.Optional(CONF_INTERVALS): _intervals,
        **DEVICE,
    },
    extra=probatio.ALLOW_EXTRA,
)
"""What is stored of a device that calls in."""


def seat(data: Mapping[str, Any]) -> Hashable:
    """Return what only one device of a port can have."""
    return data.get(CONF_SERIAL)


def seat_shown(number: Hashable) -> str:
    """Return it as it may be shown."""
    return masked(str(number))
