"""A device of an account as a source: what the server last knew of it, and orders that the server passes on.

Nothing reaches the device from here: the server hears it in its own time. So what was asked for now is what the server
knows now, and an order is followed until the device was heard of again.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from ..errors import AcrelError, CommandRefusedError, SettingRefusedError
from ..listening import joined
from ..points import Model, Point, effect_of_code
from ..readings import PointKey, Quality, Reading
from ..source import FAR, Command, Order, Sink, Update, Word
from ..texts import phrase
from .devicetimers import DeviceTimers
from .errors import CloudAwayError, CloudClockError, CloudSilentError
from .fed import Fed
from .identity import Recognition
from .judging import ORIGIN, Judge, Known
from .profile import CloudCommand
from .records import MeterKey, Values

if TYPE_CHECKING:
    from .hub import CloudHub

FRESH_SECONDS = 120.0
"""What the server heard so shortly before it was asked shows how things stand."""
LOOK_EVERY = 10.0
"""Seconds between two looks at the server's list while somebody waits for something new."""
_LEAST_PATIENCE, _MOST_PATIENCE = 180.0, 1800.0
_FULL_POLLS = 3


class CloudSource:
    """One device."""

    rank = FAR

    def __init__(
        self, hub: CloudHub, site: str, code: str, model: Model, kind: str, *, proved: AbstractSet[PointKey]
    ) -> None:
        """Take whose device it is, where, what it is, and what its owner proved to work as it is written here."""
        self.hub = hub
        self.site = site
        self.code = code
        self.key = MeterKey(site, code)
        self.kind = kind
        self._judge = Judge(hub.profile, model, kind, hub.stale_after, has_feed=hub.has_feed)
        self._commands: Mapping[PointKey, CloudCommand] = {
            one.key: one for one in hub.profile.offered(kind, proved) if one.key in model.operations
        }
        self.model = self._judge.shown(model, {key: one.lockout for key, one in self._commands.items()})
        self.known = Known()
        self._fed = Fed()
        self.recognition = Recognition(kind)
        self.is_other = False
        """Whether the server lists another device under its code."""
        self.heard: datetime | None = None
        """When the server heard it last."""
        self.gap: float | None = None
        """Seconds between the last two times that the server heard it."""
        self._told: dict[PointKey, Reading] = {}
        self._ever: set[PointKey] = set()
        self._is_told = False
        self._polls = 0
        """Of those in which the server heard the device."""
        self._aside: frozenset[PointKey] = frozenset()
        self._sinks: list[Sink] = []
        self._wanted: frozenset[PointKey] = frozenset()
        self._trouble: AcrelError | None = None
        self._server_trouble: AcrelError | None = None
        """Why the server was not heard in the latest poll."""
        self._news = asyncio.Event()
        self._ordered: datetime | None = None
        """When the server had heard the device last as the latest order was sent: that shows nothing of it."""
        self._expiry: asyncio.TimerHandle | None = None

    def end(self) -> None:
        """Tell nothing any more."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    # -- as every source ----------------------------------------------------------------------------------------------

    @property
    def zone(self) -> tzinfo:
        """The zone in which the server tells and takes times of this device."""
        return self.hub.account.zone_of(self.site)

    @property
    def shown_as(self) -> Model:
        """The model as it is reached: what the server tells and takes, and no more."""
        return self.model

    @property
    def points(self) -> Mapping[PointKey, Point]:
        """What the server tells of its type."""
        return self._judge.points

    @property
    def lacking(self) -> AbstractSet[PointKey]:
        """What the owner put aside as long as it was never told."""
        return self.aside

    @property
    def aside(self) -> AbstractSet[PointKey]:
        """What the owner put aside and was never told."""
        return (self._aside & self.points.keys()) - self._ever

    @property
    def unreported(self) -> AbstractSet[PointKey]:
        """What was never told; none before several polls."""
        if self._polls < _FULL_POLLS:
            return frozenset()
        # What only a feed tells is not missed where there is none.
        unsaid = frozenset() if self._fed.messages >= _FULL_POLLS else self._judge.fed_only
        return self.points.keys() - self._ever - self._aside - unsaid

    def put_aside(self, keys: AbstractSet[PointKey]) -> None:
        """Take the owner's word that these are not told; the first time one of them is, that is believed."""
        self._aside = frozenset(keys)

    @property
    def orders(self) -> AbstractSet[PointKey]:
        """What can be ordered: what the profile knows, and of what differs between servers only what was proved."""
        return self._commands.keys()

    @property
    def timers(self) -> DeviceTimers | None:
        """Return the timer that the device keeps itself; None where the profile knows of none."""
        known, position = self.hub.profile.timers.get(self.kind), self._judge.position
        return None if known is None or position is None else DeviceTimers(self, position.circuit, known)

    @property
    def report_seconds(self) -> float:
        """How long it may take until the server hears the device, and we the server."""
        period = 0.0 if self.gap is None else 1.5 * self.gap
        return min(max(period + self.hub.every, _LEAST_PATIENCE), _MOST_PATIENCE)

    @property
    def look_seconds(self) -> float:
        """How long to wait before the server is asked for the same list again."""
        return LOOK_EVERY

    def join(self, sink: Sink) -> Callable[[], None]:
        """Tell all there is to say from now on; returns what ends that."""
        return joined(self._sinks, sink)

    def want(self, keys: AbstractSet[PointKey]) -> None:
        """Have just these points from now on; what is known is told at once."""
        former, self._wanted = self._wanted, frozenset(keys)
        for key in former - self._wanted:
            self._told.pop(key, None)
        if self._is_told:
            self._tell()

    def hurry(self) -> None:
        """Have the server asked soon, unless it was a moment ago."""
        self.hub.hurry()

    def question(self) -> None:
        """Do nothing: a server names its devices by their codes."""

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return what the server knows, asked for now, as soon as it heard the device lately and since the last order.

        Raises AcrelError.
        """
        asked, seconds = self.hub.now(), self.report_seconds
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.hub.look(self.site)
                    if self._is_fresh(asked, keys):
                        readings = self._readings(self.hub.now(), is_proof=True)
                        return {key: readings[key] for key in keys if key in readings}
                    if self._is_away:
                        raise self._away()
                    self._news.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY):
                            await self._news.wait()
        except TimeoutError as error:
            raise CloudSilentError(host=self.hub.host, seconds=f"{seconds:.0f}") from error

    def _is_fresh(self, asked: datetime, keys: Collection[PointKey]) -> bool:
        """Whether the device itself told the server how things stand: lately, and after what was ordered last."""
        position, meter = self._judge.position, self.known.meter
        told = None if meter is None else meter.received
        if position is None:
            told = self.heard
        elif {*keys} == {position}:
            # A feed tells of nothing else that the device moved.
            told = self._turned
        if told is None or self._is_away:
            return False
        is_after_order = self._ordered is None or told > self._ordered
        return is_after_order and (asked - told).total_seconds() <= FRESH_SECONDS

    @property
    def _turned(self) -> datetime | None:
        """Of when the device itself told its position last.

        A feed repeats what the server knew with a new time; only another position than before is the device's own word.
        """
        received = None if self.known.meter is None else self.known.meter.received
        return max((time for time in (received, self._fed.turned) if time is not None), default=None)

    @property
    def _is_away(self) -> bool:
        """Whether the server says, by its lists or by its feed, that it does not hear the device."""
        return self.known.is_away or self._fed.says_lost(self.known.heard)

    async def send(self, order: Order) -> None:
        """Have the server pass on an order, once at most; that it takes it proves nothing: read back.

        Raises as `Source.send` does; ProofError where the server's second step was not passed.
        """
        if not isinstance(order, Command):
            raise SettingRefusedError(name=order.key, detail=phrase("read_only", model=self.model.name))
        command = self._commands.get(order.key)
        if command is None:
            raise CommandRefusedError(name=order.key, detail=phrase("read_only", model=self.model.name))
        await self.hub.orders.send(self, command, order)

    def is_seen(self, command: CloudCommand) -> bool:
        """Whether the list of devices shows what a command did."""
        return self._judge.position is not None and effect_of_code(command.key.code).is_movement

    async def word(self) -> Word | None:
        """Return what the server's log says of the latest order that no position shows. Never raises."""
        return await self.hub.orders.log.word(self)

    def ordered(self) -> None:
        """Take it that an order is on its way now: what the server heard before shows nothing of it."""
        self._ordered = self.heard if self._turned is None else self._turned

    @property
    def is_told_since_order(self) -> bool:
        """Whether the server heard the device after the latest order left."""
        meter = self.known.meter
        told = None if meter is None else meter.received
        return told is not None and (self._ordered is None or told > self._ordered)

    def figures(self) -> Mapping[str, float | None]:
        """Return how well this way does."""
        heard = self.heard
        return {"age": None if heard is None else round((self.hub.now() - heard).total_seconds())}

    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; neither a name nor a number of the device is in it."""
        known = self.known
        return {
            "type": self.kind,
            "heard": None if self.heard is None else self.heard.isoformat(),
            "gap": self.gap,
            "is_listed": known.meter is not None,
            "has_values": known.values is not None,
            "fed": self._fed.messages,
            "is_online": None if known.connection is None else known.connection.is_online,
            "is_alarmed": None if known.meter is None else known.meter.is_alarmed,
            "alarms": None if known.details is None or known.details.active is None else sorted(known.details.active),
            "trouble": None if self._trouble is None else self._trouble.key,
            "orders": sorted(key.code for key in self.orders),
            "has_timer": None if known.meter is None else known.meter.has_timer,
        }

    # -- what comes ---------------------------------------------------------------------------------------------------

    @property
    def trouble(self) -> AcrelError | None:
        """What is wrong with this way as a whole."""
        return self._trouble

    @property
    def is_asked(self) -> bool:
        """Whether the server was asked for it."""
        return self._is_told

    @property
    def is_here(self) -> bool:
        """Whether the server hears the device, as far as it is heard itself."""
        return self.hub.hears(self.site) and self.known.meter is not None and not self._is_away

    def take(self, known: Known, *, is_full: bool) -> None:
        """Take what the server knows now; `is_full` is a whole poll."""
        self.known = known
        self._is_told = True
        self._server_trouble = None
        if self.is_other or known.is_away:
            # A feed may go on repeating what the device said that was heard before.
            self._fed.forget()
        self._polls += is_full and self._judge.is_heard(known, self.hub.now())
        heard = known.heard
        if heard is not None and self.heard is not None and heard > self.heard:
            self.gap = (heard - self.heard).total_seconds()
        self.heard = heard
        self._look()
        self._news.set()

    def take_fed(self, told: Values) -> None:
        """Take what the feed says of the device, unless the lists say that the device is another one, or not heard."""
        if not self.hub.has_feed or self.is_other or self.known.is_away:
            return
        turned = self._fed.turned
        if self._fed.take(told):
            self._look(self._server_trouble)
        if self._fed.turned != turned:
            self._news.set()

    def is_fed(self, now: datetime) -> bool:
        """Whether the feed told just now all that the lists of values tell of it; those have to have been read."""
        values = {} if self.known.values is None else self.known.values.values
        return self._is_told and self._fed.tells([key for key, value in values.items() if value is not None], now)

    def lose(self, trouble: AcrelError) -> None:
        """Take it that the server is not heard, and why; what it said holds for a few polls more."""
        self._server_trouble = trouble
        self._look(trouble)

    def look_again(self) -> None:
        """Judge what is known by another time: the clock jumped."""
        self._look(self._server_trouble)

    def _look(self, trouble: AcrelError | None = None) -> None:
        now = self.hub.now()
        if trouble is None and self.is_other:
            other = self.recognition.doubt or phrase("cloud_other_type")
            trouble = CloudAwayError(link=self.hub.host, detail=other)
        if trouble is None and self._is_away:
            trouble = self._away()
        if trouble is None and self._judge.is_of_later(self.known, now) and self.known.heard is not None:
            seconds = (self.known.heard - now).total_seconds()
            trouble = CloudClockError(host=self.hub.host, seconds=f"{seconds:.0f}")
        is_other = type(trouble) is not type(self._trouble) or str(trouble) != str(self._trouble)
        if is_other:
            self._trouble = trouble
        self._tell(is_news=is_other)

    def _tell(self, *, is_news: bool = False) -> None:
        """Tell what is wanted and is not what was told; what was told of the same time and is the same is no news."""
        now = self.hub.now()
        readings = self._readings(now)
        self._ever |= {key for key, reading in readings.items() if reading.value is not None}
        news = {key: one for key, one in readings.items() if key in self._wanted and self._is_news(key, one)}
        self._told.update(news)
        self._watch_age()
        if news or is_news:
            for sink in list(self._sinks):
                sink(Update(readings=news, trouble=self._trouble))

    def _readings(self, now: datetime, *, is_proof: bool = False) -> dict[PointKey, Reading]:
        if not self.hub.hears(self.site):
            return dict.fromkeys(self.points, Reading(None, Quality.NO_ANSWER, now, ORIGIN))
        return self._judge.readings(self.known, now, self._fed, is_proof=is_proof)

    def _is_news(self, key: PointKey, reading: Reading) -> bool:
        former = self._told.get(key)
        if former is None or (former.value, former.quality) != (reading.value, reading.quality):
            return True
        return reading.value is not None and reading.time > former.time

    def _watch_age(self) -> None:
        """Look again when what holds is too old, whether the server is heard until then or not."""
        self.end()
        if any(reading.value is not None for reading in self._told.values()):
            oldest = min(reading.time for reading in self._told.values() if reading.value is not None)
            left = self.hub.stale_after - (self.hub.now() - oldest).total_seconds()
            if self.hub.hears(self.site):
                left = min(left, self.hub.hears_for(self.site))
            self._expiry = asyncio.get_running_loop().call_later(max(left, 0.0) + 1.0, self._look, self._trouble)

    def _away(self) -> CloudAwayError:
        return CloudAwayError(link=self.hub.host, detail=phrase("cloud_device_away"))
