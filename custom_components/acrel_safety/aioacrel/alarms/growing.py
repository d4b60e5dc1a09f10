"""Slow growth as an alarm: one residual current or temperature of a circuit against its own weeks before.

It is no input that has to be seen: that a value cannot be read now says nothing of weeks. So growth makes no place
safe, and none unseen.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from ..growth import Correction, Day, DayCollector, Finding, FindingKind, Growth, TemperatureCollector
from ..readings import PointKey
from .growthtexts import figures_of, sentence_of
from .rules import Band, Readings, farthest, number_of
from .verdict import Cause, Verdict

GROWTH = "growth"
_QUIET, _STANDING = Verdict(is_on=False), Verdict(is_on=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What is watched for growth: its own point, and all that its days are made comparable by."""

    own: PointKey
    others: Sequence[PointKey] = ()
    """The other probes of the board, of which the coldest tells the weather."""
    is_alone: bool = False
    """Whether there are none: then the other boards tell it."""
    currents: Sequence[PointKey] = ()
    rated: float | None = None
    """In A; with it the load is taken out."""
    limit: PointKey | None = None
    """The device's own."""
    owner_limit: float | None = None
    usual_limit: float
    """Where nobody set one."""

    @property
    def correction(self) -> Correction:
        """What is taken out of its values."""
        is_by_load = bool(self.rated and self.currents)
        if self.is_alone:
            return Correction.AMBIENT_AND_LOAD if is_by_load else Correction.AMBIENT
        if not self.others:
            return Correction.NONE
        return Correction.COLDEST_AND_LOAD if is_by_load else Correction.COLDEST

    @property
    def keys(self) -> AbstractSet[PointKey]:
        """All points it takes."""
        limit = () if self.limit is None else (self.limit,)
        return frozenset((self.own, *self.others, *(self.currents if self.correction.is_by_load else ()), *limit))


class GrowthRule:
    """Whether one quantity of one circuit grows; what is found stands until a person acknowledges it."""

    inputs: AbstractSet[PointKey] = frozenset()

    def __init__(
        self, cause: Cause, grown: Grown, today: Callable[[], date], around: Callable[[], float | None]
    ) -> None:
        """Take what is watched, and who knows the day and the coldest probe of the other boards."""
        self.cause = cause
        self.figures: AbstractSet[PointKey] = grown.keys
        self.growth = Growth()
        self._grown = grown
        self._today = today
        self._around = around
        self._collector = self._new_collector()
        self._is_held = False
        """It stood before a restart, and what led to it is lost: nobody acknowledged it for that."""

    def _new_collector(self) -> DayCollector | TemperatureCollector:
        correction = self._grown.correction
        if correction is Correction.NONE:
            return DayCollector()
        return TemperatureCollector(correction, self._grown.rated if correction.is_by_load else None)

    @property
    def question(self) -> Finding | None:
        """The level that rose at once and stays, if there is one: only a person knows why."""
        found = self.growth.finding
        return found if found is not None and found.kind is FindingKind.LEVEL_CHANGED else None

    def judge(self, readings: Readings, now: float) -> Verdict:
        """Take what was read, and say what is known of the weeks."""
        if (day := self._collect(readings, now)) is not None:
            self.growth.take(day, self._limit(readings))
        found = self.growth.finding
        if found is None or found.kind is not FindingKind.GROWTH:
            return _STANDING if self._is_held else _QUIET
        return Verdict(
            is_on=True,
            value=found.value,
            limit=found.limit,
            detail=sentence_of(found, self.cause.unit),
            figures=figures_of(found),
        )

    def calm(self, key: PointKey) -> Band | None:
        """Look at all that is read."""

    def _collect(self, readings: Readings, now: float) -> Day | None:
        grown, collector = self._grown, self._collector
        value = number_of(readings, grown.own)
        if isinstance(collector, DayCollector):
            return collector.take(value, now, self._today())
        return collector.take(
            value,
            now,
            self._today(),
            around=self._around() if grown.is_alone else farthest(readings, grown.others, min),
            current=farthest(readings, grown.currents, max),
        )

    def _limit(self, readings: Readings) -> float:
        """Return the lowest limit that the owner or the device set; else what is usual."""
        found = (self._grown.owner_limit, number_of(readings, self._grown.limit))
        return min((limit for limit in found if limit is not None and limit > 0), default=self._grown.usual_limit)

    # -- what persons say ---------------------------------------------------------------------------------------------

    def acknowledge(self) -> None:
        """A person knows that it grows; a question stays one."""
        self._is_held = False
        if self.question is None:
            self.growth.acknowledge()

    def begin_anew(self) -> None:
        """Forget the days: they were measured otherwise. What stands goes on standing, because nobody knows of it."""
        found = self.growth.finding
        self._is_held |= found is not None and found.kind is FindingKind.GROWTH
        self.growth.restart()
        self._collector = self._new_collector()

    # -- after a restart ----------------------------------------------------------------------------------------------

    def restore(self, *, is_on: bool, memory: Mapping[str, object]) -> None:
        """Go on with an alarm that stood, also where the days that led to it were not kept."""
        self._is_held = is_on

    def memory(self) -> Mapping[str, object]:
        """Return nothing: days are kept apart, since they are many."""
        return {}

    def kept(self) -> dict[str, object]:
        """Return the days as plain JSON."""
        return {"day": self._collector.kept(), "growth": self.growth.kept()}

    def restore_days(self, stored: object) -> None:
        """Go on from what `kept` returned; what is not as it writes it is left out."""
        if not isinstance(stored, Mapping):
            return
        day, grown = stored.get("day"), self._grown
        is_by_load = grown.correction.is_by_load
        if is_by_load and isinstance(day, Mapping) and day.get("rating") not in (None, grown.rated):
            # By another rated current the days were others.
            return
        self._collector.restore(day)
        self.growth.restore(stored.get("growth"))
