"""All alarms there are: of every device, of every link, with their places; what persons do to them, and who is told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress as suppressing

from ..device import Device
from ..errors import UnknownAlarmError
from ..readings import PointKey
from .alarm import Alarm
from .board import Board
from .clock import Clock, Moment
from .growths import Question
from .happening import Happening
from .keeping import kept, restore
from .levels import Safety, safety_of, worst
from .links import Link, id_of
from .notices import Notice, Notices
from .ownerlimits import OwnerLimit
from .standing import Standing, standing_of, urgency
from .unseen import WHOLE_DEVICE
from .watch import Watch

type Listener = Callable[[Happening, Standing], None]
type NoticeListener = Callable[[Notice], None]


class Alarms:
    """The alarms of a plant. Everything it knows it has from devices; nothing here waits for anything."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin without any device."""
        self._clock = clock or Clock()
        self._watched: dict[str, _Watched] = {}
        self._links: dict[str, Link] = {}
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
    ) -> tuple[Watch, Callable[[], None]]:
        """Watch a device from now on; returns what ends that, and then everything is as it will be found again.

        `limits` are the owner's, `ratings` the rated currents of circuits, in A; `points` are all that is read, where
        that is not all there is. Slow growth is watched where it `grows`, by days that somebody keeps.
        """
        watched = _Watched(board)
        watch = Watch(
            device,
            lambda happening: self._happened(board, happening),
            limits=limits,
            ratings=ratings,
            points=points,
            clock=self._clock,
            grows=grows,
        )
        watch.growths.restore(self._kept_growth.pop(board.identity, None))
        watched.watch = watch
        self._watched[board.identity] = watched
        self._restore(watched)
        link = self._link_of(board)
        unlisten = watch.listen(lambda: self._look_at_link(link))
        self._look_at_link(link)

        def end() -> None:
            if self._watched.get(board.identity) is not watched:
                return
            unlisten()
            watch.end()
            self._kept |= {alarm_id: data for alarm_id, data in self._kept_of(watched).items() if data is not None}
            self._kept_growth[board.identity] = watch.growths.kept()
            del self._watched[board.identity]
            self._look_at_link(link)

        return watch, end

    def forget_but(self, identities: AbstractSet[str]) -> Sequence[str]:
        """Forget what was kept of devices and links that will not come back; returns the ids of those alarms."""
        gone = [alarm_id for alarm_id in self._kept if alarm_id.partition("/")[0] not in identities]
        for alarm_id in gone:
            del self._kept[alarm_id]
        self._kept_growth = {known: days for known, days in self._kept_growth.items() if known in identities}
        return gone

    def _restore(self, watched: _Watched) -> None:
        now = self._clock.now()
        for rule, alarm in watched.watch.pairs():
            alarm_id = id_of(watched.board, alarm.cause.key)
            restore(alarm, rule, self._kept.pop(alarm_id, None), now)
            if alarm.occurrence and not alarm.facts.is_acknowledged:
                self.notices.restart(alarm_id, alarm.occurrence, now.steady)
        watched.watch.start()

    # -- links --------------------------------------------------------------------------------------------------------

    def _link_of(self, board: Board) -> Link | None:
        if not board.link:
            return None
        if board.link not in self._links:
            place = Board(identity=board.link, name=board.link_name or board.link, site=board.site)
            self._links[board.link] = Link(place, lambda happening: self._happened(place, happening))
        return self._links[board.link]

    def _look_at_link(self, link: Link | None) -> None:
        """Let the link speak for its devices where none of them is heard."""
        if link is None:
            return
        members = [watched.watch for watched in self._watched.values() if watched.board.link == link.board.identity]
        link.look(members, self._clock.now())

    # -- what stands --------------------------------------------------------------------------------------------------

    def standing(self) -> list[Standing]:
        """Return all that stands, is set aside or out of service: what nobody knows of first, the gravest first."""
        now = self._clock.now()
        listed = [
            standing_of(alarm_id, alarm, board, now)
            for alarm_id, alarm, board in self._all()
            if alarm.stands or alarm.facts.is_shelved or alarm.facts.is_out_of_service
        ]
        return sorted(listed, key=urgency)

    def standing_at(self, identity: str, circuit: str | None = None) -> list[Standing]:
        """Return what stands of a device, of one of its circuits, or of a link with all its devices, the gravest first.

        What nobody sees of a device is nothing that is seen of its circuits.
        """
        now = self._clock.now()
        standing = [
            standing_of(id_of(board, alarm.cause.key), alarm, board, now)
            for alarm, board in self._of(identity)
            if alarm.stands
            and (circuit is None or alarm.cause.key.circuit == circuit or alarm.cause.key == WHOLE_DEVICE)
        ]
        return sorted(standing, key=lambda one: (one.rank, not one.alarm.facts.is_told, urgency(one)))

    def _of(self, identity: str) -> Iterator[tuple[Alarm, Board]]:
        """Yield the alarms of a device, or of a link with all its devices."""
        if (link := self._links.get(identity)) is not None:
            yield link.alarm, link.board
        for watched in self._watched.values():
            if identity in (watched.board.identity, watched.board.link):
                yield from ((alarm, watched.board) for alarm in watched.watch.alarms.values())

    def unacknowledged(self, identity: str) -> list[Standing]:
        """Return what stands of a device, or of a link itself, is not set aside, and nobody acknowledged."""
        now = self._clock.now()
        found = [
            standing_of(id_of(board, alarm.cause.key), alarm, board, now)
            for alarm, board in self._of(identity)
            if board.identity == identity and not alarm.facts.is_acknowledged and alarm.facts.is_told
        ]
        return sorted(found, key=urgency)

    def word(self, identity: str, circuit: str | None = None) -> Safety:
        """Return the one word for a link, a device or one of its circuits; what is not watched is not seen."""
        if (watched := self._watched.get(identity)) is not None:
            return watched.watch.safety(circuit)
        return self.safety(identity)

    def find(self, alarm_id: str) -> Standing | None:
        """Return one alarm, standing or not."""
        if (found := self._find(alarm_id)) is None:
            return None
        return standing_of(alarm_id, found[0], found[1], self._clock.now())

    def safety(self, link: str | None = None) -> Safety:
        """Return the one word for a link, or for all there is; where nothing is watched nothing is safe."""
        if link is not None and (known := self._links.get(link)) is not None and known.alarm.stands:
            found = safety_of(known.alarm.cause.level)
        else:
            found = Safety.SAFE
        watches = [watched.watch for watched in self._watched.values() if link is None or watched.board.link == link]
        if all(watch.is_blind for watch in watches):
            return Safety.NOT_SEEN
        # A device that has no alarms makes nothing safe; that it is silent is one all the same.
        return worst([found, *(watch.safety() for watch in watches if not watch.is_blind or watch.is_missed)])

    # -- what persons do ----------------------------------------------------------------------------------------------

    def acknowledge(self, alarm_id: str, *, by: str | None, occurrence: str | None = None, comment: str = "") -> None:
        """Note that a person knows. Raises UnknownAlarmError, also when another than the named occurrence stands."""
        self._act(alarm_id, occurrence, lambda alarm, now: alarm.acknowledge(now, by=by, comment=comment))

    def silence(self, alarm_id: str, *, by: str | None, occurrence: str | None = None) -> None:
        """End the sound of an alarm. Raises UnknownAlarmError."""
        self._act(alarm_id, occurrence, lambda alarm, now: alarm.silence(now, by=by))

    def reset(self, alarm_id: str, *, by: str | None, occurrence: str | None = None) -> None:
        """End what is latched. Raises UnknownAlarmError, AlarmRefusedError."""
        self._act(alarm_id, occurrence, lambda alarm, now: alarm.reset(now, by=by))

    def shelve(self, alarm_id: str, seconds: float, *, by: str | None, comment: str = "") -> None:
        """Set an alarm aside for a time, whether it stands or not. Raises UnknownAlarmError, AlarmRefusedError."""
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

    def _act(self, alarm_id: str, occurrence: str | None, act: Callable[[Alarm, Moment], None]) -> None:
        found = self._find(alarm_id)
        if found is None or (occurrence is not None and found[0].occurrence != occurrence):
            raise UnknownAlarmError
        alarm, board = found
        if (watched := self._watched.get(board.identity)) is not None:
            watched.watch.act(alarm.cause.key, act)
        else:
            act(alarm, self._clock.now())

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
        times = [watched.watch.next_time() for watched in self._watched.values()]
        times += [link.next_time() for link in self._links.values()]
        times.append(self.notices.next_time())
        return min((time for time in times if time is not None), default=None)

    def tick(self) -> None:
        """Do what is due, whether anything is heard or not."""
        now = self._clock.now()
        for watched in list(self._watched.values()):
            watched.watch.tick()
        for link in self._links.values():
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
        return {**{key: value for key, value in self._kept.items() if isinstance(value, Mapping)}, **found}

    def kept_growth(self) -> Iterator[tuple[str, object]]:
        """Yield by device what `restore_growth` takes, as plain JSON; a device at a time, since it is much."""
        yield from list(self._kept_growth.items())
        for identity, watched in list(self._watched.items()):
            yield identity, watched.watch.growths.kept()

    def kept_of(self, standing: Standing) -> Mapping[str, object] | None:
        """Return what of one alarm outlives a restart, None for nothing."""
        watched = self._watched.get(standing.board.identity)
        if watched is None:
            return None
        rule = watched.watch.rule(standing.alarm.cause.key)
        return kept(standing.alarm, rule, self._clock.now())

    def _kept_of(self, watched: _Watched) -> Mapping[str, Mapping[str, object] | None]:
        now = self._clock.now()
        return {id_of(watched.board, alarm.cause.key): kept(alarm, rule, now) for rule, alarm in watched.watch.pairs()}

    def _all(self) -> Iterator[tuple[str, Alarm, Board]]:
        for link in self._links.values():
            yield id_of(link.board, link.alarm.cause.key), link.alarm, link.board
        for watched in self._watched.values():
            for key, alarm in watched.watch.alarms.items():
                yield id_of(watched.board, key), alarm, watched.board

    def _find(self, alarm_id: str) -> tuple[Alarm, Board] | None:
        identity, _, name = alarm_id.partition("/")
        if (watched := self._watched.get(identity)) is not None:
            with suppressing(StopIteration):
                return next((alarm, watched.board) for key, alarm in watched.watch.alarms.items() if str(key) == name)
        if (link := self._links.get(identity)) is not None and name == str(link.alarm.cause.key):
            return link.alarm, link.board
        return None


class _Watched:
    """A device that is watched, and its place."""

    watch: Watch

    def __init__(self, board: Board) -> None:
        self.board = board
