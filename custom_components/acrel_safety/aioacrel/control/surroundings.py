"""What a device's control has to know of the alarms, and what the alarms have to know of it."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from ..alarms.alarm import Alarm
from ..alarms.closedagain import ClosedAgainRule
from ..alarms.levels import Level
from ..alarms.watch import Watch
from ..readings import DEVICE_CIRCUIT, PointKey, Quality
from ..texts import Said
from ..vocabulary import MEASURED

_BREAKERS = frozenset({"breaker", "switch"})
"""Families of the vocabulary that tell a position: no quantity that trips anything."""


class Surroundings(Protocol):
    """What stands around one device's control."""

    def trip(self, circuit: str, excused: AbstractSet[str] = frozenset()) -> Said:
        """Return the trip of a circuit that nobody acknowledged, but for excused occurrences; empty if none is left."""

    def sensor_fault(self, circuit: str) -> str:
        """Return what is broken of what measures the quantity that tripped a circuit; empty if nothing is."""

    def expect_open(self, circuit: str, seconds: float) -> None:
        """Take an opening within so many seconds for ours."""

    def expect_nothing(self, circuit: str) -> None:
        """Take an opening from now on for a trip: nothing was sent."""

    def expect_close(self, circuit: str, seconds: float) -> None:
        """Take a closing within so many seconds for ours."""

    def expect_no_closing(self, circuit: str) -> None:
        """Take a closing from now on for nobody's command: nothing was sent."""

    def switched_off(self, circuit: str, shown_by: AbstractSet[PointKey], by: str, late: float = 0.0) -> None:
        """Take it that a circuit was opened from here: it is believed to be off, and these points showed it.

        So many seconds later than usual a poll may still bring what was read before.
        """

    def switched_on(self, circuit: str, late: float = 0.0) -> None:
        """Take it that a circuit was closed from here."""

    def is_off(self, circuit: str) -> bool:
        """Whether a circuit was switched off from here, and is so for all that was seen since."""

    def released(self, circuit: str) -> None:
        """Take it that a circuit was given back to its device, which may close and open it."""


class Unwatched:
    """Where nobody watches alarms, such as on the command line."""

    def trip(self, circuit: str, excused: AbstractSet[str] = frozenset()) -> Said:
        """Return none: nobody keeps them here."""
        del circuit, excused
        return ""

    def sensor_fault(self, circuit: str) -> str:
        """Return none: nobody keeps them here."""
        del circuit
        return ""

    def expect_open(self, circuit: str, seconds: float) -> None:
        """Tell nobody."""

    def expect_nothing(self, circuit: str) -> None:
        """Tell nobody."""

    def expect_close(self, circuit: str, seconds: float) -> None:
        """Tell nobody."""

    def expect_no_closing(self, circuit: str) -> None:
        """Tell nobody."""

    def switched_off(self, circuit: str, shown_by: AbstractSet[PointKey], by: str, late: float = 0.0) -> None:
        """Tell nobody."""

    def switched_on(self, circuit: str, late: float = 0.0) -> None:
        """Tell nobody."""

    def is_off(self, circuit: str) -> bool:
        """Return that nobody knows of it here."""
        del circuit
        return False

    def released(self, circuit: str) -> None:
        """Tell nobody."""


