"""What is known of one generation of clouds: paths, fields, codes, devices and commands, all of it data.

A profile is a TOML file in `profiles/`, or one of the user's own; docs/cloud.md says how one is written. Nothing in it
is code, and no other room knows a path, a field or a number of a server.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

from ..points import effect_of_code
from ..readings import PointKey
from ..texts import Sayable


class Confidence(StrEnum):
    """How sure a call is: no live server was ever seen by this project."""

    HIGH = "high"
    """Read in several public programs that talk to such a server."""
    MEDIUM = "medium"
    """Read in one."""
    LOW = "low"
    """Taken from a sibling product, or a guess."""


class Form(StrEnum):
    """In which form a password goes to the server."""

    PLAIN = "plain"
    """As it was typed; the connection has to protect it."""
    MD5 = "md5"
    """Its MD5, as hexadecimal digits."""
    UNKNOWN = ""
    """Nobody knows: then no password is sent."""


class Meaning(StrEnum):
    """What a number means that a server answers with."""

    OK = "ok"
    LOGIN = "login"
    """User or password are wrong."""
    DISABLED = "disabled"
    TOKEN = "token"  # noqa: S105 - what a number means
    """Log in again."""
    RENEWED = "renewed"
    """The token was renewed: ask again with the new one."""
    LICENCE = "licence"
    HOSTING = "hosting"
    PERMISSION = "permission"
    SITE = "site"
    PROOF_MISSING = "proof_missing"
    PROOF_WRONG = "proof_wrong"
    PROOF_NONE = "proof_none"
    BUSY = "busy"
    REQUEST = "request"
    """A parameter is missing or wrong: a fault of this library."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a server."""

    name: str
    method: str
    path: str
    """Below the prefix, and below the version segment where it is `versioned`."""
    versioned: bool = True
    body: str = "form"
    """Of a POST: `form` or `json`."""
    params: Mapping[str, str] = field(default_factory=dict)
    """What it takes, in this library's words, and the server's name for each; what is not there is not sent."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """What is always sent."""
    page_size: int = 0
    """Of a list that comes in pages."""
    lists: Sequence[str] = ()
    """Where the list stands in the answer, dotted: the first that is there; empty is the answer itself."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Of a server that calls things otherwise: where what is read stands, see `spelling`; of a list, in each row."""
    confidence: Confidence
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """How each answer is framed, and where the token goes."""

    code: str = "code"
    message: str = "msg"
    data: str = "data"
    token: str = "token"  # noqa: S105 - the name of a field
    """A renewed one."""
    unauthorised: str = "unauthorized"
    """What the message is where a login does not hold, in small letters."""
    header: str = "Authorization"


USUAL_FRAME = Frame()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterType:
    """A type of devices as the server numbers it."""

    kind: str
    model: str
    """The id of the model file."""
    name: str
    control_log: str = ""
    """Which log tells what came of commands, a name in `control_logs`; empty where there is none."""
    position: PointKey | None = None
    """Which point the position is that the list of devices tells; None for a type of which it tells none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudCommand:
    """How an operation of the vocabulary is asked for."""

    kind: str
    """The type of the device."""
    key: PointKey
    call: str
    type: str
    value: str
    lockout: float
    """Seconds for which no other command may follow for this device."""
    needs_proof: bool = False
    """Whether its meaning differs between servers: not offered before the owner proved it on site by reading back."""
    confidence: Confidence
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """How a device's own timers are set, values of the type `DO`."""

    kind: str
    call: str
    type: str
    cancel: str
    once: str
    """Times `yyyy-MM-dd HH:mm:ss`, empty for one that is not used."""
    daily: str
    """Times `HH:mm:ss`."""
    lockout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Electric:
    """One kind of electric quantities that the server keeps."""

    kind: str
    phases: str
    codes: Mapping[str, PointKey]
    """By the server's parameter code."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One generation of clouds."""

    id: str
    titles: Mapping[str, str]
    notes: Mapping[str, str]
    confidence: Confidence
    """Shown to the user: of the whole."""
    source: str
    hosts: Sequence[str] = ()
    """Public hosts of this kind."""
    prefix: str
    version: str = ""
    """The version segment where the login does not name one; empty: then the login is refused."""
    stale_after: float
    """Seconds after which a value is not shown as current any more."""
    login_form: Form
    encrypted_form: Form
    """Where the server says that logins are encrypted."""
    proof_form: Form
    """Of the second password."""
    frame: Frame
    calls: Mapping[str, Call]
    codes: Mapping[int, Meaning]
    meter_types: Mapping[str, MeterType]
    meter_lists: Sequence[str]
    """What is asked for in the list of devices, one request each: type numbers, comma separated."""
    commands: Sequence[CloudCommand]
    timers: Mapping[str, Timers]
    """By type of device."""
    leakage: Mapping[str, PointKey]
    """Which fields of the residual current monitor are which values."""
    temperatures: Mapping[str, PointKey]
    leakage_history: Mapping[str, PointKey]
    electric: Mapping[str, Electric]
    fed: Sequence[PointKey]
    """What a feed may tell of a device whose model has it, beside its position."""
    alarms: Mapping[str, PointKey]
    """Which active alarms of `Details` are which points, by dotted name."""
    recoveries: frozenset[str]
    """Texts of events that say that something is over."""
    levels: Mapping[str, str]
    """The server's words for levels, and ours (`general`, `major`, `urgent`)."""
    control_logs: Mapping[str, str]
    """Calls that tell what came of commands, by name of the log."""
    results: Mapping[str, bool]
    """What the logs' words mean, by word: whether it was done. What is not here nobody knows."""

    @property
    def is_experimental(self) -> bool:
        """Whether it is a guess as a whole."""
        return self.confidence is Confidence.LOW

    def title(self, language: str = "en") -> str:
        """Return what it is, in a language."""
        return self.titles.get(language) or self.titles["en"]

    def note(self, language: str = "en") -> str:
        """Return what has to be said about it, in a language."""
        return self.notes.get(language) or self.notes.get("en", "")

    def commands_of(self, kind: str) -> Sequence[CloudCommand]:
        """Return the commands of a type of device."""
        return [one for one in self.commands if one.kind == kind]

    def offered(self, kind: str, proved: AbstractSet[PointKey]) -> Sequence[CloudCommand]:
        """Return the commands of a type that may be sent: of those that differ between servers, the `proved` ones.

        What might close then is not among them without a position that shows whether it did, or tripped.
        """
        commands = self.commands_of(kind)
        return [one for one in commands if not one.needs_proof or (one.key in proved and one in self.provable(kind))]

    def provable(self, kind: str) -> Sequence[CloudCommand]:
        """Return the commands that differ between servers and that an owner can see to work on site."""
        known = self.meter_types.get(kind)
        is_read_back = known is not None and known.position is not None
        return [
            one
            for one in self.commands_of(kind)
            if one.needs_proof and (is_read_back or not effect_of_code(one.key.code).may_close)
        ]

    def model_of(self, kind: str) -> str | None:
        """Return the model id of a type of device, None for a type that is not known."""
        known = self.meter_types.get(kind)
        return None if known is None else known.model


class Title(Sayable):
    """What a profile is called, in the language of the sentence it is filled into."""

    __slots__ = ("_profile",)

    def __init__(self, profile: Profile) -> None:
        """Take whose name it is."""
        self._profile = profile

    def text(self, language: str = "en") -> str:
        """Return it in a language."""
        return self._profile.title(language)
