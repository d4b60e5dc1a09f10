"""What is done to devices, or tried: told to the logbook, automations, the page and diagnostics, as it happens."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .aioacrel.alarms.board import Board
from .aioacrel.control.caller import Caller
from .aioacrel.control.outcome import Outcome, Result
from .aioacrel.control.tags import Tag
from .aioacrel.points import Effect, Operation
from .aioacrel.readings import DEVICE_CIRCUIT, PointKey
from .const import DOMAIN
from .outbox import call_listener

_DEEDS: HassKey[Deeds] = HassKey(f"{DOMAIN}.deeds")
_MOST_KEPT = 20
"""Operations of one device that diagnostics show."""


class What(StrEnum):
    """What was done; in the record it is called so."""

    UNAUTHORIZED = "unauthorized"
    SELECTED = "selected"
    SELECT_REFUSED = "select_refused"
    BEGUN = "begun"
    ENDED = "ended"
    """A refusal, too."""
    TAG_HUNG = "tag_hung"
    TAG_REMOVED = "tag_removed"
    TAG_REFUSED = "tag_refused"
    REFUSED_OFTEN = "refused_often"
    """How many more attempts of one caller came to nothing within a minute: each of them is not put down."""
    CANCEL_REFUSED = "cancel_refused"
    """The reclosing was not given up."""
    SETTING_CHANGED = "setting_changed"
    SETTING_FAILED = "setting_failed"
    """It was sent, or perhaps: it was not read back."""
    SETTING_REFUSED = "setting_refused"
    MOVED = "moved"
    """It stands elsewhere than before, and no command from here explains that."""


_LEADS_TO: Mapping[Effect | None, bool] = {Effect.OPEN: False, Effect.CLOSE: True}
"""Whether the circuit is closed afterwards."""
_VAIN = frozenset(
    {
        *(What.UNAUTHORIZED, What.SELECTED, What.SELECT_REFUSED, What.TAG_REFUSED, What.CANCEL_REFUSED),
        What.SETTING_REFUSED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that somebody did to a device, or tried to."""

    what: What
    board: Board
    circuit: str
    caller: Caller | None = None
    """None for whoever may not even ask."""
    code: str = ""
    operation: Operation | None = None
    """None for a command that the device does not have."""
    effect: Effect | None = None
    outcome: Outcome | None = None
    seconds: float = 0.0
    tag: Tag | None = None
    tags: Sequence[Tag] = ()
    """What hangs on a circuit that was closed all the same."""
    position: bool | None = None
    """Where it moved to: true is closed."""
    timer: Mapping[str, Any] = field(default_factory=dict)
    """Of a timer that the device keeps itself, what it was to do, as the record keeps it; empty of all else."""
    more: int = 0
    """Of what came to nothing often: how many more."""
    time: datetime = field(default_factory=dt_util.utcnow)

    @property
    def is_done(self) -> bool:
        """Whether it was carried out, and read back."""
        return self.outcome is not None and self.outcome.is_confirmed

    @property
    def is_vain(self) -> bool:
        """Whether nothing came of it: nothing was sent, nothing was hung."""
        if self.what is What.ENDED:
            return self.outcome is not None and not self.outcome.writes
        return self.what in _VAIN

    def plain(self) -> Mapping[str, Any]:
        """Return it as the record keeps it; of what it is not about it says nothing."""
        caller, outcome, tag = self.caller, self.outcome, self.tag
        found: dict[str, Any] = {"what": str(self.what)}
        found |= {name: value for name, value in (("code", self.code), ("timer", dict(self.timer))) if value}
        if self.effect is not None:
            found["effect"] = str(self.effect)
        if tag is not None:
            found |= {"tag": tag.id, "name": tag.name}
        if outcome is not None:
            found |= {
                "result": str(outcome.result),
                "reason": None if outcome.reason is None else str(outcome.reason),
                "sentence": outcome.text(),
                "writes": outcome.writes,
                "position": outcome.position,
            }
        elif tag is not None:
            found["reason"] = tag.reason
        if self.position is not None:
            found["position"] = self.position
        if self.tags:
            found["tags"] = [one.id for one in self.tags]
        if self.more:
            found["more"] = self.more
        if caller is not None:
            found |= {"by": caller.name, "by_id": caller.id, "caller": str(caller.kind)}
        return found


type Listener = Callable[[Deed], None]


class Deeds:
    """Tells of all devices, whichever come and go."""

    def __init__(self) -> None:
        """Begin with nobody who listens."""
        self._listeners: list[Listener] = []
        self._kept: dict[str, deque[Deed]] = {}
        self._done: dict[tuple[str, str], Deed] = {}
        """By device and circuit what was sent, or found done, last."""
        self._undone: dict[tuple[str, str], Deed] = {}
        """What of that does not hold any more."""

    @callback
    def listen(self, listener: Listener) -> CALLBACK_TYPE:
        """Be told of each; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def tell(self, deed: Deed) -> None:
        """Tell of one."""
        identity = deed.board.identity
        if deed.what is What.ENDED and deed.outcome is not None and deed.outcome.result is not Result.REFUSED:
            self._done[identity, deed.circuit] = deed
        if deed.what is What.MOVED and deed.position is not None:
            self.undo(identity, deed.circuit, is_closed=deed.position)
        if deed.what is What.ENDED:
            self._kept.setdefault(deed.board.identity, deque(maxlen=_MOST_KEPT)).append(deed)
        for listener in list(self._listeners):
            call_listener(listener, deed)

    @callback
    def undo(self, identity: str, circuit: str, *, is_closed: bool) -> None:
        """Take it that a circuit is closed, or open, by no command from here: what was done before may not hold."""
        for at in (circuit, DEVICE_CIRCUIT):
            done = self._done.get((identity, at))
            if done is not None and done.is_done and _LEADS_TO.get(done.effect) is (not is_closed):
                self._undone[identity, at] = done

    @callback
    def is_undone(self, deed: Deed) -> bool:
        """Whether what was done does not hold any more."""
        return self._undone.get((deed.board.identity, deed.circuit)) is deed

    @callback
    def is_last_undone(self, identity: str, key: PointKey) -> bool:
        """Whether an operation was the last that was done to its circuit, and does not hold any more."""
        done = self._done.get((identity, key.circuit))
        return done is not None and done.code == key.code and self.is_undone(done)

    @callback
    def ended(self, identity: str) -> Sequence[Deed]:
        """Return the last operations of a device since Home Assistant was started, the newest last."""
        return tuple(self._kept.get(identity, ()))


@callback
def deeds_of(hass: HomeAssistant) -> Deeds:
    """Return them; made for who asks first."""
    if (deeds := hass.data.get(_DEEDS)) is None:
        deeds = hass.data[_DEEDS] = Deeds()
    return deeds
