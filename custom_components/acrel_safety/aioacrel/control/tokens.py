"""Select before operate: a token that was given a moment ago, for one operation of one caller, and is good once."""

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from secrets import token_urlsafe

from ..readings import PointKey
from .caller import Caller
from .outcome import Reason

SHORTEST, USUAL, LONGEST = 10.0, 20.0, 30.0
"""Seconds for which a token is good."""
_MOST = 16
"""Tokens at a time: the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was selected, and where it stood then."""

    token: str
    key: PointKey
    caller: Caller
    position: bool | None
    until: float
    """By the steady clock."""


class Tokens:
    """The selections of one device; none outlives a restart."""

    def __init__(self, steady: Callable[[], float]) -> None:
        """Take a clock that only goes on."""
        self._steady = steady
        self._selections: list[Selection] = []

    def select(
        self, key: PointKey, caller: Caller, *, position: bool | None = None, seconds: float = USUAL
    ) -> Selection:
        """Return a new selection; a former one of the same caller for the same thing is good no more."""
        lives = min(max(seconds, SHORTEST), LONGEST)
        selection = Selection(
            token=token_urlsafe(16), key=key, caller=caller, position=position, until=self._steady() + lives
        )
        others = [one for one in self._selections if (one.key, one.caller.id, one.caller.kind) != _who(selection)]
        self._selections = [*others[1 - _MOST :], selection]
        return selection

    def use(self, token: str, key: PointKey, caller: Caller) -> Selection | Reason:
        """Return the selection of a token, which is used up by this, or why it is not good."""
        found = next((one for one in self._selections if compare_digest(one.token.encode(), token.encode())), None)
        if found is None:
            return Reason.TOKEN_UNKNOWN
        self._selections.remove(found)
        if (key, caller.id, caller.kind) != _who(found):
            return Reason.TOKEN_UNKNOWN
        return Reason.TOKEN_EXPIRED if self._steady() >= found.until else found


def _who(selection: Selection) -> tuple[PointKey, str, str]:
    return selection.key, selection.caller.id, selection.caller.kind
