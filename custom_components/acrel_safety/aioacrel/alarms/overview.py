"""What stands, of all that is watched: asked by whoever shows alarms, lists them, or says one word for a place."""

from collections.abc import Iterator

from .alarm import Alarm
from .board import Board
from .clock import Clock
from .levels import Safety, safety_of, worst
from .links import Link, id_of
from .standing import Standing, standing_of, urgency
from .unseen import WHOLE_DEVICE
from .verdict import AlarmKey
from .watch import Watch


class Watched:
    """A device that is watched, and its place."""

    watch: Watch

    def __init__(self, board: Board) -> None:
        """Take the place; the watch follows."""
        self.board = board


class Overview:
    """All that is watched, as it is now."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin without any device."""
        self._clock = clock or Clock()
        self._watched: dict[str, Watched] = {}
        self._links: dict[str, Link] = {}

    def standing(self) -> list[Standing]:
        """Return all that stands, is set aside or out of service: what nobody knows of first, the gravest first."""
        now = self._clock.now()
        listed = [
            standing_of(id_of(board, alarm.cause.key), alarm, board, now)
            for alarm, board in self._all()
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

    def safety(self, link: str | None = None) -> Safety:
        """Return the one word for a link, or for all there is; where nothing is watched nothing is safe."""
        alarms = [known.alarm for identity, known in self._links.items() if link is None or identity == link]
        found = worst(safety_of(alarm.cause.level) for alarm in alarms if alarm.stands)
        watches = [watched.watch for watched in self._watched.values() if link is None or watched.board.link == link]
        if all(watch.is_blind for watch in watches):
            return Safety.NOT_SEEN
        # A plain meter has no say. What measures a danger and has no alarm for it is not watched, heard or silent.
        heeded = (watch for watch in watches if not watch.is_blind or watch.is_missed or watch.is_unwatched)
        return worst([found, *(watch.safety() for watch in heeded)])

    def find(self, alarm_id: str) -> Standing | None:
        """Return one alarm, standing or not."""
        if (found := self._find(alarm_id)) is None:
            return None
        return standing_of(alarm_id, found[0], found[1], self._clock.now())

    def _find(self, alarm_id: str) -> tuple[Alarm, Board] | None:
        identity, _, name = alarm_id.partition("/")
        key = AlarmKey.read(name)
        if (watched := self._watched.get(identity)) is not None:
            alarm = watched.watch.alarms.get(key)
            return None if alarm is None else (alarm, watched.board)
        if (link := self._links.get(identity)) is not None and key == link.alarm.cause.key:
            return link.alarm, link.board
        return None

    def _all(self) -> Iterator[tuple[Alarm, Board]]:
        for link in self._links.values():
            yield link.alarm, link.board
        for watched in self._watched.values():
            yield from ((alarm, watched.board) for alarm in watched.watch.alarms.values())

    def _of(self, identity: str) -> Iterator[tuple[Alarm, Board]]:
        """Yield the alarms of a device, or of a link with all its devices."""
        if (link := self._links.get(identity)) is not None:
            yield link.alarm, link.board
        for watched in self._watched.values():
            if identity in (watched.board.identity, watched.board.link):
                yield from ((alarm, watched.board) for alarm in watched.watch.alarms.values())
