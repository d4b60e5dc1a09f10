"""One meter that is reported: what of its records is new, what is of before, and what came already."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from ..listening import joined
from ..readings import PointKey, Reading
from .clock import NEAR, Age, Judged
from .codes import Codebook
from .record import Record

MOST_TIMES = 4096
"""Times of which it is known what came already."""
_EARLIER = 0.5

type Told = Callable[[Mapping[PointKey, Reading], float], None]
"""Takes readings, and when they were made by our own clock."""
type Missing = Callable[[], None]
type Again = Callable[[float], None]
"""Is told that the last record came a second time, and when it was made: nothing has changed since."""


class Meter:
    """What came of one meter; its readings are made by whoever knows its model."""

    def __init__(self, serial: str, codebook: Codebook) -> None:
        """Take its serial number, and what understands its codes."""
        self.serial = serial
        self.codebook = codebook
        self._newest: dict[PointKey, float] = {}
        """When the value that holds was made, by our own clock: a report may tell only some of them."""
        self._gone: float | None = None
        """When the gateway said last that it does not hear the meter."""
        self.duplicates = 0
        self.late = 0
        """Records that came again, and those of before."""
        self.heard: datetime | None = None
        """When the state that holds came."""
        self._last: Record | None = None
        self._prefixes: set[str] = set()
        self._times: dict[int, set[PointKey]] = {}
        self._listeners: list[tuple[Told, Missing, Again]] = []

    @property
    def has_several(self) -> bool:
        """Whether it is several circuits, told apart by the number before its serial number."""
        return len(self._prefixes) > 1

    def join(self, told: Told, missing: Missing, again: Again = lambda made: None) -> Callable[[], None]:
        """Tell new readings, and that the gateway does not hear the meter; returns what ends that."""
        listener = told, missing, again
        return joined(self._listeners, listener)

    def knows_prefix(self, prefix: str) -> None:
        """Note the number before its serial number, before any record of the same message is taken."""
        if len(self._prefixes) < MOST_TIMES:
            self._prefixes.add(prefix)

    def take(self, record: Record, judged: Judged, now: datetime) -> Iterator[tuple[PointKey, datetime, Reading]]:
        """Take a record; yield what of it is of before and did not come yet."""
        if record == self._last and record.stamp is not None:
            self.duplicates += 1
            for _, _, again in list(self._listeners):
                again(judged.time)
            return
        self._forget_later(now.timestamp())
        if judged.age is Age.BEFORE or record.is_history or self._is_before(record, judged.time):
            yield from self._before(record, judged.time, now)
            return
        self._last, self.heard = record, now
        if record.is_missing:
            self._gone = judged.time
            for _, missing, _ in list(self._listeners):
                missing()
            return
        readings = self.codebook.take(record.values, self._circuit(record), now)
        latest = judged.time + _EARLIER
        older = {key: one for key, one in readings.items() if self._newest.get(key, latest) > latest}
        fresh = {key: one for key, one in readings.items() if key not in older}
        if older:
            yield from self._of_before(older, judged.time)
        self._newest |= dict.fromkeys(fresh, judged.time)
        self._note(judged.time, fresh)
        for told, _, _ in list(self._listeners) if fresh else ():
            told(fresh, judged.time)

    def _forget_later(self, now: float) -> None:
        """Forget times of later than now: our own clock was set back, and all that comes would be of before."""
        latest = now + NEAR
        if self._gone is not None and self._gone > latest:
            self._gone = None
        if any(time > latest for time in self._newest.values()):
            self._newest = {key: time for key, time in self._newest.items() if time <= latest}

    def _is_before(self, record: Record, time: float) -> bool:
        """Whether a record is older than what is known of the whole meter."""
        known = self._gone
        if record.is_missing:
            known = max((one for one in (known, *self._newest.values()) if one is not None), default=None)
        return known is not None and time < known - _EARLIER

    def resume(self, former: Meter) -> None:
        """Go on as the same meter did before it was named anew."""
        self._prefixes, self._times = set(former._prefixes), dict(former._times)
        self._last, self.heard, self._gone = former._last, former.heard, former._gone
        self._newest = dict(former._newest)

    def _before(self, record: Record, time: float, now: datetime) -> Iterator[tuple[PointKey, datetime, Reading]]:
        self.late += 1
        if record.is_missing or record.stamp is None:
            return
        yield from self._of_before(self.codebook.take(record.values, self._circuit(record), now), time)

    def _of_before(
        self, readings: Mapping[PointKey, Reading], time: float
    ) -> Iterator[tuple[PointKey, datetime, Reading]]:
        moment = datetime.fromtimestamp(time, UTC)
        known = self._note(time, readings)
        for key, reading in readings.items():
            if key not in known and reading.value is not None:
                yield key, moment, reading

    def _circuit(self, record: Record) -> str:
        """Return the circuit of a record: the number before the serial is one only where there are several of them."""
        return record.prefix if self.has_several and not record.channel else record.channel

    def _note(self, time: float, readings: Mapping[PointKey, Reading]) -> set[PointKey]:
        """Note what is known of a time from now on; return what was before."""
        second = int(time)
        known = self._times.get(second, set())
        self._times[second] = known | readings.keys()
        if len(self._times) > MOST_TIMES:
            del self._times[min(self._times)]
        return known
