"""All alarms there are: of every device, of every link, with their places; what persons do to them, and who is told."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress as suppressing

from ..device import Device
from ..errors import UnknownAlarmError
from ..readings import PointKey
from ..texts import phrase
from .alarm import Alarm
from .board import Board
from .clock import Clock, Moment
from .happening import Happening
from .keeping import kept, restore
from .levels import Level, Safety, safety_of, worst
from .notices import Notice, Notices
from .ownerlimits import OwnerLimit
from .standing import Standing, standing_of, urgency
from .unseen import LASTING_SECONDS, WHOLE_DEVICE
from .verdict import AlarmKey, Cause, Verdict
from .watch import Watch

type Listener = Callable[[Happening, Standing], None]
type NoticeListener = Callable[[Notice], None]
_LINK = "link"


class Alarms:
    """The alarms of a plant. Everything it knows it has from devices; nothing here waits for anything."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin without any device."""
        self._clock = clock or Clock()
        self._watched: dict[str, _Watched] = {}
        self._links: dict[str, _Link] = {}
        self._listeners: list[Listener] = []
        self._notice_listeners: list[NoticeListener] = []
        self._kept: dict[str, object] = {}
        self.notices = Notices(self.find, self._send)

    # -- what is watched ----------------------------------------------------------------------------------------------

    def restore(self, standing: Mapping[str, object]) -> None:
        """Tell what `kept` said before a restart; each device takes its part when it is watched."""
        self._kept |= standing

    def watch(
        self,
        device: Device,
        board: Board,
        *,
        limits: Mapping[str, OwnerLimit] | None = None,
        ratings: Mapping[str, float] | None = None,
        points: AbstractSet[PointKey] | None = None,
    ) -> tuple[Watch, Callable[[], None]]:
        """Watch a device from now on; returns what ends that, and then everything is as it will be found again.

        `limits` are the owner's, `ratings` the rated currents of circuits, in A; `points` are all that is read, where
        that is not all there is.
        """
        watched = _Watched(board)
        watch = Watch(
            device,
            lambda happening: self._happened(watched, happening),
            limits=limits,
            ratings=ratings,
            points=points,
            clock=self._clock,
        )
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
            del self._watched[board.identity]
            self._look_at_link(link)

        return watch, end

    def forget(self, identity: str) -> None:
        """Forget what was kept of a device or link that will not come back."""
        for alarm_id in [known for known in self._kept if known.partition("/")[0] == identity]:
            del self._kept[alarm_id]

    def _restore(self, watched: _Watched) -> None:
        now = self._clock.now()
        for rule, alarm in watched.watch.pairs():
            alarm_id = _id_of(watched.board, alarm.cause.key)
            restore(alarm, rule, self._kept.pop(alarm_id, None), now)
            if alarm.occurrence and not alarm.facts.is_acknowledged:
                self.notices.restart(alarm_id, alarm.occurrence, now.steady)
        watched.watch.start()

    # -- links --------------------------------------------------------------------------------------------------------

    def _link_of(self, board: Board) -> _Link | None:
        if not board.link:
            return None
        if board.link not in self._links:
            link = _Link(Board(identity=board.link, name=board.link_name or board.link, site=board.site))
            link.alarm = Alarm(_LINK_CAUSE, lambda happening: self._happened(link, happening))
            self._links[board.link] = link
        return self._links[board.link]

    def _look_at_link(self, link: _Link | None) -> None:
        """Let the link speak for its devices where none of them is heard."""
        if link is None:
            return
        now = self._clock.now()
        members = [watched for watched in self._watched.values() if watched.board.link == link.board.identity]
        unheard = [watched for watched in members if not watched.watch.is_device_seen]
        is_down = len(members) > 1 and len(unheard) == len(members)
        link.since = (now.steady if link.since is None else link.since) if is_down else None
        is_on = link.since is not None and now.steady - link.since >= LASTING_SECONDS
        link.alarm.take(Verdict(is_on), now)
        by = _id_of(link.board, _LINK_CAUSE.key) if link.since is not None else None
        for watched in members:
            watched.watch.alarms[WHOLE_DEVICE].suppress(by, now)

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

    def worst(self, identity: str, circuit: str | None = None) -> Standing | None:
        """Return the gravest alarm that stands of a device, of one of its circuits, or of a link with all its devices.

        What nobody sees of a device is nothing that is seen of its circuits.
        """
        now = self._clock.now()
        standing = [
            standing_of(_id_of(board, alarm.cause.key), alarm, board, now)
            for alarm, board in self._of(identity)
            if alarm.stands
            and (circuit is None or alarm.cause.key.circuit == circuit or alarm.cause.key == WHOLE_DEVICE)
        ]
        return min(standing, key=lambda one: (one.rank, not one.alarm.facts.is_told, urgency(one)), default=None)

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
            standing_of(_id_of(board, alarm.cause.key), alarm, board, now)
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

    def _happened(self, place: _Watched | _Link, happening: Happening) -> None:
        now = self._clock.now()
        alarm_id = _id_of(place.board, happening.alarm.cause.key)
        standing = standing_of(alarm_id, happening.alarm, place.board, now)
        for listener in list(self._listeners):
            listener(happening, standing)
        self.notices.take(alarm_id, happening, now.steady)

    # -- time, and what is kept ---------------------------------------------------------------------------------------

    def next_time(self) -> float | None:
        """Return when, by the steady clock, `tick` is to be called; None if not at all."""
        times = [watched.watch.next_time() for watched in self._watched.values()]
        times += [None if link.since is None else link.since + LASTING_SECONDS for link in self._links.values()]
        times += [link.alarm.next_time for link in self._links.values()]
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

    def kept_of(self, standing: Standing) -> Mapping[str, object] | None:
        """Return what of one alarm outlives a restart, None for nothing."""
        watched = self._watched.get(standing.board.identity)
        if watched is None:
            return None
        rule = watched.watch.rule(standing.alarm.cause.key)
        return kept(standing.alarm, rule, self._clock.now())

    def _kept_of(self, watched: _Watched) -> Mapping[str, Mapping[str, object] | None]:
        now = self._clock.now()
        return {_id_of(watched.board, alarm.cause.key): kept(alarm, rule, now) for rule, alarm in watched.watch.pairs()}

    def _all(self) -> Iterator[tuple[str, Alarm, Board]]:
        for link in self._links.values():
            yield _id_of(link.board, link.alarm.cause.key), link.alarm, link.board
        for watched in self._watched.values():
            for key, alarm in watched.watch.alarms.items():
                yield _id_of(watched.board, key), alarm, watched.board

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


class _Link:
    """What several devices are reached by."""

    alarm: Alarm

    def __init__(self, board: Board) -> None:
        self.board = board
        self.since: float | None = None
        """Since when none of its devices is heard."""


_LINK_CAUSE = Cause(key=AlarmKey("", _LINK, "unseen"), level=Level.NOT_SEEN, name=phrase("alarm_link_unseen"))


def _id_of(board: Board, key: AlarmKey) -> str:
    return f"{board.identity}/{key}"
