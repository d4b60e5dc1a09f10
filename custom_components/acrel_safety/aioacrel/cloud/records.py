"""What a cloud says, understood: no field of any server, no profile and no request is known here.

Times are aware, in UTC; None is what was not said, or said in a way that cannot be. Shapes from the public facts of
AcrelCloud-1000 (see docs/cloud.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ..readings import PointKey, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a login gave; nothing secret is kept in it."""

    version: str
    """The version segment of the server's paths, such as `v5`."""
    user_id: str = field(repr=False)
    user_name: str = field(repr=False)
    """What the server calls whoever logged in."""
    organisation: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place of the owner's with devices (substation)."""

    id: str
    name: str


class MeterKey(NamedTuple):
    """Names a device of an account: its site and its code, as nearly all calls do.

    No document says that a code is given once at a server.
    """

    site: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A device of a site, as the list shows it."""

    code: str
    """What the server knows it by."""
    name: str
    site: str
    kind: str
    """The server's number of its type; which model that is says the profile."""
    is_alarmed: bool | None = None
    received: datetime | None = None
    """When the server heard it last, of devices of which the list tells that."""
    is_closed: bool | None = None
    """The position of its switch."""
    has_timer: bool | None = None

    @property
    def key(self) -> MeterKey:
        """What tells it from all others of the account."""
        return MeterKey(self.site, self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """One device: which of its alarms are active."""

    code: str
    serial: str | None = None
    """Its own serial number, where the server tells it: by that it is known to be one reached locally, too."""
    updated: datetime | None = None
    is_alarmed: bool | None = None
    active: Mapping[str, str] | None = None
    """Active alarms: the server's name of each, dotted (`temp.tempA`), and its text; None if it was not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What a device measured, at a time the server states."""

    code: str
    measured: datetime | None
    values: Mapping[PointKey, Value | None]
    """By circuit and code of the vocabulary, in its units; None is said to be unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Whether the server hears a device."""

    code: str
    """Empty where the server names the device only, and several of the site, or none, have that name."""
    name: str = ""
    is_online: bool | None
    lost: datetime | None = None
    heard: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmLevel:
    """A class of events as the server numbers it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEvent:
    """An entry of the server's log of events; the id is what it is told apart by, at one time.

    One that begins with `?` is no id of the server's.
    """

    id: str
    site: str
    meter: str
    meter_name: str
    time: datetime | None
    spelled: datetime | None = None
    """The same as the server spells it, in no zone."""
    type: str
    """The server's text, such as 高限报警."""
    description: str
    group: str
    """What it belongs to, such as 遥测越限."""
    level: str
    """The server's text, such as 重大."""
    level_id: str = ""
    """The server's number of it, where the event has one."""
    is_confirmed: bool | None
    is_recovery: bool = False
    """Whether it says that something is over."""


class Proof(StrEnum):
    """What a server wants before it takes a command."""

    PASSWORD = "password"  # noqa: S105 - the kind of proof
    """The account's second password."""
    SMS = "sms"
    """A code that the server sends to the owner's phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a server wants, and the phone it writes to, masked."""

    proof: Proof
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCommand:
    """An entry of the server's log of commands: that alone tells what came of one."""

    meter: str | None
    meter_name: str
    serial: str | None
    type: str
    """`reset`, `DO`, `silent`, `check`."""
    sent: datetime | None
    user: str
    acknowledged: datetime | None
    result: str
    """The server's text; empty while nothing came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value of before."""

    key: PointKey
    time: datetime
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitOfMeter:
    """Which circuit of the server's energy reports a device measures."""

    circuit: str
    meter: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the energy counter of a circuit showed at both ends of a time that was asked for (kWh)."""

    circuit: str
    start: float | None
    end: float | None
    consumed: float | None = None
    """What the server says was used between; it has to agree with both, or nothing is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What the platform sent by itself of one device."""

    gateway: str
    serial: str
    time: datetime | None
    is_history: bool = False
    is_online: bool | None = None
    values: Mapping[str, float | str] = field(default_factory=dict)
    """By the platform's code, as they came: which point that is says the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedAlarm:
    """An alarm that the platform sent by itself; the number is what it is told apart by."""

    number: str
    gateway: str
    serial: str
    time: datetime | None
    code: str
    level: str
    titles: Mapping[str, str] = field(default_factory=dict)
    """By language (`en`, `zh`)."""
    messages: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is known by: the number may be that of its device alone."""
        return f"{self.serial}/{self.number}/{self.code}"