class Watched:
    """Where the device's alarms are watched."""

    def __init__(
        self,
        watch: Watch,
        steady: Callable[[], float],
        *,
        kept: object = None,
        keep: Callable[[Mapping[str, list[str]]], None] = lambda _: None,
    ) -> None:
        """Take the watch, its steady clock, what `keep` was told last before a restart; `end` leaves it.

        Where what was kept cannot be read any more, everything that is measured may have tripped the device.
        """
        self._watch = watch
        self._steady = steady
        self._keep = keep
        self._tripped_by = _families(kept, self._measured())
        """The families of what was an alarm when a circuit tripped; until it was closed from here."""
        # A trip that stands still is the one from before the restart, or a later one: either may have tripped it.
        self._tripped = {*self._tripped_by}
        self.end = watch.listen(self._note)
        for rule in watch.closed_again_rules():
            if rule.holds:
                # It was read back to be open, whether a poll saw that before a restart or not.
                self._found_open(rule.cause.key.circuit, 0.0)
        self._note()

    def trip(self, circuit: str, excused: AbstractSet[str] = frozenset()) -> Said:
        """Return the name of a trip that nobody acknowledged, but for excused occurrences."""
        return next(
            (
                alarm.name
                for alarm in self._of(circuit)
                if alarm.cause.level is Level.TRIP
                and not alarm.facts.is_acknowledged
                and alarm.occurrence not in excused
            ),
            "",
        )

    def sensor_fault(self, circuit: str) -> str:
        """Return the fault, or the value that does not hold, of a family that tripped the circuit."""
        families = {family for at, those in self._tripped_by.items() if _concerns(at, circuit) for family in those}
        faults = (
            str(alarm.cause.key)
            for alarm in self._of(circuit)
            if alarm.cause.level is Level.FAULT and alarm.facts.condition and self._family(alarm) in families
        )
        device = self._watch.device
        broken = (
            str(key)
            for key, reading in device.readings.items()
            if reading.quality in (Quality.INVALID, Quality.IMPLAUSIBLE)
            and _concerns(key.circuit, circuit)
            and device.model.points[key].quantity.kind in MEASURED
            and device.model.points[key].quantity.family in families
        )
        return next(faults, "") or next(broken, "")

    def closed(self, circuit: str) -> None:
        """Take it that a circuit was closed and is so: what tripped it before that is over."""
        over = [at for at in self._tripped_by if circuit in (at, DEVICE_CIRCUIT)]
        for at in over:
            del self._tripped_by[at]
        if over:
            self._keep(self._kept())

    def expect_open(self, circuit: str, seconds: float) -> None:
        """Have the rules that look for positions take an opening for ours."""
        for rule in self._watch.position_rules():
            if _concerns(rule.cause.key.circuit, circuit):
                rule.expect_open(self._steady() + seconds)

    def expect_nothing(self, circuit: str) -> None:
        """Have them take it for a trip again."""
        for rule in self._watch.position_rules():
            if _concerns(rule.cause.key.circuit, circuit):
                rule.expect_nothing()

    def interrupted(self, circuit: str, seconds: float, *, may_open: bool, may_close: bool) -> None:
        """Take it that a command was under way when the program ended, which may show within so many seconds."""
        if may_open:
            self._found_open(circuit, seconds)
        if may_close:
            for rule in self._closed_again(circuit):
                rule.expect_found_closed(seconds)

    def _found_open(self, circuit: str, seconds: float) -> None:
        for rule in self._watch.position_rules():
            if _concerns(rule.cause.key.circuit, circuit):
                rule.expect_found_open(seconds)

    def expect_close(self, circuit: str, seconds: float) -> None:
        """Have the rules that look for what was switched off take a closing for ours."""
        for rule in self._closed_again(circuit):
            rule.expect_close(self._steady() + seconds)

    def expect_no_closing(self, circuit: str) -> None:
        """Have them take it for nobody's command again."""
        for rule in self._closed_again(circuit):
            rule.expect_no_closing()

    def switched_off(self, circuit: str, shown_by: AbstractSet[PointKey], by: str, late: float = 0.0) -> None:
        """Have it be an alarm when a circuit is closed from now on by anybody else; kept over a restart."""
        for rule in self._closed_again(circuit):
            rule.switched_off(shown_by, by, self._steady() + late)
            self._watch.look_again(rule)

    def switched_on(self, circuit: str, late: float = 0.0) -> None:
        """Have it be none any more, and every opening be nobody's command again."""
        self.released(circuit)
        for one in self._watch.position_rules():
            if _concerns(one.cause.key.circuit, circuit):
                one.switched_on(self._steady() + late)

    def released(self, circuit: str) -> None:
        """Have a closing be nobody's matter any more."""
        for rule in self._closed_again(circuit):
            rule.switched_on()
            self._watch.look_again(rule)

    def is_off(self, circuit: str) -> bool:
        """Whether what looks for a closing of it looks, and saw none."""
        return any(rule.holds for rule in self._closed_again(circuit))

    def _closed_again(self, circuit: str) -> Iterator[ClosedAgainRule]:
        return (rule for rule in self._watch.closed_again_rules() if _concerns(rule.cause.key.circuit, circuit))

    def _of(self, circuit: str) -> Iterator[Alarm]:
        return (alarm for alarm in self._watch.alarms.values() if _concerns(alarm.cause.key.circuit, circuit))

    def _family(self, alarm: Alarm) -> str:
        point = self._watch.device.model.points.get(PointKey(alarm.cause.key.circuit, alarm.cause.key.code))
        return "" if point is None else point.quantity.family

    def _note(self) -> None:
        """Keep what was an alarm when a circuit tripped: it may be over, and its sensor broken, when it is closed."""
        alarms, before = self._watch.alarms.values(), self._kept()
        tripped = {a.cause.key.circuit for a in alarms if a.cause.level is Level.TRIP and a.facts.stands}
        for circuit in tripped:
            known = self._tripped_by.get(circuit, set()) if circuit in self._tripped else set()
            self._tripped_by[circuit] = known | {
                family
                for alarm in self._of(circuit)
                if alarm.cause.level in (Level.ALARM, Level.TRIP)
                and alarm.facts.stands
                and (family := self._family(alarm))
                and family not in _BREAKERS
            }
        self._tripped = tripped
        if (now := self._kept()) != before:
            self._keep(now)

    def _kept(self) -> Mapping[str, list[str]]:
        return {circuit: sorted(families) for circuit, families in self._tripped_by.items() if families}

    def _measured(self) -> set[str]:
        """Return the families of all that is measured."""
        points = self._watch.device.model.points.values()
        return {point.quantity.family for point in points if point.quantity.kind in MEASURED}


def _concerns(at: str, circuit: str) -> bool:
    return DEVICE_CIRCUIT in (at, circuit) or at == circuit


def _families(kept: object, measured: set[str]) -> dict[str, set[str]]:
    """Return what was kept, by circuit; of what cannot be read, all that is measured for the device as a whole."""
    if kept is None:
        return {}
    found: dict[str, set[str]] = {}
    for circuit, families in kept.items() if isinstance(kept, Mapping) else ((DEVICE_CIRCUIT, None),):
        if isinstance(families, list) and all(isinstance(family, str) for family in families):
            found[str(circuit)] = {*families}
        else:
            found[DEVICE_CIRCUIT] = {*measured}
    return found
