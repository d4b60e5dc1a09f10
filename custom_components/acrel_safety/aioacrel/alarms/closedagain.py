"""A circuit that was switched off from here and closed by nothing from here: its owner believes that it is off."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from ..readings import PointKey
from ..texts import phrase
from .levels import Level
from .rules import ANY, Band, Readings
from .verdict import UNSAID, AlarmKey, Cause, Verdict

CLOSED_AGAIN = "closed_again"
SETTLING_SECONDS = 5.0
"""So long after a command a poll may still bring what was read before it."""
_LONGEST_NAME = 200


class Sign(Protocol):
    """What tells where a circuit stands."""

    @property
    def key(self) -> PointKey:
        """The point that is read for it."""

    def position(self, readings: Readings) -> bool | None:
        """Return whether the circuit is closed; None where that is not known."""


class ClosedAgainRule:
    """Watches a circuit from a confirmed opening until it is closed from here, or a person knows that it is closed."""

    figures: AbstractSet[PointKey] = frozenset()

    def __init__(self, circuit: str, signs: Sequence[Sign]) -> None:
        """Take what tells where the circuit stands; any of it that says closed is believed."""
        self.cause = Cause(
            key=AlarmKey(circuit, "", CLOSED_AGAIN), level=Level.ALARM, name=phrase("alarm_closed_again")
        )
        self.inputs: AbstractSet[PointKey] = frozenset(sign.key for sign in signs)
        self._signs = signs
        self._watched: Sequence[Sign] = ()
        """What showed that it is off; nothing while it is not taken to be."""
        self._by = ""
        self._since: float | None = None
        """When it was switched off, by the steady clock, until it was seen to be open since."""
        self._expected_until: float | None = None
        self._expected_at_first: float | None = None
        self._is_on = False

    @property
    def holds(self) -> bool:
        """Whether the circuit was switched off from here, and is so for all that was seen since."""
        return bool(self._watched) and not self._is_on

    # -- commands given here ------------------------------------------------------------------------------------------

    def switched_off(self, shown_by: AbstractSet[PointKey], by: str, now: float) -> None:
        """Take it that it was switched off by somebody, which these points showed."""
        self._watched = [sign for sign in self._signs if sign.key in shown_by] or self._signs
        self._by, self._since = by[:_LONGEST_NAME], now
        self._expected_until, self._is_on = None, False

    def switched_on(self) -> None:
        """Take it that nobody believes it to be off any more: it was closed from here, or released."""
        self._watched, self._by = (), ""
        self._expected_until, self._is_on = None, False

    def acknowledge(self) -> None:
        """Take it that a person knows that it is closed: it is not believed to be off any more."""
        self.switched_on()

    def expect_close(self, until: float) -> None:
        """Take a closing until then, by the steady clock, for one that was commanded here."""
        self._expected_until = until

    def expect_found_closed(self, seconds: float) -> None:
        """Take it for ours if it is found closed, or closes within so many seconds after it was read first."""
        self._expected_at_first = seconds

    def expect_no_closing(self) -> None:
        """Take a closing for nobody's command: nothing was sent."""
        self._expected_until = None

    # -- what is read -------------------------------------------------------------------------------------------------

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Look at all that showed it: what cannot be read is not known to be open."""
        told = [sign.position(readings) for sign in self._watched]
        if self._expected_at_first is not None and told and None not in told:
            self._expected_until, self._expected_at_first = now + self._expected_at_first, None
        if True in told:
            if self._expected_until is not None and now <= self._expected_until:
                self.switched_on()
                return Verdict(is_on=False)
            self._is_on = self._since is None or now >= self._since + SETTLING_SECONDS
        elif None in told:
            return UNSAID
        else:
            self._since, self._is_on = None, False
        if not self._is_on:
            return Verdict(is_on=False)
        return Verdict(is_on=True, detail=phrase("switched_off_by", who=self._by or "?"))

    def calm(self, key: PointKey) -> Band | None:
        """Look at each reading of what was switched off; of anything else no value means anything."""
        del key
        return None if self._watched else ANY

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on from before a restart: what was closed meanwhile was closed by nobody from here."""
        off, by = memory.get("off"), memory.get("by")
        if not is_on and not isinstance(off, str):
            return
        names = {*str(off).split(" ")}
        self._watched = [sign for sign in self._signs if str(sign.key) in names] or self._signs
        self._by = by[:_LONGEST_NAME] if isinstance(by, str) else ""
        self._since, self._is_on = None, is_on

    def memory(self) -> Mapping[str, object]:
        """Return what showed that it is off, and who switched it off."""
        if not self._watched:
            return {}
        return {"off": " ".join(sorted(str(sign.key) for sign in self._watched)), "by": self._by}


def closed_again_rules(signs: Mapping[str, Sequence[Sign]]) -> Iterable[ClosedAgainRule]:
    """Yield a rule for each circuit of which something tells where it stands."""
    return (ClosedAgainRule(circuit, those) for circuit, those in signs.items() if those)
