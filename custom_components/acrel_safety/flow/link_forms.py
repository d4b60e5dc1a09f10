"""What the forms of the flows ask for, and how it lies in an entry's data."""

from collections.abc import Mapping, Sequence
from typing import Any

import probatio
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT, CONF_TYPE
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    SerialPortSelector,
    TextSelector,
)

from ..const import (
    CONF_BAUDRATE,
    CONF_BYTESIZE,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_TURNAROUND_MS,
    TYPE_RTU_TCP,
    TYPE_SERIAL,
    TYPE_TCP,
)

type FormData = dict[str, Any]
"""What a form brings: its selectors have already checked every value."""

SECTION_LINE = "line"

DEFAULT_PORT = 502
"""The port of Modbus TCP; gateways for RTU over TCP have no common one, most start from it."""
DEFAULT_BAUDRATE = 9600
DEFAULT_TURNAROUND_MS = 20
DATA_BITS = 8
"""Modbus RTU always has eight (Modbus over serial line V1.02, section 2.5.1)."""

_BAUDRATES = ("1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200")
_PARITIES = {"none": "N", "even": "E", "odd": "O"}


def whole_number(low: int, high: int, unit: str | None = None) -> probatio.All[Any]:
    """Ask for a whole number within limits."""
    box = NumberSelectorConfig(min=low, max=high, step=1, mode=NumberSelectorMode.BOX)
    if unit is not None:
        box["unit_of_measurement"] = unit
    return probatio.All(NumberSelector(box), probatio.Coerce(int))


def decimal_number(low: float, high: float, unit: str | None = None) -> NumberSelector:
    """Ask for a number within limits."""
    box = NumberSelectorConfig(min=low, max=high, step="any", mode=NumberSelectorMode.BOX)
    if unit is not None:
        box["unit_of_measurement"] = unit
    return NumberSelector(box)


def choice(
    options: Sequence[str] | Sequence[SelectOptionDict],
    texts: str | None = None,
    mode: SelectSelectorMode = SelectSelectorMode.DROPDOWN,
) -> SelectSelector:
    """Ask for one of several options; `texts` names their translations."""
    config = SelectSelectorConfig(options=[*options], mode=mode)
    if texts is not None:
        config["translation_key"] = texts
    return SelectSelector(config)


_LINE = {
    probatio.Required(CONF_BAUDRATE, default=str(DEFAULT_BAUDRATE)): choice(_BAUDRATES),
    probatio.Required(CONF_PARITY, default="none"): choice(list(_PARITIES), "parity"),
    probatio.Required(CONF_STOPBITS, default="1"): choice(["1", "2"]),
    probatio.Required(CONF_TURNAROUND_MS, default=DEFAULT_TURNAROUND_MS): whole_number(0, 1000, "ms"),
}
_LINE_SECTION: dict[probatio.Marker, object] = {
    probatio.Optional(SECTION_LINE): section(probatio.Schema(_LINE), {"collapsed": False})
}
_NETWORK: dict[probatio.Marker, object] = {
    probatio.Required(CONF_HOST): TextSelector(),
    probatio.Required(CONF_PORT, default=DEFAULT_PORT): whole_number(1, 65535),
    **_LINE_SECTION,
}
LINK_FORMS = {
    TYPE_TCP: probatio.Schema(_NETWORK),
    TYPE_RTU_TCP: probatio.Schema(_NETWORK),
    TYPE_SERIAL: probatio.Schema({probatio.Required(CONF_DEVICE): SerialPortSelector(), **_LINE_SECTION}),
}


def link_data(kind: str, form: FormData) -> FormData:
    """Return the entry data of a filled-in link form."""
    line: FormData = form.get(SECTION_LINE) or probatio.Schema(_LINE)({})
    place = (
        {CONF_DEVICE: form[CONF_DEVICE].strip()}
        if kind == TYPE_SERIAL
        # One connection is shared per host and port, so the spelling matters.
        else {CONF_HOST: form[CONF_HOST].strip().lower(), CONF_PORT: form[CONF_PORT]}
    )
    return {
        CONF_TYPE: kind,
        **place,
        CONF_BAUDRATE: int(line[CONF_BAUDRATE]),
        CONF_BYTESIZE: DATA_BITS,
        CONF_PARITY: _PARITIES[line[CONF_PARITY]],
        CONF_STOPBITS: int(line[CONF_STOPBITS]),
        CONF_TURNAROUND_MS: line[CONF_TURNAROUND_MS],
    }


def link_form(data: Mapping[str, Any]) -> FormData:
    """Return the form that would give this entry data."""
    words = {letter: word for word, letter in _PARITIES.items()}
    return {
        **{key: data[key] for key in (CONF_DEVICE, CONF_HOST, CONF_PORT) if key in data},
        SECTION_LINE: {
            CONF_BAUDRATE: str(data[CONF_BAUDRATE]),
            CONF_PARITY: words[data[CONF_PARITY]],
            CONF_STOPBITS: str(data[CONF_STOPBITS]),
            CONF_TURNAROUND_MS: data[CONF_TURNAROUND_MS],
        },
    }


def link_place(data: Mapping[str, Any]) -> FormData:
    """Return what tells one link from another: two framings of one address are one place."""
    return {key: data[key] for key in (CONF_DEVICE, CONF_HOST, CONF_PORT) if key in data}


def link_title(data: Mapping[str, Any]) -> str:
    """Return the name a link has until the user gives it another."""
    if CONF_DEVICE in data:
        return str(data[CONF_DEVICE])
    return f"{data[CONF_HOST]}:{data[CONF_PORT]}"
