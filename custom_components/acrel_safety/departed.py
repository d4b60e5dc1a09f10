"""What stood of devices and links when they were removed: named in the record, and taken back from phones."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from homeassistant.core import HomeAssistant, callback

from .aioacrel.alarms.board import Board
from .aioacrel.alarms.engine import Alarms
from .aioacrel.alarms.notices import Notice, Why
from .aioacrel.alarms.standing import Standing
from .aioacrel.journal.entry import Kind
from .aioacrel.texts import phrase
from .logged import log_entry
from .record import SafetyRecord

_KEPT = ("alarm_id", "occurrence", "circuit", "circuit_name", "code", "name", "level", "state", "since")
_FIGURES = ("value", "worst_value", "over", "limit", "unit")


class Departed:
    """Remembers what stood of whatever is not watched now, until it is watched again or known to be gone."""

    def __init__(
        self, hass: HomeAssistant, alarms: Alarms, record: SafetyRecord, send: Callable[[Notice], None]
    ) -> None:
        """Take who is told of it."""
        self._hass = hass
        self._alarms = alarms
        self._record = record
        self._send = send
        self._left: dict[str, tuple[Board, Sequence[Standing]]] = {}

    @callback
    def remember(self, board: Board) -> None:
        """Note what stands of a device, and of its link, just before it is watched no longer."""
        for standing in self._alarms.standing_at(board.link):
            if standing.board.identity == board.link:
                self._left[board.link] = (standing.board, [standing])
        self._left[board.identity] = (board.now(), self._alarms.standing_at(board.identity))

    @callback
    def welcome(self, board: Board) -> None:
        """Forget what stood of a device that is watched again: it stands there."""
        self._left.pop(board.identity, None)
        self._left.pop(board.link, None)

    @callback
    def tell(self, known: AbstractSet[str]) -> None:
        """Say of all that is not among these what became of its alarms; nobody is told who removed it."""
        gone: dict[str, list[str]] = {identity: [] for identity in self._left if identity not in known}
        for alarm_id in self._alarms.forget_but(known):
            gone.setdefault(alarm_id.partition("/")[0], []).append(alarm_id)
        for identity, alarm_ids in gone.items():
            board, stood = self._left.pop(identity, (Board(identity=identity, name=""), ()))
            self._tell_one(board, stood, alarm_ids)

    def _tell_one(self, board: Board, stood: Sequence[Standing], alarm_ids: Sequence[str]) -> None:
        if not stood and not alarm_ids:
            return
        data: dict[str, object] = {
            "what": "device_removed",
            "site": board.site,
            "board": board.name,
            "identity": board.identity,
            "alarms": [_plain(standing) for standing in stood] or [{"alarm_id": one} for one in alarm_ids],
        }
        ids = {*alarm_ids, *(standing.alarm_id for standing in stood)}
        self._record.put_down(Kind.NOTE, data, dict.fromkeys(ids))
        if not stood:
            return
        names = (" ".join(filter(None, (one.circuit_name, one.text(self._hass.config.language)))) for one in stood)
        said = phrase("removed_with_alarms", alarms="; ".join(names)).text(self._hass.config.language)
        log_entry(self._hass, board, Kind.NOTE, said)
        self._alarms.notices.withdraw(stood)
        self._send(Notice(why=Why.OVER, alarms=tuple(stood)))


def _plain(standing: Standing) -> Mapping[str, Any]:
    plain = standing.plain()
    return {key: plain[key] for key in (*_KEPT, *_FIGURES)}
