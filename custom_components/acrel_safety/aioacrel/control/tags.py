"""Lock-out tags: as long as one hangs on a circuit nobody closes it, whoever asks."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

from ..readings import DEVICE_CIRCUIT
from .caller import Caller
from .outcome import Reason
from .rights import Right, Rights

LONGEST_TEXT = 200
"""Characters of a name or reason."""
MOST_ON_CIRCUIT, MOST_OF_ONE = 20, 10
"""Tags that hang on one circuit, and those of one person among them: others can always hang theirs."""
_JOINERS = frozenset("\u200c\u200d")
"""Part of how some scripts and signs are written."""
_UNREADABLE = "?"
"""The name on a tag that was kept and cannot be read any more: it hangs all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag: who hung it, why and when."""

    id: str
    circuit: str
    """"0" is the device as a whole."""
    by: str
    """The id of the person who hung it."""
    name: str
    """Who that is by the account, and then (in brackets) whatever else was said."""
    reason: str
    time: datetime

    def kept(self) -> Mapping[str, str]:
        """Return it as plain JSON."""
        return {
            "id": self.id,
            "circuit": self.circuit,
            "by": self.by,
            "name": self.name,
            "reason": self.reason,
            "time": self.time.isoformat(),
        }


class Tags:
    """The tags on one device."""

    def __init__(self, wall: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Begin without any."""
        self._wall = wall
        self._tags: dict[str, Tag] = {}

    @property
    def all(self) -> Sequence[Tag]:
        """All that hang, the oldest first."""
        return tuple(self._tags.values())

    def on(self, circuit: str) -> Sequence[Tag]:
        """Return what hangs on a circuit, or on the device as a whole; all must go."""
        if circuit == DEVICE_CIRCUIT:
            return self.all
        return [tag for tag in self._tags.values() if tag.circuit in (circuit, DEVICE_CIRCUIT)]

    def hang(self, circuit: str, by: Caller, rights: Rights, reason: str, name: str = "") -> Tag | Reason:
        """Hang a tag and return it, or why that is not allowed; only persons hang tags."""
        if not by.is_person or not rights.may(by, Right.TAGS):
            return Reason.NO_RIGHT
        there = [tag.by for tag in self._tags.values() if tag.circuit == circuit]
        if len(there) >= MOST_ON_CIRCUIT or there.count(by.id) >= MOST_OF_ONE:
            return Reason.TOO_MANY_TAGS
        said = name.strip()
        tag = Tag(
            id=token_hex(6),
            circuit=circuit,
            by=by.id,
            name=(f"{by.name} ({said})" if said and said != by.name else by.name)[:LONGEST_TEXT],
            reason=reason[:LONGEST_TEXT],
            time=self._wall(),
        )
        self._tags[tag.id] = tag
        return tag

    def remove(self, tag_id: str, by: Caller) -> Tag | Reason | None:
        """Take a tag off and return it, or why that is not allowed; None if it does not hang."""
        tag = self._tags.get(tag_id)
        if tag is None:
            return None
        if not may_remove(tag, by):
            return Reason.NO_RIGHT
        return self._tags.pop(tag_id)

    def take_off(self, tag_id: str) -> None:
        """Take a tag off whose removal was allowed before."""
        self._tags.pop(tag_id, None)

    def kept(self) -> list[Mapping[str, str]]:
        """Return what outlives a restart, as plain JSON."""
        return [tag.kept() for tag in self._tags.values()]

    def restore(self, kept: object) -> None:
        """Take what `kept` said. What cannot be read any more hangs on the whole device: better that than no tag."""
        if kept is None:
            return
        for item in kept if isinstance(kept, list) else [kept]:
            tag = _read(item) or Tag(
                id=token_hex(6), circuit=DEVICE_CIRCUIT, by="", name=_UNREADABLE, reason="", time=self._wall()
            )
            self._tags[tag.id] = tag


def is_legible(text: str) -> bool:
    """Whether a text is what it looks like: no signs that cannot be seen, or that turn the others around."""
    return all(one.isprintable() or one in _JOINERS or unicodedata.category(one) == "Zs" for one in text)


def may_remove(tag: Tag, by: Caller) -> bool:
    """Whether somebody may take a tag off: an administrator may, and who hung it; nobody else, whatever his rights."""
    by = by.now()
    is_own = bool(by.id) and by.id == tag.by
    return by.is_person and (by.is_administrator or is_own)


def _read(item: object) -> Tag | None:
    if not isinstance(item, Mapping):
        return None
    texts = {name: item.get(name) for name in ("id", "circuit", "by", "name", "reason", "time")}
    if not all(isinstance(text, str) for text in texts.values()) or not texts["id"] or not texts["circuit"]:
        return None
    said = {name: str(text) for name, text in texts.items()}
    try:
        time = datetime.fromisoformat(said.pop("time"))
    except ValueError:
        return None
    if time.tzinfo is None:
        return None
    return Tag(**said, time=time)
