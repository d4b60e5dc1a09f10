"""One alarm with its place and figures, as lists, notices and records show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..readings import DEVICE_CIRCUIT, Value
from ..texts import said
from .alarm import Alarm
from .board import Board
from .clock import Moment
from .facts import Word
from .levels import GRAVEST_FIRST, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What there is to know of one alarm at one moment."""

    alarm_id: str
    occurrence: str
    board: Board
    circuit: str
    circuit_name: str
    code: str
    name: str
    """What is wrong, in English; `alarm.name` says it in any language."""
    alarm: Alarm
    level: Level
    word: Word
    since: datetime | None
    value: Value | None
    first_value: Value | None
    worst_value: Value | None
    limit: float | None
    unit: str | None
    detail: str
    """What its rule says besides, in English; `more` says it in any language."""
    figures: Mapping[str, Value]
    is_derived: bool
    is_seen: bool
    is_on: bool | None
    is_silenced: bool
    changes: int
    chatters: bool
    shelved_until: datetime | None
    suppressed_by: str | None

    @property
    def is_over(self) -> bool:
        """Whether what raised it is not so any more, and that can be seen: it stands because nobody acknowledged it."""
        return self.is_seen and self.is_on is False and bool(self.occurrence)

    @property
    def rank(self) -> int:
        """How grave it is, the gravest 0."""
        return GRAVEST_FIRST.index(self.level)

    def text(self, language: str = "en") -> str:
        """Return what is wrong in a language."""
        return self.alarm.name.text(language)

    def more(self, language: str = "en") -> str:
        """Return what its rule says besides, in a language."""
        return said(self.alarm.detail, language)

    def plain(self) -> dict[str, Any]:
        """Return it as plain types, for records, events and answers of actions."""
        board = self.board
        return {
            "alarm_id": self.alarm_id,
            "occurrence": self.occurrence,
            "site": board.site,
            "board": board.name,
            "circuit": self.circuit,
            "circuit_name": self.circuit_name,
            "code": self.code,
            "name": self.name,
            "level": str(self.level),
            "state": str(self.word),
            "since": None if self.since is None else self.since.isoformat(),
            "value": self.value,
            "first_value": self.first_value,
            "worst_value": self.worst_value,
            "over": self.is_over,
            "limit": self.limit,
            "unit": self.unit,
            "detail": self.detail,
            "figures": {**self.figures},
            "derived": self.is_derived,
            "seen": self.is_seen,
            "changes": self.changes,
            "chatters": self.chatters,
            "shelved_until": None if self.shelved_until is None else self.shelved_until.isoformat(),
            "suppressed_by": self.suppressed_by,
        }


def standing_of(alarm_id: str, alarm: Alarm, board: Board, now: Moment) -> Standing:
    """Return what there is to know of an alarm now, under the names of now."""
    cause, facts, board = alarm.cause, alarm.facts, board.now()
    circuit = cause.key.circuit
    return Standing(
        alarm_id=alarm_id,
        occurrence=alarm.occurrence,
        board=board,
        circuit=circuit,
        circuit_name="" if circuit == DEVICE_CIRCUIT else board.circuit_name(circuit),
        code=cause.key.code,
        name=alarm.name.text(),
        alarm=alarm,
        level=cause.level,
        word=alarm.word,
        since=alarm.since,
        value=alarm.value,
        first_value=alarm.first_value,
        worst_value=alarm.worst_value,
        limit=alarm.limit,
        unit=cause.unit,
        detail=said(alarm.detail, "en"),
        figures=alarm.figures,
        is_derived=cause.is_derived,
        is_seen=facts.is_seen,
        is_on=facts.condition,
        is_silenced=alarm.is_silenced,
        changes=alarm.changes,
        chatters=alarm.chatters(now),
        shelved_until=alarm.shelved_until,
        suppressed_by=facts.suppressed_by,
    )


def urgency(standing: Standing) -> tuple[bool, int, str]:
    """Return the place in a list: what nobody knows of yet first, the gravest, then the one that came first."""
    since = "" if standing.since is None else standing.since.isoformat()
    return standing.alarm.facts.is_acknowledged, standing.rank, since
