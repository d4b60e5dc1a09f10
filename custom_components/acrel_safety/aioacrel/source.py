"""One way to one device, as all that stands above sees it: no register, no topic, no account."""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from .errors import AcrelError
from .points import Point
from .readings import PointKey, Reading, Value
from .texts import Phrase

NEAR, BETWEEN, FAR = 0, 1, 2
"""Ranks: a local line, an uplink or gateway of one's own, somebody's cloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What a source has to say: new readings, and what is wrong with this way as a whole (None: nothing)."""

    readings: Mapping[PointKey, Reading] = field(default_factory=dict)
    trouble: AcrelError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An order: the value, in the unit of the vocabulary, that a setting is to have."""

    key: PointKey
    value: Value
    hindrance: Callable[[], Phrase | None] = lambda: None
    """Why it may not go any more, asked at the very last moment: leave may be withdrawn while it waits for its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An order: one of the model's operations is to be carried out."""

    key: PointKey
    hindrance: Callable[[], Phrase | None] = lambda: None
    """As of a setting."""


type Order = Setting | Command
type Sink = Callable[[Update], None]
"""Takes what a source says; never raises."""


class Source(Protocol):
    """One way to one device."""

    @property
    def rank(self) -> int:
        """How far the way is: of two that know a value, the nearer one is believed."""

    @property
    def points(self) -> Mapping[PointKey, Point]:
        """What this way shows."""

    @property
    def lacking(self) -> AbstractSet[PointKey]:
        """What the devices of this model have, but not this one, and that is as documented."""

    @property
    def orders(self) -> AbstractSet[PointKey]:
        """What it can set or operate."""

    def join(self, sink: Sink) -> Callable[[], None]:
        """Tell all there is to say from now on; returns what ends that."""

    def want(self, keys: AbstractSet[PointKey]) -> None:
        """Have just these points read from now on."""

    def hurry(self) -> None:
        """Have what is wanted read soon, without waiting for its time."""

    def question(self) -> None:
        """Have it looked soon whether this is still the device it is taken for: what it says is odd."""

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return fresh readings, asked for now: before a command, and to see what came of it. Raises AcrelError."""

    async def send(self, order: Order) -> None:
        """Send an order, once at most; that it returns proves nothing: read back.

        Raises SettingRefusedError, CommandRefusedError or NotSentError when nothing left; after any other LinkError it
        may have been carried out or not.
        """

    def figures(self) -> Mapping[str, float | None]:
        """Return how well this way does."""

    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault, as plain types; nothing secret."""


@runtime_checkable
class Slow(Protocol):
    """What a source is as well whose answers take longer than those of a local line: limits follow what it says."""

    @property
    def answer_seconds(self) -> float:
        """How long an answer takes, as far as that is known now; rather too long than too short."""


@runtime_checkable
class Doubtful(Protocol):
    """What a source is as well where nothing proves who answers."""

    @property
    def doubt(self) -> Phrase | None:
        """Why who answers now may not be the device; None if nothing speaks for that."""


def doubt_of(source: Source) -> Phrase | None:
    """Return why who answers by a way may not be the device; None where nothing speaks for that."""
    return source.doubt if isinstance(source, Doubtful) else None


@runtime_checkable
class Choosy(Protocol):
    """What a source is as well where the other side chooses what it reports: not all of a model has to come."""

    @property
    def points(self) -> Mapping[PointKey, Point]:
        """As of every source."""

    @property
    def unreported(self) -> AbstractSet[PointKey]:
        """Points that never came; none before it is clear that no more will."""

    @property
    def aside(self) -> AbstractSet[PointKey]:
        """Points that the owner put aside and that never came: they are lacking."""

    def put_aside(self, keys: AbstractSet[PointKey]) -> None:
        """Take the owner's word that these are not reported; the first report of one of them is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the other side wrote down of an order."""

    is_done: bool | None
    """Whether it was carried out; None where nobody knows what the words mean."""
    text: Phrase


@runtime_checkable
class Logged(Protocol):
    """What a source is as well whose other side writes down what became of orders."""

    async def word(self) -> Word | None:
        """Return what is written of the latest order, waited for; None where it cannot be told. Never raises."""


@runtime_checkable
class Spared(Protocol):
    """What a source is as well whose other side serves many: it is not asked again at once."""

    @property
    def look_seconds(self) -> float:
        """How long to wait before it is asked again, where what it told has not changed."""


@runtime_checkable
class Reporting(Protocol):
    """What a source is as well that cannot be asked at will: it reports in its own time, and when it wakes up."""

    @property
    def report_seconds(self) -> float:
        """How long it may take until it reports, asked for, what is so now."""
