"""What the forms of the flows ask for, and how it lies in an entry's data."""

import re
from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_address
from itertools import chain, count
from typing import Any, Literal

import probatio
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_NAME, CONF_PORT, CONF_TYPE
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
from .explain import FormError

_NOT_IN_A_NAME = re.compile(r"[\s:/\\@\[\]?#,;]")
"""What belongs to an address with scheme, port or path; a name has none of it."""

type FormData = dict[str, Any]
"""What a form brings: its selectors have already checked every value."""

SECTION_LINE = "line"

DEFAULT_PORT = 502
"""The port of Modbus TCP. Serial servers have no common one: what was filled in for them would only be believed."""
DEFAULT_BAUDRATE = 9600
DEFAULT_TURNAROUND_MS = 20
_PORTS = (1, 65535)
_TURNAROUNDS_MS = (0, 1000)
DATA_BITS = 8
"""Modbus RTU always has eight (Modbus over serial line V1.02, section 2.5.1)."""

_BAUDRATES = ("1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200")
_PARITIES = {"none": "N", "even": "E", "odd": "O"}


def number(unit: str | None = None, step: float | Literal["any"] = 1) -> NumberSelector:
    """Ask for a number. Its limits are checked afterwards: what Home Assistant itself says of them is English only."""
    box = NumberSelectorConfig(step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        box["unit_of_measurement"] = unit
    return NumberSelector(box)


def within(value: float, limits: tuple[float, float], wrong: str, at: str) -> float:
    """Return a number that lies within limits. Raises FormError with the sentence `wrong` beside the field `at`."""
    low, high = limits
    if not low <= value <= high:  # nor does what is no number
        raise FormError(wrong, at=at, value=f"{value:.15g}", low=f"{low:g}", high=f"{high:g}")
    return value


def whole(value: float, limits: tuple[int, int], wrong: str, at: str) -> int:
    """Return a number that is whole too. Raises FormError as `within` does."""
    number = int(within(value, limits, wrong, at))
    if number != value:
        raise FormError(wrong, at=at, value=f"{value:.15g}", low=limits[0], high=limits[1])
    return number


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
    probatio.Required(CONF_TURNAROUND_MS, default=DEFAULT_TURNAROUND_MS): number("ms"),
}
_LINE_SECTION: dict[probatio.Marker, object] = {
    probatio.Optional(SECTION_LINE): section(probatio.Schema(_LINE), {"collapsed": False})
}
_NAME_AND_LINE: dict[probatio.Marker, object] = {probatio.Optional(CONF_NAME): TextSelector(), **_LINE_SECTION}
LINK_FORMS = {
    TYPE_TCP: probatio.Schema(
        {
            probatio.Required(CONF_HOST): TextSelector(),
            probatio.Required(CONF_PORT, default=DEFAULT_PORT): number(),
            **_NAME_AND_LINE,
        }
    ),
    TYPE_RTU_TCP: probatio.Schema(
        {
            probatio.Required(CONF_HOST): TextSelector(),
            # Needed, but Home Assistant's frontend puts a 0 into a required number.
            probatio.Optional(CONF_PORT): number(),
            **_NAME_AND_LINE,
        }
    ),
    TYPE_SERIAL: probatio.Schema({probatio.Required(CONF_DEVICE): SerialPortSelector(), **_NAME_AND_LINE}),
}


def link_data(kind: str, form: FormData) -> FormData:
    """Return the entry data of a filled-in link form. Raises FormError for what can be no address."""
    line: FormData = form.get(SECTION_LINE) or probatio.Schema(_LINE)({})
    place = (
        {CONF_DEVICE: _device(form[CONF_DEVICE])}
        if kind == TYPE_SERIAL
        else {CONF_HOST: _host(form[CONF_HOST]), CONF_PORT: _port(form.get(CONF_PORT))}
    )
    return {
        CONF_TYPE: kind,
        **place,
        CONF_BAUDRATE: int(line[CONF_BAUDRATE]),
        CONF_BYTESIZE: DATA_BITS,
        CONF_PARITY: _PARITIES[line[CONF_PARITY]],
        CONF_STOPBITS: int(line[CONF_STOPBITS]),
        CONF_TURNAROUND_MS: whole(line[CONF_TURNAROUND_MS], _TURNAROUNDS_MS, "bad_turnaround", SECTION_LINE),
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


def former_title(data: Mapping[str, Any]) -> str:
    """Return the name that earlier versions gave a link: its address."""
    if CONF_DEVICE in data:
        return str(data[CONF_DEVICE])
    return f"{data[CONF_HOST]}:{data[CONF_PORT]}"


def free_title(wanted: str, taken: Collection[str]) -> str:
    """Return a title that no other link has."""
    numbered = (f"{wanted} {number}" for number in count(2))
    return next(title for title in chain((wanted,), numbered) if title not in taken)


def _host(text: str) -> str:
    """Return a host as it is looked up. Raises FormError.

    One connection is shared per host and port, so the spelling matters.
    """
    host = text.strip().lower()
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        ip_address(bare)
    except ValueError:
        if not host or _NOT_IN_A_NAME.search(host):
            raise FormError("bad_host", at=CONF_HOST) from None
        return host
    return bare


def _port(number: float | None) -> int:
    """Return a TCP port. Raises FormError."""
    if number is None:
        raise FormError("port_needed", at=CONF_PORT)
    return whole(number, _PORTS, "bad_port", CONF_PORT)


def _device(text: str) -> str:
    """Return a serial port. Raises FormError."""
    if not (device := text.strip()):
        raise FormError("port_missing", at=CONF_DEVICE)
    return device
