"""All alarms there are: of every device, of every link, with their places; what persons do to them, and who is told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from ..device import Device
from ..errors import UnknownAlarmError
from ..readings import PointKey
from .alarm import Alarm
from .board import Board
from .clock import Clock, Moment
from .closedagain import Sign
from .growths import Growths, Question
from .happening import Happening
from .keeping import kept, restore
from .links import Link, id_of
from .notices import Notice, Notices
from .overview import Overview, Watched
from .ownerlimits import OwnerLimit
from .rules import Remembering
from .standing import Standing, standing_of
from .surroundings import Surroundings
from .timetable import Timetable, sooner
from .watch import Watch

type Listener = Callable[[Happening, Standing], None]
type NoticeListener = Callable[[Notice], None]


class Alarms(Overview):
    """The alarms of a plant. Everything it knows it has from devices; nothing here waits for anything."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin without any device."""
        super().__init__(clock)
        self._times = Timetable[str]()
        """By device and link."""
        self._around = Surroundings(self._watched)
        self._listeners: list[Listener] = []
        self._notice_listeners: list[NoticeListener] = []
        self._kept: dict[str, object] = {}
        self._kept_growth: dict[str, object] = {}
        """By device, of those that are not watched now."""
        self.notices = Notices(self.find, self._send)

    # -- what is watched ----------------------------------------------------------------------------------------------

    def restore(self, standing: Mapping[str, object]) -> None:
        """Tell what `kept` said before a restart; each device takes its part when it is watched."""
        self._kept |= standing

    def restore_growth(self, days: Mapping[str, object]) -> None:
        """Tell what `kept_growth` said before a restart; each device takes its part when it is watched."""
        self._kept_growth |= days

    def watch(
        self,
        device: Device,
        board: Board,
        *,
        limits: Mapping[str, OwnerLimit] | None = None,
        ratings: Mapping[str, float] | None = None,
        points: AbstractSet[PointKey] | None = None,
        grows: bool = False,
        ratios: Mapping[str, float] | None = None,
        signs: Mapping[str, Sequence[Sign]] | None = None,
    ) -> tuple[Watch, Callable[[], None]]:
        """Watch a device from now on; returns what ends that, and then everything is as it will be found again.

        `limits` are the owner's, `ratings` the rated currents of circuits, in A; `points` are all that is read, where
        that is not all there is. Slow growth is watched where it `grows`, by days that somebody keeps; with
        other `ratios` than before (the transformers', as the owner set them) it begins to learn anew. `signs` tell, by
        circuit, whether what was switched off from here is closed.
        """
        watched = Watched(board)
        watch = Watch(
            device,
            lambda happening: self._happened(board, happening),
            limits=limits,
            ratings=ratings,
            points=points,
            clock=self._clock,
            calls=board.calls,
            reported=board.reported,
            signs=signs,
            growths=Growths(
                device.model,
                limits or {},
                ratings or {},
                points if grows else frozenset(),
                ratios=ratios,
                around=lambda: self._around.coldest_but(board, self._clock.now().steady),
            ),
        )
        watch.growths.restore(self._kept_growth.pop(board.identity, None))
        watched.watch = watch
        self._watched[board.identity] = watched
        link = self._link_of(board)
        if link is not None:
            link.join(board.identity, watch, self._clock.now())
        self._restore(watched)

        def look() -> None:
            self._times.set(board.identity, watch.next_time())
            self._look_at_link(link)

        unlisten = watch.listen(look)
        look()

        def end() -> None:
            if self._watched.get(board.identity) is not watched:
                return
            unlisten()
            watch.end()
            self._kept |= {alarm_id: data for alarm_id, data in self._kept_of(watched).items() if data is not None}
            self._kept_growth[board.identity] = watch.growths.kept()
            del self._watched[board.identity]
            self._times.set(board.identity, None)
            if link is not None:
                self._leave(link, board.identity)

        return watch, end

    def forget_but(self, identities: AbstractSet[str]) -> Sequence[str]:
        """Forget what was kept of devices and links that will not come back; returns the ids of those alarms."""
        gone = [alarm_id for alarm_id in self._kept if alarm_id.partition("/")[0] not in identities]
        for alarm_id in gone:
            del self._kept[alarm_id]
        self._kept_growth = {known: days for known, days in self._kept_growth.items() if known in identities}
        return gone

    def _restore(self, watched: Watched) -> None:
        for rule, alarm in watched.watch.pairs():
            self._restore_alarm(watched.board, alarm, rule)
        watched.watch.start()

    def _restore_alarm(self, board: Board, alarm: Alarm, rule: Remembering) -> None:
        now = self._clock.now()
        alarm_id = id_of(board, alarm.cause.key)
        restore(alarm, rule, self._kept.pop(alarm_id, None), now)
        if alarm.occurrence and not alarm.facts.is_acknowledged:
            self.notices.restart(alarm_id, alarm.occurrence, now.steady)

    # -- links --------------------------------------------------------------------------------------------------------

    def _link_of(self, board: Board) -> Link | None:
        if not board.link:
            return None
        if board.link not in self._links:
            place = _place_of_link(board)
            link = self._links[board.link] = Link(place, lambda happening: self._happened(place, happening))
            self._restore_alarm(link.board, link.alarm, link)
        return self._links[board.link]

    def miss(self, place: Board) -> None:
        """Note that a link, of which this is the place, cannot be reached: nothing of it is watched, and that is known.

        It is one alarm from then on, whoever tries again, until a device of it is heard or nobody is to read it.
        """
        link = self._link_of(replace(place, link=place.identity, link_name=place.name))
        if link is not None:
            link.is_missed = True
            self._look_at_link(link)

    def forget_missed(self, identity: str) -> None:
        """Take it that a link is not to be read any more; what is watched of it speaks for itself."""
        if (link := self._links.get(identity)) is not None and link.is_missed:
            link.forgo()
            self._look_at_link(link)
            if not link.devices:
                self._drop(link)

    def _look_at_link(self, link: Link | None) -> None:
        """Let the link speak for its devices where none of them is heard."""
        if link is not None and not link.is_calm:
            link.look(self._clock.now())
            self._times.set(link.board.identity, link.next_time())

    def _leave(self, link: Link, identity: str) -> None:
        """Let a link speak for one device less; without any it is as it will be found again."""
        link.leave(identity)
        if link.devices or link.is_missed:
            self._look_at_link(link)
        else:
            self._drop(link)

    def _drop(self, link: Link) -> None:
        data = kept(link.alarm, link, self._clock.now())
        if data is not None:
            self._kept[id_of(link.board, link.alarm.cause.key)] = data
        self._times.set(link.board.identity, None)
        del self._links[link.board.identity]

    # -- what persons do ----------------------------------------------------------------------------------------------

    def acknowledge(
        self,
        alarm_id: str,
        *,
        by: str | None,
        occurrence: str | None = None,
        comment: str = "",
        is_person: bool = False,
    ) -> None:
        """Note that somebody knows. Raises UnknownAlarmError, also when another than the named occurrence stands.

        What a person acknowledges is to be confirmed where it came from; what an automation does is not.
        """
        self._act(
            alarm_id,
            occurrence,
            lambda alarm, now: alarm.acknowledge(now, by=by, comment=comment),
            is_person=is_person,
        )

    def silence(self, alarm_id: str, *, by: str | None, occurrence: str | None = None) -> None:
        """End the sound of an alarm. Raises UnknownAlarmError."""
        self._act(alarm_id, occurrence, lambda alarm, now: alarm.silence(now, by=by))

    def reset(self, alarm_id: str, *, by: str | None, occurrence: str | None = None) -> None:
        """End what is latched. Raises UnknownAlarmError, AlarmRefusedError."""
        self._act(alarm_id, occurrence, lambda alarm, now: alarm.reset(now, by=by))

    def shelve(self, alarm_id: str, seconds: float, *, by: str | None, comment: str = "") -> None:
        """Set an alarm that stands aside for a time. Raises UnknownAlarmError, AlarmRefusedError."""
        self._act(alarm_id, None, lambda alarm, now: alarm.shelve(now, seconds, by=by, comment=comment))

    def unshelve(self, alarm_id: str, *, by: str | None) -> None:
        """Take an alarm up again. Raises UnknownAlarmError."""
        self._act(alarm_id, None, lambda alarm, now: alarm.unshelve(now, by=by))

    def take_out(self, alarm_id: str, *, by: str | None, comment: str = "") -> None:
        """Take an alarm out of service. Raises UnknownAlarmError."""
        self._act(alarm_id, None, lambda alarm, now: alarm.take_out(now, by=by, comment=comment))

    def put_back(self, alarm_id: str, *, by: str | None) -> None:
        """Put an alarm back in service. Raises UnknownAlarmError."""
        self._act(alarm_id, None, lambda alarm, now: alarm.put_back(now, by=by))

    def questions(self) -> Iterator[tuple[Board, Question]]:
        """Yield what rose at once and stays: no hazard, but a question to whoever knows the place."""
        for watched in self._watched.values():
            for question in watched.watch.growths.questions():
                yield watched.board, question

    def answer(self, board: Board, question: Question, *, is_new_appliance: bool) -> bool:
        """Take a person's answer to a question; returns whether that was still the question."""
        watched = self._watched.get(board.identity)
        return watched is not None and watched.watch.answer(question, is_new_appliance=is_new_appliance)

    def _act(
        self,
        alarm_id: str,
        occurrence: str | None,
        act: Callable[[Alarm, Moment], None],
        *,
        is_person: bool = False,
    ) -> None:
        found = self._find(alarm_id)
        if found is None or (occurrence is not None and found[0].occurrence != occurrence):
            raise UnknownAlarmError
        alarm, board = found
        if (watched := self._watched.get(board.identity)) is not None:
            watched.watch.act(alarm.cause.key, act, is_person=is_person)
        else:
            try:
                act(alarm, self._clock.now())
            finally:
                self._look_at_link(self._links.get(board.identity))

    # -- who is told --------------------------------------------------------------------------------------------------

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Be told of every happening, with the alarm as it is then; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def listen_to_notices(self, listener: NoticeListener) -> Callable[[], None]:
        """Be told of what is to be sent to people; returns what ends that."""
        self._notice_listeners.append(listener)
        return lambda: self._notice_listeners.remove(listener)

    def _send(self, notice: Notice) -> None:
        for listener in list(self._notice_listeners):
            listener(notice)

    def _happened(self, board: Board, happening: Happening) -> None:
        now = self._clock.now()
        alarm_id = id_of(board, happening.alarm.cause.key)
        standing = standing_of(alarm_id, happening.alarm, board, now)
        for listener in list(self._listeners):
            listener(happening, standing)
        self.notices.take(alarm_id, happening, now.steady)

    # -- time, and what is kept ---------------------------------------------------------------------------------------

    def next_time(self) -> float | None:
        """Return when, by the steady clock, `tick` is to be called; None if not at all."""
        return sooner(self._times.next(), self.notices.next_time())

    def tick(self) -> None:
        """Do what is due, whether anything is heard or not."""
        now = self._clock.now()
        for identity in list(self._times.take(now.steady)):
            if (watched := self._watched.get(identity)) is not None:
                watched.watch.tick()
                self._times.set(identity, watched.watch.next_time())
            elif (link := self._links.get(identity)) is not None:
                link.alarm.tick(now)
                self._look_at_link(link)
        self.notices.tick(now.steady)

    def kept(self) -> Mapping[str, Mapping[str, object]]:
        """Return what outlives a restart, by alarm."""
        found = {
            alarm_id: data
            for watched in self._watched.values()
            for alarm_id, data in self._kept_of(watched).items()
            if data is not None
        }
        for link in self._links.values():
            if (data := kept(link.alarm, link, self._clock.now())) is not None:
                found[id_of(link.board, link.alarm.cause.key)] = data
        return {**{key: value for key, value in self._kept.items() if isinstance(value, Mapping)}, **found}

    def kept_growth(self) -> Iterator[tuple[str, object]]:
        """Yield by device what `restore_growth` takes, as plain JSON; a device at a time, since it is much."""
        yield from list(self._kept_growth.items())
        for identity, watched in list(self._watched.items()):
            yield identity, watched.watch.growths.kept()

    def kept_of(self, standing: Standing) -> Mapping[str, object] | None:
        """Return what of one alarm outlives a restart, None for nothing."""
        rule: Remembering
        if (watched := self._watched.get(standing.board.identity)) is not None:
            rule = watched.watch.rule(standing.alarm.cause.key)
        elif (link := self._links.get(standing.board.identity)) is not None:
            rule = link
        else:
            return None
        return kept(standing.alarm, rule, self._clock.now())

    def _kept_of(self, watched: Watched) -> Mapping[str, Mapping[str, object] | None]:
        now = self._clock.now()
        return {id_of(watched.board, alarm.cause.key): kept(alarm, rule, now) for rule, alarm in watched.watch.pairs()}


def _place_of_link(board: Board) -> Board:
    """Return where a link is, by a board that is reached by it."""
    again = None if board.again is None else lambda: _place_of_link(board.now())
    return Board(identity=board.link, name=board.link_name or board.link, site=board.site, again=again)
