"""Whether one quantity of one circuit grows: a few months of daily values, one finding at a time, and its answer."""

from array import array
from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from .correction import Correction
from .days import Day
from .finding import Figures, Finding, FindingKind
from .judge import Rise, judge
from .kept import Kept, kept_growth, sound_growth

LEARNING_DAYS = 60
MOST_DAYS = 120
LASTING_DAYS = 5
"""So many days in a row a rise has to be there: rain is over by then."""
QUIET_DAYS = 30
"""Days that count, after a finding was acknowledged."""


class GrowthState(StrEnum):
    """What is known of a quantity."""

    LEARNING = "learning"
    """Too few days are known to say anything."""
    WATCHING = "watching"
    FOUND = "found"
    """A finding waits for a person."""
    QUIET = "quiet"
    """A finding was acknowledged not long ago."""


class Growth:
    """Watches the daily values of one quantity of one circuit."""

    def __init__(self) -> None:
        """Begin to learn."""
        self._days = array("l")
        """In the order they came: a wrong clock leaves days of long ago or far ahead, which no window reaches.

        Days as numbers, and values in an array of their own: a building has thousands of these.
        """
        self._heights = array("d")
        self._learnt = self._lasting = 0
        self._quiet: dict[FindingKind, int] = {}
        """Days left, by kind."""
        self._correction = Correction.NONE
        self._open: Finding | None = None

    @property
    def state(self) -> GrowthState:
        """What is known now."""
        if self._open is not None:
            return GrowthState.FOUND
        if self._learnt < LEARNING_DAYS:
            return GrowthState.LEARNING
        return GrowthState.QUIET if self._quiet.get(FindingKind.GROWTH) else GrowthState.WATCHING

    @property
    def finding(self) -> Finding | None:
        """What was found and waits for a person."""
        return self._open

    @property
    def days_to_learn(self) -> int:
        """How many days more have to be known before anything is said."""
        return max(LEARNING_DAYS - self._learnt, 0)

    def take(self, day: Day, limit: float) -> Finding | None:
        """Take a day that ended and the limit of now; return what is found by it, once."""
        if not day.counts:
            return None
        if day.correction is not self._correction:
            self.restart()
            self._correction = day.correction
        values = self._values
        is_new = values.pop(day.day, None) is None
        if is_new:
            self._learnt = min(self._learnt + 1, LEARNING_DAYS)
            self._quiet = {kind: left - 1 for kind, left in self._quiet.items() if left > 1}
        values[day.day] = day.value
        while len(values) > MOST_DAYS:
            del values[next(iter(values))]
        self._keep(values)
        room = limit - day.reference
        rise = judge(values, day.day, room) if self._learnt >= LEARNING_DAYS and room > 0 else None
        self._lasting = 0 if rise is None or rise.is_step else min(self._lasting + is_new, LASTING_DAYS)
        if rise is None:
            return None
        return self._find(rise, day, room)

    @property
    def _values(self) -> dict[date, float]:
        return {date.fromordinal(day): value for day, value in zip(self._days, self._heights, strict=True)}

    def _keep(self, values: Mapping[date, float]) -> None:
        self._days = array("l", [day.toordinal() for day in values])
        self._heights = array("d", values.values())

    def _find(self, rise: Rise, day: Day, limit: float) -> Finding | None:
        kind = FindingKind.LEVEL_CHANGED if rise.is_step else FindingKind.GROWTH
        # A question nobody answers must not hide what is worse.
        is_open = self._open is not None and (self._open.kind is kind or rise.is_step)
        is_fleeting = not rise.is_step and self._lasting < LASTING_DAYS
        if is_open or is_fleeting or self._quiet.get(kind):
            return None
        left = None if rise.is_step or rise.per_day <= 0 else max(limit - rise.now, 0.0) / rise.per_day
        self._open = Finding(
            kind=kind,
            rule=rise.rule,
            value=rise.now,
            before=rise.before,
            limit=limit,
            per_day=rise.per_day,
            days_to_limit=left,
            since=rise.since,
            found=day.day,
            window=rise.window,
            correction=day.correction,
            figures=Figures(
                rise=rise.now - rise.before,
                of_limit=(rise.now - rise.before) / limit,
                ratio=rise.now / rise.before if rise.before > 0 else None,
                score=rise.score,
                at_once=rise.at_once,
                step=rise.step,
                days=rise.days,
            ),
        )
        return self._open

    def acknowledge(self) -> None:
        """A person knows of the finding; the same is not said again for some time."""
        if self._open is None:
            return
        self._quiet[self._open.kind] = QUIET_DAYS
        self._open = None

    def answer(self, *, is_new_appliance: bool) -> None:
        """A person says what changed the level; that of a new appliance is normal from that day on."""
        found = self._open
        self.acknowledge()
        if found is None or found.kind is not FindingKind.LEVEL_CHANGED or not is_new_appliance:
            return
        # It belongs to the days before as well: what grew then, and what grows from now on, is still seen.
        step, since = found.figures.step, found.since
        self._keep({day: value + step if day < since else value for day, value in self._values.items()})
        del self._quiet[found.kind]

    def restart(self) -> None:
        """Forget all: firmware, sensor or wiring is another one, and so what is normal."""
        self._keep({})
        self._learnt = self._lasting = 0
        self._quiet.clear()
        self._open = None

    def kept(self) -> dict[str, object]:
        """Return what is to outlive a restart, as plain JSON."""
        return kept_growth(
            Kept(
                values=self._values,
                learnt=self._learnt,
                lasting=self._lasting,
                quiet=self._quiet,
                correction=self._correction,
                finding=self._open,
            )
        )

    def restore(self, stored: object) -> None:
        """Go on from what was kept; what is not as `kept` writes it is left out."""
        self.restart()
        sound = sound_growth(stored if isinstance(stored, Mapping) else {})
        self._keep(dict(list(sound.values.items())[-MOST_DAYS:]))
        # Nobody may learn more days than there are.
        self._learnt = min(sound.learnt, len(self._days), LEARNING_DAYS)
        self._lasting = min(sound.lasting, LASTING_DAYS)
        self._quiet = {kind: min(left, QUIET_DAYS) for kind, left in sound.quiet.items()}
        self._correction = sound.correction
        self._open = sound.finding
