"""What was said with a cloud, as a file that an owner can send: shapes and numbers as they were, nobody to be known.

`Recorder` takes exchanges as they happen; `read_transcript` reads such a file again, for `replay.py`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import AcrelError
from ..texts import phrase
from .envelope import NoEnvelopeError, tree_of
from .exchange import Exchange
from .profile import Profile
from .redaction import Redaction

FORMAT = "acrel-cloud-transcript"
VERSION = 1
MOST_EXCHANGES = 500
_MOST_BYTES = 32 * 1024 * 1024
_TYPE = re.compile(r"[a-zA-Z0-9.+-]{1,40}/[a-zA-Z0-9.+-]{1,40}")
_OWN = {"user": "user", "password": "secret", "host": "host", "code": "secret"}
"""What stands for what this library sends."""
_SIZE_STEP = 100


class TranscriptError(AcrelError):
    """A file that is no transcript."""

    key = "bad_transcript"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A request and its answer, redacted."""

    call: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    status: int | None = None
    content_type: str = ""
    body: Any = None
    """JSON; None where the answer was something else, of which `bytes` tells no more than the size."""
    bytes: int = 0
    error: str = ""


class Recorder:
    """Takes what is said. The secrets of the account may stand nowhere; they are looked for once more at the end."""

    def __init__(self, profile: Profile, *, secrets: Sequence[str] = ()) -> None:
        """Begin with nothing."""
        self._profile = profile
        self._redaction = Redaction(tuple(secrets))
        self._exchanges: list[Recorded] = []
        self._bytes = 0
        self.dropped = 0
        """So many more than a transcript holds."""

    def take(self, exchange: Exchange) -> None:
        """Take one."""
        self._bytes += len(exchange.body)
        if len(self._exchanges) >= MOST_EXCHANGES or self._bytes > _MOST_BYTES:
            self.dropped += 1
            return
        self._exchanges.append(self._recorded(exchange))

    def text(self) -> str:
        """Return the file."""
        document = {
            "format": FORMAT,
            "version": VERSION,
            "profile": self._profile.id,
            "dropped": self.dropped,
            "exchanges": [_document(one) for one in self._exchanges],
        }
        return self._redaction.text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")

    def _recorded(self, exchange: Exchange) -> Recorded:
        redaction = self._redaction
        try:
            body = redaction.value(tree_of(exchange.body))
        except NoEnvelopeError:
            body = None
        kind = exchange.content_type.partition(";")[0].strip()
        return Recorded(
            call=exchange.call,
            method=exchange.method,
            path=self._path(exchange.path),
            query=self._params(exchange.call, exchange.query),
            form=self._params(exchange.call, exchange.form),
            json=redaction.value(exchange.json),
            status=exchange.status,
            content_type=kind if _TYPE.fullmatch(kind) else "",
            body=body,
            # Rounded, so that nothing can be told by the length of what is not there.
            bytes=len(exchange.body) // _SIZE_STEP * _SIZE_STEP,
            error=exchange.error,
        )

    def _path(self, path: str) -> str:
        """Return a path from the profile's prefix on: what stands before it is the owner's."""
        start = path.find(f"/{self._profile.prefix}/") if self._profile.prefix else 0
        return path[start:] if start >= 0 else "/"

    def _params(self, call: str, params: Mapping[str, str]) -> Mapping[str, str]:
        known = self._profile.calls.get(call)
        ours = {} if known is None else {name: word for word, name in known.params.items()}
        fixed = {} if known is None else known.fixed
        return {
            name: value
            if fixed.get(name) == value
            else _OWN.get(ours.get(name, ""), "") or str(self._redaction.value(value, name))
            for name, value in params.items()
        }


def _document(one: Recorded) -> dict[str, Any]:
    found = {
        "call": one.call,
        "method": one.method,
        "path": one.path,
        "query": one.query,
        "form": one.form,
        "json": one.json,
        "status": one.status,
        "content_type": one.content_type,
        "body": one.body,
        "bytes": one.bytes,
        "error": one.error,
    }
    return {name: value for name, value in found.items() if value not in ({}, "", None)}


def read_transcript(text: str) -> tuple[str, list[Recorded]]:
    """Return the profile's id and the exchanges of a file. Raises TranscriptError."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT or document["version"] != VERSION:
            raise TranscriptError(detail=phrase("transcript_other"))
        return str(document["profile"]), [Recorded(**one) for one in document["exchanges"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TranscriptError(detail=phrase("transcript_other")) from error
