"""What is stored of a port that an XML gateway calls and of a device behind it: one truth for forms, store and hub."""

from collections.abc import Hashable, Mapping
from typing import Any

import probatio
from homeassistant.const import CONF_PORT, CONF_TYPE

from ..aioacrel.vocabulary import Pace
from ..aioacrel.xmlgateway.cipher import is_secret
from ..aioacrel.xmlgateway.hub import Polling
from ..aioacrel.xmlgateway.names import GatewayName, MeterId
from ..checked import UnfitError, flag, number, one_of
from ..const import (
    CONF_BUILDING,
    CONF_CLOCK,
    CONF_GATEWAY,
    CONF_LISTEN,
    CONF_METER,
    CONF_NETWORKS,
    CONF_POLLING,
    CONF_XML_SECRET,
    TYPE_XML,
)
from .device_data import DEVICE
from .uplink_data import Time, sound_address, sound_networks

DEFAULT_PORT = 7100
DEFAULT_INTERVALS: Mapping[Pace, float] = Polling().intervals


def _sound_number(value: object) -> object:
    """Check a part of what a gateway names itself by."""
    if not (isinstance(value, str) and GatewayName(value, value).is_one):
        raise UnfitError("bad_gateway", value, "310101A064")
    return value


def _sound_secret(value: object) -> object:
    """Check a secret; what is wrong with it is said without it."""
    if not (isinstance(value, str) and is_secret(value)):
        raise UnfitError("bad_xml_secret", "", "")
    return value


def _sound_meter(value: object) -> object:
    if not (isinstance(value, str) and (meter := MeterId.of(value)) is not None and str(meter) == value):
        raise UnfitError("bad_meter", value, "01003")
    return value


# What a later version stores beside these does no harm here.
GATEWAY = probatio.Schema(
    {
        probatio.Required(CONF_TYPE): one_of(TYPE_XML),
        probatio.Required(CONF_LISTEN): sound_address,
        probatio.Required(CONF_PORT): number("bad_port", 1, 65535, is_whole=True),
        probatio.Optional(CONF_NETWORKS): sound_networks,
        probatio.Required(CONF_CLOCK): one_of(*map(str, Time)),
        probatio.Required(CONF_BUILDING): _sound_number,
        probatio.Required(CONF_GATEWAY): _sound_number,
        probatio.Required(CONF_XML_SECRET): _sound_secret,
    },
    extra=probatio.ALLOW_EXTRA,
)
METER_NUMBER = probatio.Schema({probatio.Required(CONF_METER): _sound_meter})
METER = probatio.Schema(
    {**METER_NUMBER.schema, probatio.Optional(CONF_POLLING): flag, **DEVICE}, extra=probatio.ALLOW_EXTRA
)
"""What is stored of a device behind the gateway."""


def seat(data: Mapping[str, Any]) -> Hashable:
    """Return what only one device of a gateway can have."""
    return data.get(CONF_METER)
