"""What was under way when Home Assistant ended, or a way was taken down: its outcome is found out, never repeated.

It stands in the record until then, so it is found again at the next start, or as soon as the device is loaded again.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .aioacrel.control.caller import Caller, CallerKind
from .aioacrel.control.control import EXPECTED_SECONDS
from .aioacrel.control.outcome import Outcome, Reason, Result
from .aioacrel.control.surroundings import Watched
from .aioacrel.control.tempo import Tempo
from .aioacrel.points import Effect
from .aioacrel.readings import PointKey
from .aioacrel.texts import Said
from .aioacrel.timers import TIMER, timer_seen, timers_by
from .const import DOMAIN
from .deeds import Deed, What
from .handles import position_since
from .lifetime import ends_all

if TYPE_CHECKING:
    from .operating import Operator

_UNDER_WAY: Final = "operation/"
"""Begins the keys of what stands in the record as long as an operation is under way; no id of an alarm's does."""
_UNHEARD_SECONDS = 60.0
"""After so long without a position, and what its ways need to report, the outcome is put down without one."""
_WAITING: HassKey[dict[str, Callable[[Deed], None]]] = HassKey(f"{DOMAIN}.interrupted")
"""Who finds out what was under way of a device that is loaded, by its identity."""


def standing_of(deed: Deed) -> Mapping[str, object]:
    """Return what of an operation stands in the record from its begin to its end, in the entry's own transaction."""
    key = f"{_UNDER_WAY}{_kept_as(deed.board.identity, deed.code)}"
    return {key: _kept(deed) if deed.what is What.BEGUN else None}


def _kept(deed: Deed) -> Mapping[str, object]:
    return {**deed.plain(), "circuit": deed.circuit, "time": deed.time.isoformat()}


def _kept_as(identity: str, code: str) -> str:
    """Return what an act stands under: while a timer is looked for, the device may be operated."""
    return f"{identity} {code}" if code == TIMER.code else identity


def part_begun(stood: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Part what stood at the end of the process before: what was under way, by device, and the alarms."""
    begun = {key.removeprefix(_UNDER_WAY): data for key, data in stood.items() if key.startswith(_UNDER_WAY)}
    return begun, {key: data for key, data in stood.items() if not key.startswith(_UNDER_WAY)}


@callback
def hand_over(hass: HomeAssistant, deed: Deed, begun: dict[str, object]) -> None:
    """Have somebody find out where that stands which was under way as its way was taken down.

    Whoever has the device loaded does so now, otherwise who loads it next.
    """
    begun[_kept_as(deed.board.identity, deed.code)] = _kept(deed)
    if (settle := hass.data.get(_WAITING, {}).get(deed.board.identity)) is not None:
        settle(deed)


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
        is_taken_down = data.get("reason") == Reason.TAKEN_DOWN
        self._reason = Reason.TAKEN_DOWN if is_taken_down else Reason.INTERRUPTED
        self._since = dt_util.utcnow()
        """What was told of a time before says nothing of it."""
        self.leave: list[CALLBACK_TYPE] = []
        """What ends waiting for its position; empty when its end was put down."""

    @callback
    def look(self) -> None:
        """Put it down as soon as it is known where it stands."""
        found = timers_by(self._operator.control.device.sources) if self.key == TIMER else None
        circuit = self.key.circuit if found is None else found[1].circuit
        position = position_since(self._operator.control, self._operator.policy, circuit, self._since)
        if position is None:
            return
        if found is None:
            self._put_down(position)
        else:
            # The list that tells the position tells of the timer, too.
            self._put_down(None, timer_seen(has_timer=found[1].has_timer))

    @callback
    def give_up(self, _: datetime) -> None:
        """Put it down although nobody knows where it stands."""
        self._put_down(None)

    def _put_down(self, position: bool | None, detail: Said = "") -> None:  # noqa: FBT001 - a position
        if self.leave:
            self.end()
            outcome = Outcome(result=Result.UNKNOWN, reason=self._reason, detail=detail, writes=1, position=position)
            deed = self._operator.of_key(What.ENDED, self.key, self._caller, outcome)
            self._operator.write_begun(replace(deed, timer=self._timer))

    def end(self) -> None:
        """Wait no longer."""
        ends_all(self.leave)()


@callback
def settle_interrupted(
    hass: HomeAssistant, operator: Operator, surroundings: Watched, begun: dict[str, object]
) -> CALLBACK_TYPE:
    """Find out where what was under way of a device stands, and put that down, now and later; returns what ends it."""
    identity, waiting = operator.board.identity, hass.data.setdefault(_WAITING, {})
    leave: list[CALLBACK_TYPE] = []

    @callback
    def settle(code: str) -> None:
        leave.append(_settle(hass, operator, surroundings, begun, _kept_as(identity, code)))

    @callback
    def take(deed: Deed) -> None:
        settle(deed.code)

    for code in ("", TIMER.code):
        settle(code)
    waiting[identity] = take

    @callback
    def forget() -> None:
        if waiting.get(identity) is take:
            del waiting[identity]

    leave.insert(0, forget)
    return ends_all(leave)


@callback
def _settle(
    hass: HomeAssistant, operator: Operator, surroundings: Watched, begun: dict[str, object], name: str
) -> CALLBACK_TYPE:
    if (kept := begun.pop(name, None)) is None:
        return lambda: None
    one = Interrupted(operator, kept if isinstance(kept, Mapping) else {})
    may_open, may_close = one.effect.may_open, one.effect.may_close
    late = max((Tempo.of(source).report for source in operator.control.device.sources), default=0.0)
    surroundings.interrupted(one.key.circuit, EXPECTED_SECONDS + late, may_open=may_open, may_close=may_close)

    @callback
    def keep() -> None:
        if one.leave:
            # Whoever takes the device up next goes on.
            begun[name] = kept
        one.end()

    one.leave.append(operator.coordinator.async_add_listener(one.look))
    one.leave.append(async_call_later(hass, _UNHEARD_SECONDS + late, HassJob(one.give_up, cancel_on_shutdown=True)))
    return keep


def _text(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name)
    return found if isinstance(found, str) else ""
