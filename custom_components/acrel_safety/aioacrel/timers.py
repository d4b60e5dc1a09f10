"""Timers that devices keep themselves: they open or close by them though nobody is there, and ask no interlock then.

So they are no operation of a model. What is set is a `Timer`; a way by which that can be done is `Timed`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Protocol, runtime_checkable

from .readings import DEVICE_CIRCUIT, PointKey
from .source import Source
from .texts import Phrase, phrase

TIMER = PointKey(DEVICE_CIRCUIT, "TIMER")
"""Under this name a timer is asked for and put down: no operation of the vocabulary, and no code of the maker's."""

type Hindrance = Callable[[], Phrase | None]
"""Says, at the last moment, why it may not be set any more."""


class TimerKind(StrEnum):
    """How often it switches. The words stay: they stand in records."""

    ONCE = "once"
    DAILY = "daily"
    NONE = "none"
    """Never: what there is is cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """What a device's own timer is to do: once at times with a zone, or each day at times without one.

    All of it is in the zone of whoever passes it on; `zone` says which that is.
    """

    kind: TimerKind
    opens: datetime | time | None = None
    closes: datetime | time | None = None
    zone: str = ""
    """In words; empty until it is known."""

    def plain(self) -> Mapping[str, str]:
        """Return it as records keep it."""
        found = {"kind": str(self.kind), "zone": self.zone}
        found |= {name: _word(moment) for name, moment in (("opens", self.opens), ("closes", self.closes)) if moment}
        return {name: word for name, word in found.items() if word}


def timer_said(kept: Mapping[str, object]) -> Phrase:
    """Return in words what `Timer.plain` said; a person may have edited it."""
    named = (kept.get(name) for name in ("opens", "closes", "zone"))
    opens, closes, zone = (one if isinstance(one, str) and one else "–" for one in named)
    match kept.get("kind"):
        case TimerKind.ONCE:
            # What was put down before the zone was said has times that say it themselves.
            if zone == "–":
                return phrase("timer_once", opens=opens, closes=closes)
            return phrase("timer_once_of", opens=opens, closes=closes, zone=zone)
        case TimerKind.DAILY:
            return phrase("timer_daily", opens=opens, closes=closes, zone=zone)
        case _:
            return phrase("timer_none")


def timer_seen(*, has_timer: bool | None) -> Phrase:
    """Return in words what a device that was heard says of its timer."""
    if has_timer is None:
        return phrase("timer_unsaid")
    return phrase("timer_shown_now") if has_timer else phrase("timer_not_shown")


def _word(moment: datetime | time) -> str:
    if isinstance(moment, datetime):
        return moment.isoformat(sep=" ", timespec="seconds")
    return moment.isoformat(timespec="seconds")


class Timers(Protocol):
    """The timer of one device, as it is reached by one way."""

    @property
    def circuit(self) -> str:
        """The circuit that it switches."""

    @property
    def zone(self) -> str:
        """Of which zone all times are that name none, in words."""

    @property
    def lockout(self) -> float:
        """Seconds for which the device is told nothing more after it was set."""

    @property
    def has_timer(self) -> bool | None:
        """Whether the device says that it has one, as far as that was heard last; None where it does not say."""

    @property
    def is_told(self) -> bool:
        """Whether the device was heard since something was sent to it last."""

    def moment(self, written: datetime) -> datetime | None:
        """Return when a date and time without a zone is; None for an hour that comes twice or never."""

    def own(self, timer: Timer) -> Timer:
        """Return the same timer with its times, and the name, of the zone that they are told in."""

    def refusal(self, timer: Timer) -> Phrase | None:
        """Return why such a timer cannot be set now; None if it can."""

    async def fresh(self) -> None:
        """Return when the device was heard just now. Raises AcrelError."""

    async def send(self, timer: Timer, hindrance: Hindrance) -> None:
        """Have it set or cancelled, once at most; that it returns proves nothing. Raises as `Source.send` does."""

    async def seen(self, *, wanted: bool) -> bool | None:
        """Wait until the device says whether it has a timer as wanted, or time is over; return what it said last.

        None where it was not heard since, or does not say.
        """


@runtime_checkable
class Timed(Protocol):
    """What a source is as well by which timers of devices can be set."""

    @property
    def timers(self) -> Timers | None:
        """That of this device; None where none can be set."""


def timers_by(sources: Iterable[Source]) -> tuple[Source, Timers] | None:
    """Return the nearest way by which a device's timer can be set; None where there is none."""
    for source in sources:
        if isinstance(source, Timed) and (timers := source.timers) is not None:
            return source, timers
    return None


def may_switch_alone(sources: Iterable[Source]) -> bool:
    """Whether a device says that it has a timer: then it may open or close though nobody asked it to."""
    return any(isinstance(one, Timed) and one.timers is not None and one.timers.has_timer is True for one in sources)
