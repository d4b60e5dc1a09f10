"""What became of an operation, and why."""

from dataclasses import dataclass
from enum import StrEnum

from ..texts import Said, said, say


class Result(StrEnum):
    """The one word for it."""

    CONFIRMED = "confirmed"
    """The position was read back, twice, and is the wanted one."""
    REFUSED = "refused"
    """Nothing was sent."""
    FAILED = "failed"
    """It was sent and answered, and the position was watched without a gap: it never was the wanted one.

    Or who was to pass it on declined it, and the position that was told for its whole time was not the wanted one."""
    UNVERIFIED = "unverified"
    """It was sent, and nothing tells the position, or what tells it was the wanted one and is so no more."""
    UNKNOWN = "unknown"
    """It was sent, or may have been, and the position cannot be told. Nothing is sent again: look."""


class Reason(StrEnum):
    """Why an operation was refused, or ended otherwise than asked for. The words stay: programs know them."""

    # Why leave was not given:
    CONTROL_OFF = "control_off"
    ON_NOT_ALLOWED = "on_not_allowed"
    NO_RIGHT = "no_right"
    NOT_NAMED = "not_named"
    TURNED_ROUND = "turned_round"
    NOT_CONFIRMED = "not_confirmed"
    TOKEN_UNKNOWN = "token_unknown"  # noqa: S105 - no secret
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - no secret
    MOVED_SINCE_SELECTED = "moved_since_selected"
    # What is in the way of the operation:
    NOT_OFFERED = "not_offered"
    BUSY = "busy"
    LOCKED_OUT = "locked_out"
    WITHDRAWN = "withdrawn"
    UNPROVED = "unproved"
    WAITED_TOO_LONG = "waited_too_long"
    NOT_SENT = "not_sent"
    BAD_VALUE = "bad_value"
    # What is in the way on the circuit:
    TAGGED = "tagged"
    TOO_MANY_TAGS = "too_many_tags"
    CRITICAL_LOAD = "critical_load"
    TRIPPED = "tripped"
    MAINTENANCE = "maintenance"
    LOCAL_LOCK = "local_lock"
    LOCAL_ONLY = "local_only"
    LOCK_UNKNOWN = "lock_unknown"
    NOT_REMOTE = "not_remote"
    POSITION_UNKNOWN = "position_unknown"
    POSITION_STALE = "position_stale"
    SENSOR_FAULT = "sensor_fault"
    SOURCES_DIFFER = "sources_differ"
    WAY_DOUBTED = "way_doubted"
    # How it was confirmed:
    ALREADY_THERE = "already_there"
    MOVED_LATE = "moved_late"
    OTHER_WAY = "other_way"
    """By another way than the one that carried it."""
    TIMER_SHOWN = "timer_shown"
    TIMER_GONE = "timer_gone"
    """Of the timer that a device keeps itself: by the list of a server, after it was set or cancelled."""
    # Why it was not:
    LOGGED = "logged"
    LOGGED_NOT = "logged_not"
    """What the other side wrote down, of what moves nothing, says so; whose entry it is, it does not."""
    DEVICE_REFUSED = "device_refused"
    SERVER_DECLINED = "server_declined"
    ANSWER_UNSURE = "answer_unsure"
    """What a server answered does not say whether it took it, and what was told afterwards shows no change."""
    NOT_TAKEN = "not_taken"
    STUCK = "stuck"
    FELL_BACK = "fell_back"
    NO_EVIDENCE = "no_evidence"
    EVIDENCE_DOUBTED = "evidence_doubted"
    PULSE_NOT_SEEN = "pulse_not_seen"
    NO_ANSWER = "no_answer"
    NOT_WATCHED = "not_watched"
    OVERTAKEN = "overtaken"
    """An opening was asked for before it moved."""
    TAKEN_DOWN = "taken_down"
    """The way it went was taken down in the middle."""
    INTERRUPTED = "interrupted"
    """The program ended in the middle."""
    SLIP = "slip"


_SAY_ALL = frozenset({Reason.LOGGED, Reason.LOGGED_NOT, Reason.TIMER_SHOWN, Reason.TIMER_GONE})
"""Reasons that also say the result: nothing that has a position was read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an operation."""

    result: Result
    reason: Reason | None = None
    detail: Said = ""
    """More about the reason: the error of the link, the name of a tag."""
    writes: int = 0
    """Requests that may have left for the device: never more than one."""
    position: bool | None = None
    """What was read last: true is closed, or on; None is not known."""

    @property
    def is_confirmed(self) -> bool:
        """Whether it is done."""
        return self.result is Result.CONFIRMED

    def text(self, language: str = "en") -> str:
        """Return a sentence in a language."""
        return self._detailed(became(self.result, self.reason, language), language)

    def why(self, language: str = "en") -> str:
        """Return the reason alone in a language; empty where there is none."""
        return "" if self.reason is None else self._detailed(say(f"reasons.{self.reason}", language), language)

    def _detailed(self, sentence: str, language: str) -> str:
        detail = said(self.detail, language)
        return say("phrases.with_detail", language, sentence=sentence, detail=detail) if detail else sentence


def became(result: Result, reason: Reason | None, language: str) -> str:
    """Return a sentence in a language, without details."""
    if reason in _SAY_ALL:
        return say(f"reasons.{reason}", language)
    sentence = say(f"results.{result}", language)
    if reason is None:
        return sentence
    return say("phrases.told_with_value", language, cause=sentence, value=say(f"reasons.{reason}", language))


def refused(reason: Reason, detail: Said = "", *, position: bool | None = None) -> Outcome:
    """Return what became of an operation of which nothing was sent."""
    return Outcome(result=Result.REFUSED, reason=reason, detail=detail, position=position)
