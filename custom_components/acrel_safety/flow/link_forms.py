"""What the forms of the flows ask for, and how it lies in an entry's data."""

from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_address
from itertools import chain, count
from typing import Any, Literal

import probatio
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_NAME, CONF_PORT, CONF_TYPE
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
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

from ..aioacrel.addresses import same_host, without_password
from ..checked import faults, sound_part
from ..const import (
    CONF_BAUDRATE,
    CONF_BYTESIZE,
    CONF_DUTY_TARGET,
    CONF_PARITY,
    CONF_SERIAL,
    CONF_STOPBITS,
    CONF_TURNAROUND_MS,
    TYPE_RTU_TCP,
    TYPE_SERIAL,
    TYPE_TCP,
)
from ..hubs.modbus_data import BAUDRATES, BROADCAST_UNIT, DATA_BITS, DEFAULT_DUTY_TARGET, LINKS, PARITIES, STOPBITS
from ..stored import device_faults
from .explain import FormError
from .trial import LinkData

type FormData = dict[str, Any]
"""What a form brings: its selectors have already checked every value."""

CONF_ANYWAY = "anyway"
SECTION_LINE = "line"

DEFAULT_PORT = 502
"""The port of Modbus TCP. Serial servers have no common one: what was filled in for them would only be believed."""
DEFAULT_BAUDRATE = 9600
DEFAULT_TURNAROUND_MS = 20

_PARITIES = dict(zip(("none", "even", "odd"), PARITIES, strict=True))
_FIELDS = dict.fromkeys((CONF_BAUDRATE, CONF_PARITY, CONF_STOPBITS, CONF_TURNAROUND_MS, CONF_DUTY_TARGET), SECTION_LINE)
"""The field of the form in which a value is mended, where it has another name."""


def number(unit: str | None = None, step: float | Literal["any"] = 1) -> NumberSelector:
    """Ask for a number. Its limits are checked afterwards: what Home Assistant itself says of them is English only."""
    box = NumberSelectorConfig(step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        box["unit_of_measurement"] = unit
    return NumberSelector(box)


def as_whole(value: float) -> float:
    """Return a number as it is stored where it has to be whole: a form brings 502.0 for 502."""
    return int(value) if value.is_integer() else value


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
    probatio.Required(CONF_BAUDRATE, default=str(DEFAULT_BAUDRATE)): choice([str(baudrate) for baudrate in BAUDRATES]),
    probatio.Required(CONF_PARITY, default="none"): choice(list(_PARITIES), "parity"),
    probatio.Required(CONF_STOPBITS, default="1"): choice([str(bits) for bits in STOPBITS]),
    probatio.Required(CONF_TURNAROUND_MS, default=DEFAULT_TURNAROUND_MS): number("ms"),
    probatio.Required(CONF_DUTY_TARGET, default=DEFAULT_DUTY_TARGET): number("%"),
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


def link_schema(kind: str, *, asks_anyway: bool) -> probatio.Schema:
    """Ask for a link, and whether one that is in doubt is to be saved all the same."""
    form = LINK_FORMS[kind]
    if not asks_anyway:
        return form
    return probatio.Schema({**form.schema, probatio.Required(CONF_ANYWAY, default=False): BooleanSelector()})


def link_data(kind: str, form: FormData) -> FormData:
    """Return the entry data of a filled-in link form. Raises FormError for what can be no address."""
    line: FormData = form.get(SECTION_LINE) or probatio.Schema(_LINE)({})
    place = (
        {CONF_DEVICE: form[CONF_DEVICE].strip()}
        if kind == TYPE_SERIAL
        else {CONF_HOST: host_of(form[CONF_HOST]), CONF_PORT: _port(form.get(CONF_PORT))}
    )
    data = {
        CONF_TYPE: kind,
        **place,
        CONF_BAUDRATE: int(line[CONF_BAUDRATE]),
        CONF_BYTESIZE: DATA_BITS,
        CONF_PARITY: _PARITIES[line[CONF_PARITY]],
        CONF_STOPBITS: int(line[CONF_STOPBITS]),
        CONF_TURNAROUND_MS: as_whole(line[CONF_TURNAROUND_MS]),
        CONF_DUTY_TARGET: as_whole(line[CONF_DUTY_TARGET]),
    }
    for fault in faults(LINKS[kind], data):
        raise FormError.of(fault, _FIELDS)
    return data


def link_form(data: Mapping[str, Any]) -> FormData:
    """Return the form that would give this entry data; of what is stored wrong it asks anew."""
    words = {letter: word for word, letter in _PARITIES.items()}
    kind = data.get(CONF_TYPE)
    schema = LINKS.get(kind) if isinstance(kind, str) else None
    sound = sound_part(schema, data) if schema is not None else {}
    line = {
        CONF_BAUDRATE: str(sound.get(CONF_BAUDRATE, DEFAULT_BAUDRATE)),
        CONF_PARITY: words[sound.get(CONF_PARITY, "N")],
        CONF_STOPBITS: str(sound.get(CONF_STOPBITS, STOPBITS[0])),
        CONF_TURNAROUND_MS: sound.get(CONF_TURNAROUND_MS, DEFAULT_TURNAROUND_MS),
        CONF_DUTY_TARGET: sound.get(CONF_DUTY_TARGET, DEFAULT_DUTY_TARGET),
    }
    return {**link_place(sound), SECTION_LINE: line}


def link_place(data: Mapping[str, Any]) -> FormData:
    """Return what tells one link from another: two framings of one address are one place."""
    return {key: data[key] for key in (CONF_DEVICE, CONF_HOST, CONF_PORT, CONF_SERIAL) if key in data}


def is_same_place(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two links are certain to be one place: a host has more than one name."""
    return _place(one) == _place(other)


def _place(data: Mapping[str, Any]) -> FormData:
    place = link_place(data)
    host = place.get(CONF_HOST)
    return {**place, CONF_HOST: same_host(host)} if isinstance(host, str) else place


def former_title(data: Mapping[str, Any]) -> str:
    """Return the name that earlier versions gave a link: its address."""
    if CONF_DEVICE in data:
        return without_password(str(data[CONF_DEVICE]))
    return f"{data.get(CONF_HOST)}:{data.get(CONF_PORT)}"


def free_title(wanted: str, taken: Collection[str]) -> str:
    """Return a title that no other link has."""
    numbered = (f"{wanted} {number}" for number in count(2))
    return next(title for title in chain((wanted,), numbered) if title not in taken)


def host_of(text: str) -> str:
    """Return a host as it is looked up: one connection is shared per host and port, so the spelling matters."""
    host = text.strip().lower()
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        ip_address(bare)
    except ValueError:
        return host
    return bare


def _port(number: float | None) -> float:
    """Return a TCP port. Raises FormError if none was entered."""
    if number is None:
        raise FormError("port_needed", at=CONF_PORT)
    return as_whole(number)


def changes_nothing(stored: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    """Whether a form says what is stored; where a former version stored nothing, the default holds."""
    former = {CONF_DUTY_TARGET: DEFAULT_DUTY_TARGET, **stored}
    return {**former, **data} == former


def refuse_broadcast(entry: ConfigEntry, data: LinkData) -> None:
    """Raise FormError if the id of a device is none on this kind of link: 0 speaks to all on a serial line."""
    for subentry, wrong in device_faults(data, entry.subentries.values()):
        if any(fault.key == BROADCAST_UNIT for fault in wrong):
            raise FormError("broadcast_device", name=subentry.title)
