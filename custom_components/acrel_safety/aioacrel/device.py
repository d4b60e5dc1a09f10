"""One device, however it is reached: its points, what is read of them, and how they are changed.

Several sources may show the same device. Per point the nearest one that is heard is believed; where it falls silent the
next one stands in, and gives way when the nearer one is back.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from .control.outcome import Outcome, Reason, refused
from .errors import AcrelError, SettingRefusedError
from .points import Model, Point
from .readings import PointKey, Quality, Reading, Value
from .settings import change_setting
from .source import Source, Update
from .texts import Phrase, phrase
from .totals import Answer, Held, Remembered, Totals, may_fall
from .vocabulary import Kind
from .ways import Way, best

if TYPE_CHECKING:
    from .control.caller import Caller
    from .control.control import Control

_LOGGER = logging.getLogger(__name__)
_POWERS = frozenset({"kW", "kvar", "kVA"})

type Listener = Callable[[AbstractSet[PointKey]], None]
"""Is told which points have a new reading; none of them when only what is wrong with the device changed."""


class Device:
    """What stands above the sources knows nothing else."""

    def __init__(
        self,
        identity: str,
        model: Model,
        *,
        may_change: Callable[[], bool] = lambda: False,
        may_set: Callable[[Caller | None], bool] = lambda _: True,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what tells this device from others, its model, and what says whether changes are allowed at present.

        `may_change` says whether at all, `may_set` whether to who asks; None is whoever gave no name.
        """
        self.identity = identity
        self.model = model
        self.readings: dict[PointKey, Reading] = {}
        """The reading that holds, by point; a point that was never read has none."""
        self.totals = Totals(self.may_fall)
        self.control: Control | None = None
        """Who operates it; without one nothing is operated."""
        self._may_change = may_change
        self._may_set = may_set
        self._changing: set[asyncio.Future[None]] = set()
        """Changes of settings that are under way."""
        self._steady = steady
        self._ways: list[Way] = []
        self._wishes: Counter[PointKey] = Counter()
        self._listeners: list[Listener] = []
        self._restored: set[PointKey] = set()
        self._judged: dict[PointKey, Reading] = {}
        """What was published last of a counter, as its source said it."""
        self._powers: dict[str, list[PointKey]] = {}
        for key, point in model.points.items():
            if point.quantity.unit in _POWERS and point.quantity.kind is Kind.MEASUREMENT:
                self._powers.setdefault(key.circuit, []).append(key)

    # -- ways to the device -------------------------------------------------------------------------------------------

    @property
    def sources(self) -> list[Source]:
        """The ways to the device, the nearest first."""
        return [way.source for way in self._ways]

    @property
    def points(self) -> Mapping[PointKey, Point]:
        """All that any way shows, in the model's order; of two the nearer one says what a point is."""
        shown: dict[PointKey, Point] = {}
        for way in reversed(self._ways):
            shown |= way.source.points
        return {key: shown[key] for key in (*(key for key in self.model.points if key in shown), *shown)}

    @property
    def orders(self) -> AbstractSet[PointKey]:
        """All that any way can set or operate."""
        return {key for way in self._ways for key in way.source.orders}

    def lacks(self, key: PointKey) -> bool:
        """Whether the device is known not to have a point that its model has."""
        return all(key in way.source.lacking or key not in way.source.points for way in self._ways)

    @property
    def trouble(self) -> AcrelError | None:
        """What is wrong with the nearest way that has any trouble."""
        for way in self._ways:
            if (trouble := way.trouble) is not None:
                return trouble
        return None

    @property
    def is_heard(self) -> bool:
        """Whether anything that was read of the device holds now."""
        # Asked at every poll, by whoever watches: a generator costs more than the first reading that holds.
        for reading in self.readings.values():
            if not reading.quality.is_lost:
                return True
        # What one of several ways says may have to wait until it is newer than what was known.
        return len(self._ways) > 1 and any(way.is_heard for way in self._ways)

    @property
    def is_seen(self) -> bool:
        """Whether it is heard by any way on which it is the device it is taken for."""
        if len(self._ways) > 1:
            return any(way.trouble is None and way.is_heard for way in self._ways)
        return self.trouble is None and self.is_heard

    @property
    def nearest(self) -> Source | None:
        """The nearest way by which it is heard now; what that does not tell may come from a farther one."""
        if len(self._ways) == 1:
            return self._ways[0].source if self.is_heard else None
        return next((way.source for way in self._ways if way.is_heard), None)

    def hears(self, source: Source) -> bool:
        """Whether it is heard by one of its ways."""
        way = self._way(source)
        return way is not None and (way.is_heard if len(self._ways) > 1 else self.is_heard)

    def trouble_of(self, source: Source) -> AcrelError | None:
        """What is wrong with one of its ways."""
        way = self._way(source)
        return None if way is None else way.trouble

    @property
    def wanted(self) -> AbstractSet[PointKey]:
        """The points that anybody wants to have read."""
        return self._wishes.keys()

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be read: of a disabled device nothing is."""
        return bool(self._wishes)

    def attach(self, source: Source) -> Callable[[], None]:
        """Take a way to the device; returns what takes it away again."""
        way = Way(source)
        if len(self._ways) == 1:
            # From now on it matters which way said what.
            self._ways[0].take({**self.readings, **self._judged})
            self._ways[0].was_heard = self._ways[0].is_heard
        self._ways.append(way)
        self._ways.sort(key=lambda way: way.source.rank)
        leave = source.join(lambda update: self._take(way, update))
        source.want(self._wishes.keys())

        def detach() -> None:
            if way not in self._ways:
                return
            leave()
            source.want(frozenset())
            self._ways.remove(way)
            gone = way.readings if self._ways else dict(self.readings)
            self._publish(
                {key: best(self._ways, key) for key in gone}, is_news=way.trouble is not None or way.was_heard
            )
            if len(self._ways) == 1:
                self._ways[0].be_alone()

        return detach

    # -- readings -----------------------------------------------------------------------------------------------------

    def want(self, keys: Collection[PointKey]) -> Callable[[], None]:
        """Have points read, whoever else wants them; returns what takes the wish back."""
        wish = tuple(dict.fromkeys(keys))
        is_more = any(key not in self._wishes for key in wish)
        self._wishes.update(wish)
        if is_more:
            self._tell_wishes()

        def unwant() -> None:
            nonlocal wish
            taken_back, wish = wish, ()
            self.unwant(taken_back)

        return unwant

    def unwant(self, keys: Collection[PointKey]) -> None:
        """Take back a wish by its points: for whoever would rather not keep what `want` returned."""
        self._wishes.subtract(keys)
        over = [key for key in keys if self._wishes[key] <= 0]
        for key in over:
            del self._wishes[key]
            self._forget(key)
        if over:
            self._tell_wishes()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Be told of new readings; returns what ends that."""
        self._listeners.append(listener)

        def unlisten() -> None:
            self._listeners.remove(listener)

        return unlisten

    def hurry(self) -> None:
        """Have all that is wanted read soon."""
        for source in self.sources:
            source.hurry()

    # -- counters -----------------------------------------------------------------------------------------------------

    def may_fall(self, key: PointKey) -> bool:
        """Whether a counter can fall by what it is: import less export, or the like."""
        point = self.model.points.get(key)
        return point is not None and may_fall(point, self.model.points)

    def restore_total(self, key: PointKey, former: Remembered) -> None:
        """Tell what is remembered of a counter after a restart; a reading it comes too late for is judged anew."""
        if key in self._restored:
            return
        self._restored.add(key)
        reading = self._judged.get(key)
        if reading is not None:
            self.totals.forget(key)
        self.totals.remember(key, former, self._steady())
        if reading is not None:
            self.readings[key] = self._believed(key, reading)

    def remembered_totals(self) -> Mapping[PointKey, Remembered]:
        """Return what is believed of the counters: what is to outlive a restart."""
        return self.totals.values(self._steady())

    def held_counters(self) -> Mapping[PointKey, Held]:
        """Return the counters that moved as counters do not, and of which the owner should say why."""
        return self.totals.held(self._steady())

    def settle_counters(self, asked: Mapping[PointKey, Held], answer: Answer) -> None:
        """Do with some counters what the owner says of what was shown."""
        shown = self.totals.settle(asked, answer, self._steady())
        for key, value in shown.items():
            if (reading := self.readings.get(key)) is not None:
                self.readings[key] = replace(reading, value=value, quality=Quality.GOOD)
        self._call(shown.keys())

    # -- changes ------------------------------------------------------------------------------------------------------

    async def change(self, key: PointKey, value: Value, by: Caller | None = None) -> Reading:
        """Change a setting for who asks, verified by read-back, by the nearest way that can; of several, one heard.

        Whether that is allowed is asked now and directly before it is sent: it may have been withdrawn meanwhile.
        Raises AcrelError as `settings.change_setting` does. While the device is operated nothing is changed; an
        operation waits for a change that is under way.
        """
        if (hindrance := self._refusal(by)) is not None:
            raise SettingRefusedError(name=key, detail=hindrance)
        able = [way for way in self._ways if key in way.source.orders]
        way = next((way for way in able if way.trouble is None and way.is_heard), next(iter(able), None))
        if way is None:
            raise SettingRefusedError(name=key, detail=phrase("read_only", model=self.model.name))
        under_way = asyncio.get_running_loop().create_future()
        self._changing.add(under_way)
        try:
            reading = await change_setting(
                way.source, way.source.points[key], value, hindrance=lambda: self._hindrance(way, by)
            )
        finally:
            self._changing.discard(under_way)
            under_way.set_result(None)
        if key in self._wishes:
            self._take(way, Update(readings={key: reading}, trouble=way.trouble))
        return reading

    async def changed(self) -> None:
        """Wait until no change of a setting is under way."""
        while self._changing:
            await asyncio.wait(set(self._changing))

    async def operate(
        self, key: PointKey, by: Caller, token: str | None = None, *, is_confirmed: bool = False
    ) -> Outcome:
        """Carry out one of the model's operations, as `control.Control.operate` does."""
        if self.control is None:
            return refused(Reason.CONTROL_OFF)
        return await self.control.operate(key, by, token, is_confirmed=is_confirmed)

    def said_by_others(self, source: Source, fresh: Mapping[PointKey, Reading]) -> Sequence[Mapping[PointKey, Reading]]:
        """Return what other ways said last, but for what is older than what was just read by one.

        A way that reports now and then says for some time what was so before a switch moved: that is no contradiction.
        """
        asked = self._way(source)
        if asked is None:
            return []
        return [
            {
                key: other.readings[key]
                for key, reading in fresh.items()
                if _is_since(other, key, asked.since(key, reading))
            }
            for other in self._ways
            if other is not asked
        ]

    def said(self, source: Source) -> Mapping[PointKey, Reading]:
        """Return what one of several ways said last."""
        way = self._way(source)
        return {} if way is None else way.readings

    def _way(self, source: Source) -> Way | None:
        return next((way for way in self._ways if way.source is source), None)

    def _hindrance(self, way: Way, by: Caller | None) -> Phrase | None:
        """Return why a change that waits for its turn may not go any more."""
        return phrase("device_removed") if way not in self._ways else self._forbidden(by)

    def _forbidden(self, by: Caller | None) -> Phrase | None:
        """Return why who asks may change nothing."""
        if not self._may_change():
            return phrase("changes_not_allowed")
        return None if self._may_set(by) else phrase("no_right_to_set")

    def _refusal(self, by: Caller | None) -> Phrase | None:
        """Return why no change can begin now."""
        if (forbidden := self._forbidden(by)) is not None:
            return forbidden
        return phrase("operated_now") if self.control is not None and self.control.is_busy else None

    # -- from the sources ---------------------------------------------------------------------------------------------

    def _take(self, way: Way, update: Update) -> None:
        is_news = not way.has_spoken or way.trouble is not update.trouble
        way.has_spoken, way.trouble = True, update.trouble
        if len(self._ways) > 1:
            way.take(update.readings)
            was_heard, way.was_heard = way.was_heard, way.is_heard
            # That one way is lost, or back, is told though another one stands in.
            is_news |= was_heard is not way.was_heard
            self._publish({key: best(self._ways, key) for key in update.readings}, is_news=is_news)
        else:
            # What the only way says holds; there is no need to keep it twice.
            self._publish(update.readings, is_news=is_news)

    def _publish(self, readings: Mapping[PointKey, Reading | None], *, is_news: bool) -> None:
        """Let these readings hold (None: nothing does), and tell whose they are."""
        touched = set()
        is_to_bear_out = False
        for key, reading in readings.items():
            if reading is None:
                self._forget(key)
            elif key not in self._wishes or self._is_published(key, reading):
                # A reading speaks once against the total of a counter, however often another way speaks.
                continue
            else:
                is_first = key not in self._judged
                self.readings[key] = self._believed(key, reading)
                is_to_bear_out |= is_first and self.totals.is_held(key)
            touched.add(key)
        if touched or is_news:
            self._call(touched)
        if is_to_bear_out:
            # A first reading of a counter is believed when a second one follows from it.
            self.hurry()

    def _call(self, touched: AbstractSet[PointKey]) -> None:
        for listener in list(self._listeners):
            try:
                listener(touched)
            except Exception:
                _LOGGER.exception("A listener of %s failed", self.identity)

    def _is_published(self, key: PointKey, reading: Reading) -> bool:
        return self._judged.get(key) is reading or self.readings.get(key) is reading

    def _point(self, key: PointKey) -> Point:
        return next(way.source.points[key] for way in self._ways if key in way.source.points)

    def _believed(self, key: PointKey, reading: Reading) -> Reading:
        point = self._ways[0].source.points.get(key) or self._point(key)
        if point.quantity.kind is not Kind.ENERGY:
            return reading
        self._judged[key] = reading
        was_strange = self.totals.is_strange(key)
        believed = self.totals.believe(point, reading, self._steady(), self._power_of(key.circuit))
        if self.totals.is_strange(key) and not was_strange:
            # Perhaps it is another device by now.
            for source in self.sources:
                source.question()
        return believed

    def _power_of(self, circuit: str) -> float | None:
        """Return the largest power measured on a circuit, in kW, kvar or kVA: so fast its counters may run."""
        powers = [
            abs(reading.value)
            for key in self._powers.get(circuit, ())
            if (reading := self.readings.get(key)) is not None
            and isinstance(reading.value, float | int)
            and reading.quality is Quality.GOOD
        ]
        return max(powers, default=None)

    def _forget(self, key: PointKey) -> None:
        """Forget what was read of a point that nobody keeps up to date any more."""
        for readings in (self.readings, self._judged):
            readings.pop(key, None)
        for way in self._ways:
            way.forget(key)

    def _tell_wishes(self) -> None:
        wishes = frozenset(self._wishes)
        for way in self._ways:
            way.source.want(wishes)


def _is_since(way: Way, key: PointKey, time: datetime) -> bool:
    known = way.readings.get(key)
    return known is not None and known.time >= time
