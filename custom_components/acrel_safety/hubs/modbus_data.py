"""What is stored of a Modbus link and of a unit on it: one truth for the forms, the store and the hub."""

from collections.abc import Hashable, Mapping
from typing import Any

import probatio
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT, CONF_TYPE

from ..aioacrel.modbus.headroom import DUTY_TARGET
from ..aioacrel.vocabulary import Pace
from ..checked import UnfitError, is_host, number, one_of, text
from ..const import (
    CONF_BAUDRATE,
    CONF_BYTESIZE,
    CONF_DUTY_TARGET,
    CONF_INTERVALS,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_TURNAROUND_MS,
    CONF_UNIT_ID,
    TYPE_RTU_TCP,
    TYPE_SERIAL,
    TYPE_TCP,
)
from .device_data import DEVICE

LOWEST_UNIT_ID, HIGHEST_UNIT_ID, OWN_PORT_UNIT_ID = 0, 247, 255
"""1 to 247 on a line (Modbus over serial line V1.02, section 2.2); 0 and 255 for a device with its own network port."""
BROADCAST = 0
"""On a serial line, also behind a serial server: what is sent to all, and answered by nobody (same document)."""
BROADCAST_UNIT = "broadcast_unit"
"""The key of what is said of it."""
DATA_BITS = 8
"""Modbus RTU always has eight (Modbus over serial line V1.02, section 2.5.1)."""
BAUDRATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
PARITIES = ("N", "E", "O")
STOPBITS = (1, 2)
DEFAULT_DUTY_TARGET = round(100 * DUTY_TARGET)
"""Per cent of the time for which a line is used, where nothing else was asked for."""
INTERVALS: Mapping[Pace, tuple[float, float]] = {
    Pace.FAST: (1, 60),
    Pace.NORMAL: (1, 3600),
    Pace.SLOW: (10, 86400),
}


def sound_unit_id(value: object) -> object:
    """Check a unit id."""
    if not (
        isinstance(value, int)
        and not isinstance(value, bool)
        and (value == OWN_PORT_UNIT_ID or LOWEST_UNIT_ID <= value <= HIGHEST_UNIT_ID)
    ):
        shown = f"{value:.15g}" if isinstance(value, int | float) else str(value)
        raise UnfitError("bad_unit", value, f"{LOWEST_UNIT_ID} … {HIGHEST_UNIT_ID}, {OWN_PORT_UNIT_ID}", unit=shown)
    return value


def _on_a_line(value: object) -> object:
    """Check a unit id on RTU framing."""
    if sound_unit_id(value) == BROADCAST:
        raise UnfitError(BROADCAST_UNIT, value, f"1 … {HIGHEST_UNIT_ID}, {OWN_PORT_UNIT_ID}")
    return value


def _intervals(value: object) -> object:
    """Check how often a device is read."""
    limits = {probatio.Optional(pace.value): number(f"bad_{pace}_interval", *INTERVALS[pace]) for pace in INTERVALS}
    return probatio.Schema(limits)(value)


_LINE: dict[probatio.Marker, object] = {
    probatio.Required(CONF_BAUDRATE): one_of(*BAUDRATES),
    probatio.Required(CONF_BYTESIZE): one_of(DATA_BITS),
    probatio.Required(CONF_PARITY): one_of(*PARITIES),
    probatio.Required(CONF_STOPBITS): one_of(*STOPBITS),
    probatio.Required(CONF_TURNAROUND_MS): number("bad_turnaround", 0, 1000, is_whole=True),
    # Links of earlier versions have none.
    probatio.Optional(CONF_DUTY_TARGET): number("bad_duty_target", 10, 90, is_whole=True),
}
_OVER_TCP: dict[probatio.Marker, object] = {
    probatio.Required(CONF_HOST): text("bad_host", is_host),
    probatio.Required(CONF_PORT): number("bad_port", 1, 65535, is_whole=True),
    **_LINE,
}
# What a later version stores beside these does no harm here.
LINKS: Mapping[str, probatio.Schema] = {
    kind: probatio.Schema({probatio.Required(CONF_TYPE): one_of(kind), **place}, extra=probatio.ALLOW_EXTRA)
    for kind, place in {
        TYPE_TCP: _OVER_TCP,
        TYPE_RTU_TCP: _OVER_TCP,
        TYPE_SERIAL: {probatio.Required(CONF_DEVICE): text("port_missing"), **_LINE},
    }.items()
}
_DEVICE: dict[probatio.Marker, object] = {**DEVICE, probatio.Optional(CONF_INTERVALS): _intervals}
UNIT_IDS: Mapping[str, probatio.Schema] = {
    kind: probatio.Schema({probatio.Required(CONF_UNIT_ID): check})
    for kind, check in {TYPE_TCP: sound_unit_id, TYPE_RTU_TCP: _on_a_line, TYPE_SERIAL: _on_a_line}.items()
}
"""What a unit's id may be on each kind of link."""
UNITS: Mapping[str, probatio.Schema] = {
    kind: probatio.Schema({**unit_id.schema, **_DEVICE}, extra=probatio.ALLOW_EXTRA)
    for kind, unit_id in UNIT_IDS.items()
}
UNIT = UNITS[TYPE_TCP]
"""What is stored of a unit, wherever it is."""


def seat(data: Mapping[str, Any]) -> Hashable:
    """Return what only one device of a link can have."""
    return data.get(CONF_UNIT_ID)
