"""A transcript as a server: each request is answered as it was, so that an owner's recording becomes a test.

No socket and no clock is in it: whoever serves it hands over method, path and parameters.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .transcript import Recorded

_TIME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}.*")
_PAGE = b"<html><body>a page</body></html>"
_ABSENT = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """An answer; `status` is None where nothing came."""

    status: int | None
    content_type: str = "application/json"
    body: bytes = b""


@dataclass(slots=True)
class Replay:
    """Answers in the order of the recording, each request the next that fits; the last one again and again."""

    exchanges: Sequence[Recorded]
    _used: set[int] = field(default_factory=set)

    def answer(self, method: str, path: str, params: Mapping[str, str]) -> Replayed:
        """Return the answer to a request. Times, and who asks, need not be the same."""
        fitting = [index for index, one in enumerate(self.exchanges) if (one.method, one.path) == (method, path)]
        alike = [index for index in fitting if _stable(self.exchanges[index]) == _of(params)] or fitting
        if not alike:
            return Replayed(status=_ABSENT, content_type="text/html", body=_PAGE)
        index = next((one for one in alike if one not in self._used), alike[-1])
        self._used.add(index)
        return _replayed(self.exchanges[index])


def _replayed(one: Recorded) -> Replayed:
    if one.status is None:
        return Replayed(status=None)
    if one.body is None:
        is_page = "html" in one.content_type
        return Replayed(status=one.status, content_type=one.content_type, body=_PAGE if is_page else b"")
    body = json.dumps(one.body, ensure_ascii=False).encode()
    return Replayed(status=one.status, content_type=one.content_type or "application/json", body=body)


def _stable(one: Recorded) -> Mapping[str, str]:
    return _of({**one.query, **one.form})


def _of(params: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in params.items() if not _TIME.fullmatch(value)}
