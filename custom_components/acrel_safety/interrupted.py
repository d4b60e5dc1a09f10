"""What was under way when Home Assistant ended: what became of it is found out at the next start, never repeated."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .aioacrel.control.caller import Caller, CallerKind
from .aioacrel.control.control import EXPECTED_SECONDS
from .aioacrel.control.outcome import Outcome, Reason, Result
from .aioacrel.control.surroundings import Watched
from .aioacrel.points import Effect
from .aioacrel.readings import PointKey
from .aioacrel.timers import TIMER
from .deeds import Deed, What
from .handles import circuit_position

if TYPE_CHECKING:
    from .operating import Operator

_UNDER_WAY: Final = "operation/"
"""Begins the keys of what stands in the record as long as an operation is under way; no id of an alarm's does."""
_UNHEARD_SECONDS = 60.0
"""After so long without a position the outcome is put down without one."""


def standing_of(deed: Deed) -> Mapping[str, object]:
    """Return what of an operation stands in the record from its begin to its end, in the entry's own transaction."""
    plain = {**deed.plain(), "circuit": deed.circuit, "time": deed.time.isoformat()}
    key = f"{_UNDER_WAY}{_kept_as(deed.board.identity, deed.code)}"
    return {key: plain if deed.what is What.BEGUN else None}


def _kept_as(identity: str, code: str) -> str:
    """Return what an act stands under: while a timer is looked for, the device may be operated."""
    return f"{identity} {code}" if code == TIMER.code else identity


def part_begun(stood: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Part what stood at the end of the process before: what was under way, by device, and the alarms."""
    begun = {key.removeprefix(_UNDER_WAY): data for key, data in stood.items() if key.startswith(_UNDER_WAY)}
    return begun, {key: data for key, data in stood.items() if not key.startswith(_UNDER_WAY)}


class Interrupted:
    """One operation whose end nobody put down."""

    def __init__(self, operator: Operator, data: Mapping[str, Any]) -> None:
        """Take what the record said of its begin; a person may have edited it."""
        self._operator = operator
        self.key = PointKey(_text(data, "circuit"), _text(data, "code"))
        effect = _text(data, "effect")
        self.effect = Effect(effect) if effect in Effect else Effect.UNSAID
        kind = _text(data, "caller")
        known = CallerKind(kind) if kind in CallerKind else CallerKind.AUTOMATION
        timer = data.get("timer")
        self._timer: Mapping[str, Any] = timer if isinstance(timer, Mapping) else {}
        self._caller = Caller(kind=known, id=_text(data, "by_id"), name=_text(data, "by"))
        self.leave: list[CALLBACK_TYPE] = []
        """What ends waiting for its position; empty when its end was put down."""

    @callback
    def look(self) -> None:
        """Put it down as soon as it is known where it stands."""
        position = circuit_position(self._operator.control, self._operator.policy, self.key.circuit)
        if position is not None:
            self._put_down(position)

    @callback
    def give_up(self, _: datetime) -> None:
        """Put it down although nobody knows where it stands."""
        self._put_down(None)

    def _put_down(self, position: bool | None) -> None:  # noqa: FBT001 - a position
        if self.leave:
            self.end()
            outcome = Outcome(result=Result.UNKNOWN, reason=Reason.INTERRUPTED, writes=1, position=position)
            deed = self._operator.of_key(What.ENDED, self.key, self._caller, outcome)
            self._operator.write_begun(replace(deed, timer=self._timer))

    def end(self) -> None:
        """Wait no longer."""
        while self.leave:
            self.leave.pop()()


@callback
def settle_interrupted(
    hass: HomeAssistant, operator: Operator, surroundings: Watched, begun: dict[str, object]
) -> CALLBACK_TYPE:
    """Find out where what was under way of a device stands, and put that down; returns what ends that."""
    leave = [
        _settle(hass, operator, surroundings, begun, _kept_as(operator.board.identity, code))
        for code in ("", TIMER.code)
    ]

    @callback
    def end() -> None:
        for one in leave:
            one()

    return end


@callback
def _settle(
    hass: HomeAssistant, operator: Operator, surroundings: Watched, begun: dict[str, object], name: str
) -> CALLBACK_TYPE:
    if (kept := begun.pop(name, None)) is None:
        return lambda: None
    one = Interrupted(operator, kept if isinstance(kept, Mapping) else {})
    may_open, may_close = one.effect.may_open, one.effect.may_close
    surroundings.interrupted(one.key.circuit, EXPECTED_SECONDS, may_open=may_open, may_close=may_close)

    @callback
    def keep() -> None:
        if one.leave:
            # Whoever takes the device up next goes on.
            begun[name] = kept
        one.end()

    one.leave.append(operator.coordinator.async_add_listener(one.look))
    one.leave.append(async_call_later(hass, _UNHEARD_SECONDS, HassJob(one.give_up, cancel_on_shutdown=True)))
    return keep


def _text(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name)
    return found if isinstance(found, str) else ""
