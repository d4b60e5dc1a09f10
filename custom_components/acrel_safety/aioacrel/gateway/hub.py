"""All gateways of one broker: takes their messages, answers those that are known, and offers their meters as sources.

How messages travel is not known here: whoever runs it subscribes the topics, hands over what comes, and publishes.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ..points import Model
from ..readings import PointKey, Reading
from ..reporting.codes import Codebook
from ..reporting.fields import is_serial
from ..reporting.meter import Meter
from ..reporting.reporter import PERIODS, utcnow
from . import numbers, overseas, platform
from .answering import answer_to
from .errors import AnswerNotSentError, PayloadError
from .events import Event, EventKind, HistoryValue
from .gateway import Gateway
from .messages import Answer, Login, Message, Other, Parameters, Report, TimeRequest, Topology
from .options import CHINA, GatewayOptions
from .overseas import Scaling
from .payload import Document, document_of
from .sending import Publish, Sender
from .source import ORIGIN, GatewaySource
from .strangers import Stranger, Strangers
from .topics import Dialect, Topic, subscriptions, topic_of

_LOGGER = logging.getLogger(__name__)
MOST_PARTED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parted:
    """A meter that was dropped, and how its values were read."""

    source: GatewaySource
    scaling: Scaling | None

    def fits(self, model: Model, scaling: Scaling | None) -> bool:
        return self.source.model == model and self.scaling == scaling


class GatewayHub:
    """The gateways of one broker."""

    def __init__(
        self,
        publish: Publish,
        *,
        on_event: Callable[[Event], None] = lambda event: None,
        on_history: Callable[[HistoryValue], None] = lambda value: None,
        number_topics: Sequence[str] = (),
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        """Take who publishes, who is told what happens and gets values of before, and the wall clock.

        `number_topics` are topics, without wildcards, on which devices speak in the number dictionary.
        """
        self.gateways: dict[str, Gateway] = {}
        """Those that are known, by serial number."""
        self.strangers = Strangers()
        self.retained = 0
        """Messages that the broker kept: they are no data."""
        self._sender = Sender(publish, now)
        self._on_event = on_event
        self._on_history = on_history
        self._number_topics = frozenset(number_topics)
        self._now = now
        self._sources: dict[GatewaySource, tuple[str, str]] = {}
        self._silences: dict[str, asyncio.TimerHandle] = {}
        self._parted: dict[tuple[str, str], _Parted] = {}
        """Meters that were dropped, by gateway and their own number."""
        self._pairing_until: float | None = None
        self._is_started = False

    # -- for whoever runs it ------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[str]:
        """Return the topics that have to be subscribed, with quality of service 1."""
        return [*subscriptions(), *sorted(self._number_topics)]

    def start(self) -> None:
        """Take messages from now on."""
        self._is_started = True
        for gateway in self.gateways.values():
            self._watch(gateway)

    async def stop(self) -> None:
        """Take no more messages; what is being published is waited for."""
        self._is_started = False
        for timer in self._silences.values():
            timer.cancel()
        self._silences.clear()
        for source in list(self._sources):
            source.end()
        await self._sender.settle()

    @property
    def is_pairing(self) -> bool:
        """Whether gateways that nobody named are answered, so that they report."""
        return self._pairing_until is not None and asyncio.get_running_loop().time() < self._pairing_until

    def pair(self, seconds: float) -> None:
        """Answer gateways that nobody named for a while (0: no more), so that they tell which meters they have."""
        self._pairing_until = asyncio.get_running_loop().time() + seconds if seconds > 0 else None

    def expect(self, serial: str, options: GatewayOptions | None = None) -> Gateway:
        """Take a gateway for known from now on, or give a known one other settings.

        Raises ValueError for what is no serial number.
        """
        if not is_serial(serial):
            raise ValueError("not a serial number")
        gateway = self.gateways.get(serial)
        if gateway is None:
            gateway = Gateway(serial, options or GatewayOptions(), partial(self._before, serial), now=self._now)
            self.gateways[serial] = gateway
            if (stranger := self.strangers.get(serial)) is not None:
                gateway.heard, gateway.login = stranger.meters, stranger.login
            self.strangers.forget(serial)
            if self._is_started:
                self._watch(gateway)
        elif options is not None:
            gateway.options = options
            gateway.changed()
        return gateway

    async def forget(self, serial: str) -> None:
        """Know a gateway no more, nor its meters."""
        for source in [one for one, (gateway, _) in self._sources.items() if gateway == serial]:
            self._end(source)
        self.gateways.pop(serial, None)
        self._sender.forget(serial)
        if (timer := self._silences.pop(serial, None)) is not None:
            timer.cancel()

    def source(
        self,
        gateway: str,
        serial: str,
        model: Model,
        *,
        options: GatewayOptions | None = None,
        scaling: Scaling | None = None,
    ) -> GatewaySource:
        """Return a meter behind a gateway as a source; one that reports by itself is its own gateway.

        From now on both are known. Raises ValueError for what is no serial number, or for a meter that is known.
        """
        if not is_serial(serial):
            raise ValueError("not a serial number")
        known = self.expect(gateway, options)
        if serial in known.meters:
            raise ValueError("the meter is known already")
        meter = known.meters[serial] = Meter(serial, Codebook(model, serial, origin=ORIGIN))
        if scaling is not None:
            known.scalings[serial] = scaling
        known.heard.forget(serial)
        source = GatewaySource(known, meter, model, self._sender)
        self._sources[source] = gateway, serial
        self._resume(known, source)
        return source

    def _resume(self, gateway: Gateway, source: GatewaySource) -> None:
        """Have a meter that was dropped go on with what holds of it, if it is still read in the same way."""
        former = self._parted.pop((gateway.serial, source.serial), None)
        if former is None or not gateway.is_here:
            return
        if former.fits(source.model, gateway.scalings.get(source.serial)):
            source.resume(former.source)

    async def remove(self, source: GatewaySource) -> None:
        """Leave a meter alone; its gateway stays known until it is forgotten."""
        self._end(source)

    def drop(self, source: GatewaySource) -> None:
        """Leave a meter alone for a moment: named again, it begins with what was reported last, if that still holds."""
        if (where := self._sources.get(source)) is not None:
            scaling = source.gateway.scalings.get(source.serial)
            self._parted[where] = _Parted(source=source, scaling=scaling)
            while len(self._parted) > MOST_PARTED:
                del self._parted[next(iter(self._parted))]
        self._end(source)

    def lose_all(self) -> None:
        """Take all gateways for lost: whatever carries their messages is away."""
        for gateway in self.gateways.values():
            if (timer := self._silences.pop(gateway.serial, None)) is not None:
                timer.cancel()
            self._is_silent(gateway)

    def pause(self) -> None:
        """Take no messages for a while: who was here has to speak again."""
        self.lose_all()
        self._is_started = False

    @property
    def sources(self) -> list[GatewaySource]:
        """All meters."""
        return list(self._sources)

    # -- what comes ---------------------------------------------------------------------------------------------------

    def take(self, topic: str, payload: bytes | str, *, retained: bool = False, now: datetime | None = None) -> None:
        """Take a message; never raises, and does not wait for anything."""
        if not self._is_started:
            return
        if retained:
            self.retained += 1
            return
        try:
            self._take(topic, payload if isinstance(payload, bytes) else payload.encode(), now or self._now())
        except Exception:
            # A slip of ours in one message must not keep the others away.
            _LOGGER.exception("A message of a gateway could not be taken")

    def _take(self, text: str, payload: bytes, now: datetime) -> None:
        topic = topic_of(text, self._number_topics)
        if topic is None:
            return
        if topic.dialect is Dialect.NUMBERS:
            self._take_numbers(topic, payload, now)
            return
        gateway = self.gateways.get(topic.serial)
        if gateway is None:
            self._take_stranger(topic, payload, now)
            return
        self._hears(gateway, topic, now)
        try:
            document = document_of(payload, gateway.options.secret)
        except PayloadError as error:
            gateway.unread += 1
            self._trouble(gateway, error)
            return
        if isinstance(gateway.trouble, PayloadError):
            gateway.has_trouble(None)
        self._takes(gateway, topic, _message(topic, document, gateway), now)

    def _takes(self, gateway: Gateway, topic: Topic, message: Message, now: datetime) -> None:
        match message:
            case Report():
                self._report(gateway, message, now)
            case Answer():
                gateway.clock.sent(message.stamp, now.timestamp())
                gateway.settle(now)
                gateway.answers(message)
                self._report(gateway, Report(records=message.records), now)
            case Login():
                gateway.login = message
                gateway.takes_period(message.period)
                self._live(gateway, message.stamp, now)
                self._tell(EventKind.LOGIN, gateway.serial)
            case TimeRequest() | Topology():
                self._live(gateway, message.stamp, now)
            case Parameters():
                gateway.takes_period(message.period)
            case Other():
                gateway.others += 1
        self._watch(gateway)
        self._answer(gateway.serial, gateway, topic, message, now)

    def _live(self, gateway: Gateway, stamp: float | None, now: datetime) -> None:
        gateway.clock.sent(stamp, now.timestamp())
        gateway.settle(now)

    def _report(self, gateway: Gateway, report: Report, now: datetime) -> None:
        gateway.signal = report.signal if report.signal is not None else gateway.signal
        shown = {serial: len(meter.codebook.points) for serial, meter in gateway.meters.items()}
        for serial in gateway.take(list(report.records), report.sent, now):
            self._tell(EventKind.METER, gateway.serial, serial)
        for serial, meter in gateway.meters.items():
            if len(meter.codebook.points) > shown.get(serial, 0):
                self._tell(EventKind.POINTS, gateway.serial, serial)

    def _take_numbers(self, topic: Topic, payload: bytes, now: datetime) -> None:
        """Take values by number: who sends them stands in the message alone."""
        try:
            message = numbers.message_of(document_of(payload))
        except PayloadError:
            return
        by_sender: dict[str, list[int]] = {}
        records = message.records if isinstance(message, Report) else ()
        for index, record in enumerate(records):
            by_sender.setdefault(record.serial, []).append(index)
        for serial, places in by_sender.items():
            gateway = self.gateways.get(serial)
            if gateway is None:
                stranger = self._note_stranger(serial, topic, now)
                stranger.meters.note(records[places[-1]], now)
                continue
            self._hears(gateway, topic, now)
            self._report(gateway, Report(records=[records[place] for place in places]), now)
            self._watch(gateway)

    def _take_stranger(self, topic: Topic, payload: bytes, now: datetime) -> None:
        """List who speaks, and answer only while somebody looks for new ones."""
        stranger = self._note_stranger(topic.serial, topic, now)
        try:
            message = _message(topic, document_of(payload), None)
        except PayloadError:
            return
        if isinstance(message, Login):
            stranger.login = message
        elif isinstance(message, Report):
            for record in message.records:
                stranger.meters.note(record, now)
        if self.is_pairing:
            self._answer(topic.serial, None, topic, message, now)

    def _note_stranger(self, serial: str, topic: Topic, now: datetime) -> Stranger:
        stranger, is_new = self.strangers.note(serial, topic, now)
        if is_new:
            self._tell(EventKind.STRANGER, serial)
        return stranger

    # -- who is who ---------------------------------------------------------------------------------------------------

    def _hears(self, gateway: Gateway, topic: Topic, now: datetime) -> None:
        if gateway.hears(topic, now) and topic.dialect is not Dialect.PLATFORM:
            self._tell(EventKind.LOGIN, gateway.serial)

    def _watch(self, gateway: Gateway) -> None:
        """Wait for the next word of a gateway for three of its periods."""
        if (timer := self._silences.pop(gateway.serial, None)) is not None:
            timer.cancel()
        self._silences[gateway.serial] = asyncio.get_running_loop().call_later(
            PERIODS * gateway.period, self._is_silent, gateway
        )

    def _is_silent(self, gateway: Gateway) -> None:
        self._silences.pop(gateway.serial, None)
        was_here = gateway.is_here
        gateway.is_lost()
        if was_here:
            self._tell(EventKind.LOST, gateway.serial)

    def _answer(self, serial: str, gateway: Gateway | None, topic: Topic, message: Message, now: datetime) -> None:
        zone = CHINA if gateway is None else gateway.options.zone
        answer = answer_to(topic, message, zone, now)
        if answer is None:
            return

        def failed(error: Exception | None) -> None:
            if gateway is None:
                return
            if error is not None:
                self._trouble(gateway, AnswerNotSentError(serial=gateway.shown, detail=str(error)))
            elif isinstance(gateway.trouble, AnswerNotSentError):
                gateway.has_trouble(None)

        self._sender.answer(serial, topic.answer(), answer, failed)

    def _trouble(self, gateway: Gateway, error: PayloadError | AnswerNotSentError) -> None:
        if gateway.has_trouble(error):
            self._on_event(Event(kind=EventKind.TROUBLE, gateway=gateway.serial, trouble=error))

    def _end(self, source: GatewaySource) -> None:
        where = self._sources.pop(source, None)
        source.end()
        if where is not None and (gateway := self.gateways.get(where[0])) is not None:
            gateway.meters.pop(where[1], None)
            gateway.scalings.pop(where[1], None)

    def _before(self, gateway: str, serial: str, key: PointKey, time: datetime, reading: Reading) -> None:
        if reading.value is not None:
            self._on_history(HistoryValue(gateway=gateway, serial=serial, key=key, time=time, value=reading.value))

    def _tell(self, kind: EventKind, gateway: str, serial: str = "") -> None:
        self._on_event(Event(kind=kind, gateway=gateway, serial=serial))


def _message(topic: Topic, document: Document, gateway: Gateway | None) -> Message:
    if topic.dialect is Dialect.PLATFORM:
        return platform.message_of(topic, document)
    if gateway is None:
        return overseas.message_of(topic, document, CHINA, lambda _: Scaling())
    return overseas.message_of(topic, document, gateway.options.zone, gateway.scaling)
