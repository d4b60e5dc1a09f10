"""What is put down: an entry, and the text it becomes, which is kept and hashed to the letter."""

import json
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from ..texts import phrase, say
from .errors import UnfitEntryError

type Json = str | float | bool | Sequence[Json] | Mapping[str, Json] | None

LONGEST_TEXT = 8192
LONGEST_STANDING = 262_144
"""Of what stands: an alarm that goes by somebody else's log knows hundreds of numbers."""
"""Bytes of an entry, or of a value that stands: a sentence or two of a person fit, a file does not."""
LONGEST_KEY = 200
"""Bytes of a key of what stands."""
_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Kind(StrEnum):
    """What an entry is about."""

    ALARM = "alarm"
    ACKNOWLEDGE = "acknowledge"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    SILENCE = "silence"
    RESET = "reset"
    LIMIT = "limit"
    SETTING = "setting"
    POSITION = "position"
    LOSS = "loss"
    RETURN = "return"
    START = "start"
    STOP = "stop"
    COMMAND = "command"
    TAG = "tag"
    """A lock-out tag was hung or taken off."""
    NOTE = "note"
    TEST = "test"
    """A self-test or inspection, with its result."""
    CHECKPOINT = "checkpoint"
    """The oldest entries were removed, as was agreed; this one says where the rest begins."""
    ROLLED_BACK = "rolled_back"
    """The file had become shorter, or another one, since it was written last."""
    BEGUN_ANEW = "begun_anew"
    """The file was missing or damaged; this is the first entry of a new one."""
    LOST = "lost"
    """So many entries could not be written, and were more than memory holds."""


def kind_name(kind: str, language: str = "en") -> str:
    """Return the name of a kind; one of a newer version, and what is none, is its own."""
    return say(f"entries.{kind}", language) if kind in Kind else kind


OWN_KINDS = frozenset({Kind.CHECKPOINT, Kind.ROLLED_BACK, Kind.BEGUN_ANEW, Kind.LOST})
"""What the record says about itself; nobody else may."""
ANCHORS = (Kind.CHECKPOINT, Kind.BEGUN_ANEW)
"""These say with which entry the file begins, and what stood before it."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, and when. `data` is plain JSON: site, board, circuit, code, level, state, value, limit, by."""

    kind: str
    data: Mapping[str, Json] = field(default_factory=dict)
    time: datetime = field(default_factory=_now)


def text_of(entry: Entry) -> str:
    """Return an entry as it is kept, with the time since the machine started and which start it was.

    Raises UnfitEntryError when it cannot be kept.
    """
    if not _KIND.fullmatch(entry.kind):
        raise UnfitEntryError(detail=phrase("entry_kind", kind=entry.kind[:40]))
    if entry.time.tzinfo is None:
        raise UnfitEntryError(detail=phrase("entry_time"))
    text = json_text(
        {
            "boot": BOOT,
            "data": entry.data,
            "kind": entry.kind,
            "steady": round(time.monotonic(), 6),
            "time": time_text(entry.time),
        }
    )
    _check_size(text, LONGEST_TEXT)
    return text


def standing_texts(standing: Mapping[str, Json]) -> dict[str, str | None]:
    """Return a change of what stands as it is kept.

    Raises UnfitEntryError when it cannot be kept.
    """
    texts: dict[str, str | None] = {}
    for key, value in standing.items():
        _check_size(json_text(key), LONGEST_KEY)
        if not key.isprintable():
            raise UnfitEntryError(detail=phrase("entry_key"))
        texts[key] = None if value is None else json_text(value)
        _check_size(texts[key] or "", LONGEST_STANDING)
    return texts


def _check_size(text: str, allowed: int) -> None:
    if (size := len(text.encode())) > allowed:
        raise UnfitEntryError(detail=phrase("entry_size", found=size, allowed=allowed))


def json_text(value: Json) -> str:
    """Return the canonical JSON of a value: sorted, without spaces, in UTF-8.

    Raises UnfitEntryError when it is no JSON.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:  # half a character is no text, escaped it is one
                text = json.dumps(value, allow_nan=False, sort_keys=True, separators=(",", ":"))
    except TypeError, ValueError, RecursionError:
        raise UnfitEntryError(detail=phrase("entry_json")) from None
    return text


def time_text(moment: datetime) -> str:
    """Return a time in UTC, always equally long, so that the order of texts is that of times."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _boot() -> str:
    """Return which start of the machine this is; where that is not told, which start of the program."""
    try:
        found = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError, UnicodeError:
        found = ""
    return (found or str(uuid.uuid4())).replace("-", "")[:12]


BOOT = _boot()
"""Steady times are compared within one start."""
